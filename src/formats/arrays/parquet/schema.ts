// Which columns of a Parquet file are arrays: a leaf of numbers, alone or below lists of lists.
import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import * as fb from '../../../attributes/arrow/format.js';
import { Table } from '../../../attributes/arrow/table.js';
import { isNacreError } from '../../../errors.js';
import type { Dtype } from '../../../npy/dtype.js';
import { columnsOf, type Level } from '../arrow/schema.js';

export type Physical = 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE' | 'FIXED_LEN_BYTE_ARRAY';

export interface ParquetColumn {
  readonly name: string;
  /** The leaf's, with dots, as a key for its chunks. */
  readonly path: string;
  readonly physical: Physical;
  readonly dtype: Dtype;
  /** Definition level of a value that is there. */
  readonly defined: number;
  /** What is missing at each lower level. */
  readonly missing: readonly ('null' | 'list')[];
  /** For each axis of rows, outer first: the definition level of a list of nothing. */
  readonly emptyAt: readonly number[];
  /** Of a writer that keeps Arrow's schema: sizes and shapes of lists. */
  readonly levels?: readonly Level[];
}

/** Undefined for what is no array. */
export function columnOf(child: SchemaTree, levels: readonly Level[] | undefined): ParquetColumn | undefined {
  const nodes = [child];
  const emptyAt: number[] = [];
  const missing: ('null' | 'list')[] = [];
  for (let node: SchemaTree | undefined = child; node !== undefined; node = node.children[0]) {
    const { repetition_type: repetition } = node.element;
    const above: SchemaTree | undefined = nodes.at(-2);
    if (node.children.length > 1 || !isPlace(node, above)) return undefined;
    if (repetition === 'REPEATED') emptyAt.push(missing.length);
    if (repetition !== 'REQUIRED') missing.push(repetition === 'REPEATED' ? 'list' : 'null');
    const [next] = node.children;
    if (next !== undefined) nodes.push(next);
  }
  const leaf = nodes.at(-1) ?? child;
  const type = typeOf(leaf.element);
  if (type === undefined) return undefined;
  return {
    name: child.element.name,
    path: leaf.path.join('.'),
    ...type,
    defined: missing.length,
    missing,
    emptyAt,
    ...(levels?.length === emptyAt.length && { levels }),
  };
}

/** A leaf, a group that is a LIST, or the repeated group of one. */
function isPlace({ element, children }: SchemaTree, above: SchemaTree | undefined): boolean {
  if (children.length === 0) return true;
  if (element.repetition_type !== 'REPEATED') return isList(element);
  // Older writers name a struct so.
  const isStruct = element.name === 'array' || element.name.endsWith('_tuple');
  return above !== undefined && isList(above.element) && !isList(element) && !isStruct;
}

function isList({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === 'LIST' || logical?.type === 'LIST';
}

function typeOf(element: SchemaElement): { physical: Physical; dtype: Dtype } | undefined {
  const { type, type_length: length, converted_type: converted, logical_type: logical } = element;
  switch (type) {
    case 'BOOLEAN':
      return { physical: type, dtype: 'bool' };
    case 'FLOAT':
      return { physical: type, dtype: 'float32' };
    case 'DOUBLE':
      return { physical: type, dtype: 'float64' };
    case 'FIXED_LEN_BYTE_ARRAY':
      return logical?.type === 'FLOAT16' && length === 2 ? { physical: type, dtype: 'float16' } : undefined;
    case 'INT32':
    case 'INT64': {
      const dtype = intOf(type === 'INT32' ? 32 : 64, converted, logical);
      return dtype && { physical: type, dtype };
    }
    case 'BYTE_ARRAY':
    case 'INT96':
    case undefined:
      return undefined;
  }
}

function intOf(
  physical: 32 | 64,
  converted: SchemaElement['converted_type'],
  logical: SchemaElement['logical_type'],
): Dtype | undefined {
  if (logical !== undefined && logical.type !== 'INTEGER') return undefined;
  const [, unsigned, width] = /^(U?)INT_(8|16|32|64)$/.exec(converted ?? `INT_${physical}`) ?? [];
  if (width === undefined) return undefined;
  const bits = logical?.bitWidth ?? Number(width);
  const isSigned = logical?.isSigned ?? unsigned === '';
  const isHeld = physical === 64 ? bits === 64 : bits === 8 || bits === 16 || bits === 32;
  return isHeld ? (`${isSigned ? '' : 'u'}int${bits}` as Dtype) : undefined;
}

const framedAt = 8;

/**
 * Levels of lists by columns, from the schema that Arrow's writers keep beside Parquet's. One that cannot be
 * read says nothing; `UnsupportedFormat` for tensors whose axes are permuted.
 */
export function arrowLevels(file: string, metadata: FileMetaData): ReadonlyMap<string, readonly Level[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'ARROW:schema')?.value;
  const levels = new Map<string, readonly Level[]>();
  if (text === undefined) return levels;
  try {
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    const message = Table.root(bytes.subarray(framedAt));
    for (const { name, values } of columnsOf(file, message.table(fb.message.header))) {
      if (values !== undefined) levels.set(name, values.levels);
    }
  } catch (error) {
    if (!isNacreError(error) || error.code === 'UnsupportedFormat') throw error;
  }
  return levels;
}
