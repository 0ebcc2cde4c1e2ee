// Indexes of shards: objects that hold many chunks, and where each of them lies (the sharding codec of Zarr,
// ZEP 2). An index is read once for all chunks of its shard, as long as there is room for it.
import { fromNative, native } from '../../../native.js';
import type { ByteRange, CallOptions } from '../../../storage/object-store.js';
import type { FolderAccess } from '../folder.js';
import { changedFile } from '../folder-access.js';
import { crc32cBytes, withoutCrc32c } from './codecs.js';
import type { ShardLayout, ZarrInfo } from './info.js';
import { damagedZarr, unsupportedZarr } from './problem.js';

/** An offset and a length, of 8 bytes each. */
const entryBytes = 16;
/** Both of a chunk that was never written. */
const missing = 2n ** 64n - 1n;
const mostIndexBytes = 16 * 2 ** 20;
/** Of indexes that are kept. */
const keptBytes = 64 * 2 ** 20;

interface ShardIndex {
  readonly token: string;
  readonly sizeBytes: number;
  readonly entries: BigUint64Array;
}

export class ShardIndexes {
  readonly #access: FolderAccess;
  readonly #prefix: string;
  readonly #info: ZarrInfo;
  readonly #layout: ShardLayout;
  readonly #indexBytes: number;
  readonly #kept = new Map<string, Promise<ShardIndex | undefined>>();

  /** Errors: `UnsupportedFormat` for shards of too many chunks. */
  constructor(access: FolderAccess, prefix: string, info: ZarrInfo, layout: ShardLayout) {
    const bytes = layout.chunks.reduce((product, length) => product * length, entryBytes);
    if (bytes > mostIndexBytes)
      throw unsupportedZarr(
        info.place,
        `has shards of ${bytes / entryBytes} chunks, ${mostIndexBytes / entryBytes} at most are read`,
        'Write it in smaller shards.',
      );
    this.#access = access;
    this.#prefix = prefix;
    this.#info = info;
    this.#layout = layout;
    this.#indexBytes = bytes + (layout.indexChecked ? crc32cBytes : 0);
  }

  /** Where a chunk is; undefined where it was never written. */
  async find(
    coordinates: readonly number[],
    options: CallOptions,
  ): Promise<{ readonly key: string; readonly range: ByteRange; readonly token: string } | undefined> {
    const { chunks } = this.#layout;
    const shard = coordinates.map((at, axis) => Math.floor(at / (chunks[axis] as number)));
    const key = this.#prefix + this.#info.keyOf(shard);
    const index = await this.#index(key, options);
    if (index === undefined) return undefined;
    const entry = coordinates.reduce(
      (place, at, axis) => place * (chunks[axis] as number) + (at % (chunks[axis] as number)),
      0,
    );
    const [offset = missing, length = missing] = index.entries.subarray(2 * entry, 2 * entry + 2);
    if (offset === missing && length === missing) return undefined;
    if (offset + length > BigInt(index.sizeBytes))
      throw damagedZarr(
        this.#info.place,
        `has a shard, ${key}, of ${index.sizeBytes} bytes, whose chunk ${entry} has ${length} at ${offset}`,
      );
    const start = Number(offset);
    return { key, range: { start, end: start + Number(length) }, token: index.token };
  }

  #index(key: string, options: CallOptions): Promise<ShardIndex | undefined> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const read = this.#read(key, options);
    this.#kept.set(key, read);
    read.catch(() => this.#kept.delete(key));
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > Math.max(1, keptBytes / this.#indexBytes))
      this.#kept.delete(oldest);
    return read;
  }

  async #read(key: string, options: CallOptions): Promise<ShardIndex | undefined> {
    const length = this.#indexBytes;
    let start = 0;
    if (this.#layout.indexAt === 'end') {
      const size = await this.#access.sizeOf(key, options);
      if (size === undefined) return undefined;
      start = Math.max(0, size - length);
    }
    const body = await this.#access.get(key, { ...options, range: { start, end: start + length } });
    if (body === undefined) return undefined;
    const { place } = this.#info;
    if (body.sizeBytes < length)
      throw damagedZarr(place, `has a shard, ${key}, of ${body.sizeBytes} bytes, its index takes ${length}`);
    if (start > 0 && body.sizeBytes !== start + length) throw changedFile(this.#access, key);
    return { token: body.token, sizeBytes: body.sizeBytes, entries: this.#entries(key, body.bytes) };
  }

  #entries(key: string, bytes: Uint8Array): BigUint64Array {
    let content = bytes;
    try {
      if (this.#layout.indexChecked) content = withoutCrc32c(bytes);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : '';
      throw damagedZarr(this.#info.place, `has a shard, ${key}, whose index is damaged: ${why}`, cause);
    }
    const own = new Uint8Array(content);
    try {
      if (this.#layout.indexBigEndian) native().swapBytes(own, 8);
    } catch (error) {
      throw fromNative(error);
    }
    return new BigUint64Array(own.buffer, 0, own.byteLength / 8);
  }
}
