// Searches of a folder whose codes and rows are in memory: one native call, which believes no row.
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Dataset, type Hit, type NacreError, open } from '../../src/index.js';
import { native } from '../../src/native.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-coded-here-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 24;
const numbers = randomFloats(seedOf('NACRE_SEED'));
const rowsOf = (count: number): { data: Float32Array; shape: number[] } => ({
  data: Float32Array.from({ length: count * dimensions }, numbers),
  shape: [count, dimensions],
});
const few = rowsOf(2);
const many = rowsOf(7);

/** Of few queries and of many, which are scored in other ways. */
async function answers(dataset: Dataset, name = 'e'): Promise<Hit[][]> {
  const array = dataset.array(name);
  return [
    ...(await array.nearest(few, { metric: 'cosine' }).limit(9).toArray()),
    ...(await array.nearest(many, { metric: 'l2' }).limit(9).toArray()),
  ];
}

/**
 * Arrays of the same rows, one with an index, each of so many partitions; searched until all is in memory.
 */
async function searched(
  name: string,
  partitions: number,
  rows: number,
  warn: (warning: NacreError) => void = () => undefined,
): Promise<{ dataset: Dataset; uri: string; expected: Hit[][] }> {
  const uri = path.join(folder, name);
  const dataset = await open(uri, { create: true, cacheDir: false, onWarning: warn });
  await dataset.write(async (tx) => {
    for (const array of ['e', 'plain']) await tx.create(array, { dtype: 'float32', rowShape: [dimensions] });
    for (let i = 0; i < partitions; i++) {
      const part = rowsOf(rows);
      for (const array of ['e', 'plain']) await tx.append(array, part);
    }
  });
  await dataset.array('e').index({ type: 'exact' });
  const expected = await answers(dataset, 'plain');
  for (let i = 0; i < 3; i++) expect(await answers(dataset)).toEqual(expected);
  return { dataset, uri, expected };
}

test('rows that come, change and go are honoured at once', async () => {
  const { dataset } = await searched('changes', 3, 3000);
  const [appended, replaced] = [rowsOf(50), rowsOf(3)];
  for (const name of ['e', 'plain']) {
    await dataset.write(async (tx) => {
      await tx.append(name, appended);
      await tx.replace(name, [7, 4000, 8999], replaced);
      await tx.drop(name, [1, 2, 3, 6000]);
    });
  }
  const found = await answers(dataset);
  expect(found).toEqual(await answers(dataset, 'plain'));
  // The best of before are dropped, too.
  const best = [...new Set(found.flat().map(({ row }) => row))];
  for (const name of ['e', 'plain']) await dataset.write((tx) => tx.drop(name, best));
  for (let i = 0; i < 2; i++) expect(await answers(dataset)).toEqual(await answers(dataset, 'plain'));
  await dataset.close();
});

test('more partitions than are looked at for one search give the same answers', async () => {
  const { dataset, expected } = await searched('partitions', 300, 5);
  expect(await answers(dataset)).toEqual(expected);
  await dataset.close();
});

test('rows that were read are told also where too many are left to be scored', async () => {
  const [binding, rows] = [native(), rowsOf(2000)];
  const mean = new Uint8Array(4 * dimensions);
  const transform = binding.createCodeTransform({ seed: 3, mean, basis: new Uint8Array(0) });
  const bytes = new Uint8Array(rows.data.buffer);
  const codes = new Uint8Array(transform.listBytes(2000));
  await transform.encode('float32', bytes, codes);
  const queries = Float64Array.from(few.data);
  const asked = { metric: 'l2', dtype: 'float32', dimensions, k: 9, queries } as const;
  const search = (enough: number) => {
    const cascade = binding.createCascade(binding.createExactScan(asked), transform);
    const lists = [{ codes, rows: 2000, firstRowId: 0 }];
    const scoring = { first: 9, most: 100, enough };
    return cascade?.searchNow(lists, native().createRowParts([{ rows: bytes, firstRowId: 0 }]), scoring);
  };
  const [given, done] = [search(0), search(2000)];
  expect([given?.isDone, done?.isDone]).toEqual([false, true]);
  expect(given?.read.length).toBeGreaterThanOrEqual(2 * 9);
  expect(done?.read.slice(0, given?.read.length)).toEqual(given?.read);
});

test('a signal ends it', async () => {
  const { dataset } = await searched('signal', 1, 3000);
  const query = dataset.array('e').nearest(few);
  await expect(query.toArray({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' });
  await dataset.close();
});

describe('rows that are damaged after they were searched', () => {
  /** The file of the only partition of the array with the index. */
  async function partitionOf(uri: string, dataset: Dataset): Promise<string> {
    const { arrays } = await dataset.info();
    return path.join(uri, arrays['e']?.partitions[0]?.key ?? '');
  }

  const damages: Readonly<Record<string, (file: string) => void>> = {
    'a bit of each is flipped': (file) => {
      const handle = openSync(file, 'r+');
      const byte = Buffer.alloc(1);
      for (let at = 128; at < 128 + 3000 * 4 * dimensions; at += 4 * dimensions) {
        readSync(handle, byte, 0, 1, at);
        byte[0] = (byte[0] ?? 0) ^ 1;
        writeSync(handle, byte, 0, 1, at);
      }
      closeSync(handle);
    },
    'their partition is gone': (file) => rmSync(file),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what}: an error names the partition`, async () => {
      const { dataset, uri } = await searched(what.replaceAll(' ', '-'), 1, 3000);
      const file = await partitionOf(uri, dataset);
      expect(readdirSync(path.dirname(file))).toContain(path.basename(file));
      damage(file);
      await expect(answers(dataset)).rejects.toMatchObject({
        code: 'Corrupt',
        message: expect.stringContaining(path.basename(file)) as string,
      });
      await dataset.close();
    });
  }
});
