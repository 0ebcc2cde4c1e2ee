// What commits to a folder wait for: who syncs what, that a killed process loses nothing without it, and what
// is left of the last commits after a power failure.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Dataset, type Durability, open, repair, scrub } from '../../src/index.js';

let scratch = '';
let folder = '';
beforeEach(() => {
  scratch = mkdtempSync(path.join(os.tmpdir(), 'nacre-durability-'));
  folder = path.join(scratch, 'set');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(scratch, { recursive: true, force: true });
});

const options = { cacheDir: false } as const;

function rowsOf(...values: number[]) {
  return { data: Float32Array.from(values), shape: [values.length] };
}

/** A dataset of versions 1 to 4, of which each adds a row, written by handles of that durability. */
async function made(durability?: Durability): Promise<void> {
  const asked = durability === undefined ? {} : { durability };
  const dataset = await open(folder, { ...options, ...asked, create: true });
  await dataset.write((tx) => tx.save('a', rowsOf(2)));
  for (const value of [3, 4]) await dataset.write((tx) => tx.append('a', rowsOf(value)));
  await dataset.close();
}

async function contentOf(): Promise<{ version: number; rows: number[] }> {
  const dataset = await open(folder, options);
  try {
    const version = await dataset.version();
    return { version, rows: [...(await dataset.array('a').read()).data] as number[] };
  } finally {
    await dataset.close();
  }
}

/** The system's own call, counted: files and folders are synced by handles. */
async function syncs() {
  const handle = await openFile(process.execPath, 'r');
  try {
    return vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'sync');
  } finally {
    await handle.close();
  }
}

test('by default every file and its folder are synced, without fsync none is, and both read the same', async () => {
  const counted = await syncs();
  await made('none');
  expect(counted).not.toHaveBeenCalled();
  expect(await contentOf()).toEqual({ version: 4, rows: [2, 3, 4] });
  rmSync(folder, { recursive: true });
  await made();
  // Three commits at least, of a root and its folder each.
  expect(counted.mock.calls.length).toBeGreaterThan(6);
  expect(await contentOf()).toEqual({ version: 4, rows: [2, 3, 4] });
});

test('whatever it opens by address syncs, also from a handle without fsync', async () => {
  await made('none');
  const dataset = await open(folder, { ...options, durability: 'none' });
  const counted = await syncs();
  await dataset.restoreTo(path.join(scratch, 'copy'));
  await dataset.close();
  expect(counted).toHaveBeenCalled();
});

test('another word is refused before anything is made, and a place that is no folder takes either', async () => {
  const wrong = { ...options, create: true, durability: 'off' as Durability };
  await expect(open(folder, wrong)).rejects.toMatchObject({
    code: 'InvalidArgument',
    hint: expect.stringContaining("'none'") as string,
  });
  await expect(open('memory://', wrong)).rejects.toMatchObject({ code: 'InvalidArgument' });
  expect(readdirSync(scratch)).toEqual([]);
  const memory = await open('memory://', { ...options, create: true, durability: 'none' });
  expect(await memory.version()).toBe(1);
  await memory.close();
});

test('of a process that is killed nothing that was acknowledged is lost, and nothing is damaged', async () => {
  const dataset: Dataset = await open(folder, { ...options, durability: 'none', create: true });
  await dataset.write((tx) => tx.create('a', { dtype: 'float32' }));
  await dataset.close();
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const child = path.join(import.meta.dirname, 'durability-child.mjs');
    const writer = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    let left = 2 + round;
    for await (const line of createInterface({ input: writer.stdout })) {
      acknowledged = Number(line);
      if (--left === 0) setTimeout(() => writer.kill('SIGKILL'), Math.random() * 20);
    }
    await ended;
    const { version, rows } = await contentOf();
    expect(version).toBeGreaterThanOrEqual(acknowledged);
    // Two versions made the array; each other one is an append of its own.
    expect(rows).toHaveLength((version - 2) * 100_000);
    for (let start = 0; start < rows.length; start += 100_000)
      expect(new Set(rows.slice(start, start + 100_000)).size).toBe(1);
  }
  expect((await scrub(folder, options)).damaged).toEqual([]);
});

/** Files of a version are there and empty, as file systems that put off the giving of blocks leave them. */
const newest = (below: string): string => {
  const files = readdirSync(path.join(folder, below), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const byTime = files.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return byTime[0] ?? '';
};

test('after a power failure that left the rows of the last commit empty, scrub names them, and who goes back has the rest', async () => {
  await made('none');
  truncateSync(newest('arrays'), 0);
  await expect(contentOf()).rejects.toMatchObject({ code: 'Corrupt' });
  const { damaged } = await scrub(folder, options);
  expect(damaged).toMatchObject([{ kind: 'partition', array: 'a', versions: [{ from: 4, to: 4 }] }]);
  const dataset = await open(folder, options);
  await dataset.restore({ version: 3 });
  await dataset.close();
  expect(await contentOf()).toEqual({ version: 5, rows: [2, 3] });
});

test('one that left the newest root empty is mended from the hint', async () => {
  await made('none');
  truncateSync(newest('versions'), 0);
  expect((await scrub(folder, options)).damaged).toMatchObject([{ kind: 'root' }]);
  expect((await repair(folder, options)).isWhole).toBe(true);
  expect(await contentOf()).toEqual({ version: 4, rows: [2, 3, 4] });
});

test('where the hint is empty, too, nothing opens until the root that scrub names is taken away: then the version before', async () => {
  await made('none');
  const root = newest('versions');
  truncateSync(root, 0);
  truncateSync(path.join(folder, 'latest'), 0);
  await expect(contentOf()).rejects.toMatchObject({ code: 'Corrupt' });
  const { damaged } = await scrub(folder, options);
  const named = damaged.map(({ key }) => key);
  expect(named.toSorted()).toEqual(['latest', path.relative(folder, root)]);
  for (const key of named) renameSync(path.join(folder, key), path.join(scratch, path.basename(key)));
  expect(await contentOf()).toEqual({ version: 3, rows: [2, 3] });
  expect((await scrub(folder, options)).damaged).toEqual([]);
});
