// Query vectors as users hand them in, as the scanner takes them: float64, one after the other.
import { NacreError } from '../errors.js';
import { type Dtype, dtypes, type TypedArray } from '../npy/dtype.js';
import { float16ToNumber } from '../npy/float16.js';

/** One vector; or many with their shape `[queries, dimensions]` (`[dimensions]` for a list of one). */
export type QueryVectors =
  | TypedArray
  | readonly number[]
  | { readonly data: TypedArray; readonly shape: readonly number[]; readonly dtype?: Dtype };

export interface ResolvedVectors {
  /** Row-major, `count * dimensions` numbers; a 64-bit integer is rounded to float64 first. */
  readonly values: Float64Array;
  readonly count: number;
  /** A single vector was given: the answer is one list and not a list of lists. */
  readonly single: boolean;
}

/** Checks the number of dimensions against the array's. */
export function resolveVectors(vectors: QueryVectors, dimensions: number, array: string): ResolvedVectors {
  const { data, shape, dtype } =
    'shape' in vectors ? vectors : { data: vectors, shape: undefined, dtype: undefined };
  const values = toFloat64(data, dtype);
  const single = shape === undefined;
  const [count, width] = sizesOf(shape ?? [values.length]);
  if (count * width !== values.length) {
    throw new NacreError(
      'InvalidArgument',
      `the queries have ${values.length} numbers for the shape [${String(shape)}]`,
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
  return { values, count, single };
}

/** Queries and dimensions; a shape of one axis is that of one query. */
function sizesOf(shape: readonly number[]): [number, number] {
  const [count = 1, ...axes] = shape;
  return axes.length === 0 ? [1, count] : [count, axes.reduce((a, b) => a * b, 1)];
}

function toFloat64(data: TypedArray | readonly number[], dtype: Dtype | undefined): Float64Array {
  if (dtype === 'float16') return Float64Array.from(data as Uint16Array, float16ToNumber);
  if (dtype !== undefined && dtypes[dtype].kind === 'complex') {
    throw new NacreError('InvalidArgument', 'a complex query cannot be compared with rows');
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  // Its `from` would go through an iterator: ten times as long, on the event loop.
  return new Float64Array(data as ArrayLike<number>);
}
