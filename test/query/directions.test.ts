// Lists for cosine, where the lengths of rows differ much: what is near by its angle lies together.
import { afterAll, expect, test } from 'vitest';
import type { Dataset, Hit } from '../../src/index.js';
import { World } from '../dataset/world.js';
import { randomFloats, seedOf } from './random.js';

const dimensions = 40;
const seed = seedOf('NACRE_SEED');
const random = randomFloats(seed);
const centres = Float32Array.from({ length: 60 * dimensions }, random);
const world = new World();
afterAll(() => world.close());

/** Around sixty directions, of lengths that are e to the power of a normal number. */
function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) {
    const [centre, length] = [(row * 7919) % 60, Math.exp(random())];
    for (let i = 0; i < dimensions; i++) {
      data[row * dimensions + i] = length * ((centres[centre * dimensions + i] ?? 0) + 0.4 * random());
    }
  }
  return { data, shape: [count, dimensions] };
}

function recallOf(found: readonly Hit[][], expected: readonly Hit[][]): number {
  const hits = found.map((list, i) => {
    const ids = new Set(expected[i]?.map(({ id }) => id));
    return list.filter(({ id }) => ids.has(id)).length / Math.max(1, ids.size);
  });
  return hits.reduce((sum, one) => sum + one, 0) / hits.length;
}

/** What a mean of 200 numbers from 0 to 1 is off by once in millions of times, at most. */
const chance = (mean: number): number => 5 * Math.sqrt((mean * (1 - mean)) / 200);

async function compare(dataset: Dataset): Promise<void> {
  const array = dataset.array('e');
  const queries = rowsOf(200);
  const query = array.nearest(queries, { metric: 'cosine' }).limit(10);
  const expected = await query.exact().toArray();
  expect(await query.nprobe(1_000_000).precision('f64').toArray(), `seed ${seed}`).toEqual(expected);
  const found = await query.recall(0.9).precision('f64').toArray();
  expect(recallOf(found, expected), `seed ${seed}`).toBeGreaterThan(0.9 - chance(0.9) - 0.01);
  const estimated = await query.recall(0.99).precision('f8').toArray();
  expect(recallOf(estimated, expected), `seed ${seed}`).toBeGreaterThan(0.9);
}

test('few lists hold what is near, of rows that were there and of appended ones', async () => {
  const { dataset } = await world.open();
  const first = rowsOf(6000);
  // What has no direction is somewhere, too.
  first.data.fill(0, 0, dimensions);
  first.data.fill(Number.NaN, dimensions, 2 * dimensions);
  first.data.fill(Number.POSITIVE_INFINITY, 2 * dimensions, 2 * dimensions + 1);
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', first);
  });
  const told = async () => (await dataset.info()).arrays['e']?.indexes[0];
  await dataset.array('e').index({ type: 'ivf', metric: 'cosine', nlist: 100 });
  const cosine = await told();
  // By distance most lists have some of them.
  expect(cosine?.probes?.[0.9], `seed ${seed}`).toBeLessThan((cosine?.lists ?? 0) / 8);
  await compare(dataset);
  await dataset.write((tx) => tx.append('e', rowsOf(2000)));
  expect(await told()).toMatchObject({ rows: 8000 });
  await compare(dataset);
});

test.each(['int8', 'float64'] as const)('rows of %s have directions, too', async (dtype) => {
  const { dataset } = await world.open();
  const { data, shape } = rowsOf(3000);
  const rows =
    dtype === 'int8'
      ? Int8Array.from(data, (x) => Math.max(-127, Math.min(127, 8 * x)))
      : Float64Array.from(data);
  await dataset.write(async (tx) => {
    await tx.create(dtype, { dtype, rowShape: [dimensions] });
    await tx.append(dtype, { data: rows, shape });
  });
  const array = dataset.array(dtype);
  await array.index({ type: 'ivf', metric: 'cosine' });
  const query = array.nearest(rowsOf(20), { metric: 'cosine' }).limit(10);
  const expected = await query.exact().toArray();
  expect(await query.nprobe(1_000_000).precision('f64').toArray(), `seed ${seed}`).toEqual(expected);
});
