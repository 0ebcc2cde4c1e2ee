// Pages of a folder that need no waiting: when they are there, and when not.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { MappedPages } from '../../src/arrays/mapped-pages.js';
import { readRuns } from '../../src/arrays/reader.js';
import type { Part } from '../../src/arrays/runs.js';
import { native } from '../../src/native.js';
import { LocalStore } from '../../src/storage/local.js';
import { Meter } from '../../src/storage/wrap/meter.js';
import { systemRuntime } from '../../src/util/runtime.js';

const blockBytes = 65_536;
const binary = native();
const folder = mkdtempSync(path.join(tmpdir(), 'nacre-mapped-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function stored(key: string, bytes: Uint8Array): Promise<Part> {
  writeFileSync(path.join(folder, key), bytes);
  const { blake3: hash, blocks, crc32c } = await binary.digestObject([bytes], blockBytes);
  const sums = new Uint8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  const object = { key, sizeBytes: bytes.length, hash, crc32c, blockBytes, blocks: sums };
  return { object, rows: 1, dataOffset: 0, sums: async () => blocks };
}

test('an object is there at once after its blocks were checked, until its file is another', async () => {
  const pages = new MappedPages(new LocalStore(folder, systemRuntime), binary, new Meter(), 2 ** 20);
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  const part = await stored('a', bytes);
  const all = { start: 0, end: bytes.length };
  expect(pages.lendNow(part, all)).toBeUndefined();
  await pages.read(part, [{ start: 0, end: blockBytes }]);
  expect(pages.lendNow(part, all), 'one block is checked').toBeUndefined();
  await pages.whole(part);
  expect(Buffer.from(pages.lendNow(part, all)?.bytes ?? []).equals(bytes)).toBe(true);

  writeFileSync(path.join(folder, 'a'), bytes.with(7, 99));
  expect(pages.lendNow(part, all), 'changed').toBeUndefined();
  await expect(pages.whole(part)).rejects.toMatchObject({ code: 'Corrupt' });
  truncateSync(path.join(folder, 'a'), 100);
  expect(() => pages.lendNow(part, all)).toThrow(expect.objectContaining({ code: 'Corrupt' }));
});

test('rows are lent together, until a file of them is another', async () => {
  const pages = new MappedPages(new LocalStore(folder, systemRuntime), binary, new Meter(), 2 ** 20);
  const rowBytes = 4;
  const parts = await Promise.all(
    ['b', 'c', 'd'].map(async (key, i) => {
      const part = { ...(await stored(key, new Uint8Array(1000).fill(i))), rows: 250 };
      return { part, firstRowId: 250 * i };
    }),
  );
  const lent = pages.lendRows(parts, rowBytes);
  expect(pages.lendRows(parts, rowBytes)).toBe(lent);
  // Ids of rows come in any order.
  lent.wereRead(Float64Array.of(700, 3, 251, 249));
  expect(pages.lendRows([...parts], rowBytes)).not.toBe(lent);

  writeFileSync(path.join(folder, 'c'), new Uint8Array(1000).fill(9));
  const other = pages.lendRows(parts, rowBytes);
  expect(other.rows).not.toBe(lent.rows);
  expect(pages.lendRows(parts, rowBytes)).toBe(other);
  truncateSync(path.join(folder, 'd'), 100);
  expect(() => pages.lendRows(parts, rowBytes)).toThrow(expect.objectContaining({ code: 'Corrupt' }));
});

test('nothing is mapped for rows that are read once, and what is mapped is made use of', async () => {
  const pages = new MappedPages(new LocalStore(folder, systemRuntime), binary, new Meter(), 2 ** 20);
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  const part = { ...(await stored('once', bytes)), rows: 20_000 };
  const runs = [{ part, row: 7_000, count: 3, target: 0 }];
  const read = async (once: boolean) => readRuns(runs, 10, () => new Uint8Array(30), pages, { once });
  const expected = Buffer.from(bytes.subarray(70_000, 70_030));
  expect(expected.equals(await read(true))).toBe(true);
  expect(pages.isMapped(part)).toBe(false);
  expect(expected.equals(await read(false))).toBe(true);
  expect(pages.isMapped(part)).toBe(true);
  expect(expected.equals(await read(true))).toBe(true);

  const damaged = await stored('once-damaged', bytes);
  writeFileSync(path.join(folder, 'once-damaged'), bytes.with(70_011, 1));
  const once = readRuns(
    [{ part: damaged, row: 0, count: 1, target: 0 }],
    70_030,
    () => new Uint8Array(70_030),
    pages,
    {
      once: true,
    },
  );
  await expect(once).rejects.toMatchObject({ code: 'Corrupt' });
  expect(pages.isMapped(damaged)).toBe(false);
});

test('rows are lent anew after their mappings made room for others', async () => {
  const pages = new MappedPages(new LocalStore(folder, systemRuntime), binary, new Meter(), 2 ** 20);
  const placed = [{ part: await stored('e', new Uint8Array(100)), firstRowId: 0 }];
  const lent = pages.lendRows(placed, 100);
  for (let i = 0; i < 1100; i++)
    pages.lendRows([{ part: await stored(`f${i}`, Uint8Array.of(i)), firstRowId: 0 }], 1);
  expect(pages.lendRows(placed, 100)).not.toBe(lent);
});
