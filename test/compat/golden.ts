// The golden dataset of format 1: small, with every kind of object, written by a fixed seed. Whoever changes
// its bytes changes the format.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Dataset } from '../../src/dataset/dataset.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { FakeRuntime } from '../support/fake-runtime.js';

/**
 * As releases wrote it, oldest first: `v1` before arrays said when they were last changed. The last one is
 * written still.
 */
export const goldenReleases = ['v1', 'v1-modified'] as const;

export type GoldenRelease = (typeof goldenReleases)[number];

export const writtenNow: GoldenRelease = 'v1-modified';

export function goldenFolder(release: GoldenRelease): string {
  return path.join(import.meta.dirname, 'golden', release);
}

/** Its place; the hint names it as its home. */
const home = 'golden-v1';
let copies = 0;

/** Writes the dataset anew; every object by its key. */
export async function writeGolden(): Promise<Map<string, Uint8Array>> {
  // Time stands still but for the steps below, and one upload goes at a time: no id depends on a race.
  const runtime = new FakeRuntime({ seed: 20_260_101, advance: 'hand' });
  const place = new MemoryStore(home, runtime);
  await place.delete((await place.list()).entries.map(({ key }) => key));
  const options = { create: true, cacheDir: false, memoryBytes: 1, runtime } as const;
  const dataset = await openStoreDataset(new MemoryStore(home, runtime), options);
  for (const step of steps) {
    await step(dataset);
    await runtime.advance(1_000);
  }
  await dataset.close();
  const out = new Map<string, Uint8Array>();
  for (const { key } of (await place.list()).entries)
    out.set(key, (await place.get(key))?.bytes ?? new Uint8Array());
  return out;
}

export function byteAt(i: number): number {
  return (37 * i + 11) % 251;
}

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => byteAt(i));
}

/** Rows of `scattered` that are dropped: too many for a root, so that their set is an object. */
export const droppedRows = Array.from({ length: 1_500 }, (_, i) => 2 * i + (i % 3 === 0 ? 1 : 0));

export const operationId = '00112233445566778899aabbccddeeff';
export const application = { name: 'loader', sequence: 7 };

const steps: readonly ((dataset: Dataset) => Promise<unknown>)[] = [
  (dataset) =>
    dataset.write(
      async (tx) => {
        await tx.create('images/train', { dtype: 'uint8', rowShape: [2, 2] });
        await tx.append('images/train', { data: bytes(32), shape: [8, 2, 2] });
      },
      { message: 'first', author: 'ann', host: 'box' },
    ),
  (dataset) =>
    dataset.write((tx) => {
      const data = Uint8Array.of(9, 9, 9, 9, 8, 8, 8, 8);
      return tx.replace('images/train', [1, 6], { data, shape: [2, 2, 2] });
    }),
  (dataset) => dataset.write((tx) => tx.drop('images/train', [0, -1])),
  (dataset) =>
    dataset.write(
      async (tx) => {
        await tx.create('many', { dtype: 'int16' });
        await tx.append('many', { data: Int16Array.from({ length: 120 }, (_, i) => i - 60) });
      },
      { partitionBytes: 2, operationId },
    ),
  (dataset) =>
    dataset.write(
      async (tx) => {
        await tx.create('scattered', { dtype: 'bool' });
        await tx.append('scattered', { data: bytes(4_000).map((value) => value & 1), dtype: 'bool' });
      },
      { application },
    ),
  (dataset) => dataset.write((tx) => tx.drop('scattered', droppedRows)),
  (dataset) =>
    dataset.write(async (tx) => {
      await tx.create('pi', { dtype: 'float64', scalar: true });
      await tx.append('pi', { data: Float64Array.of(Math.PI), shape: [] });
      await tx.rename('images/train', 'images/Übung');
    }),
  (dataset) =>
    dataset.write(async (tx) => {
      await tx.create('gone', { dtype: 'complex64' });
      await tx.append('gone', { data: Float32Array.of(1, 2), dtype: 'complex64' });
    }),
  (dataset) => dataset.write((tx) => tx.dropArray('gone')),
];

/** The committed files, by key. */
export async function readGolden(release: GoldenRelease): Promise<Map<string, Uint8Array>> {
  const folder = goldenFolder(release);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const out = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const key = path.relative(folder, file).split(path.sep).join('/');
    out.set(key, new Uint8Array(await readFile(file)));
  }
  return out;
}

/** A store of its own that holds these objects. */
export async function storeOf(objects: ReadonlyMap<string, Uint8Array>): Promise<MemoryStore> {
  const store = new MemoryStore(`golden-copy-${++copies}`, new FakeRuntime());
  for (const [key, body] of objects) await store.put(key, body);
  return store;
}
