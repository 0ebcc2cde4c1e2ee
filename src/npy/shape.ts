// Shapes: what counts as one, how many bytes it takes, how Python writes it.
import { NacreError } from '../errors.js';
import { type Dtype, dtypes } from './dtype.js';
import { quote } from './problem.js';

/** Dimensions of an array at most; NumPy before 2.0 has the same limit. */
export const maxDimensions = 32;

/** As Python writes a tuple: `()`, `(3,)`, `(3, 4)`. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** Number of elements; 1 for the shape `()`. Exact for every shape that {@link arrayBytes} lets pass. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, dimension) => count * dimension, 1);
}

/**
 * Bytes of an array, without a header. Throws `InvalidArgument` unless the shape has at most 32 dimensions,
 * each an integer from 0 to 2^53 - 1, and the bytes are at most 2^53 - 1, with every dimension of 0 counted
 * as 1 as NumPy counts it, so that the size of a row is in range too.
 */
export function arrayBytes(dtype: Dtype, shape: readonly number[]): number {
  if (shape.length > maxDimensions)
    throw new NacreError(
      'InvalidArgument',
      `a shape has ${shape.length} dimensions, at most ${maxDimensions} are stored`,
      { hint: 'Reshape the array so that it has fewer dimensions.' },
    );
  let bytes = dtypes[dtype].itemBytes;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0)
      throw new NacreError(
        'InvalidArgument',
        `shape ${quote(shapeText(shape))} has the dimension ${dimension}, expected an integer from 0 to 2^53-1`,
      );
    bytes *= Math.max(dimension, 1);
  }
  if (bytes > Number.MAX_SAFE_INTEGER)
    throw new NacreError(
      'InvalidArgument',
      `shape ${quote(shapeText(shape))} of ${dtype} takes more than 2^53-1 bytes`,
    );
  return shape.includes(0) ? 0 : bytes;
}
