// python/read_nacre.py knows docs/format.md and nothing of this code. What both read must be the same, bit by
// bit, on a dataset with every shape that a manifest takes: segments with hot and with cold sums, folded
// entries with dropped ids, overrides of overrides, and a row set that is an object.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dataset, open, restoreTo, writeNpyFile } from '../../src/index.js';
import { newestRoot } from '../../src/manifest/head.js';
import { readHint, writeHint } from '../../src/manifest/hint.js';
import { rootKey } from '../../src/manifest/keys.js';
import { make, v1 } from '../../src/manifest/message.js';
import { inlineBytes } from '../../src/manifest/row-sets.js';
import { LocalStore } from '../../src/storage/local.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { functions } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { pythonWithNumpy } from '../support/python.js';

const run = promisify(execFile);
const reader = path.resolve(import.meta.dirname, '..', '..', 'python', 'read_nacre.py');
const python = await pythonWithNumpy();
const options = { cacheDir: false } as const;

/** Rows of two float32 that differ from each other. */
function rowsOf(count: number, from: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: 2 * count }, (_, i) => from + i / 4), shape: [count, 2] };
}

/** Long names bring a root to where the next commits fold. */
async function fillRoot(dataset: Dataset): Promise<void> {
  for (let batch = 0; batch < 24; batch++) {
    await dataset.write(async (tx) => {
      for (let i = 0; i < 10; i++) await tx.create(`${batch}-${i}`.padEnd(200, 'x'), { dtype: 'bool' });
    });
  }
}

async function makeDataset(folder: string): Promise<number> {
  const dataset = await open(folder, { ...options, create: true });
  await dataset.write(async (tx) => {
    await tx.create('small', { dtype: 'float32', rowShape: [2] });
    await tx.create('large', { dtype: 'float64', rowShape: [70_000] });
    await tx.create('scalar', { dtype: 'complex64', scalar: true });
    await tx.create('empty', { dtype: 'bool', rowShape: [0, 3] });
    await tx.append('scalar', { data: Float32Array.of(1, -2), shape: [], dtype: 'complex64' });
  });
  await dataset.write((tx) => tx.append('small', rowsOf(4_000, 0)), { partitionBytes: 8 * 25 });
  await dataset.write((tx) => tx.append('small', rowsOf(60, 9_000)));
  // A partition over 1 MiB: its sums go into the cold part once it is folded.
  const wide = { data: Float64Array.from({ length: 2 * 70_000 }, Math.sqrt), shape: [2, 70_000] };
  await dataset.write((tx) => tx.append('large', wide));
  await dataset.write((tx) => tx.replace('small', [5, 4_001, 4_059], rowsOf(3, -100)));
  const before = await dataset.version();
  await dataset.write((tx) => tx.replace('small', [5, 6], rowsOf(2, -500)));
  await dataset.write((tx) => tx.drop('small', [0, 1, 4_058]));
  const scattered = Array.from({ length: 1_500 }, (_, i) => 10 + 2 * i);
  await dataset.write((tx) => tx.drop('small', scattered));
  await dataset.write((tx) => tx.drop('large', [0]));
  await fillRoot(dataset);
  for (let i = 0; i < 100; i++) await dataset.write((tx) => tx.append('small', rowsOf(1, 20_000 + i)));
  for (let i = 0; i < 40; i++) await dataset.write((tx) => tx.replace('small', [100 + i], rowsOf(1, -900)));
  for (let i = 0; i < 20; i++) await dataset.write((tx) => tx.append('large', wide));
  await dataset.close();
  return before;
}

describe.skipIf(python === undefined)('a reader made from docs/format.md', () => {
  let scratch = '';
  let before = 0;
  let folder = '';

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'nacre-python-'));
    folder = path.join(scratch, 'dataset');
    before = await makeDataset(folder);
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  test('is tried on every shape that a manifest takes', async () => {
    const found = await newestRoot(new LocalStore(folder, systemRuntime), functions);
    const arrays = new Map(found?.head.root.arrays.map((array) => [array.name, array]));
    const small = arrays.get('small');
    expect(small?.segments.some(({ overrides }) => overrides)).toBe(true);
    expect(small?.segments.some(({ droppedRows }) => droppedRows > 0)).toBe(true);
    expect(small?.dropped.some((set) => inlineBytes(set) === undefined)).toBe(true);
    expect(arrays.get('large')?.segments.map(({ headHash }) => headHash.byteLength)).toEqual([32]);
  });

  async function byPython(...args: string[]): Promise<void> {
    await run(python ?? '', [reader, ...args]);
  }

  test.each(['small', 'large', 'scalar', 'empty'])('reads the array %s as the library does', async (name) => {
    const dataset = await open(folder, options);
    const [theirs, ours] = [path.join(scratch, 'theirs.npy'), path.join(scratch, 'ours.npy')];
    const { data, shape, dtype } = await dataset.array(name).read();
    const type = { dtype, rowShape: shape.slice(1), scalar: shape.length === 0 };
    await writeNpyFile(ours, type, shape[0] ?? 1, [data]);
    await byPython(folder, name, theirs);
    expect((await readFile(theirs)).equals(await readFile(ours))).toBe(true);
    await dataset.close();
  });

  test('reads a past version as the library does', async () => {
    const dataset = await open(folder, options);
    const then = await dataset.at({ version: before });
    const theirs = path.join(scratch, 'past.npy');
    await byPython(folder, 'small', theirs, String(before));
    const bytes = await readFile(theirs);
    const { data } = await then.array('small').read();
    expect(bytes.subarray(128).equals(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))).toBe(
      true,
    );
    await dataset.close();
  });

  test('refuses a place that is being restored to', async () => {
    const half = path.join(scratch, 'half');
    await restoreTo(folder, half, options);
    const store = new LocalStore(half, systemRuntime);
    const { head, token } = await readHint(store, functions);
    const restoring = make(v1.Restoring, { source: 'file:///elsewhere', version: 1 });
    if (head !== undefined) await writeHint(store, head, token, functions, { role: 'replica', restoring });
    await expect(byPython(half)).rejects.toThrow(/is being restored from file:\/\/\/elsewhere/);
    expect(await failure(open(half, options))).toMatchObject({ code: 'Unavailable' });
  });

  test('refuses one whose hint is lost, until the version of its own is there', async () => {
    const half = path.join(scratch, 'half-lost');
    const { version } = await restoreTo(folder, half, options);
    await rm(path.join(half, 'latest'));
    await byPython(half);
    await rm(path.join(half, rootKey(version ?? 0)));
    await expect(byPython(half)).rejects.toThrow(/is being restored from file:/);
    expect(await failure(open(half, options))).toMatchObject({ code: 'Unavailable' });
  });

  test('reads an array that was put back, whose rows leave ids out', async () => {
    const restored = path.join(scratch, 'restored');
    const dataset = await open(restored, { ...options, create: true });
    await dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', { data: Int32Array.of(1, 2, 3) }, { attributes: { lang: ['de', null, 'fr'] } });
    });
    await dataset.write((tx) => tx.append('a', { data: Int32Array.of(4, 5) }));
    await dataset.write((tx) => tx.dropAttribute('a', 'lang'));
    await dataset.restore({ version: 2 });
    await dataset.write((tx) => tx.append('a', { data: Int32Array.of(6) }, { attributes: { lang: ['it'] } }));
    await dataset.close();
    const [rows, columns] = [path.join(scratch, 'restored.npy'), path.join(scratch, 'restored.json')];
    await byPython(restored, 'a', rows);
    const body = (await readFile(rows)).subarray(-16);
    expect(Array.from({ length: 4 }, (_, i) => body.readInt32LE(4 * i))).toEqual([1, 2, 3, 6]);
    await byPython(restored, 'a', columns);
    expect(JSON.parse(await readFile(columns, 'utf8'))).toEqual({ lang: ['de', null, 'fr', 'it'] });
  });

  test('reads what was compacted as before', async () => {
    const dataset = await open(folder, options);
    const version = await dataset.version();
    const { arrays } = await dataset.compact({ targetBytes: 16 * 2 ** 10, arrays: ['small', 'large'] });
    expect(arrays.map(({ commits }) => commits > 0)).toEqual([true, true]);
    const { root } = (await newestRoot(new LocalStore(folder, systemRuntime), functions))?.head ?? {};
    expect(root?.requiredFeatures).toEqual([30]);
    for (const name of ['small', 'large']) {
      const then = await dataset.at({ version });
      const [theirs, ours] = [path.join(scratch, 'theirs.npy'), path.join(scratch, 'ours.npy')];
      const { data, shape, dtype } = await then.array(name).read();
      await writeNpyFile(ours, { dtype, rowShape: shape.slice(1), scalar: false }, shape[0] ?? 1, [data]);
      await byPython(folder, name, theirs);
      expect((await readFile(theirs)).equals(await readFile(ours))).toBe(true);
    }
    await dataset.close();
  });

  test('finds a flipped bit', async () => {
    const dataset = await open(folder, options);
    const [partition] = (await dataset.info()).arrays['large']?.partitions ?? [];
    await dataset.close();
    const file = path.join(folder, partition?.key ?? '');
    const bytes = await readFile(file);
    bytes[70_000] = (bytes[70_000] ?? 0) ^ 4;
    await writeFile(file, bytes);
    const failure = byPython(folder, 'large', path.join(scratch, 'bad.npy'));
    await expect(failure).rejects.toThrow(`${partition?.key} is damaged in block 1`);
  });
});
