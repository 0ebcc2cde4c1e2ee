// Parity: covers objects of arrays that ask for it by Reed–Solomon shards below `parity/`, from which
// `repair` makes as many good as a group has of them. No version names them, so that this makes none: it
// works on a replica, too, beside writers and readers, and whatever it left out the next one takes up.
import { NacreError } from '../errors.js';
import { type ParityPolicy, policyOf } from '../manifest/parity.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { storeNowMs } from '../storage/store-time.js';
import { toHex } from '../util/bytes.js';
import type { UpkeepEnvironment } from './environment.js';
import { findParity, type FoundParity, type ParityGroup } from './parity/groups.js';
import { type Head, parityBytesOf, type ParityPlan, planParity } from './parity/plan.js';
import { encodeAll, type NotEncoded, removeGroups } from './parity/update.js';
import { Pace } from './scrub/pace.js';
import { isKnown } from './scrub/report.js';
import { type Survey, survey } from './scrub/survey.js';

export type { NotEncoded } from './parity/update.js';

/** What an array has of parity, and what it lacks. */
export interface ParityCover extends ParityPolicy {
  /** Name of the array. */
  readonly array: string;
  /** Groups that count: every member alive, every object of theirs there. */
  readonly groups: number;
  readonly parityBytes: number;
  /** Objects of kept versions, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Of these what no such group has. */
  readonly notCoveredObjects: number;
  readonly notCoveredBytes: number;
  /** Groups that lost a member, or an object of theirs. */
  readonly brokenGroups: number;
}

export interface ParityReport {
  readonly uri: string;
  /** The newest version. */
  readonly version: number;
  /** Arrays that ask for parity, by name. */
  readonly arrays: readonly ParityCover[];
}

export interface ParityUpdateOptions extends CallOptions {
  /** Names of arrays; default all that ask for parity. */
  readonly arrays?: readonly string[];
  /** Says what would be done, and writes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Bytes of objects read in a second, about. Default: as many as come. */
  readonly bytesPerSecond?: number;
  /** Told of bytes that are read, and of all that will be. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ParityUpdateReport extends ParityReport {
  readonly dryRun: boolean;
  /** Groups that were encoded, or would be; their members, and the bytes of these. */
  readonly encodedGroups: number;
  readonly encodedObjects: number;
  readonly encodedBytes: number;
  /** Bytes of parity that they get, about. */
  readonly addedBytes: number;
  /** Objects of parity that nothing needs any more, and their bytes. */
  readonly removedObjects: number;
  readonly removedBytes: number;
  /**
   * What is missing, damaged or not read by its disk, and has no parity of its own therefore: `repair` comes
   * first.
   */
  readonly notEncoded: readonly NotEncoded[];
}

/** Two readings of the store's clock differ by less, milliseconds. */
const clockMs = 2_000;

/**
 * Encodes what no group covers, encodes anew what has lost a member or has another shape than its array asks
 * for, and removes what that takes the place of. `arrays` of the report: as they were before.
 *
 * Cost: a LIST for each 1,000 versions and objects of parity, a GET for each version, segment and group; what
 * is encoded once, and a PUT for each object of parity. Memory: within `memoryBytes`; shards of a group over
 * 32 MiB go through files of the temporary folder. Errors: `NotFound`, `InvalidArgument`, and those of
 * reading and writing; damage is in the report.
 */
export async function updateParity(
  environment: UpkeepEnvironment,
  options: ParityUpdateOptions = {},
): Promise<ParityUpdateReport> {
  const { dryRun = false, bytesPerSecond, onProgress, signal } = options;
  checkRate(bytesPerSecond);
  const call = { background: true, ...(signal === undefined ? {} : { signal }) };
  const state = await look(environment, call);
  const { found, plan, report } = state;
  const chosen = chosenArrays(found.head, options.arrays);
  const encode = plan.encode.filter(({ array }) => chosen.has(array));
  const remove = plan.remove.filter((group) => state.ownersOf(group).every((array) => chosen.has(array)));
  const total = encode.flatMap(({ members }) => members).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const planned = {
    ...report,
    dryRun,
    encodedGroups: encode.length,
    encodedObjects: encode.reduce((sum, { members }) => sum + members.length, 0),
    encodedBytes: total,
    addedBytes: encode.reduce((sum, group) => sum + parityBytesOf(group), 0),
  };
  if (dryRun) {
    const objects = remove.flatMap(({ shards }) => shards);
    const bytes = objects.reduce((sum, { observedBytes = 0 }) => sum + observedBytes, 0);
    return { ...planned, removedObjects: objects.length, removedBytes: bytes, notEncoded: [] };
  }
  const pace = new Pace(environment.runtime, bytesPerSecond);
  let done = 0;
  const encoded = await encodeAll(environment, found.head.root.dataset, encode, {
    ...call,
    memoryBytes: environment.memoryBytes,
    pace: (bytes) => pace.take(bytes, signal),
    onBytes: (bytes) => {
      done += bytes;
      onProgress?.(Math.min(done, total), total);
    },
  });
  const covered = new Set(encoded.covered);
  for (const { members } of plan.keep) for (const { key } of members) covered.add(key);
  // Where it is not known what a version needs, nothing is known to be unneeded.
  const unneeded = isKnown(found) ? remove.filter((group) => state.isCovered(group, covered)) : [];
  const removed = await removeGroups(environment, unneeded, state.beganMs - clockMs, call);
  const names = namesOf(found.head);
  return {
    ...planned,
    ...{ encodedGroups: encoded.groups, encodedObjects: encoded.objects, encodedBytes: encoded.bytes },
    ...{ removedObjects: removed.objects, removedBytes: removed.bytes },
    notEncoded: encoded.wrong.map(({ member, array }) => ({
      key: member.key,
      array: names.get(array) ?? '',
    })),
  };
}

/**
 * What arrays have of parity, and what they lack. Cost: as of `updateParity`, and no object is read. Errors:
 * `NotFound`, `Corrupt`.
 */
export async function showParity(
  environment: UpkeepEnvironment,
  { signal }: CallOptions = {},
): Promise<ParityReport> {
  const call = { background: true, ...(signal === undefined ? {} : { signal }) };
  return (await look(environment, call)).report;
}

/** The same of what was surveyed already. */
export function coverOf({ head }: Survey, plan: ParityPlan): ParityCover[] {
  const names = namesOf(head);
  return [...plan.arrays]
    .map(([id, { policy, ...cover }]) => ({ array: names.get(id) ?? '', ...policy, ...cover }))
    .toSorted((a, b) => (a.array < b.array ? -1 : 1));
}

export function planOf(found: Survey, parity: FoundParity): ParityPlan {
  return planParity(found.objects.values(), headOf(found.head), parity.groups);
}

function headOf({ root }: LoadedRoot): Head {
  return {
    arrays: new Set(root.arrays.map(({ id }) => toHex(id))),
    policies: new Map(
      root.arrays.flatMap(({ id, parity }) => {
        const policy = policyOf(parity);
        return policy === undefined ? [] : [[toHex(id), policy] as const];
      }),
    ),
  };
}

interface State {
  readonly found: Survey;
  readonly plan: ParityPlan;
  readonly report: ParityReport;
  readonly beganMs: number;
  /** Ids of the arrays whose objects it has. */
  ownersOf(group: ParityGroup): string[];
  /** Whether every member that is to be covered is so by others. */
  isCovered(group: ParityGroup, covered: ReadonlySet<string>): boolean;
}

async function look(environment: UpkeepEnvironment, call: CallOptions): Promise<State> {
  const { store, functions } = environment;
  const beganMs = storeNowMs(environment);
  const found = await survey(environment, call);
  const { root } = found.head;
  const parity = await findParity(store, root.dataset, functions, call);
  const plan = planOf(found, parity);
  const arrayOf = new Map([...found.objects.values()].map(({ object, array }) => [object.key, array]));
  return {
    ...{ found, plan, beganMs },
    report: { uri: store.uri, version: root.version, arrays: coverOf(found, plan) },
    ownersOf: ({ members }) => [...new Set(members.flatMap(({ key }) => arrayOf.get(key) ?? []))],
    isCovered: ({ members }, covered) =>
      members.every(({ key }) => {
        const array = arrayOf.get(key);
        return covered.has(key) || array === undefined || !plan.arrays.has(array);
      }),
  };
}

function namesOf({ root }: LoadedRoot): Map<string, string> {
  return new Map(root.arrays.map(({ id, name }) => [toHex(id), name]));
}

/** Ids of the arrays of these names. */
function chosenArrays(head: LoadedRoot, names: readonly string[] | undefined): ReadonlySet<string> {
  const all = namesOf(head);
  if (names === undefined) return new Set(all.keys());
  const found = names.map((name) => {
    const id = [...all].find(([, known]) => known === name)?.[0];
    if (id !== undefined) return id;
    throw new NacreError('NotFound', `there is no array '${name}'`, {
      context: { array: name },
      hint: `The arrays are ${[...all.values()].join(', ') || 'none'}.`,
    });
  });
  return new Set(found);
}

function checkRate(bytesPerSecond: number | undefined): void {
  if (bytesPerSecond === undefined || (bytesPerSecond >= 1 && Number.isFinite(bytesPerSecond))) return;
  throw new NacreError('InvalidArgument', `${bytesPerSecond} is no number of bytes a second`, {
    hint: 'Give 1 or more.',
  });
}
