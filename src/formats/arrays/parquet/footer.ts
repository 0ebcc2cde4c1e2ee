// What stands at the end of a Parquet file: the columns with their types, and where each part of them lies.
import type { RowType } from '../../../arrays/row-type.js';
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import type { ArrayToWrite } from '../array-file.js';
import type { Physical } from './schema.js';
import { encodeThrift, i32, i64, list, struct, text, type ThriftValue } from './thrift.js';

/** A column of a row group, as it was written. */
export interface ChunkWritten {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

export interface GroupWritten {
  readonly rows: number;
  readonly chunks: readonly ChunkWritten[];
}

/** A column as the footer has it. */
export interface FileColumn {
  /** From the root of the schema to the values. */
  readonly path: readonly string[];
  readonly physical: number;
  /** Of the schema: the column and what is within it. */
  readonly elements: readonly ThriftValue[];
}

/** Numbers of the format. */
export const physicalTypes: Readonly<Record<Physical | 'BYTE_ARRAY', number>> = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
};
export const optional = 1;
const repeated = 2;
const listConverted = 3;
const firstUnsigned = 11;
const firstSigned = 15;
const encodings = { plain: 0, rle: 3 } as const;
const uncompressed = 0;
const version = 2;
/** Of a library that reads it; others are told by what they call themselves. */
const createdBy = 'nacre';
/** Of a page of data in the first form, which every library reads. */
const dataPage = 0;

export function physicalOf(dtype: Dtype): Physical {
  const { kind, itemBytes } = dtypes[dtype];
  if (kind === 'bool') return 'BOOLEAN';
  if (dtype === 'float16') return 'FIXED_LEN_BYTE_ARRAY';
  if (kind === 'float') return itemBytes === 4 ? 'FLOAT' : 'DOUBLE';
  return itemBytes === 8 ? 'INT64' : 'INT32';
}

export function isList({ rowShape }: RowType): boolean {
  return rowShape.length > 0;
}

export function pageHeader(bytes: number, crc: number, entries: number): Uint8Array {
  return encodeThrift({
    1: i32(dataPage),
    2: i32(bytes),
    3: i32(bytes),
    // As a signed number, which the format has.
    4: i32(crc | 0),
    5: struct({ 1: i32(entries), 2: i32(encodings.plain), 3: i32(encodings.rle), 4: i32(encodings.rle) }),
  });
}

/** `arrowSchema`: the same columns as a message of Arrow, which has shapes. */
export function footerOf(
  columns: readonly FileColumn[],
  rows: number,
  groups: readonly GroupWritten[],
  arrowSchema: Uint8Array,
): Uint8Array {
  const schemaText = Buffer.from(arrowSchema).toString('base64');
  return encodeThrift({
    1: i32(version),
    2: list('struct', [root(columns.length), ...columns.flatMap(({ elements }) => elements)]),
    3: i64(rows),
    4: list(
      'struct',
      groups.map((group, i) => groupOf(columns, group, i)),
    ),
    5: list('struct', [struct({ 1: text('ARROW:schema'), 2: text(schemaText) })]),
    6: text(createdBy),
  });
}

function root(columns: number): ThriftValue {
  return struct({ 4: text('schema'), 5: i32(columns) });
}

export function columnOfArray({ array, type }: ArrayToWrite): FileColumn {
  const physical = physicalTypes[physicalOf(type.dtype)];
  if (isList(type)) return listColumn(array, physical, (name) => leafOf(name, type.dtype));
  return { path: [array], physical, elements: [leafOf(array, type.dtype)] };
}

/** Of lists three elements, as the format asks: the list, its entries, and what is in each. */
export function listColumn(
  name: string,
  physical: number,
  leafOf: (name: string) => ThriftValue,
): FileColumn {
  const logical = struct({ 3: struct({}) });
  const elements = [
    struct({ 3: i32(optional), 4: text(name), 5: i32(1), 6: i32(listConverted), 10: logical }),
    struct({ 3: i32(repeated), 4: text('list'), 5: i32(1) }),
    leafOf('element'),
  ];
  return { path: [name, 'list', 'element'], physical, elements };
}

function leafOf(name: string, dtype: Dtype): ThriftValue {
  const { converted, logical } = annotationOf(dtype);
  return struct({
    1: i32(physicalTypes[physicalOf(dtype)]),
    2: dtype === 'float16' ? i32(2) : undefined,
    3: i32(optional),
    4: text(name),
    6: converted,
    10: logical,
  });
}

/** What a physical type does not say: widths and signs of integers, and float16. */
function annotationOf(dtype: Dtype): { readonly converted?: ThriftValue; readonly logical?: ThriftValue } {
  const { kind, itemBytes } = dtypes[dtype];
  if (dtype === 'float16') return { logical: struct({ 15: struct({}) }) };
  if (kind !== 'int' && kind !== 'uint') return {};
  const isSigned = kind === 'int';
  const first = isSigned ? firstSigned : firstUnsigned;
  const width = struct({ 1: { kind: 'i8', value: 8 * itemBytes }, 2: { kind: 'flag', value: isSigned } });
  return { converted: i32(first + Math.log2(itemBytes)), logical: struct({ 10: width }) };
}

function groupOf(columns: readonly FileColumn[], { rows, chunks }: GroupWritten, index: number): ThriftValue {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return struct({
    1: list(
      'struct',
      chunks.map((chunk, i) => chunkOf(columns[i] as FileColumn, chunk)),
    ),
    2: i64(bytes),
    3: i64(rows),
    5: i64(chunks[0]?.offset ?? 0),
    6: i64(bytes),
    // It has 16 bits, and may be missing.
    7: index < 2 ** 15 ? { kind: 'i16', value: index } : undefined,
  });
}

function chunkOf({ path, physical }: FileColumn, { offset, bytes, entries }: ChunkWritten): ThriftValue {
  const metadata = struct({
    1: i32(physical),
    2: list('i32', [i32(encodings.plain), i32(encodings.rle)]),
    3: list('text', path.map(text)),
    4: i32(uncompressed),
    5: i64(entries),
    6: i64(bytes),
    7: i64(bytes),
    9: i64(offset),
  });
  return struct({ 2: i64(0), 3: metadata });
}
