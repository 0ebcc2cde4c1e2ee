import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { failure, sequence } from './support.js';

const binary = native();

function bytesOf(length: number, seed = 1): Uint8Array {
  const next = sequence(seed);
  return Uint8Array.from({ length }, () => next() >>> 24);
}

/** The sum bit by bit, as RFC 3720 defines it. */
function slowCrc32c(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0);
  }
  return ~sum >>> 0;
}

describe('checksums', () => {
  test('crc32c agrees with the bitwise definition at any length and alignment', () => {
    expect(binary.crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    const bytes = bytesOf(700);
    for (let start = 0; start < 70; start += 7)
      for (let end = start; end <= 700; end += 35)
        expect(binary.crc32c(bytes.subarray(start, end))).toBe(slowCrc32c(bytes.subarray(start, end)));
  });

  test('blake3 gives the published hash of nothing and of abc', () => {
    const hex = (text: string) => Buffer.from(binary.blake3(new TextEncoder().encode(text))).toString('hex');
    expect(hex('')).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
    expect(hex('abc')).toBe('6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85');
  });

  test('the digest of an object does not depend on its pieces', async () => {
    const whole = bytesOf(200_001);
    const pieces = [
      whole.subarray(0, 1),
      whole.subarray(1, 70_000),
      new Uint8Array(),
      whole.subarray(70_000),
    ];
    const digest = await binary.digestObject(pieces, 65_536);
    expect(digest.blake3).toEqual(binary.blake3(whole));
    expect(digest.crc32c).toBe(binary.crc32c(whole));
    const blocks = [0, 1, 2, 3].map((i) => binary.crc32c(whole.subarray(i * 65_536, (i + 1) * 65_536)));
    expect([...digest.blocks]).toEqual(blocks);
    expect(await binary.digestObject([], 64)).toEqual({
      blake3: binary.blake3(new Uint8Array()),
      crc32c: 0,
      blocks: new Uint32Array(),
    });
  });

  test('a digest of pieces that come one by one, or from a file, is that of the whole', async () => {
    const whole = bytesOf(200_001);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-digest-'));
    try {
      const file = path.join(folder, 'bytes');
      writeFileSync(file, whole);
      const digester = binary.createObjectDigester(65_536);
      await digester.update(whole.subarray(0, 100_003));
      expect(await digester.updateFromFile(file, 100_003, 150_000)).toBe(49_997);
      // As far as the file goes.
      expect(await digester.updateFromFile(file, 150_000, 300_000)).toBe(50_001);
      expect(await digester.digest()).toEqual(await binary.digestObject([whole], 65_536));
      const missing = await failure(() => digester.updateFromFile(`${file}-none`, 0, 1));
      expect(missing.code).toBe('NotFound');
      expect((await failure(() => digester.updateFromFile(file, 0, -1))).code).toBe('InvalidArgument');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the sums of two parts combine to the sum of both', () => {
    const whole = bytesOf(3000);
    const sum = (start: number, end: number) => binary.crc32c(whole.subarray(start, end));
    for (const cut of [0, 1, 1024, 2999, 3000])
      expect(binary.crc32cCombine(sum(0, cut), sum(cut, 3000), 3000 - cut)).toBe(sum(0, 3000));
  });

  test('verifyBlocks names the first block that differs', async () => {
    const bytes = bytesOf(1000);
    const { blocks } = await binary.digestObject([bytes], 128);
    expect(await binary.verifyBlocks(bytes, 128, blocks)).toBe(-1);
    bytes[999]! ^= 1;
    expect(await binary.verifyBlocks(bytes, 128, blocks)).toBe(7);
    bytes[300]! ^= 0x80;
    expect(await binary.verifyBlocks(bytes, 128, blocks)).toBe(2);
  });

  test('wrong block sizes, counts and sums are InvalidArgument', async () => {
    const bytes = new Uint8Array(100);
    const codes = await Promise.all(
      [
        () => binary.digestObject([bytes], 0),
        () => binary.digestObject([bytes], 100),
        () => binary.digestObject([bytes], 64.5),
        () => binary.createObjectDigester(100),
        () => binary.verifyBlocks(bytes, 64, new Uint32Array(1)),
        () => binary.crc32cCombine(-1, 0, 0),
        () => binary.crc32cCombine(0, 2 ** 32, 0),
        () => binary.crc32cCombine(0, 0, Number.NaN),
      ].map(async (call) => (await failure(call)).code),
    );
    expect(codes).toEqual(codes.map(() => 'InvalidArgument'));
  });

  test('many digests at once all settle', async () => {
    const bodies = Array.from({ length: 64 }, (_, i) => bytesOf(5000 + i, i));
    const digests = await Promise.all(bodies.map((body) => binary.digestObject([body], 4096)));
    expect(digests.map((digest) => digest.crc32c)).toEqual(bodies.map((body) => binary.crc32c(body)));
  });
});

describe('conversions', () => {
  test('swapBytes reverses every element in place, at any offset', () => {
    const bytes = Uint8Array.from([9, 1, 2, 3, 4, 5, 6, 7, 8]);
    binary.swapBytes(bytes.subarray(1), 4);
    expect([...bytes]).toEqual([9, 4, 3, 2, 1, 8, 7, 6, 5]);
    binary.swapBytes(bytes.subarray(1), 8);
    expect([...bytes]).toEqual([9, 5, 6, 7, 8, 1, 2, 3, 4]);
    binary.swapBytes(bytes.subarray(1), 2);
    expect([...bytes]).toEqual([9, 6, 5, 8, 7, 2, 1, 4, 3]);
    binary.swapBytes(new Uint8Array(), 8);
  });

  test('fortranToC rewrites a block of any shape', () => {
    const shape = [3, 4, 5];
    const source = new Int32Array(60);
    const wanted = new Int32Array(60);
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 4; j++)
        for (let k = 0; k < 5; k++) {
          source[i + 3 * (j + 4 * k)] = i * 100 + j * 10 + k;
          wanted[(i * 4 + j) * 5 + k] = i * 100 + j * 10 + k;
        }
    const target = new Int32Array(60);
    binary.fortranToC(new Uint8Array(source.buffer), new Uint8Array(target.buffer), shape, 4);
    expect(target).toEqual(wanted);
    const scalar = new Uint8Array(8);
    binary.fortranToC(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), scalar, [], 8);
    expect([...scalar]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('sizes that do not fit and overlaps are InvalidArgument', async () => {
    const bytes = new Uint8Array(12);
    const calls = [
      () => binary.swapBytes(bytes, 8),
      () => binary.swapBytes(bytes, 3),
      () => binary.fortranToC(bytes, new Uint8Array(12), [2, 3], 4),
      () => binary.fortranToC(bytes, new Uint8Array(11), [3, 4], 1),
      () => binary.fortranToC(bytes, new Uint8Array(12), [-3, -4], 1),
      () => binary.fortranToC(bytes, new Uint8Array(12), [2, 2], 3),
      () => binary.fortranToC(bytes.subarray(0, 8), bytes.subarray(4), [2, 4], 1),
    ];
    for (const call of calls) expect((await failure(call)).code).toBe('InvalidArgument');
  });
});

describe('text', () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);

  test('parseRows puts rows of plain numbers, at any offset, up to one that is not', () => {
    const target = new Uint8Array(1 + 2 * 8 * 3);
    const taken = binary.parseRows(text('1,-2.5\n1e3,4\nx,1\n'), 0x2c, 2, 'float64', target.subarray(1));
    expect(taken).toEqual([2, 13]);
    expect([...new Float64Array(target.slice(1, 33).buffer)]).toEqual([1, -2.5, 1000, 4]);
    const words = new Uint8Array(24);
    expect(binary.parseRows(text(' "1" ,,-inf\n'), 0x2c, 3, 'float64', words)).toEqual([1, 12]);
    expect([...new Float64Array(words.buffer)]).toEqual([1, Number.NaN, -Infinity]);
    expect(binary.parseRows(text('300\n'), 0x2c, 1, 'uint8', new Uint8Array(1))).toEqual([0, 0]);
    expect(binary.parseRows(new Uint8Array(), 0x2c, 1, 'uint8', new Uint8Array())).toEqual([0, 0]);
  });

  test('parseRows refuses what no rows have, and a target that is its text', () => {
    const bytes = text('1\n2\n');
    const target = new Uint8Array(8);
    const work: (() => unknown)[] = [
      () => binary.parseRows(bytes, 0x2c, 0, 'int8', target),
      () => binary.parseRows(bytes, 0x2c, 1, 'complex64', target),
      () => binary.parseRows(bytes, 200, 1, 'int8', target),
      () => binary.parseRows(bytes, 0x2c, 1, 'int8', bytes.subarray(2)),
    ];
    for (const each of work) expect(each).toThrow(/InvalidArgument/);
  });

  test('countRows counts lines up to a comment, and to one without an end', () => {
    expect(binary.countRows(text('1\r\n"2"\n  # c\n3\n'))).toEqual([2, 7]);
    expect(binary.countRows(text('1\n2'))).toEqual([1, 2]);
  });
});
