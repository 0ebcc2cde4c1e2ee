// Parity through the binary: what it is handed is checked, and what it gives is what was lost.
import { describe, expect, test } from 'vitest';
import { fromNative, native } from '../../src/native.js';

const binding = native();

const shards = (count: number, length: number): Uint8Array[] =>
  Array.from({ length: count }, (_, shard) =>
    Uint8Array.from({ length }, (_unused, i) => Math.imul(i + 7, 31 * shard + 17) >>> 5),
  );

const codeOf = (call: () => Promise<unknown>): Promise<string> =>
  Promise.resolve()
    .then(call)
    .then(
      () => 'none',
      (error: unknown) => fromNative(error).code,
    );

describe('parity', () => {
  test('what is lost comes back, shorter shards with zeros after their end', async () => {
    const data = [...shards(3, 640), new Uint8Array(100).fill(7)];
    const shape = { data: 4, parity: 2, stripe: 640 };
    const parity = await binding.encodeParity(shape, data);
    expect(parity.map(({ byteLength }) => byteLength)).toEqual([640, 640]);
    const present = [data[1], data[2], parity[0], parity[1]].map((shard) => shard ?? new Uint8Array(0));
    const [first, last, again] = await binding.reconstructParity(shape, present, [1, 2, 4, 5], [0, 3, 5]);
    expect(first).toEqual(data[0]);
    expect(last?.subarray(0, 100)).toEqual(data[3]);
    expect(last?.subarray(100).every((byte) => byte === 0)).toBe(true);
    expect(again).toEqual(parity[1]);
  });

  test('what is no group is refused, and the process goes on', async () => {
    const data = shards(2, 64);
    const [one = new Uint8Array(0)] = data;
    const shape = { data: 2, parity: 1, stripe: 64 };
    const calls = [
      () => binding.encodeParity({ ...shape, data: 3 }, data),
      () => binding.encodeParity({ ...shape, data: 65 }, data),
      () => binding.encodeParity({ ...shape, parity: 0 }, data),
      () => binding.encodeParity({ ...shape, parity: 17 }, data),
      () => binding.encodeParity({ ...shape, parity: Number.NaN }, data),
      () => binding.encodeParity({ ...shape, stripe: 65 }, data),
      () => binding.encodeParity({ ...shape, stripe: 0 }, data),
      () => binding.encodeParity({ ...shape, stripe: 2 ** 52 }, data),
      () => binding.encodeParity(shape, shards(2, 65)),
      () => binding.reconstructParity(shape, [one], [0], [1]),
      () => binding.reconstructParity(shape, data, [0], [1]),
      () => binding.reconstructParity(shape, data, [0, 0], [1]),
      () => binding.reconstructParity(shape, data, [0, 3], [1]),
      () => binding.reconstructParity(shape, data, [0, 2], [3]),
      () => binding.reconstructParity(shape, data, [0, -1], [1]),
      () => binding.reconstructParity(shape, [one, new Uint8Array(32)], [0, 2], [1]),
      () => binding.reconstructParity({ ...shape, data: 2 ** 40 }, data, [0, 2], [1]),
    ];
    for (const [i, call] of calls.entries()) expect(await codeOf(call), `call ${i}`).toBe('InvalidArgument');
    expect(await binding.encodeParity(shape, data)).toHaveLength(1);
  });
});
