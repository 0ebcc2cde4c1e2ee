// The checks of a history, each with its name. The log is the order in which things happened: what clients
// were told, and what they read, is compared with it.
import { rootKey } from '../../../src/manifest/keys.js';
import { updateSetHash, emptySetHash } from '../../../src/manifest/set-hash.js';
import type { LoadedRoot } from '../../../src/manifest/root.js';
import { toHex } from '../../../src/util/bytes.js';
import {
  clash,
  effectsOf,
  type Model,
  rebase,
  type Touch,
  type Touches,
  touchesOf,
  untouched,
} from '../../support/row-model.js';
import type { Bucket } from '../bucket.js';
import { digestNow, digestOf } from '../digest.js';
import type { Attempt, ReadRow, Record } from '../record.js';
import { functions, isKept, logOf, objectsOf } from './oracle.js';
import { checkBackups } from './backup-checks.js';
import { checkRest } from './rest-checks.js';
import { checkRestored } from './restore-checks.js';
import { checkScrubs } from './scrub-checks.js';
import { checkReplica } from './replica-checks.js';
import { checkOrphans, checkUpkeep, type Fail } from './upkeep-checks.js';

export interface Violation {
  readonly check: string;
  readonly what: string;
}

interface Bank {
  readonly name: string;
  readonly accounts: number;
  readonly balance: number;
}

/** A version of the log: the attempts that are in it, in order, and what all together come to. */
interface Version {
  readonly version: number;
  readonly loaded: LoadedRoot;
  readonly attempts: readonly Attempt[];
  readonly model: Model;
}

interface Buckets {
  readonly dataset: Bucket;
  readonly replica: Bucket;
  readonly backup: Bucket;
  readonly restored: Bucket;
}

export function check(
  { dataset: bucket, replica, backup, restored }: Buckets,
  record: Record,
  bank: Bank,
  startMs: number,
): Violation[] {
  const log = logOf(bucket);
  const found: Violation[] = [];
  const fail = (name: string, what: string): void => {
    found.push({ check: name, what });
  };
  checkBucket(bucket, fail);
  const named = log.map((loaded) => objectsOf(loaded));
  checkChain(log, named, fail);
  const placed = placesOf(log, record, fail);
  checkOutcomes(record, placed, fail);
  checkOnce(record, placed, fail);
  checkOrder(record, placed, log, fail);
  const versions = replay(log, record, bank, placed, fail);
  try {
    checkConflicts(record, versions, placed, fail);
  } catch (error) {
    // A client saw rows that the model does not have.
    fail('C9 a version is what was written', `clients saw other rows: ${String(error)}`);
  }
  checkContent(versions, bank, fail);
  checkReads(record, versions, fail);
  checkCopyReads(record, versions, fail);
  checkObjects(bucket, log, named, fail);
  const history = { log, named, record, placed, startMs };
  checkUpkeep(bucket, history, fail);
  checkOrphans(bucket, history, fail);
  checkBackups(bucket, backup, { log, named, record }, fail);
  if (record.copied.length > 0) checkReplica(bucket, replica, { log, named, record }, fail);
  for (const { objects } of [bucket, replica, backup, restored])
    for (const [key, { bytes, digest }] of objects)
      if (digestNow(bytes) !== digest) fail('what is read is not written to', key);
  checkRestored(bucket, restored, { log, named, record, startMs }, fail);
  checkScrubs(bucket, { log, named, record, startMs }, fail);
  checkRest(record, fail);
  for (const key of bucket.hurt)
    if (key.startsWith('versions/')) fail('C12 what is mended is right', `${key} at the end`);
  for (const { client, key } of record.unmended) fail('C12 what is mended is right', `${key} by ${client}`);
  for (const { client, what, code, message } of record.surprises)
    fail('typed errors', `${client}, ${what}: ${code} ${message}`);
  return found;
}

/** Only the hint, leases and records of replicas may be overwritten; a root is never deleted. */
function checkBucket(bucket: Bucket, fail: Fail): void {
  for (const { key, digest, before, by } of bucket.changes) {
    // The same bytes may come back: that is what a repair does.
    const first = bucket.first.get(key);
    if (first !== undefined && digest === digestOf(first)) continue;
    if (/^quarantine\//.test(key)) continue;
    if (key === 'latest' || before === undefined || by === '') continue;
    if (/^(leases|gc|replicas)\//.test(key)) continue;
    if (digest === undefined) {
      if (key.startsWith('versions/')) fail('C1 one body for one key', `${by} deleted ${key}`);
    } else if (digest !== before) fail('C1 one body for one key', `${by} overwrote ${key}`);
  }
}

type Named = readonly ReadonlyMap<string, string>[];

function checkChain(log: readonly LoadedRoot[], named: Named, fail: Fail): void {
  const first = log[0];
  if (first === undefined) return fail('C7 chain', 'there is no version');
  let sum = updateSetHash(emptySetHash, without(named[0]), [], functions);
  for (const [i, { root }] of log.entries()) {
    const parent = log[i - 1];
    const where = `version ${root.version}`;
    if (toHex(root.dataset) !== toHex(first.root.dataset)) fail('C7 chain', `${where} is of another dataset`);
    if (parent === undefined) continue;
    if (root.timeMs < parent.root.timeMs) fail('C14 time never goes back', where);
    sum = updateSetHash(sum, without(named[i], named[i - 1]), without(named[i - 1], named[i]), functions);
    if (toHex(sum) !== toHex(root.setHash)) fail('C7 set hash', where);
  }
}

/** Objects of one version that another one does not name, or names another of. */
function without(
  one: ReadonlyMap<string, string> = new Map(),
  other: ReadonlyMap<string, string> = new Map(),
): { key: string; hash: Uint8Array }[] {
  return [...one]
    .filter(([key, hash]) => other.get(key) !== hash)
    .map(([key, hash]) => ({ key, hash: Buffer.from(hash, 'hex') }));
}

/** The store's clock and what its servers say differ by so much, milliseconds, in a simulated world. */
const clockToleranceMs = 5_000;

/** Times of versions are the store's: never ahead of the put. */
export function checkTimes(bucket: Bucket, startMs: number): Violation[] {
  const found: Violation[] = [];
  const puts = new Map(bucket.changes.filter(({ digest }) => digest !== undefined).map((c) => [c.key, c]));
  for (const { root } of logOf(bucket)) {
    const put = puts.get(rootKey(root.version));
    if (put !== undefined && put.atMs > startMs && root.timeMs > put.atMs + clockToleranceMs)
      found.push({ check: 'C14 time is that of the store', what: `version ${root.version}` });
  }
  return found;
}

/** Where in the log each attempt is. */
function placesOf(log: readonly LoadedRoot[], record: Record, fail: Fail): Map<Attempt, number> {
  const known = new Map(record.attempts.map((attempt) => [attempt.id, attempt]));
  const placed = new Map<Attempt, number>();
  for (const { root } of log) {
    for (const { message } of root.operations) {
      const attempt = known.get(message);
      if (attempt === undefined) continue;
      if (placed.has(attempt) && !isGradual(attempt))
        fail('C2 an acknowledged write is there once', `${message} is there twice`);
      placed.set(attempt, root.version);
    }
  }
  return placed;
}

/** It may commit several times. */
function isGradual({ upkeep }: Attempt): boolean {
  return upkeep?.kind === 'gc' || upkeep?.kind === 'compact';
}

function checkOutcomes(record: Record, placed: ReadonlyMap<Attempt, number>, fail: Fail): void {
  const once = new Map<string, number>();
  for (const [{ once: id }, version] of placed) if (id !== undefined) once.set(id, version);
  // A repeat is told the version of the one that landed.
  const landedAt = (attempt: Attempt): number | undefined =>
    placed.get(attempt) ?? (attempt.once === undefined ? undefined : once.get(attempt.once));
  for (const attempt of record.attempts) {
    const version = placed.get(attempt);
    const { id, outcome } = attempt;
    if (outcome === 'committed') {
      const expected = landedAt(attempt);
      if (expected === undefined) fail('C2 an acknowledged write is there once', `${id} is not there`);
      else if (!isGradual(attempt) && expected !== attempt.version)
        fail('C2 an acknowledged write is there once', `${id} is at ${expected}, not ${attempt.version}`);
    }
    const mayNot = outcome === 'conflict' || outcome === 'failed' || outcome === 'void';
    // What goes step by step and ends half way has done some already.
    if (mayNot && !isGradual(attempt) && version !== undefined)
      fail('C3 what failed is not there', `${id} (${outcome}) is version ${version}`);
  }
  for (const { attempt, outcome, version } of record.settled) {
    const landed = landedAt(attempt);
    if (outcome === 'committed' && landed !== version && !isGradual(attempt))
      fail('C4 settle tells what happened', `${attempt.id}: ${version}, not ${landed}`);
    // A repeat of it may land later.
    if (outcome === 'not-committed' && placed.has(attempt) && !isGradual(attempt))
      fail('C4 settle tells what happened', `${attempt.id} is version ${landed}`);
  }
}

function checkOnce(record: Record, placed: ReadonlyMap<Attempt, number>, fail: Fail): void {
  const seen = new Map<string, string>();
  for (const { id, once } of record.attempts.filter((attempt) => placed.has(attempt))) {
    if (once === undefined) continue;
    const other = seen.get(once);
    if (other !== undefined) fail('C5 exactly once', `${id} and ${other} are one operation`);
    seen.set(once, id);
  }
}

/** The newest version that was acknowledged to anybody before a time. */
function acknowledged(record: Record, log: readonly LoadedRoot[]): (timeMs: number) => number {
  const acks = [
    ...record.attempts.filter(({ outcome }) => outcome === 'committed'),
    ...record.settled.filter(({ outcome }) => outcome === 'committed'),
  ].map(({ returnedMs, version = 0 }) => ({ returnedMs, version }));
  acks.sort((a, b) => a.returnedMs - b.returnedMs);
  const first = log[0]?.root.version ?? 0;
  return (timeMs) =>
    acks.reduce((most, ack) => (ack.returnedMs < timeMs ? Math.max(most, ack.version) : most), first);
}

function checkOrder(
  record: Record,
  placed: ReadonlyMap<Attempt, number>,
  log: readonly LoadedRoot[],
  fail: Fail,
): void {
  const newestBefore = acknowledged(record, log);
  for (const attempt of record.attempts) {
    const version = placed.get(attempt);
    if (attempt.outcome !== 'committed' || version === undefined) continue;
    const before = newestBefore(attempt.invokedMs);
    if (version <= before)
      fail('C6 order in real time', `${attempt.id} is ${version}, after ${before} was acknowledged`);
  }
  const valid = new Set(log.map(({ root }) => root.version));
  const last = new Map<string, number>();
  for (const { handle, sinceMs, version } of record.seen) {
    const least = newestBefore(sinceMs);
    if (version < least) fail('C6 a read is fresh', `${handle} was told ${version}, after ${least}`);
    if (!valid.has(version)) fail('C6 a read is fresh', `${handle} was told ${version}, which there is not`);
    if (version < (last.get(handle) ?? 0)) fail('C6 a handle never goes back', `${handle} to ${version}`);
    last.set(handle, version);
  }
}

/** What each version holds, by the model. */
function replay(
  log: readonly LoadedRoot[],
  record: Record,
  bank: Bank,
  placed: ReadonlyMap<Attempt, number>,
  fail: Fail,
): Version[] {
  const known = new Map(record.attempts.map((attempt) => [attempt.id, attempt]));
  const versions = new Map<number, Version>();
  let model: Model = new Map();
  for (const loaded of log) {
    const { root } = loaded;
    const attempts = root.operations
      .map(({ message }) => known.get(message))
      .filter((attempt) => attempt !== undefined && placed.get(attempt) === root.version) as Attempt[];
    if (root.version === 2 && attempts.length === 0) model = new Map([[bank.name, bankOf(bank)]]);
    for (const { id, base, verbs, upkeep } of attempts) {
      if (upkeep?.kind === 'restore') {
        model = restored(versions.get(upkeep.to)?.model ?? new Map(), model, root.version);
        continue;
      }
      try {
        model = rebase(versions.get(base)?.model ?? new Map(), verbs, model);
      } catch (error) {
        fail('C9 a version is what was written', `${id} saw other rows: ${String(error)}`);
      }
    }
    versions.set(root.version, { version: root.version, loaded, attempts, model });
  }
  return [...versions.values()];
}

/** Every array as it was; ids are not given twice, and an array that was gone counts as another one. */
function restored(from: Model, onto: Model, version: number): Model {
  const counts = new Map([...onto.values()].map(({ key, nextId }) => [key, nextId]));
  return new Map(
    [...from].map(([name, { key, nextId, rows }], i) => {
      const count = counts.get(key);
      if (count === undefined) return [name, { key: -1_000 * version - i, nextId, rows }];
      return [name, { key, nextId: Math.max(nextId, count), rows }];
    }),
  );
}

/** What a restore is to others: of arrays that it changed all rows are new. */
function touchesOfRestore(before: Model, after: Model): Touches {
  const arrays = new Map<number, Touch>();
  const byKey = new Map([...after.values()].map((array) => [array.key, array]));
  for (const { key, rows } of before.values()) {
    const now = byKey.get(key);
    const isSame =
      now?.rows.length === rows.length &&
      rows.every((row, i) => row.id === now.rows[i]?.id && row.value === now.rows[i]?.value);
    if (isSame) continue;
    const replaced = new Set([...rows, ...(now?.rows ?? [])].map(({ id }) => id));
    arrays.set(key, { ...untouched(), replaced, renamed: true, droppedArray: now === undefined });
  }
  const names = new Set([...after.keys()].filter((name) => !before.has(name)));
  return { arrays, names, created: names, undone: new Set(), filled: new Set(), beside: new Map() };
}

function bankOf({ accounts, balance }: Bank) {
  const rows = Array.from({ length: accounts }, (_, id) => ({ id, value: balance }));
  return { key: -1, nextId: accounts, rows };
}

/** Uploads younger than this are no orphans, milliseconds: the grace, less what clocks differ by. */
const youngMs = 55_000;

/** Nobody lands beside what clashes with it, and a conflict has its reason. */
function checkConflicts(
  record: Record,
  versions: readonly Version[],
  placed: ReadonlyMap<Attempt, number>,
  fail: Fail,
): void {
  const modelAt = new Map(versions.map(({ version, model }) => [version, model]));
  const effects = new Map<Attempt, Touches>();
  const landing = new Map<Attempt, Model>();
  const order: { readonly attempt: Attempt; readonly version: number }[] = [];
  let before: Model = new Map();
  for (const { version, attempts, model } of versions) {
    for (const attempt of attempts) {
      const base = modelAt.get(attempt.base) ?? new Map();
      const isRestore = attempt.upkeep?.kind === 'restore';
      effects.set(
        attempt,
        isRestore ? touchesOfRestore(before, model) : effectsOf(touchesOf(base, attempt.verbs), before),
      );
      order.push({ attempt, version });
      landing.set(attempt, before);
    }
    before = model;
  }
  for (const attempt of record.attempts) {
    const base = modelAt.get(attempt.base);
    if (base === undefined) continue;
    const mine = touchesOf(base, attempt.verbs);
    const later = order.filter(({ version }) => version > attempt.base);
    const place = later.findIndex((one) => one.attempt === attempt);
    const passed = place < 0 ? later : later.slice(0, place);
    const onto = landing.get(attempt);
    const clashes = passed.filter((one) => clash(mine, effects.get(one.attempt) as Touches, onto));
    if (placed.has(attempt) && clashes.length > 0)
      fail('C9 no update is lost', `${attempt.id} landed beside ${clashes[0]?.attempt.id}`);
    // A clean-up leaves alone what nobody refers to yet, for a while.
    const isCollected = attempt.collected && attempt.returnedMs - attempt.invokedMs > youngMs;
    const reasons = [attempt.upkeep !== undefined, isCollected].includes(true)
      ? passed.length
      : clashes.length + passed.filter((one) => one.attempt.upkeep?.kind === 'restore').length;
    if (attempt.outcome === 'conflict' && reasons === 0)
      fail('C9 a conflict has its reason', `${attempt.id} clashes with nothing`);
  }
}

function checkContent(versions: readonly Version[], bank: Bank, fail: Fail): void {
  for (const { version, loaded, model } of versions) {
    const rows = model.get(bank.name)?.rows ?? [];
    const sum = rows.reduce((total, { value }) => total + value, 0);
    if (version >= 2 && sum !== bank.accounts * bank.balance)
      fail('C9 the bank keeps its sum', `version ${version}: ${sum}`);
    const said = new Map(loaded.root.arrays.map((array) => [array.name, array.liveRows]));
    for (const [name, array] of model) {
      if (said.get(name) !== array.rows.length)
        fail('C9 a version is what was written', `${name} at ${version}: ${said.get(name)} rows`);
    }
    if (said.size !== model.size) fail('C9 a version is what was written', `arrays of ${version}`);
  }
}

function matches({ values, ids }: ReadRow, model: Model, name: string): boolean {
  const rows = model.get(name)?.rows;
  if (values === undefined || rows === undefined) return values === undefined && rows === undefined;
  if (values.length !== rows.length) return false;
  return rows.every((row, i) => row.value === values[i] && (ids === undefined || ids[i] === row.id));
}

/** A version reads the same whoever reads it and whenever; a read of the newest is of one that was it. */
function checkReads(record: Record, versions: readonly Version[], fail: Fail): void {
  const byNumber = new Map(versions.map((one) => [one.version, one.model]));
  const newestBefore = acknowledged(
    record,
    versions.map(({ loaded }) => loaded),
  );
  for (const read of record.reads) {
    const { client, array, version } = read;
    if (version !== undefined) {
      const model = byNumber.get(version);
      if (model === undefined || !matches(read, model, array))
        fail('C8 a version reads the same for ever', `${client}: ${array} at ${version}`);
      continue;
    }
    const least = newestBefore(read.since);
    if (!versions.some((one) => one.version >= least && matches(read, one.model, array)))
      fail('C11 a read is right and fresh', `${client}: ${array}, from ${least} on`);
  }
}

/** What is read of a replica is a version of the source, and none before what it was said to have. */
function checkCopyReads(record: Record, versions: readonly Version[], fail: Fail): void {
  for (const { client, what } of record.copyBroken)
    fail('C13 a replica opens at every moment', `${client}: ${what}`);
  for (const read of record.copyReads) {
    if (!versions.some((one) => one.version >= read.since && matches(read, one.model, read.array)))
      fail('C13 a replica is a beginning of its source', `${read.array} as ${read.client} read it`);
  }
}

/** Everything that a version names is there, and is what the version says that it is. */
function checkObjects(bucket: Bucket, log: readonly LoadedRoot[], named: Named, fail: Fail): void {
  const kept = log.at(-1)?.root.kept ?? null;
  const right = new Map<string, string>();
  for (const [i, objects] of named.entries()) {
    if (!isKept(kept, log[i]?.root.version ?? 0)) continue;
    for (const [key, hash] of objects) {
      const body = bucket.objects.get(key);
      if (body !== undefined && !right.has(key)) right.set(key, toHex(functions.blake3(body.bytes)));
      if (right.get(key) !== hash)
        fail('C10 what a version names is there', `${key} of version ${log[i]?.root.version}`);
    }
  }
}
