// Which columns of an Arrow file are arrays, and how their rows lie in its buffers.
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, type Table } from '../../../attributes/arrow/table.js';
import type { Dtype } from '../../../npy/dtype.js';
import { type Extent, extentOf, sumOf } from '../../attributes/arrow/extent.js';
import { intOf } from '../../attributes/arrow/schema.js';
import { badColumn, unreadColumn } from '../columns.js';

/** One axis of rows, or several of a tensor: a node of the batch above that of its items. */
export type Level =
  | { readonly kind: 'fixed'; readonly shape: readonly number[]; readonly size: number }
  | { readonly kind: 'variable'; readonly bits: 32 | 64 };

export interface ArrowColumn {
  readonly name: string;
  /** What lies in a batch before it. */
  readonly before: Extent;
  readonly extent: Extent;
  readonly values?: { readonly dtype: Dtype; readonly levels: readonly Level[] };
}

const mostLevels = 32;
const floats = ['float16', 'float32', 'float64'] as const;

export function columnsOf(file: string, schema: Table): ArrowColumn[] {
  let before: Extent = { nodes: 0, buffers: 0, views: 0 };
  return schema.tables(fb.schema.fields).map((field) => {
    const name = field.text(fb.field.name);
    const extent = extentOf(field);
    const values = valuesOf(file, name, field, []);
    const column = { name, before, extent, ...(values !== undefined && { values }) };
    before = sumOf(before, extent);
    return column;
  });
}

/** Undefined for what is no number in the end. */
function valuesOf(
  file: string,
  column: string,
  field: Table,
  above: readonly Level[],
): ArrowColumn['values'] {
  if (field.has(fb.field.dictionary)) return undefined;
  const dtype = dtypeOf(field);
  if (dtype !== undefined) return { dtype, levels: above };
  const level = levelOf(field);
  if (level === undefined || above.length === mostLevels) return undefined;
  const [item, ...others] = field.tables(fb.field.children);
  if (item === undefined || others.length > 0) throw damaged('a list has no one type of items');
  const values = valuesOf(file, column, item, [...above, level]);
  if (values === undefined || level.kind !== 'fixed') return values;
  const shape = tensorShape(file, column, field, level.size);
  if (shape === undefined) return values;
  return { dtype: values.dtype, levels: values.levels.with(above.length, { ...level, shape }) };
}

function dtypeOf(field: Table): Dtype | undefined {
  switch (field.int8(fb.field.typeType)) {
    case fb.typeType.bool:
      return 'bool';
    case fb.typeType.int: {
      const { bits, isSigned } = intOf(field.table(fb.field.type));
      return `${isSigned ? 'int' : 'uint'}${bits}`;
    }
    case fb.typeType.float:
      return floats[field.table(fb.field.type).int16(fb.float.precision)];
    default:
      return undefined;
  }
}

function levelOf(field: Table): Level | undefined {
  switch (field.int8(fb.field.typeType)) {
    case fb.typeType.strings:
      return { kind: 'variable', bits: 32 };
    case fb.typeType.largeStrings:
      return { kind: 'variable', bits: 64 };
    case fb.typeType.fixedSizeList: {
      const size = field.table(fb.field.type).int32(fb.fixedSizeList.size);
      if (size < 0) throw damaged(`a list of ${size} items`);
      return { kind: 'fixed', size, shape: [size] };
    }
    default:
      return undefined;
  }
}

export const tensorName = 'arrow.fixed_shape_tensor';
export const extensionName = 'ARROW:extension:name';
export const extensionMetadata = 'ARROW:extension:metadata';

/** Of the extension type that has more axes than one. */
function tensorShape(
  file: string,
  column: string,
  field: Table,
  size: number,
): readonly number[] | undefined {
  const pairs = field
    .tables(fb.field.metadata)
    .map((pair) => [pair.text(fb.keyValue.key), pair.text(fb.keyValue.value)] as const);
  const metadata = new Map(pairs);
  if (metadata.get(extensionName) !== tensorName) return undefined;
  const { shape, permutation } = parsed(metadata.get(extensionMetadata) ?? '');
  const isShape = isSizes(shape) && shape.reduce((product, length) => product * length, 1) === size;
  if (!isShape || shape.length > mostLevels) {
    const what = `its tensors have no shape of ${size} numbers`;
    throw badColumn({ file, column }, what, 'Write the file again.');
  }
  if (permutation !== undefined && permutation !== null) {
    const isIdentity = isSizes(permutation) && permutation.every((axis, i) => axis === i);
    const hint = 'Write it in C order: to_numpy_ndarray() and from_numpy_ndarray() of pyarrow.';
    if (!isIdentity || permutation.length !== shape.length)
      throw unreadColumn({ file, column }, 'the axes of its tensors are permuted', hint);
  }
  return shape;
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && Number(item) >= 0);
}

function parsed(text: string): { readonly shape?: unknown; readonly permutation?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
