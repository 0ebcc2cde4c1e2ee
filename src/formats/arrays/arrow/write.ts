// Arrays as an Arrow IPC file (Feather of version 2) that any Arrow library opens: a column for each, record
// batches of some MiB, uncompressed. Rows of more axes than one are of the extension type that has a shape.
import * as flatbuffers from 'flatbuffers';
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import * as fb from '../../../attributes/arrow/format.js';
import type { Attribute, Column } from '../../../attributes/column.js';
import {
  attributeField,
  type BatchPlace,
  batchMessage,
  collect,
  finished,
  footerOf,
  framed,
  offsetsOf,
  padded,
  tailOf,
} from '../../../attributes/arrow/write.js';
import { NacreError } from '../../../errors.js';
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import { concat } from '../../../util/bytes.js';
import type { ArrayToWrite, WriteArraysOptions } from '../array-file.js';
import { checkColumns, rowsTogether } from '../columns.js';
import { RowsTaken } from '../pieces.js';
import { extensionMetadata, extensionName, tensorName } from './schema.js';

/** Of a record batch, all columns together. */
const batchBytes = 8 * 2 ** 20;

/**
 * Memory: two batches, of 32,768 rows at most where there are attributes. Errors: `InvalidArgument` for
 * complex numbers and other numbers of rows.
 */
export async function* writeArrow(
  arrays: readonly ArrayToWrite[],
  { attributes, ...options }: WriteArraysOptions,
): AsyncGenerator<Uint8Array> {
  const holds = ({ dtype }: RowType): boolean => dtypes[dtype].kind !== 'complex';
  const rows = checkColumns('Arrow', arrays, holds, attributes);
  const more = attributes?.attributes ?? [];
  const total = arrays.reduce((sum, { type }) => sum + rowBytesOf(type), 0);
  for (const { array, type } of arrays) checkItems(array, type);
  const perBatch = rowsTogether(batchBytes, total, attributes);
  const taken = arrays.map((array) => new RowsTaken(array, options));
  const places: BatchPlace[] = [];
  try {
    const head = concat([padded(fb.magic, fb.messageAlignment), schemaBytes(arrays, more)]);
    let offset = head.byteLength;
    yield head;
    for (let row = 0; row < rows; row += perBatch) {
      const count = Math.min(perBatch, rows - row);
      const { metadata, body, bodyBytes } = await batchOf(
        taken,
        count,
        await attributes?.read(row, row + count, options),
      );
      const message = framed(metadata, offset);
      places.push({ offset, metadataBytes: message.byteLength, bodyBytes });
      offset += message.byteLength + bodyBytes;
      yield message;
      yield* body.filter(({ byteLength }) => byteLength > 0);
    }
    for (const rows of taken) await rows.end();
    yield tailOf(footerOf((builder) => schemaOf(builder, arrays, more), places));
  } finally {
    await Promise.all(taken.map((rows) => rows.close()));
  }
}

/** A message with the schema of such a file, framed: what Parquet files keep of it, too. */
export function schemaBytes(arrays: readonly ArrayToWrite[], attributes: readonly Attribute[]): Uint8Array {
  const builder = new flatbuffers.Builder(1024);
  return framed(finished(builder, fb.header.schema, schemaOf(builder, arrays, attributes), 0));
}

/** Bits of bytes that are 0 or 1. */
export function bitsOfBytes(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bytes.byteLength / 8));
  for (let i = 0; i < bytes.byteLength; i++) {
    if (bytes[i] !== 0) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  }
  return bits;
}

export function itemsOfRow({ rowShape }: RowType): number {
  return rowShape.reduce((product, length) => product * length, 1);
}

function checkItems(array: string, type: RowType): void {
  if (itemsOfRow(type) < 2 ** 31) return;
  throw new NacreError('InvalidArgument', `array '${array}': Arrow's lists are below 2,147,483,648 items`, {
    hint: 'Write it as .npy.',
    context: { array },
  });
}

async function batchOf(
  taken: readonly RowsTaken[],
  rows: number,
  attributes: readonly Column[] = [],
): Promise<ReturnType<typeof batchMessage>> {
  const nodes: { rows: number; nulls: number }[] = [];
  const buffers: Uint8Array[] = [];
  const noNulls = new Uint8Array(0);
  for (const each of taken) {
    const bytes = await each.take(rows);
    const { type } = each.array;
    nodes.push({ rows, nulls: 0 });
    buffers.push(noNulls);
    if (type.rowShape.length > 0) {
      nodes.push({ rows: rows * itemsOfRow(type), nulls: 0 });
      buffers.push(noNulls);
    }
    buffers.push(type.dtype === 'bool' ? bitsOfBytes(bytes) : bytes);
  }
  for (const column of attributes) collect({ nodes, buffers }, column);
  return batchMessage(rows, { nodes, buffers });
}

function schemaOf(
  builder: flatbuffers.Builder,
  arrays: readonly ArrayToWrite[],
  attributes: readonly Attribute[],
): flatbuffers.Offset {
  const fields = [
    ...arrays.map(({ array, type }) => fieldOf(builder, array, type)),
    ...attributes.map(({ name, type }) => attributeField(builder, name, type)),
  ];
  const vector = offsetsOf(builder, fields);
  builder.startObject(fb.schemaFields);
  builder.addFieldOffset(fb.schema.fields, vector, 0);
  return builder.endObject();
}

function fieldOf(builder: flatbuffers.Builder, name: string, type: RowType): flatbuffers.Offset {
  const { dtype, rowShape } = type;
  const isList = rowShape.length > 0;
  // Arrow's own libraries give the items of a list this name.
  const children = isList ? [fieldOf(builder, 'item', { dtype, rowShape: [], scalar: false })] : [];
  const childVector = offsetsOf(builder, children);
  const metadata = rowShape.length > 1 ? tensorMetadata(builder, rowShape) : 0;
  const nameText = builder.createString(name);
  const typeTable = isList ? listOf(builder, itemsOfRow(type)) : numberOf(builder, dtype);
  builder.startObject(fb.fieldFields);
  builder.addFieldOffset(fb.field.metadata, metadata, 0);
  builder.addFieldOffset(fb.field.children, childVector, 0);
  builder.addFieldOffset(fb.field.type, typeTable, 0);
  builder.addFieldOffset(fb.field.name, nameText, 0);
  builder.addFieldInt8(fb.field.typeType, isList ? fb.typeType.fixedSizeList : typeTypeOf(dtype), 0);
  builder.addFieldInt8(fb.field.nullable, 1, 0);
  return builder.endObject();
}

function tensorMetadata(builder: flatbuffers.Builder, rowShape: readonly number[]): flatbuffers.Offset {
  const pairs: [string, string][] = [
    [extensionName, tensorName],
    [extensionMetadata, JSON.stringify({ shape: rowShape })],
  ];
  const tables = pairs.map(([key, value]) => {
    const [keyText, valueText] = [builder.createString(key), builder.createString(value)];
    builder.startObject(2);
    builder.addFieldOffset(fb.keyValue.value, valueText, 0);
    builder.addFieldOffset(fb.keyValue.key, keyText, 0);
    return builder.endObject();
  });
  return offsetsOf(builder, tables);
}

function listOf(builder: flatbuffers.Builder, size: number): flatbuffers.Offset {
  builder.startObject(1);
  builder.addFieldInt32(fb.fixedSizeList.size, size, 0);
  return builder.endObject();
}

function typeTypeOf(dtype: Dtype): number {
  const { kind } = dtypes[dtype];
  if (kind === 'bool') return fb.typeType.bool;
  return kind === 'float' ? fb.typeType.float : fb.typeType.int;
}

function numberOf(builder: flatbuffers.Builder, dtype: Dtype): flatbuffers.Offset {
  const { kind, itemBytes } = dtypes[dtype];
  builder.startObject(2);
  if (kind === 'float') builder.addFieldInt16(fb.float.precision, Math.log2(itemBytes) - 1, 0);
  else if (kind !== 'bool') {
    builder.addFieldInt32(fb.int.bitWidth, 8 * itemBytes, 0);
    builder.addFieldInt8(fb.int.isSigned, kind === 'int' ? 1 : 0, 0);
  }
  return builder.endObject();
}
