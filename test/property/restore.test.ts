// Random changes and restores of a few arrays, beside a plain model that keeps every version: each version
// reads as the model has it, whenever it is read, and no row id is given to a second row.
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { World } from '../dataset/world.js';
import { seededRandom } from '../support/fake-runtime.js';

interface Row {
  readonly id: number;
  readonly value: number;
  readonly lang: string | null;
}

interface ModelArray {
  /** Ids that rows of it ever had; one object for each array, whatever its name and version. */
  readonly used: Set<number>;
  readonly rows: readonly Row[];
}

type Model = ReadonlyMap<string, ModelArray>;

const names = ['a', 'b', 'c'];
const seeds = Number(process.env['NACRE_SEEDS'] ?? 12);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);

/** The rows of each array, by several ways that have to agree. */
async function readAll(dataset: Dataset): Promise<Map<string, readonly Row[]>> {
  const { arrays } = await dataset.info();
  const out = new Map<string, readonly Row[]>();
  for (const [name, { attributes }] of Object.entries(arrays)) {
    const array = dataset.array(name);
    const ids = Array.from(await array.ids());
    const { data } = await array.read();
    const hits = attributes.length > 0 ? await array.select('lang').toArray() : [];
    if (attributes.length > 0) expect(hits.map(({ id }) => id)).toEqual(ids);
    const rows = ids.map((id, i) => {
      const lang = (hits[i]?.attributes?.['lang'] as string | null | undefined) ?? null;
      return { id, value: Number(data[i]), lang };
    });
    if (attributes.length > 0) {
      const nulls = rows.filter(({ lang }) => lang === null);
      expect(await array.where('lang is null').count()).toBe(nulls.length);
    }
    out.set(name, rows);
  }
  return out;
}

function rowsOf(model: Model): Map<string, readonly Row[]> {
  return new Map([...model].map(([name, { rows }]) => [name, rows]));
}

class Run {
  readonly #dataset: Dataset;
  readonly #below: (count: number) => number;
  readonly versions = new Map<number, Model>([[1, new Map()]]);
  model: Model = new Map();
  #values = 0;

  constructor(dataset: Dataset, below: (count: number) => number) {
    this.#dataset = dataset;
    this.#below = below;
  }

  of<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }

  async step(): Promise<void> {
    const name = this.of(names);
    const array = this.model.get(name);
    if (this.#below(6) === 0) await this.#restore();
    else if (array === undefined) await this.#create(name);
    else await this.#change(name, array);
  }

  #now(version: number, changes: Model, without: readonly string[] = []): void {
    const kept = [...this.model].filter(([name]) => !without.includes(name));
    this.model = new Map([...kept, ...changes]);
    this.versions.set(version, this.model);
  }

  async #create(name: string): Promise<void> {
    const { version } = await this.#dataset.write((tx) => tx.create(name, { dtype: 'int32' }));
    this.#now(version, new Map([[name, { used: new Set(), rows: [] }]]));
  }

  async #restore(): Promise<void> {
    const from = this.versions.get(this.of([...this.versions.keys()])) as Model;
    const number = [...this.versions].find(([, model]) => model === from)?.[0] as number;
    const { version } = await this.#dataset.restore({ version: number });
    const present = new Set([...this.model.values()].map(({ used }) => used));
    // What was dropped meanwhile begins anew, from what it had then.
    const back = [...from].map(([name, { used, rows }]): [string, ModelArray] => [
      name,
      { rows, used: present.has(used) ? used : new Set(rows.map(({ id }) => id)) },
    ]);
    this.#now(version, new Map(back), names);
  }

  async #change(name: string, { used, rows }: ModelArray): Promise<void> {
    const value = ++this.#values;
    const lang = this.of(['de', null]);
    const places = [...rows.keys()].filter(() => this.#below(3) === 0);
    const data = (count: number) => ({ data: new Int32Array(count).fill(value) });
    const changed = (change: (row: Row, at: number) => Row | undefined): Model =>
      new Map([
        [name, { used, rows: rows.flatMap((row, i) => (places.includes(i) ? (change(row, i) ?? []) : row)) }],
      ]);
    const verb = this.#below(8);
    if (places.length > 0 && verb === 0) {
      const { version } = await this.#dataset.write((tx) => tx.replace(name, places, data(places.length)));
      return this.#now(
        version,
        changed((row) => ({ ...row, value })),
      );
    }
    if (places.length > 0 && verb === 1) {
      const { version } = await this.#dataset.write((tx) => tx.drop(name, places));
      return this.#now(
        version,
        changed(() => undefined),
      );
    }
    if (places.length > 0 && verb === 2) {
      const set = places.map((_, i) => (i === 0 ? 'en' : lang));
      const { version } = await this.#dataset.write((tx) => tx.setAttributes(name, places, { lang: set }));
      return this.#now(
        version,
        changed((row, at) => ({ ...row, lang: set[places.indexOf(at)] ?? null })),
      );
    }
    const free = names.find((other) => !this.model.has(other));
    if (verb === 3 && free !== undefined) {
      const { version } = await this.#dataset.write((tx) => tx.rename(name, free));
      return this.#now(version, new Map([[free, { used, rows }]]), [name]);
    }
    if (verb === 4 && this.#below(2) === 0) {
      const { version } = await this.#dataset.write((tx) => tx.dropArray(name));
      return this.#now(version, new Map(), [name]);
    }
    const attributes = this.#below(2) === 0 ? {} : { attributes: { lang: ['fr', lang] } };
    const { version } = await this.#dataset.write((tx) => tx.append(name, data(2), attributes));
    const ids = Array.from(await this.#dataset.array(name).ids()).slice(-2);
    for (const id of ids) {
      if (used.has(id)) throw new Error(`the row id ${id} of '${name}' is given twice`);
      used.add(id);
    }
    const langs = 'attributes' in attributes ? ['fr', lang] : [null, null];
    const more = ids.map((id, i) => ({ id, value, lang: langs[i] ?? null }));
    return this.#now(version, new Map([[name, { used, rows: [...rows, ...more] }]]));
  }
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  test(`seed ${seed}: every version reads as it was, and no row id is of two rows`, async () => {
    const world = new World(seed);
    const random = seededRandom(seed);
    try {
      const { dataset } = await world.open();
      const run = new Run(dataset, (count) => Math.floor(random() * count));
      for (let step = 0; step < 40; step++) {
        await run.step();
        expect(await readAll(dataset)).toEqual(rowsOf(run.model));
        const [version, model] = run.of([...run.versions]);
        const reader = await world.open();
        expect(await readAll(await reader.dataset.at({ version }))).toEqual(rowsOf(model));
        await reader.dataset.close();
      }
    } finally {
      await world.close();
    }
  });
}
