import { readdirSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FolderCache } from '../../src/cache/folder-cache.js';
import { cacheClear, cacheInfo } from '../../src/cache/maintenance.js';
import { randomOf } from './content.js';
import {
  chargedOnDisk,
  expectBytes,
  fileOf,
  type KnownPage,
  knownPage,
  namesUnder,
  openCache,
  scratch,
  settledRuntime,
  sourceOf,
} from './support.js';

const length = 4000;
const charge = chargedOnDisk(length);

async function readPage(cache: FolderCache, known: KnownPage): Promise<void> {
  expectBytes(await cache.read(known.page, sourceOf(known)), known);
}

async function sizeOf(folder: string): Promise<number> {
  return (await cacheInfo(folder)).sizeBytes;
}

/** What the folder holds now: a count that waits between files would count some that follow others. */
function sizeNow(folder: string): number {
  const charges = new Map<number, number>();
  for (const name of namesUnder(folder)) {
    const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
    // A file that gets its name meanwhile may be listed under both.
    if (found?.isFile() === true) charges.set(found.ino, Math.ceil(found.size / 4096) * 4096);
  }
  return [...charges.values()].reduce((sum, bytes) => sum + bytes, 0);
}

describe('the budget', () => {
  test('is kept while a hundred times as much passes through', async () => {
    const folder = scratch();
    const cache = openCache(folder, { budgetBytes: 10 * charge });
    for (let seed = 0; seed < 1000; seed += 50) {
      for (let i = 0; i < 50; i++) await readPage(cache, knownPage(seed + i, length));
      expect(await sizeOf(folder)).toBeLessThanOrEqual(10 * charge);
    }
    await cache.close();
    expect(await sizeOf(folder)).toBeLessThanOrEqual(10 * charge);
    const { stored, evicted } = cache.counters();
    expect(stored).toBe(1000);
    expect(stored - evicted).toBe((await cacheInfo(folder)).pages);
  });

  test('is kept by many reads at one time', async () => {
    const folder = scratch();
    const cache = openCache(folder, { budgetBytes: 40 * charge });
    for (let round = 0; round < 10; round++) {
      const seeds = Array.from({ length: 30 }, (_, i) => round * 30 + i);
      const reads = seeds.map((seed) => readPage(cache, knownPage(seed, length)));
      for (let turn = 0; turn < 5; turn++) {
        await new Promise(setImmediate);
        expect(sizeNow(folder)).toBeLessThanOrEqual(40 * charge);
      }
      await Promise.all(reads);
      expect(await sizeOf(folder)).toBeLessThanOrEqual(40 * charge);
    }
  });

  test('counts pages of all sizes by the blocks that they take', async () => {
    const folder = scratch();
    const budgetBytes = 64 * 4096;
    const cache = openCache(folder, { budgetBytes });
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 100_000 }), async (seed, size) => {
        await readPage(cache, knownPage(seed, size));
        expect(await sizeOf(folder)).toBeLessThanOrEqual(budgetBytes);
      }),
      { numRuns: 200 },
    );
  });

  test('lets a page that is larger than all of it pass, and evicts nothing for it', async () => {
    const folder = scratch();
    const cache = openCache(folder, { budgetBytes: 20 * charge });
    const [small, large] = [knownPage(1, length), knownPage(2, 30 * length)];
    await readPage(cache, small);
    await readPage(cache, large);
    expect(cache.peek(small.page)).toBe(true);
    expect(cache.peek(large.page)).toBe(false);
    expect(cache.counters()).toMatchObject({ stored: 1, passed: 1, evicted: 0 });
  });
});

describe('what goes first', () => {
  test('is what was not used for longest', async () => {
    const folder = scratch();
    const cache = openCache(folder, { budgetBytes: 64 * charge });
    const hot = knownPage(100_000, length);
    for (let seed = 0; seed < 400; seed++) {
      await readPage(cache, hot);
      await readPage(cache, knownPage(seed, length));
    }
    await cache.close();
    expect(cache.peek(hot.page)).toBe(true);
    expect(cache.counters().hits).toBe(399);
    const there = Array.from({ length: 400 }, (_, seed) => cache.peek(knownPage(seed, length).page));
    // All that is there was read after all that is gone.
    expect(there.indexOf(true)).toBe(there.lastIndexOf(false) + 1);
    expect(there.filter(Boolean).length).toBeGreaterThan(50);
  });

  test('is what was left from earlier processes, the oldest of it first', async () => {
    const folder = scratch();
    const earlier = openCache(folder, { budgetBytes: 1000 * charge });
    const old = Array.from({ length: 40 }, (_, seed) => knownPage(seed, length));
    for (const known of old) await readPage(earlier, known);
    await earlier.close();
    // Used in the order of a shuffle, hours ago.
    const order = old.map((known, i) => ({ known, hour: (i * 17) % 40 }));
    for (const { known, hour } of order) {
      const seconds = Date.now() / 1000 - 3600 * (50 - hour);
      utimesSync(fileOf(folder, known.page), seconds, seconds);
    }
    const cache = openCache(folder, { budgetBytes: 64 * charge });
    for (let seed = 100; seed < 140; seed++) await readPage(cache, knownPage(seed, length));
    await cache.close();
    const kept = order.filter(({ known }) => cache.peek(known.page)).map(({ hour }) => hour);
    const gone = order.filter(({ known }) => !cache.peek(known.page)).map(({ hour }) => hour);
    expect(gone.length).toBeGreaterThan(0);
    expect(kept.length).toBeGreaterThan(0);
    expect(Math.min(...kept)).toBeGreaterThan(Math.max(...gone));
    for (let seed = 100; seed < 140; seed++) expect(cache.peek(knownPage(seed, length).page)).toBe(true);
  });

  test('is not what another process used meanwhile', async () => {
    const folder = scratch();
    const cache = openCache(folder, { budgetBytes: 64 * charge });
    const shared = knownPage(1000, length);
    await readPage(cache, shared);
    const ago = Date.now() / 1000 - 600;
    utimesSync(fileOf(folder, shared.page), ago, ago);
    await readPage(cache, shared);
    for (let seed = 0; seed < 40; seed++) await readPage(cache, knownPage(seed, length));
    // The other one's hit moves the file's time, for it is older than a minute.
    utimesSync(fileOf(folder, shared.page), ago, ago);
    const later = { ...settledRuntime, now: () => settledRuntime.now() + 3_600_000 };
    await readPage(openCache(folder, { runtime: later }), shared);
    expect(statSync(fileOf(folder, shared.page)).mtimeMs).toBeGreaterThan(Date.now());
    for (let seed = 40; seed < 80; seed++) await readPage(cache, knownPage(seed, length));
    await cache.close();
    expect(cache.peek(shared.page)).toBe(true);
    expect(cache.peek(knownPage(0, length).page)).toBe(false);
  });

  test('is never a file whose mapping is in use here', async () => {
    const folder = scratch();
    const large = 100_000;
    const cache = openCache(folder, { budgetBytes: 10 * chargedOnDisk(large) });
    const held = knownPage(1000, large);
    await readPage(cache, held);
    const mapping = await cache.read(held.page, sourceOf(held));
    for (let seed = 0; seed < 50; seed++) await readPage(cache, knownPage(seed, large));
    expect(cache.peek(held.page)).toBe(true);
    expectBytes(mapping, held);
  });
});

describe('a mapped file that somebody unlinks', () => {
  test('stays readable, and counts in the budget until it is collected', async () => {
    const folder = scratch();
    const large = 100_000;
    const budgetBytes = 4 * chargedOnDisk(large);
    const cache = openCache(folder, { budgetBytes });
    const held = Array.from({ length: 3 }, (_, seed) => knownPage(seed, large));
    const mappings: Uint8Array[] = [];
    for (const known of held) {
      await readPage(cache, known);
      mappings.push(await cache.read(known.page, sourceOf(known)));
    }
    await cacheClear(folder);
    for (const known of held) expect(cache.peek(known.page)).toBe(false);
    // Three of four are taken by what is unlinked: one more page fits at a time.
    for (let seed = 10; seed < 20; seed++) {
      await readPage(cache, knownPage(seed, large));
      expect((await cacheInfo(folder)).pages).toBeLessThanOrEqual(1);
    }
    for (const [i, mapping] of mappings.entries()) expectBytes(mapping, held[i] as KnownPage);
  });
});

describe('a scan', () => {
  test('removes what dead writers left, and not what a live one writes', async () => {
    const folder = scratch();
    const cache = openCache(folder, { budgetBytes: 64 * charge });
    await readPage(cache, knownPage(0, length));
    const [shard] = readdirSync(path.join(folder, 'v1')) as [string];
    const left = (name: string, minutes: number): string => {
      const file = path.join(folder, 'v1', shard, `${shard}.${name}.tmp`);
      writeFileSync(file, 'half a pa');
      const seconds = Date.now() / 1000 - 60 * minutes;
      utimesSync(file, seconds, seconds);
      return file;
    };
    const dead = left('00000000000000aa', 6);
    const live = left('00000000000000bb', 0);
    for (let seed = 1; seed < 20; seed++) await readPage(cache, knownPage(seed, length));
    await cache.close();
    expect(statSync(dead, { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(live, { throwIfNoEntry: false })).toBeDefined();
    unlinkSync(live);
  });
});

test('any mix of reads, clears and caches on one folder gives right bytes, within the budgets', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 8, max: 40 }), async (seed, blocks) => {
      const folder = scratch();
      const budgetBytes = blocks * 4096;
      const caches = [openCache(folder, { budgetBytes }), openCache(folder, { budgetBytes })];
      const next = randomOf(seed);
      for (let step = 0; step < 150; step++) {
        const cache = caches[next() % 2] as FolderCache;
        if (next() % 60 === 0) await cacheClear(folder);
        const size = [100, 5000, 20_000, 70_000][next() % 4] as number;
        const wave = Array.from({ length: 1 + (next() % 3) }, () => knownPage(next() % 12, size));
        await Promise.all(wave.map((known) => readPage(cache, known)));
      }
      for (const cache of caches) await cache.close();
      const { diskErrors, damaged } = caches[0]?.counters() ?? {};
      expect({ diskErrors, damaged }).toEqual({ diskErrors: 0, damaged: 0 });
      expect(await sizeOf(folder)).toBeLessThanOrEqual(2 * budgetBytes);
    }),
    { numRuns: 12 },
  );
});
