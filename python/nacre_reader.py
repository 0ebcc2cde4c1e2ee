"""NumPy arrays out of a Nacre dataset in a folder, a part at a time, with nothing but Python and NumPy.

    import nacre_reader
    dataset = nacre_reader.open("work")              # or open("work", version=3)
    list(dataset), dataset["points"].shape           # names; lengths come without reading a row
    dataset["points"][:100]                          # as NumPy indexes: slices, lists, masks, negative numbers
    dataset.attributes("points")                     # {"label": [...]}, one value a row

Partitions are .npy files: they are mapped when a row of them is first asked for, and only the rows that are asked
for are copied. The manifest is checked whole, and every file has the length that it says; the rows themselves are
compared with their hashes by `dataset.check()`, which reads all of them (some 50 MB/s), or by `nacre scrub`. A
dataset that is open stays at its version; one whose version is cleaned up meanwhile loses its files. Nothing here
writes. `read_nacre.py`, which lies beside, knows the format.
"""

import builtins
import os

import numpy as np
import read_nacre as form


def open(folder, version=None):
    """The dataset at a version, by default the newest one. Errors: `Damage`, `FileNotFoundError`."""
    return Dataset(folder, version)


class Dataset:
    """Arrays by name: a mapping, to be read."""

    def __init__(self, folder, version=None):
        form.check_whole(folder)
        self.folder = folder
        self._root = form.newest(folder) if version is None else form.load_root(folder, int(version))[0]
        self._entries, self._arrays = form.arrays(self._root), {}

    @property
    def version(self):
        return form.one(self._root, 4)

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)

    def __contains__(self, name):
        return name in self._entries

    def keys(self):
        return self._entries.keys()

    def __getitem__(self, name):
        if name not in self._entries:
            raise KeyError(f"there is no array {name!r}; there are {', '.join(self._entries) or 'none'}")
        if name not in self._arrays:
            self._arrays[name] = Array(self.folder, self._root, name)
        return self._arrays[name]

    def attributes(self, name):
        """Of each attribute a list of its values, one for each row; None where there is none."""
        self[name]
        return form.attributes(self.folder, self._root, name)

    def check(self):
        """Reads every row of every array, and compares it with its hash. Error: `Damage`."""
        for name in self:
            self[name]._check()


class Array:
    """Rows, read as they are indexed. `np.asarray()` reads all."""

    def __init__(self, folder, root, name):
        entry = form.arrays(root)[name]
        self._entry, self._table = entry, form.Objects(folder, form.one(root, 11, b""))
        self.name, self.dtype = name, np.dtype(form.DTYPES[form.one(entry, 3)])
        self.row_shape, self.scalar = tuple(form.numbers(entry, 4)), bool(form.one(entry, 5))
        self.shape = () if self.scalar else (form.one(entry, 7), *self.row_shape)
        self._parts = None

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: int(np.prod(self.shape)))

    def __len__(self):
        if self.scalar:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __repr__(self):
        return f"<nacre array {self.name!r}, {self.dtype} {self.shape}>"

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[...], dtype)

    def __iter__(self):
        return (self[row] for row in range(len(self)))

    def __getitem__(self, index):
        if self.scalar:
            return self._rows(np.arange(1))[0][index]
        first, *rest = index if isinstance(index, tuple) else (index,)
        if first is Ellipsis:
            first, rest = slice(None), [Ellipsis, *rest] if rest else []
        rows = self._rows(np.atleast_1d(np.arange(len(self))[first]))
        whole = rows[0] if np.ndim(first) == 0 and not isinstance(first, slice) else rows
        if not rest:
            return whole
        return whole[tuple(rest)] if whole is not rows else rows[(slice(None), *rest)]

    def _load(self):
        """Where each row is: the partition, and the row of it."""
        base, overrides, live = form.rows_of(self._entry, self._table)
        part, row = np.zeros(len(live), np.int32), np.zeros(len(live), np.int64)
        self._parts = []
        for first, fields, objects, _ in base:
            count = form.one(fields, 2)
            part[first : first + count], row[first : first + count] = len(self._parts), np.arange(count)
            self._parts.append([fields, objects, None])
        for ids, fields, objects, _ in overrides:
            part[ids], row[ids] = len(self._parts), np.arange(len(ids))
            self._parts.append([fields, objects, None])
        self._part, self._row = part[live], row[live]

    def _content(self, number):
        fields, objects, mapped = self._parts[number]
        if mapped is None:
            index, shape = form.one(fields, 1), (form.one(fields, 2), *self.row_shape)
            path = os.path.join(objects.folder, objects.key(index))
            size, start = form.one(objects.objects[index], 3), form.one(fields, 3)
            form.check(os.path.getsize(path) == size, f"{path} has another length than the manifest says")
            form.check(size - start == self.dtype.itemsize * np.prod(shape, dtype=object), f"{path} has other rows")
            empty = 0 in shape
            mapped = np.zeros(shape, self.dtype) if empty else np.memmap(path, self.dtype, "r", start, shape)
            self._parts[number][2] = mapped
        return mapped

    def _rows(self, rows):
        if self._parts is None:
            self._load()
        part, row = self._part[rows], self._row[rows]
        out = np.empty((len(rows), *self.row_shape), self.dtype)
        for number in np.unique(part):
            here = np.flatnonzero(part == number)
            out[here] = self._content(number)[row[here]]
        return out

    def _check(self):
        if self._parts is None:
            self._load()
        for fields, objects, _ in self._parts:
            index = form.one(fields, 1)
            with builtins.open(os.path.join(objects.folder, objects.key(index)), "rb") as file:
                same = form.blake3(file.read()) == form.one(objects.objects[index], 4)
            form.check(same, f"{objects.key(index)} differs from its hash")
