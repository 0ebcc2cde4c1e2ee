// Random writes of attributes by two handles, beside a plain model: rows with a value for each attribute.
// What any filter finds, counts and selects is what the model has, at the head and at versions before it,
// with indexes of some attributes over some of the rows as without.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import type { AttributeValues, Value } from '../../src/attributes/values.js';
import { isNacreError, type NacreError } from '../../src/errors.js';
import { bindFilter } from '../../src/query/filter/bind.js';
import { Condition } from '../../src/query/filter/col.js';
import { matches } from '../../src/query/filter/evaluate.js';
import { attributes, expressions, rows as rowValues } from '../query/filter/filters.js';
import { seededRandom } from '../support/fake-runtime.js';
import { World } from '../dataset/world.js';

interface Row {
  readonly id: number;
  readonly content: number;
  readonly values: readonly Value[];
}

const none: readonly Value[] = attributes.map(() => null);
const seeds = Number(process.env['NACRE_SEEDS'] ?? 8);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);

/** As a user is given it. */
function given(attribute: number, value: Value): unknown {
  if (typeof value !== 'bigint') return value;
  if (attributes[attribute]?.type === 'timestamp') {
    const date = new Date(Number((value - (((value % 1000n) + 1000n) % 1000n)) / 1000n));
    return Number.isNaN(date.getTime()) ? value : date;
  }
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

class Run {
  readonly world: World;
  readonly random: () => number;
  rows: Row[] = [];
  nextId = 0;
  readonly seen: { readonly version: number; readonly rows: readonly Row[] }[] = [];
  readonly warnings: NacreError[] = [];
  /** Rows that filters were evaluated of by indexes. */
  indexedRows = 0;
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
    this.world = new World(seed);
    this.random = seededRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  draw<T>(of: fc.Arbitrary<T>, count: number): T[] {
    return fc.sample(of, { numRuns: count, seed: this.seed * 7919 + this.below(2 ** 30) });
  }

  /** Some attributes by their numbers; often all, sometimes none. */
  some(): number[] {
    const share = this.below(3) / 2;
    return attributes.flatMap((_, i) => (this.random() < share ? [i] : []));
  }

  valuesOf(chosen: readonly number[], drawn: readonly (readonly Value[])[]): Record<string, AttributeValues> {
    return Object.fromEntries(
      chosen.map((i) => [attributes[i]?.name ?? '', drawn.map((row) => row[i] ?? null) as AttributeValues]),
    );
  }

  async append(tx: TransactionHandle): Promise<void> {
    const count = 1 + this.below(this.random() < 0.1 ? 1500 : 30);
    const [chosen, drawn] = [this.some(), this.draw(rowValues, count)];
    const data = Int32Array.from({ length: count }, () => this.below(1000));
    await tx.append('a', { data }, { attributes: this.valuesOf(chosen, drawn) });
    for (const [i, values] of drawn.entries()) {
      const kept = none.map((_, at) => (chosen.includes(at) ? (values[at] ?? null) : null));
      this.rows.push({ id: this.nextId++, content: data[i] ?? 0, values: kept });
    }
  }

  /** Indices of some rows, in any order; often of rows that follow each other. */
  target(): number[] {
    const start = this.below(this.rows.length);
    const count = Math.min(1 + this.below(40), this.rows.length - start);
    if (this.random() < 0.5) return Array.from({ length: count }, (_, i) => start + i);
    return [...new Set(Array.from({ length: count }, () => this.below(this.rows.length)))];
  }

  async set(tx: TransactionHandle): Promise<void> {
    const [target, chosen] = [this.target(), this.some()];
    const drawn = this.draw(rowValues, target.length);
    await tx.setAttributes('a', target, this.valuesOf(chosen, drawn));
    for (const [i, at] of target.entries()) {
      const row = this.rows[at] as Row;
      const values = row.values.map((value, a) => (chosen.includes(a) ? (drawn[i]?.[a] ?? null) : value));
      this.rows[at] = { ...row, values };
    }
  }

  async replace(tx: TransactionHandle): Promise<void> {
    const target = this.target();
    await tx.replace('a', target, { data: new Int32Array(target.length).fill(-1) });
    for (const at of target) this.rows[at] = { ...(this.rows[at] as Row), content: -1 };
  }

  async drop(tx: TransactionHandle): Promise<void> {
    const target = new Set(this.target());
    await tx.drop('a', [...target]);
    this.rows = this.rows.filter((_, i) => !target.has(i));
  }

  /** Takes an attribute away and makes it anew, or gives it another name and back. */
  async change(tx: TransactionHandle): Promise<void> {
    const at = this.below(attributes.length);
    const { name, type } = attributes[at] as (typeof attributes)[number];
    if (this.random() < 0.5) {
      await tx.renameAttribute('a', name, 'for a moment');
      await tx.renameAttribute('a', 'for a moment', name);
      return;
    }
    await tx.dropAttribute('a', name);
    await tx.addAttribute('a', name, type);
    this.rows = this.rows.map((row) => ({
      ...row,
      values: row.values.map((value, i) => (i === at ? null : value)),
    }));
  }

  /** Builds an index of what the rows were before the transaction, adds to one, or takes one away. */
  async index(tx: TransactionHandle): Promise<void> {
    const attribute = attributes[this.below(attributes.length)]?.name ?? '';
    try {
      if (this.random() < 0.2) await tx.dropIndex('a', { attribute });
      else await tx.index('a', { attribute, update: this.random() < 0.5 });
    } catch (error) {
      // There was none, the values are not what one is for, or the attribute came in this transaction.
      if (!isNacreError(error, 'NotFound') && !isNacreError(error, 'InvalidArgument')) throw error;
    }
  }

  async step(tx: TransactionHandle): Promise<void> {
    if (this.random() < 0.15) return this.index(tx);
    const [drawn, full] = [this.random(), this.rows.length > 10];
    if (!full || drawn < 0.45) return this.append(tx);
    if (drawn < 0.75) return this.set(tx);
    if (drawn < 0.82) return this.replace(tx);
    return drawn < 0.95 ? this.drop(tx) : this.change(tx);
  }
}

async function check(run: Run, dataset: Dataset, version: number, rows: readonly Row[]): Promise<void> {
  const array = (version === 0 ? dataset : await dataset.at({ version })).array('a');
  expect((await array.attributes()).length).toBe(attributes.length);
  for (const expression of run.draw(expressions, 6)) {
    const bound = bindFilter(expression, attributes);
    const wanted = rows.flatMap((row, index) => (matches(bound, row.values) ? [{ ...row, index }] : []));
    const query = array.where(new Condition(expression));
    const why = `seed ${run.seed}, version ${version}: ${query.explain()}`;
    const { result, analysis } = await query.analyze('count');
    expect(result, why).toBe(wanted.length);
    run.indexedRows += analysis.indexes.rows;
    const [offset, limit] = [run.below(3), 1 + run.below(30)];
    const names = run.some().map((i) => attributes[i]?.name ?? '');
    const piece = query
      .select(...names)
      .offset(offset)
      .limit(limit);
    const named = (values: readonly Value[]) =>
      attributes.flatMap(({ name }, i) =>
        names.includes(name) ? [[name, given(i, values[i] ?? null)]] : [],
      );
    expect(await piece.toArray(), why).toEqual(
      wanted.slice(offset, offset + limit).map(({ id, index, values }) => ({
        ...{ row: index, id },
        ...(names.length > 0 && { attributes: Object.fromEntries(named(values)) as object }),
      })),
    );
  }
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  test(`seed ${seed}: filters find what is there`, { timeout: 60_000 }, async () => {
    const run = new Run(seed);
    try {
      const onWarning = (warning: NacreError): unknown => run.warnings.push(warning);
      const members = [await run.world.open({ onWarning }), await run.world.open({ onWarning })];
      await members[0]?.dataset.write(async (tx) => {
        await tx.create('a', { dtype: 'int32' });
        for (const { name, type } of attributes) await tx.addAttribute('a', name, type);
      });
      for (let i = 0; i < 110; i++) {
        const { dataset } = members[run.below(2)] as (typeof members)[number];
        await dataset.refresh();
        const { version } = await dataset.write(async (tx) => {
          for (let verbs = 1 + run.below(3); verbs > 0; verbs--) await run.step(tx);
        });
        if (run.random() < 0.3) run.seen.push({ version, rows: [...run.rows] });
        if (i % 10 === 9) await check(run, dataset, 0, run.rows);
      }
      const { dataset } = await run.world.open({ onWarning });
      await check(run, dataset, 0, run.rows);
      expect([...((await dataset.array('a').read()).data as Int32Array)]).toEqual(
        run.rows.map(({ content }) => content),
      );
      for (const { version, rows } of run.seen.slice(0, 8)) await check(run, dataset, version, rows);
      expect(run.warnings, `seed ${seed}`).toEqual([]);
      expect(run.indexedRows, `seed ${seed}`).toBeGreaterThan(0);
      const { root } = await run.world.head();
      // Long enough that entries moved into segments.
      expect(root.arrays[0]?.columnSegments.length, `seed ${seed}`).toBeGreaterThan(0);
    } finally {
      await run.world.close();
    }
  });
}
