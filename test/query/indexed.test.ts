// Filters by indexes of attributes: the answers of the columns, what is read for them, and what damage does.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { NacreError } from '../../src/errors.js';
import { decodeFrame, encodeFrame } from '../../src/manifest/frame.js';
import { objectKey } from '../../src/manifest/keys.js';
import { type AttributeDirectory, decode, encode, evolve, make, v1 } from '../../src/manifest/message.js';
import { decodeRoot, encodeRoot } from '../../src/manifest/root.js';
import { describeObject } from '../../src/manifest/upload.js';
import { concat } from '../../src/util/bytes.js';
import { defined } from '../../src/util/assert.js';
import { functions, int32, type Member, World } from '../dataset/world.js';
import { failure } from '../support/failure.js';

let world: World;
let one: Member;
let dataset: Dataset;
const warnings: NacreError[] = [];
const onWarning = (warning: NacreError): unknown => warnings.push(warning);

const count = 3000;
const langs = ['de', 'en', null, 'fr', 'it'];
const days = ['2026-01-01', '2026-01-02', '2026-01-03'];
const each = <T>(of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const attributes = {
  lang: each((i) => langs[(i * 7 + (i >> 4)) % 5] ?? null),
  year: each((i) => 1950 + ((i * 7) % 75)),
  score: each((i) => [Number.NaN, -0, 0, 1.5, Number.POSITIVE_INFINITY, null][i % 6] ?? null),
  flag: each((i) => (i % 7 === 0 ? null : i % 2 === 0)),
  tags: each((i) => [['a', 'b', 'a'], ['b'], [], null, ['c', '']][i % 5] ?? null),
  day: each((i) => new Date(days[Math.floor(i / 1000)] ?? 0)),
  name: each((i) => `user-${i}`),
};
const indexed = ['lang', 'year', 'score', 'flag', 'tags', 'day'];

const filters = [
  "lang = 'de'",
  "lang != 'de'",
  "not lang in ('de', 'xx')",
  "lang = 'absent'",
  "lang != 'absent'",
  'lang is null',
  'lang is not null',
  "lang like '%e%' or lang > 'fq'",
  "lang starts_with 'i' and not lang contains 'x'",
  'year between 1960 and 1970',
  'year < 1957.5',
  'year in (1999, 2001, 5000)',
  'not year > 1e30',
  'score = 0',
  'score != 0',
  'not score < 1',
  'score >= -infinity',
  'score is not null and not score >= -infinity',
  'flag = true',
  'flag != true',
  'flag is null or flag = false',
  "tags contains 'a'",
  "not tags contains 'a'",
  "tags contains ''",
  "tags contains 'absent'",
  "not tags contains 'absent'",
  'tags is null',
  'tags is not null',
  "day > timestamp '2026-01-01T12:00:00Z'",
  "day = timestamp '2026-01-03T00:00:00Z'",
  "lang = 'de' and year < 1957 or not (flag = true or tags contains 'b')",
  "lang = 'de' and name like '%7'",
];

beforeEach(async () => {
  warnings.length = 0;
  world = new World();
  one = await world.open({ onWarning });
  ({ dataset } = one);
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', int32(...each((i) => i)), { attributes });
  });
});
afterEach(() => world.close());

async function rows(filter: string, of: Dataset = dataset): Promise<number[]> {
  return (await of.array('a').where(filter).toArray()).map(({ id }) => id);
}

async function all(of: Dataset = dataset): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const filter of filters) found[filter] = await rows(filter, of);
  return found;
}

async function indexAll(names: readonly string[] = indexed): Promise<void> {
  await dataset.write(async (tx) => {
    for (const attribute of names) await tx.index('a', { attribute });
  });
}

async function usedBy(filter: string): Promise<readonly string[]> {
  const { analysis } = await dataset.array('a').where(filter).analyze('count');
  return analysis.indexes.attributes;
}

describe('an index of an attribute', () => {
  test('gives the rows that the columns give, of every type', async () => {
    const before = await all();
    await indexAll();
    expect(await all()).toEqual(before);
    expect(warnings).toEqual([]);
    for (const name of indexed) expect(await usedBy(`${name} is null or year = 1950`)).toContain('year');
    expect(await usedBy("lang = 'de' and name like '%7'")).toEqual(['lang']);
  });

  test('gives them after rows were set, replaced, dropped and appended', async () => {
    const plain = await new World().open();
    await plain.dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(...each((i) => i)), { attributes });
    });
    await indexAll();
    for (const of of [dataset, plain.dataset]) {
      await of.write(async (tx) => {
        const some = [3, 500, 501, 2999];
        await tx.setAttributes('a', some, { lang: ['fr', null, 'xx', 'de'], year: [1, 2, 1999, 1956] });
        const next = Array.from({ length: 40 }, (_, i) => 1000 + i);
        await tx.setAttributes('a', next, { tags: next.map(() => ['a', 'z']) });
        await tx.replace('a', [5], int32(9));
        await tx.drop('a', [0, 7, 1500]);
        await tx.append('a', int32(1, 2), { attributes: { lang: ['de', null], year: [1956, 1957] } });
      });
    }
    expect(await all()).toEqual(await all(plain.dataset));
    await dataset.array('a').index({ attribute: 'lang', update: true });
    expect(await all()).toEqual(await all(plain.dataset));
    await plain.dataset.close();
  });

  test('is read in the place of the column: no byte of that', async () => {
    await indexAll(['lang', 'year']);
    const { dataset: fresh, trace } = await world.open({ onWarning });
    await fresh.array('a').shape();
    trace.clear();
    const filter = "lang = 'de' and year < 1957";
    const { result, analysis } = await fresh.array('a').where(filter).analyze('count');
    const expected = each((i) => attributes.lang[i] === 'de' && (attributes.year[i] ?? 0) < 1957);
    expect(result).toBe(expected.filter(Boolean).length);
    const read = trace.entries.filter(({ key }) => !key.startsWith('versions/'));
    expect(new Set(read.map(({ key }) => key.split('/')[0]))).toEqual(new Set(['indexes']));
    // Of each a directory, then sets.
    expect(read.length).toBe(4);
    expect(analysis.indexes).toMatchObject({ attributes: ['lang', 'year'], rows: 2 * count });
    expect(analysis.indexes.bytes).toBeGreaterThan(0);
    expect(analysis.indexes.bytes).toBeLessThan(4000);
    trace.clear();
    expect(await fresh.array('a').where("lang = 'absent'").count()).toBe(0);
    expect(await fresh.array('a').where('score = 1.5').count()).toBe(500);
    expect(trace.entries.some(({ key }) => key.endsWith('.arrow'))).toBe(true);
    expect(fresh.array('a').where(filter).explain()).toContain('else indexes of attributes');
  });

  test('holds null for rows that came without the attribute, whatever they are given later', async () => {
    const extend = async (attributes: Record<string, string[]>): Promise<void> => {
      await dataset.write((tx) => tx.append('a', int32(1, 2), { attributes }));
    };
    await extend({ note: ['x', 'y'] });
    await extend({ lang: ['de', 'de'] });
    await extend({});
    await dataset.array('a').index({ attribute: 'note' });
    const lang = await dataset.array('a').index({ attribute: 'lang' });
    // Rows without it lie between those that came with it.
    expect(lang.indexedRows).toBe(count + 4);
    const { length } = await rows('lang is null');
    expect(await usedBy('lang is null')).toEqual(['lang']);
    const given = [count, count + 1, count + 4, count + 5];
    await dataset.write((tx) =>
      tx.setAttributes('a', given, { lang: ['q', 'q', 'q', null], note: ['x', 'z', 'x', 'x'] }),
    );
    expect(await rows("lang = 'q'")).toEqual(given.slice(0, 3));
    expect((await rows('lang is null')).length).toBe(length - 3);
    expect(await rows("note = 'x'")).toEqual([count, count + 4, count + 5]);
    // A file that holds every row wins over the index of all.
    const every = await dataset.array('a').shape();
    const values = Array.from({ length: every[0] ?? 0 }, () => 'new');
    await dataset.write((tx) => tx.setAttributes('a', { all: true }, { lang: values }));
    expect(await dataset.array('a').where("lang = 'new'").count()).toBe(values.length);
    expect(await usedBy("lang = 'new'")).toEqual([]);
  });

  test('follows a name, goes with its attribute and its array, and comes back with neither', async () => {
    await indexAll(['lang', 'year']);
    expect((await world.keys('indexes/')).length).toBe(2);
    await dataset.write((tx) => tx.renameAttribute('a', 'lang', 'language'));
    expect(await usedBy("language = 'de'")).toEqual(['language']);
    await dataset.write(async (tx) => {
      await tx.dropAttribute('a', 'language');
      await tx.addAttribute('a', 'language', 'string');
    });
    const { root } = await world.head();
    expect(root.arrays[0]?.attributeIndexes.length).toBe(1);
    expect(root.changes?.removed?.objects.length).toBeGreaterThan(0);
    expect(await rows("language = 'de'")).toEqual([]);
    await dataset.write((tx) => tx.dropArray('a'));
    const { objects } = (await world.head()).root;
    expect(objects?.objects.filter(({ id }) => id.byteLength > 0)).toEqual([]);
  });

  test('of rows with many values, or long ones, has blocks of them in their order', async () => {
    const array = dataset.array('a');
    await indexAll(['lang', 'name']);
    const append = async (lang: string[]): Promise<void> => {
      await dataset.write((tx) => tx.append('a', int32(...lang.keys()), { attributes: { lang } }));
    };
    await append(Array.from({ length: 300 }, (_, i) => `l${i}`));
    expect(await array.index({ attribute: 'lang', update: true })).toMatchObject({ indexedRows: 300 });
    await append(['a'.repeat(33), 'de']);
    expect(await array.index({ attribute: 'lang', update: true })).toMatchObject({ indexedRows: 2 });
    expect(await rows("lang = 'l7'")).toEqual([count + 7]);
    expect(await rows(`lang = '${'a'.repeat(33)}'`)).toEqual([count + 300]);
    expect(await usedBy("lang = 'de'")).toEqual(['lang']);
    expect((await dataset.info()).arrays['a']?.attributeIndexes).toMatchObject([
      { attribute: 'lang', types: ['bitmaps', 'sorted'], rows: count + 302 },
      { attribute: 'name', types: ['sorted'], rows: count },
    ]);
  });

  test('of lists of many items, or long ones, is refused, and of new rows told', async () => {
    const array = dataset.array('a');
    const append = async (tags: string[][]): Promise<void> => {
      await dataset.write((tx) => tx.append('a', int32(...tags.keys()), { attributes: { tags } }));
    };
    await indexAll(['tags']);
    const version = await dataset.version();
    const items = Array.from({ length: 300 }, (_, i) => [`l${i}`]);
    await append(items);
    const told = await array.index({ attribute: 'tags', update: true });
    const rest = { firstRowId: count, rows: 300 };
    expect(told).toMatchObject({ version: version + 1, indexedRows: 0 });
    expect(told.notIndexed).toEqual([{ ...rest, reason: 'values' }]);
    expect(await rows("tags contains 'l7'")).toEqual([count + 7]);
    await append([['a']]);
    // What was looked at and refused before lies before it.
    expect(await array.index({ attribute: 'tags', update: true })).toMatchObject({
      notIndexed: [{ firstRowId: count, rows: 301, reason: 'values' }],
    });
    expect(await dataset.version()).toBe(version + 2);
    await dataset.write(async (tx) => {
      await tx.create('b', { dtype: 'int32' });
      await tx.append('b', int32(...items.keys()), {
        attributes: { tags: items, long: items.map(() => ['a'.repeat(33)]) },
      });
    });
    const many = await failure(dataset.array('b').index({ attribute: 'tags' }));
    expect([many.code, many.message]).toEqual([
      'InvalidArgument',
      "the attribute 'tags' has lists of more than 256 items, for which there is no index",
    ]);
    expect((await failure(dataset.array('b').index({ attribute: 'long' }))).context['reason']).toBe('text');
  });

  test('names what is nearest to what is not there', async () => {
    const array = dataset.array('a');
    const typo = await failure(array.index({ attribute: 'lnag' }));
    expect([typo.code, typo.hint]).toEqual(['NotFound', "Did you mean 'lang'?"]);
    expect((await failure(array.dropIndex({ attribute: 'yaer' }))).hint).toBe("Did you mean 'year'?");
    const none = await failure(array.dropIndex({ attribute: 'year' }));
    expect([none.code, none.message]).toEqual(['NotFound', "the attribute 'year' of 'a' has no index"]);
    const own = dataset.write(async (tx) => {
      await tx.addAttribute('a', 'own', 'int');
      await tx.index('a', { attribute: 'own' });
    });
    expect((await failure(own)).message).toContain('is made in this transaction');
    expect((await failure(dataset.array('b').index({ attribute: 'year' }))).code).toBe('NotFound');
  });

  test('of more rows than a segment has, and through the page cache', async () => {
    const many = 2 ** 20 + 300_007;
    const year = Int32Array.from({ length: many }, (_, i) => (i * 7919) % 101);
    const day = Int32Array.from({ length: many }, (_, i) => Math.floor(i / 50_000));
    await dataset.write(async (tx) => {
      await tx.create('many', { dtype: 'int8' });
      await tx.append('many', { data: new Int8Array(many) }, { attributes: { year, day } });
    });
    const array = dataset.array('many');
    for (const attribute of ['year', 'day'])
      expect((await array.index({ attribute })).indexedRows).toBe(many);
    await dataset.write((tx) => tx.setAttributes('many', [5, 2 ** 20, many - 1], { year: [7, 7, 7] }));
    await dataset.write((tx) => tx.drop('many', [2 ** 20 - 1]));
    const { attributeIndexes } = defined((await world.head()).root.arrays[1], 'array');
    const covered = attributeIndexes.map(({ segments }) => segments.map(({ rows: of }) => of));
    expect(covered).toEqual([
      [2 ** 20, many - 2 ** 20],
      [2 ** 20, many - 2 ** 20],
    ]);
    for (const at of [5, 2 ** 20, many - 1]) year[at] = 7;
    const cacheDir = mkdtempSync(path.join(os.tmpdir(), 'nacre-indexed-'));
    const { dataset: cached } = await world.open({ onWarning, cacheDir });
    const model: readonly [string, (year: number, day: number) => boolean][] = [
      ['year = 7', (y) => y === 7],
      ['year != 7', (y) => y !== 7],
      ['day between 20 and 21 and year < 90', (y, d) => d >= 20 && d <= 21 && y < 90],
      ['not (day = 3 or year in (1, 2, 100))', (y, d) => !(d === 3 || [1, 2, 100].includes(y))],
    ];
    for (const [filter, holds] of model) {
      let expected = 0;
      for (let i = 0; i < many; i++) {
        if (i !== 2 ** 20 - 1 && holds(year[i] ?? 0, day[i] ?? 0)) expected++;
      }
      for (const of of [dataset, cached, cached]) {
        const { result, analysis } = await of.array('many').where(filter).analyze('count');
        expect(result, filter).toBe(expected);
        expect(analysis.indexes.rows, filter).toBeGreaterThan(0);
      }
    }
    expect(warnings).toEqual([]);
    await cached.close();
    rmSync(cacheDir, { recursive: true });
  });

  test('is built, added to and dropped in one transaction as in several', async () => {
    const info = async () => (await dataset.info()).arrays['a']?.attributeIndexes;
    await dataset.write(async (tx) => {
      expect(await tx.index('a', { attribute: 'lang' })).toEqual({ indexedRows: count, notIndexed: [] });
      expect(await tx.index('a', { attribute: 'lang', update: true })).toMatchObject({ indexedRows: 0 });
      await tx.dropIndex('a', { attribute: 'lang' });
      await tx.index('a', { attribute: 'lang', update: true });
      await tx.index('a', { attribute: 'year' });
    });
    expect(await info()).toMatchObject([
      { attribute: 'lang', rows: count },
      { attribute: 'year', rows: count },
    ]);
    const told: [number, number][] = [];
    const onProgress = (done: number, total: number): unknown => told.push([done, total]);
    await dataset.array('a').index({ attribute: 'lang', onProgress });
    expect(told).toEqual([[count, count]]);
    expect((await info())?.length).toBe(2);
    await dataset.array('a').dropIndex({ attribute: 'lang' });
    expect((await info())?.map(({ attribute }) => attribute)).toEqual(['year']);
    const { objects } = (await world.head()).root;
    const left = objects?.patterns.findIndex(({ prefix }) => prefix.startsWith('indexes/'));
    expect(objects?.objects.filter(({ id, pattern }) => id.byteLength > 0 && pattern === left).length).toBe(
      1,
    );
    const kinds = [];
    for await (const { operations } of dataset.log()) kinds.push(operations[0]?.kind);
    expect(kinds.slice(0, 3)).toEqual(['dropIndex', 'index', 'index+dropIndex']);
  });
});

/** Keys of the indexes of the one attribute that has one. */
async function keyOfIndex(): Promise<string> {
  return defined((await world.keys('indexes/'))[0], 'key of an index');
}

describe('an index of an attribute that is damaged', () => {
  test('by any bit: the answers stay, and a warning names the object', async () => {
    await indexAll(['lang']);
    const key = await keyOfIndex();
    const { bytes } = defined(await world.bare.get(key), 'index');
    const expected = await rows("lang = 'de'");
    for (let bit = 3; bit < 8 * bytes.byteLength; bit += 397) {
      await world.flip(key, bit);
      warnings.length = 0;
      const { dataset: fresh } = await world.open({ onWarning });
      expect(await rows("lang = 'de'", fresh), `bit ${bit}`).toEqual(expected);
      expect(
        warnings.map(({ code }) => code),
        `bit ${bit}`,
      ).toEqual(['Corrupt']);
      expect(warnings[0]?.message).toContain(key);
      expect(warnings[0]?.hint).toContain('nacre index --attribute');
      await fresh.close();
      await world.flip(key, bit);
    }
  });

  test('by being gone or cut', async () => {
    await indexAll(['lang', 'year']);
    const before = await all();
    for (const [i, key] of (await world.keys('indexes/')).entries()) {
      if (i === 0) await world.bare.delete([key]);
      else await world.bare.put(key, new Uint8Array(5));
    }
    const { dataset: fresh } = await world.open({ onWarning });
    expect(await all(fresh)).toEqual(before);
    expect(new Set(warnings.map(({ context }) => context['key'])).size).toBe(2);
    await dataset.array('a').index({ attribute: 'lang' });
    await dataset.array('a').index({ attribute: 'year' });
    warnings.length = 0;
    expect(await all()).toEqual(before);
    expect(warnings).toEqual([]);
  });

  /** Puts another index in the place of the one there is, with all checksums right. */
  async function forge(
    change: (directory: AttributeDirectory, sets: Uint8Array[]) => Uint8Array,
  ): Promise<void> {
    const key = await keyOfIndex();
    const { root } = await world.head();
    const array = defined(root.arrays[0], 'array');
    const index = defined(array.attributeIndexes[0], 'index');
    const segment = defined(index.segments[0], 'segment');
    const { bytes } = defined(await world.bare.get(key), 'index');
    const frame = bytes.subarray(0, segment.directoryBytes);
    const body = decodeFrame('attribute directory', frame, key, functions);
    const directory = decode(v1.AttributeDirectory, body, key);
    let at = segment.directoryBytes;
    const sets = [directory.nulls, ...directory.values].flatMap((set) => {
      if (set === null) return [];
      at += set.bytes;
      return bytes.slice(at - set.bytes, at);
    });
    const forged = change(directory, sets);
    const view = new DataView(forged.buffer, forged.byteOffset);
    const directoryBytes = 16 + view.getUint32(12, true) + 32;
    const pattern = { prefix: key.slice(0, key.lastIndexOf('/') + 1), suffix: '' };
    const object = describeObject(pattern, forged, { functions, runtime: world.runtime });
    await world.bare.put(objectKey(pattern, object.id), forged);
    const { id, sizeBytes, hash, crc32c, blocks } = object;
    const objects = defined(root.objects, 'objects');
    await world.plantNext({
      objects: evolve(objects, {
        objects: objects.objects.map((one, slot) =>
          slot === segment.object ? evolve(one, { id, sizeBytes, hash, crc32c, blocks }) : one,
        ),
      }),
      arrays: [
        evolve(array, {
          attributeIndexes: [evolve(index, { segments: [evolve(segment, { directoryBytes })] })],
        }),
      ],
    });
  }

  const encoded = (directory: AttributeDirectory, sets: readonly Uint8Array[]): Uint8Array =>
    concat([
      encodeFrame('attribute directory', encode(v1.AttributeDirectory, directory), functions),
      ...sets,
    ]);
  const setOf = (...rows: number[]): Uint8Array =>
    // The part of the one high word.
    functions.rowSets.fromSorted(Float64Array.from(rows)).slice(12);
  type Forgery = (directory: AttributeDirectory, sets: Uint8Array[]) => Uint8Array;
  const values = (
    directory: AttributeDirectory,
    of: (values: AttributeDirectory['values'][number][]) => AttributeDirectory['values'],
  ): AttributeDirectory => evolve(directory, { values: of([...directory.values]) });
  const forgeries: Readonly<Record<string, Forgery>> = {
    'values are out of order': (directory, sets) =>
      encoded(
        values(directory, (all) => all.reverse()),
        [...sets.slice(0, 1), ...sets.slice(1).reverse()],
      ),
    'a value stands twice': (directory, sets) =>
      encoded(
        values(directory, ([first, second, ...rest]) => [
          defined(first, 'value'),
          evolve(defined(second, 'value'), { value: first?.value ?? new Uint8Array() }),
          ...rest,
        ]),
        sets,
      ),
    'a value is no text': (directory, sets) =>
      encoded(
        values(directory, ([first, ...rest]) => [
          evolve(defined(first, 'value'), { value: Uint8Array.of(0x80) }),
          ...rest,
        ]),
        sets,
      ),
    'lengths lie': (directory, sets) =>
      encoded(
        values(directory, ([first, second, ...rest]) => [
          evolve(defined(first, 'value'), { bytes: (first?.bytes ?? 0) + 1 }),
          evolve(defined(second, 'value'), { bytes: (second?.bytes ?? 0) - 1 }),
          ...rest,
        ]),
        sets,
      ),
    'sets end before the object': (directory, sets) => encoded(directory, [...sets, Uint8Array.of(1)]),
    'counts lie': (directory, sets) =>
      encoded(
        values(directory, ([first, second, ...rest]) => [
          evolve(defined(first, 'value'), { rows: (first?.rows ?? 0) + 1 }),
          evolve(defined(second, 'value'), { rows: (second?.rows ?? 0) - 1 }),
          ...rest,
        ]),
        sets,
      ),
    'a value has no row': (directory, sets) =>
      encoded(
        values(directory, (all) => [...all, make(v1.ValueSet, { value: Uint8Array.of(0x7a) })]),
        sets,
      ),
    'there are too many rows': (directory, sets) => encoded(evolve(directory, { rows: count + 1 }), sets),
    'it is of another type': (directory, sets) => encoded(evolve(directory, { type: 2 }), sets),
    'rows lie beyond the last': (directory, [nulls = setOf(), first = setOf(), ...rest]) => {
      const known = functions.rowSets.toSorted(
        concat([Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), first]),
      );
      const beyond = setOf(...known.slice(0, -1), count + 5);
      const grown = values(directory, ([one, ...others]) => [
        evolve(defined(one, 'value'), { bytes: beyond.byteLength }),
        ...others,
      ]);
      return encoded(grown, [nulls, beyond, ...rest]);
    },
    'a feature is required that is not known': (directory, sets) =>
      encoded(evolve(directory, { requiredFeatures: [9] }), sets),
    'there is no directory': () => encodeFrame('epoch', new Uint8Array(3), functions),
  };
  for (const [what, forgery] of Object.entries(forgeries)) {
    test(`${what}, and every sum is right: the column is read, and a warning names the object`, async () => {
      await indexAll(['lang']);
      const first = await keyOfIndex();
      const expected = [await rows("lang = 'de'"), await rows("lang != 'de'")];
      await forge(forgery);
      const key = (await world.keys('indexes/')).find((one) => one !== first);
      const { dataset: fresh } = await world.open({ onWarning });
      expect([await rows("lang = 'de'", fresh), await rows("lang != 'de'", fresh)]).toEqual(expected);
      expect(warnings.length).toBeGreaterThan(0);
      for (const { code, context } of warnings) expect([code, context['key']]).toEqual(['Corrupt', key]);
    });
  }

  test('in what the manifest says of it is damage of the root', async () => {
    await indexAll(['lang']);
    const { root } = await world.head();
    const array = defined(root.arrays[0], 'array');
    const index = defined(array.attributeIndexes[0], 'index');
    const segment = defined(index.segments[0], 'segment');
    const lies: readonly [string, readonly (typeof index)[]][] = [
      ['two indexes of one attribute', [index, index]],
      ['never given', [evolve(index, { attribute: 99 })]],
      ['overlap', [evolve(index, { segments: [segment, segment] })]],
      ['past its last row id', [evolve(index, { segments: [evolve(segment, { rows: count + 1 })] })]],
      ['99', [evolve(index, { segments: [evolve(segment, { object: 99 })] })]],
      ['longer than itself', [evolve(index, { segments: [evolve(segment, { directoryBytes: 1e6 })] })]],
    ];
    for (const [why, attributeIndexes] of lies) {
      const { bytes } = encodeRoot(
        evolve(root, { arrays: [evolve(array, { attributeIndexes })] }),
        functions,
      );
      expect(() => decodeRoot(bytes, 'a root', functions), why).toThrow(why);
    }
  });
});
