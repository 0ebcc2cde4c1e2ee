// What is different between two versions, and which operations came between. Loaded by the first `diff()`.
//
// Arrays are followed by their ids, rows by theirs: an id means the same row in every version, so sets of
// live ids tell what came and went. A row counts as replaced where one version has an override of it that the
// other has not.
import type { ArrayView } from '../arrays/array-view.js';
import { history } from '../manifest/history.js';
import { rootKey } from '../manifest/keys.js';
import type { Root } from '../manifest/message.js';
import { resolveObject } from '../manifest/objects.js';
import { isSameArray, slotsOfArray } from '../manifest/restore.js';
import type { LoadedRoot } from '../manifest/root.js';
import { isoTime } from '../manifest/version-reference.js';
import { attributesOf } from '../query/attributes.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Environment } from './environment.js';
import { type ArrayInfo, describeArray, describeVersion, indexTypes, type VersionInfo } from './info.js';
import { Snapshot } from './snapshot.js';

export interface DiffOptions extends CallOptions {
  /** Versions that are described, the newest of those between. Default 100. */
  readonly limit?: number;
}

export interface Difference {
  readonly from: { readonly version: number; readonly time: string };
  readonly to: { readonly version: number; readonly time: string };
  /** Arrays that are not the same at both, by name. */
  readonly arrays: readonly ArrayDifference[];
  /** Those after the older of both, up to the newer one; newest first. */
  readonly versions: readonly VersionInfo[];
  /** There are more versions between than these. */
  readonly more: boolean;
}

/** What came to something and went, by name. */
interface Names {
  readonly added: readonly string[];
  readonly dropped: readonly string[];
}

export interface ArrayDifference {
  /** At `to`; of an array that is not there, at `from`. */
  readonly name: string;
  readonly change: 'created' | 'dropped' | 'changed';
  /** Its name at `from` where it is another one, else null. */
  readonly renamedFrom: string | null;
  readonly rows: {
    readonly before: number;
    readonly after: number;
    readonly added: number;
    readonly dropped: number;
    /** Live at both, with other values; about, where files were compacted between. */
    readonly replaced: number;
    /** Live at both, of which attributes were set. */
    readonly attributesSet: number;
  };
  readonly attributes: Names & {
    readonly renamed: readonly { readonly from: string; readonly to: string }[];
  };
  /** The key of both, where it is another one, else null. */
  readonly key: { readonly before: string | null; readonly after: string | null } | null;
  /** The parity of both, such as `8+2`, where it is another one, else null. */
  readonly parity: { readonly before: string | null; readonly after: string | null } | null;
  /** By type, such as `ivf`, or by attribute, such as `attribute lang`. */
  readonly indexes: Names & { readonly changed: readonly string[] };
  readonly partitions: {
    readonly added: number;
    readonly addedBytes: number;
    readonly dropped: number;
    readonly droppedBytes: number;
  };
}

const defaultLimit = 100;

/** `tags` of any version. */
export async function differenceOf(
  environment: Environment,
  from: LoadedRoot,
  to: LoadedRoot,
  tags: Root['tags'],
  options: DiffOptions,
): Promise<Difference> {
  const [arrays, between] = await Promise.all([
    differentArrays(environment, from, to, options),
    versionsBetween(environment, from, to, tags, options),
  ]);
  const placeOf = ({ root }: LoadedRoot) => ({ version: root.version, time: isoTime(root.timeMs) });
  return { from: placeOf(from), to: placeOf(to), arrays, ...between };
}

async function versionsBetween(
  { store, functions }: Environment,
  from: LoadedRoot,
  to: LoadedRoot,
  tags: Root['tags'],
  { limit = defaultLimit, ...options }: DiffOptions,
): Promise<Pick<Difference, 'versions' | 'more'>> {
  const [older, newer] = from.root.version < to.root.version ? [from, to] : [to, from];
  const versions: VersionInfo[] = [];
  if (older.root.version === newer.root.version) return { versions, more: false };
  for await (const { root } of history(store, newer, functions, options)) {
    if (root.version <= older.root.version) break;
    if (versions.length >= limit) return { versions, more: true };
    versions.push(describeVersion(root, tags));
  }
  return { versions, more: false };
}

async function differentArrays(
  environment: Environment,
  from: LoadedRoot,
  to: LoadedRoot,
  options: CallOptions,
): Promise<ArrayDifference[]> {
  const before = [...new Snapshot(environment, from).arrays()];
  const after = [...new Snapshot(environment, to).arrays()];
  const pairs = after.map(
    (view) => [before.find((one) => isOneArray(one, from.root, view, to.root)), view] as const,
  );
  const known = new Set(pairs.map(([view]) => view));
  const gone = before.filter((view) => !known.has(view)).map((view) => [view, undefined] as const);
  const found = [...pairs, ...gone]
    .filter(([a, b]) => !(a && b && isSameArray(a.entry, from.root, b.entry, to.root)))
    .map(([a, b]) => differenceOfArray(environment, a, b, options));
  return (await Promise.all(found)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A restore gives a new id to an array that was dropped meanwhile: then its name and its objects tell. */
function isOneArray(a: ArrayView, ofA: Root, b: ArrayView, ofB: Root): boolean {
  if (a.id === b.id) return true;
  if (a.name !== b.name) return false;
  const keys = new Set(keysOf(a, ofA));
  return keysOf(b, ofB).some((key) => keys.has(key));
}

function keysOf({ entry }: ArrayView, { objects, version }: Root): string[] {
  return slotsOfArray(entry).map((slot) => resolveObject(objects, slot, rootKey(version)).key);
}

async function differenceOfArray(
  environment: Environment,
  a: ArrayView | undefined,
  b: ArrayView | undefined,
  options: CallOptions,
): Promise<ArrayDifference> {
  const [before, after, rows] = await Promise.all([
    a && describeArray(a, options),
    b && describeArray(b, options),
    differenceOfRows(environment, a, b, options),
  ]);
  const [oldKey, newKey] = [before?.key ?? null, after?.key ?? null];
  const [oldParity, newParity] = [before, after].map((one) => parityText(one?.parity ?? null));
  return {
    name: (b ?? a)?.name ?? '',
    change: a === undefined ? 'created' : b === undefined ? 'dropped' : 'changed',
    renamedFrom: a !== undefined && b !== undefined && a.name !== b.name ? a.name : null,
    rows,
    attributes: differenceOfAttributes(a, b),
    key: oldKey === newKey ? null : { before: oldKey, after: newKey },
    parity: oldParity === newParity ? null : { before: oldParity ?? null, after: newParity ?? null },
    indexes: differenceOfIndexes(a, b),
    partitions: differenceOfPartitions(before, after),
  };
}

function parityText(parity: ArrayInfo['parity']): string | null {
  return parity && `${parity.dataShards}+${parity.parityShards}`;
}

async function differenceOfRows(
  { functions: { rowSets } }: Environment,
  a: ArrayView | undefined,
  b: ArrayView | undefined,
  options: CallOptions,
): Promise<ArrayDifference['rows']> {
  const none = rowSets.range(0, 0);
  const liveOf = async (view: ArrayView | undefined): Promise<Uint8Array> =>
    view === undefined ? none : (await view.rowMap(options)).liveIds();
  const [before, after, replaced, set] = await Promise.all([
    liveOf(a),
    liveOf(b),
    unshared(a, b, (view) => overridesOf(view, options)),
    unshared(a, b, (view) => laterColumnsOf(view, options)),
  ]);
  const both = rowSets.intersection(before, after);
  const liveAtBoth = (sets: readonly Uint8Array[]): number =>
    rowSets.count(
      rowSets.intersection(
        both,
        sets.reduce((union, one) => rowSets.union(union, one), none),
      ),
    );
  return {
    before: a?.liveRows ?? 0,
    after: b?.liveRows ?? 0,
    added: rowSets.count(rowSets.difference(after, before)),
    dropped: rowSets.count(rowSets.difference(before, after)),
    replaced: liveAtBoth(replaced),
    attributesSet: liveAtBoth(set),
  };
}

/** Sets of row ids by the object that holds something of them. */
type SetsByKey = ReadonlyMap<string, Uint8Array>;

async function overridesOf(view: ArrayView, options: CallOptions): Promise<SetsByKey> {
  return new Map((await view.overrides(options)).map(({ part, ids }) => [part.object.key, ids]));
}

async function laterColumnsOf(view: ArrayView, options: CallOptions): Promise<SetsByKey> {
  const files = await view.columnFiles(options);
  return new Map(files.flatMap(({ part, ids }) => (ids === undefined ? [] : [[part.object.key, ids.set]])));
}

/** Of what one of both has and the other has not; nothing where there is only one. */
async function unshared(
  a: ArrayView | undefined,
  b: ArrayView | undefined,
  setsOf: (view: ArrayView) => Promise<SetsByKey>,
): Promise<Uint8Array[]> {
  if (a === undefined || b === undefined) return [];
  const [before, after] = await Promise.all([setsOf(a), setsOf(b)]);
  const alone = (some: SetsByKey, others: SetsByKey) => [...some].filter(([key]) => !others.has(key));
  return [...alone(before, after), ...alone(after, before)].map(([, set]) => set);
}

/** By their ids: another name of one is a rename. */
function differenceOfAttributes(
  a: ArrayView | undefined,
  b: ArrayView | undefined,
): ArrayDifference['attributes'] {
  const [before, after] = [a, b].map(
    (view) => new Map((view ? attributesOf(view) : []).map(({ id, name }) => [id, name])),
  ) as [Map<number, string>, Map<number, string>];
  return {
    added: [...after].filter(([id]) => !before.has(id)).map(([, name]) => name),
    dropped: [...before].filter(([id]) => !after.has(id)).map(([, name]) => name),
    renamed: [...before].flatMap(([id, from]) => {
      const to = after.get(id);
      return to === undefined || to === from ? [] : [{ from, to }];
    }),
  };
}

function differenceOfIndexes(a: ArrayView | undefined, b: ArrayView | undefined): ArrayDifference['indexes'] {
  const [before, after] = [indexesOf(a), indexesOf(b)];
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    dropped: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after].filter(([name, what]) => (before.get(name) ?? what) !== what).map(([name]) => name),
  };
}

/** What each index is made of. */
function indexesOf(view: ArrayView | undefined): Map<string, string> {
  if (view === undefined) return new Map();
  const ofRows = indexTypes.flatMap(([type, kind]) => {
    const index = view.index(kind);
    if (index === undefined) return [];
    return [[type, [index.epoch, ...index.lists.map(({ part }) => part.object)]] as const];
  });
  const ofAttributes = attributesOf(view).flatMap(({ id, name }) => {
    const segments = view.attributeIndex(id);
    return segments ? [[`attribute ${name}`, segments.map(({ part }) => part.object)] as const] : [];
  });
  return new Map(
    [...ofRows, ...ofAttributes].map(([name, objects]) => [name, objects.map(({ key }) => key).join()]),
  );
}

function differenceOfPartitions(
  before: ArrayInfo | undefined,
  after: ArrayInfo | undefined,
): ArrayDifference['partitions'] {
  const alone = (some: ArrayInfo | undefined, others: ArrayInfo | undefined) => {
    const keys = new Set(others?.partitions.map(({ key }) => key));
    return some?.partitions.filter(({ key }) => !keys.has(key)) ?? [];
  };
  const bytesOf = (list: ArrayInfo['partitions']) => list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const [added, dropped] = [alone(after, before), alone(before, after)];
  return {
    added: added.length,
    addedBytes: bytesOf(added),
    dropped: dropped.length,
    droppedBytes: bytesOf(dropped),
  };
}
