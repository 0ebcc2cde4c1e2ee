// Filters by indexes of attributes of many values, beside the scan of the same rows without any: every
// operator, every type, the values that are hard, rows that were set, replaced, dropped and appended, past
// versions, in a bucket, a folder and through the page cache.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { AttributeValues } from '../../src/attributes/values.js';
import type { Dataset } from '../../src/dataset/dataset.js';
import { open } from '../../src/dataset/open.js';
import type { NacreError } from '../../src/errors.js';
import { combine, type Expression, negate } from '../../src/query/filter/expression.js';
import { col, Condition } from '../../src/query/filter/col.js';
import { int32, World } from '../dataset/world.js';
import { seededRandom } from '../support/fake-runtime.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 6);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);

type Held = number | bigint | string | null;

class Draw {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** Half of the values are few, so that some are in several blocks; the others are more than bitmaps take. */
const values: Readonly<Record<string, (draw: Draw) => Held>> = {
  int: (draw) =>
    draw.of([
      () => BigInt(draw.below(3)),
      () => BigInt(draw.below(4000)) - 2000n,
      () => draw.of([2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n - 2n, 1n - 2n ** 63n, 2n ** 53n + 1n]),
    ])(),
  float: (draw) =>
    draw.of([
      () => draw.of([0, -0, 1, 0.5]),
      () => draw.below(4000) / 8 - 200,
      () =>
        draw.of([
          ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, -Number.MAX_VALUE],
          ...[Number.MIN_VALUE, -Number.MIN_VALUE],
        ]),
    ])(),
  text: (draw) =>
    draw.of([
      () => draw.of(['', 'a', 'b', 'é']),
      () => `n${draw.below(2000)}`,
      // Their beginnings are longer than what the directory has of them, some of them across a character.
      () => `${'é'.repeat(31)}${draw.of(['x', 'xé', 'é', 'éé'])}${draw.below(20)}`,
      () => draw.of(['\u{1f600}', '\uffff', '\u{10ffff}', 'a\u0000', 'a\u0000b']),
    ])(),
  time: (draw) => draw.of([() => 0n, () => BigInt(draw.below(5000)) * 1_000_003n - 10n ** 9n])(),
};

const names = Object.keys(values);

function column(name: string, draw: Draw, count: number): Held[] {
  return Array.from({ length: count }, () => {
    if (draw.random() < 0.1) return null;
    if (name === 'float' && draw.random() < 0.05) return Number.NaN;
    return values[name]?.(draw) ?? null;
  });
}

function given(name: string, held: readonly Held[]): AttributeValues {
  if (name !== 'time') return held as AttributeValues;
  // Of instants, milliseconds; the odd microseconds go.
  return held.map((value) => (value === null ? null : new Date(Number((value as bigint) / 1000n))));
}

function attributesOf(draw: Draw, count: number): Record<string, AttributeValues> {
  return Object.fromEntries(names.map((name) => [name, given(name, column(name, draw, count))]));
}

function a(draw: Draw, name: string): never {
  const value = values[name]?.(draw);
  return (name === 'time' ? new Date(Number((value as bigint) / 1000n)) : value) as never;
}

function term(draw: Draw): Condition {
  const name = draw.of(names);
  const of = col(name);
  const value = (): never => a(draw, name);
  const orderings = [
    () => of.eq(value()),
    () => of.ne(value()),
    () => of.lt(value()),
    () => of.le(value()),
    () => of.gt(value()),
    () => of.ge(value()),
    () => of.between(value(), value()),
    () => of.in([value(), value(), value()]),
    () => of.notIn([value(), value()]),
    () => of.in([]),
    () => of.isNull(),
    () => of.isNotNull(),
  ];
  if (name === 'text') {
    orderings.push(
      () => of.startsWith(draw.of(['', 'n1', 'é', 'é'.repeat(32), 'a', '\u{1f600}', 'absent'])),
      () => of.like(draw.of(['n1%', '%1%', 'n12', 'é%'])),
      () => of.contains('1'),
    );
  }
  // Numbers between two of the column, and beyond all of them.
  if (name === 'int')
    orderings.push(
      () => of.lt(0.5),
      () => of.eq(0.5),
      () => of.le(10n ** 30n),
    );
  if (name === 'float')
    orderings.push(
      () => of.ge(2n ** 60n + 1n),
      () => of.ne(2n ** 60n + 1n),
    );
  return draw.of(orderings)();
}

function filter(draw: Draw): Condition {
  const operands: Expression[] = Array.from({ length: 1 + draw.below(3) }, () => {
    const { expression } = term(draw);
    return draw.random() < 0.3 ? negate(expression) : expression;
  });
  return new Condition(
    operands.length === 1 ? (operands[0] as Expression) : combine(draw.of(['and', 'or']), operands),
  );
}

/** The same writes for all, by the same draws; the versions between them. */
async function write(dataset: Dataset, seed: number, isIndexed: boolean): Promise<number[]> {
  const draw = new Draw(seed);
  const versions: number[] = [];
  const mark = async (): Promise<unknown> => versions.push(await dataset.version());
  const index = async (update: boolean): Promise<void> => {
    if (!isIndexed) return;
    for (const attribute of names) await dataset.array('a').index({ attribute, update });
  };
  const append = async (count: number): Promise<void> => {
    const attributes = attributesOf(draw, count);
    await dataset.write((tx) => tx.append('a', { data: new Int32Array(count) }, { attributes }));
  };
  await dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
  await append(2500 + draw.below(3000));
  await append(1500);
  // Rows without the attributes, between others and behind them.
  await dataset.write((tx) => tx.append('a', int32(1, 2, 3)));
  await append(700 + draw.below(1000));
  await dataset.write((tx) => tx.append('a', int32(4)));
  await index(false);
  await mark();
  const [rows = 0] = await dataset.array('a').shape();
  const some = [...new Set(Array.from({ length: 60 }, () => draw.below(rows)))];
  const attributes = attributesOf(draw, some.length);
  await dataset.write((tx) => tx.setAttributes('a', some, attributes));
  await mark();
  const dropped = [...new Set(Array.from({ length: 40 }, () => draw.below(rows)))];
  const replaced = [...new Set(Array.from({ length: 20 }, () => draw.below(rows - 40)))];
  await dataset.write((tx) => tx.drop('a', dropped));
  await dataset.write((tx) => tx.replace('a', replaced, { data: new Int32Array(replaced.length) }));
  // Many are indexed as they are appended.
  await append(draw.random() < 0.5 ? 900 : 4200);
  await mark();
  if (draw.random() < 0.5) await index(true);
  return versions;
}

async function found(dataset: Pick<Dataset, 'array'>, condition: Condition): Promise<number[]> {
  return (await dataset.array('a').where(condition).toArray()).map(({ id }) => id);
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  test(`filters by sorted blocks give the rows of the scan (seed ${seed})`, async () => {
    const worlds = [new World(seed), new World(seed)] as const;
    const warnings: NacreError[] = [];
    const onWarning = (warning: NacreError): unknown => warnings.push(warning);
    const { dataset: plain } = await worlds[0].open({ onWarning });
    const { dataset: indexed } = await worlds[1].open({ onWarning });
    const past = await write(plain, seed, false);
    const pastIndexed = await write(indexed, seed, true);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-sorted-'));
    const local = await open(path.join(folder, 'd'), { create: true, cacheDir: false, onWarning });
    await write(local, seed, true);
    const { dataset: cached } = await worlds[1].open({ onWarning, cacheDir: path.join(folder, 'cache') });
    const { arrays } = await indexed.info();
    // What was appended last may have few values.
    for (const { attribute, types } of arrays['a']?.attributeIndexes ?? [])
      expect(types, `seed ${seed}, ${attribute}`).toContain('sorted');
    const draw = new Draw(seed + 1000);
    const used = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const condition = filter(draw);
      const expected = await found(plain, condition);
      const context = `seed ${seed}, filter ${i}: ${condition.toString()}`;
      for (const of of [indexed, local, cached])
        expect(await found(of, condition), context).toEqual(expected);
      const { result, analysis } = await indexed.array('a').where(condition).analyze('count');
      expect(result, context).toBe(expected.length);
      for (const name of analysis.indexes.attributes) used.add(name);
      if (i % 10 > 0) continue;
      for (const [k, version] of past.entries()) {
        const before = await plain.at({ version });
        const beforeIndexed = await indexed.at({ version: pastIndexed[k] ?? 0 });
        const rows = await found(before, condition);
        expect(await found(beforeIndexed, condition), `${context} at ${k}`).toEqual(rows);
      }
    }
    expect([...used].sort(), `seed ${seed}`).toEqual([...names].sort());
    expect(warnings).toEqual([]);
    for (const world of worlds) await world.close();
    await local.close();
    rmSync(folder, { recursive: true });
  });
}
