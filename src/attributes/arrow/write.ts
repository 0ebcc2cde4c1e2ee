// Writes columns as an Arrow IPC file that any Arrow library opens: uncompressed, one record batch, so that
// the values of a column lie together. Equal columns give equal bytes.
import * as flatbuffers from 'flatbuffers';
import { concat } from '../../util/bytes.js';
import { countBits } from '../bits.js';
import type { Attribute, Column } from '../column.js';
import * as fb from './format.js';
import { type ColumnShape, shapeOf } from './layout.js';

export interface ArrowFile {
  readonly pieces: readonly Uint8Array[];
  /** Where the body of its batch begins. */
  readonly bodyOffset: number;
  readonly columns: readonly ColumnShape[];
}

/** A file of columns that have the same rows, in the order of their attributes. */
export function writeArrow(attributes: readonly Attribute[], columns: readonly Column[]): ArrowFile {
  const rows = columns[0]?.rows ?? 0;
  const { metadata, body, bodyBytes } = batchOf(columns);
  const head = concat([padded(fb.magic, fb.messageAlignment), framed(schemaMessage(attributes))]);
  const framedBatch = framed(metadata, head.byteLength);
  const bodyOffset = head.byteLength + framedBatch.byteLength;
  const place = { offset: head.byteLength, metadataBytes: framedBatch.byteLength, bodyBytes };
  const footer = footerOf((builder) => schemaOf(builder, attributes), [place]);
  return {
    pieces: [head, framedBatch, ...body, tailOf(footer)],
    bodyOffset,
    columns: columns.map((column) => shapeOf(column, rows)),
  };
}

/** A message behind its continuation and its length, padded so that a body begins as its buffers do. */
export function framed(metadata: Uint8Array, offset?: number): Uint8Array {
  const alignment = offset === undefined ? fb.messageAlignment : fb.bufferAlignment;
  const length = fb.aligned((offset ?? 0) + 8 + metadata.byteLength, alignment) - (offset ?? 0) - 8;
  const bytes = new Uint8Array(8 + length);
  new Uint32Array(bytes.buffer, 0, 2).set([fb.continuation, length]);
  bytes.set(metadata, 8);
  return bytes;
}

export function padded(bytes: Uint8Array, to: number): Uint8Array {
  const all = new Uint8Array(fb.aligned(bytes.byteLength, to));
  all.set(bytes);
  return all;
}

function schemaMessage(attributes: readonly Attribute[]): Uint8Array {
  const builder = new flatbuffers.Builder(1024);
  return finished(builder, fb.header.schema, schemaOf(builder, attributes), 0);
}

export function finished(
  builder: flatbuffers.Builder,
  headerType: number,
  header: flatbuffers.Offset,
  body: number,
): Uint8Array {
  builder.startObject(fb.messageFields);
  builder.addFieldInt64(fb.message.bodyLength, BigInt(body), 0n);
  builder.addFieldOffset(fb.message.header, header, 0);
  builder.addFieldInt16(fb.message.version, fb.metadataV5, 0);
  builder.addFieldInt8(fb.message.headerType, headerType, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

function schemaOf(builder: flatbuffers.Builder, attributes: readonly Attribute[]): flatbuffers.Offset {
  const fields = attributes.map(({ name, type }) => attributeField(builder, name, type));
  const vector = offsetsOf(builder, fields);
  builder.startObject(fb.schemaFields);
  builder.addFieldOffset(fb.schema.fields, vector, 0);
  return builder.endObject();
}

export function offsetsOf(
  builder: flatbuffers.Builder,
  offsets: readonly flatbuffers.Offset[],
): flatbuffers.Offset {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

export function attributeField(
  builder: flatbuffers.Builder,
  name: string,
  type: Attribute['type'],
): flatbuffers.Offset {
  // Arrow's own libraries give the items of a list this name.
  const children = type === 'strings' ? [attributeField(builder, 'item', 'string')] : [];
  const childVector = offsetsOf(builder, children);
  const [nameText, typeTable] = [builder.createString(name), typeOf(builder, type)];
  builder.startObject(fb.fieldFields);
  builder.addFieldOffset(fb.field.children, childVector, 0);
  builder.addFieldOffset(fb.field.type, typeTable, 0);
  builder.addFieldOffset(fb.field.name, nameText, 0);
  builder.addFieldInt8(fb.field.typeType, fb.typeType[type], 0);
  builder.addFieldInt8(fb.field.nullable, 1, 0);
  return builder.endObject();
}

function typeOf(builder: flatbuffers.Builder, type: Attribute['type']): flatbuffers.Offset {
  const timezone = type === 'timestamp' ? builder.createString('UTC') : 0;
  builder.startObject(2);
  if (type === 'int') {
    builder.addFieldInt32(fb.int.bitWidth, 64, 0);
    builder.addFieldInt8(fb.int.isSigned, 1, 0);
  } else if (type === 'float') {
    builder.addFieldInt16(fb.float.precision, fb.double, 0);
  } else if (type === 'timestamp') {
    builder.addFieldOffset(fb.timestamp.timezone, timezone, 0);
    builder.addFieldInt16(fb.timestamp.unit, fb.micros, 0);
  }
  return builder.endObject();
}

export interface Collected {
  /** Length and nulls of each column, and of the items of lists behind it. */
  readonly nodes: { readonly rows: number; readonly nulls: number }[];
  readonly buffers: Uint8Array[];
}

function batchOf(columns: readonly Column[]): {
  metadata: Uint8Array;
  body: readonly Uint8Array[];
  bodyBytes: number;
} {
  const collected: Collected = { nodes: [], buffers: [] };
  for (const column of columns) collect(collected, column);
  return batchMessage(columns[0]?.rows ?? 0, collected);
}

/** A record batch: its message, the pieces of its body, and how long that is. */
export function batchMessage(
  rows: number,
  { nodes, buffers }: Collected,
): { metadata: Uint8Array; body: readonly Uint8Array[]; bodyBytes: number } {
  const places: [number, number][] = [];
  const body: Uint8Array[] = [];
  let size = 0;
  for (const buffer of buffers) {
    places.push([size, buffer.byteLength]);
    const whole = fb.aligned(buffer.byteLength, fb.bufferAlignment);
    body.push(buffer, new Uint8Array(whole - buffer.byteLength));
    size += whole;
  }
  const builder = new flatbuffers.Builder(1024);
  const bufferVector = pairsOf(builder, places);
  const nodeVector = pairsOf(
    builder,
    nodes.map(({ rows, nulls }) => [rows, nulls]),
  );
  builder.startObject(fb.recordBatchFields);
  builder.addFieldInt64(fb.recordBatch.length, BigInt(rows), 0n);
  builder.addFieldOffset(fb.recordBatch.nodes, nodeVector, 0);
  builder.addFieldOffset(fb.recordBatch.buffers, bufferVector, 0);
  const metadata = finished(builder, fb.header.recordBatch, builder.endObject(), size);
  return { metadata, body, bodyBytes: size };
}

/** A vector of structs of two int64. */
export function pairsOf(
  builder: flatbuffers.Builder,
  pairs: readonly (readonly [number, number])[],
): flatbuffers.Offset {
  builder.startVector(16, pairs.length, 8);
  for (const [first, second] of pairs.toReversed()) {
    builder.prep(8, 16);
    builder.writeInt64(BigInt(second));
    builder.writeInt64(BigInt(first));
  }
  return builder.endVector();
}

/** Puts a column behind those that are there. */
export function collect({ nodes, buffers }: Collected, column: Column): void {
  const nulls = column.valid === undefined ? 0 : column.rows - countBits(column.valid, column.rows);
  nodes.push({ rows: column.rows, nulls });
  buffers.push(nulls === 0 ? new Uint8Array(0) : (column.valid as Uint8Array));
  if (column.type === 'string') {
    buffers.push(bytesOf(column.offsets), column.bytes.subarray(0, column.offsets[column.rows]));
  } else if (column.type === 'strings') {
    buffers.push(bytesOf(column.offsets));
    collect({ nodes, buffers }, column.items);
  } else {
    buffers.push(bytesOf(column.values));
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export interface BatchPlace {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** `schemaOf` puts the schema into the builder. */
export function footerOf(
  schemaOf: (builder: flatbuffers.Builder) => flatbuffers.Offset,
  batches: readonly BatchPlace[],
): Uint8Array {
  const builder = new flatbuffers.Builder(1024);
  const schema = schemaOf(builder);
  builder.startVector(24, batches.length, 8);
  for (const { offset, metadataBytes, bodyBytes } of batches.toReversed()) {
    builder.prep(8, 24);
    builder.writeInt64(BigInt(bodyBytes));
    builder.pad(4);
    builder.writeInt32(metadataBytes);
    builder.writeInt64(BigInt(offset));
  }
  const vector = builder.endVector();
  builder.startObject(fb.footerFields);
  builder.addFieldOffset(fb.footer.recordBatches, vector, 0);
  builder.addFieldOffset(fb.footer.schema, schema, 0);
  builder.addFieldInt16(fb.footer.version, fb.metadataV5, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

/** What ends a file. */
export function tailOf(footer: Uint8Array): Uint8Array {
  return concat([
    new Uint8Array(Uint32Array.of(fb.continuation, 0).buffer),
    footer,
    new Uint8Array(Uint32Array.of(footer.byteLength).buffer),
    fb.magic,
  ]);
}
