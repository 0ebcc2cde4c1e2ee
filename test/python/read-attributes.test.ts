// Attributes by three readers: the library, python/read_nacre.py, which knows docs/format.md alone, and
// pyarrow, which knows nothing of Nacre. On every shape that columns take: the six types with nulls,
// overrides in a row and scattered, twice in one transaction, dropped rows, attributes that are gone or
// have other names, files with cold sums, row sets that are objects, and segments of both kinds.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dataset, open } from '../../src/index.js';
import { newestRoot } from '../../src/manifest/head.js';
import { inlineBytes } from '../../src/manifest/row-sets.js';
import { LocalStore } from '../../src/storage/local.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { functions } from '../dataset/world.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const run = promisify(execFile);
const folderOfReader = path.resolve(import.meta.dirname, '..', '..', 'python');
const python = await pythonWithNumpy();
const options = { cacheDir: false } as const;
const first = 50_000;

/** Every n-th value is null, another n for each attribute. */
function nullable<T>(rows: number, every: number, of: (row: number) => T): (T | null)[] {
  return Array.from({ length: rows }, (_, row) => (row % every === every - 1 ? null : of(row)));
}

const texts = ['', 'de', 'größe', '\u{1f600}', 'z'.repeat(40)];
const floats = [0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324];

/** Attributes of all types; `seed` makes them differ. */
function given(rows: number, seed: number) {
  const text = (row: number): string => texts[(row + seed) % texts.length] ?? '';
  return {
    flag: nullable(rows, 3, (row) => (row + seed) % 2 === 0),
    count: nullable(rows, 4, (row) => (row % 5 === 0 ? 2n ** 63n - BigInt(1 + row) : BigInt(seed - row))),
    score: nullable(rows, 5, (row) => floats[(row + seed) % floats.length] ?? 0),
    lang: nullable(rows, 6, text),
    tags: nullable(rows, 7, (row) => Array.from({ length: (row + seed) % 4 }, (_, i) => text(row + i))),
    'sent at': nullable(rows, 8, (row) => new Date(1_700_000_000_000 - seed * 86_400_000 + row)),
    gone: nullable(rows, 2, (row) => row),
  };
}

/** Rows are of one byte: what is looked at are their attributes. */
function bytesOf(rows: number): { data: Uint8Array; shape: number[] } {
  return { data: new Uint8Array(rows), shape: [rows] };
}

/** The version in the middle of it. */
async function makeDataset(dataset: Dataset): Promise<number> {
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'uint8' });
    await tx.create('none', { dtype: 'uint8' });
    await tx.append('none', bytesOf(3));
    // A root with a key requires a feature that readers need do nothing for.
    await tx.create('keyed', { dtype: 'uint8', key: 'id' });
    await tx.append('keyed', bytesOf(2), { attributes: { id: ['x', 'y'] } });
    // Rows with some attributes only, then a gap.
    await tx.append('a', bytesOf(2), { attributes: { lang: ['only', null] } });
    await tx.append('a', bytesOf(5));
    await tx.append('a', bytesOf(first), { attributes: given(first, 0) });
  });
  const scattered = Array.from({ length: 3_000 }, (_, i) => 7 + 11 * i);
  await dataset.write(async (tx) => {
    await tx.setAttributes('a', scattered, given(3_000, 1));
    await tx.setAttributes('a', [18, 9, 3], { lang: ['later', 'nine', null], count: [-1, null, 5] });
    await tx.append('a', bytesOf(2), { attributes: { lang: ['x', 'y'] } });
    await tx.setAttributes('a', [50_008, 50_007], { lang: ['own', 'own too'], fresh: [1.5, null] });
    await tx.setAttributes('a', [50_008], { lang: ['own, later'] });
  });
  const inARow = Array.from({ length: 2_500 }, (_, i) => 1_000 + i);
  await dataset.write((tx) => tx.setAttributes('a', inARow, { score: given(2_500, 4).score }));
  await dataset.write((tx) => tx.drop('a', [1, 18, 1_500, 50_007]));
  const middle = await dataset.version();
  await dataset.write(async (tx) => {
    await tx.renameAttribute('a', 'lang', 'language');
    await tx.dropAttribute('a', 'gone');
    await tx.addAttribute('a', 'empty', 'strings');
  });
  for (let i = 0; i < 150; i++) {
    const { lang: language, gone: _gone, ...others } = given(1 + (i % 3), i);
    const attributes = { ...others, language, empty: nullable(1 + (i % 3), 1, () => []) };
    await dataset.write((tx) => tx.append('a', bytesOf(1 + (i % 3)), { attributes }));
    if (i % 3 > 0) await dataset.write((tx) => tx.setAttributes('a', [20 + i, 4_000], { count: [i, -i] }));
  }
  // Of that name again, and another attribute; entries in segments hold some that are gone.
  await dataset.write(async (tx) => {
    await tx.dropAttribute('a', 'flag');
    await tx.setAttributes('a', [3], { gone: ['back'] });
    await tx.drop('a', [4, 50_050]);
  });
  return middle;
}

type Listed = Record<string, unknown[]>;

/** As {@link readByPython} tells them: what JSON would lose is told as text. */
async function readByLibrary(dataset: Dataset, array: string): Promise<Listed> {
  const handle = dataset.array(array);
  const rows = await handle.select('*').toArray();
  const listed: Listed = {};
  for (const { name, type } of await handle.attributes()) {
    listed[name] = rows.map(({ attributes }) => {
      const value = attributes?.[name] ?? null;
      if (value === null) return null;
      if (type === 'int') return String(value);
      if (type === 'timestamp') return String(BigInt((value as Date).getTime()) * 1000n);
      if (type !== 'float') return value;
      const bits = Buffer.alloc(8);
      bits.writeDoubleLE(value as number);
      return bits.toString('hex');
    });
  }
  return listed;
}

const importReader = `
import json, os, struct, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import numpy as np
import read_nacre as reader
folder, name = sys.argv[2:4]
`;

async function readByPython(folder: string, array: string, version?: number): Promise<Listed> {
  const script = `${importReader}
def plain(value):
    if isinstance(value, float):
        return struct.pack("<d", value).hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
root = reader.load_root(folder, int(sys.argv[4]))[0] if len(sys.argv) > 4 else reader.newest(folder)
found = reader.attributes(folder, root, name)
print(json.dumps({name: [plain(value) for value in values] for name, values in found.items()}))
`;
  const args = [folderOfReader, folder, array, ...(version === undefined ? [] : [String(version)])];
  return JSON.parse(String(await runPython(script, args))) as Listed;
}

describe.skipIf(python === undefined)('attributes', () => {
  let scratch = '';
  let folder = '';
  let middle = 0;
  let dataset: Dataset;

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'nacre-python-'));
    folder = path.join(scratch, 'dataset');
    dataset = await open(folder, { ...options, create: true });
    middle = await makeDataset(dataset);
    await dataset.close();
    dataset = await open(folder, options);
  });
  afterAll(async () => {
    await dataset.close();
    await rm(scratch, { recursive: true, force: true });
  });

  async function newest() {
    const found = await newestRoot(new LocalStore(folder, systemRuntime), functions);
    const array = found?.head.root.arrays.find(({ name }) => name === 'a');
    if (array === undefined) throw new Error('the array is gone');
    return array;
  }

  test('are tried on every shape that columns take', async () => {
    const { columns, columnSegments, attributes } = await newest();
    expect(columnSegments.some(({ overrides }) => overrides)).toBe(true);
    expect(columnSegments.some(({ overrides }) => !overrides)).toBe(true);
    // One file is larger than 1 MiB, and its entry was folded.
    expect(columnSegments.some(({ headHash, overrides }) => !overrides && headHash.byteLength > 0)).toBe(
      true,
    );
    expect(columns.some(({ rowIds }) => rowIds !== null && inlineBytes(rowIds) === undefined)).toBe(true);
    // Of 2,500 rows that follow each other, a run, the entry was folded.
    expect(columnSegments.some(({ overrides, rows }) => overrides && rows >= 2_500)).toBe(true);
    const ids = new Set(attributes.map(({ id }) => id));
    expect(columnSegments.flatMap(({ attributes: held }) => held.filter((id) => !ids.has(id)))).not.toEqual(
      [],
    );
    expect(columns.some((entry) => entry.columns.some(({ attribute }) => !ids.has(attribute)))).toBe(true);
    expect(attributes.map(({ name }) => name)).toEqual([
      ...['language', 'count', 'score', 'tags', 'sent at', 'fresh', 'empty', 'gone'],
    ]);
  });

  test('are the same by a reader made from docs/format.md', async () => {
    const ours = await readByLibrary(dataset, 'a');
    expect(ours['language']?.slice(49_990)).toContain('own, later');
    expect(await readByPython(folder, 'a')).toEqual(ours);
    expect(await readByPython(folder, 'none')).toEqual({});
  });

  test('are the same at a past version', async () => {
    const ours = await readByLibrary(await dataset.at({ version: middle }), 'a');
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(['flag', 'lang', 'gone', 'fresh']));
    expect(await readByPython(folder, 'a', middle)).toEqual(ours);
  });

  test('are written as JSON by its command line', async () => {
    const out = path.join(scratch, 'none.json');
    await run(python ?? '', [path.join(folderOfReader, 'read_nacre.py'), folder, 'none', out]);
    expect(await readFile(out, 'utf8')).toBe('{}');
  });

  test('stand in files that pyarrow opens, each value at the place that the format says', async () => {
    const script = `${importReader}
import pyarrow as pa
root = reader.newest(folder)
array, table = reader.arrays(root)[name], reader.Objects(folder, reader.one(root, 11, b""))
base, overrides = reader.entries(array, table, 15, 16)
types = [None, pa.bool_(), pa.int64(), pa.float64(), pa.string(), pa.list_(pa.string())]
types.append(pa.timestamp("us", tz="UTC"))
def same(ours, theirs):
    return len(ours) == len(theirs) and all(a == b or (a != a and b != b) for a, b in zip(ours, theirs))
def bounded(column, kind, values):
    """Section 20 on statistics."""
    def decode(data):
        if kind in (4, 5): return data
        return data[0] == 1 if kind == 1 else struct.unpack("<d" if kind == 3 else "<q", data)[0]
    seen = [v for v in values if v is not None]
    if kind == 5: seen = [item for v in seen for item in v]
    if kind in (4, 5): seen = [v.encode() for v in seen]
    assert reader.one(column, 4) == sum(v != v for v in seen)
    listed = [decode(v) for v in column.get(8, [])]
    has_nan = any(w != w for w in listed)
    assert not reader.one(column, 7) or all(v in listed or (v != v and has_nan) for v in seen)
    seen = [v for v in seen if v == v]
    least, most = reader.one(column, 5, b""), reader.one(column, 6, b"")
    if least or (kind in (4, 5) and seen): assert decode(least) <= min(seen)
    else: assert not seen
    if most: assert decode(most) >= max(seen)
files = 0
for _, fields, objects, _ in base + overrides:
    path = os.path.join(folder, objects.key(reader.one(fields, 1)))
    assert path.endswith(".arrow"), path
    with pa.memory_map(path) as file:
        opened = pa.ipc.open_file(file)
        assert opened.num_record_batches == 1
        batch = opened.get_batch(0)
        batch.validate(full=True)
        assert batch.num_rows == reader.one(fields, 2)
        assert reader.one(fields, 3) % 64 == 0
        values = list(reader.column_values(fields, objects))
        assert len(values) == batch.num_columns
        for found, column, theirs in zip(values, map(reader.message, fields[8]), batch.columns):
            kind = reader.one(column, 2)
            assert theirs.type == types[kind], theirs.type
            assert theirs.null_count == reader.one(column, 3)
            assert same(found, (theirs.cast(pa.int64()) if kind == 6 else theirs).to_pylist())
            bounded(column, kind, found)
    files += 1
print(files)
`;
    const { columns, columnSegments } = await newest();
    const entries = columnSegments.reduce((sum, { partitions }) => sum + partitions, columns.length);
    expect(entries).toBeGreaterThan(250);
    expect(String(await runPython(script, [folderOfReader, folder, 'a'])).trim()).toBe(String(entries));
  });

  test('with a flipped bit are found out', async () => {
    const copy = path.join(scratch, 'copy');
    const small = await open(copy, { ...options, create: true });
    await small.write(async (tx) => {
      await tx.create('a', { dtype: 'uint8' });
      await tx.append('a', bytesOf(100), { attributes: given(100, 0) });
    });
    await small.close();
    const { entries } = await new LocalStore(copy, systemRuntime).list({ prefix: 'arrays/' });
    const key = entries.find((entry) => entry.key.endsWith('.arrow'))?.key ?? '';
    const bytes = await readFile(path.join(copy, key));
    bytes[1_000] = (bytes[1_000] ?? 0) ^ 4;
    await writeFile(path.join(copy, key), bytes);
    await expect(readByPython(copy, 'a')).rejects.toThrow(`${key} is damaged in block 0`);
  });

  test('are the same by both once they are compacted, all types of them', async () => {
    const before = await readByLibrary(dataset, 'a');
    const { arrays } = await dataset.compact({ arrays: ['a'] });
    const [report] = arrays;
    expect(report?.filesAfter).toBeLessThan((report?.filesBefore ?? 0) / 10);
    const { columns, columnSegments } = await newest();
    expect([...columns, ...columnSegments].length).toBeLessThan(20);
    expect(columns.some(({ mergedUpTo }) => mergedUpTo > 0)).toBe(true);
    expect(await readByLibrary(dataset, 'a')).toEqual(before);
    expect(await readByPython(folder, 'a')).toEqual(before);
    expect(await readByLibrary(await dataset.at({ version: middle }), 'a')).toEqual(
      await readByPython(folder, 'a', middle),
    );
  });
});
