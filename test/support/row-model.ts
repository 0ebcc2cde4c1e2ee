// A dataset as a plain model: arrays as lists of rows, and what random transactions make of them. It says
// once more, in other words than the product, which transactions can follow which, and what they come to.
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { seededRandom } from './fake-runtime.js';

/** A row as the model knows it: its id and its two numbers. */
export interface Row {
  readonly id: number;
  readonly value: number;
}

export interface ModelArray {
  /** Tells an array from a later one of the same name. */
  readonly key: number;
  readonly nextId: number;
  readonly rows: readonly Row[];
}

export type Model = ReadonlyMap<string, ModelArray>;

/** One verb, decided against the model of the version that the transaction began at. */
export type Verb =
  | { readonly verb: 'create'; readonly name: string; readonly key: number }
  | { readonly verb: 'append'; readonly name: string; readonly values: readonly number[] }
  | {
      readonly verb: 'replace';
      readonly name: string;
      readonly at: readonly number[];
      readonly value: number;
    }
  | { readonly verb: 'drop'; readonly name: string; readonly at: readonly number[] }
  | { readonly verb: 'read'; readonly name: string; readonly at: readonly number[] }
  | { readonly verb: 'dropArray'; readonly name: string }
  | { readonly verb: 'rename'; readonly name: string; readonly to: string };

export const names = ['a', 'b', 'images/train', 'ünïcode'];

export class Draw {
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

  /** So many different numbers below `count`, in any order. */
  different(many: number, count: number): number[] {
    const left = Array.from({ length: count }, (_, i) => i);
    return Array.from({ length: many }, () => left.splice(this.below(left.length), 1)[0] as number);
  }

  /** Distinct numbers below `count`, in any order. */
  some(count: number): number[] {
    const wanted = 1 + this.below(Math.min(count, 6));
    return [...new Set(Array.from({ length: wanted }, () => this.below(count)))];
  }
}

/** What `verbs` make of a model, as one process alone would see it. */
export function applyVerbs(model: Model, verbs: readonly Verb[]): Model {
  const out = new Map(model);
  const at = (name: string): ModelArray => out.get(name) as ModelArray;
  for (const verb of verbs) {
    if (verb.verb === 'create') out.set(verb.name, { key: verb.key, nextId: 0, rows: [] });
    else if (verb.verb === 'read') continue;
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
export function rebase(base: Model, verbs: readonly Verb[], onto: Model): Model {
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
export interface Touch {
  appended: boolean;
  droppedArray: boolean;
  renamed: boolean;
  readonly replaced: Set<number>;
  readonly dropped: Set<number>;
  readonly read: Set<number>;
}

export interface Touches {
  readonly arrays: ReadonlyMap<number, Touch>;
  /** Names that are taken, by a create or a rename. */
  readonly names: ReadonlySet<string>;
  readonly created: ReadonlySet<string>;
  /** It creates an array and then drops or renames it: nobody else's may take its place. */
  readonly undone: ReadonlySet<string>;
  /** Of the created, those that rows were appended to. */
  readonly filled: ReadonlySet<string>;
  /** Of each created, what else it changes, and has not dropped before: that must not be given its name. */
  readonly beside: ReadonlyMap<string, ReadonlySet<number>>;
}

export function untouched(): Touch {
  return {
    ...{ appended: false, droppedArray: false, renamed: false },
    ...{ replaced: new Set<number>(), dropped: new Set<number>(), read: new Set<number>() },
  };
}

export function touchesOf(base: Model, verbs: readonly Verb[]): Touches {
  const arrays = new Map<number, Touch>();
  const [taken, created] = [new Set<string>(), new Set<string>()];
  const [undone, filled] = [new Set<string>(), new Set<string>()];
  const fresh = new Map<number, string>();
  /** Of each created the arrays that were dropped before. */
  const gone = new Map<string, Set<number>>();
  let model = base;
  for (const verb of verbs) {
    if (verb.verb === 'create') {
      gone.set(verb.name, new Set([...arrays].flatMap(([key, one]) => (one.droppedArray ? [key] : []))));
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
      if (verb.verb === 'replace' || verb.verb === 'drop' || verb.verb === 'read') {
        const seen = { replace: touch.replaced, drop: touch.dropped, read: touch.read }[verb.verb];
        const known = [...base.values()].find((array) => array.key === key)?.nextId ?? 0;
        for (const index of verb.at) {
          const { id } = rows[index < 0 ? index + rows.length : index] as Row;
          if (id < known) seen.add(id);
        }
      }
    }
    model = applyVerbs(model, [verb]);
  }
  const changed = [...arrays].filter(([, one]) => isChange(one)).map(([key]) => key);
  const beside = new Map(
    [...gone].map(([name, keys]) => [name, new Set(changed.filter((key) => !keys.has(key)))]),
  );
  return { arrays, names: taken, created, undone, filled, beside };
}

function isChange({ appended, droppedArray, renamed, replaced, dropped }: Touch): boolean {
  return appended || droppedArray || renamed || replaced.size + dropped.size > 0;
}

/**
 * What it comes to when it lands: a row that somebody else dropped before is not dropped again, and what it
 * creates may be there already and take its rows.
 */
export function effectsOf(touches: Touches, landing: Model): Touches {
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
  // A name that it creates and that is there already it does not take.
  const names = [...touches.names].filter((name) => !touches.created.has(name) || !landing.has(name));
  return { ...touches, arrays, names: new Set(names) };
}

/**
 * The rebase table, once more and in other words. `landing`: the version before, of what landed: a name that
 * was taken and is free again is in nobody's way.
 */
export function clash(mine: Touches, theirs: Touches, landing?: Model): boolean {
  const meet = (a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean =>
    [...a].some((one) => b.has(one));
  const names = [...mine.names].filter((name) => theirs.names.has(name) && landing?.has(name) !== false);
  if (names.some((name) => !mine.created.has(name) || mine.undone.has(name))) return true;
  const isBoth = [...mine.beside].some(([name, keys]) =>
    [...keys].some(
      (key) =>
        theirs.names.has(name) &&
        theirs.arrays.get(key)?.renamed === true &&
        (landing === undefined || landing.get(name)?.key === key),
    ),
  );
  if (isBoth) return true;
  return [...mine.arrays].some(([key, one]) => {
    const other = theirs.arrays.get(key);
    if (other === undefined) return false;
    const onlyDrops =
      one.droppedArray &&
      !one.appended &&
      !one.renamed &&
      one.replaced.size + one.dropped.size + one.read.size === 0;
    if (other.droppedArray && !onlyDrops) return true;
    const changed = other.appended || other.replaced.size + other.dropped.size > 0;
    if (one.droppedArray && !other.droppedArray && changed) return true;
    if (one.renamed && other.renamed) return true;
    return (
      meet(one.replaced, other.replaced) ||
      meet(one.replaced, other.dropped) ||
      meet(one.dropped, other.replaced) ||
      meet(one.read, other.replaced) ||
      meet(one.read, other.dropped)
    );
  });
}

export function drawVerbs(draw: Draw, base: Model, serial: () => number): Verb[] {
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

export function rowsOf(values: readonly number[]): { data: Int32Array; shape: number[] } {
  return { data: Int32Array.from(values.flatMap((value) => [value, -value])), shape: [values.length, 2] };
}

export async function perform(tx: TransactionHandle, verbs: readonly Verb[]): Promise<void> {
  for (const verb of verbs) {
    if (verb.verb === 'create') await tx.create(verb.name, { dtype: 'int32', rowShape: [2] });
    else if (verb.verb === 'append') await tx.append(verb.name, rowsOf(verb.values));
    else if (verb.verb === 'replace')
      await tx.replace(verb.name, verb.at, rowsOf(verb.at.map(() => verb.value)));
    else if (verb.verb === 'drop') await tx.drop(verb.name, verb.at);
    else if (verb.verb === 'read') await tx.read(verb.name, { rows: verb.at });
    else if (verb.verb === 'dropArray') await tx.dropArray(verb.name);
    else await tx.rename(verb.name, verb.to);
  }
}
