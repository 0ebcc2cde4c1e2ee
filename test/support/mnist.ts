// MNIST as .npy files: 60,000 train and 10,000 test images of 784 bytes with their labels, and the exact
// nearest neighbours of the first 1,000 test images. The IDX files are read here and nowhere in the product.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { viewAs } from '../../src/npy/dtype.js';
import { encodeHeader, parseHeader } from '../../src/npy/header.js';
import { dataPath } from './data.js';

const unpack = promisify(gunzip);

export interface Idx {
  readonly shape: readonly number[];
  /** uint8, row-major. */
  readonly data: Uint8Array;
}

export interface MnistFiles {
  /** uint8, (60000, 784). */
  readonly train: string;
  /** uint8, (60000,). */
  readonly trainLabels: string;
  /** uint8, (10000, 784). */
  readonly test: string;
  /** uint8, (10000,). */
  readonly testLabels: string;
}

/** Row `q` of `ids` and `distances` belongs to test image `q`: nearest first, ties by the lower id. */
export interface GroundTruth {
  readonly queries: number;
  readonly k: number;
  /** Train images, queries × k. */
  readonly ids: Int32Array;
  /** Squared L2 distances, queries × k. */
  readonly distances: BigInt64Array;
}

/** Writes the four files into `folder`; undefined, with one printed line, where MNIST is not at hand. */
export async function writeMnist(folder: string): Promise<MnistFiles | undefined> {
  if (dataPath('mnist') === undefined) return undefined;
  return {
    train: await convert('train-images-idx3-ubyte.gz', path.join(folder, 'train.npy')),
    trainLabels: await convert('train-labels-idx1-ubyte.gz', path.join(folder, 'train-labels.npy')),
    test: await convert('t10k-images-idx3-ubyte.gz', path.join(folder, 'test.npy')),
    testLabels: await convert('t10k-labels-idx1-ubyte.gz', path.join(folder, 'test-labels.npy')),
  };
}

/** The published neighbours; undefined, with one printed line, where MNIST is not at hand. */
export async function readGroundTruth(): Promise<GroundTruth | undefined> {
  const idFile = dataPath('mnist', 'gt_first1000test_l2_ids_i32.npy');
  const distanceFile = dataPath('mnist', 'gt_first1000test_l2_dist2_i64.npy');
  if (idFile === undefined || distanceFile === undefined) return undefined;
  const ids = await loadNpy(idFile, 'int32');
  const distances = await loadNpy(distanceFile, 'int64');
  const [queries = 0, k = 0] = ids.shape;
  return { queries, k, ids: ids.data, distances: distances.data };
}

/** One IDX file of unsigned bytes, unpacked; images are flattened to rows. */
export async function readIdx(file: string): Promise<Idx> {
  const bytes = await unpack(await readFile(file));
  // Two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension big-endian.
  const dimensions = bytes.readUInt8(3);
  if (bytes.readUInt16BE(0) !== 0 || bytes.readUInt8(2) !== 8)
    throw new Error(`${file} is no IDX file of bytes`);
  const [rows = 0, ...row] = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const width = row.reduce((product, dimension) => product * dimension, 1);
  const data = bytes.subarray(4 + 4 * dimensions);
  if (data.length !== rows * width)
    throw new Error(`${file} has ${data.length} bytes, not ${rows} x ${width}`);
  return { shape: row.length === 0 ? [rows] : [rows, width], data };
}

async function convert(name: string, target: string): Promise<string> {
  const { shape, data } = await readIdx(dataPath('mnist', name) ?? name);
  await writeFile(target, [encodeHeader('uint8', shape), data]);
  return target;
}

async function loadNpy<D extends 'int32' | 'int64'>(file: string, dtype: D) {
  const bytes = await readFile(file);
  const header = parseHeader(bytes, bytes.length, path.basename(file));
  if ('needBytes' in header || header.dtype !== dtype) throw new Error(`${file} is no .npy file of ${dtype}`);
  return { shape: header.shape, data: viewAs(dtype, bytes.subarray(header.dataOffset)) };
}
