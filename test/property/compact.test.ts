// Random changes of an array, restores, indexes and compactions, alone and beside other writers, and a plain
// model that keeps every version: each version reads as the model has it, by range, id, filter and search.
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { isNacreError } from '../../src/errors.js';
import { Gate, World } from '../dataset/world.js';
import { seededRandom } from '../support/fake-runtime.js';

interface Row {
  readonly id: number;
  readonly value: number;
  readonly lang: string | null;
  readonly score: number | null;
}

const dimensions = 4;
const seeds = Number(process.env['NACRE_SEEDS'] ?? 10);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);
const steps = Number(process.env['NACRE_STEPS'] ?? 40);

function vectorOf(value: number): number[] {
  return Array.from({ length: dimensions }, (_, i) => ((value * 7919 + i * 104_729) % 23) - 11);
}

function dataOf(values: readonly number[]) {
  return { data: Float32Array.from(values.flatMap(vectorOf)), shape: [values.length, dimensions] };
}

/** The array by several ways that have to agree with the model. */
async function compare(dataset: Dataset, rows: readonly Row[], what: string): Promise<void> {
  const array = dataset.array('a');
  const { data } = await array.read();
  expect(Array.from(data as Float32Array), what).toEqual(rows.flatMap(({ value }) => vectorOf(value)));
  expect(Array.from(await array.ids()), what).toEqual(rows.map(({ id }) => id));
  const selected = await array.select('lang', 'score').toArray();
  expect(
    selected.map(({ id, attributes }) => ({ id, lang: attributes?.['lang'], score: attributes?.['score'] })),
    what,
  ).toEqual(rows.map(({ id, lang, score }) => ({ id, lang, score })));
  const filters: [string, (row: Row) => boolean][] = [
    ["lang = 'de'", ({ lang }) => lang === 'de'],
    ['lang is null', ({ lang }) => lang === null],
    ['score >= 50', ({ score }) => score !== null && score >= 50],
    ["score < 20 or lang = 'fr'", ({ score, lang }) => (score !== null && score < 20) || lang === 'fr'],
  ];
  for (const [filter, keeps] of filters) {
    const found = await array.where(filter).toArray();
    expect(
      found.map(({ id }) => id),
      `${what}: ${filter}`,
    ).toEqual(rows.filter(keeps).map(({ id }) => id));
  }
  const query = Float32Array.from(vectorOf(17));
  const nearest = rows
    .map(({ id, value }) => ({
      id,
      score: vectorOf(value).reduce((sum, x, i) => sum + (x - (query[i] ?? 0)) ** 2, 0),
    }))
    .sort((a, b) => a.score - b.score || a.id - b.id)
    .slice(0, 9);
  const search = array.nearest(query, { metric: 'l2sq' }).limit(9);
  const exact = await search.exact().toArray();
  expect(
    exact.map(({ id, score }) => ({ id, score })),
    what,
  ).toEqual(nearest);
  const described = (await dataset.info()).arrays['a'];
  if (described?.indexes.some(({ type }) => type === 'ivf') !== true) return;
  const l2 = array.nearest(query, { metric: 'l2' }).limit(9);
  const lists = await l2.nprobe(1_000_000).precision('f64').toArray();
  expect(lists, `${what}: lists`).toEqual(await l2.exact().toArray());
}

class Run {
  readonly #world: World;
  readonly #dataset: Dataset;
  readonly below: (count: number) => number;
  readonly versions = new Map<number, readonly Row[]>();
  readonly #used = new Set<number>();
  rows: readonly Row[] = [];
  /** What was done, for who reads a failure. */
  readonly log: string[] = [];
  #values = 0;
  overtaken = 0;
  commits = 0;

  constructor(world: World, dataset: Dataset, below: (count: number) => number) {
    this.#world = world;
    this.#dataset = dataset;
    this.below = below;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  now(version: number, rows: readonly Row[], what: string): void {
    this.rows = rows;
    this.versions.set(version, rows);
    this.log.push(`${version} ${what}`);
  }

  async create(): Promise<void> {
    const { version } = await this.#dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'float32', rowShape: [dimensions] });
      await tx.addAttribute('a', 'lang', 'string');
      await tx.addAttribute('a', 'score', 'int');
    });
    this.now(version, [], 'create');
  }

  async append(count = 1 + this.below(6)): Promise<void> {
    const values = Array.from({ length: count }, () => ++this.#values);
    const lang = values.map(() => this.of(['de', 'fr', 'ünï', null]));
    const score = values.map(() => this.of([this.below(100), null]));
    const which = this.below(5);
    const attributes = { ...(which % 2 === 0 ? { lang } : {}), ...(which > 1 ? { score } : {}) };
    const { version } = await this.#dataset.write((tx) => tx.append('a', dataOf(values), { attributes }));
    const ids = Array.from(await this.#dataset.array('a').ids()).slice(-count);
    for (const id of ids) {
      if (this.#used.has(id)) throw new Error(`the row id ${id} is given twice`);
      this.#used.add(id);
    }
    const more = ids.map((id, i) => ({
      ...{ id, value: values[i] ?? 0 },
      lang: which % 2 === 0 ? (lang[i] ?? null) : null,
      score: which > 1 ? (score[i] ?? null) : null,
    }));
    this.now(version, [...this.rows, ...more], `append ${count}`);
  }

  /** Places of rows: some here and there, or some that follow each other. */
  #places(): number[] {
    const { length } = this.rows;
    if (this.below(2) === 0) return [...this.rows.keys()].filter(() => this.below(4) === 0);
    const start = this.below(Math.max(1, length));
    return [...this.rows.keys()].slice(start, start + 1 + this.below(Math.max(1, length / 2)));
  }

  async change(verb = this.below(9)): Promise<void> {
    const places = this.#places();
    if (verb < 3 || places.length === 0) return this.append();
    const chosen = new Set(places);
    if (verb < 5) {
      const value = ++this.#values;
      const data = dataOf(places.map(() => value));
      const { version } = await this.#dataset.write((tx) => tx.replace('a', places, data));
      const rows = this.rows.map((row, i) => (chosen.has(i) ? { ...row, value } : row));
      return this.now(version, rows, `replace ${places.join()}`);
    }
    if (verb < 7) {
      const lang = this.of(['de', 'en', null]);
      const score = this.of([this.below(100), null]);
      const both = this.below(2) === 0;
      const attributes = {
        lang: places.map(() => lang),
        ...(both ? { score: places.map(() => score) } : {}),
      };
      const { version } = await this.#dataset.write((tx) => tx.setAttributes('a', places, attributes));
      const rows = this.rows.map((row, i) =>
        chosen.has(i) ? { ...row, lang, ...(both ? { score } : {}) } : row,
      );
      return this.now(version, rows, `set ${places.join()}`);
    }
    const { version } = await this.#dataset.write((tx) => tx.drop('a', places));
    return this.now(
      version,
      this.rows.filter((_, i) => !chosen.has(i)),
      `drop ${places.join()}`,
    );
  }

  async restore(): Promise<void> {
    const [number, rows] = this.of([...this.versions]);
    const { version } = await this.#dataset.restore({ version: number });
    this.now(version, rows, `restore ${number}`);
  }

  async index(): Promise<void> {
    const array = this.#dataset.array('a');
    const described = (await this.#dataset.info()).arrays['a'];
    const which = this.below(6);
    const kind = which % 2 === 0 ? 'exact' : 'ivf';
    const has = described?.indexes.some(({ type }) => type === kind) === true;
    let what = `index ${kind}`;
    if (which === 4) {
      const attribute = this.of(['lang', 'score']);
      await array.index({ attribute });
      what = `index ${attribute}`;
    } else if (which === 5 && has) {
      await array.dropIndex({ type: kind });
      what = `drop the index ${kind}`;
    } else if (this.rows.length > 8) {
      const update = has && this.below(2) === 0;
      if (update) await array.index({ type: kind, update });
      else if (kind === 'ivf') await array.index({ type: kind, nlist: 2 });
      else await array.index({ type: kind });
      what = `${what}${update ? ' --update' : ''}`;
    }
    this.now((await this.#world.head()).root.version, this.rows, what);
  }

  async compact(dataset = this.#dataset): Promise<void> {
    const targetBytes = this.of([1, 200, 1000, 4096, 2 ** 26]);
    const before = (await this.#world.head()).root.version;
    const { arrays } = await dataset.compact({ targetBytes });
    for (const one of arrays) {
      this.overtaken += one.overtaken;
      this.commits += one.commits;
    }
    const { version } = (await this.#world.head()).root;
    for (let made = before; made <= version; made++)
      if (!this.versions.has(made)) this.versions.set(made, this.rows);
    this.log.push(`${version} compact to ${targetBytes}: ${JSON.stringify(arrays[0])}`);
  }

  /** Its commit is held back while others write; a second one may stand there, too. */
  async compactBeside(): Promise<void> {
    const gate = new Gate(/^versions\//);
    const [one, other] = [await this.#world.open({ gate }), await this.#world.open({ gate })];
    const targetBytes = this.of([200, 4096, 2 ** 26]);
    gate.shut();
    const running = [one.dataset.compact({ targetBytes })];
    if (this.below(3) === 0) running.push(other.dataset.compact({ targetBytes }));
    await gate.idle();
    this.log.push(`compact to ${targetBytes} begins, ${running.length} of them`);
    for (let left = this.below(4); left > 0; left--) await this.step(true);
    gate.open();
    for (const { arrays } of await Promise.all(running)) {
      for (const report of arrays) {
        this.overtaken += report.overtaken;
        this.commits += report.commits;
      }
    }
    const { version } = (await this.#world.head()).root;
    for (let made = Math.max(...this.versions.keys()) + 1; made <= version; made++)
      this.versions.set(made, this.rows);
    this.log.push(`${version} compact ends`);
    await this.#dataset.refresh();
    await one.dataset.close();
    await other.dataset.close();
  }

  async step(beside = false): Promise<void> {
    const draw = this.below(20);
    if (draw === 0) await this.restore();
    else if (draw === 1) await this.index();
    else if (draw < 5 && !beside) await this.compact();
    else if (draw < 8 && !beside) await this.compactBeside();
    else await this.change();
  }
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  test(`seed ${seed}: every version reads as it was, whatever was compacted`, {
    timeout: 120_000,
  }, async () => {
    const world = new World(seed);
    const random = seededRandom(seed);
    const { dataset } = await world.open();
    const run = new Run(world, dataset, (count) => Math.floor(random() * count));
    try {
      await run.create();
      // So many that their entries move into segments.
      if (seed % 3 === 0) for (let i = 0; i < 160; i++) await run.append(1);
      for (let step = 0; step < steps; step++) {
        await run.step();
        await compare(dataset, run.rows, `seed ${seed}, step ${step}`);
        const [version, rows] = run.of([...run.versions]);
        const reader = await world.open();
        await compare(await reader.dataset.at({ version }), rows, `seed ${seed}, version ${version}`);
        await reader.dataset.close();
      }
      expect(run.commits).toBeGreaterThan(0);
    } catch (error) {
      console.log(run.log.join('\n'));
      if (isNacreError(error, 'Internal') && error.cause !== undefined) console.log(error.cause);
      throw error;
    } finally {
      await world.close();
    }
  });
}
