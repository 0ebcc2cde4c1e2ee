// Finding the newest version: from the hint forward, one slot at a time while that is cheap, by one LIST
// after that.
//
// Roots are never deleted and numbered without gaps, so a slot that the store says is absent is the end. A
// root with a good frame that does not belong here (another dataset, a wrong parent) is void and skipped; one
// with a bad frame, or whose child names another hash for it, is damage, and nobody skips that.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ManifestFunctions } from './functions.js';
import { healedRoot, type RootPlace } from './healed-root.js';
import { readHint } from './hint.js';
import { hintKey, rootKey, rootPrefix, versionOfRootKey } from './keys.js';
import { readFrame } from './read-checked.js';
import { decodeRoot, type LoadedRoot } from './root.js';
import { belongs, Walk } from './walk.js';
import { listPages } from '../storage/list-pages.js';

/** What a search for the head found. */
export interface Advance {
  readonly head: LoadedRoot;
  /** First slot above the head that is free; above voids when there are any. */
  readonly freeSlot: number;
  /** Every valid root after the start, oldest first; undefined when the search jumped over some. */
  readonly landed: readonly LoadedRoot[] | undefined;
}

/** After this many slots in a row were taken, the head is likely far away and one LIST is cheaper. */
const defaultStepsBeforeJump = 2;

export interface AdvanceOptions extends CallOptions {
  /** A writer needs every version between, to rebase over it; a reader needs the newest only. */
  readonly everyVersion?: boolean;
  /** Where to begin when the slots up to there are known to be void. Default: the one after `from`. */
  readonly slot?: number;
  /** How many slots are read one by one before a listing. Default 2. */
  readonly stepsBeforeJump?: number;
  /** The root in the first slot when it was read already. */
  readonly first?: LoadedRoot;
}

/** Roots in a row that may be damaged for the lowest of them to be told by the chain of those above it. */
const mostDamagedInARow = 16;

/**
 * The root in a slot, whoever it belongs to; undefined where there is none. One that is damaged is asked of
 * who else has it, by the hash that the root above it names, or the hint for the newest one. Cost: one
 * request; some more for what is damaged.
 */
export function readRoot(
  store: ObjectStore,
  version: number,
  functions: ManifestFunctions,
  { signal }: CallOptions = {},
): Promise<LoadedRoot | undefined> {
  return rootIn(store, version, functions, signal === undefined ? {} : { signal }, mostDamagedInARow);
}

async function rootIn(
  store: ObjectStore,
  version: number,
  functions: ManifestFunctions,
  call: CallOptions,
  mostDamaged: number,
): Promise<LoadedRoot | undefined> {
  const key = rootKey(version);
  try {
    return await readFrame(store, key, 'root', call, (bytes) => decodeRoot(bytes, key, functions));
  } catch (error) {
    if (isNacreError(error, 'Corrupt') && mostDamaged > 1) {
      const healed = await healedByNext(store, version, functions, call, mostDamaged - 1);
      if (healed !== undefined) return healed;
    }
    if (!isNacreError(error, 'PermissionDenied')) throw error;
    throw new NacreError(
      'PermissionDenied',
      `${store.uri}: ${key} was refused, so the newest version is not known`,
      {
        cause: error,
        context: { key },
        hint:
          'S3 answers 403 for a missing key to a reader without s3:ListBucket: grant it on the prefix, or open with ' +
          "{ freshness: 'hint' } to accept the version that the hint names.",
      },
    );
  }
}

async function healedByNext(
  store: ObjectStore,
  version: number,
  functions: ManifestFunctions,
  call: CallOptions,
  mostDamaged: number,
): Promise<LoadedRoot | undefined> {
  if (store.healing === undefined) return undefined;
  try {
    const above = await rootIn(store, version + 1, functions, call, mostDamaged);
    const named = above === undefined ? await hinted(store, functions, call) : above.root.parent;
    if (named?.version !== version) return undefined;
    return await healedRoot(store, named, functions, call);
  } catch (error) {
    throwIfAborted(call.signal);
    // That nobody can tell is no more than that the root is damaged.
    if (isNacreError(error)) return undefined;
    throw error;
  }
}

async function hinted(
  store: ObjectStore,
  functions: ManifestFunctions,
  call: CallOptions,
): Promise<RootPlace | undefined> {
  const { head, problem } = await readHint(store, functions, call);
  return head && problem === undefined ? { version: head.root.version, hash: head.hash } : undefined;
}

/** Goes from `from` to the newest version. Cost: one request when nothing landed since. */
export async function advance(
  store: ObjectStore,
  from: LoadedRoot,
  functions: ManifestFunctions,
  options: AdvanceOptions = {},
): Promise<Advance> {
  const walk = new Walk(from, (version) => readRoot(store, version, functions, options));
  const { stepsBeforeJump = defaultStepsBeforeJump } = options;
  let slot = options.slot ?? from.root.version + 1;
  let known = options.first;
  for (let steps = 0; ; steps++) {
    if (steps === stepsBeforeJump) {
      // Nothing listed is no answer: only a slot that is read and absent is the end.
      const taken = await slotsFrom(store, slot, options);
      const newest = taken[0] ?? slot - 1;
      if (options.everyVersion === true) {
        slot = await readThrough(store, walk, slot, newest, functions, options);
        steps = 0;
      } else if (newest >= slot) {
        return jump(store, walk, slot, taken, functions, options);
      }
    }
    const loaded = known ?? (await readRoot(store, slot, functions, options));
    known = undefined;
    if (loaded === undefined) return { head: walk.head, freeSlot: slot, landed: walk.landed };
    await walk.step(loaded, slot);
    slot++;
  }
}

/** Roots fetched at once by a writer that catches up. */
const readAhead = 16;

/** Reads the roots of `[slot, newest]` in order, several at a time. The first slot that is free. */
async function readThrough(
  store: ObjectStore,
  walk: Walk,
  slot: number,
  newest: number,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<number> {
  for (let at = slot; at <= newest; at += readAhead) {
    const count = Math.min(readAhead, newest + 1 - at);
    const roots = await Promise.all(
      Array.from({ length: count }, (_, i) => readRoot(store, at + i, functions, options)),
    );
    for (const [i, loaded] of roots.entries()) {
      if (loaded === undefined) {
        await checkGap(store, walk.head, at + i, newest, functions, options);
        return at + i;
      }
      await walk.step(loaded, at + i);
    }
  }
  return newest + 1;
}

/**
 * A free slot below taken ones: the end, when what stands above is another dataset's; else its root is lost.
 */
async function checkGap(
  store: ObjectStore,
  head: LoadedRoot,
  free: number,
  newest: number,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const above = [...new Set([free + 1, newest])].filter((version) => version > free);
  const roots = await Promise.all(above.map((version) => readRoot(store, version, functions, options)));
  for (const [i, loaded] of roots.entries()) {
    if (loaded !== undefined && belongs(loaded, above[i] ?? 0, head)) throw missingRoot(free, newest);
  }
}

function missingRoot(version: number, newest: number): NacreError {
  const key = rootKey(version);
  return new NacreError('Corrupt', `${key} is missing though version ${newest} exists`, {
    context: { key, version, newest },
    hint:
      'Roots are never deleted. Run `nacre repair` to put it back from a replica or a backup. When the prefix was ' +
      'put back to an earlier state, a writer from before has gone on: end it, and remove what it wrote above.',
  });
}

/** Slots that one LIST shows. */
const slotsListed = 100;

/** Taken slots from the one before `slot` on, the newest first, as many as one LIST shows. */
async function slotsFrom(store: ObjectStore, slot: number, options: CallOptions): Promise<number[]> {
  if (!store.capabilities.sortedList) {
    const newest = (await newestByDoubling(store, slot, options)) ?? slot - 1;
    return Array.from({ length: Math.min(slotsListed, newest + 2 - slot) }, (_, i) => newest - i);
  }
  const { signal } = options;
  const call = { prefix: rootPrefix, limit: slotsListed, ...(signal === undefined ? {} : { signal }) };
  const { entries } = await store.list(call);
  const versions = entries.map(({ key }) => versionOfRootKey(key));
  return versions.filter((version) => version !== undefined && version >= slot - 1) as number[];
}

/** For stores that list in no order: existence is monotone, so wide probes narrow the end in a few waves. */
async function newestByDoubling(
  store: ObjectStore,
  slot: number,
  options: CallOptions,
): Promise<number | undefined> {
  const exists = async (version: number): Promise<boolean> =>
    (await store.head(rootKey(version), options)) !== undefined;
  const steps = Array.from({ length: 24 }, (_, k) => slot + 2 ** k - 1);
  const found = await Promise.all(steps.map(exists));
  let low = steps[found.lastIndexOf(true)];
  if (low === undefined) return undefined;
  let high = steps[found.lastIndexOf(true) + 1] ?? low + 1;
  while (high - low > 1) {
    const stride = Math.max(1, Math.floor((high - low) / 17));
    const tries = Array.from({ length: 16 }, (_, i) => (low as number) + stride * (i + 1)).filter(
      (v) => v < high,
    );
    const answers = await Promise.all(tries.map(exists));
    const firstFree = answers.indexOf(false);
    high = firstFree < 0 ? high : (tries[firstFree] as number);
    low = firstFree === 0 ? low : (tries[firstFree < 0 ? tries.length - 1 : firstFree - 1] as number);
  }
  return low;
}

/** Voids above the newest valid root that a jump looks below; more are rare enough to walk over. */
const voidsOnTop = 3;

/**
 * A reader goes straight to the newest root; below it only voids are looked past. Where a slot is free among
 * those that were listed, what stands above it may be the late work of a writer whose history is gone: then
 * every root is looked at. Beyond the listing nothing is: docs/rfcs/0003 says what may stay unseen.
 */
async function jump(
  store: ObjectStore,
  walk: Walk,
  slot: number,
  taken: readonly number[],
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<Advance> {
  const newest = taken[0] ?? slot;
  const gapless = taken.every((at, i) => at === newest - i);
  const lowest = gapless ? Math.max(slot, newest - voidsOnTop) : newest + 1;
  // A listing may be old: that the slot above is free is read, beside the root.
  const next = readRoot(store, newest + 1, functions, options);
  next.catch(() => undefined);
  for (let at = newest; at >= lowest; at--) {
    const loaded = await readRoot(store, at, functions, options);
    if (loaded === undefined) break;
    if (belongs(loaded, at, walk.head))
      return onFrom(store, loaded, newest + 1, await next, functions, options);
  }
  const freeSlot = await readThrough(store, walk, slot, newest, functions, options);
  return { head: walk.head, freeSlot, landed: walk.landed };
}

/** Goes on from a root that a listing showed; `first` is what stands in the next slot. */
async function onFrom(
  store: ObjectStore,
  head: LoadedRoot,
  slot: number,
  first: LoadedRoot | undefined,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<Advance> {
  if (first === undefined) return { head, freeSlot: slot, landed: undefined };
  const { signal } = options;
  const call = signal === undefined ? {} : { signal };
  return { ...(await advance(store, head, functions, { ...call, slot, first })), landed: undefined };
}

/**
 * The newest valid root without any hint: one LIST, then as many reads as there are voids on top, plus two.
 *
 * With a gap among the newest slots, what stands above it may be the late work of a dataset that was removed:
 * it is passed over when another dataset's root stands below.
 */
export async function newestRoot(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<Advance | undefined> {
  const taken = new Set<number>();
  let found: LoadedRoot | undefined;
  let above = 0;
  for await (const slot of takenSlots(store, options)) {
    const gap = slot < above - 1;
    taken.add(slot);
    above = slot;
    if (found === undefined || gap) {
      const loaded = await readRoot(store, slot, functions, options);
      if (loaded?.root.version === slot && (await hasItsParent(store, loaded, functions, options)))
        if (found === undefined || !belongs(loaded, slot, found)) found = loaded;
    }
    if (found !== undefined && taken.size >= slotsListed) break;
  }
  if (found !== undefined) {
    let freeSlot = found.root.version + 1;
    while (taken.has(freeSlot)) freeSlot++;
    const next = await readRoot(store, freeSlot, functions, options);
    return onFrom(store, found, freeSlot, next, functions, options);
  }
  const [newest] = taken;
  if (newest === undefined) {
    // A listing may be older than the dataset.
    const first = await readRoot(store, 1, functions, options);
    if (first?.root.version !== 1 || first.root.parent !== null) return undefined;
    return onFrom(store, first, 2, await readRoot(store, 2, functions, options), functions, options);
  }
  throw new NacreError('Corrupt', `${rootKey(newest)} does not belong to a history that is here`, {
    context: { key: rootKey(newest) },
    hint: `No ${hintKey} says which dataset this is. Run \`nacre repair\`.`,
  });
}

/** Slots that hold something, the highest first. */
async function* takenSlots(store: ObjectStore, options: CallOptions): AsyncGenerator<number> {
  if (!store.capabilities.sortedList) {
    for (let slot = (await newestByDoubling(store, 1, options)) ?? 0; slot > 0; slot--) yield slot;
    return;
  }
  const { signal } = options;
  const call = { prefix: rootPrefix, limit: slotsListed, ...(signal === undefined ? {} : { signal }) };
  for await (const page of listPages(store, call)) {
    for (const { key } of page) {
      const version = versionOfRootKey(key);
      if (version !== undefined) yield version;
    }
  }
}

/**
 * With no hint to say which dataset this is, a root belongs when its parent is here and is the one that it
 * names.
 */
async function hasItsParent(
  store: ObjectStore,
  loaded: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<boolean> {
  const { parent } = loaded.root;
  if (parent === null) return true;
  const found = await readRoot(store, parent.version, functions, options);
  return found !== undefined && toHex(found.hash) === toHex(parent.hash);
}
