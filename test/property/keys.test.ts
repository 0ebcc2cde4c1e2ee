// Random writes by two handles to an array with a key, out of few keys so that they often meet, beside a
// plain model: keys with their row and its content. At every version no key is twice, and look-ups agree.
import { expect, test } from 'vitest';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { isNacreError } from '../../src/errors.js';
import { seededRandom } from '../support/fake-runtime.js';
import { type Member, World } from '../dataset/world.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 12);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);
const keySpace = 60;

interface Row {
  readonly id: number;
  readonly content: number;
  readonly tag: string | null;
}

type Model = ReadonlyMap<number, Row>;

/** What a write found to be refused: its duplicate is known beforehand. */
type Outcome = 'lands' | 'InvalidArgument' | 'AlreadyExists';

interface Step {
  readonly outcome: Outcome;
  readonly after: Model;
  readonly appended: number;
  readonly touched: ReadonlySet<number>;
  /** Keys whose rows it drops; it may append some of them. */
  readonly dropped?: ReadonlySet<number>;
  work(tx: TransactionHandle): Promise<void>;
}

class Run {
  readonly random: () => number;
  #content = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  keys(): number[] {
    const count = 1 + this.below(6);
    // Now and then one twice.
    const drawn = Array.from({ length: count }, () => this.below(keySpace));
    return this.random() < 0.15 ? drawn : [...new Set(drawn)];
  }

  given(keys: readonly number[]) {
    const data = Int32Array.from(keys, () => ++this.#content);
    const tags = keys.map((key) => (key % 3 === 0 ? null : `the tag of the row of key ${key}`));
    return { data, tags, attributes: { key: keys.map((key) => `key ${key}`), tag: tags } };
  }

  step(model: Model, nextId: number): Step {
    const drawn = this.random();
    if (drawn < 0.35) return this.append(model, nextId);
    if (drawn < 0.7 || model.size === 0) return this.upsert(model, nextId);
    return this.change(model, nextId, drawn < 0.85);
  }

  append(model: Model, nextId: number): Step {
    const keys = this.keys();
    const { data, tags, attributes } = this.given(keys);
    const after = new Map(model);
    for (const [i, key] of keys.entries())
      after.set(key, { id: nextId + i, content: data[i] ?? 0, tag: tags[i] ?? null });
    const isTwice = new Set(keys).size < keys.length;
    const isThere = keys.some((key) => model.has(key));
    return {
      outcome: isTwice ? 'InvalidArgument' : isThere ? 'AlreadyExists' : 'lands',
      ...{ after, appended: keys.length, touched: new Set(keys) },
      work: (tx) => tx.append('a', { data }, { attributes }),
    };
  }

  upsert(model: Model, nextId: number): Step {
    const keys = this.keys();
    const { data, tags, attributes } = this.given(keys);
    const withTags = this.random() < 0.5;
    const after = new Map(model);
    let appended = 0;
    for (const [i, key] of keys.entries()) {
      const before = model.get(key);
      const tag = withTags ? (tags[i] ?? null) : (before?.tag ?? null);
      after.set(key, { id: before?.id ?? nextId + appended++, content: data[i] ?? 0, tag });
    }
    const isTwice = new Set(keys).size < keys.length;
    return {
      outcome: isTwice ? 'InvalidArgument' : 'lands',
      ...{ after, appended, touched: new Set(keys) },
      work: async (tx) => {
        const given = withTags ? attributes : { key: attributes.key };
        const done = await tx.upsert('a', { data }, { attributes: given });
        const replaced = keys.length - appended;
        if (done.inserted !== appended || done.replaced !== replaced)
          throw new Error('other numbers of rows');
      },
    };
  }

  /** Replaces or drops some rows; may append the keys of those that it dropped. */
  change(model: Model, nextId: number, replaces: boolean): Step {
    const some = [...model].filter(() => this.random() < 0.2).slice(0, 5);
    const ids = some.map(([, { id }]) => id);
    const { data } = this.given(ids);
    const after = new Map(model);
    for (const [i, [key, row]] of some.entries()) {
      if (replaces) after.set(key, { ...row, content: data[i] ?? 0 });
      else after.delete(key);
    }
    const back = replaces ? [] : some.map(([key]) => key).filter(() => this.random() < 0.3);
    const again = this.given(back);
    for (const [i, key] of back.entries())
      after.set(key, { id: nextId + i, content: again.data[i] ?? 0, tag: again.tags[i] ?? null });
    return {
      outcome: 'lands',
      ...{ after, appended: back.length, touched: new Set(some.map(([key]) => key)) },
      ...(replaces ? {} : { dropped: new Set(some.map(([key]) => key)) }),
      work: async (tx) => {
        if (replaces) return tx.replace('a', { ids }, { data });
        await tx.drop('a', { ids });
        return tx.append('a', { data: again.data }, { attributes: again.attributes });
      },
    };
  }
}

async function check({ dataset }: Member, model: Model, version: number | undefined): Promise<void> {
  const array = (version === undefined ? dataset : await dataset.at({ version })).array('a');
  const hits = await array.select('*').toArray();
  const { data } = await array.read();
  const rows = hits.map(({ id, row, attributes }) => [
    attributes?.['key'],
    id,
    data[row],
    attributes?.['tag'],
  ]);
  const expected = [...model].map(([key, { id, content, tag }]) => [`key ${key}`, id, content, tag]);
  const byId = (a: unknown[], b: unknown[]): number => Number(a[1]) - Number(b[1]);
  expect(rows).toEqual(expected.sort(byId));
  const asked = Array.from({ length: keySpace }, (_, key) => key);
  const names = asked.map((key) => `key ${key}`);
  const found = await array.rowsByKey(names, { select: ['tag'], values: true });
  for (const [i, key] of asked.entries()) {
    const row = model.get(key);
    expect(found[i]?.id).toBe(row?.id);
    expect(found[i]?.data?.[0]).toBe(row?.content);
    expect(found[i]?.attributes?.['tag']).toBe(row?.tag);
  }
}

/** Whether the write lands; the first of two at once does as the model says. */
async function attempt(member: Member, step: Step, meanwhile?: () => Promise<void>): Promise<boolean> {
  try {
    await member.dataset.write(async (tx) => {
      await step.work(tx);
      await meanwhile?.();
    });
    expect(step.outcome).toBe('lands');
    return true;
  } catch (error) {
    if (meanwhile !== undefined && isNacreError(error, 'Conflict')) return false;
    if (isNacreError(error, 'InvalidArgument') || isNacreError(error, 'AlreadyExists')) {
      expect(error.code).toBe(step.outcome);
      return false;
    }
    throw error;
  }
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  test(`seed ${seed}: no key is twice at any version, and look-ups find what the model has`, async () => {
    const [world, run] = [new World(seed), new Run(seed)];
    try {
      const members = [await world.open(), await world.open()] as const;
      await members[0].dataset.write(async (tx) => {
        await tx.create('a', { dtype: 'int32', key: { name: 'key', type: 'string' } });
        await tx.addAttribute('a', 'tag', 'string');
      });
      let model: Model = new Map();
      let nextId = 0;
      const seen: { version: number; model: Model }[] = [];
      // Some long enough that entries move into segments.
      const steps = seed % 4 === 0 ? 300 : 60;
      for (let i = 0; i < steps; i++) {
        const [one, other] = i % 2 === 0 ? members : [members[1], members[0]];
        await one.dataset.refresh();
        await other.dataset.refresh();
        const mine = run.step(model, nextId);
        let landed: Step | undefined;
        const races = run.random() < 0.5;
        const theirs = run.step(model, nextId);
        const done = await attempt(
          one,
          mine,
          races
            ? async () => {
                if (await attempt(other, theirs)) landed = theirs;
              }
            : undefined,
        );
        if (landed !== undefined) [model, nextId] = [landed.after, nextId + landed.appended];
        if (done) {
          // Nothing of theirs is in its way: what it did is done once more, on what they left.
          if (landed !== undefined) expect(meets(mine, landed)).toBe(false);
          const ids = landed?.appended ?? 0;
          const moved = new Map(model);
          for (const key of mine.touched) {
            const row = mine.after.get(key);
            const isNew = row !== undefined && row.id >= nextId - ids;
            if (row === undefined && (landed?.after.get(key)?.id ?? 0) < nextId - ids) moved.delete(key);
            else if (row === undefined) continue;
            else moved.set(key, isNew ? { ...row, id: row.id + ids } : row);
          }
          [model, nextId] = [moved, nextId + mine.appended];
        } else if (landed !== undefined && mine.outcome === 'lands') {
          expect(meets(mine, landed)).toBe(true);
        }
        await one.dataset.refresh();
        const version = await one.dataset.version();
        if (seen.at(-1)?.version !== version) seen.push({ version, model });
        if (i % 10 === 0) await check(one, model, undefined);
      }
      for (const { version, model: then } of seen.slice(0, 40)) await check(members[0], then, version);
      await check(members[1], model, undefined);
      const { root } = await world.head();
      if (steps > 100) expect(root.arrays[0]?.columnSegments.length).toBeGreaterThan(0);
    } finally {
      await world.close();
    }
  });
}

/** Whether two steps on one version are in each other's way. Both may drop a row, and one append its key. */
function meets(a: Step, b: Step): boolean {
  return [...a.touched].some((key) => {
    if (!b.touched.has(key)) return false;
    const bothDrop = a.dropped?.has(key) === true && b.dropped?.has(key) === true;
    return !bothDrop || (a.after.has(key) && b.after.has(key));
  });
}
