// A signal ends a search in the middle of a native pass. Those by kl and js would go on for minutes: what is
// asked next has its answer only since the pass did not. (The kernels' own tests count where passes stop.)
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Metric, search } from '../../src/index.js';
import { type Member, World } from '../dataset/world.js';

const world = new World();
const dimensions = 64;
const rows = 2 ** 14;
const queries = 20_000;
let member: Member;

const numbers = Float64Array.from({ length: rows * dimensions }, (_, i) => 1 + ((i * 7919) % 1009));
const many = {
  data: Float64Array.from({ length: queries * dimensions }, (_, i) => 1 + ((i * 31) % 997)),
  shape: [queries, dimensions],
};
const one = numbers.slice(0, dimensions);

beforeAll(async () => {
  member = await world.open();
  for (const name of ['plain', 'coded']) {
    await member.dataset.write(async (tx) => {
      await tx.create(name, { dtype: 'float64', rowShape: [dimensions] });
      await tx.append(name, { data: numbers, shape: [rows, dimensions] });
    });
  }
  await member.dataset.array('coded').index({ type: 'exact' });
});

afterAll(() => world.close());

/** Aborts once the work is under way. */
async function aborted(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await expect(work(controller.signal)).rejects.toMatchObject({ code: 'Aborted' });
}

test.each<[string, Metric]>([
  ['plain', 'kl'],
  ['plain', 'l2'],
  ['coded', 'l2'],
])('a search of the %s array by %s stops where it stands', async (name, metric) => {
  const array = member.dataset.array(name);
  await aborted((signal) => array.nearest(many, { metric }).toArray({ signal }));
  expect(await array.nearest(one, { metric }).limit(1).toArray()).toHaveLength(1);
});

test('so does one without a dataset', async () => {
  const data = { data: numbers, shape: [rows, dimensions] };
  await aborted((signal) => search(many, data, { metric: 'js', signal }));
  expect(await search(one, data, { metric: 'js', k: 1 })).toMatchObject([{ row: 0, score: 0 }]);
});
