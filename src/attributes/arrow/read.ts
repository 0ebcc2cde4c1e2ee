// Reads one batch of an attribute file by its place, and nothing else of the file. The bytes had the right
// checksum; that does not make their offsets right, so every one of them is looked at before it is used.
import type { Attribute, Column, StringColumn } from '../column.js';
import { bytesOfBits } from '../bits.js';
import * as fb from './format.js';
import { damaged, Table } from './table.js';
import type { BatchPlace } from './write.js';

/**
 * The columns of a batch, as attributes of these types; `bytes` are those of its place. What is aligned is
 * used where it lies. `Corrupt` for bytes that are no such batch.
 */
export function readBatch(attributes: readonly Attribute[], place: BatchPlace, bytes: Uint8Array): Column[] {
  const { metadataBytes, bodyBytes, rows } = place;
  if (bytes.byteLength !== metadataBytes + bodyBytes || metadataBytes < 16) {
    throw damaged(`a batch of ${bytes.byteLength} bytes, said to be ${metadataBytes} and ${bodyBytes}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  if (view.getUint32(0, true) !== fb.continuation || view.getUint32(4, true) !== metadataBytes - 8) {
    throw damaged('what is there is no message');
  }
  const message = Table.root(bytes.subarray(8, metadataBytes));
  const isBatch = message.int8(fb.message.headerType) === fb.header.recordBatch;
  if (!isBatch || message.size(fb.message.bodyLength) !== bodyBytes)
    throw damaged('a message is no such batch');
  const batch = message.table(fb.message.header);
  if (batch.size(fb.recordBatch.length) !== rows) throw damaged(`a batch is not of ${rows} rows`);
  if (batch.has(fb.recordBatch.compression)) throw damaged('a batch is compressed');
  const cursor = new Cursor(
    bytes.subarray(metadataBytes),
    batch.pairs(fb.recordBatch.nodes),
    batch.pairs(fb.recordBatch.buffers),
  );
  const columns = attributes.map(({ type }) => columnOf(cursor, type, rows));
  cursor.end();
  return columns;
}

/** Takes nodes and buffers in their order. */
class Cursor {
  readonly #body: Uint8Array;
  readonly #nodes: readonly [number, number][];
  readonly #buffers: readonly [number, number][];
  #node = 0;
  #buffer = 0;

  constructor(body: Uint8Array, nodes: readonly [number, number][], buffers: readonly [number, number][]) {
    this.#body = body;
    this.#nodes = nodes;
    this.#buffers = buffers;
  }

  /** Rows and nulls of the next column. */
  node(): [number, number] {
    const node = this.#nodes[this.#node++];
    if (node === undefined) throw damaged('a batch has too few columns');
    return node;
  }

  /** The next buffer, `least` bytes of it. */
  buffer(least: number): Uint8Array {
    const [offset, length] = this.#buffers[this.#buffer++] ?? [0, -1];
    if (length < least || offset + length > this.#body.byteLength) {
      throw damaged(`a buffer of ${length} bytes at ${offset}, where ${least} are wanted`);
    }
    return this.#body.subarray(offset, offset + least);
  }

  /** The next one, whatever its length. */
  rest(): Uint8Array {
    return this.buffer(this.#buffers[this.#buffer]?.[1] ?? 0);
  }

  end(): void {
    if (this.#node === this.#nodes.length && this.#buffer === this.#buffers.length) return;
    throw damaged('a batch has more columns than attributes');
  }
}

function columnOf(cursor: Cursor, type: Attribute['type'], rows: number): Column {
  const base = baseOf(cursor, rows);
  switch (type) {
    case 'bool':
      return { ...base, type, values: cursor.buffer(bytesOfBits(rows)) };
    case 'float': {
      const { buffer, byteOffset } = wordsOf(cursor.buffer(8 * rows), 8);
      return { ...base, type, values: new Float64Array(buffer, byteOffset, rows) };
    }
    case 'int':
    case 'timestamp': {
      const { buffer, byteOffset } = wordsOf(cursor.buffer(8 * rows), 8);
      return { ...base, type, values: new BigInt64Array(buffer, byteOffset, rows) };
    }
    case 'string':
      return { ...base, ...stringsOf(cursor, rows) };
    case 'strings': {
      const offsets = offsetsOf(cursor, rows);
      const items = offsets[rows] ?? 0;
      const { valid, ...texts } = { ...baseOf(cursor, items), ...stringsOf(cursor, items) };
      if (valid !== undefined) throw damaged('an item of a list is null');
      return { ...base, type, offsets, items: texts };
    }
  }
}

function baseOf(cursor: Cursor, rows: number): { rows: number; valid?: Uint8Array } {
  const [length, nulls] = cursor.node();
  if (length !== rows || nulls > rows) throw damaged(`a column of ${length} rows, ${nulls} of them null`);
  const valid = cursor.buffer(nulls === 0 ? 0 : bytesOfBits(rows));
  return { rows, ...(nulls > 0 && { valid }) };
}

function stringsOf(cursor: Cursor, rows: number): StringColumn {
  const offsets = offsetsOf(cursor, rows);
  const bytes = cursor.rest();
  if ((offsets[rows] ?? 0) > bytes.byteLength) throw damaged('text ends behind its bytes');
  return { type: 'string', rows, offsets, bytes };
}

/** Offsets that begin at 0 and never go back. */
function offsetsOf(cursor: Cursor, rows: number): Int32Array {
  const { buffer, byteOffset } = wordsOf(cursor.buffer(4 * (rows + 1)), 4);
  const offsets = new Int32Array(buffer, byteOffset, rows + 1);
  let before = 0;
  for (const offset of offsets) {
    if (offset < before) throw damaged('offsets go back');
    before = offset;
  }
  if (offsets[0] !== 0) throw damaged('offsets do not begin at 0');
  return offsets;
}

/** The bytes where words of this size can be read; a copy where they lie across. */
function wordsOf(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const isAligned = bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer;
  return isAligned ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
