// The files of an array's rows, or of its columns, with all that the manifest says of them.
import type { ArrayView } from '../../arrays/array-view.js';
import type { ColumnFile } from '../../arrays/column-sources.js';
import type { ArrayEnvironment } from '../../arrays/environment.js';
import { rowBytesOf } from '../../arrays/row-type.js';
import type { Part } from '../../arrays/runs.js';
import { loadRowSet } from '../../manifest/effects.js';
import { bySequence, entryOf, loadEntries } from '../../manifest/fold.js';
import { trackOf } from '../../manifest/fold-plan.js';
import { indexedRanges } from '../../manifest/compaction.js';
import { objectKey } from '../../manifest/keys.js';
import { type ArrayEntry, hasUnknownFields, type Root } from '../../manifest/message.js';
import { defaultBlockBytes, type NewObject } from '../../manifest/objects.js';
import type { SegmentEntry } from '../../manifest/segment.js';
import { unpackBlockSums } from '../../manifest/upload.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import { defined } from '../../util/assert.js';
import { toHex } from '../../util/bytes.js';
import type { Limits, TrackState } from './plan.js';

export interface TrackFile extends SegmentEntry {
  readonly part: Part;
  /** Of an override. */
  readonly ids: Uint8Array | undefined;
  /** The segment that its entry stands in; undefined for one of the root. */
  readonly home: Home | undefined;
}

/** A segment of the track. */
export interface Home {
  readonly id: Uint8Array;
  readonly files: TrackFile[];
}

export interface Track {
  readonly columns: boolean;
  /** Ascending by row id. */
  readonly base: readonly TrackFile[];
  /** Oldest first. */
  readonly overrides: readonly TrackFile[];
}

/** Segments read side by side. */
const readsAtOnce = 8;

/** Files of columns have this many rows, and bytes, at most: see docs/rfcs/0008-attribute-files.md. */
export const columnFileRows = 262_144;
const columnFileBytes = 16 * 2 ** 20;

/** Cost: a GET for each segment, and for each set of row ids that is an object. */
export async function loadTrack(
  environment: ArrayEnvironment,
  root: Root,
  array: ArrayEntry,
  columns: boolean,
  options: CallOptions,
): Promise<Track> {
  const track = trackOf(array, columns);
  const loaded = await mapBounded(track.segments, readsAtOnce, async (reference) => {
    const { id } = defined(root.objects?.objects[reference.object], 'object of a segment');
    const home: Home = { id, files: [] };
    for (const entry of await loadEntries(environment, root, array, reference, options)) {
      home.files.push(fileOf(entry, entry.partition.rowIds?.inline, home));
    }
    return home.files;
  });
  // Of overrides that are equal in sequence and step, which earlier releases wrote, those of the root win.
  const files = loaded.flat();
  for (const partition of track.partitions) {
    const { rowIds } = partition;
    const ids = rowIds && (await loadRowSet(environment.store, root, rowIds, environment.functions, options));
    files.push(fileOf(entryOf(root, partition), ids ?? undefined, undefined));
  }
  return {
    columns,
    base: files
      .filter(({ ids }) => ids === undefined)
      .sort((a, b) => a.partition.firstRowId - b.partition.firstRowId),
    overrides: files
      .filter(({ ids }) => ids !== undefined)
      .sort((a, b) => bySequence(a.partition, b.partition)),
  };
}

function fileOf(entry: SegmentEntry, ids: Uint8Array | undefined, home: Home | undefined): TrackFile {
  const { object, partition } = entry;
  const stored = {
    key: objectKey(object.pattern, object.id),
    sizeBytes: object.sizeBytes,
    hash: object.hash,
    crc32c: object.crc32c,
    blockBytes: object.carried?.blockBytes || defaultBlockBytes,
    blocks: object.blocks,
  };
  const { rows, dataOffset } = partition;
  const sums = (): Promise<Uint32Array> => Promise.resolve(unpackBlockSums(object.blocks));
  return { ...entry, part: { object: stored, rows, dataOffset, sums }, ids, home };
}

/** As readers of columns take it. */
export function columnFileOf({ part, partition, ids }: TrackFile): ColumnFile {
  const { columns, sequence, step, firstRowId, rowIds } = partition;
  const set = ids && rowIds && { set: ids, start: rowIds.start, end: rowIds.end };
  return { part, columns, sequence, step, firstRowId, ids: set ?? undefined };
}

/** Whether a newer release said something of the array that compacted files might not keep true. */
export function isOfNewerRelease(array: ArrayEntry, { base, overrides }: Track): boolean {
  const entries = [...base, ...overrides].map(({ partition }) => partition);
  const columns = entries.flatMap((partition) => partition.columns);
  const segments = [...array.segments, ...array.columnSegments];
  return [array, ...segments, ...entries, ...columns].some(hasUnknownFields);
}

export function stateOf(
  { columns, base, overrides }: Track,
  array: ArrayEntry,
  dead: Uint8Array,
): TrackState {
  return {
    base: base.map(({ partition: { firstRowId, rows, mergedUpTo }, object: { sizeBytes } }) => ({
      ...{ firstRowId, rows, sizeBytes, mergedUpTo },
    })),
    overrides: overrides.map(({ partition: { rows, sequence }, ids = new Uint8Array(0), object }) => ({
      ...{ ids, rows, sequence, sizeBytes: object.sizeBytes },
    })),
    dead,
    indexed: indexedRanges(array, columns),
  };
}

/** A file is made in memory: four of them have room. */
export function limitsOf(
  { memoryBytes }: ArrayEnvironment,
  { type }: ArrayView,
  columns: boolean,
  targetBytes: number,
): Limits {
  const fitting = Math.max(1, Math.min(targetBytes, Math.floor(memoryBytes / 4)));
  if (columns) return { targetBytes: Math.min(fitting, columnFileBytes), fileRows: columnFileRows };
  // A 0-d array has one row, and so has each of its files.
  const fileRows = type.scalar ? 1 : Number.MAX_SAFE_INTEGER;
  return { targetBytes: Math.max(fitting, rowBytesOf(type)), fileRows };
}

/** Names a file. */
export function nameOf({ object }: { readonly object: Pick<NewObject, 'id'> }): string {
  return toHex(object.id);
}

/** Ids of no live row. Reads segments whose entries record dropped rows. */
export async function deadOf({ functions }: ArrayEnvironment, view: ArrayView): Promise<Uint8Array> {
  const { range, difference } = functions.rowSets;
  return difference(range(0, view.entry.nextRowId), await (await view.rowMap()).liveIds());
}
