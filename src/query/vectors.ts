// Query vectors as users hand them in, as the scanner takes them: float64, one after the other.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { readPicks } from '../arrays/reader.js';
import { allocate } from '../native/memory.js';
import { resolveIndices } from '../arrays/selection.js';
import { NacreError } from '../errors.js';
import { type Dtype, dtypes, type TypedArray, viewAs } from '../npy/dtype.js';
import { putNumbers } from '../npy/float64.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
import { shortArray } from '../util/short-arrays.js';
import { dimensionsOf } from './scan.js';

/** One vector; or many with their shape `[queries, dimensions]` (`[dimensions]` for a list of one). */
export type QueryVectors =
  | TypedArray
  | readonly number[]
  | { readonly data: TypedArray; readonly shape: readonly number[]; readonly dtype?: Dtype };

/** A row of the array as the vector to look for, by its logical index or by its row id. */
export type StoredRow = { readonly row: number } | { readonly id: number };

export interface ResolvedVectors {
  /** Row-major, `count * dimensions` numbers; a 64-bit integer is rounded to float64 first. */
  readonly values: Float64Array;
  readonly count: number;
  /** A single vector was given: the answer is one list and not a list of lists. */
  readonly single: boolean;
}

/**
 * Checks the number of dimensions against the array's. Many numbers are copied by turns of the event loop:
 * nobody changes them meanwhile.
 */
export async function resolveVectors(
  vectors: QueryVectors,
  dimensions: number,
  array: string,
  signal?: AbortSignal,
): Promise<ResolvedVectors> {
  const { data, shape, dtype } =
    'shape' in vectors ? vectors : { data: vectors, shape: undefined, dtype: undefined };
  if (dtype !== undefined && dtypes[dtype].kind === 'complex') {
    throw new NacreError('InvalidArgument', 'a complex query cannot be compared with rows');
  }
  const single = shape === undefined;
  const [count, width] = sizesOf(shape ?? [data.length]);
  if (count * width !== data.length) {
    throw new NacreError(
      'InvalidArgument',
      `the queries have ${data.length} numbers for the shape [${String(shape)}]`,
    );
  }
  if (width !== dimensions) {
    throw new NacreError(
      'InvalidArgument',
      `the query has ${width} dimensions, rows of '${array}' have ${dimensions}`,
      {
        context: { array, expected: dimensions, observed: width },
        hint: 'Make the query with the model that made the rows.',
      },
    );
  }
  return { values: await toFloat64(data, dtype, signal), count, single };
}

/**
 * The vector of a row that is stored, as it stands at the version of the view. Cost: one wave. Errors:
 * `InvalidArgument` or `NotFound` for a row that is not there.
 */
export async function storedVector(
  { pages, native }: ArrayEnvironment,
  view: ArrayView,
  wanted: StoredRow,
  options: CallOptions,
): Promise<QueryVectors> {
  const map = await view.rowMap(options);
  const indices =
    'id' in wanted
      ? await map.indicesOf(Float64Array.of(wanted.id))
      : resolveIndices([wanted.row], map.liveRows, view.name);
  if ('id' in wanted && indices[0] === -1) {
    throw new NacreError('NotFound', `array '${view.name}' has no row with the id ${wanted.id}`, {
      context: { array: view.name, id: wanted.id },
      hint: 'It was dropped, or the id was never given.',
    });
  }
  const rowBytes = rowBytesOf(view.type);
  const room = () => allocate(rowBytes, `reading a row of '${view.name}'`, native);
  const bytes = await readPicks(await map.picksOfList(indices), rowBytes, room, pages, options);
  const { dtype } = view.type;
  return { data: viewAs(dtype, bytes), shape: [1, dimensionsOf(view)], dtype };
}

/** Queries and dimensions; a shape of one axis is that of one query. */
function sizesOf(shape: readonly number[]): [number, number] {
  const [count = 1, ...axes] = shape;
  return axes.length === 0 ? [1, count] : [count, axes.reduce((a, b) => a * b, 1)];
}

/** So many numbers are converted in one turn of the event loop: about a millisecond, in fresh memory. */
const numbersOfTurn = 2 ** 17;
/** The same of those that are converted one by one. */
const slowNumbersOfTurn = 2 ** 15;

async function toFloat64(
  data: TypedArray | readonly number[],
  dtype: Dtype | undefined,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const values = shortArray(data.length);
  const isSlow = dtype === 'float16' || data instanceof BigInt64Array || data instanceof BigUint64Array;
  const step = isSlow ? slowNumbersOfTurn : numbersOfTurn;
  for (let at = 0; at < values.length; at += step) {
    if (at > 0) {
      await nextTurn();
      throwIfAborted(signal);
    }
    putNumbers(data, dtype, at, Math.min(at + step, values.length), values);
  }
  return values;
}
