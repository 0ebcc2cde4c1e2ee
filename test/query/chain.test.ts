// The chained query: stored rows, ranges of scores, versions, what is counted, numbers of attributes.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NacreError } from '../../src/errors.js';
import { failure } from '../support/failure.js';
import { type Member, World } from '../dataset/world.js';

let world: World;
let one: Member;

/** Row i is the point (i, 0). */
const points = (first: number, count: number) => ({
  data: Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? first + i / 2 : 0)),
  shape: [count, 2],
});
const langs = ['de', 'en', 'de', 'fr', 'de', null, 'en', 'de'];

beforeEach(async () => {
  world = new World();
  one = await world.open();
  await one.dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [2] });
    const attributes = {
      lang: langs,
      year: [1, 2, 3, 4, 5, 6, 7, null],
      x: [0.5, 1, null, 2, 4, Number.NaN, 8, 16],
    };
    await tx.append('e', points(0, 8), { attributes });
  });
});
afterEach(() => world.close());

const rowsOf = (hits: readonly { readonly row: number }[]): number[] => hits.map(({ row }) => row);
const refused = async (of: Promise<unknown>): Promise<string> => ((await failure(of)) as NacreError).message;

describe('nearest', () => {
  test('to a row that is stored, by its place or by its id, as it stands', async () => {
    const array = one.dataset.array('e');
    await one.dataset.write((tx) => tx.drop('e', [0]));
    expect(rowsOf(await array.nearest({ row: 2 }).limit(3).toArray())).toEqual([2, 1, 3]);
    expect(rowsOf(await array.nearest({ id: 7 }).limit(2).toArray())).toEqual([6, 5]);
    expect(rowsOf(await array.nearest({ row: -1 }).limit(1).toArray())).toEqual([6]);
    await one.dataset.write((tx) => tx.replace('e', { ids: [7] }, points(1, 1)));
    expect(rowsOf(await array.nearest({ id: 7 }).limit(2).toArray())).toEqual([0, 6]);
    expect(await refused(array.nearest({ id: 0 }).toArray())).toContain('no row with the id 0');
    expect(await refused(array.nearest({ row: 7 }).toArray())).toContain('7');
  });

  test('within a range of scores, however many better ones there are', async () => {
    const query = one.dataset.array('e').nearest([0, 0]);
    expect(rowsOf(await query.distanceRange({ least: 3, below: 6 }).limit(2).toArray())).toEqual([3, 4]);
    expect(rowsOf(await query.distanceRange({ least: 3, below: 6 }).offset(2).toArray())).toEqual([5]);
    expect(rowsOf(await query.distanceRange({ below: 1 }).toArray())).toEqual([0]);
    expect(rowsOf(await query.distanceRange({ least: 7 }).limit(1).toArray())).toEqual([7]);
    expect(await query.distanceRange({ least: 100 }).count()).toBe(0);
    const similar = query.metric('dot');
    expect(
      rowsOf(
        await one.dataset
          .array('e')
          .nearest([1, 0])
          .metric('dot')
          .distanceRange({ least: 2, below: 5 })
          .toArray(),
      ),
    ).toEqual([4, 3, 2]);
    expect(similar.explain()).toContain('by dot');
    expect(() => query.distanceRange({ below: Number.NaN })).toThrow(/range/);
    expect(await refused(query.distanceRange({ below: 1 }).certify())).toContain('no range');
  });

  test('list by list, and counted', async () => {
    const many = one.dataset.array('e').nearest(points(2, 3)).limit(2);
    const lists: number[][] = [];
    for await (const hits of many.stream()) lists.push(rowsOf(hits));
    expect(lists).toEqual([
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(await many.count()).toBe(6);
    expect(await one.dataset.array('e').nearest([0, 0]).where('year > 100').count()).toBe(0);
  });
});

describe('versions', () => {
  test('of the past, and the newest that another writer made', async () => {
    const other = await world.open();
    await other.dataset.version();
    const { version } = await one.dataset.write((tx) =>
      tx.append('e', points(8, 1), { attributes: { lang: ['new'] } }),
    );
    const array = other.dataset.array('e');
    const asked = array.where("lang = 'new'");
    expect(await asked.count()).toBe(0);
    expect(
      await asked
        .at({ version })
        .count()
        .catch((error: NacreError) => error.code),
    ).toBe('NotFound');
    other.trace.clear();
    expect(await asked.fresh().count()).toBe(1);
    expect(await asked.count()).toBe(1);
    expect(rowsOf(await array.nearest([8, 0]).limit(1).toArray())).toEqual([8]);
    expect(
      rowsOf(
        await array
          .nearest([8, 0])
          .at({ version: version - 1 })
          .limit(1)
          .toArray(),
      ),
    ).toEqual([7]);
    expect(await asked.at({ version: -1 }).count()).toBe(0);
  });
});

describe('analyze', () => {
  test('tells requests, waves and rows', async () => {
    const { dataset } = await world.open();
    await dataset.version();
    const array = dataset.array('e');
    const { result, analysis } = await array.nearest([0, 0]).where("lang = 'de'").limit(2).analyze();
    expect(rowsOf(result)).toEqual([0, 2]);
    expect(analysis.rows).toEqual({
      ...{ live: 8, matched: 4, scanned: 8, coded: 0, scored: 0, lists: 0 },
      pruned: { byFilter: 4, byBounds: 0 },
    });
    expect(analysis.windows).toEqual({ all: 1, ruledOut: 0, takenWhole: 0 });
    expect(analysis).toMatchObject({ requests: 2, waves: 2, retries: 0, cacheHits: 0, cacheMisses: 0 });
    expect(analysis.plan).toContain("where lang = 'de'");
    const counted = await array.where('year > 100').analyze('count');
    expect(counted.result).toBe(0);
    expect(counted.analysis).toMatchObject({ requests: 0, windows: { all: 1, ruledOut: 1, takenWhole: 0 } });
    const rows = await array.where('year >= 6').select('year').analyze();
    expect(rows.result.map(({ attributes }) => attributes)).toEqual([{ year: 6 }, { year: 7 }]);
    expect(rows.analysis.rows.matched).toBe(2);
  });
});

describe('aggregate', () => {
  test('counts, sums and compares, by the values of an attribute', async () => {
    const array = one.dataset.array('e');
    const measures = {
      rows: 'count',
      oldest: { min: 'year' },
      sum: { sum: 'year' },
      mean: { mean: 'x' },
    } as const;
    expect(await array.select().aggregate(measures)).toEqual([
      { rows: 8, oldest: 1, sum: 28, mean: Number.NaN },
    ]);
    expect(await array.where('x >= 0').aggregate({ rows: 'count', most: { max: 'x' } }, 'lang')).toEqual([
      { by: 'de', rows: 3, most: 16 },
      { by: 'en', rows: 2, most: 8 },
      { by: 'fr', rows: 1, most: 2 },
    ]);
    expect(await array.where('lang is null').aggregate({ x: { min: 'x' }, n: 'count' })).toEqual([
      { x: Number.NaN, n: 1 },
    ]);
    expect(await array.where("lang = 'xx'").aggregate({ n: 'count', most: { max: 'lang' } })).toEqual([
      { n: 0, most: null },
    ]);
    expect(await array.select().aggregate({ last: { max: 'lang' } })).toEqual([{ last: 'fr' }]);
    expect(await refused(array.select().aggregate({ a: { sum: 'lang' } }))).toContain(
      'of string, which has no sum',
    );
    expect(await refused(array.select().aggregate({ a: { median: 'year' } as never }))).toContain(
      'no measure',
    );
    expect(await refused(array.select().aggregate({ a: 'count' }, 'lagn'))).toContain("no attribute 'lagn'");
  });
});
