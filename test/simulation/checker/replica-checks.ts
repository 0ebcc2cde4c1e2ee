// Checks of a replica: at every moment it is a beginning of its source's history, with all that its versions
// need; once it goes its own way the two are told apart.
import { rootKey, versionOfRootKey } from '../../../src/manifest/keys.js';
import type { LoadedRoot } from '../../../src/manifest/root.js';
import { toHex } from '../../../src/util/bytes.js';
import type { Bucket } from '../bucket.js';
import { digestOf } from '../digest.js';
import type { Record } from '../record.js';
import { isKept, logOf } from './oracle.js';
import type { Fail } from './upkeep-checks.js';

interface Copied {
  readonly log: readonly LoadedRoot[];
  /** Of each version of the log, the objects that its root names. */
  readonly named: readonly ReadonlyMap<string, string>[];
  readonly record: Record;
}

const name = 'C13 a replica is a beginning of its source';

export function checkReplica(
  source: Bucket,
  replica: Bucket,
  { log, named, record }: Copied,
  fail: Fail,
): void {
  const byVersion = new Map(log.map((loaded, i) => [loaded.root.version, { loaded, objects: named[i] }]));
  const last = record.promoted?.replicated ?? Number.POSITIVE_INFINITY;
  const landedMs = new Map<number, number>();
  for (const { key, digest, atMs } of source.changes) {
    const version = versionOfRootKey(key);
    if (version !== undefined && digest !== undefined && !landedMs.has(version)) landedMs.set(version, atMs);
  }
  const there = new Map<string, string | undefined>();
  for (const { key, digest, by, atMs } of replica.changes) {
    there.set(key, digest);
    const version = versionOfRootKey(key);
    if (version === undefined || version > last) {
      const right = source.first.get(key);
      if (/^(arrays|segments|indexes)\//.test(key) && right !== undefined && digest !== digestOf(right))
        fail(name, `${by} put other bytes at ${key}`);
      continue;
    }
    if (digest !== digestOf(source.first.get(key) ?? new Uint8Array(0)))
      fail(name, `${by} put another version ${version}`);
    if (version > 1 && !there.has(rootKey(version - 1))) fail(name, `version ${version} came too early`);
    const { loaded, objects = new Map<string, string>() } = byVersion.get(version) ?? {};
    // Of what was no longer kept the root alone comes.
    const wasKept = log.every(
      ({ root }) => (landedMs.get(root.version) ?? 0) > atMs || isKept(root.kept, version),
    );
    if (loaded === undefined || !wasKept) continue;
    const missing = [...objects.keys()].find((object) => !there.has(object));
    if (missing !== undefined) fail(name, `version ${version} came before ${missing}`);
  }
  checkEnd(source, replica, { log, named, record }, fail);
}

/** After the last replication it has everything. */
function checkEnd(source: Bucket, replica: Bucket, { log, named, record }: Copied, fail: Fail): void {
  const { promoted } = record;
  const own = logOf(replica);
  const end = log.at(-1)?.root;
  if (record.copied.at(-1)?.version !== end?.version) fail(name, 'the last replication ended before the end');
  for (const [i, { hash, root }] of log.entries())
    if (toHex(own[i]?.hash ?? new Uint8Array(0)) !== toHex(hash))
      fail(name, `version ${root.version} at the end`);
  for (const [i, objects] of named.entries()) {
    if (!isKept(end?.kept ?? null, log[i]?.root.version ?? 0)) continue;
    for (const key of objects.keys()) {
      const right = digestOf(source.first.get(key) ?? new Uint8Array(0));
      if (replica.objects.get(key)?.digest !== right) fail(name, `${key} of version ${log[i]?.root.version}`);
    }
  }
  if (promoted === undefined) {
    if (own.length !== log.length) fail(name, `it has ${own.length} versions of ${log.length}`);
    return;
  }
  if (!promoted.isRefused) fail('C13 two histories are told apart', 'a promoted replica was replicated to');
  const first = own[log.length]?.root;
  if (promoted.replicated !== end?.version || first?.version !== promoted.version)
    fail('C13 two histories are told apart', `promoted at ${promoted.replicated}, not ${end?.version}`);
  if (toHex(first?.lineage ?? new Uint8Array(0)) === toHex(end?.lineage ?? new Uint8Array(0)))
    fail('C13 two histories are told apart', 'they have one lineage');
}
