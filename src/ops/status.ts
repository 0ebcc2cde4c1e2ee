// How a dataset is: its newest version, its hint, and what of it nobody verified lately, as far as this
// machine knows.
import { readRoot } from '../manifest/head.js';
import { hashOfHealedKey, healedPrefix, pointPrefix } from '../manifest/keys.js';
import { holdsAny, listPages } from '../storage/list-pages.js';
import { listReplicas } from '../manifest/replicas.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import type { UpkeepEnvironment } from './environment.js';
import { coverOf, type ParityCover, planOf } from './parity.js';
import { findParity } from './parity/groups.js';
import { type LastScrub, type Running, type ScrubMode, ScrubNotes } from './scrub/notes.js';
import { damagedRoot, type HintReport, hintReport } from './scrub/report.js';
import { bytesOf, type Survey, survey } from './scrub/survey.js';
import { storeNowMs } from '../storage/store-time.js';

export type { LastScrub, Running } from './scrub/notes.js';

export interface StatusOptions extends CallOptions {
  /** What was verified longer ago counts as not verified, milliseconds. Default 30 days. */
  readonly verifiedWithinMs?: number;
}

export interface Status {
  readonly uri: string;
  readonly version: number;
  /** When the newest version was committed, and now, milliseconds since 1970 by the store's clock. */
  readonly timeMs: number;
  readonly nowMs: number;
  readonly hint: HintReport;
  readonly versions: number;
  readonly keptVersions: number;
  /** Roots that are damaged; objects are looked at by a scrub. */
  readonly damagedRoots: number;
  /**
   * Objects below `healed/`, and their bytes: right bytes of what is damaged under its own key and could not
   * be overwritten there. A repair with the right to puts them back.
   */
  readonly healedObjects: number;
  readonly healedBytes: number;
  /** Objects of kept versions, and their bytes. */
  readonly objects: number;
  readonly sizeBytes: number;
  /** Of these what was not verified lately from this machine. */
  readonly notVerifiedObjects: number;
  readonly notVerifiedBytes: number;
  /** The last scrub of each mode from this machine. */
  readonly scrubs: Readonly<Partial<Record<ScrubMode, LastScrub>>>;
  /** The scrub that runs on this machine now, or was killed. */
  readonly running?: Running;
  /** Since when a full scrub is not done. */
  readonly fullSinceMs?: number;
  /** `backup`: it has points, and is no dataset. */
  readonly role: 'primary' | 'replica' | 'backup';
  /** Replicas that were told of here, as of when replication last came by. */
  readonly replicas: readonly ReplicaStatus[];
  /** Of arrays that ask for parity: what they have of it, and what they lack. */
  readonly parity: readonly ParityCover[];
}

export interface ReplicaStatus {
  readonly uri: string;
  /** Its newest version, and when it came there, milliseconds since 1970 by the store's clock. */
  readonly version: number;
  readonly timeMs: number;
  /** Versions that it lacks, and how long ago the first of them was committed, milliseconds. */
  readonly lagVersions: number;
  readonly lagMs: number;
}

const thirtyDaysMs = 30 * 24 * 3_600_000;

/**
 * Cost: a LIST for each 1,000 versions and for what is healed elsewhere, a request a version and a segment,
 * two a replica, one a group of parity.
 */
export async function status(environment: UpkeepEnvironment, options: StatusOptions = {}): Promise<Status> {
  const { verifiedWithinMs = thirtyDaysMs, signal } = options;
  const call = signal === undefined ? {} : { signal };
  const found = await survey(environment, call);
  const notes = await ScrubNotes.look(environment, found.head);
  const nowMs = storeNowMs(environment);
  const all = [...found.objects.values()];
  const old = all.filter(({ id }) => nowMs - (notes.verifiedMs(id) ?? 0) >= verifiedWithinMs);
  const { running, fullSinceMs } = notes;
  const replicas = await replicasOf(environment, found.head, nowMs, call);
  const parity = await coverOfParity(environment, found, call);
  return {
    uri: environment.store.uri,
    ...{ version: found.head.root.version, timeMs: found.head.root.timeMs, nowMs, hint: hintReport(found) },
    ...{ versions: found.versions, keptVersions: found.keptVersions },
    // Those that are healed elsewhere are counted there.
    damagedRoots: found.damagedRoots.filter((root) => damagedRoot(root).healed === undefined).length,
    ...(await healedOf(environment, call)),
    ...{ objects: all.length, sizeBytes: bytesOf(all) },
    ...{ notVerifiedObjects: old.length, notVerifiedBytes: bytesOf(old), scrubs: notes.last },
    ...(running === undefined ? {} : { running }),
    ...(fullSinceMs === undefined ? {} : { fullSinceMs }),
    ...{ role: await roleOf(environment, found, call), replicas, parity },
  };
}

/** Backups have no hint: only where there is none is there another look. */
async function roleOf(
  { store }: UpkeepEnvironment,
  { hint: { problem, role } }: Survey,
  call: CallOptions,
): Promise<Status['role']> {
  if (problem === 'elsewhere') return 'primary';
  if (problem !== 'absent') return role;
  return (await holdsAny(store, pointPrefix, call)) ? 'backup' : role;
}

async function healedOf(
  { store }: UpkeepEnvironment,
  call: CallOptions,
): Promise<Pick<Status, 'healedObjects' | 'healedBytes'>> {
  let [healedObjects, healedBytes] = [0, 0];
  for await (const page of listPages(store, { ...call, prefix: healedPrefix })) {
    for (const { key, sizeBytes } of page) {
      if (hashOfHealedKey(key) === undefined) continue;
      healedObjects += 1;
      healedBytes += sizeBytes;
    }
  }
  return { healedObjects, healedBytes };
}

/** Nothing is asked for where no array has parity. */
async function coverOfParity(
  { store, functions }: UpkeepEnvironment,
  found: Survey,
  call: CallOptions,
): Promise<ParityCover[]> {
  const { root } = found.head;
  if (!root.arrays.some(({ parity }) => parity !== null)) return [];
  return coverOf(found, planOf(found, await findParity(store, root.dataset, functions, call)));
}

async function replicasOf(
  { store, functions, warn }: UpkeepEnvironment,
  head: LoadedRoot,
  nowMs: number,
  call: CallOptions,
): Promise<ReplicaStatus[]> {
  const records = await listReplicas(store, head.root.dataset, functions, { ...call, warn });
  return Promise.all(
    records.map(async ({ uri, version, timeMs }) => {
      const lagVersions = Math.max(0, head.root.version - version);
      const lacked = lagVersions === 0 ? undefined : await readRoot(store, version + 1, functions, call);
      const lagMs = lacked === undefined ? 0 : Math.max(0, nowMs - lacked.root.timeMs);
      return { uri, version, timeMs, lagVersions, lagMs };
    }),
  );
}
