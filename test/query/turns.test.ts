// What would hold up the event loop goes to the pool, or in pieces; what is small does neither.
import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { open, search } from '../../src/index.js';
import { native } from '../../src/native.js';
import { canonical, encodeNumbers, hashOf, partsOf } from '../../src/query/canonical.js';
import { resolveVectors } from '../../src/query/vectors.js';
import { randomFloats, seedOf } from './random.js';

const dimensions = 64;
const random = randomFloats(seedOf('NACRE_SEED'));

function vectors(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, random), shape: [count, dimensions] };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('many queries are made ready by the pool, few on the event loop, with the same answers', async () => {
  const dataset = await open('memory://turns', { create: true });
  const rows = vectors(1500);
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rows);
  });
  await dataset.array('e').index({ type: 'exact' });
  const names = ['createExactScan', 'createExactScanLater', 'createCascade', 'createCascadeLater'] as const;
  const calls = names.map((name) => vi.spyOn(native(), name));
  const counts = (): number[] => calls.map((call) => call.mock.calls.length);
  const many = vectors(2100);
  const lists = await dataset.array('e').nearest(many).limit(3).toArray();
  expect(counts()).toEqual([0, 1, 0, 1]);
  for (const query of [0, 1, 1050, 2099]) {
    const one = many.data.subarray(query * dimensions, (query + 1) * dimensions);
    expect(await dataset.array('e').nearest(one).limit(3).toArray()).toEqual(lists[query]);
  }
  expect(counts()).toEqual([4, 1, 4, 1]);
  const plain = await search(many, rows, { k: 3 });
  expect(plain).toEqual(lists.map((hits) => hits.map(({ row, score }) => ({ row, score }))));
  expect(counts()).toEqual([4, 2, 4, 1]);
  await dataset.close();
});

test('what many queries are made ready from is refused with the errors of few', async () => {
  const rows = { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] };
  const halves = { data: new Float64Array(2 ** 18).fill(0.5), shape: [2 ** 17, 2] };
  const code = 'InvalidArgument';
  await expect(search(halves, rows, { metric: 'hamming' })).rejects.toMatchObject({ code });
});

test('numbers of every kind become float64, also where they take several turns', async () => {
  const count = 2 ** 17 + 5;
  const number = (i: number): number => (i * 37) % 251;
  const list = Array.from({ length: count }, (_, i) => number(i));
  const kinds = [list, Float64Array.from(list), Float32Array.from(list), Uint8Array.from(list)];
  for (const data of [...kinds, BigInt64Array.from(list, BigInt)]) {
    const vector = await resolveVectors(data as Float64Array, count, 'a');
    expect(vector.values.length).toBe(count);
    expect(vector.values.every((value, i) => value === number(i))).toBe(true);
  }
  const half = { data: new Uint16Array(count).fill(0x3e00), shape: [count], dtype: 'float16' as const };
  expect((await resolveVectors(half, count, 'a')).values.every((value) => value === 1.5)).toBe(true);
  const waiting = resolveVectors(kinds[1] ?? [], count, 'a', AbortSignal.abort());
  await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
});

test('canonical text comes in short pieces, which are those of RFC 8785 together', async () => {
  const face = '\u{1f600}';
  const value = {
    b: [1, -0, 1e21, 'x', null, true, [], {}, [[0.1]]],
    a: { '€': 'a"\\\u0007', $: false },
    long: [
      `${'x'.repeat(2 ** 14 - 1)}${face}${'"'.repeat(2 ** 14)}`,
      face.repeat(2 ** 15),
      'y'.repeat(2 ** 14),
    ],
    many: Array.from({ length: 50_000 }, (_, i) => i / 7),
  };
  const sorted = { $: false, '€': value.a['€'] };
  const text = JSON.stringify({ a: sorted, b: value.b, long: value.long, many: value.many });
  expect(canonical(value)).toBe(text);
  expect([...partsOf(value, 'given')].join('')).toBe(JSON.stringify(value));
  // An escape makes two characters of one.
  expect(Math.max(...Array.from(partsOf(value), (part) => part.length))).toBeLessThanOrEqual(2 ** 16);
  expect(await hashOf(value)).toBe(createHash('sha256').update(text).digest('hex'));
});

test('base64 that is made in pieces is that of the whole', async () => {
  for (const count of [0, 1, 3 * 2 ** 12, 3 * 2 ** 13 + 1]) {
    const values = Float64Array.from({ length: count }, random);
    const encoded = await encodeNumbers(values);
    expect(encoded.text).toBe(Buffer.from(values.buffer).toString('base64'));
    expect(canonical({ values: encoded })).toBe(JSON.stringify({ values: encoded.text }));
  }
});
