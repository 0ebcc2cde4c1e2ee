// Attributes of rows: what two writers make of them at once, what is refused, and what damage does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RowTarget } from '../../src/arrays/write-options.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { isNacreError, type NacreError } from '../../src/errors.js';
import { openAttributeFile, openNpyFile, writeNpyFile } from '../../src/formats.js';
import { col } from '../../src/query/filter/col.js';
import { failure } from '../support/failure.js';
import { int32, type Member, World } from './world.js';

let world: World;
let one: Member;
let other: Member;
type Verb = (tx: TransactionHandle) => Promise<void>;

beforeEach(async () => {
  world = new World();
  one = await world.open();
  await one.dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    const attributes = { lang: ['de', 'en', null, 'fr'], year: [1, 2, 3, 4] };
    await tx.append('a', int32(0, 1, 2, 3), { attributes });
  });
  other = await world.open();
});
afterEach(() => world.close());

/** One commits while the other's transaction is under way. */
async function both(first: Verb, second: Verb): Promise<NacreError | undefined> {
  try {
    await other.dataset.write(async (tx) => {
      await second(tx);
      await one.dataset.write(first);
    });
    return undefined;
  } catch (error) {
    if (isNacreError(error, 'Conflict')) return error;
    throw error;
  }
}

async function table(): Promise<Record<string, unknown>[]> {
  const { dataset } = await world.open();
  const rows = await dataset.array('a').select('*').toArray();
  return rows.map(({ attributes }) => attributes ?? {});
}

const langs = async (): Promise<unknown[]> => (await table()).map(({ lang }) => lang);

describe('two writers at once', () => {
  test('that append make one attribute of one name, whoever numbers it', async () => {
    const append =
      (topic: string): Verb =>
      (tx) =>
        tx.append('a', int32(9), { attributes: { [topic]: [topic], topic: [`of ${topic}`] } });
    expect(await both(append('x'), append('y'))).toBeUndefined();
    expect((await table()).slice(4)).toEqual([
      { lang: null, year: null, x: 'x', topic: 'of x', y: null },
      { lang: null, year: null, x: null, topic: 'of y', y: 'y' },
    ]);
    expect(await one.dataset.array('a').where("topic = 'of x'").count()).toBe(1);
  });

  test('that make one attribute of two types are in conflict', async () => {
    const set =
      (value: string | number): Verb =>
      (tx) =>
        tx.setAttributes('a', [0], { topic: [value] });
    const add: Verb = (tx) => tx.addAttribute('a', 'topic', 'int');
    const error = await both(add, async (tx) => {
      await tx.append('a', int32(9), { attributes: { topic: ['text'] } });
    });
    expect(error?.message).toContain("'topic' was made by another writer as something else");
    expect(await both(set(1), (tx) => tx.setAttributes('a', [1], { topic: [2] }))).toBeUndefined();
    expect((await table()).map(({ topic }) => topic)).toEqual([1, 2, null, null]);
  });

  test('follow a name that was given to an attribute meanwhile', async () => {
    const append: Verb = (tx) => tx.append('a', int32(9), { attributes: { lang: ['it'] } });
    expect(await both((tx) => tx.renameAttribute('a', 'lang', 'language'), append)).toBeUndefined();
    expect((await table()).map(({ language }) => language)).toEqual(['de', 'en', null, 'fr', 'it']);
  });

  test('cannot give one attribute two names, nor make one of a name that another got', async () => {
    const rename =
      (to: string): Verb =>
      (tx) =>
        tx.renameAttribute('a', 'lang', to);
    const error = await both(rename('x'), rename('y'));
    expect(error?.message).toContain("'lang' got another name by another writer");
    const make: Verb = (tx) => tx.append('a', int32(9), { attributes: { x: ['of x'], tag: ['t'] } });
    const clash = await both((tx) => tx.renameAttribute('a', 'x', 'tag'), make);
    expect(clash?.message).toContain("'tag' was given to another attribute by another writer");
    expect((await table()).map(({ tag }) => tag)).toEqual(['de', 'en', null, 'fr']);
  });

  test('cannot set what one of them drops, and agree to drop it', async () => {
    const drop: Verb = (tx) => tx.dropAttribute('a', 'lang');
    const error = await both(drop, (tx) => tx.setAttributes('a', [0], { lang: ['it'] }));
    expect(error?.message).toContain("'lang' was dropped by another writer");
    const dropOther: Verb = (tx) => tx.dropAttribute('a', 'year');
    expect(await both(dropOther, dropOther)).toBeUndefined();
    await one.dataset.refresh();
    expect(await one.dataset.array('a').attributes()).toEqual([]);
    // Its file holds no attribute any more.
    expect((await world.head()).root.arrays[0]?.columns).toEqual([]);
  });

  test('cannot set, replace or drop the same rows', async () => {
    const set: Verb = (tx) => tx.setAttributes('a', [1, 2], { lang: ['it', 'es'] });
    expect(await both(set, (tx) => tx.setAttributes('a', [2], { lang: ['pt'] }))).toBeDefined();
    expect(await both(set, (tx) => tx.replace('a', [2], int32(7)))).toBeDefined();
    expect(await both(set, (tx) => tx.drop('a', [2]))).toBeDefined();
    expect(await both(set, (tx) => tx.setAttributes('a', [0], { lang: ['pt'] }))).toBeUndefined();
    expect(await langs()).toEqual(['pt', 'it', 'es', 'fr']);
  });

  test('drop and append beside attributes that are set', async () => {
    const set: Verb = (tx) => tx.setAttributes('a', { all: true }, { lang: ['a', 'b', 'c', 'd'] });
    const change: Verb = (tx) => tx.append('a', int32(8), { attributes: { lang: ['new'] } });
    expect(await both(set, change)).toBeUndefined();
    expect(await langs()).toEqual(['a', 'b', 'c', 'd', 'new']);
  });
});

describe('in one transaction', () => {
  test('the later value of a row wins, of its own rows too', async () => {
    await one.dataset.write(async (tx) => {
      await tx.append('a', int32(4, 5), { attributes: { lang: ['x', 'y'] } });
      await tx.setAttributes('a', [5, 0], { lang: ['second', 'first'] });
      await tx.setAttributes('a', [0, 5, 4], { lang: ['1st', '2nd', 'own'] });
      await tx.drop('a', [1]);
    });
    expect(await langs()).toEqual(['1st', null, 'fr', 'own', '2nd']);
  });

  test('an array is made with attributes, and dropped with all their objects', async () => {
    await one.dataset.write(async (tx) => {
      await tx.create('b', { dtype: 'int32' });
      await tx.append('b', int32(1, 2), { attributes: { tag: [['x', 'y'], []] } });
    });
    const rows = await one.dataset.array('b').where(col('tag').contains('y')).select('tag').toArray();
    expect(rows).toEqual([{ row: 0, id: 0, attributes: { tag: ['x', 'y'] } }]);
    await one.dataset.write((tx) => tx.dropArray('b'));
    const { root } = await world.head();
    expect(root.changes?.removed?.objects.length).toBe(2);
  });
});

describe('rows of files', () => {
  test('come with the attributes of another file, in files of bounded size', async () => {
    const rows = 40_000;
    const lines = Array.from({ length: rows }, (_, i) =>
      JSON.stringify({ lang: i % 3 === 0 ? null : `l${i % 7}`, year: i, tags: i % 2 === 0 ? ['even'] : [] }),
    );
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-attributes-'));
    try {
      const [npy, jsonl] = [path.join(folder, 'rows.npy'), path.join(folder, 'rows.jsonl')];
      await writeNpyFile(npy, { dtype: 'int32', rowShape: [], scalar: false }, rows, [
        Int32Array.from({ length: rows }, (_, i) => i),
      ]);
      writeFileSync(jsonl, lines.join('\n'));
      const [source, attributes] = [await openNpyFile(npy), await openAttributeFile(jsonl)];
      await one.dataset.write((tx) => tx.appendFrom('a', source, { attributes }));
      const wrong = await openAttributeFile(jsonl);
      const few = await failure(
        one.dataset.write(async (tx) =>
          tx.appendFrom('a', { ...source, rows: 3 } as never, { attributes: wrong }),
        ),
      );
      expect(String(few)).toContain(`attributes of ${rows} rows, there are 3`);
      const array = one.dataset.array('a');
      expect(await array.where("tags contains 'even' and year < 1000 and lang is not null").count()).toBe(
        333,
      );
      expect(await array.where('year = 39999').select('*').toArray()).toEqual([
        { row: 40_003, id: 40_003, attributes: { lang: null, year: 39_999, tags: [] } },
      ]);
      await Promise.all([source.close(), attributes.close(), wrong.close()]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('set values of rows that are there, in any order, in files of bounded size', async () => {
    const rows = 40_000;
    await one.dataset.write((tx) => tx.append('a', int32(...Array.from({ length: rows - 4 }, (_, i) => i))));
    const lines = Array.from({ length: rows }, (_, i) =>
      JSON.stringify({ year: i, at: null, tags: [`t${i}`] }),
    );
    const known = [{ name: 'at', type: 'timestamp' }] as const;
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-attributes-'));
    try {
      const jsonl = path.join(folder, 'rows.jsonl');
      writeFileSync(jsonl, lines.join('\n'));
      const order = Array.from({ length: rows }, (_, i) => (i * 7_919) % rows);
      const set =
        (target: RowTarget): Verb =>
        async (tx) => {
          const source = await openAttributeFile(jsonl, { known });
          await tx.setAttributesFrom('a', target, source).finally(() => source.close());
        };
      await one.dataset.write(set({ all: true }));
      const array = one.dataset.array('a');
      expect((await one.dataset.info()).arrays['a']?.attributes).toEqual(await array.attributes());
      expect(await array.where('year = 30000').select('*').toArray()).toEqual([
        { row: 30_000, id: 30_000, attributes: { lang: null, year: 30_000, at: null, tags: ['t30000'] } },
      ]);
      await one.dataset.write(set(order));
      for (const place of [0, 1, 39_999]) {
        expect(await array.where(`tags contains 't${place}'`).select('year').toArray()).toEqual([
          { row: order[place], id: order[place], attributes: { year: place } },
        ]);
      }
      const refused = async (target: RowTarget): Promise<unknown> =>
        String(await failure(one.dataset.write(set(target))));
      expect(await refused([0])).toContain('attributes of 40000 rows, there are 1');
      expect(await refused(order.map(() => 3))).toContain('a second time');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('many attributes', () => {
  test('of one array find room: their entries go into segments', async () => {
    const values = (rows: number, from: number) =>
      Object.fromEntries(
        Array.from({ length: 400 }, (_, a) => [
          `attribute ${a}`,
          Array.from({ length: rows }, (_, i) => from + a + i),
        ]),
      );
    for (let i = 0; i < 4; i++) {
      await one.dataset.write((tx) =>
        tx.append('a', int32(...Array(20).keys()), { attributes: values(20, 100 * i) }),
      );
      await one.dataset.write((tx) => tx.setAttributes('a', [4 + i], values(1, 10_000 + i)));
    }
    const array = one.dataset.array('a');
    expect(await array.where('"attribute 7" >= 10000').select('attribute 399').toArray()).toEqual(
      [0, 1, 2, 3].map((i) => ({ row: 4 + i, id: 4 + i, attributes: { 'attribute 399': 10_399 + i } })),
    );
    expect(await array.where('"attribute 0" between 300 and 319').count()).toBe(20);
    expect((await world.head()).bytes.byteLength).toBeLessThanOrEqual(65_536);
  });
});

describe('what is refused', () => {
  const refused = async (verb: Verb): Promise<string> => {
    const error = await failure(one.dataset.write(verb));
    expect(isNacreError(error), String(error)).toBe(true);
    return `${(error as NacreError).code}: ${(error as NacreError).message}`;
  };

  test('with the reason', async () => {
    const append =
      (attributes: object): Verb =>
      (tx) =>
        tx.append('a', int32(1, 2), { attributes: attributes as never });
    expect(await refused(append({ lang: ['x'] }))).toMatch(/^InvalidArgument: .*1 values for 2 rows/);
    expect(await refused(append({ lang: [1, 2] }))).toMatch(
      /^InvalidArgument: .*'lang', row 0: number is no string/,
    );
    expect(await refused(append({ year: [1, 2.5] }))).toMatch(/^InvalidArgument: .*'year', row 1/);
    expect(await refused(append({ fresh: [null, null] }))).toMatch(
      /^InvalidArgument: .*no value tells its type/,
    );
    expect(await refused(append({ fresh: [1, 'x'] }))).toMatch(/^InvalidArgument: .*'fresh', row 1/);
    expect(await refused(append({ '': [1, 2] }))).toMatch(/^InvalidArgument: .*is empty/);
    expect(await refused(append({ fresh: 'ab' }))).toMatch(/^InvalidArgument: .*no array of values/);
    expect(await refused((tx) => tx.dropAttribute('a', 'lan'))).toMatch(/^NotFound: .*no attribute 'lan'/);
    expect(await refused((tx) => tx.renameAttribute('a', 'lang', 'year'))).toMatch(/^AlreadyExists/);
    expect(await refused((tx) => tx.addAttribute('a', 'lang', 'int'))).toMatch(/^AlreadyExists/);
    expect(await refused((tx) => tx.addAttribute('a', 'b', 'decimal' as never))).toMatch(/^InvalidArgument/);
    expect(await refused((tx) => tx.setAttributes('a', [1, 1], { year: [1, 2] }))).toMatch(/a second time/);
    expect(await langs()).toEqual(['de', 'en', null, 'fr']);
  });

  test('by a query: a column that is not there, a value of another type', async () => {
    const array = one.dataset.array('a');
    expect(String(await failure(array.where("lagn = 'x'").count()))).toContain("there is no column 'lagn'");
    expect(String(await failure(array.where('lang = 1').toArray()))).toContain('does not compare with');
    expect(String(await failure(array.select('yaer').toArray()))).toContain("no attribute 'yaer'");
    expect(() => array.where('lang = ')).toThrow(/character/);
  });
});

describe('damage', () => {
  test('of a file of attributes is found by the read that touches it, and by no other', async () => {
    const keys = (await world.keys('arrays/')).filter((key) => key.endsWith('.arrow'));
    expect(keys).toHaveLength(1);
    await world.flip(keys[0] ?? '', 8 * 700);
    const { dataset } = await world.open();
    const error = await failure(dataset.array('a').where("lang > 'd'").count());
    expect(isNacreError(error, 'Corrupt'), String(error)).toBe(true);
    expect((error as NacreError).context['key']).toBe(keys[0]);
    expect([...((await dataset.array('a').read()).data as Int32Array)]).toEqual([0, 1, 2, 3]);
    // Statistics of the manifest decide these.
    expect(await dataset.array('a').where("lang > 'x'").count()).toBe(0);
    expect(await dataset.array('a').where('year >= 1').count()).toBe(4);
  });
});

describe('instants that Dates do not hold', () => {
  test('are cut to milliseconds downwards, and are bigints of microseconds beyond the year 275760', async () => {
    const far = 2n ** 63n - 1n;
    await one.dataset.write(async (tx) => {
      await tx.addAttribute('a', 'at', 'timestamp');
      await tx.setAttributes('a', { all: true }, { at: [-1n, 1_999n, far, null] });
    });
    expect((await table()).map(({ at }) => at)).toEqual([new Date(-1), new Date(1), far, null]);
  });
});

describe('requests', () => {
  test('of the first count of a handle are one wave, its look for a newer version with them', async () => {
    const { dataset, trace } = await world.open({ latencyMs: 5 });
    trace.clear();
    expect(await dataset.array('a').where("lang = 'en'").count()).toBe(1);
    const lines = trace.entries.map(
      ({ wave, method, key }) => `${wave} ${method} ${key.replace(/.*\./, '')}`,
    );
    expect(lines.toSorted()).toEqual(['1 get arrow', '1 get root']);
  });

  test('of an append with attributes are those of one without, and a file more in the same wave', async () => {
    const { dataset, trace } = await world.open({ latencyMs: 5 });
    await dataset.version();
    trace.clear();
    await dataset.write((tx) => tx.append('a', int32(7), { attributes: { lang: ['it'], year: [7] } }));
    const puts = trace.entries.filter(({ method, wave }) => method === 'put' && wave > 0);
    expect(puts.map(({ wave, key }) => `${wave} ${key.replace(/.*\./, '')}`).toSorted()).toEqual([
      '1 arrow',
      '1 npy',
      '2 root',
    ]);
  });

  test('of a count are those of the columns that the filter names; none where statistics decide', async () => {
    const { dataset, trace } = await world.open();
    await dataset.version();
    trace.clear();
    expect(await dataset.array('a').where('year > 100').count()).toBe(0);
    expect(trace.entries).toEqual([]);
    expect(await dataset.array('a').where("lang = 'en' or year = 4").select('year').toArray()).toEqual([
      { row: 1, id: 1, attributes: { year: 2 } },
      { row: 3, id: 3, attributes: { year: 4 } },
    ]);
    expect(trace.entries.map(({ method, key }) => `${method} ${key.slice(-6)}`)).toEqual([
      'get .arrow',
      'get .arrow',
    ]);
  });
});
