// Folding: partition entries move from a root that grows full into a segment, next to the commit that needs
// the room.
//
// Only entries that a committed root numbered are folded, so a segment stays true however the commit is
// rebased. When another writer folded the same entries first, ours is an orphan and left to clean-up. A
// commit that folds uploads one segment (at most 256 entries) besides its root.
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { NacreError } from '../errors.js';
import { assert, defined } from '../util/assert.js';
import { equalBytes, toHex } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import type { ArrayEntry, Partition, Root, SegmentRef } from './message.js';
import { asNewObject, resolveObject } from './objects.js';
import { idText } from './rebase.js';
import { describeRoot, type LoadedRoot, rootBytesCap } from './root.js';
import { inlineBytes } from './row-sets.js';
import { buildSegment, decodeSegment, objectOf, type SegmentEntry, segmentEntryLimit } from './segment.js';
import type { ArrayId, SegmentDraft } from './transaction.js';
import { type UploadEnvironment, uploadObject } from './upload.js';

/** A root beyond this is folded before the next commit: half of what a root may have. */
const foldFromBytes = rootBytesCap / 2;

/** What entries must take up to be worth a segment; when the root is nearly full, any are. */
const worthBytes = 8 * 1024;
const nearlyFullBytes = (rootBytesCap * 7) / 8;

export interface Fold {
  readonly array: ArrayId;
  /** Ids of the partition objects that move into the segment. */
  readonly members: ReadonlySet<string>;
  /** The segment that it takes in and replaces, by the id of its object. */
  readonly replaces: string | undefined;
  readonly segment: SegmentDraft;
  readonly firstRowId: number;
  readonly overrides: boolean;
  /** Dropped ids that the entries record from now on. */
  readonly dropped: Uint8Array;
  readonly droppedRows: number;
}

export function needsFold(root: LoadedRoot): boolean {
  const sizeBytes = root.bytes.byteLength;
  if (sizeBytes <= foldFromBytes) return false;
  const found = foldable(root.root);
  if (found === undefined) return false;
  const worth = sizeBytes > nearlyFullBytes ? 0 : worthBytes;
  return found.partitions.reduce((sum, partition) => sum + entryBytes(root.root, partition), 0) > worth;
}

/** About what an entry takes up in a root: its numbers, its object, its block sums and row ids. */
function entryBytes(root: Root, { object, rowIds, dropped }: Partition): number {
  const sums = root.objects?.objects[object]?.blocks.byteLength ?? 0;
  return 90 + sums + dropped.byteLength + (rowIds?.inline.byteLength ?? 0);
}

interface Candidate {
  readonly array: ArrayEntry;
  readonly partitions: readonly Partition[];
  readonly overrides: boolean;
}

/**
 * The longest run of entries that one segment can take: base partitions whose ids follow each other, or
 * overrides.
 */
function foldable(root: Root): Candidate | undefined {
  let best: Candidate | undefined;
  const offer = (candidate: Candidate): void => {
    if (candidate.partitions.length > (best?.partitions.length ?? 0)) best = candidate;
  };
  for (const array of root.arrays) {
    const base = array.partitions
      .filter((partition) => partition.rowIds === null)
      .toSorted((a, b) => a.firstRowId - b.firstRowId);
    for (let start = 0; start < base.length; ) {
      let end = start + 1;
      while (end < base.length && end - start < segmentEntryLimit && follows(base[end - 1], base[end])) end++;
      offer({ array, partitions: base.slice(start, end), overrides: false });
      start = end;
    }
    const overrides = array.partitions
      .filter((partition) => partition.rowIds !== null && inlineBytes(partition.rowIds) !== undefined)
      .toSorted((a, b) => a.sequence - b.sequence);
    offer({ array, partitions: overrides.slice(0, segmentEntryLimit), overrides: true });
  }
  return best;
}

function follows(before: Partition | undefined, after: Partition | undefined): boolean {
  return before !== undefined && after !== undefined && before.firstRowId + before.rows === after.firstRowId;
}

/**
 * Uploads a segment that takes the largest run of entries out of the root; undefined when there is nothing
 * to take.
 */
export async function prepareFold(
  environment: UploadEnvironment,
  { root }: LoadedRoot,
  options: CallOptions = {},
): Promise<Fold | undefined> {
  const found = foldable(root);
  if (found === undefined) return undefined;
  const { store, functions } = environment;
  const { array, partitions, overrides } = found;
  const earlier = overrides ? undefined : neighbour(array, partitions);
  const taken =
    earlier === undefined ? [] : await loadEntries(store, root, array, earlier, functions, options);
  const firstRowId = overrides ? 0 : (earlier?.firstRowId ?? defined(partitions[0], 'partition').firstRowId);
  const dropped = overrides ? emptySet(functions) : inlineDropped(array, functions);
  const own = partitions.map((partition) => entryOf(root, partition, firstRowId, dropped, functions));
  const entries = [...taken, ...own];
  const span = overrides ? idSpan(partitions) : { start: firstRowId, end: firstRowId + rowsOf(entries) };
  const { bytes, draft } = buildSegment(entries, span.end - span.start, environment);
  await uploadObject(store, draft.object, bytes, options);
  const { rowSets } = functions;
  const start = defined(partitions[0], 'partition').firstRowId;
  const end =
    defined(partitions.at(-1), 'partition').firstRowId + defined(partitions.at(-1), 'partition').rows;
  return {
    array: idText(array.id),
    members: new Set(partitions.map((partition) => objectId(root, partition.object))),
    replaces: earlier === undefined ? undefined : objectId(root, earlier.object),
    segment: draft,
    firstRowId: span.start,
    overrides,
    dropped: overrides ? dropped : rowSets.slice(dropped, start, end),
    droppedRows: entries.reduce(
      (sum, entry) => sum + (entry.dropped === undefined ? 0 : rowSets.count(entry.dropped)),
      0,
    ),
  };
}

function rowsOf(entries: readonly SegmentEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.rows, 0);
}

/** From the smallest overridden id to one past the largest. */
function idSpan(partitions: readonly Partition[]): { start: number; end: number } {
  const sets = partitions.map((partition) => defined(partition.rowIds, 'row ids of an override'));
  return { start: Math.min(...sets.map((set) => set.start)), end: Math.max(...sets.map((set) => set.end)) };
}

/** The segment that ends where the run begins, when both fit into one. */
function neighbour(array: ArrayEntry, run: readonly Partition[]): SegmentRef | undefined {
  const first = defined(run[0], 'partition').firstRowId;
  return array.segments.find(
    (segment) =>
      !segment.overrides &&
      segment.firstRowId + segment.rows === first &&
      segment.partitions + run.length <= segmentEntryLimit,
  );
}

function entryOf(
  root: Root,
  partition: Partition,
  segmentStart: number,
  dropped: Uint8Array,
  functions: ManifestFunctions,
): SegmentEntry {
  const { rowSets } = functions;
  const where = describeRoot(root.version);
  const { blocks } = resolveObject(root.objects, partition.object, where);
  assert(blocks instanceof Uint8Array, 'block sums of an entry in a root stand there');
  const object = asNewObject(defined(root.objects, 'object table'), partition.object, blocks);
  const { rows, dataOffset, firstRowId, sequence } = partition;
  if (partition.rowIds !== null) {
    const rowIds = defined(inlineBytes(partition.rowIds), 'inline row ids');
    return { object, rows, dataOffset, firstRowId: 0, override: { rowIds, sequence } };
  }
  const gone = rowSets.slice(dropped, firstRowId, firstRowId + rows);
  const all = partition.dropped.byteLength === 0 ? gone : rowSets.union(gone, partition.dropped);
  const entry = { object, rows, dataOffset, firstRowId: firstRowId - segmentStart };
  return rowSets.count(all) === 0 ? entry : { ...entry, dropped: all };
}

/** Entries of a segment, as they can go into another one that begins at the same row. */
async function loadEntries(
  store: ObjectStore,
  root: Root,
  array: ArrayEntry,
  reference: SegmentRef,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<SegmentEntry[]> {
  const object = resolveObject(root.objects, reference.object, describeRoot(root.version));
  const body = await store.get(object.key, options);
  if (body === undefined || !equalBytes(functions.blake3(body.bytes), object.hash)) {
    throw new NacreError('Corrupt', `${object.key} ${body === undefined ? 'is missing' : 'is damaged'}`, {
      context: { key: object.key },
      hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
    });
  }
  const { bytes } = body;
  const segment = decodeSegment(bytes.subarray(0, reference.headBytes), reference, object, array, functions);
  return segment.partitions.map((partition) => {
    const { blocks } = objectOf(segment, partition, object.key);
    const start = blocks instanceof Uint8Array ? 0 : reference.headBytes + blocks.coldOffset;
    const sums = blocks instanceof Uint8Array ? blocks : bytes.slice(start, start + blocks.coldBytes);
    const { rows, dataOffset, dropped } = partition;
    return {
      object: asNewObject(defined(segment.objects, 'object table'), partition.object, sums),
      rows,
      dataOffset,
      firstRowId: partition.firstRowId - reference.firstRowId,
      ...(dropped.byteLength === 0 ? {} : { dropped }),
    };
  });
}

function inlineDropped(array: ArrayEntry, { rowSets }: ManifestFunctions): Uint8Array {
  return array.dropped
    .map(inlineBytes)
    .filter((set) => set !== undefined)
    .reduce((union, set) => rowSets.union(union, set), rowSets.fromSorted(new Float64Array(0)));
}

function emptySet({ rowSets }: ManifestFunctions): Uint8Array {
  return rowSets.fromSorted(new Float64Array(0));
}

/** Text form of the id of an object in a root's table. */
export function objectId(root: Pick<Root, 'objects'>, slot: number): string {
  return toHex(defined(root.objects?.objects[slot], 'object').id);
}
