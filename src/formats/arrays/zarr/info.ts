// What the metadata of one array say, of either version, checked.
import type { Dtype } from '../../../npy/dtype.js';
import type { Stage } from './codecs.js';
import type { ZarrPlace } from './problem.js';

export interface ZarrInfo {
  readonly place: ZarrPlace;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Of what is decoded in one go: a chunk, or where there are shards one of those in a shard. */
  readonly chunkShape: readonly number[];
  /** One element, little endian. */
  readonly fill: Uint8Array;
  /** Of the object with the chunk, or the shard, of those coordinates, below the folder of the array. */
  readonly keyOf: (coordinates: readonly number[]) => string;
  readonly encoding: ChunkEncoding;
  readonly shards?: ShardLayout;
}

export interface ChunkEncoding {
  /** Which axis of the array is the i-th of what is written. */
  readonly order: readonly number[];
  readonly bigEndian: boolean;
  /** In the order in which they were applied, after the numbers had become bytes. */
  readonly stages: readonly Stage[];
}

export interface ShardLayout {
  /** Chunks of a shard along each axis. */
  readonly chunks: readonly number[];
  /** Where in the object the index is. */
  readonly indexAt: 'start' | 'end';
  readonly indexBigEndian: boolean;
  readonly indexChecked: boolean;
}

/** One decoded chunk at most. */
export const mostChunkBytes = 512 * 2 ** 20;
