// Checks of scrubs: whatever one names was damaged while it ran, and a full one of a dataset to which nothing
// happens meanwhile names all that is.
import { hintKey, rootKey } from '../../../src/manifest/keys.js';
import type { LoadedRoot } from '../../../src/manifest/root.js';
import type { Bucket } from '../bucket.js';
import { digestOf } from '../digest.js';
import type { Record } from '../record.js';
import { isKept } from './oracle.js';
import type { Fail } from './upkeep-checks.js';

interface History {
  readonly log: readonly LoadedRoot[];
  /** Of each version of the log, the objects that its root names. */
  readonly named: readonly ReadonlyMap<string, string>[];
  readonly record: Record;
  readonly startMs: number;
}

export function checkScrubs(bucket: Bucket, { log, named, record, startMs }: History, fail: Fail): void {
  for (const { client, invokedMs, returnedMs, found, spoiled, hurt } of record.scrubs) {
    for (const { key, damage } of found)
      if (!spoiled.has(key) && !wasHurt(bucket, key, startMs + invokedMs, startMs + returnedMs))
        fail('C12 what a scrub names is damaged', `${key} (${damage}) by ${client}`);
    if (hurt === undefined) continue;
    const last = log.findLast(({ root }) => root.timeMs <= startMs + returnedMs)?.root;
    const needed = new Set(log.map(({ root }) => rootKey(root.version)));
    for (const [i, objects] of named.entries()) {
      const { version, timeMs } = (log[i] as LoadedRoot).root;
      // Of a version whose root is hurt nobody here knows what it needs.
      const isKnown = timeMs <= startMs + invokedMs && !hurt.includes(rootKey(version));
      if (isKnown && isKept(last?.kept ?? null, version)) for (const key of objects.keys()) needed.add(key);
    }
    const names = new Set(found.map(({ key }) => key));
    for (const key of hurt)
      if (needed.has(key) && !names.has(key)) fail('C12 a scrub finds all damage', `${key} by ${client}`);
  }
}

/** Whether other bytes than the right ones stood there at some time between, or none. */
function wasHurt(bucket: Bucket, key: string, fromMs: number, untilMs: number): boolean {
  const first = bucket.first.get(key);
  const right = first && digestOf(first);
  let isHurt = false;
  for (const change of bucket.changes) {
    if (change.key !== key) continue;
    if (change.atMs > untilMs) break;
    if (isHurt && change.atMs >= fromMs) return true;
    // Of the hint there are many that are right: those that somebody wrote.
    isHurt = change.by === '' && (key === hintKey || change.digest !== right);
  }
  return isHurt;
}
