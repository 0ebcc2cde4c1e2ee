"""Reads a Nacre dataset in a folder with nothing but Python and NumPy, from docs/format.md alone.

    python read_nacre.py FOLDER                 the newest version and its arrays
    python read_nacre.py FOLDER ARRAY OUT.npy [VERSION]     its rows
    python read_nacre.py FOLDER ARRAY OUT.json [VERSION]    its attributes, a list of values for each

It checks what a reader must check: every frame, every object by BLAKE3 or block sums. It is written to be read,
not to be fast, and it trusts that nobody writes meanwhile. Section numbers are those of docs/format.md.
"""

import json
import os
import struct
import sys

import numpy as np

DTYPES = [None, "?", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
BLOCK = 65_536
OWN = "arrays segments indexes parity quarantine healed leases gc replicas versions points drafts moved".split()
OWN += ["branches", ".tmp", ".lock", "latest", "restoring", "replica"]


class Damage(Exception):
    """Bytes that are not what the manifest says."""


def check(good, what):
    if not good:
        raise Damage(what)


# Hashes. BLAKE3 as in its paper (O'Connor and others, 2020), CRC32C as in RFC 3720.

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
MIX = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
MIX += [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def compress(chain, words, counter, length, flags):
    """One block of many chunks at once: every value is an array with one number a chunk."""

    def turn(x, n):
        return x >> n | x << 32 - n

    like = np.zeros_like(chain[0])
    m, v = list(words), list(chain) + [like + np.uint32(x) for x in IV[:4]]
    v += [like + counter, like, like + np.uint32(length), like + np.uint32(flags)]
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(MIX):
            for x, r, s in ((m[2 * i], 16, 12), (m[2 * i + 1], 8, 7)):
                v[a] = v[a] + v[b] + x
                v[d] = turn(v[d] ^ v[a], r)
                v[c] = v[c] + v[d]
                v[b] = turn(v[b] ^ v[c], s)
        m = [m[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def chunk_values(data, count, length, first, last_flags):
    blocks = max(1, -(-length // 64))
    words = np.zeros((count, blocks * 64), np.uint8)
    words[:, :length] = np.frombuffer(data, np.uint8).reshape(count, length)
    words = words.view("<u4").reshape(count, blocks, 16).astype(np.uint32)
    chain = [np.full(count, x, np.uint32) for x in IV]
    counter = np.arange(first, first + count, dtype=np.uint32)
    for at in range(blocks):
        flags = (CHUNK_START if at == 0 else 0) | (CHUNK_END | last_flags if at == blocks - 1 else 0)
        chain = compress(chain, words[:, at].T, counter, min(64, length - 64 * at), flags)
    return np.array(chain)


def blake3(data):
    full = max(0, (len(data) - 1) // 1024)
    last = chunk_values(data[full * 1024 :], 1, len(data) - full * 1024, full, 0 if full else ROOT)
    nodes = np.hstack([chunk_values(data[: full * 1024], full, 1024, 0, 0), last]) if full else last
    while nodes.shape[1] > 1:
        pairs = nodes.shape[1] // 2
        left, right = nodes[:, 0 : 2 * pairs : 2], nodes[:, 1 : 2 * pairs : 2]
        chain = [np.full(pairs, x, np.uint32) for x in IV]
        flags = PARENT | (ROOT if nodes.shape[1] == 2 else 0)
        zero = np.zeros(pairs, np.uint32)
        above = np.array(compress(chain, [*left, *right], zero, 64, flags))
        nodes = np.hstack([above, nodes[:, 2 * pairs :]])
    return nodes[:, 0].astype("<u4").tobytes()


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


# Section 3: protobuf messages, as {field number: [values]}, and row sets.


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            check(value < 1 << 53, "a number over 2^53 - 1")
            return value, at
        shift += 7


def message(data):
    fields, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            length, at = varint(data, at)
            check(at + length <= len(data), "a field that ends past its message")
            value, at = data[at : at + length], at + length
        else:
            length = {1: 8, 5: 4}[tag & 7]
            value, at = int.from_bytes(data[at : at + length], "little"), at + length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(fields, number, default=0):
    return fields.get(number, [default])[-1]


def numbers(fields, number):
    """A repeated integer, packed or not."""
    out = []
    for value in fields.get(number, []):
        if isinstance(value, int):
            out.append(value)
            continue
        at = 0
        while at < len(value):
            item, at = varint(value, at)
            out.append(item)
    return out


def row_set(data):
    """Ids of a 64-bit portable roaring bitmap, ascending."""
    (parts,), at, ids = struct.unpack_from("<Q", data), 8, [np.empty(0, np.int64)]
    for _ in range(parts):
        high, cookie = struct.unpack_from("<II", data, at)
        at += 8
        if cookie & 0xFFFF == 12347:
            count = (cookie >> 16) + 1
            runs = np.unpackbits(np.frombuffer(data, np.uint8, (count + 7) // 8, at), bitorder="little")
            at += (count + 7) // 8
        else:
            check(cookie == 12346, "a row set with an unknown cookie")
            (count,), at, runs = struct.unpack_from("<I", data, at), at + 4, [0] * 65_536
        heads = [struct.unpack_from("<HH", data, at + 4 * i) for i in range(count)]
        at += 4 * count
        if cookie == 12346 or count >= 4:
            at += 4 * count
        for i, (key, size) in enumerate(heads):
            if runs[i]:
                (pairs,) = struct.unpack_from("<H", data, at)
                spans = np.frombuffer(data, "<u2", 2 * pairs, at + 2).astype(np.int64).reshape(-1, 2)
                low = np.concatenate([np.arange(start, start + more + 1) for start, more in spans])
                at += 2 + 4 * pairs
            elif size + 1 > 4096:
                low = np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8, 8192, at), bitorder="little"))
                at += 8192
            else:
                low = np.frombuffer(data, "<u2", size + 1, at).astype(np.int64)
                at += 2 * (size + 1)
            check(len(low) == size + 1, "a row set whose counts are wrong")
            ids.append(low + (high << 32 | key << 16))
    check(at == len(data), "bytes after a row set")
    return np.concatenate(ids)


# Sections 2 and 5: frames, objects.


def frame(data, kind, what):
    check(len(data) >= 48 and data[:8] == b"NACRE" + kind + b"\r\n", f"{what} does not begin as it should")
    check(blake3(data[:-32]) == data[-32:], f"{what} differs from its own hash")
    version, length = struct.unpack_from("<II", data, 8)
    check(version == 1, f"{what} has format {version}, this reads 1")
    check(length == len(data) - 48, f"{what} has another length than it says")
    fields = message(data[16:-32])
    known = kind == b"H" or set(numbers(fields, 1)) <= {20, 24, 30}
    check(known, f"{what} needs a feature that this does not know")
    return fields


class Objects:
    """The object table of a root or a segment."""

    def __init__(self, folder, table, segment=None):
        table = message(table)
        self.folder, self.segment = folder, segment
        self.patterns = [message(pattern) for pattern in table.get(1, [])]
        self.objects = [message(entry) for entry in table.get(2, [])]

    def key(self, index):
        entry = self.objects[index]
        pattern = self.patterns[one(entry, 1)]
        prefix, suffix = one(pattern, 1, b"").decode(), one(pattern, 2, b"").decode()
        if one(pattern, 3):
            parts = prefix.split("/")
            check(not {"", ".", ".."} & set(parts) and parts[0] not in OWN, f"the linked key {prefix}")
            return prefix
        check(prefix.split("/")[0] in ("arrays", "segments") and ".." not in prefix, f"the key prefix {prefix}")
        return prefix + one(entry, 2, b"").hex() + suffix

    def whole(self, index):
        """The bytes of an object, compared with its sums block by block."""
        key, entry = self.key(index), self.objects[index]
        with open(os.path.join(self.folder, key), "rb") as file:
            data = file.read()
        check(len(data) == one(entry, 3), f"{key} has {len(data)} bytes")
        step = one(entry, 6) or BLOCK
        sums = one(entry, 7, b"")
        count = -(-len(data) // step)
        if not sums and count:
            head, cold = self.segment
            start = len(head) + one(entry, 8)
            sums = cold[start - len(head) : start - len(head) + 4 * count]
            check(crc32c(sums) == one(entry, 9), f"the block sums of {key}")
        check(len(sums) == 4 * count, f"{key} has another number of block sums than blocks")
        for i, expected in enumerate(struct.unpack(f"<{count}I", sums)):
            check(crc32c(data[i * step : (i + 1) * step]) == expected, f"{key} is damaged in block {i}")
        return data

    def set(self, data):
        """A RowSet message."""
        fields = message(data)
        inline = one(fields, 1, b"")
        ids = row_set(inline or self.whole(one(fields, 2)))
        check(len(ids) == one(fields, 3), "a row set with another count than it says")
        return ids


# Sections 11 and 13: the newest version, and its rows.


def root_file(folder, version):
    return os.path.join(folder, "versions", f"{10**20 - 1 - version:020}.root")


def load_root(folder, version):
    with open(root_file(folder, version), "rb") as file:
        data = file.read()
    return frame(data, b"R", f"the root of version {version}"), blake3(data)


def newest(folder):
    names = sorted(name for name in os.listdir(os.path.join(folder, "versions")) if name.endswith(".root"))
    for name in names:
        version = 10**20 - 1 - int(name[:20])
        root, _ = load_root(folder, version)
        parent = message(one(root, 5, b""))
        if one(root, 4) == version and (not parent or load_root(folder, one(parent, 1))[1] == one(parent, 2)):
            return root
    raise Damage("no root has its parent here")


def check_whole(folder):
    """A place that a history is restored to is no dataset before it is whole. A damaged hint says nothing: what it
    said is in `restoring`, too, until the root above the restored one is there."""
    for name in ("latest", "restoring"):
        try:
            with open(os.path.join(folder, name), "rb") as file:
                hint = frame(file.read(), b"H", name)
        except (OSError, Damage):
            continue
        if 60 in hint:
            restoring = message(one(hint, 60))
            if name == "latest" or not os.path.exists(root_file(folder, one(restoring, 2) + 1)):
                raise Damage(f"{folder} is being restored from {one(restoring, 1, b'').decode()}")
        return


def arrays(root):
    return {one(array, 2).decode(): array for array in map(message, root.get(10, []))}


def entries(array, table, of_root, of_segments):
    """Entries of rows or of columns: base ones by their first ids, overrides by their ids, those that win last.
    With each its fields, the table of its object, and the attributes of its segment."""
    base, overrides = [], []

    def take(entry, objects, first, attributes, later):
        fields = message(entry)
        if 5 in fields:
            ids = objects.set(one(fields, 5))
            check(len(ids) == one(fields, 2), "an override of another number of ids than rows")
            overrides.append((one(fields, 6), one(fields, 9), later, (ids, fields, objects, attributes)))
        else:
            base.append((first + one(fields, 4), fields, objects, attributes))

    for reference in map(message, array.get(of_segments, [])):
        data = table.whole(one(reference, 1))
        head, cold = data[: one(reference, 2)], data[one(reference, 2) :]
        expected = one(reference, 3, one(table.objects[one(reference, 1)], 4))
        check(blake3(head) == expected, "a segment's head hash")
        segment = frame(head, b"S", table.key(one(reference, 1)))
        check(len(segment.get(3, [])) == one(reference, 7), "a segment with another number of entries")
        objects = Objects(table.folder, one(segment, 2, b""), (head, cold))
        for entry in segment.get(3, []):
            take(entry, objects, one(reference, 4), numbers(reference, 9), 0)
    for entry in array.get(of_root, []):
        take(entry, table, 0, None, 1)
    base.sort(key=lambda part: part[0])
    overrides.sort(key=lambda part: part[:3])
    return base, [part[3] for part in overrides]


def rows_of(array, table):
    """Entries of the rows, and which ids are alive."""
    base, overrides = entries(array, table, 8, 9)
    live = np.zeros(one(array, 6), bool)  # ids between base partitions are of no row
    covered = 0
    for first, fields, _, _ in base:
        check(first >= covered, "base partitions that overlap")
        covered = first + one(fields, 2)
        live[first:covered] = True
        if 7 in fields:
            live[row_set(one(fields, 7))] = False
    check(covered <= len(live), "base partitions past the last id")
    for dropped in array.get(10, []):
        live[table.set(dropped)] = False
    check(live.sum() == one(array, 7), f"{live.sum()} live rows, the root says {one(array, 7)}")
    return base, overrides, live


def read(folder, root, name):
    array, table = arrays(root)[name], Objects(folder, one(root, 11, b""))
    base, overrides, live = rows_of(array, table)
    dtype, row_shape = np.dtype(DTYPES[one(array, 3)]), tuple(numbers(array, 4))
    rows = np.zeros((len(live), *row_shape), dtype)

    def content(fields, objects):
        data = objects.whole(one(fields, 1))[one(fields, 3) :]
        return np.frombuffer(data, dtype).reshape(one(fields, 2), *row_shape)

    for first, fields, objects, _ in base:
        rows[first : first + one(fields, 2)] = content(fields, objects)
    for ids, fields, objects, _ in overrides:
        rows[ids] = content(fields, objects)
    return rows[live][0] if one(array, 5) else rows[live]


# Section 20: attributes. Instants are microseconds since 1970.

BOOL, INT, FLOAT, STRING, STRINGS, TIMESTAMP = range(1, 7)


def column_values(fields, objects):
    """What an Arrow file holds, a list for each column."""
    body, rows, at = objects.whole(one(fields, 1))[one(fields, 3) :], one(fields, 2), 0
    marks = np.array([*range(0, rows, 1024), rows])

    def buffer(length, dtype):
        nonlocal at
        start, at = at, at + -(-length // 64) * 64
        check(at <= len(body), "columns that end past their file")
        return np.frombuffer(body, dtype, length // np.dtype(dtype).itemsize, start)

    def bits():
        return np.unpackbits(buffer(-(-rows // 8), np.uint8), bitorder="little")[:rows].astype(bool)

    def offsets(count, steps, at_marks):
        found = buffer(4 * (count + 1), "<i4").astype(np.int64)
        check(found[0] == 0 and (np.diff(found) >= 0).all(), "offsets that go back")
        check(np.diff(found[at_marks]).tolist() == steps, "offsets that are not as the manifest says")
        return found

    def texts(ends):
        text = buffer(ends[-1], np.uint8).tobytes()
        return [text[start:end] for start, end in zip(ends, ends[1:])]

    for column in map(message, fields.get(8, [])):
        kind, nulls = one(column, 2), one(column, 3)
        valid = bits() if nulls else np.ones(rows, bool)
        check(rows - valid.sum() == nulls, "a column with another number of nulls than it says")
        if kind in (STRING, STRINGS):
            lists = offsets(rows, numbers(column, 10), marks) if kind == STRINGS else np.arange(rows + 1)
            values = texts(offsets(lists[-1], numbers(column, 9), lists[marks]))
        if kind == STRINGS:
            values = [[item.decode() for item in values[a:b]] for a, b in zip(lists, lists[1:])]
        elif kind != STRING:
            check(BOOL <= kind <= TIMESTAMP, "a column of an unknown type")
            numeric = "<f8" if kind == FLOAT else "<i8"
            values = (bits() if kind == BOOL else buffer(8 * rows, numeric)).tolist()
        yield [(v.decode() if kind == STRING else v) if there else None for v, there in zip(values, valid)]


def attributes(folder, root, name):
    """Of each attribute a list of its values, one for each live row."""
    array, table = arrays(root)[name], Objects(folder, one(root, 11, b""))
    _, _, live = rows_of(array, table)
    base, overrides = entries(array, table, 15, 16)
    known = {one(attribute, 1): attribute for attribute in map(message, array.get(13, []))}
    values = {number: [None] * len(live) for number in known}
    end = 0
    for i, (first, fields, *rest) in enumerate(base):
        check(first >= end, "base columns that overlap")
        end = first + one(fields, 2)
        base[i] = (range(first, end), fields, *rest)
    check(end <= len(live), "columns past the last row id")
    for ids, fields, objects, of_segment in base + overrides:
        columns = [message(column) for column in fields.get(8, [])]
        places = [one(column, 1) for column in columns]
        held = places if of_segment is None else [of_segment[place] for place in places]
        check(len(set(held)) == len(held), "a file with one attribute twice")
        if not any(number in known for number in held):
            continue
        for number, column, found in zip(held, columns, column_values(fields, objects)):
            if number not in known:
                continue
            check(one(column, 2) == one(known[number], 3), "a column of another type than its attribute")
            for row_id, value in zip(ids, found):
                values[number][row_id] = value
    rows = np.flatnonzero(live).tolist()
    return {one(known[number], 2).decode(): [of[row] for row in rows] for number, of in values.items()}


def main(folder, name=None, out=None, version=None):
    check_whole(folder)
    root = newest(folder) if version is None else load_root(folder, int(version))[0]
    if name is None:
        print(f"version {one(root, 4)}")
        for name, array in arrays(root).items():
            print(f"{name}: {np.dtype(DTYPES[one(array, 3)])} ({one(array, 7)}, {numbers(array, 4)})")
    elif out.endswith(".json"):
        with open(out, "w") as file:
            json.dump(attributes(folder, root, name), file)
    else:
        np.save(out, read(folder, root, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
