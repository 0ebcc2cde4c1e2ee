import { appendFileSync, existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheClear, cacheInfo, cacheVerify } from '../../src/cache/maintenance.js';
import {
  binary,
  chargedOnDisk,
  expectBytes,
  fileOf,
  flipBit,
  type KnownPage,
  knownPage,
  namesUnder,
  openCache,
  scratch,
  sourceOf,
} from './support.js';

const lengths = [1, 1000, 70_000, 3 * 2 ** 20 + 1];

async function filled(): Promise<{ folder: string; pages: KnownPage[] }> {
  const folder = scratch();
  const cache = openCache(folder);
  const pages = lengths.map((length, seed) => knownPage(seed, length));
  for (const known of pages) await cache.read(known.page, sourceOf(known));
  await cache.close();
  return { folder, pages };
}

describe('info', () => {
  test('counts pages, blocks and times of use', async () => {
    const { folder } = await filled();
    const info = await cacheInfo(folder);
    const sizeBytes = lengths.reduce((sum, length) => sum + chargedOnDisk(length), 0);
    expect(info).toMatchObject({ folder, pages: 4, unfinished: 0, sizeBytes });
    expect(info.leastRecentMs).toBeLessThanOrEqual(info.mostRecentMs as number);
  });

  test('of a folder that is not there, or is no folder, is empty', async () => {
    for (const folder of [path.join(scratch(), 'none'), '/dev/full'])
      expect(await cacheInfo(folder)).toEqual({
        folder,
        pages: 0,
        sizeBytes: 0,
        unfinished: 0,
        leastRecentMs: undefined,
        mostRecentMs: undefined,
      });
  });
});

describe('clear', () => {
  test('removes all that is ours and nothing else', async () => {
    const { folder, pages } = await filled();
    const foreign = path.join(path.dirname(fileOf(folder, (pages[0] as KnownPage).page)), 'mine.txt');
    writeFileSync(foreign, 'keep me');
    writeFileSync(path.join(folder, 'mine.txt'), 'keep me');
    const { sizeBytes } = await cacheInfo(folder);
    expect(await cacheClear(folder)).toEqual({ files: 4, sizeBytes });
    expect(await cacheClear(folder)).toEqual({ files: 0, sizeBytes: 0 });
    expect(namesUnder(folder)).toEqual(
      ['mine.txt', 'v1', path.dirname(path.relative(folder, foreign)), path.relative(folder, foreign)].sort(),
    );
    expect(readFileSync(foreign, 'utf8')).toBe('keep me');
  });

  test('leaves an open cache working', async () => {
    const folder = scratch();
    const cache = openCache(folder);
    const known = knownPage(1, 70_000);
    const source = sourceOf(known);
    for (let i = 0; i < 3; i++) {
      expectBytes(await cache.read(known.page, source), known);
      expectBytes(await cache.read(known.page, source), known);
      await cacheClear(folder);
    }
    expect(source.loads).toBe(3);
    expect(cache.counters()).toMatchObject({ stored: 3, diskErrors: 0, damaged: 0 });
  });

  test('and the others stop at an abort', async () => {
    const { folder } = await filled();
    const signal = AbortSignal.abort();
    for (const call of [
      () => cacheInfo(folder, { signal }),
      () => cacheClear(folder, { signal }),
      () => cacheVerify(folder, binary, { signal }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'Aborted' });
    expect((await cacheInfo(folder)).pages).toBe(4);
  });
});

describe('verify', () => {
  test('finds nothing wrong with what was written', async () => {
    const { folder } = await filled();
    const progress: number[] = [];
    const report = await cacheVerify(folder, binary, { onProgress: (sizeBytes) => progress.push(sizeBytes) });
    const sizeBytes = lengths.reduce((sum, length) => sum + length + 8, 0);
    expect(report).toEqual({ pages: 4, sizeBytes, damaged: [], damagedPages: 0 });
    expect(progress).toHaveLength(4);
    expect(progress.at(-1)).toBe(sizeBytes);
  });

  const big = 3;
  const damages: [string, (file: string, other: string) => void][] = [
    ['a flipped bit', (file) => flipBit(file, 2_500_000)],
    ['a flipped bit of the checksum', (file) => flipBit(file, (lengths[big] as number) + 6)],
    ['another trailer', (file) => flipBit(file, lengths[big] as number)],
    ['a missing end', (file) => truncateSync(file, 1_000_000)],
    ['an empty file', (file) => truncateSync(file, 0)],
    ['a longer file', (file) => appendFileSync(file, '!')],
  ];

  test.each(damages)('names the page with %s, and removes it when told to', async (_, damage) => {
    const { folder, pages } = await filled();
    const file = fileOf(folder, (pages[big] as KnownPage).page);
    damage(file, fileOf(folder, (pages[0] as KnownPage).page));
    const found = { pages: 4, damagedPages: 1, damaged: [{ path: file }] };
    expect(await cacheVerify(folder, binary)).toMatchObject(found);
    expect(existsSync(file)).toBe(true);
    expect(await cacheVerify(folder, binary, { remove: true })).toMatchObject(found);
    expect(existsSync(file)).toBe(false);
    expect(await cacheVerify(folder, binary)).toMatchObject({ pages: 3, damagedPages: 0 });
  });

  test('finds a right page under the name of another one of the same length', async () => {
    const folder = scratch();
    const cache = openCache(folder);
    const [first, second] = [knownPage(1, 5000), knownPage(2, 5000)];
    for (const known of [first, second]) await cache.read(known.page, sourceOf(known));
    renameSync(fileOf(folder, first.page), fileOf(folder, second.page));
    const report = await cacheVerify(folder, binary);
    expect(report).toMatchObject({ pages: 1, damagedPages: 1 });
    expect(report.damaged[0]?.reason).toMatch(/expected CRC32C [0-9a-f]{8}, computed [0-9a-f]{8}/);
  });
});
