// Reads through the page cache: how many requests they take, and what becomes of one when another leaves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Member, World } from '../dataset/world.js';

const rows = 4 * 2 ** 20;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** One partition of 16 MiB, read with an empty cache. */
async function reader(latencyMs = 0): Promise<Member> {
  const world = new World();
  const cacheDir = mkdtempSync(path.join(tmpdir(), 'nacre-pages-'));
  closers.push(
    () => rmSync(cacheDir, { recursive: true, force: true }),
    () => world.close(),
  );
  const { dataset } = await world.open();
  const data = Int32Array.from({ length: rows }, (_, i) => i);
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', { data });
  });
  const member = await world.open({ create: false, cacheDir, latencyMs });
  await member.dataset.version();
  member.trace.clear();
  return member;
}

/** Bytes of each request for the partition so far. */
function requests({ trace }: Member): number[] {
  return trace.entries.filter(({ key }) => key.endsWith('.npy')).map(({ bytes }) => bytes);
}

test('a range of less than half a partition is a request for 8 MiB at most, cached piece by piece', async () => {
  const member = await reader();
  const array = member.dataset.array('a');
  const { data } = await array.read({ start: 100_000, end: 1_500_000 });
  expect([data[0], data.at(-1)]).toEqual([100_000, 1_499_999]);
  const pieceBytes = 2 ** 18;
  expect(requests(member)).toEqual([22 * pieceBytes]);

  // What is there is not asked for again, on either side of what is not.
  await array.read({ start: 200_000, end: 1_400_000 });
  expect(requests(member)).toHaveLength(1);
  const { data: more } = await array.read({ start: 50_000, end: 2_000_000 });
  expect(more).toEqual(Int32Array.from({ length: 1_950_000 }, (_, i) => 50_000 + i));
  expect(
    requests(member)
      .slice(1)
      .toSorted((a, b) => a - b),
  ).toEqual([pieceBytes, 8 * pieceBytes]);
});

test('a reader who leaves takes nothing from one who waits for a piece of the same request', async () => {
  const member = await reader(30);
  const array = member.dataset.array('a');
  const leaving = new AbortController();
  const left = array.read({ start: 0, end: 1_000_000, signal: leaving.signal });
  const stayed = array.read({ start: 900_000, end: 900_010 });
  setTimeout(() => leaving.abort(), 10);
  await expect(left).rejects.toMatchObject({ code: 'Aborted' });
  expect((await stayed).data).toEqual(Int32Array.from({ length: 10 }, (_, i) => 900_000 + i));
});
