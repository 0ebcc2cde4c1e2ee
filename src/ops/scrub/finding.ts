// What a scrub says of damage.
import type { VersionRange } from './survey.js';

/**
 * `missing`: there is no such key. `size`: another length. `blocks`: some bytes differ. `other`: it holds
 * another object. `unreadable`: the disk fails to read it. `manifest`: its bytes are right, and the manifest
 * is not: its sums of blocks, or what a segment says.
 */
export type DamageKind = 'missing' | 'size' | 'blocks' | 'other' | 'unreadable' | 'manifest';

/** Row ids: `count` of those in `[start, end)`. */
export interface RowIds {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** What an object is to the dataset. */
export interface ObjectRole {
  readonly kind:
    | 'hint'
    | 'root'
    | 'segment'
    | 'partition'
    | 'columns'
    | 'row ids'
    | 'operation ids'
    | 'index epoch'
    | 'index'
    | 'index bits'
    | 'attribute index'
    | 'parity'
    | 'unknown';
  /** Name of the array, in the newest of the versions concerned. */
  readonly array?: string;
  readonly attributes?: readonly string[];
  /** Type of an index: exact, ivf or hnsw. */
  readonly index?: string;
  /** Row ids that it holds or covers; of a damaged partition those that the damage touches. */
  readonly rows?: RowIds;
}

export interface DamagedObject extends ObjectRole {
  readonly key: string;
  readonly damage: DamageKind;
  /** Kept versions that need it, ascending. */
  readonly versions: readonly VersionRange[];
  /** As the manifest says; undefined for a root or a hint. */
  readonly sizeBytes?: number;
  /** Length of what is there. */
  readonly observedBytes?: number;
  /** Blocks that differ, as runs `[start, end)`, each of `blockBytes` bytes. */
  readonly blocks?: readonly { readonly start: number; readonly end: number }[];
  readonly blockBytes?: number;
  /** The key whose bytes it holds. */
  readonly holds?: string;
  /** The key under which the right bytes are, `healed/<hash>`, where reads find them. */
  readonly healed?: string;
  /** BLAKE3 of the right bytes, hexadecimal; undefined where nobody knows what they were. */
  readonly hash?: string;
}
