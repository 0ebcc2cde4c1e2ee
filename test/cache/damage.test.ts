// Whatever happens to the files of the folder, a read gives the right bytes.
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NacreError } from '../../src/errors.js';
import { systemRuntime } from '../../src/util/runtime.js';
import {
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

const lengths = [1000, 64 * 1024, 300_000];

async function kept(folder: string, known: KnownPage): Promise<string> {
  await openCache(folder).read(known.page, sourceOf(known));
  return fileOf(folder, known.page);
}

describe.each(lengths)('a page of %i bytes', (length) => {
  const known = knownPage(1, length);
  const damages: [string, (file: string) => void][] = [
    ['truncated to half', (file) => truncateSync(file, length / 2)],
    ['truncated by one byte', (file) => truncateSync(file, length + 7)],
    ['cut to the page alone', (file) => truncateSync(file, length)],
    ['emptied', (file) => truncateSync(file, 0)],
    ['made longer', (file) => appendFileSync(file, 'x')],
    ['flipped in its first bytes', (file) => flipBit(file, 0)],
    ['flipped in its last bytes', (file) => flipBit(file, length - 2)],
    ['overwritten with zeros', (file) => writeFileSync(file, new Uint8Array(length + 8))],
    [
      'another page under its name',
      (file) => {
        const other = knownPage(2, length);
        writeFileSync(file, other.bytes);
        appendFileSync(file, new Uint8Array(8));
      },
    ],
    [
      'a link to its own copy',
      (file) => {
        copyFileSync(file, `${file}.copy`);
        unlinkSync(file);
        symlinkSync(`${file}.copy`, file);
      },
    ],
  ];

  test.each(damages)('that was %s is loaded anew and put right', async (_, damage) => {
    const folder = scratch();
    const file = await kept(folder, known);
    const before = readFileSync(file);
    damage(file);
    const warnings: NacreError[] = [];
    const cache = openCache(folder, { onWarning: (warning) => warnings.push(warning) });
    const source = sourceOf(known);
    expectBytes(await cache.read(known.page, source), known);
    expect(source.loads).toBe(1);
    expect(cache.counters()).toMatchObject({ damaged: 1, misses: 1, stored: 1 });
    expect(warnings).toMatchObject([{ code: 'Corrupt' }]);
    expect(readFileSync(file).equals(before)).toBe(true);
    expectBytes(await openCache(folder).read(known.page, source), known);
    expect(source.loads).toBe(1);
  });

  test.each(damages)('that was %s after this process checked it is found all the same', async (_, damage) => {
    const folder = scratch();
    const cache = openCache(folder);
    const source = sourceOf(known);
    for (let i = 0; i < 3; i++) await cache.read(known.page, source);
    damage(fileOf(folder, known.page));
    expectBytes(await cache.read(known.page, source), known);
    expect(source.loads).toBe(2);
  });

  test('whose file is gone is loaded anew', async () => {
    const folder = scratch();
    const cache = openCache(folder);
    const source = sourceOf(known);
    for (let i = 0; i < 3; i++) await cache.read(known.page, source);
    rmSync(folder, { recursive: true });
    expect(cache.peek(known.page)).toBe(false);
    expectBytes(await cache.read(known.page, source), known);
    expect(cache.peek(known.page)).toBe(true);
    expect(cache.counters().diskErrors).toBe(0);
  });
});

test('a change in the same tick of the file clock as the check is found', async () => {
  const folder = scratch();
  const cache = openCache(folder, { runtime: systemRuntime });
  for (let seed = 0; seed < 100; seed++) {
    const known = knownPage(seed, 100);
    const source = sourceOf(known);
    await cache.read(known.page, source);
    await cache.read(known.page, source);
    flipBit(fileOf(folder, known.page), 50);
    expectBytes(await cache.read(known.page, source), known);
  }
  expect(cache.counters()).toMatchObject({ damaged: 100, misses: 200 });
});

test('a check is remembered only once the file clock has moved on from its last change', async () => {
  const folder = scratch();
  const known = knownPage(1);
  const file = await kept(folder, known);
  let sinceMs = 50;
  const runtime = { ...systemRuntime, now: () => statSync(file).ctimeMs + sinceMs };
  const cache = openCache(folder, { runtime });
  const source = sourceOf(known);
  for (let i = 0; i < 3; i++) await cache.read(known.page, source);
  expect(source).toMatchObject({ loads: 0, checks: 3 });
  sinceMs = 200;
  for (let i = 0; i < 3; i++) await cache.read(known.page, source);
  expect(source).toMatchObject({ loads: 0, checks: 4 });
});

test('a folder under a page’s name costs a warning, not the read', async () => {
  const folder = scratch();
  const known = knownPage(1);
  mkdirSync(fileOf(folder, known.page), { recursive: true, mode: 0o700 });
  const warnings: NacreError[] = [];
  const cache = openCache(folder, { onWarning: (warning) => warnings.push(warning) });
  for (let i = 0; i < 2; i++) expectBytes(await cache.read(known.page, sourceOf(known)), known);
  expect(warnings.length).toBeGreaterThan(0);
});

test('foreign files in the folder stay, whatever their names', async () => {
  const folder = scratch();
  const known = knownPage(1);
  const file = await kept(folder, known);
  const foreign = [
    path.join(folder, 'letter.txt'),
    path.join(folder, 'v1', 'letter.txt'),
    path.join(folder, 'v1', 'zz'),
    path.join(path.dirname(file), 'letter.txt'),
    `${file}.old`,
    `${file}0000000000000000`,
    file.replace(/-0-/, '-00-'),
  ];
  for (const name of foreign) writeFileSync(name, 'keep me');
  mkdirSync(path.join(folder, 'v1', '00', 'folder'), { recursive: true });
  const cache = openCache(folder, { budgetBytes: 16 * 4096 });
  for (let seed = 0; seed < 64; seed++) {
    const other = knownPage(seed);
    expectBytes(await cache.read(other.page, sourceOf(other)), other);
  }
  await cache.close();
  expect(cache.counters()).toMatchObject({ damaged: 0, diskErrors: 0 });
  for (const name of foreign) expect(readFileSync(name, 'utf8')).toBe('keep me');
  expect(namesUnder(folder)).toContain(path.join('v1', '00', 'folder'));
});

test('any bytes at all in place of a page’s file never reach a reader', async () => {
  const folder = scratch();
  const known = knownPage(1, 200);
  const file = await kept(folder, known);
  const source = sourceOf(known);
  const cache = openCache(folder);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 210 }),
      fc.nat(209),
      fc.boolean(),
      async (junk, at, replace) => {
        if (replace) writeFileSync(file, junk);
        else {
          const whole = readFileSync(file);
          whole.set(junk.subarray(0, Math.max(0, whole.length - at)), Math.min(at, whole.length));
          writeFileSync(file, whole);
        }
        expectBytes(await cache.read(known.page, source), known);
      },
    ),
    { numRuns: 200 },
  );
  expect(cache.counters().damaged).toBeGreaterThan(100);
});
