// Random transactions by several handles on one store that fails in every way it may, beside a plain model:
// arrays as lists of rows. What was acknowledged is there once, what was not is there whole or not at all,
// and a version reads the same for ever.
import { describe, expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { history as rootHistory } from '../../src/manifest/history.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { seededRandom } from '../support/fake-runtime.js';
import type { Fault, FaultPlan } from '../support/faulty-store.js';
import { functions, type Member, World } from '../dataset/world.js';

/** A row as the model knows it: its id and its two numbers. */
interface Row {
  readonly id: number;
  readonly value: number;
}

interface ModelArray {
  /** Tells an array from a later one of the same name. */
  readonly key: number;
  readonly nextId: number;
  readonly rows: readonly Row[];
}

type Model = ReadonlyMap<string, ModelArray>;

/** One verb, decided against the model of the version that the transaction began at. */
type Verb =
  | { readonly verb: 'create'; readonly name: string; readonly key: number }
  | { readonly verb: 'append'; readonly name: string; readonly values: readonly number[] }
  | {
      readonly verb: 'replace';
      readonly name: string;
      readonly at: readonly number[];
      readonly value: number;
    }
  | { readonly verb: 'drop'; readonly name: string; readonly at: readonly number[] }
  | { readonly verb: 'dropArray'; readonly name: string }
  | { readonly verb: 'rename'; readonly name: string; readonly to: string };

const names = ['a', 'b', 'images/train', 'ünïcode'];
const seeds = Number(process.env['NACRE_SEEDS'] ?? 12);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);

class Draw {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Distinct numbers below `count`, in any order. */
  some(count: number): number[] {
    const wanted = 1 + this.below(Math.min(count, 6));
    return [...new Set(Array.from({ length: wanted }, () => this.below(count)))];
  }
}

/** What `verbs` make of a model, as one process alone would see it. */
function applyVerbs(model: Model, verbs: readonly Verb[]): Model {
  const out = new Map(model);
  const at = (name: string): ModelArray => out.get(name) as ModelArray;
  for (const verb of verbs) {
    if (verb.verb === 'create') out.set(verb.name, { key: verb.key, nextId: 0, rows: [] });
    else if (verb.verb === 'dropArray') out.delete(verb.name);
    else if (verb.verb === 'rename') {
      out.set(verb.to, at(verb.name));
      out.delete(verb.name);
    } else {
      const { key, nextId, rows } = at(verb.name);
      if (verb.verb === 'append') {
        const more = verb.values.map((value, i) => ({ id: nextId + i, value }));
        out.set(verb.name, { key, nextId: nextId + more.length, rows: [...rows, ...more] });
      } else {
        const hit = new Set(verb.at.map((index) => (index < 0 ? index + rows.length : index)));
        const left =
          verb.verb === 'drop'
            ? rows.filter((_, i) => !hit.has(i))
            : rows.map((row, i) => (hit.has(i) ? { ...row, value: verb.value } : row));
        out.set(verb.name, { key, nextId, rows: left });
      }
    }
  }
  return out;
}

/** The same verbs, rebased: rows by id, arrays by identity, as they were where the transaction began. */
function rebase(base: Model, verbs: readonly Verb[], onto: Model): Model {
  const nameOf = (model: Model, key: number): string | undefined =>
    [...model].find(([, array]) => array.key === key)?.[0];
  let mine = base;
  let theirs = onto;
  /** Ids that the transaction's own rows have alone, and those that they get. */
  const shift = new Map<number, { readonly from: number; readonly to: number }>();
  const adopted = new Map<number, number>();
  for (const verb of verbs) {
    const key = verb.verb === 'create' ? verb.key : (mine.get(verb.name) as ModelArray).key;
    const target = nameOf(theirs, adopted.get(key) ?? key);
    if (verb.verb === 'create') {
      const winner = theirs.get(verb.name);
      if (winner === undefined) theirs = applyVerbs(theirs, [verb]);
      else adopted.set(key, winner.key);
      shift.set(key, { from: 0, to: winner?.nextId ?? 0 });
    } else if (target !== undefined) {
      const array = theirs.get(target) as ModelArray;
      const own = mine.get(verb.name) as ModelArray;
      if (!shift.has(key)) shift.set(key, { from: own.nextId, to: array.nextId });
      const moved = shift.get(key) as { from: number; to: number };
      if (verb.verb === 'drop' || verb.verb === 'replace') {
        const ids = new Set(
          verb.at.map((index) => {
            const { id } = own.rows[index < 0 ? index + own.rows.length : index] as Row;
            return id < moved.from ? id : id - moved.from + moved.to;
          }),
        );
        const at = array.rows.flatMap(({ id }, i) => (ids.has(id) ? [i] : []));
        theirs = applyVerbs(theirs, [{ ...verb, name: target, at }]);
      } else {
        theirs = applyVerbs(theirs, [{ ...verb, name: target }]);
      }
    }
    mine = applyVerbs(mine, [verb]);
  }
  return theirs;
}

/** What verbs do to one array that was there before, and to its rows. */
interface Touch {
  appended: boolean;
  droppedArray: boolean;
  renamed: boolean;
  readonly replaced: Set<number>;
  readonly dropped: Set<number>;
}

interface Touches {
  readonly arrays: ReadonlyMap<number, Touch>;
  /** Names that are taken, by a create or a rename. */
  readonly names: ReadonlySet<string>;
  readonly created: ReadonlySet<string>;
  /** It creates an array and then drops or renames it: nobody else's may take its place. */
  readonly undone: ReadonlySet<string>;
  /** Of the created, those that rows were appended to. */
  readonly filled: ReadonlySet<string>;
}

function untouched(): Touch {
  return {
    ...{ appended: false, droppedArray: false, renamed: false },
    ...{ replaced: new Set<number>(), dropped: new Set<number>() },
  };
}

function touchesOf(base: Model, verbs: readonly Verb[]): Touches {
  const arrays = new Map<number, Touch>();
  const [taken, created] = [new Set<string>(), new Set<string>()];
  const [undone, filled] = [new Set<string>(), new Set<string>()];
  const fresh = new Map<number, string>();
  let model = base;
  for (const verb of verbs) {
    if (verb.verb === 'create') {
      created.add(verb.name);
      taken.add(verb.name);
      fresh.set(verb.key, verb.name);
    } else {
      const { key, rows } = model.get(verb.name) as ModelArray;
      const own = fresh.get(key);
      const touch = arrays.get(key) ?? untouched();
      if (own === undefined) arrays.set(key, touch);
      if (own !== undefined && (verb.verb === 'dropArray' || verb.verb === 'rename')) undone.add(own);
      if (own !== undefined && verb.verb === 'append') filled.add(own);
      touch.appended ||= verb.verb === 'append';
      touch.droppedArray ||= verb.verb === 'dropArray';
      touch.renamed ||= verb.verb === 'rename';
      if (verb.verb === 'rename') taken.add(verb.to);
      if (verb.verb === 'replace' || verb.verb === 'drop') {
        const known = [...base.values()].find((array) => array.key === key)?.nextId ?? 0;
        for (const index of verb.at) {
          const { id } = rows[index < 0 ? index + rows.length : index] as Row;
          if (id < known) (verb.verb === 'drop' ? touch.dropped : touch.replaced).add(id);
        }
      }
    }
    model = applyVerbs(model, [verb]);
  }
  return { arrays, names: taken, created, undone, filled };
}

/**
 * What it comes to when it lands: a row that somebody else dropped before is not dropped again, and what it
 * creates may be there already and take its rows.
 */
function effectsOf(touches: Touches, landing: Model): Touches {
  const live = new Map(
    [...landing.values()].map(({ key, rows }) => [key, new Set(rows.map(({ id }) => id))]),
  );
  const arrays = new Map(
    [...touches.arrays].map(([key, touch]) => {
      const dropped = [...touch.dropped].filter((id) => live.get(key)?.has(id));
      return [key, { ...touch, dropped: new Set(dropped) }];
    }),
  );
  for (const name of touches.filled) {
    const key = landing.get(name)?.key;
    if (key !== undefined) arrays.set(key, { ...untouched(), ...arrays.get(key), appended: true });
  }
  return { ...touches, arrays };
}

/** The rebase table, once more and in other words. */
function clash(mine: Touches, theirs: Touches): boolean {
  const meet = (a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean =>
    [...a].some((one) => b.has(one));
  const names = [...mine.names].filter((name) => theirs.names.has(name));
  if (names.some((name) => !mine.created.has(name) || mine.undone.has(name))) return true;
  return [...mine.arrays].some(([key, one]) => {
    const other = theirs.arrays.get(key);
    if (other === undefined) return false;
    const onlyDrops =
      one.droppedArray && !one.appended && !one.renamed && one.replaced.size + one.dropped.size === 0;
    if (other.droppedArray && !onlyDrops) return true;
    const changed = other.appended || other.replaced.size + other.dropped.size > 0;
    if (one.droppedArray && !other.droppedArray && changed) return true;
    if (one.renamed && other.renamed) return true;
    return (
      meet(one.replaced, other.replaced) ||
      meet(one.replaced, other.dropped) ||
      meet(one.dropped, other.replaced)
    );
  });
}

function drawVerbs(draw: Draw, base: Model, serial: () => number): Verb[] {
  const verbs: Verb[] = [];
  let model = base;
  for (let left = 1 + draw.below(4); left > 0; left--) {
    const name = draw.of(names);
    const array = model.get(name);
    const free = names.find((other) => !model.has(other));
    const values = Array.from({ length: 1 + draw.below(5) }, serial);
    let verb: Verb;
    if (array === undefined) verb = { verb: 'create', name, key: serial() };
    else if (draw.chance(0.45) || array.rows.length === 0) verb = { verb: 'append', name, values };
    else if (draw.below(20) < 9)
      verb = { verb: 'replace', name, at: draw.some(array.rows.length), value: serial() };
    else if (draw.chance(0.8)) verb = { verb: 'drop', name, at: signed(draw, array.rows.length) };
    else if (free !== undefined && draw.chance(0.7)) verb = { verb: 'rename', name, to: free };
    else verb = { verb: 'dropArray', name };
    verbs.push(verb);
    model = applyVerbs(model, [verb]);
  }
  return verbs;
}

function signed(draw: Draw, rows: number): number[] {
  return draw.some(rows).map((index) => (draw.chance(0.3) ? index - rows : index));
}

function rowsOf(values: readonly number[]): { data: Int32Array; shape: number[] } {
  return { data: Int32Array.from(values.flatMap((value) => [value, -value])), shape: [values.length, 2] };
}

async function perform(tx: TransactionHandle, verbs: readonly Verb[]): Promise<void> {
  for (const verb of verbs) {
    if (verb.verb === 'create') await tx.create(verb.name, { dtype: 'int32', rowShape: [2] });
    else if (verb.verb === 'append') await tx.append(verb.name, rowsOf(verb.values));
    else if (verb.verb === 'replace')
      await tx.replace(verb.name, verb.at, rowsOf(verb.at.map(() => verb.value)));
    else if (verb.verb === 'drop') await tx.drop(verb.name, verb.at);
    else if (verb.verb === 'dropArray') await tx.dropArray(verb.name);
    else await tx.rename(verb.name, verb.to);
  }
}

/** Every kind of trouble, more of it on roots, where it matters most. */
function trouble(draw: Draw, weather: () => 'calm' | 'rough' | 'storm'): FaultPlan {
  const busy = (status: number): Fault => ({ kind: 'error', code: 'Unavailable', status });
  const writes: readonly Fault[] = [
    { kind: 'drop' },
    { kind: 'loseReply' },
    { kind: 'late' },
    { kind: 'echo' },
    { kind: 'duplicate' },
    { kind: 'delay', ms: 40 },
    ...[409, 429, 503].map(busy),
  ];
  const reads: readonly Fault[] = [{ kind: 'drop' }, busy(503), { kind: 'delay', ms: 20 }];
  return ({ method, key }) => {
    const now = weather();
    if (now === 'calm') return undefined;
    // No root gets through until the writer gives up; some arrive later.
    if (now === 'storm' && method === 'put' && key.startsWith('versions/'))
      return draw.of<Fault>([{ kind: 'late' }, { kind: 'drop' }, busy(503)]);
    if (method === 'put')
      return draw.chance(key.startsWith('versions/') ? 0.35 : 0.1) ? draw.of(writes) : undefined;
    return draw.chance(0.05) ? draw.of(reads) : undefined;
  };
}

interface Attempt {
  readonly id: string;
  readonly base: number;
  readonly verbs: readonly Verb[];
  readonly outcome: 'committed' | 'conflict' | 'unknown' | 'failed';
  readonly version: number | undefined;
  readonly token: string | undefined;
}

async function attempt(member: Member, draw: Draw, models: Map<number, Model>, serial: () => number) {
  const { dataset } = member;
  const id = Array.from({ length: 32 }, () => draw.below(16).toString(16)).join('');
  // Only a version whose model is known can be decided against.
  const base = await dataset.version();
  const model = models.get(base) ?? (await modelOf(member, base, models));
  const verbs = drawVerbs(draw, model, serial);
  const result = (outcome: Attempt['outcome'], version?: number, token?: string): Attempt => ({
    ...{ id, base, verbs, outcome, version, token },
  });
  let began = -1;
  try {
    const { version } = await dataset.write(
      async (tx) => {
        began = await dataset.version();
        if (began === base) await perform(tx, verbs);
      },
      draw.chance(0.3) ? { message: id, operationId: id } : { message: id },
    );
    return began === base ? result('committed', version) : undefined;
  } catch (error) {
    if (began !== base && isNacreError(error)) return undefined;
    if (isNacreError(error, 'Conflict')) return result('conflict');
    if (isNacreError(error, 'CommitUnknown'))
      return result('unknown', undefined, String(error.context['token']));
    if (isNacreError(error, 'Unavailable')) return result('failed');
    throw error;
  }
}

/** The model of a version that another handle committed in this same moment: read, and checked at the end. */
async function modelOf(member: Member, version: number, models: Map<number, Model>): Promise<Model> {
  const at = await member.dataset.at({ version });
  const { arrays } = await at.info();
  const model = new Map<string, ModelArray>();
  for (const name of Object.keys(arrays)) model.set(name, await observed(at.array(name)));
  models.set(version, model);
  return model;
}

type Handle = ReturnType<Member['dataset']['array']>;

async function observed(array: Handle): Promise<ModelArray> {
  const [{ data }, ids] = [await array.read(), await array.ids()];
  const rows = Array.from(ids, (id, i) => {
    expect(Number(data[2 * i + 1])).toBe(-Number(data[2 * i]));
    return { id, value: Number(data[2 * i]) };
  });
  return { key: -1, nextId: -1, rows };
}

function plain(model: Model): Record<string, readonly Row[]> {
  return Object.fromEntries([...model].map(([name, { rows }]) => [name, rows]).sort());
}

async function run(seed: number): Promise<{ attempts: Attempt[]; committed: number }> {
  const draw = new Draw(seed);
  const world = new World(seed, `property-${seed}`);
  let calm = true;
  const storms = [false, false, false];
  const members: Member[] = [];
  for (const i of storms.keys()) {
    const weather = () => (calm ? 'calm' : storms[i] === true ? 'storm' : 'rough');
    members.push(await world.open({ plan: trouble(new Draw(seed * 31 + i), weather) }));
  }
  let last = 0;
  const serial = (): number => ++last;
  const models = new Map<number, Model>([[1, new Map()]]);
  const attempts: Attempt[] = [];
  calm = false;
  for (let round = 0; round < 9; round++) {
    for (const i of storms.keys()) storms[i] = draw.chance(0.12);
    const done = await Promise.all(
      members.map(async (member) => {
        if (draw.chance(0.4)) await member.dataset.refresh().catch(() => undefined);
        // Several at once, so that a handle commits them in groups.
        const writes = Array.from({ length: 1 + draw.below(3) }, () =>
          attempt(member, draw, models, serial).catch((error: unknown) => {
            if (isNacreError(error, 'Unavailable')) return undefined;
            throw error;
          }),
        );
        return Promise.all(writes);
      }),
    );
    attempts.push(...done.flat().filter((one) => one !== undefined));
    for (const { store } of members) if (draw.chance(0.3)) await store.applyLate();
  }
  calm = true;
  for (const { store } of members) await store.applyLate();
  return { attempts, committed: await check(world, members, attempts, draw) };
}

/** Walks the log, replays it on the model, and compares every version with what is read. */
async function check(
  world: World,
  members: readonly Member[],
  attempts: readonly Attempt[],
  draw: Draw,
): Promise<number> {
  const { dataset } = await world.open({ create: false });
  const known = new Map(attempts.map((one) => [one.id, one]));
  const log: { version: number; ids: string[] }[] = [];
  for await (const { root } of rootHistory(world.bare, await world.head(), functions)) {
    const ids = root.operations.map(({ message }) => message).filter((message) => message !== '');
    log.unshift({ version: root.version, ids });
  }
  expect(log.map(({ version }) => version)).toEqual(Array.from({ length: log.length }, (_, i) => i + 1));

  const landed = new Map<string, number>();
  for (const { version, ids } of log) {
    for (const id of ids) {
      expect(landed.has(id), `operation ${id} is in the log twice`).toBe(false);
      landed.set(id, version);
    }
  }
  for (const { id, outcome, version } of attempts) {
    if (outcome === 'committed') expect(landed.get(id)).toBe(version);
    if (outcome === 'conflict' || outcome === 'failed') expect(landed.has(id)).toBe(false);
  }
  for (const { id, token } of attempts) {
    if (token === undefined) continue;
    const settled = await dataset.settle(token, { fence: draw.chance(0.5) });
    const version = landed.get(id);
    if (version === undefined) expect(settled.outcome).not.toBe('committed');
    else expect(settled).toEqual({ outcome: 'committed', version });
  }
  for (const { store } of members) await store.applyLate();

  const history = new Map<number, Model>([[1, new Map()]]);
  const effects = new Map<string, Touches>();
  for (const { version, ids } of log.slice(1)) {
    let model = history.get(version - 1) as Model;
    for (const id of ids) {
      const one = known.get(id);
      if (one === undefined) continue;
      const base = history.get(one.base) as Model;
      effects.set(id, effectsOf(touchesOf(base, one.verbs), model));
      model = rebase(base, one.verbs, model);
    }
    history.set(version, model);
  }
  for (const { id, base, verbs, outcome } of attempts) {
    const touches = touchesOf(history.get(base) as Model, verbs);
    const order = log.filter(({ version }) => version > base).flatMap(({ ids }) => ids);
    const before = landed.has(id) ? order.slice(0, order.indexOf(id)) : order;
    const clashes = before.filter((other) => {
      const theirs = effects.get(other);
      return theirs !== undefined && clash(touches, theirs);
    });
    if (landed.has(id)) expect(clashes, `${id} landed beside what it clashes with`).toEqual([]);
    if (outcome === 'conflict') expect(clashes.length, `${id} clashes with nothing`).toBeGreaterThan(0);
  }
  for (const { version } of log) {
    const at = await dataset.at({ version });
    const { arrays } = await at.info();
    const read = new Map<string, ModelArray>();
    for (const name of Object.keys(arrays)) {
      read.set(name, await observed(at.array(name)));
      expect(arrays[name]?.shape[0]).toBe(read.get(name)?.rows.length);
    }
    expect(plain(read), `version ${version}`).toEqual(plain(history.get(version) as Model));
  }
  await checkReads(members[0] as Member, draw);
  await world.close();
  return landed.size;
}

/** Selections of the newest version agree with the whole. */
async function checkReads({ dataset }: Member, draw: Draw): Promise<void> {
  await dataset.refresh();
  for (const name of Object.keys((await dataset.info()).arrays)) {
    const array = dataset.array(name);
    const { rows } = await observed(array);
    if (rows.length === 0) continue;
    const valuesAt = (data: ArrayLike<unknown>) =>
      Array.from({ length: data.length / 2 }, (_, i) => Number(data[2 * i]));
    const start = draw.below(rows.length);
    const end = start + draw.below(rows.length - start + 1);
    const range = await array.read({ start, end });
    expect(valuesAt(range.data)).toEqual(rows.slice(start, end).map(({ value }) => value));
    expect(range.shape).toEqual([end - start, 2]);
    const list = Array.from({ length: 8 }, () => draw.below(2 * rows.length) - rows.length);
    expect(valuesAt((await array.read({ rows: list })).data)).toEqual(list.map((i) => rows.at(i)?.value));
    const back = await array.read({ step: -2 });
    expect(valuesAt(back.data)).toEqual(
      rows
        .map(({ value }) => value)
        .reverse()
        .filter((_, i) => i % 2 === 0),
    );
    const ids = draw.some(rows.length).map((i) => (rows[i] as Row).id);
    const byId = new Map(rows.map(({ id, value }) => [id, value]));
    expect(valuesAt((await array.read({ ids })).data)).toEqual(ids.map((id) => byId.get(id)));
  }
}

describe('random transactions of three handles on a store that fails', () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    test(`keep every acknowledged change once, in order, for ever (NACRE_SEED=${seed})`, async () => {
      const { attempts, committed } = await run(seed);
      expect(attempts.filter(({ outcome }) => outcome === 'committed').length).toBeGreaterThan(5);
      expect(committed).toBeGreaterThan(5);
    });
  }
});
