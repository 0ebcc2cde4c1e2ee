// Rows that are appended to an array with indexes of attributes: in them from the commit on, in few segments,
// whoever else writes meanwhile.
import { afterEach, describe, expect, test } from 'vitest';
import { newestSegments } from '../../src/arrays/attribute-index-merge.js';
import type { Dataset } from '../../src/dataset/dataset.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import type { NacreError } from '../../src/errors.js';
import { World } from '../dataset/world.js';
import { seededRandom } from '../support/fake-runtime.js';
import { openTestStore } from '../support/servers/open.js';
import { storesUnderTest } from '../support/servers/index.js';

const few = 4096;
const langs = ['de', 'en', null, 'fr'];

interface Row {
  readonly lang: string | null;
  readonly score: number | null;
  readonly tags: string[] | null;
}

/** Rows as they were appended, beside the array: their values by id. */
class Model {
  readonly rows: Row[] = [];
  readonly random: () => number;

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  draw(count: number): Row[] {
    return Array.from({ length: count }, () => ({
      lang: langs[Math.floor(this.random() * 4)] ?? null,
      score: this.random() < 0.05 ? null : Math.floor(this.random() * 1e6) / 1e6,
      tags: this.random() < 0.1 ? null : [`t${Math.floor(this.random() * 9)}`],
    }));
  }
}

function given(rows: readonly Row[], names: readonly (keyof Row)[] = ['lang', 'score', 'tags']) {
  const attributes = Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]));
  return [{ data: new Int8Array(rows.length) }, { attributes }] as const;
}

async function append(dataset: Dataset, rows: readonly Row[]): Promise<void> {
  await dataset.write((tx) => tx.append('a', ...given(rows)));
}

async function made(dataset: Dataset, rows: readonly Row[]): Promise<void> {
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int8' });
    await tx.append('a', ...given(rows));
  });
  for (const attribute of ['lang', 'score', 'tags']) await dataset.array('a').index({ attribute });
}

const filters: readonly [string, (row: Row) => boolean][] = [
  ["lang = 'de'", ({ lang }) => lang === 'de'],
  ['lang is null', ({ lang }) => lang === null],
  ['score between 0.5 and 0.51', ({ score }) => score !== null && score >= 0.5 && score <= 0.51],
  ['not score < 0.99', ({ score }) => score !== null && score >= 0.99],
  ["tags contains 't3'", ({ tags }) => tags?.includes('t3') === true],
];

/** Answers are those of the model; how many rows of each attribute went by an index. */
async function compare(dataset: Dataset, rows: readonly (Row | undefined)[]): Promise<number[]> {
  const indexed: number[] = [];
  for (const [filter, holds] of filters) {
    const { result, analysis } = await dataset.array('a').where(filter).analyze();
    const expected = rows.flatMap((row, id) => (row !== undefined && holds(row) ? [id] : []));
    expect(
      result.map(({ id }) => id),
      filter,
    ).toEqual(expected);
    indexed.push(analysis.indexes.rows);
  }
  return indexed;
}

async function indexesOf(dataset: Dataset) {
  const indexes = (await dataset.info()).arrays['a']?.attributeIndexes ?? [];
  return Object.fromEntries(indexes.map(({ attribute, ...index }) => [attribute, index]));
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('attributes of rows are in indexes from the commit on, in segments that stay few', async () => {
    const store = await openTestStore(name);
    const dataset = await openStoreDataset(await store.another(), { create: true, cacheDir: false });
    const model = new Model();
    const rows: Row[] = model.draw(5000);
    await made(dataset, rows);
    const more = async (count: number): Promise<void> => {
      const drawn = model.draw(count);
      await append(dataset, drawn);
      rows.push(...drawn);
    };
    await more(few);
    expect(await indexesOf(dataset)).toMatchObject({
      lang: { types: ['bitmaps'], rows: 9096, segments: 2 },
      score: { types: ['sorted'], rows: 9096, segments: 2 },
      tags: { types: ['bitmaps'], rows: 9096, segments: 2 },
    });
    expect(await compare(dataset, rows)).toEqual(filters.map(() => 9096));
    // Few rows are left to their columns; those of one transaction count together.
    await more(few - 1);
    expect(await indexesOf(dataset)).toMatchObject({ lang: { rows: 9096 }, score: { rows: 9096 } });
    const drawn = model.draw(few + 50);
    await dataset.write(async (tx) => {
      await Promise.all([
        tx.append('a', ...given(drawn.slice(0, 2000))),
        // Between rows that have the attributes, rows that have one of them.
        tx.append('a', ...given(drawn.slice(2000, 2050), ['lang'])),
        tx.append('a', ...given(drawn.slice(2050))),
      ]);
    });
    rows.push(...drawn.map((row, i) => (i < 2000 || i >= 2050 ? row : { ...row, score: null, tags: null })));
    expect(await indexesOf(dataset)).toMatchObject({
      lang: { rows: 9096 + few + 50, segments: 3 },
      score: { rows: 9096 + few + 50, segments: 3 },
    });
    await compare(dataset, rows);
    for (let i = 0; i < 12; i++) await more(few);
    const indexes = await indexesOf(dataset);
    // What lay between segments is in them now; lists are not merged.
    for (const attribute of ['lang', 'score']) {
      expect(indexes[attribute]?.rows).toBe(rows.length);
      expect(indexes[attribute]?.segments).toBeLessThanOrEqual(6);
    }
    expect(indexes['tags']).toMatchObject({ rows: rows.length - few + 1, segments: 15 });
    await compare(dataset, rows);
    await dataset.close();
    const cold = await openStoreDataset(await store.another(), { cacheDir: false });
    await compare(cold, rows);
    await cold.close();
    await store.dispose();
  });

  test('two that append at once, and one that builds an index anew, adds to it or takes it away', async () => {
    const store = await openTestStore(name);
    const opened = async () => openStoreDataset(await store.another(), { create: true, cacheDir: false });
    const [one, other] = [await opened(), await opened()];
    const model = new Model(2);
    const rows: Row[] = model.draw(5000);
    await made(one, rows);
    await other.refresh();
    const fresh = () => Promise.all([one.refresh(), other.refresh()]);
    /** Rows in the order in which they landed, by the first score of each append. */
    const landed = async (appends: readonly (readonly Row[])[]): Promise<void> => {
      await fresh();
      const found = await one.array('a').select('score').toArray();
      const scores = found.slice(rows.length).map(({ attributes }) => attributes?.['score']);
      const placeOf = (append: readonly Row[]): number =>
        scores.indexOf(append.find(({ score }) => score !== null)?.score);
      rows.push(...[...appends].sort((a, b) => placeOf(a) - placeOf(b)).flat());
    };
    // Each of both merges the same segments in some of the rounds.
    for (let round = 0; round < 4; round++) {
      const appends = [model.draw(few), model.draw(few + 7)];
      await Promise.all([one, other].map((dataset, i) => append(dataset, appends[i] ?? [])));
      await landed(appends);
      for (const dataset of [one, other]) await compare(dataset, rows);
      expect(await indexesOf(one)).toMatchObject({
        lang: { rows: rows.length },
        score: { rows: rows.length },
      });
    }
    const beside = async (work: (dataset: Dataset) => Promise<unknown>): Promise<void> => {
      const drawn = model.draw(few);
      await one.write(async (tx) => {
        await tx.append('a', ...given(drawn));
        await work(other);
      });
      rows.push(...drawn);
      await fresh();
      await compare(one, rows);
    };
    // An index that is built anew keeps what came meanwhile.
    await beside((dataset) => dataset.array('a').index({ attribute: 'score' }));
    expect(await indexesOf(one)).toMatchObject({ score: { rows: rows.length } });
    // Who makes one segment of several is a conflict, and what is repeated appends nothing again.
    const once = async (drawn: readonly Row[]): Promise<void> => {
      if (rows.includes(drawn[0] as Row)) return;
      await append(one, drawn);
      rows.push(...drawn);
    };
    const late = model.draw(few);
    await other.write(
      async (tx) => {
        await tx.index('a', { attribute: 'lang' });
        await once(late);
      },
      { retries: 3 },
    );
    await fresh();
    expect(await indexesOf(one)).toMatchObject({ lang: { rows: rows.length }, score: { rows: rows.length } });
    // The attribute has the other name when the append lands.
    const renamed = model.draw(few);
    await one.write(async (tx) => {
      await tx.append('a', ...given(renamed));
      await other.write((theirs) => theirs.renameAttribute('a', 'lang', 'tongue'));
    });
    rows.push(...renamed);
    await one.write((tx) => tx.renameAttribute('a', 'tongue', 'lang'));
    await fresh();
    expect(await indexesOf(one)).toMatchObject({ lang: { rows: rows.length } });
    await compare(one, rows);
    await beside((dataset) => dataset.array('a').dropIndex({ attribute: 'lang' }));
    expect((await indexesOf(one))['lang']).toBeUndefined();
    await one.array('a').index({ attribute: 'lang' });
    await other.refresh();
    // Who adds what no segment covers, beside an append of many and of few rows.
    const [lone, crowd] = [model.draw(10), model.draw(few)];
    await append(one, lone);
    rows.push(...lone);
    await other.refresh();
    await other.write(
      async (tx) => {
        await tx.index('a', { attribute: 'score', update: true });
        await once(crowd);
      },
      { retries: 3 },
    );
    await fresh();
    expect(await indexesOf(one)).toMatchObject({ score: { rows: rows.length } });
    await compare(other, rows);
    await one.close();
    await other.close();
    await store.dispose();
  });
});

describe('an append to an array with indexes', () => {
  let world: World;
  const warnings: NacreError[] = [];
  const onWarning = (warning: NacreError): unknown => warnings.push(warning);
  afterEach(() => world.close());

  test('sends a segment of each beside the rows, and no request more', async () => {
    world = new World();
    const { dataset, trace } = await world.open({ onWarning, latencyMs: 20 });
    const model = new Model();
    await made(dataset, model.draw(5000));
    await append(dataset, model.draw(few));
    trace.clear();
    await append(dataset, model.draw(few));
    const sent = trace.entries.filter(({ wave }) => wave > 0);
    expect(sent.map(({ wave, method, key }) => `${wave} ${method} ${key.split('/')[0]}`).sort()).toEqual([
      ...['1 put arrays', '1 put arrays'],
      ...['1 put indexes', '1 put indexes', '1 put indexes'],
      '2 put versions',
    ]);
    trace.clear();
    await append(dataset, model.draw(few - 1));
    expect(trace.entries.filter(({ key }) => key.startsWith('indexes/'))).toEqual([]);
  });

  test('in one transaction with what else is done to them', async () => {
    world = new World();
    const { dataset } = await world.open({ onWarning });
    const model = new Model();
    const rows: (Row | undefined)[] = model.draw(5000);
    await made(dataset, rows as Row[]);
    const within = async (work: (tx: TransactionHandle) => Promise<unknown>): Promise<void> => {
      const drawn = model.draw(few);
      await dataset.write(async (tx) => {
        await tx.append('a', ...given(drawn));
        await work(tx);
      });
      rows.push(...drawn);
    };
    await within((tx) => tx.index('a', { attribute: 'score' }));
    await within((tx) => tx.renameAttribute('a', 'score', 'value'));
    await dataset.write((tx) => tx.renameAttribute('a', 'value', 'score'));
    expect(await indexesOf(dataset)).toMatchObject({ score: { rows: rows.length } });
    await within(async (tx) => {
      await tx.drop('a', [3, 5000, 5001]);
      await tx.setAttributes('a', [0, 5100], { score: [0.505, 0.505], lang: ['de', null] });
    });
    for (const id of [3, 5000, 5001]) rows[id] = undefined;
    // Rows by their places once three are gone: the second that was set lies behind them all.
    const live = rows.flatMap((row, id) => (row === undefined ? [] : [id]));
    for (const [place, lang] of [
      [0, 'de'],
      [5100, null],
    ] as const) {
      const id = live[place] ?? 0;
      rows[id] = { ...(rows[id] as Row), score: 0.505, lang };
    }
    expect(await compare(dataset, rows)).toEqual(filters.map(() => rows.length));
    await within((tx) => tx.dropIndex('a', { attribute: 'score' }));
    expect((await indexesOf(dataset))['score']).toBeUndefined();
    await within(async (tx) => {
      await tx.dropIndex('a', { attribute: 'lang' });
      await tx.index('a', { attribute: 'lang' });
    });
    expect(await indexesOf(dataset)).toMatchObject({ lang: { rows: rows.length } });
    await compare(dataset, rows);
    await dataset.write(async (tx) => {
      await tx.append('a', ...given(model.draw(few)));
      await tx.dropArray('a');
    });
    expect((await world.head()).root.objects?.objects.filter(({ id }) => id.byteLength > 0)).toEqual([]);
  });

  test('goes on where a column that is to be merged is damaged, and says so', async () => {
    world = new World();
    warnings.length = 0;
    const { dataset } = await world.open({ onWarning });
    const model = new Model();
    await made(dataset, model.draw(few));
    for (let i = 0; i < 3; i++) await append(dataset, model.draw(few));
    for (const key of await world.keys('arrays/')) if (key.endsWith('.arrow')) await world.flip(key, 40_000);
    await append(dataset, model.draw(few));
    expect(warnings.map(({ code }) => code)).toContain('Corrupt');
    expect(warnings[0]?.message).toContain('are not merged');
    expect(await indexesOf(dataset)).toMatchObject({ lang: { rows: 5 * few, segments: 5 } });
  });

  test('of lists adds no segments beyond a number of them', async () => {
    world = new World();
    const { dataset } = await world.open();
    const tags = Array.from({ length: few }, (_, i) => [`t${i % 3}`]);
    const add = () =>
      dataset.write((tx) => tx.append('a', { data: new Int8Array(few) }, { attributes: { tags } }));
    await dataset.write((tx) => tx.create('a', { dtype: 'int8' }));
    await add();
    await dataset.array('a').index({ attribute: 'tags' });
    for (let i = 0; i < 66; i++) await add();
    expect(await indexesOf(dataset)).toMatchObject({ tags: { segments: 64, rows: 64 * few } });
    await dataset.array('a').index({ attribute: 'tags' });
    expect(await indexesOf(dataset)).toMatchObject({ tags: { segments: 1, rows: 67 * few } });
    expect(await dataset.array('a').where("tags contains 't1'").count()).toBe(67 * 1365);
  });
});

describe('segments that are made one', () => {
  const segment = (firstRowId: number, rows: number, sizeBytes = 1, kind: 'sorted' | 'other' = 'sorted') => ({
    ...{ firstRowId, rows, kind, part: { object: { sizeBytes } } },
  });
  const taken = (...segments: ReturnType<typeof segment>[]): number => newestSegments(segments, 1000).length;

  test('are the newest, of about one size, as many as there is room for', () => {
    expect(taken()).toBe(0);
    expect(taken(segment(0, 10), segment(10, 10), segment(20, 10))).toBe(3);
    expect(taken(segment(0, 100), segment(100, 10), segment(110, 10))).toBe(2);
    expect(taken(segment(0, 40), segment(40, 10), segment(50, 10))).toBe(3);
    expect(taken(segment(0, 41), segment(41, 10), segment(51, 10))).toBe(2);
    expect(taken(segment(0, 10), segment(60_000, 70_000), segment(130_000, 70_000))).toBe(3);
    expect(taken(segment(0, 10), segment(70_000, 70_000, 1, 'other'), segment(140_000, 70_000))).toBe(1);
    expect(taken(segment(0, 10, 990), segment(10, 10, 6), segment(20, 10, 6))).toBe(2);
    expect(taken(segment(0, 10), segment(65_547, 100_000), segment(165_547, 10))).toBe(1);
    expect(taken(segment(0, 2 ** 19), segment(2 ** 19, 2 ** 19), segment(2 ** 20, 2 ** 19))).toBe(2);
  });

  test('few appends leave few of them', () => {
    let segments: ReturnType<typeof segment>[] = [];
    let most = 0;
    for (let i = 0; i < 500; i++) {
      const newest = newestSegments(segments, 1e9);
      const [first] = newest;
      if (first !== undefined && newest.length >= 4) {
        segments = [
          ...segments.slice(0, -newest.length),
          segment(first.firstRowId, i * 10 - first.firstRowId),
        ];
      }
      segments.push(segment(i * 10, 10));
      most = Math.max(most, segments.length);
    }
    expect(most).toBeLessThanOrEqual(12);
  });
});
