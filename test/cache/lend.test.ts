// Pages lent to readers who do not write: mapped once, checked once, and given back within a budget.
import { unlinkSync, utimesSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FolderCache } from '../../src/cache/folder-cache.js';
import { openPageCache, type PageCacheOptions } from '../../src/cache/page-cache.js';
import { Residency } from '../../src/cache/residency.js';
import {
  binary,
  chargedOnDisk,
  expectBytes,
  fileOf,
  flipBit,
  type KnownPage,
  knownPage,
  openCache,
  scratch,
  settledRuntime,
  sourceOf,
} from './support.js';

const mebibyte = 2 ** 20;

/** A cache that counts its mappings. */
function lender(options: Partial<PageCacheOptions> = {}): { cache: FolderCache; maps: () => number } {
  let maps = 0;
  const mapFile: typeof binary.mapFile = (...args) => {
    maps++;
    return binary.mapFile(...args);
  };
  const native = { ...binary, mapFile };
  const cache = openCache(scratch(), { mappedBytes: 64 * mebibyte, native, ...options });
  return { cache, maps: () => maps };
}

/** The page in the folder, checked by this process. */
async function checked(cache: FolderCache, known: KnownPage): Promise<void> {
  for (let i = 0; i < 2; i++) await cache.read(known.page, sourceOf(known));
}

describe('a page that is lent', () => {
  test('is mapped once for any number of readers, and a look at its file is all that they cost', async () => {
    const { cache, maps } = lender();
    const known = knownPage(1, mebibyte);
    const source = sourceOf(known);
    await checked(cache, known);
    const before = maps();
    const lent = await Promise.all(Array.from({ length: 20 }, () => cache.lend(known.page, source)));
    for (const { bytes, done } of lent) {
      expectBytes(bytes, known);
      done();
      expect(bytes.buffer).toBe(lent[0]?.bytes.buffer);
    }
    expect([maps() - before, source.loads, source.checks]).toEqual([1, 0, 0]);
    expect(cache.counters().hits).toBe(21);
  });

  test('is checked on the first use of its file, and loaded when there is none', async () => {
    const { cache } = lender();
    const known = knownPage(1, mebibyte);
    const source = sourceOf(known);
    for (let i = 0; i < 4; i++) {
      const { bytes, done } = await cache.lend(known.page, source);
      expectBytes(bytes, known);
      done();
    }
    expect([source.loads, source.checks]).toEqual([1, 2]);
  });

  test('keeps no memory that its reader alone had', async () => {
    const { cache } = lender();
    for (const length of [1000, 64 * 1024, mebibyte]) {
      const known = knownPage(length, length);
      // Loaded; then from its file, before it was checked.
      for (let i = 0; i < 2; i++) {
        const { bytes, done } = await cache.lend(known.page, sourceOf(known));
        expectBytes(bytes, known);
        done();
        expect(bytes.byteLength).toBe(0);
      }
      const { bytes, done } = await cache.lend(known.page, sourceOf(known));
      expectBytes(bytes, known);
      done();
      expect(bytes.byteLength).toBe(length < mebibyte ? 0 : length);
    }
  });

  test('never meets what a reader may write into', async () => {
    const { cache } = lender();
    const known = knownPage(1, mebibyte);
    for (let i = 0; i < 4; i++) {
      const own = await cache.read(known.page, sourceOf(known));
      own.fill(0xff);
      const { bytes } = await cache.lend(known.page, sourceOf(known));
      expectBytes(bytes, known);
      (await cache.read(known.page, sourceOf(known))).fill(0xff);
      expectBytes(bytes, known);
    }
  });

  test('while others load it, is a copy of theirs', async () => {
    const { cache } = lender();
    const known = knownPage(1, mebibyte);
    const [own, lent] = await Promise.all([
      cache.read(known.page, sourceOf(known)),
      cache.lend(known.page, sourceOf(known)),
    ]);
    own.fill(0xff);
    expectBytes(lent.bytes, known);
    lent.done();
    expect(own.byteLength).toBe(known.page.length);
  });

  test.each([
    ['flipped', (file: string) => flipBit(file, 5000), 1, 2],
    ['removed', (file: string) => unlinkSync(file), 1, 1],
    ['touched', (file: string) => utimesSync(file, 1, 1), 0, 1],
  ])('whose file was %s is looked at anew', async (_, change, loads, checks) => {
    const { cache } = lender();
    const known = knownPage(1, mebibyte);
    await checked(cache, known);
    const { bytes: before } = await cache.lend(known.page, sourceOf(known));
    change(fileOf(cache.folder, known.page));
    const source = sourceOf(known);
    const { bytes } = await cache.lend(known.page, source);
    expectBytes(bytes, known);
    expect(bytes.buffer).not.toBe(before.buffer);
    expect([source.loads, source.checks]).toEqual([loads, checks]);
  });

  test('is in memory still for who has it, when the cache is closed or drops it', async () => {
    const { cache } = lender({ mappedBytes: 0 });
    const known = knownPage(1, mebibyte);
    await checked(cache, known);
    const { bytes, touch } = await cache.lend(known.page, sourceOf(known));
    touch(0, known.page.length);
    await cache.close();
    expectBytes(bytes, known);
  });

  test('from a cache that is off is loaded and let go', async () => {
    const known = knownPage(1, mebibyte);
    const source = sourceOf(known);
    const cache = openPageCache({ folder: false, runtime: settledRuntime, native: binary });
    const { bytes, done } = await cache.lend(known.page, source);
    expectBytes(bytes, known);
    done();
    expect([bytes.byteLength, source.loads]).toEqual([0, 1]);
  });
});

test('mappings that are kept leave half of the budget to new pages, and end after that', async () => {
  const charge = chargedOnDisk(mebibyte);
  const { cache } = lender({ budgetBytes: 8 * charge });
  for (let seed = 0; seed < 24; seed++) {
    const known = knownPage(seed, mebibyte);
    for (let i = 0; i < 4; i++) {
      const { bytes, done } = await cache.lend(known.page, sourceOf(known));
      expectBytes(bytes, known);
      done();
    }
  }
  // None was passed over since old ones could not be evicted.
  expect(cache.counters()).toMatchObject({ stored: 24, passed: 0, hits: 72 });
  expect(cache.counters().evicted).toBeGreaterThanOrEqual(16);
});

test('a mapping that is no longer kept ends when its last reader is done', async () => {
  const { cache } = lender();
  const known = knownPage(1, mebibyte);
  await checked(cache, known);
  const [first, second] = [
    await cache.lend(known.page, sourceOf(known)),
    await cache.lend(known.page, sourceOf(known)),
  ];
  await cache.close();
  for (let i = 0; i < 2; i++) first.done();
  expectBytes(second.bytes, known);
  second.done();
  expect(second.bytes.byteLength).toBe(0);
});

describe('mapped pages that stay in memory', () => {
  const stretch = 8 * mebibyte;

  test('are those touched last, within the budget', () => {
    const given: number[] = [];
    const residency = new Residency(4 * stretch, (bytes) => given.push(bytes.byteOffset / stretch));
    const mapping = residency.add(new Uint8Array(6 * stretch));
    for (const at of [0, 1, 2, 3, 0, 4, 5]) residency.touch(mapping, at * stretch, (at + 1) * stretch);
    expect(given).toEqual([1, 2]);
    expect(residency.isTouched(mapping, 3 * stretch, 6 * stretch)).toBe(true);
    expect(residency.isTouched(mapping, 2 * stretch, 6 * stretch)).toBe(false);
    const letGo = residency.hold(3 * stretch);
    expect(given).toEqual([1, 2, 3, 0, 4]);
    letGo();
    letGo();
    expect(residency.bytes).toBe(stretch);
    residency.drop(mapping);
    expect(residency.bytes).toBe(0);
  });

  test('count for a row as what the kernel maps around it, and never more than the file', () => {
    const residency = new Residency(64 * stretch, () => undefined);
    const mapping = residency.add(new Uint8Array(stretch + 1000));
    residency.touchRows(mapping, 128, 100, Float64Array.of(0, 5, 70_000));
    expect(residency.bytes).toBe(3 * 2 * mebibyte);
    residency.touchRows(
      mapping,
      128,
      100,
      Float64Array.from({ length: 500 }, (_, i) => i),
    );
    expect(residency.bytes).toBe(stretch + 1000);
  });

  test('never pass the budget, but for one stretch', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.nat(100), fc.nat(100), fc.boolean()), { maxLength: 60 }),
        (ops) => {
          const budget = 3 * stretch;
          let given = 0;
          const residency = new Residency(budget, () => given++);
          const files = [0.5, 3, 9].map((size) => residency.add(new Uint8Array(size * stretch)));
          for (const [file, from, length, drops] of ops) {
            const mapping = files[file];
            if (mapping === undefined) continue;
            const { byteLength } = mapping.bytes;
            const start = Math.floor((from / 101) * byteLength);
            const end = Math.min(byteLength, start + 1 + Math.floor((length / 400) * byteLength));
            residency.touch(mapping, start, end);
            if (end - start <= stretch) expect(residency.isTouched(mapping, start, end)).toBe(true);
            expect(residency.bytes).toBeLessThanOrEqual(budget);
            if (drops) residency.drop(mapping);
          }
          for (const mapping of files) residency.drop(mapping);
          expect(residency.bytes).toBe(0);
          expect(given).toBeGreaterThanOrEqual(files.length);
        },
      ),
    );
  });
});
