// The buffers of a record batch, taken one by one. What its metadata says is compared with its bytes before
// it is used.
import { decompressZstd } from 'hyparquet-compressors';
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, type Table } from '../../../attributes/arrow/table.js';
import { bitAt, bytesOfBits } from '../../../attributes/bits.js';
import { mostBatchBytes } from '../batch-rows.js';
import { decompressLz4Frames } from '../lz4.js';

import type { Extent } from './extent.js';
import type { IntBits } from './schema.js';

/** Numbers of a buffer. */
export type Words = ArrayLike<number> | ArrayLike<bigint>;

/** The body of a batch, or those of its buffers that are wanted, by their places in its metadata. */
export type BodyBytes = Uint8Array | ReadonlyMap<number, Uint8Array>;

export class Body {
  readonly #bytes: BodyBytes;
  readonly #nodes: readonly [number, number][];
  readonly #buffers: readonly [number, number][];
  readonly #viewBuffers: readonly number[];
  readonly #codec: number | undefined;
  #node = 0;
  #buffer = 0;
  #views = 0;
  #decompressed = 0;

  constructor(batch: Table, bytes: BodyBytes) {
    this.#bytes = bytes;
    this.#nodes = batch.pairs(fb.recordBatch.nodes);
    this.#buffers = batch.pairs(fb.recordBatch.buffers);
    this.#viewBuffers = batch.sizes(fb.recordBatch.viewBuffers);
    this.#codec = batch.has(fb.recordBatch.compression)
      ? batch.table(fb.recordBatch.compression).int8(fb.compression.codec)
      : undefined;
  }

  /** Rows of the next column, and how many are null. */
  node(): [rows: number, nulls: number] {
    const node = this.#nodes[this.#node++];
    if (node === undefined) throw damaged('a batch has too few columns');
    return node;
  }

  /** Rows of the next column, which may be others than those of its parent. */
  peekRows(): number {
    return this.#nodes[this.#node]?.[0] ?? 0;
  }

  /** The next buffer as bits that say which rows are valid. */
  valid(rows: number, nulls: number): (row: number) => boolean {
    const bytes = this.bytes();
    if (nulls === 0) return () => true;
    checkLength(bytes, bytesOfBits(rows));
    return (row) => bitAt(bytes, row);
  }

  bits(rows: number): (row: number) => boolean {
    const bytes = this.bytes();
    checkLength(bytes, bytesOfBits(rows));
    return (row) => bitAt(bytes, row);
  }

  ints(rows: number, bits: IntBits, isSigned = true): Words {
    const { buffer, byteOffset } = this.#words(rows, bits);
    switch (bits) {
      case 8:
        return new (isSigned ? Int8Array : Uint8Array)(buffer, byteOffset, rows);
      case 16:
        return new (isSigned ? Int16Array : Uint16Array)(buffer, byteOffset, rows);
      case 32:
        return new (isSigned ? Int32Array : Uint32Array)(buffer, byteOffset, rows);
      case 64:
        return new (isSigned ? BigInt64Array : BigUint64Array)(buffer, byteOffset, rows);
    }
  }

  float32s(rows: number): Float32Array {
    const { buffer, byteOffset } = this.#words(rows, 32);
    return new Float32Array(buffer, byteOffset, rows);
  }

  float64s(rows: number): Float64Array {
    const { buffer, byteOffset } = this.#words(rows, 64);
    return new Float64Array(buffer, byteOffset, rows);
  }

  /** The next buffer as offsets of rows, which never go back. */
  offsets(rows: number, bits: 32 | 64): Float64Array {
    const offsets = new Float64Array(rows + 1);
    // Of no rows, some write no offsets.
    const words = rows === 0 ? (this.bytes(), []) : this.ints(rows + 1, bits);
    let before = 0;
    for (let i = 0; i < words.length; i++) {
      const offset = Number(words[i] ?? 0);
      if (offset < before) throw damaged('offsets go back');
      offsets[i] = before = offset;
    }
    return offsets;
  }

  /** The next buffers that the views of a column point into. */
  viewBuffers(): Uint8Array[] {
    const count = this.#viewBuffers[this.#views++];
    if (count === undefined || count > this.#buffers.length)
      throw damaged('a column of views has no buffers');
    return Array.from({ length: count }, () => this.bytes());
  }

  /** The next buffer. */
  bytes(): Uint8Array {
    const bytes = this.#stored(this.#buffer++);
    return this.#codec === undefined || bytes.byteLength === 0 ? bytes : this.#decompress(bytes, this.#codec);
  }

  #stored(index: number): Uint8Array {
    if (!(this.#bytes instanceof Uint8Array)) {
      const bytes = this.#bytes.get(index);
      if (bytes === undefined) throw damaged('a batch has too few buffers');
      return bytes;
    }
    const [offset, length] = this.#buffers[index] ?? [0, -1];
    if (length >= 0 && offset + length <= this.#bytes.byteLength) {
      return this.#bytes.subarray(offset, offset + length);
    }
    throw damaged(`a buffer of ${length} bytes at ${offset} of ${this.#bytes.byteLength}`);
  }

  /** Goes past a column. */
  skip({ nodes, buffers, views }: Extent): void {
    this.#node += nodes;
    this.#buffer += buffers;
    for (let i = 0; i < views; i++) this.#buffer += this.#viewBuffers[this.#views++] ?? 0;
  }

  end(): void {
    if (this.#node === this.#nodes.length && this.#buffer === this.#buffers.length) return;
    throw damaged('a batch has more columns than its schema');
  }

  #decompress(bytes: Uint8Array, codec: number): Uint8Array {
    const content = decompressed(bytes, codec, mostBatchBytes - this.#decompressed);
    this.#decompressed += content.byteLength;
    return content;
  }

  /** The next buffer where words of this size can be read. */
  #words(count: number, bits: IntBits): Uint8Array<ArrayBuffer> {
    const bytes = this.bytes();
    checkLength(bytes, (count * bits) / 8);
    const isAligned = bytes.byteOffset % 8 === 0 && bytes.buffer instanceof ArrayBuffer;
    return isAligned ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
  }
}

function checkLength(bytes: Uint8Array, least: number): void {
  if (bytes.byteLength < least)
    throw damaged(`a buffer of ${bytes.byteLength} bytes, where ${least} are wanted`);
}

/** The content of a buffer behind its length; `Corrupt` for what is more than `most` bytes. */
export function decompressed(bytes: Uint8Array, codec: number, most: number): Uint8Array {
  if (bytes.byteLength < 8) throw damaged('a compressed buffer has no length');
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
  const rest = bytes.subarray(8);
  // What does not become shorter is left as it is.
  if (length === -1n) return rest;
  if (length < 0n || length > BigInt(most)) {
    throw damaged(`compressed buffers of more than ${mostBatchBytes / 2 ** 30} GiB`);
  }
  if (codec === fb.codec.lz4) return decompressLz4Frames(rest, Number(length));
  if (codec !== fb.codec.zstd) throw damaged(`there is no compression ${codec}`);
  const content = decompressZstd(rest, new Uint8Array(Number(length)));
  if (BigInt(content.byteLength) !== length) throw damaged('a compressed buffer is not as long as it says');
  return content;
}
