// Checks of a place to which a version was restored: it opens for nobody before everything is there that its
// versions need, bit by bit; then it is that version, under a lineage of its own. The source is only read.
import { decodeFrame } from '../../../src/manifest/frame.js';
import { hintKey, rootKey } from '../../../src/manifest/keys.js';
import { decode, v1 } from '../../../src/manifest/message.js';
import type { LoadedRoot } from '../../../src/manifest/root.js';
import { toHex } from '../../../src/util/bytes.js';
import type { Bucket } from '../bucket.js';
import { digestOf } from '../digest.js';
import type { Record, Restore } from '../record.js';
import { functions, isKept, logOf } from './oracle.js';
import type { Fail } from './upkeep-checks.js';

interface History {
  readonly log: readonly LoadedRoot[];
  /** Of each version of the log, the objects that its root names. */
  readonly named: readonly ReadonlyMap<string, string>[];
  readonly record: Record;
  readonly startMs: number;
}

const half = 'C21 a half-restored place opens for nobody';
const same = 'C21 what is restored is the version that it was';

export function checkRestored(source: Bucket, restored: Bucket, history: History, fail: Fail): void {
  const { restore } = history.record;
  if (restore === undefined) return;
  for (const { key, by } of source.changes)
    if (/^restorer\.\d+\.\d+$/.test(by)) fail(same, `${by} changed ${key} of the source`);
  for (const { key, digest, before, by } of restored.changes)
    if (key !== hintKey && before !== undefined && digest !== before)
      fail('C1 one body for one key', `${by} changed ${key} of what it restored`);
  const first = restored.changes.find(({ key }) => key === hintKey);
  const opening = openingOf(restored);
  if (restored.changes[0] !== first || (first !== undefined && restoringIn(restored) === undefined))
    fail(half, 'what it is was not said first');
  const openedMs = (opening?.atMs ?? Number.POSITIVE_INFINITY) - history.startMs;
  const own = ownRootOf(restored);
  // Who looked for the hint before there was one goes by the roots, and so by the last one that is put.
  const saidMs = (first?.atMs ?? Number.POSITIVE_INFINITY) - history.startMs;
  const wholeMs = (own?.atMs ?? Number.POSITIVE_INFINITY) - history.startMs;
  const early = restore.opened.filter(({ returnedMs }) => returnedMs < openedMs);
  for (const { client, invokedMs, returnedMs } of early)
    if (invokedMs > saidMs || returnedMs < wholeMs) fail(half, `${client} opened it`);
  if (restore.ended !== undefined && !(restore.ended.returnedMs >= openedMs))
    fail(same, 'it was told to have ended before it opened');
  if (opening === undefined) return;
  const there = new Map<string, string | undefined>();
  const whole = early.length > 0 && own !== undefined ? own : opening;
  for (const { key, digest } of restored.changes.slice(0, restored.changes.indexOf(whole) + 1))
    there.set(key, digest);
  checkWhole(source, there, logOf(restored), history, (what) => fail(half, what));
  checkSame(logOf(restored), restore, history, (what) => fail(same, what));
}

/**
 * The first hint that says of no restore; undefined where there is none. Whoever takes the hint for lost says
 * once more that the place is half.
 */
export function openingOf(restored: Bucket): Bucket['changes'][number] | undefined {
  const hints = restored.changes.filter(({ key }) => key === hintKey);
  return hints.find(({ digest }) => {
    const body = digest === undefined ? undefined : restored.bodyOf(digest);
    return body !== undefined && restoringOf(body) === undefined;
  });
}

/** The put of the version that ends the restore; undefined where there is none. */
function ownRootOf(restored: Bucket): Bucket['changes'][number] | undefined {
  const last = logOf(restored).find(({ root }) =>
    root.operations.some(({ kinds }) => kinds.includes('restoreTo')),
  );
  return last && restored.changes.find(({ key }) => key === rootKey(last.root.version));
}

/** The version that the first hint says is being restored; undefined where it says none, or is not there. */
export function restoringIn({ first }: Bucket): number | undefined {
  const hint = first.get(hintKey);
  return hint && restoringOf(hint);
}

function restoringOf(hint: Uint8Array): number | undefined {
  return decode(v1.Hint, decodeFrame('hint', hint, hintKey, functions), hintKey).restoring?.version;
}

/** All roots, and what they need of those that are kept. */
function checkWhole(
  source: Bucket,
  there: ReadonlyMap<string, string | undefined>,
  own: readonly LoadedRoot[],
  { log, named }: History,
  fail: (what: string) => void,
): void {
  const last = own.at(-1)?.root;
  const isOwn = last?.operations.some(({ kinds }) => kinds.includes('restoreTo')) === true;
  if (!isOwn || !there.has(rootKey(last.version))) return fail('it has no version of its own');
  for (const [i, { root }] of log.entries()) {
    if (root.version >= last.version) break;
    const objects = isKept(last.kept, root.version) ? (named[i]?.keys() ?? []) : [];
    for (const key of [rootKey(root.version), ...objects]) {
      if (there.get(key) === digestOf(source.first.get(key) ?? new Uint8Array(0))) continue;
      fail(`it lacks ${key} of version ${root.version}`);
      break;
    }
  }
}

function checkSame(
  own: readonly LoadedRoot[],
  { at, only, ended }: Restore,
  { log }: History,
  fail: (what: string) => void,
): void {
  const [last, of] = [own.at(-1)?.root, own.at(-2)];
  if (last === undefined || of === undefined) return fail('it has no versions');
  const { version } = of.root;
  const wanted = at !== undefined && 'version' in at ? at.version : version;
  if (version !== wanted || (ended !== undefined && ended.restored !== version))
    fail(`version ${version} is there, ${wanted} was to be, ${ended?.restored} was said`);
  for (const [i, { hash, root }] of own.slice(0, -1).entries())
    if (toHex(hash) !== toHex(log[i]?.hash ?? new Uint8Array(0))) fail(`version ${root.version} differs`);
  if (log.some(({ root }) => toHex(root.lineage) === toHex(last.lineage)))
    fail('it has no lineage of its own');
  if (!isKept(last.kept, version)) fail(`it does not keep version ${version}`);
  const older = own.slice(0, -2).find(({ root }) => isKept(last.kept, root.version));
  if (only && older !== undefined) fail(`version ${older.root.version} came, too`);
  const names = ({ arrays }: typeof last): string =>
    arrays.map(({ name, liveRows }) => `${name} ${liveRows}`).join();
  if (names(last) !== names(of.root)) fail(`it has other arrays than version ${version}`);
}
