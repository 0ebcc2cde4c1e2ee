// Random writes by two handles to an array with indexes of attributes, beside a plain model: appends of many
// and of few rows at once, with indexes that are built, added to, dropped, and attributes that are renamed
// meanwhile. What filters find is what the model has, by indexes or not.
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { isNacreError, type NacreError } from '../../src/errors.js';
import { seededRandom } from '../support/fake-runtime.js';
import { World } from '../dataset/world.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 4);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);
const names = ['lang', 'score'] as const;

/** What tells rows apart, and their values. */
interface Row {
  readonly mark: number;
  lang: string | null;
  score: number | null;
}

class Run {
  readonly random: () => number;
  readonly rows = new Map<number, Row>();
  nextMark = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  draw(count: number): Row[] {
    return Array.from({ length: count }, () => ({
      mark: this.nextMark++,
      lang: this.below(9) === 0 ? null : `l${this.below(5)}`,
      score: this.below(9) === 0 ? null : this.below(1e5) / 1e5,
    }));
  }

  async append(dataset: Dataset, count: number): Promise<void> {
    const rows = this.draw(count);
    // Some rows come with one of the attributes.
    const chosen = this.below(5) === 0 ? [names[this.below(2)] ?? 'lang'] : names;
    const attributes: Record<string, (number | string | null)[]> = { mark: rows.map(({ mark }) => mark) };
    for (const name of chosen) attributes[name] = rows.map((row) => row[name]);
    await dataset.write((tx) => tx.append('a', { data: new Int8Array(count) }, { attributes }));
    for (const row of rows) {
      this.rows.set(row.mark, {
        mark: row.mark,
        lang: chosen.includes('lang') ? row.lang : null,
        score: chosen.includes('score') ? row.score : null,
      });
    }
  }

  /** Of rows in their order as they stand; others may land meanwhile. */
  async marks(dataset: Dataset): Promise<number[]> {
    await dataset.refresh();
    const rows = await dataset.array('a').select('mark').toArray();
    return rows.map(({ attributes }) => Number(attributes?.['mark']));
  }

  async step(dataset: Dataset): Promise<void> {
    const array = dataset.array('a');
    const attribute = names[this.below(2)] ?? 'lang';
    const verb = this.below(10);
    if (verb < 4) return this.append(dataset, 4096 + this.below(500));
    if (verb < 6) return this.append(dataset, 1 + this.below(600));
    if (verb === 6) return void (await array.index({ attribute, update: true }));
    if (verb === 7) return void (await array.index({ attribute }));
    if (verb === 8) return void (await array.dropIndex({ attribute }));
    await dataset.write((tx) => tx.renameAttribute('a', attribute, 'for a moment'));
    await dataset.write((tx) => tx.renameAttribute('a', 'for a moment', attribute));
  }

  /** Rows that are there get other values, or go. */
  async change(dataset: Dataset): Promise<void> {
    const marks = await this.marks(dataset);
    const places = [...new Set(Array.from({ length: 20 }, () => this.below(marks.length)))];
    const rows = this.draw(places.length);
    const lang = rows.map((row) => row.lang);
    await dataset.write((tx) => tx.setAttributes('a', places, { lang }));
    for (const [i, place] of places.entries()) {
      const row = this.rows.get(marks[place] ?? -1);
      if (row !== undefined) row.lang = lang[i] ?? null;
    }
    const dropped = places.slice(0, 3);
    await dataset.write((tx) => tx.drop('a', dropped));
    for (const place of dropped) this.rows.delete(marks[place] ?? -1);
  }
}

/** Filters find what the model has; rows that went by indexes. */
async function compare(run: Run, dataset: Dataset, context: string): Promise<number> {
  await dataset.refresh();
  let indexed = 0;
  const low = run.below(1e5) / 1e5;
  const filters: readonly [string, (row: Row) => boolean][] = [
    ["lang = 'l3'", ({ lang }) => lang === 'l3'],
    ['lang is null', ({ lang }) => lang === null],
    ["lang != 'l1'", ({ lang }) => lang !== null && lang !== 'l1'],
    [
      `score >= ${low} and score < ${low + 0.02}`,
      ({ score }) => score !== null && score >= low && score < low + 0.02,
    ],
    [`score > 0.97 or lang = 'l0'`, ({ score, lang }) => (score ?? 0) > 0.97 || lang === 'l0'],
  ];
  for (const [filter, holds] of filters) {
    const { result, analysis } = await dataset.array('a').where(filter).select('mark').analyze();
    const found = result.map(({ attributes }) => Number(attributes?.['mark'])).sort((a, b) => a - b);
    const expected = [...run.rows.values()].filter(holds).map(({ mark }) => mark);
    expect(found, `${context}: ${filter}`).toEqual(expected.sort((a, b) => a - b));
    indexed += analysis.indexes.rows;
  }
  return indexed;
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  test(`filters find what two writers left, with indexes of appended rows (seed ${seed})`, async () => {
    const run = new Run(seed);
    const world = new World(seed);
    const warnings: NacreError[] = [];
    const onWarning = (warning: NacreError): unknown => warnings.push(warning);
    const [{ dataset: one }, { dataset: other }] = [
      await world.open({ onWarning }),
      await world.open({ onWarning }),
    ];
    await one.write(async (tx) => {
      await tx.create('a', { dtype: 'int8' });
      await tx.addAttribute('a', 'lang', 'string');
      await tx.addAttribute('a', 'score', 'float');
    });
    await run.append(one, 3000);
    for (const attribute of names) await one.array('a').index({ attribute });
    await other.refresh();
    let indexed = 0;
    for (let step = 0; step < 10; step++) {
      const context = `seed ${seed}, step ${step}`;
      // One of both may find that the other changed what it rests on; appends never do.
      const outcomes = await Promise.allSettled([run.step(one), run.step(other)]);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        const error: unknown = outcome.reason;
        const isExpected = ['Conflict', 'NotFound'].some((code) => isNacreError(error, code as 'Conflict'));
        if (!isExpected) throw error;
      }
      await renamedBack(one);
      if (run.below(3) === 0) await run.change(one);
      indexed += await compare(run, one, context);
      indexed += await compare(run, other, context);
      for (const { segments } of (await one.info()).arrays['a']?.attributeIndexes ?? [])
        expect(segments, context).toBeLessThan(16);
    }
    expect(indexed, `seed ${seed}`).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
    await world.close();
  });
}

/** A conflict may have left an attribute with the name that it had for a moment. */
async function renamedBack(dataset: Dataset): Promise<void> {
  await dataset.refresh();
  const known = (await dataset.array('a').attributes()).map(({ name }) => name);
  const missing = names.filter((name) => !known.includes(name));
  if (!known.includes('for a moment') || missing[0] === undefined) return;
  await dataset.write((tx) => tx.renameAttribute('a', 'for a moment', missing[0] ?? ''));
}
