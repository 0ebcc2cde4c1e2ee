// Checks of a backup: every point that is there has all that its version keeps, bit by bit, and nothing in it
// is ever written over.
import { pointPrefix, rootKey } from '../../../src/manifest/keys.js';
import { Moved } from '../../../src/manifest/moved.js';
import { decodePoint } from '../../../src/manifest/points.js';
import type { LoadedRoot } from '../../../src/manifest/root.js';
import { toHex } from '../../../src/util/bytes.js';
import type { Bucket } from '../bucket.js';
import { digestOf } from '../digest.js';
import type { Record } from '../record.js';
import { functions, isKept } from './oracle.js';
import type { Fail } from './upkeep-checks.js';

interface BackedUp {
  readonly log: readonly LoadedRoot[];
  /** Of each version of the log, the objects that its root names. */
  readonly named: readonly ReadonlyMap<string, string>[];
  readonly record: Record;
}

const whole = 'C10 a point has all that it needs';

export function checkBackups(source: Bucket, backup: Bucket, history: BackedUp, fail: Fail): void {
  for (const { key, digest, before, by } of backup.changes) {
    if (digest !== undefined && before !== undefined && digest !== before)
      fail('C1 one body for one key', `${by} overwrote ${key} of the backup`);
    if (digest === undefined && !/^(forgetter|last)/.test(by))
      fail('C1 one body for one key', `${by} deleted ${key} of the backup`);
  }
  const names = backup.keys().filter((key) => key.startsWith(pointPrefix));
  for (const name of names) checkPoint(source, backup, name, history, fail);
  const newest = history.record.points.at(-1)?.name;
  if (newest !== undefined && !names.includes(`${pointPrefix}${newest}`))
    fail('C2 an acknowledged point is there', newest);
}

function checkPoint(
  source: Bucket,
  backup: Bucket,
  name: string,
  { log, named }: BackedUp,
  fail: Fail,
): void {
  const point = decodePoint(backup.objects.get(name)?.bytes ?? new Uint8Array(0), name, functions);
  if (point.revoked) return;
  const moved = Moved.decode(point, name);
  const at = log.findIndex(({ root }) => root.version === point.version);
  const head = log[at];
  if (head === undefined || toHex(head.hash) !== toHex(point.rootHash))
    return fail(whole, `${name} is of no version`);
  const lacks = (key: string): boolean =>
    backup.objects.get(moved.placeOf(key))?.digest !== digestOf(source.first.get(key) ?? new Uint8Array(0));
  for (const [i, { root }] of log.slice(0, at + 1).entries()) {
    const keys = [
      rootKey(root.version),
      ...(isKept(head.root.kept, root.version) ? (named[i]?.keys() ?? []) : []),
    ];
    const missing = keys.find(lacks);
    if (missing !== undefined) fail(whole, `${name} lacks ${missing} of version ${root.version}`);
  }
}
