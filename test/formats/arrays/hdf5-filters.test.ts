// Filters of HDF5 undone in chunks that are large enough for their memory to be given back on the way.
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { filterIds } from '../../../src/formats/arrays/hdf5/dataset.js';
import { fletcher32, undoFilters } from '../../../src/formats/arrays/hdf5/filters.js';
import { failure } from '../../support/failure.js';

const bytes = 256 * 1024;
const chunk = Uint8Array.from({ length: bytes }, (_, i) => (i * i) >> 7);
const deflate = { id: filterIds.deflate, values: [4] };
const shuffle = { id: filterIds.shuffle, values: [4] };
const fletcher = { id: filterIds.fletcher32, values: [] };

function shuffled(data: Uint8Array, size = 4): Uint8Array {
  const count = Math.floor(data.byteLength / size);
  // No slice(): that of a Buffer is the same memory.
  const out = new Uint8Array(data);
  for (let i = 0; i < count * size; i++) out[(i % size) * count + Math.floor(i / size)] = data[i] as number;
  return out;
}

function summed(data: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(fletcher32(data));
  return Buffer.concat([data, sum]);
}

/** In memory of its own, as a store may have it. */
function stored(data: Uint8Array): Uint8Array {
  return new Uint8Array(data);
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

describe('a large chunk', () => {
  test.each([
    ['deflate', [deflate], deflateSync(chunk)],
    ['shuffle, then deflate', [shuffle, deflate], deflateSync(shuffled(chunk))],
    // Nobody writes it so, and the file may say it.
    ['deflate, then shuffle', [deflate, shuffle], shuffled(deflateSync(chunk))],
    ['shuffle twice', [shuffle, shuffle], shuffled(shuffled(chunk))],
    ['deflate twice', [deflate, deflate], deflateSync(deflateSync(chunk))],
    ['shuffle, deflate and the sum', [shuffle, deflate, fletcher], summed(deflateSync(shuffled(chunk)))],
    ['the sum, then deflate', [fletcher, deflate], deflateSync(summed(chunk))],
  ])('is what went through %s, in memory that is given or not', async (_, filters, packed) => {
    const source = stored(packed);
    for (const into of [undefined, new Uint8Array(bytes), new Uint8Array(bytes + 3).subarray(3)]) {
      expect(same(await undoFilters('f', source, filters, 0, bytes, into), chunk)).toBe(true);
      expect(same(source, packed)).toBe(true);
      if (into !== undefined) expect(into.byteLength).toBe(bytes);
    }
  });

  test('that no filter changed is what was stored', async () => {
    const source = stored(chunk);
    const into = new Uint8Array(bytes);
    expect(await undoFilters('f', source, [shuffle, deflate], 3, bytes, into)).toBe(source);
    // The shuffle alone.
    const back = await undoFilters('f', stored(shuffled(chunk)), [shuffle, deflate], 2, bytes, into);
    expect([back === into, same(back, chunk)]).toEqual([true, true]);
  });

  test('that is shorter or longer than its shape is refused, and takes no memory away', async () => {
    for (const length of [bytes - 4, bytes + 4]) {
      const source = stored(deflateSync(shuffled(new Uint8Array(length))));
      const into = new Uint8Array(bytes);
      const error = await failure(undoFilters('f', source, [shuffle, deflate], 0, bytes, into));
      expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(/a chunk/)]);
      expect([source.byteLength > 0, into.byteLength]).toEqual([true, bytes]);
    }
  });
});
