// What an HDF5 file may be instead of a good one: each ends in a typed error that names the file, or in rows.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isNacreError, type NacreError } from '../../../src/errors.js';
import { readHdf5 } from '../../../src/formats/arrays/hdf5.js';
import { lookup3 } from '../../../src/formats/arrays/hdf5/bytes.js';
import type { Filter } from '../../../src/formats/arrays/hdf5/dataset.js';
import { fletcher32, undoFilters, unshuffle } from '../../../src/formats/arrays/hdf5/filters.js';
import { readBytes, temporaryFolder, withArrays } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { hdf5File } from '../../support/hdf5-files.js';

const folder = temporaryFolder();
const read = (bytes: Uint8Array): ReturnType<typeof readBytes> =>
  readBytes(folder.path, 'x.h5', bytes, readHdf5);

async function refused(bytes: Uint8Array, message: RegExp, code = 'InvalidArgument'): Promise<void> {
  const error = await failure(read(bytes));
  expect(error.message).toMatch(message);
  expect(error.message).toContain('x.h5');
  expect(error.code).toBe(code);
}

/** The beginning of each array, so that a lie about its size costs no time. */
async function readBeginnings(bytes: Uint8Array): Promise<void> {
  const file = path.join(folder.path, 'flipped.h5');
  await writeFile(file, bytes);
  await withArrays(file, readHdf5, async ({ arrays }) => {
    for (const array of arrays) {
      const rowBytes = array.type.rowShape.reduce((product, length) => product * length, 16);
      const rows = Math.min(array.rows, Math.max(1, Math.floor(2 ** 22 / Math.max(1, rowBytes))));
      if (rowBytes <= 2 ** 24) await array.read(0, rows);
    }
  });
}

async function typedOrRead(bytes: Uint8Array): Promise<NacreError | undefined> {
  try {
    await readBeginnings(bytes);
    return undefined;
  } catch (error) {
    if (isNacreError(error) && ['InvalidArgument', 'UnsupportedFormat'].includes(error.code)) return error;
    throw error;
  }
}

function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const patched = (bytes: Buffer, at: number, values: readonly number[]): Buffer => {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
};

describe('a file that is no whole one', () => {
  test('is refused: without a signature', async () => {
    await refused(Buffer.alloc(0), /its signature is missing/);
    await refused(Buffer.from('PK and other things'), /its signature is missing/);
  });

  test.each(['old.h5', 'new.h5', 'many-new.h5'])('is refused wherever %s is cut off', async (name) => {
    const whole = hdf5File(name);
    const random = randomOf(5);
    for (const length of [
      8,
      9,
      40,
      95,
      whole.length - 1,
      ...Array.from({ length: 20 }, () => random(whole.length)),
    ])
      await refused(whole.subarray(0, length), /bytes/);
  });
});

test.each(['old.h5', 'new.h5', 'lists-latest.h5', 'many-new.h5', 'userblock.h5'])(
  'bytes of %s that are others end in a typed error or in rows',
  async (name) => {
    const whole = hdf5File(name);
    const random = randomOf(name.length);
    for (let i = 0; i < 40; i++) {
      const copy = Buffer.from(whole);
      // Every second time in the headers at the beginning.
      const end = i % 2 === 0 ? copy.length : Math.min(copy.length, 8192);
      for (let k = 0; k < 3; k++) copy[random(end)] = random(256);
      await typedOrRead(copy);
    }
  },
);

test('one bit of a header with a checksum is found', async () => {
  const whole = hdf5File('new.h5');
  await refused(patched(whole, 20, [(whole[20] ?? 0) ^ 1]), /checksum of the superblock/);
  const header = whole.indexOf('OHDR');
  await refused(patched(whole, header + 20, [(whole[header + 20] ?? 0) ^ 1]), /checksum of an object header/);
});

describe('a shape that lies', () => {
  const whole = hdf5File('userblock.h5');
  const dataspace = whole.indexOf(Buffer.from([1, 1, 1, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5]));

  test('about more numbers than lie in the file', async () => {
    expect(dataspace).toBeGreaterThan(0);
    for (const length of [[6], [0xff, 0xff], [0, 0, 0, 0, 0, 1]]) {
      const bytes = patched(patched(whole, dataspace + 8, length), dataspace + 16, length);
      await refused(bytes, /: a: its shape takes \d+ bytes, it has 40/);
    }
  });

  test('about more than any number', async () => {
    const bytes = patched(whole, dataspace + 8, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    await refused(bytes, /beyond any file/);
  });

  test('about more than it may have', async () => {
    await refused(patched(whole, dataspace + 8, [6]), /larger than it may be/);
  });
});

describe('a chunk', () => {
  const deflate: Filter[] = [{ id: 1, values: [6] }];
  const undo = (stored: Uint8Array, filters: readonly Filter[], bytes: number): Promise<Uint8Array> =>
    undoFilters('x.h5: a', stored, filters, 0, bytes);

  test('that becomes more than its shape is stopped there', async () => {
    const bomb = deflateSync(Buffer.alloc(64 * 2 ** 20));
    expect((await failure(undo(bomb, deflate, 1000))).message).toMatch(/becomes more than 1004 bytes/);
    expect((await failure(undo(deflateSync(Buffer.alloc(1002)), deflate, 1000))).message).toMatch(/has 1002/);
  });

  test('that becomes less, or is cut off, is refused', async () => {
    expect((await failure(undo(deflateSync(Buffer.alloc(10)), deflate, 1000))).message).toMatch(
      /has 10 bytes/,
    );
    const cut = deflateSync(Buffer.from('some text that is long')).subarray(0, 12);
    expect((await failure(undo(cut, deflate, 22))).message).toMatch(/not what deflate gives/);
  });

  test('with another checksum is refused', async () => {
    const data = Buffer.from('0123456789');
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(fletcher32(data));
    const filters: Filter[] = [{ id: 3, values: [] }];
    expect(await undo(Buffer.concat([data, sum]), filters, 10)).toEqual(Buffer.from(data));
    const other = Buffer.concat([Buffer.from('0123456788'), sum]);
    expect((await failure(undo(other, filters, 10))).message).toMatch(/checksum of a chunk/);
    expect((await failure(undo(Buffer.alloc(3), filters, 10))).message).toMatch(/has no checksum/);
  });

  test('of lzf that reaches outside is refused', async () => {
    const filters: Filter[] = [{ id: 32000, values: [] }];
    expect(await undo(Buffer.from([2, 7, 8, 9, 0x20, 2]), filters, 6)).toEqual(
      Uint8Array.of(7, 8, 9, 7, 8, 9),
    );
    for (const bytes of [
      [5, 1],
      [0x20, 9],
      [0, 1, 0xe0],
      [0, 1, 0xe0, 255, 0],
      [2, 1, 2, 3, 4, 5],
    ])
      expect((await failure(undo(Buffer.from(bytes), filters, 4))).message).toMatch(/not what lzf gives/);
  });

  test('is put in order again whatever the size of an element', () => {
    for (const size of [1, 2, 3, 4, 8, 16]) {
      const plain = Uint8Array.from({ length: size * 5 + 1 }, (_, i) => i * 7);
      const shuffled = new Uint8Array(plain.length);
      for (let i = 0; i < 5; i++)
        for (let b = 0; b < size; b++) shuffled[b * 5 + i] = plain[i * size + b] ?? 0;
      shuffled[size * 5] = plain[size * 5] ?? 0;
      expect(unshuffle(shuffled, size)).toEqual(plain);
    }
  });
});

test('lookup3 is that of its author', () => {
  expect(lookup3(Buffer.from('Four score and seven years ago'))).toBe(0x17770551);
  expect(lookup3(new Uint8Array(0))).toBe(0xdeadbeef);
});
