// A transaction as the commit sees it: uploaded objects and intentions, free of every number that a rebase
// could change. Row ids that existed when the transaction began are absolute; rows that it appended itself
// are counted from `pendingRowId` until the root that commits them gives them ids.
import type { ArrayEntry, Column, Parity, Partition, Root } from './message.js';
import type { NewObject } from './objects.js';
import type { LoadedRoot } from './root.js';

/** Text form (32 hexadecimal digits) of an array's id. */
export type ArrayId = string;

/** Row i that the transaction appends to an array has the provisional id `pendingRowId + i`. */
export const pendingRowId = 2 ** 52;

export interface PartitionDraft {
  readonly object: NewObject;
  readonly rows: number;
  readonly dataOffset: number;
  /** Of attributes: what the file holds; `attribute` of each counts the attributes of the change. */
  readonly columns?: readonly Column[];
}

/** An attribute that a change is of: one that was there when the transaction began, or one that it makes. */
export interface AttributeDraft {
  readonly id?: number;
  readonly name: string;
  /** Number of the `AttributeType` enumeration. */
  readonly type: number;
}

/** A segment of appended partitions, already uploaded; its own numbers are relative. */
export interface SegmentDraft {
  readonly object: NewObject;
  readonly headBytes: number;
  /** Empty when there is no cold part: then the head is the whole object. */
  readonly headHash: Uint8Array;
  readonly rows: number;
  readonly partitions: number;
  /** Ids of the objects that it names, one a partition. */
  readonly members: readonly Uint8Array[];
  /** Some of them are linked. */
  readonly namesLinks: boolean;
}

/**
 * A row set, with the object that holds it when it is too large for a root; such a set has no provisional
 * ids.
 */
export interface RowSetDraft {
  readonly set: Uint8Array;
  readonly object?: NewObject;
}

export type Change =
  | { readonly kind: 'create'; readonly array: ArrayId; readonly name: string; readonly type: ArrayType }
  | {
      readonly kind: 'append';
      readonly array: ArrayId;
      readonly rows: number;
      readonly content: AppendContent;
    }
  | {
      readonly kind: 'replace';
      readonly array: ArrayId;
      /** Sorted ids of all replaced rows; partition by partition they are the next ids of this set. */
      readonly rows: RowSetDraft;
      readonly partitions: readonly (PartitionDraft & { readonly rowIds: RowSetDraft })[];
    }
  | {
      readonly kind: 'appendAttributes';
      readonly array: ArrayId;
      /** Of the rows that the transaction appends to the array: the first that has values, and how many. */
      readonly firstRow: number;
      readonly rows: number;
      readonly attributes: readonly AttributeDraft[];
      readonly content: AppendContent;
    }
  | {
      readonly kind: 'setAttributes';
      readonly array: ArrayId;
      /** As of `replace`; attributes are made for no rows, too. */
      readonly rows: RowSetDraft;
      readonly attributes: readonly AttributeDraft[];
      readonly partitions: readonly (PartitionDraft & { readonly rowIds: RowSetDraft })[];
    }
  | { readonly kind: 'dropAttribute'; readonly array: ArrayId; readonly attribute: AttributeDraft }
  | {
      readonly kind: 'renameAttribute';
      readonly array: ArrayId;
      readonly attribute: AttributeDraft;
      readonly name: string;
    }
  /** Undefined takes the key away. */
  | { readonly kind: 'setKey'; readonly array: ArrayId; readonly attribute: AttributeDraft | undefined }
  /** Null takes it away. */
  | { readonly kind: 'setParity'; readonly array: ArrayId; readonly parity: Parity | null }
  | { readonly kind: 'drop'; readonly array: ArrayId; readonly rows: RowSetDraft }
  | { readonly kind: 'dropArray'; readonly array: ArrayId }
  | { readonly kind: 'rename'; readonly array: ArrayId; readonly name: string }
  | { readonly kind: 'index'; readonly array: ArrayId; readonly index: IndexDraft }
  | {
      /** Of appended rows; it comes to nothing where the index is no longer that of the epoch. */
      readonly kind: 'extendIndex';
      readonly array: ArrayId;
      /** Number of the `IndexKind` enumeration. */
      readonly of: number;
      /** BLAKE3 of the epoch's object. */
      readonly epoch: Uint8Array;
      readonly segments: readonly AppendedSegmentDraft[];
      readonly merges: readonly MergedSegments[];
    }
  /** `of` is a number of the `IndexKind` enumeration. */
  | { readonly kind: 'dropIndex'; readonly array: ArrayId; readonly of: number }
  | { readonly kind: 'indexAttribute'; readonly array: ArrayId; readonly index: AttributeIndexDraft }
  | {
      /** Of appended rows; it comes to nothing where the attribute has no index any more. */
      readonly kind: 'extendAttributeIndex';
      readonly array: ArrayId;
      readonly attribute: AttributeDraft;
      readonly segments: readonly AppendedAttributeSegmentDraft[];
      readonly merges: readonly MergedAttributeSegments[];
    }
  | { readonly kind: 'dropAttributeIndex'; readonly array: ArrayId; readonly attribute: AttributeDraft }
  | CompactChange;

/**
 * Files that say the same of an array as those that they take the place of. All of its numbers are of rows
 * that were there when it was planned; where something that it takes is gone, it is a `Conflict` as a whole.
 */
export interface CompactChange {
  readonly kind: 'compact';
  readonly array: ArrayId;
  /** Of its columns, not of its rows. */
  readonly columns: boolean;
  /** What leaves the array: entries of the root, and segments, by the ids of their objects. */
  readonly takes: {
    readonly partitions: readonly Uint8Array[];
    /** `stays`: entries of it stand elsewhere from now on, so that what it names is of the dataset still. */
    readonly segments: readonly { readonly id: Uint8Array; readonly stays: boolean }[];
  };
  readonly entries: readonly PlacedEntry[];
  readonly segments: readonly PlacedSegment[];
  /** Ids of the rows of base files that are new. No segment of an index may have some of the rows of one. */
  readonly written: readonly { readonly start: number; readonly end: number }[];
  /** Rows whose overrides are in base files from now on: no segment of an index may have one of them. */
  readonly merged?: Uint8Array;
  /** Dropped rows that no file has any more, and no override lists: nothing need say that they are gone. */
  readonly left?: Uint8Array;
  /** Dropped rows that an override lists, and that no entry records any more. */
  readonly listed?: RowSetDraft;
  /** Sets of dropped rows, by the ids of their objects, and what takes their place. */
  readonly dropped?: { readonly takes: readonly Uint8Array[]; readonly set: RowSetDraft };
}

/** An entry for the root: its row ids and attributes are those of the array, its object has no slot yet. */
export interface PlacedEntry {
  readonly object: NewObject;
  readonly partition: Partition;
  /** Of an override. */
  readonly rowIds?: RowSetDraft;
}

/** A segment that is up, of entries that are numbered already. */
export interface PlacedSegment {
  readonly segment: SegmentDraft;
  /** Ids of the objects that it names and that were not of the array before. */
  readonly uploads: readonly Uint8Array[];
  readonly firstRowId: number;
  readonly overrides: boolean;
  readonly attributes: readonly number[];
  /** Rows among its own that its entries record as dropped. */
  readonly droppedRows: number;
}

export type AppendContent =
  | { readonly partitions: readonly PartitionDraft[] }
  | { readonly segment: SegmentDraft };

/** An index, or what is added to one, already uploaded. */
export interface IndexDraft {
  /** Number of the `IndexKind` enumeration. */
  readonly kind: number;
  /** Absent when segments are added to the index that is there. */
  readonly epoch?: NewObject;
  /** Of an index of one metric with an epoch: which, of how many rows, how many lists a query takes. */
  readonly metric?: string;
  readonly builtRows?: number;
  /** Of graphs: m, and how many rows a walk keeps that looks for the links of a new one. */
  readonly links?: number;
  readonly efConstruction?: number;
  readonly calibrations?: readonly CalibrationDraft[];
  readonly segments: readonly IndexSegmentDraft[];
  /** Of an index that is added to. */
  readonly merges?: readonly MergedSegments[];
}

/** A segment in the place of some that were there when the transaction began. */
export interface MergedSegments {
  /** BLAKE3 of their objects. Where one of them is gone, all stay as they are. */
  readonly taken: readonly Uint8Array[];
  readonly segment: IndexSegmentDraft;
}

/** Of rows that the transaction appends: the first is counted among these. */
export type AppendedSegmentDraft = Omit<IndexSegmentDraft, 'firstRowId'> & { readonly firstRow: number };

export interface CalibrationDraft {
  /** Rows wanted of a query, and the number of queries that it was measured with. */
  readonly k: number;
  readonly queries: number;
  /** Numbers of lists, ascending, and the recall that they give at least. */
  readonly probes: readonly number[];
  readonly recall: readonly number[];
}

/** An index of an attribute, or what is added to one, already uploaded. */
export interface AttributeIndexDraft {
  readonly attribute: AttributeDraft;
  /** Whether the segments are added to those that are there. Else they take their place. */
  readonly adds: boolean;
  /** Id of the first row that was not there yet: segments of it and of later ones stay in any case. */
  readonly rows: number;
  readonly segments: readonly AttributeIndexSegmentDraft[];
}

/** Of rows that were there when the transaction began. */
export interface AttributeIndexSegmentDraft {
  readonly object: NewObject;
  readonly firstRowId: number;
  readonly rows: number;
  readonly directoryBytes: number;
  /** Number of the `AttributeIndexKind` enumeration; default bitmaps. */
  readonly kind?: number;
}

/** Of rows that the transaction appends: the first is counted among these. */
export type AppendedAttributeSegmentDraft = Omit<AttributeIndexSegmentDraft, 'firstRowId'> & {
  readonly firstRow: number;
};

/** A segment in the place of some that were there, and of what is between them. */
export interface MergedAttributeSegments {
  /** BLAKE3 of their objects. Where one of them is gone, or others came between, all stay as they are. */
  readonly taken: readonly Uint8Array[];
  readonly segment: AttributeIndexSegmentDraft;
}

export interface IndexSegmentDraft {
  readonly object: NewObject;
  /** Of lists: the length of their directory, which the object begins with, and its CRC32C. */
  readonly headBytes?: number;
  readonly headCrc?: number;
  /** One bit a coordinate of the same rows. */
  readonly bits?: NewObject;
  /** Of rows that were there when the transaction began. */
  readonly firstRowId: number;
  readonly rows: number;
  /** float32, both or neither: the norms of all these rows are within them. */
  readonly leastNorm?: number;
  readonly mostNorm?: number;
}

/** Keys that a transaction brings into an array, and what the commit asks of them. */
export interface KeyClaim {
  readonly array: ArrayId;
  /**
   * Throws where a live row of the version has one of the keys: `AlreadyExists`, and `Conflict` where the row
   * landed since the transaction began. Reads the keys of rows that it did not look at before.
   */
  check(root: Root): Promise<void>;
  /** Throws `Conflict` where the other one, of the same array, brings one of the keys too. */
  checkBeside(other: KeyClaim): Promise<void>;
}

export interface ArrayType {
  /** Number of the `Dtype` enumeration. */
  readonly dtype: number;
  readonly rowShape: readonly number[];
  readonly scalar: boolean;
  readonly logicalDtype?: string;
}

/** What a transaction changes of the history, beside the arrays. */
export type HistoryChange =
  | {
      /** Makes or moves a tag. `expected`: the version that it stands for now, undefined for none. */
      readonly kind: 'tag';
      readonly name: string;
      readonly version: number;
      /** BLAKE3 of that version's root. */
      readonly rootHash: Uint8Array;
      readonly expected: number | undefined;
    }
  | { readonly kind: 'deleteTag'; readonly name: string; readonly expected: number }
  | {
      /** Versions from one on, and some before it, stay; so do tagged ones. What is gone stays gone. */
      readonly kind: 'expire';
      readonly keep: { readonly from: number; readonly also: readonly number[] };
    }
  /** Names a plan of clean-up; whoever commits above compares its own objects with it. */
  | { readonly kind: 'fence'; readonly plan: Uint8Array }
  /** A replica becomes a primary: nothing but the lineage of its root changes. */
  | { readonly kind: 'promote' }
  /** The first version of a history that was restored from another place; nothing but its lineage changes. */
  | { readonly kind: 'restoreTo' }
  | RestoreChange;

/** All arrays as they were at an earlier version. Commits right after the version it was planned at. */
export interface RestoreChange {
  readonly kind: 'restore';
  readonly from: LoadedRoot;
  /** An id for each array of `from`, in its order: those that are no longer there come back under it. */
  readonly freshIds: readonly Uint8Array[];
}

export interface Transaction {
  readonly id: Uint8Array;
  /** The caller gave the id, or an application sequence: repeats are recognised. */
  readonly exactlyOnce: boolean;
  readonly application?: { readonly name: string; readonly sequence: number };
  /** The version that the transaction saw when it began. */
  readonly baseVersion: number;
  /** The newest version when its first upload began, where that is an earlier one. */
  readonly uploadsSince?: number;
  /** Commits right after the base version or not at all: whatever else lands first is a conflict. */
  readonly onlyAtBase?: boolean;
  readonly changes: readonly Change[];
  readonly history?: readonly HistoryChange[];
  /** Ids of the rows that the callback read, by array: a later change of them is a conflict. */
  readonly reads: ReadonlyMap<ArrayId, Uint8Array>;
  readonly keys?: readonly KeyClaim[];
  readonly author?: string;
  readonly host?: string;
  readonly message?: string;
}

export function sameType(array: ArrayEntry, type: ArrayType): boolean {
  return (
    array.dtype === type.dtype &&
    array.scalar === type.scalar &&
    array.logicalDtype === (type.logicalDtype ?? '') &&
    array.rowShape.length === type.rowShape.length &&
    array.rowShape.every((length, axis) => length === type.rowShape[axis])
  );
}
