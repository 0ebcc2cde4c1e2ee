// The root of the version that is meant, as a head sees it.
//
// A root is reached directly, by its number; whether it is of the head's own history is told by the one
// above it, which names its parent. Where the two do not fit together, an earlier state was put back there,
// and every root from the head down is looked at. docs/rfcs/0003 says what may stay unseen.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { healedRoot } from './healed-root.js';
import { history } from './history.js';
import { isKept } from './history-draft.js';
import { rootKey } from './keys.js';
import type { LoadedRoot } from './root.js';
import { tagOf } from './tags.js';
import { describeReference, instantOf, isoTime, type VersionReference } from './version-reference.js';
import { belongs } from './walk.js';

export interface Place {
  readonly store: ObjectStore;
  readonly functions: ManifestFunctions;
  /** The newest version; only what it descends from is a version. */
  readonly head: LoadedRoot;
}

/**
 * The root that a reference stands for. `nowMs` is the store's time.
 *
 * Cost: of a number two requests in one wave, of a tag one; of an instant seven a wave, each of which leaves
 * an eighth of the versions: 6 waves among 100,000. Errors: `NotFound`, `Expired`, `InvalidArgument`,
 * `Corrupt`.
 */
export async function locate(
  place: Place,
  reference: VersionReference,
  nowMs: number,
  options: CallOptions = {},
): Promise<LoadedRoot> {
  if (typeof reference !== 'object' || reference === null) throw noReference();
  if ('version' in reference) return rootAt(place, reference.version, options);
  if ('tag' in reference) return rootOfTag(place, reference.tag, options);
  if ('time' in reference) return rootOfTime(place, instantOf(reference.time), reference, options);
  if (!('ageMs' in reference) || !(Number.isFinite(reference.ageMs) && reference.ageMs >= 0)) {
    throw noReference();
  }
  return rootOfTime(place, nowMs - reference.ageMs, reference, options);
}

function noReference(): NacreError {
  return new NacreError('InvalidArgument', 'no version, tag, time or age is named', {
    hint: 'Pass { version: 12 }, { tag }, { time } or { ageMs }.',
  });
}

/** The root of a version; negative numbers count back from the head. Cost: two requests, one wave. */
export async function rootAt(
  place: Place,
  reference: number,
  options: CallOptions = {},
): Promise<LoadedRoot> {
  const { head } = place;
  if (!Number.isSafeInteger(reference)) {
    throw new NacreError('InvalidArgument', `${String(reference)} is no version number`);
  }
  const version = reference < 0 ? head.root.version + reference : reference;
  if (version === head.root.version) return head;
  if (version < 1 || version > head.root.version) {
    throw noVersion(place, version, `the newest is ${head.root.version}`);
  }
  const [loaded, above] = await Promise.all([
    readRoot(place.store, version, place.functions, options),
    childOf(place, version, options),
  ]);
  const parent = above?.root.parent;
  const isNamed = loaded !== undefined && belongs(loaded, version, head);
  if (parent?.version === version && !(isNamed && equalBytes(loaded.hash, parent.hash))) {
    // What its slot holds is not what its child says.
    const healed = await healedRoot(place.store, parent, place.functions, options);
    if (healed !== undefined) return kept(place, healed);
  }
  if (loaded === undefined) {
    throw new NacreError('Corrupt', `${rootKey(version)} is missing`, {
      context: { key: rootKey(version), version },
    });
  }
  if (!isNamed) {
    throw noVersion(place, version, 'its slot holds a root of another dataset');
  }
  // Damage above it tells nothing of this one.
  if (above === undefined || isParent(loaded, above)) return kept(place, loaded);
  const found = await newestWhere(place, ({ root }) => root.version <= version, options);
  if (found?.root.version === version) return kept(place, found);
  throw noVersion(place, version, 'its slot holds a root that is not of this history');
}

/** The root says in the head which bytes it had; so one request is enough. */
async function rootOfTag(place: Place, name: string, options: CallOptions): Promise<LoadedRoot> {
  const { store, functions, head } = place;
  const { version, rootHash } = tagOf(head.root, name);
  const loaded = version === head.root.version ? head : await readRoot(store, version, functions, options);
  if (loaded !== undefined && equalBytes(loaded.hash, rootHash)) return kept(place, loaded);
  const healed = await healedRoot(store, { version, hash: rootHash }, functions, options);
  if (healed !== undefined) return kept(place, healed);
  const what = loaded === undefined ? 'is missing' : 'is another one than when it was tagged';
  throw new NacreError('Corrupt', `${rootKey(version)} ${what}, as '${name}'`, {
    context: { key: rootKey(version), version, tag: name },
    hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
  });
}

/** Slots that one wave looks at: each wave leaves an eighth of them. */
const probesAWave = 7;

async function rootOfTime(
  place: Place,
  timeMs: number,
  reference: VersionReference,
  options: CallOptions,
): Promise<LoadedRoot> {
  const found = await newestUpTo(place, timeMs, options);
  if ('root' in found) return kept(place, found);
  throw beforeFirst(reference, found.first);
}

/**
 * The newest version up to a time by the store's clock, whether it is kept or not; else the first one. Times
 * never go back from parent to child, so it is found by halves. Cost: that of an instant, see `locate`.
 */
export async function newestUpTo(
  place: Place,
  timeMs: number,
  options: CallOptions = {},
): Promise<LoadedRoot | { readonly first: LoadedRoot }> {
  const { head } = place;
  if (head.root.timeMs <= timeMs) return head;
  let [low, high]: [LoadedRoot | undefined, LoadedRoot] = [undefined, head];
  // Slots from `end` on hold nothing that could be the one, and these below it are no versions.
  let end = head.root.version;
  const passed = new Set<number>();
  for (;;) {
    while (passed.has(end - 1)) end--;
    const start = low?.root.version ?? 0;
    if (end - 1 <= start) break;
    const slots = spread(start, end, passed);
    const roots = await Promise.all(slots.map((slot) => readable(place, slot, options)));
    for (const [i, loaded] of roots.entries()) {
      const slot = slots[i] ?? 0;
      if (loaded === undefined || !belongs(loaded, slot, head)) passed.add(slot);
      else if (loaded.root.timeMs > timeMs) {
        if (slot < end) [high, end] = [loaded, slot];
      } else if (slot > (low?.root.version ?? 0)) low = loaded;
    }
  }
  if (low === undefined && high.root.parent === null) return { first: high };
  if (low !== undefined && isParent(low, high)) return low;
  let first = head;
  const found = await newestWhere(
    place,
    (loaded) => {
      first = loaded;
      return loaded.root.timeMs <= timeMs;
    },
    options,
  );
  return found ?? { first };
}

/** At most so many slots between two, evenly, without those that were passed over; never none. */
function spread(start: number, end: number, passed: ReadonlySet<number>): number[] {
  const slots = new Set<number>();
  for (let i = 1; i <= probesAWave; i++) {
    let slot = start + Math.ceil(((end - start) * i) / (probesAWave + 1));
    while (slot < end && (passed.has(slot) || slots.has(slot))) slot++;
    if (slot < end) slots.add(slot);
  }
  return [...slots];
}

/** The first root of the dataset above a version; undefined where damage stands between. */
async function childOf(place: Place, version: number, options: CallOptions): Promise<LoadedRoot | undefined> {
  const { head } = place;
  for (let slot = version + 1; slot < head.root.version; slot++) {
    const loaded = await readable(place, slot, options);
    if (loaded === undefined || belongs(loaded, slot, head)) return loaded;
  }
  return head;
}

/** The newest version of which it is true, from the head down. Cost: one request a version. */
async function newestWhere(
  { store, functions, head }: Place,
  wanted: (loaded: LoadedRoot) => boolean,
  options: CallOptions,
): Promise<LoadedRoot | undefined> {
  for await (const loaded of history(store, head, functions, options)) if (wanted(loaded)) return loaded;
  return undefined;
}

/** A root that is looked at for what it says of others; undefined where it cannot be read, or is missing. */
async function readable(
  { store, functions }: Place,
  version: number,
  options: CallOptions,
): Promise<LoadedRoot | undefined> {
  try {
    return await readRoot(store, version, functions, options);
  } catch (error) {
    if (isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat')) return undefined;
    throw error;
  }
}

function isParent({ root, hash }: LoadedRoot, child: LoadedRoot): boolean {
  const { parent } = child.root;
  return parent !== null && parent.version === root.version && equalBytes(parent.hash, hash);
}

/** A version whose data may be gone is not handed out. */
function kept({ head }: Place, loaded: LoadedRoot): LoadedRoot {
  const { version } = loaded.root;
  if (isKept(head.root.kept, version)) return loaded;
  throw new NacreError('Expired', `version ${version} is no longer kept`, {
    context: { version, keptFrom: head.root.kept?.from ?? 1 },
    hint: 'Restore it from a backup or a replica.',
  });
}

function noVersion({ head }: Place, version: number, why: string): NacreError {
  return new NacreError('NotFound', `there is no version ${version}: ${why}`, {
    context: { version, newest: head.root.version },
    hint: '`nacre log` lists the versions.',
  });
}

function beforeFirst(reference: VersionReference, { root }: LoadedRoot): NacreError {
  const first = isoTime(root.timeMs);
  const what = describeReference(reference);
  return new NacreError('NotFound', `there is no such version: ${what} is before the first, of ${first}`, {
    context: { firstTime: first, firstVersion: root.version },
    hint: '`nacre log` lists the versions with their times.',
  });
}
