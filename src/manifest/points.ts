// Points of a backup: what a dataset kept at one version, and the notes of those that are being made.
//
// A point is created once, under a key with a random id, and never changed. Where a store keeps the states of
// its keys, a point is therefore its oldest state that is one: whoever may only add cannot change it. Under
// the same key, and instead of the point, stands that it was revoked: then it is never made.
import { isNacreError, NacreError } from '../errors.js';
import { listPages } from '../storage/list-pages.js';
import type {
  CallOptions,
  GetOptions,
  ObjectBody,
  ObjectStore,
  ObjectVersion,
  VersionPage,
} from '../storage/object-store.js';
import { mapBounded } from '../util/bounded.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { draftKey, draftPrefix, idOfDraftKey, idOfPointKey, pointKey, pointPrefix } from './keys.js';
import { decode, type Draft, encode, make, type Point, v1 } from './message.js';
import { getFrame, readFrame } from './read-checked.js';
import { checkFeatures } from './root.js';

export interface StoredPoint {
  readonly key: string;
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly point: Point;
}

export interface Points {
  /** The oldest first. */
  readonly points: readonly StoredPoint[];
  /** Ids of points that will never be made. */
  readonly revoked: ReadonlySet<string>;
  /** What stands under the key of a point and cannot be read. */
  readonly unreadable: readonly { readonly key: string; readonly error: NacreError }[];
}

export interface PointsOptions extends CallOptions {
  /** Only points whose keys sort after this one. */
  readonly after?: string;
  /** Points are told from what was written over them, where the store keeps states. Default true. */
  readonly states?: boolean;
}

/** Points read side by side. */
const readsAtOnce = 16;

export function encodePoint(point: Partial<Point>, functions: ManifestFunctions): Uint8Array {
  return encodeFrame('point', encode(v1.Point, make(v1.Point, point)), functions);
}

/** A point, checked; `Corrupt` or `UnsupportedFormat` naming the key. */
export function decodePoint(bytes: Uint8Array, key: string, functions: ManifestFunctions): Point {
  const point = decode(v1.Point, decodeFrame('point', bytes, key, functions), key);
  checkFeatures(point.requiredFeatures, key);
  const fail = (reason: string): never => {
    throw new NacreError('Corrupt', `${key} is no valid point: ${reason}`, { context: { key } });
  };
  if (point.dataset.byteLength !== 16) fail('its dataset id has not 16 bytes');
  if (point.revoked) return point;
  if (point.lineage.byteLength !== 16) fail('its lineage has not 16 bytes');
  if (point.rootHash.byteLength !== 32) fail('the hash of its root has not 32 bytes');
  if (point.version < 1) fail('its version is 0');
  return point;
}

/** Keys of points, the oldest first, each with the states that it has where there is more than one. */
async function* pointKeys(
  store: ObjectStore,
  { after, states = true, ...call }: PointsOptions,
): AsyncGenerator<{ readonly key: string; readonly states: readonly ObjectVersion[] }> {
  const { versioned } = store;
  if (versioned !== undefined && states) {
    try {
      yield* keysWithStates(versioned, call);
      return;
    } catch (error) {
      // Credentials that may not, and servers that have nothing of it.
      if (!isNacreError(error, 'PermissionDenied') && !isNacreError(error, 'InvalidArgument')) throw error;
    }
  }
  for await (const page of listPages(store, { ...call, prefix: pointPrefix }))
    for (const { key } of page) if (after === undefined || key > after) yield { key, states: [] };
}

async function* keysWithStates(
  versioned: NonNullable<ObjectStore['versioned']>,
  call: CallOptions,
): ReturnType<typeof pointKeys> {
  const byKey = new Map<string, ObjectVersion[]>();
  for (let after: VersionPage['next'], isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page = await versioned.listVersions({ ...call, prefix: pointPrefix, ...(after && { after }) });
    for (const one of page.entries) byKey.set(one.key, [...(byKey.get(one.key) ?? []), one]);
    after = page.next;
  }
  for (const [key, states] of byKey) {
    const isGone = states.some(({ isCurrent, isDeletion }) => isCurrent && isDeletion);
    if (!isGone) yield { key, states: states.length > 1 ? states : [] };
  }
}

/**
 * The points of a backup. Cost: a LIST for each 1,000 of them, and a GET each, one more for each state of
 * what was written over.
 */
export async function listPoints(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: PointsOptions = {},
): Promise<Points> {
  const { after: _, states: __, ...call } = options;
  const found: { readonly key: string; readonly states: readonly ObjectVersion[] }[] = [];
  for await (const one of pointKeys(store, options)) if (idOfPointKey(one.key) !== undefined) found.push(one);
  const read = await mapBounded(found, readsAtOnce, async ({ key, states }) => {
    try {
      return { key, point: await readPoint(store, key, states, functions, call) };
    } catch (error) {
      if (!isNacreError(error, 'Corrupt') && !isNacreError(error, 'UnsupportedFormat')) throw error;
      return { key, error };
    }
  });
  const points: StoredPoint[] = [];
  const unreadable: { key: string; error: NacreError }[] = [];
  const revoked = new Set<string>();
  for (const { key, point, error } of read.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const id = idOfPointKey(key) ?? '';
    if (error !== undefined) unreadable.push({ key, error });
    else if (point?.revoked === true) revoked.add(id);
    else if (point !== undefined) points.push({ key, id, point });
  }
  return { points: points.toSorted(inOrder), revoked, unreadable };
}

/** Keys have whole seconds, and clocks of stores no more. */
function inOrder(a: StoredPoint, b: StoredPoint): number {
  const { point: one } = a;
  const { point: other } = b;
  return one.madeMs - other.madeMs || one.version - other.version || (a.key < b.key ? -1 : 1);
}

/** Keys of points, the newest first. Cost: a LIST for each 1,000. */
export async function newestPointKeys(
  store: ObjectStore,
  after: string | undefined,
  options: CallOptions,
): Promise<string[]> {
  const keys: string[] = [];
  for (let from = after; ; ) {
    const page = await store.list({
      ...options,
      prefix: pointPrefix,
      ...(from !== undefined && { after: from }),
    });
    keys.push(...page.entries.map(({ key }) => key).filter((key) => idOfPointKey(key) !== undefined));
    if (page.next === undefined) return keys.sort().reverse();
    from = page.next;
  }
}

/** What the key of a point says; of several states the oldest one that says anything. */
export async function readPoint(
  store: ObjectStore,
  key: string,
  states: readonly ObjectVersion[],
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<Point | undefined> {
  const check = (bytes: Uint8Array): Point => decodePoint(bytes, key, functions);
  for (const { version, isDeletion } of states.toReversed()) {
    if (isDeletion) continue;
    const read = async (call: GetOptions): Promise<ObjectBody | undefined> =>
      store.versioned?.getVersion(key, version, call);
    const body = await getFrame(read, 'point', options);
    try {
      if (body !== undefined) return check(body.bytes);
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
    }
  }
  return readFrame(store, key, 'point', options, check);
}

/** A point that is being made, or was given up. */
export interface StoredDraft {
  /** That of the point. */
  readonly id: string;
  /** Its own, and those by which it was renewed. */
  readonly keys: readonly string[];
  /** Undefined where one of them cannot be read. */
  readonly draft: Pick<Draft, 'point' | 'dataset' | 'untilMs'> | undefined;
}

/** Says that a point is being made, for so long at least. Cost: one PUT. */
export async function writeDraft(
  store: ObjectStore,
  {
    id,
    renewal,
    ...draft
  }: Omit<Draft, 'requiredFeatures'> & { readonly id: string; readonly renewal: number },
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const bytes = encodeFrame('draft', encode(v1.Draft, make(v1.Draft, draft)), functions);
  const condition = { condition: 'absent', uniqueKey: true, crc32c: functions.crc32c(bytes) } as const;
  await store.put(draftKey(id, renewal), bytes, { ...options, ...condition });
}

/** Cost: a LIST for each 1,000. */
export async function draftKeys(store: ObjectStore, options: CallOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of listPages(store, { ...options, prefix: draftPrefix }))
    for (const { key } of page) if (idOfDraftKey(key) !== undefined) keys.push(key);
  return keys;
}

/** Drafts by their keys; those that are gone are left out. Cost: a GET each. Errors: `UnsupportedFormat`. */
export async function readDrafts(
  store: ObjectStore,
  keys: readonly string[],
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<StoredDraft[]> {
  const read = await mapBounded(keys, readsAtOnce, async (key) => {
    const id = idOfDraftKey(key) ?? '';
    const draft = await readFrame(store, key, 'draft', options, (bytes) =>
      decodeDraft(bytes, key, functions),
    ).catch((error: unknown) => {
      if (isNacreError(error, 'Corrupt')) return 'unreadable' as const;
      throw error;
    });
    return { key, id, draft };
  });
  const drafts = new Map<string, StoredDraft>();
  for (const { key, id, draft } of read) {
    if (draft === undefined) continue;
    const before = drafts.get(id);
    const isReadable = draft !== 'unreadable' && (before === undefined || before.draft !== undefined);
    const untilMs = isReadable ? Math.max(before?.draft?.untilMs ?? 0, draft.untilMs) : 0;
    drafts.set(id, {
      ...{ id, keys: [...(before?.keys ?? []), key] },
      draft: isReadable ? { point: draft.point, dataset: draft.dataset, untilMs } : undefined,
    });
  }
  return [...drafts.values()];
}

function decodeDraft(bytes: Uint8Array, key: string, functions: ManifestFunctions): Draft {
  const draft = decode(v1.Draft, decodeFrame('draft', bytes, key, functions), key);
  checkFeatures(draft.requiredFeatures, key);
  if (idOfPointKey(draft.point) === idOfDraftKey(key) && draft.dataset.byteLength === 16) return draft;
  throw new NacreError('Corrupt', `${key} names another point`, { context: { key } });
}

/** The key under which a point of an id that begins now will be. */
export function newPoint(
  nowMs: number,
  random: (length: number) => Uint8Array,
): { readonly id: string; readonly key: string } {
  const key = pointKey(nowMs, random(16));
  return { id: idOfPointKey(key) ?? '', key };
}
