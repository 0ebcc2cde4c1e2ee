// Upkeep by address: the way in where open() fails, since a repair begins with what cannot be opened.
import type { ParityReport, ParityUpdateOptions, ParityUpdateReport } from '../ops/parity.js';
import type { LinkableObject } from '../ops/link.js';
import type { RepairOptions, RepairReport } from '../ops/repair.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import type { OpenReplicas, ReplicateOptions, ReplicateReport } from '../ops/replicate.js';
import type { ScrubOptions, ScrubReport } from '../ops/scrub.js';
import type { Status, StatusOptions } from '../ops/status.js';
import type { CallOptions } from '../storage/object-store.js';
import { connect, type PlaceOptions } from './connect.js';
import type { Environment } from './environment.js';
import type { Promoted, PromoteOptions } from './promote.js';
import type { RestoreToOptions, RestoreToReport } from './restore-to.js';

export type UpkeepConnection = PlaceOptions;

/** Sources of a repair, besides what the place itself has. */
export interface RepairFrom extends RepairOptions {
  /** Addresses of replicas, copies or backups of the same dataset, asked in this order. */
  readonly sources?: readonly string[];
}

/** Whether every byte that kept versions need is there and right, by address. As `Dataset.scrub()`. */
export function scrub(uri: string, options: ScrubOptions & UpkeepConnection = {}): Promise<ScrubReport> {
  return at(uri, options, async (environment) =>
    (await import('../ops/scrub.js')).scrub(environment, options),
  );
}

/**
 * The `.npy` objects below a prefix that `tx.link()` can make rows of, by keys from the prefix on, by their
 * addresses (`s3://…`, `/…`, `./…`), or by patterns of either, in which `*` stands for any part of a name:
 * `train/*.npy`. Each once, those of a pattern in the byte
 * order of their keys; nothing is written, and no dataset need be there.
 *
 * Cost: a LIST for each 1,000 keys that begin as a pattern does, a GET of 4 KiB an object. Errors: `NotFound`
 * where a key, or all of a pattern, is not there; `InvalidArgument` and `UnsupportedFormat` for what cannot
 * be linked, with the reason; `ResourceExhausted` for more than 100,000 objects.
 */
export function linkable(
  uri: string,
  patterns: string | readonly string[],
  options: CallOptions & UpkeepConnection = {},
): Promise<readonly LinkableObject[]> {
  return at(uri, options, async (environment) => {
    const [{ findLinkable }, { keysBelow }] = await Promise.all([
      import('../ops/link.js'),
      import('../storage/uri.js'),
    ]);
    return findLinkable(environment, keysBelow(uri, [patterns].flat()), options);
  });
}

/** How a dataset is, by address. As `Dataset.status()`. */
export function status(uri: string, options: StatusOptions & UpkeepConnection = {}): Promise<Status> {
  return at(uri, options, async (environment) =>
    (await import('../ops/status.js')).status(environment, options),
  );
}

/**
 * Puts damaged and missing objects back, by address: also where the dataset cannot be opened, as long as a
 * root, the hint or a source says what belongs there. As `Dataset.repair()`.
 */
export function repair(uri: string, options: RepairFrom & UpkeepConnection = {}): Promise<RepairReport> {
  return at(uri, options, (environment) => repairFrom(environment, options, options));
}

/**
 * Brings another place up to the source's newest version: its versions, bytes unchanged, and what kept ones
 * need. The destination is empty or a replica of the same dataset, opens at every moment, and takes no
 * writes until `promote()`. What is there is not copied again, so a run that was ended goes on. Where the
 * source has no right bytes of an object, its other replicas are asked.
 *
 * Cost and errors: see `ReplicateReport` and docs/replicas.md.
 */
export function replicate(
  source: string,
  destination: string,
  options: ReplicateOptions & UpkeepConnection = {},
): Promise<ReplicateReport> {
  return at(source, options, (from) =>
    at(destination, options, async (to) => {
      const { replicate: run } = await import('../ops/replicate.js');
      return withReplicas(from, to, options, (openReplicas) => run(from, to, openReplicas, options));
    }),
  );
}

/**
 * Makes a dataset of a pack, in an empty folder or prefix, which takes writes: as `restoreTo()` does.
 */
export function unpack(
  file: string,
  destination: string,
  options: RestoreToOptions & UpkeepConnection = {},
): Promise<RestoreToReport> {
  return restoreTo(file, destination, options);
}

/**
 * Restores into another place: the history up to a version with the data of the versions that it keeps, as
 * far as the source still has it, and then a version of a new lineage, which takes writes. The place is
 * empty, and opens for nobody (`Unavailable`) until it is whole; a restore that was interrupted goes on when
 * it is run again. As `Dataset.restoreTo()`.
 */
export function restoreTo(
  source: string,
  destination: string,
  options: RestoreToOptions & UpkeepConnection = {},
): Promise<RestoreToReport> {
  return at(source, options, (from) => restoreFrom(from, destination, options, options));
}

export async function restoreFrom(
  from: Environment,
  destination: string,
  options: RestoreToOptions,
  connection: UpkeepConnection,
): Promise<RestoreToReport> {
  const { restoreTo: run } = await import('./restore-to.js');
  const { signal: _, ...others } = connection;
  const connect = { ...others, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  return at(destination, connect, (to) =>
    withReplicas(from, to, connect, (openReplicas) => run(from, to, openReplicas, options)),
  );
}

/** Hands out the replicas that a source has told of, opened when they are asked for and closed at the end. */
export async function withReplicas<T>(
  from: Environment,
  to: Environment,
  options: UpkeepConnection,
  work: (openReplicas: OpenReplicas) => Promise<T>,
): Promise<T> {
  const opened: (() => Promise<void>)[] = [];
  const openReplicas = async (dataset: Uint8Array): Promise<Environment[]> => {
    const { listReplicas } = await import('../manifest/replicas.js');
    const records = await listReplicas(from.store, dataset, from.functions, { warn: to.warn });
    const uris = records.map(({ uri }) => uri).filter((uri) => uri !== to.store.uri);
    const places = await Promise.all(uris.map((uri) => connect(uri, options).catch(() => undefined)));
    return places.flatMap((place) => {
      if (place === undefined) return [];
      opened.push(place.close);
      return [place.environment];
    });
  };
  try {
    return await work(openReplicas);
  } finally {
    for (const close of opened) await close();
  }
}

/**
 * Makes a replica a primary: it gets an empty version of a lineage of its own, and takes writes. What the old
 * primary commits from then on never comes here: a replication from it names the first version that differs.
 *
 * Cost: a LIST for 1,000 objects, and two PUTs. Errors: `NotFound`, `InvalidArgument` where it is no replica,
 * `Corrupt` where no version is complete, and those of a commit.
 */
export function promote(uri: string, options: PromoteOptions & UpkeepConnection = {}): Promise<Promoted> {
  return at(uri, options, async (environment) =>
    (await import('./promote.js')).promote(environment, options),
  );
}

/** What arrays have of parity, and what they lack, by address. See {@link ParityReport}. */
export function parity(uri: string, options: CallOptions & UpkeepConnection = {}): Promise<ParityReport> {
  return at(uri, options, async (environment) =>
    (await import('../ops/parity.js')).showParity(environment, options),
  );
}

/**
 * Covers objects of arrays that ask for it (`tx.setParity()`) by parity, from which `repair()` makes as many
 * good as a group has of it: what no group covers is encoded; what has lost a member, or has another shape
 * than is asked for, is encoded anew, and what that takes the place of goes. It makes no version, works on a
 * replica, too, and may end at any point: the next one goes on.
 *
 * Cost: a LIST for each 1,000 versions and objects of parity, a GET for each version, segment and group; the
 * bytes that it encodes, once, and a PUT for each object of parity. Memory: within `memoryBytes`. Errors:
 * `NotFound`, `InvalidArgument`, and those of reading and writing; what is damaged is in the report.
 */
export function updateParity(
  uri: string,
  options: ParityUpdateOptions & UpkeepConnection = {},
): Promise<ParityUpdateReport> {
  return at(uri, options, async (environment) =>
    (await import('../ops/parity.js')).updateParity(environment, options),
  );
}

/** Opens the sources for as long as the repair takes. */
export async function repairFrom(
  environment: Environment,
  { sources = [], ...options }: RepairFrom,
  connect: UpkeepConnection,
): Promise<RepairReport> {
  const { repair: run } = await import('../ops/repair.js');
  const { signal: _, ...others } = connect;
  const connection = { ...others, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const open = (uris: readonly string[], opened: readonly Environment[]): Promise<RepairReport> => {
    const [uri, ...rest] = uris;
    if (uri !== undefined)
      return at(uri, connection, async (source) => {
        const { asSource } = await import('../ops/backup/view.js');
        return open(rest, [...opened, await asSource(source, callOptions(connection))]);
      });
    const named = opened.map((source) => ({ ...source, name: source.store.uri }));
    return run(environment, named, options);
  };
  return open(sources, []);
}

export async function at<T>(
  uri: string,
  options: UpkeepConnection,
  work: (environment: Environment) => Promise<T>,
): Promise<T> {
  const { environment, close } = await connect(uri, options);
  try {
    return await work(environment);
  } finally {
    await close();
  }
}
