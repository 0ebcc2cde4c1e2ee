// Chunks of one array: from coordinates to the object, the shard and the bytes in it, and those decoded.
import { NacreError } from '../../../errors.js';
import { fromNative, native } from '../../../native.js';
import { dtypes } from '../../../npy/dtype.js';
import type { ByteRange, CallOptions } from '../../../storage/object-store.js';
import type { FolderAccess } from '../folder.js';
import { changedFile } from '../folder-access.js';
import { giveBack } from '../give-back.js';
import { stridesOf } from './box.js';
import { crc32cBytes, crc32cStage, decodeStages, encodedMost } from './codecs.js';
import type { Decoders } from './decoders.js';
import { mostChunkBytes, type ZarrInfo } from './info.js';
import { damagedZarr } from './problem.js';
import { ShardIndexes } from './shards.js';

/** Where a chunk is: all of an object, or a part of a shard in the state that its index is of. */
interface Found {
  readonly key: string;
  readonly range?: ByteRange;
  readonly token?: string;
}

export class ZarrChunks {
  readonly info: ZarrInfo;
  /** Of a decoded chunk. */
  readonly bytes: number;
  /** From one element of a decoded chunk to the next, along each axis of the array. */
  readonly strides: readonly number[];
  /** It is stored as it is decoded, so that a part of it is a range of an object. */
  readonly isPlain: boolean;
  readonly #access: FolderAccess;
  /** Of the array, '' or ending in a slash. */
  readonly #prefix: string;
  readonly #shards: ShardIndexes | undefined;
  readonly #decoders: Decoders;

  /** Errors: `ResourceExhausted` for chunks that are too large to be decoded in memory. */
  constructor(access: FolderAccess, prefix: string, info: ZarrInfo, decoders: Decoders) {
    this.#decoders = decoders;
    const { chunkShape, dtype, encoding } = info;
    const { itemBytes } = dtypes[dtype];
    const straight = encoding.order.every((axis, i) => axis === i);
    const reversed = isReversed(encoding.order);
    this.info = info;
    this.bytes = chunkShape.reduce((product, length) => product * length, itemBytes);
    this.isPlain = encoding.stages.length === 0 && straight;
    this.#access = access;
    this.#prefix = prefix;
    const written = stridesOf(
      encoding.order.map((axis) => chunkShape[axis] as number),
      itemBytes,
    );
    this.strides =
      straight || reversed
        ? stridesOf(chunkShape, itemBytes)
        : chunkShape.map((_, axis) => written[encoding.order.indexOf(axis)] as number);
    if (!this.isPlain && this.bytes > mostChunkBytes)
      throw new NacreError(
        'ResourceExhausted',
        `${info.place.file}: a chunk of '${info.place.array}' takes ${this.bytes} bytes, at most ${mostChunkBytes}`,
        {
          context: { ...info.place, bytes: this.bytes },
          hint: 'Write it in smaller chunks, or without codecs.',
        },
      );
    this.#shards = info.shards && new ShardIndexes(access, prefix, info, info.shards);
  }

  /** Errors: `InvalidArgument` for one that is cut or damaged. Undefined for one that was never written. */
  async chunk(coordinates: readonly number[], options: CallOptions): Promise<Uint8Array | undefined> {
    const found = await this.#find(coordinates, options);
    if (found === undefined) return undefined;
    const encoded = await this.#encoded(found, options);
    if (encoded === undefined) return undefined;
    let decoded: Uint8Array;
    try {
      decoded = await decodeStages(this.info.encoding.stages, encoded, this.bytes, this.#decoders);
    } catch (cause) {
      throw this.#damaged(found, `cannot be decoded: ${messageOf(cause)}`, cause);
    }
    // What a store gives may be what it gives others, too.
    if (!this.#access.remote && encoded.buffer !== decoded.buffer) giveBack(encoded);
    return this.#inOrder(decoded);
  }

  /** Of a plain chunk the bytes `[start, end)`, in `into` where that can be. */
  async part(
    coordinates: readonly number[],
    { start, end }: ByteRange,
    into: Uint8Array | undefined,
    options: CallOptions,
  ): Promise<Uint8Array | undefined> {
    const found = await this.#find(coordinates, options);
    if (found === undefined) return undefined;
    const base = found.range?.start ?? 0;
    const range = { start: base + start, end: base + end };
    const body = await this.#access.get(found.key, { ...options, range, ...(into && { into }) });
    if (body === undefined) return this.#gone(found);
    if (found.token !== undefined && body.token !== found.token) throw changedFile(this.#access, found.key);
    const size = found.range === undefined ? body.sizeBytes : found.range.end - found.range.start;
    if (size !== this.bytes) throw this.#damaged(found, `has ${size} bytes, its shape takes ${this.bytes}`);
    if (body.bytes.byteLength !== end - start) throw changedFile(this.#access, found.key);
    return this.#swapped(body.bytes);
  }

  async #find(coordinates: readonly number[], options: CallOptions): Promise<Found | undefined> {
    if (this.#shards === undefined) return { key: this.#prefix + this.info.keyOf(coordinates) };
    return this.#shards.find(coordinates, options);
  }

  async #encoded(found: Found, options: CallOptions): Promise<Uint8Array | undefined> {
    const most = this.#encodedMost();
    const size = found.range && found.range.end - found.range.start;
    if (size !== undefined && size > most) throw this.#tooLong(found, size, most);
    const range = found.range ?? { start: 0, end: most };
    const body = await this.#access.get(found.key, { ...options, range });
    if (body === undefined) return this.#gone(found);
    if (found.token !== undefined && body.token !== found.token) throw changedFile(this.#access, found.key);
    if (found.range === undefined && body.sizeBytes > most) throw this.#tooLong(found, body.sizeBytes, most);
    return body.bytes;
  }

  #encodedMost(): number {
    const { stages } = this.info.encoding;
    if (stages.every((stage) => stage === crc32cStage)) return this.bytes + stages.length * crc32cBytes;
    return encodedMost(this.bytes);
  }

  /** A chunk that is not there was never written; a shard whose index was read was there. */
  #gone({ key, token }: Found): undefined {
    if (token !== undefined) throw changedFile(this.#access, key);
    return undefined;
  }

  #inOrder(decoded: Uint8Array): Uint8Array {
    const { chunkShape, dtype, encoding } = this.info;
    const bytes = this.#swapped(decoded);
    if (!isReversed(encoding.order)) return bytes;
    const target = new Uint8Array(bytes.byteLength);
    try {
      native().fortranToC(bytes, target, chunkShape, dtypes[dtype].itemBytes);
    } catch (error) {
      throw fromNative(error);
    }
    return target;
  }

  #swapped(bytes: Uint8Array): Uint8Array {
    if (!this.info.encoding.bigEndian) return bytes;
    try {
      native().swapBytes(bytes, dtypes[this.info.dtype].swapBytes);
    } catch (error) {
      throw fromNative(error);
    }
    return bytes;
  }

  #tooLong(found: Found, size: number, most: number): NacreError {
    return this.#damaged(found, `has ${size} bytes, one of its shape has ${most} at most`);
  }

  #damaged({ key, range }: Found, what: string, cause?: unknown): NacreError {
    const at = range === undefined ? '' : ` from byte ${range.start} on`;
    return damagedZarr(this.info.place, `has a chunk, ${key}${at}, that ${what}`, cause);
  }
}

/** Fortran order, of more than one axis. */
function isReversed(order: readonly number[]): boolean {
  return order.length > 1 && order.every((axis, i) => axis === order.length - 1 - i);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
