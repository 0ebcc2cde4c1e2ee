// Checks of the history itself: tags, what is kept, what may be deleted, and leases.
import { toHex } from '../../../src/util/bytes.js';
import type { LoadedRoot } from '../../../src/manifest/root.js';
import type { Bucket } from '../bucket.js';
import type { Attempt, Record } from '../record.js';
import { isKept, leasesIn } from './oracle.js';

export type Fail = (check: string, what: string) => void;

/** Clocks of one bucket's servers differ, and stamps are older than puts: milliseconds. */
const toleranceMs = 5_000;

/** So old a listing may be that an expiry goes by; clean-up looks once more, and knows an old one. */
const oldListMs = 30_000;

interface History {
  readonly log: readonly LoadedRoot[];
  /** Of each version of the log, the objects that its root names. */
  readonly named: readonly ReadonlyMap<string, string>[];
  readonly record: Record;
  readonly placed: ReadonlyMap<Attempt, number>;
  readonly startMs: number;
}

export function checkUpkeep(bucket: Bucket, history: History, fail: Fail): void {
  checkTags(history, fail);
  checkRestores(history, fail);
  checkRowIds(history, fail);
  checkKept(history, fail);
  checkExpired(history, fail);
  checkDeletions(bucket, history, fail);
  for (const { client, version } of history.record.broken)
    fail('C10 a lease holds', `${client} could not read ${version}`);
}

function attemptsAt({ placed }: History): Map<number, Attempt[]> {
  const at = new Map<number, Attempt[]>();
  for (const [attempt, version] of placed) at.set(version, [...(at.get(version) ?? []), attempt]);
  return at;
}

/** Tags are what was set, one after the other, and no two agree on moving one from the same place. */
function checkTags(history: History, fail: Fail): void {
  const at = attemptsAt(history);
  let tags = new Map<string, number>();
  const states = new Map<number, ReadonlyMap<string, number>>();
  for (const [i, { root }] of history.log.entries()) {
    const before = history.log[i - 1]?.root.kept ?? null;
    tags = new Map(tags);
    for (const { upkeep, id } of at.get(root.version) ?? []) {
      if (upkeep?.kind === 'deleteTag' && !tags.delete(upkeep.name))
        fail('C18 tags are what was set', `${id} deleted what was not there`);
      if (upkeep?.kind !== 'tag') continue;
      if (upkeep.moves !== tags.has(upkeep.name))
        fail('C18 tags are what was set', `${id} found another tag`);
      if (!isKept(before, upkeep.to)) fail('C18 a tagged version is kept', `${id} tagged ${upkeep.to}`);
      tags.set(upkeep.name, upkeep.to);
    }
    states.set(root.version, tags);
    const said = root.tags.filter(({ version }) => version > 0);
    const same = said.length === tags.size && said.every(({ name, version }) => tags.get(name) === version);
    if (!same) fail('C18 tags are what was set', `at version ${root.version}`);
    for (const version of tags.values())
      if (!isKept(root.kept, version)) fail('C18 a tagged version is kept', `${version} at ${root.version}`);
  }
  for (const { client, name, version } of history.record.tags) {
    if (![...states.values()].some((state) => state.get(name) === version))
      fail('C18 tags are what was set', `${client} was led by ${name} to ${version}`);
  }
}

/** A restore follows the version that it was planned at. */
function checkRestores({ log, placed }: History, fail: Fail): void {
  for (const [{ id, upkeep, base }, version] of placed) {
    if (upkeep?.kind !== 'restore') continue;
    const between = log.find(({ root }) => root.version > base && root.version < version);
    if (between !== undefined)
      fail('C9 a restore follows what it was planned at', `${id} at ${version}, planned at ${base}`);
  }
}

/** No row id is given twice: the counter of an array never goes back, not even where the array was gone. */
function checkRowIds({ log }: History, fail: Fail): void {
  const counters = new Map<string, number>();
  for (const { root } of log) {
    for (const { id, name, nextRowId } of root.arrays) {
      const key = toHex(id);
      if (nextRowId < (counters.get(key) ?? 0))
        fail('C20 a row id is given once', `${name} at version ${root.version}`);
      counters.set(key, Math.max(nextRowId, counters.get(key) ?? 0));
    }
  }
}

/** What is gone stays gone; what was the newest a short while ago, and what is held, does not go. */
function checkKept({ log, record, placed, startMs }: History, fail: Fail): void {
  const landed = new Map([...placed].map(([attempt, version]) => [version, attempt]));
  for (const [i, { root }] of log.entries()) {
    const parent = log[i - 1];
    if (parent === undefined) continue;
    const attempt = landed.get(root.version);
    for (const [j, { root: old }] of log.slice(0, i).entries()) {
      const [was, is] = [isKept(parent.root.kept, old.version), isKept(root.kept, old.version)];
      if (is && !was) fail('C19 what is gone stays gone', `${old.version} at ${root.version}`);
      if (is || !was) continue;
      const { upkeep, invokedMs = 0 } = attempt ?? {};
      if (upkeep?.kind !== 'expire') {
        fail('C19 only expiry lets go', `${old.version} at ${root.version}`);
        continue;
      }
      const childMs = log[j + 1]?.root.timeMs ?? Number.POSITIVE_INFINITY;
      if (childMs > root.timeMs - upkeep.minAgeMs + toleranceMs)
        fail('C19 what was the newest lately is kept', `${old.version} at ${root.version}`);
      const held = record.held.find(
        ({ version, fromMs, untilMs }) =>
          version === old.version &&
          fromMs < invokedMs - oldListMs &&
          untilMs > root.timeMs - startMs + toleranceMs,
      );
      if (held !== undefined) fail('C19 what is held is kept', `${old.version} at ${root.version}`);
    }
  }
}

/** A version is said to be gone only when it is. */
function checkExpired({ log, record, startMs }: History, fail: Fail): void {
  for (const { client, version, atMs } of record.expired) {
    const said = log.some(
      ({ root }) => !isKept(root.kept, version) && root.timeMs - startMs <= atMs + toleranceMs,
    );
    if (!said) fail('C19 a version is said to be gone when it is', `${version} to ${client}`);
  }
}

function cameBack({ changes }: Bucket, key: string, fromMs: number, untilMs: number): boolean {
  return changes.some(
    (put) => put.key === key && put.digest !== undefined && put.atMs >= fromMs && put.atMs <= untilMs,
  );
}

/** What was deleted was of no version that is kept, that was kept a grace before, or that was held. */
function checkDeletions(bucket: Bucket, { log, named, record, startMs }: History, fail: Fail): void {
  const users = new Map<string, number[]>();
  for (const [i, objects] of named.entries())
    for (const key of objects.keys()) users.set(key, [...(users.get(key) ?? []), i]);
  const graceMs = Math.max(
    0,
    ...record.attempts.map(({ upkeep }) => (upkeep?.kind === 'gc' ? upkeep.graceMs : 0)),
  );
  for (const { key, digest, by, atMs } of bucket.changes) {
    if (digest !== undefined || by === '' || !/^(arrays|segments|indexes)\//.test(key)) continue;
    const now = atMs - startMs;
    for (const i of users.get(key) ?? []) {
      const { root } = log[i] as LoadedRoot;
      const gone = log.find((later) => !isKept(later.root.kept, root.version))?.root;
      if (gone === undefined || gone.timeMs > atMs - graceMs + toleranceMs)
        fail('C10 nothing reachable is deleted', `${key} of version ${root.version} by ${by}`);
      // Also what was gone when the lease was given, and did not come back until then.
      const held = record.held.some(
        ({ version, fromMs, untilMs }) =>
          version === root.version &&
          untilMs > now + toleranceMs &&
          !cameBack(bucket, key, atMs, fromMs + startMs),
      );
      if (held) fail('C10 a lease holds', `${key} of version ${root.version} by ${by}`);
    }
  }
}

/** After the last clean-up nothing is left that no version needs. */
export function checkOrphans(bucket: Bucket, { log, named }: History, fail: Fail): void {
  const kept = log.at(-1)?.root.kept ?? null;
  // Those of requests that arrived after their release, too: they hold until their time.
  const leased = new Set(leasesIn(bucket).map(({ version }) => version));
  const needed = new Set<string>();
  for (const [i, objects] of named.entries()) {
    const { version } = (log[i] as LoadedRoot).root;
    if (isKept(kept, version) || leased.has(version)) for (const key of objects.keys()) needed.add(key);
  }
  const left = bucket.keys().filter((key) => /^(arrays|segments|indexes)\//.test(key) && !needed.has(key));
  const [one] = left;
  if (one === undefined) return;
  const of = log.filter((_, i) => named[i]?.has(one)).map(({ root }) => root.version);
  const keeps = `${kept?.from ?? 1} and ${kept?.also.join() ?? ''} are kept`;
  fail(
    'C10 nothing is left over',
    `${left.length} objects, ${one} of ${of.join() || 'no version'}; ${keeps}`,
  );
}
