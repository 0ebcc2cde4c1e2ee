// The nearest of the rows that a filter matches, against a search of exactly these rows: by codes and
// without, few matches and many, with rows replaced, dropped and given other attributes meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { col, type Dataset, type Metric, type NacreError, open, or, search } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { failure } from '../support/failure.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from './random.js';

const dimensions = 24;
const seed = seedOf('NACRE_SEED');
const numbers = randomFloats(seed);
const langs = ['de', 'en', 'fr', null] as const;
const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-filtered-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  vector: Float32Array;
  lang: (typeof langs)[number];
  year: number;
}

const vectorsOf = (count: number): Float32Array => Float32Array.from({ length: count * dimensions }, numbers);
const below = (count: number): number => Math.floor((Math.abs(numbers()) * 1e6) % count);

/** The rows as they are, by logical index. */
class Model {
  rows: Row[] = [];

  async append(dataset: Dataset, count: number, partitionBytes?: number): Promise<void> {
    const data = vectorsOf(count);
    const lang = Array.from({ length: count }, () => langs[below(4)] ?? null);
    const year = Array.from({ length: count }, () => below(1000));
    await dataset.write(
      (tx) => tx.append('e', { data, shape: [count, dimensions] }, { attributes: { lang, year } }),
      partitionBytes === undefined ? {} : { partitionBytes },
    );
    for (let i = 0; i < count; i++) {
      const vector = data.subarray(i * dimensions, (i + 1) * dimensions);
      this.rows.push({ vector, lang: lang[i] ?? null, year: year[i] ?? 0 });
    }
  }

  async change(dataset: Dataset): Promise<void> {
    const some = [3, 500, 501, 1999];
    const data = vectorsOf(some.length);
    await dataset.write(async (tx) => {
      await tx.replace('e', some, { data, shape: [some.length, dimensions] });
      await tx.setAttributes('e', [500, 501, 502], { lang: ['en', 'en', null], year: [1, 2, 3] });
      await tx.drop('e', [0, 7, 1000]);
    });
    for (const [i, at] of some.entries()) {
      (this.rows[at] as Row).vector = data.subarray(i * dimensions, (i + 1) * dimensions);
    }
    for (const [i, at] of [500, 501, 502].entries()) {
      Object.assign(this.rows[at] as Row, { lang: i < 2 ? 'en' : null, year: i + 1 });
    }
    this.rows = this.rows.filter((_, i) => ![0, 7, 1000].includes(i));
  }
}

const filters = [
  { text: "lang = 'de'", holds: ({ lang }: Row) => lang === 'de' },
  { text: 'lang is null or year < 900', holds: ({ lang, year }: Row) => lang === null || year < 900 },
  { text: 'year between 10 and 12', holds: ({ year }: Row) => year >= 10 && year <= 12 },
  { text: "year >= 0 and not lang = 'en'", holds: ({ lang }: Row) => lang !== null && lang !== 'en' },
  { text: 'year = 5000', holds: () => false },
  { text: 'year >= 0', holds: () => true },
] as const;

async function check(dataset: Dataset, model: Model, metric: Metric): Promise<void> {
  const queries = { data: vectorsOf(5), shape: [5, dimensions] };
  for (const { text, holds } of filters) {
    const kept = model.rows.flatMap((row, index) => (holds(row) ? [index] : []));
    const rows = new Float32Array(kept.length * dimensions);
    for (const [i, index] of kept.entries()) rows.set((model.rows[index] as Row).vector, i * dimensions);
    const shape = [kept.length, dimensions];
    const wanted = kept.length === 0 ? [] : await search(queries, { data: rows, shape }, { metric, k: 15 });
    const found = await dataset
      .array('e')
      .nearest(queries, { metric })
      .where(text)
      .select('lang', 'year')
      .limit(10)
      .offset(5)
      .toArray();
    const why = `seed ${seed}, ${metric}, ${text}`;
    expect(found.length, why).toBe(5);
    for (const [q, hits] of found.entries()) {
      const right = (wanted[q] ?? []).slice(5);
      expect(
        hits.map(({ row, score }) => ({ row, score })),
        why,
      ).toEqual(right.map(({ row, score }) => ({ row: kept[row], score })));
      for (const { row, attributes } of hits) {
        const { lang, year } = model.rows[row] as Row;
        expect(attributes, why).toEqual({ lang, year });
      }
    }
  }
}

async function story(dataset: Dataset): Promise<void> {
  const model = new Model();
  await dataset.write((tx) => tx.create('e', { dtype: 'float32', rowShape: [dimensions] }));
  await model.append(dataset, 1500, 40_000);
  await model.append(dataset, 700);
  await check(dataset, model, 'l2');
  await dataset.array('e').index({ type: 'exact', bits: true });
  await dataset.array('e').index({ attribute: 'lang' });
  await check(dataset, model, 'cosine');
  await model.change(dataset);
  await model.append(dataset, 300);
  for (const metric of ['l2sq', 'dot', 'cosine'] as const) await check(dataset, model, metric);
}

describe('the nearest rows of a filter', () => {
  test('in a folder', { timeout: 60_000 }, async () => {
    const dataset = await open(path.join(folder, 'ds'), { create: true });
    await story(dataset);
    await dataset.close();
  });

  test('again, one by one, where all is in memory', { timeout: 60_000 }, async () => {
    const dataset = await open(path.join(folder, 'again'), { create: true });
    const model = new Model();
    await dataset.write((tx) => tx.create('e', { dtype: 'float32', rowShape: [dimensions] }));
    await model.append(dataset, 2500, 40_000);
    await dataset.array('e').index({ type: 'ivf', nlist: 20 });
    const array = dataset.array('e');
    const queries = vectorsOf(4);
    for (const what of ['as it was made', 'replaced, dropped, set', 'appended']) {
      if (what === 'appended') await model.append(dataset, 1500);
      if (what.startsWith('replaced')) await model.change(dataset);
      for (const { text, holds } of filters) {
        const together = array.nearest({ data: queries, shape: [4, dimensions] }).where(text);
        const expected = await together.exact().toArray();
        for (const how of [1000, undefined]) {
          for (let round = 0; round < 3; round++) {
            for (const [q, hits] of expected.entries()) {
              const one = array.nearest(queries.subarray(q * dimensions, (q + 1) * dimensions)).where(text);
              const query = how === undefined ? one : one.nprobe(how);
              const { result, analysis } = await query.analyze();
              expect(result, `seed ${seed}, ${what}, ${text}`).toEqual(hits);
              expect(analysis.rows.matched).toBe(model.rows.filter(holds).length);
              // What matched is known by then.
              expect(analysis.windows.all).toBe(0);
            }
          }
        }
        const seen = await array.nearest(queries.subarray(0, dimensions)).where(text).recall(0.9).toArray();
        expect(seen.length).toBe(expected[0]?.length);
      }
    }
    await dataset.close();
  });

  for (const name of storesUnderTest()) {
    test(`on ${name}`, { timeout: 120_000 }, async () => {
      const store = await openTestStore(name);
      const dataset = await openStoreDataset(await store.another(), { create: true, cacheDir: false });
      await story(dataset);
      await dataset.close();
      await store.dispose();
    });
  }

  test('is a chain of frozen queries; wrong names and texts are told', async () => {
    const dataset = await open(path.join(folder, 'chain'), { create: true });
    await dataset.write(async (tx) => {
      await tx.create('e', { dtype: 'float32', rowShape: [2] });
      await tx.append(
        'e',
        { data: Float32Array.of(0, 1, 2, 3), shape: [2, 2] },
        { attributes: { n: [1, 2] } },
      );
    });
    const query = dataset.array('e').nearest([0, 0]);
    const both = query.where('n > 0').where(or(col('n').eq(2), col('n').isNull()));
    expect(both.explain()).toContain('n > 0 and (n = 2 or n is null)');
    expect((await both.toArray()).map(({ row }) => row)).toEqual([1]);
    expect((await query.toArray()).map(({ row }) => row)).toEqual([0, 1]);
    expect(() => query.where('n >')).toThrow(/character/);
    const refused = async (of: Promise<unknown>): Promise<string> =>
      ((await failure(of)) as NacreError).message;
    expect(await refused(query.select('m').toArray())).toContain("no attribute 'm'");
    expect(await refused(query.where('m = 1').toArray())).toContain("no column 'm'");
    expect(await refused(both.certify())).toContain('knows no filter');
    await dataset.close();
  });
});
