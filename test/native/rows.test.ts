// Rows and blocks that the binary puts into the caller's bytes, and refuses when they do not fit.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { failure, scratch } from './support.js';

const binary = native();
const folder = scratch();

const gathers = {
  'on the event loop': (...args: Parameters<typeof binary.gatherRows>) => binary.gatherRows(...args),
  'off the event loop': (...args: Parameters<typeof binary.gatherRowsLater>) =>
    binary.gatherRowsLater(...args),
};

describe.each(Object.entries(gathers))('rows that are picked %s', (_, gather) => {
  test('go to their places', async () => {
    const source = Uint8Array.from({ length: 130 }, (_, i) => i);
    const target = new Uint8Array(12);
    await gather(source, 10, 4, Float64Array.of(29, 0, 3), target, Uint32Array.of(2, 0, 1));
    expect([...target]).toEqual([10, 11, 12, 13, 22, 23, 24, 25, 126, 127, 128, 129]);
  });

  test('are many', async () => {
    const [rowBytes, rows] = [1000, 2000];
    const source = Uint8Array.from({ length: rowBytes * rows }, (_, i) => (i * 31 + (i >> 9)) % 253);
    const target = new Uint8Array(source.length);
    const backwards = Float64Array.from({ length: rows }, (_, i) => rows - 1 - i);
    await gather(
      source,
      0,
      rowBytes,
      backwards,
      target,
      Uint32Array.from({ length: rows }, (_, i) => i),
    );
    for (const row of [0, 1, 262, 263, 1999]) {
      const meant = source.subarray((rows - 1 - row) * rowBytes, (rows - row) * rowBytes);
      expect(target.subarray(row * rowBytes, (row + 1) * rowBytes)).toEqual(meant);
    }
  });

  test('and places that are none are refused, and so is a target within the source', async () => {
    const source = new Uint8Array(16);
    const target = new Uint8Array(4);
    const [one, zero] = [Float64Array.of(1), Uint32Array.of(0)];
    const refused = (...args: Parameters<typeof binary.gatherRows>) => failure(async () => gather(...args));
    for (const row of [4, -1, 0.5, Number.NaN])
      expect((await refused(source, 0, 4, Float64Array.of(row), target, zero)).code).toBe('InvalidArgument');
    expect((await refused(source, 0, 4, one, target, Uint32Array.of(1))).code).toBe('InvalidArgument');
    expect((await refused(source, 0, 4, one, target, Uint32Array.of(0, 0))).code).toBe('InvalidArgument');
    expect((await refused(source, 17, 4, one, target, zero)).code).toBe('InvalidArgument');
    expect((await refused(source, 0, 4, one, source.subarray(0, 4), zero)).message).toContain('overlap');
  });
});

test('blocks of a file are read from a byte on, and a damaged one is named', async () => {
  const file = path.join(folder, 'blocks');
  const source = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) % 251);
  writeFileSync(file, source);
  const { blocks } = await binary.digestObject([source], 64);
  const target = new Uint8Array(200);
  expect(await binary.readBlocks(file, 0, 64, blocks, 33, target)).toBe(-1);
  expect(target).toEqual(source.slice(33, 233));
  source[299] = (source[299] ?? 0) ^ 1;
  writeFileSync(file, source);
  expect(await binary.readBlocks(file, 64, 64, blocks.subarray(1), 33, target)).toBe(3);
  const tooLong = () => binary.readBlocks(file, 0, 64, blocks, 101, target);
  expect((await failure(tooLong)).code).toBe('Corrupt');
  const absent = () => binary.readBlocks(`${file}-not`, 0, 64, blocks, 0, target);
  expect((await failure(absent)).message).toContain('blocks-not');
});

test('blocks are read by several threads, and the first damaged one of all is named', async () => {
  const file = path.join(folder, 'many-blocks');
  const source = Uint8Array.from({ length: 64 * 1000 - 5 }, (_, i) => (i * 31) % 251);
  writeFileSync(file, source);
  const { blocks } = await binary.digestObject([source], 64);
  for (const [first, skip, length] of [
    [0, 0, source.length],
    [0, 63, source.length - 63],
    [3, 1, 64 * 130],
    [1, 64 * 64, 64 * 64 * 3],
    [0, 64 * 200, 0],
    [999, 0, 59],
  ] as const) {
    const last = Math.max(first + 1, Math.ceil((first * 64 + skip + length) / 64));
    const target = new Uint8Array(length);
    const found = await binary.readBlocks(file, first * 64, 64, blocks.subarray(first, last), skip, target);
    expect([first, skip, found]).toEqual([first, skip, -1]);
    expect(target).toEqual(source.slice(first * 64 + skip, first * 64 + skip + length));
  }
  for (const block of [900, 333, 131]) {
    source[block * 64] = (source[block * 64] ?? 0) ^ 1;
    writeFileSync(file, source);
    const target = new Uint8Array(source.length);
    expect(await binary.readBlocks(file, 0, 64, blocks, 0, target)).toBe(block);
    expect(await binary.readBlocks(file, 64, 64, blocks.subarray(1), 0, target.subarray(64))).toBe(block - 1);
  }
  const beyond = () => binary.readBlocks(file, 0, 64, blocks, 64 * 1000, new Uint8Array(1));
  expect((await failure(beyond)).code).toBe('InvalidArgument');
});

test('advice on pages leaves the bytes as they are', () => {
  const bytes = new Uint8Array(9 << 20).fill(7);
  binary.adviseHugePages(bytes);
  binary.adviseHugePages(bytes.subarray(0, 0));
  expect(bytes.every((byte) => byte === 7)).toBe(true);
});
