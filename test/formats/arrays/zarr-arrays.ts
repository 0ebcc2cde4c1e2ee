// Arrays of every dtype, and of shapes that chunks are odd for: to be written as a Zarr in a folder, and in a
// zip file.
import type { ArrayToWrite } from '../../../src/index.js';
import { dtypeNames, dtypes } from '../../../src/npy/dtype.js';
import { arrayToWrite, bytesOf } from '../../support/array-files.js';

export const everything: readonly ArrayToWrite[] = [
  ...dtypeNames.map((dtype) =>
    arrayToWrite(`d/${dtype}`, dtype, [5, 3], bytesOf(15 * dtypes[dtype].itemBytes), 7),
  ),
  arrayToWrite('scalar', 'float32', [], Uint8Array.of(0, 0, 128, 63)),
  arrayToWrite('empty', 'int8', [0, 4], new Uint8Array(0)),
  arrayToWrite('nothing', 'int8', [4, 0], new Uint8Array(0)),
  arrayToWrite('Wide and far/ä', 'uint8', [7, 2 ** 21], bytesOf(7 * 2 ** 21), 2 ** 20),
];
