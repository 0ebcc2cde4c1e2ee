// Files of arrays of every format that is written, and datasets read back, for tests of the command line.
import { isNacreError, open, openArrayFile, writeArrayFile } from '../../src/index.js';
import type { ArrayToWrite, Dtype, TypedArray } from '../../src/index.js';

export interface Values {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Writes a file of the format of its ending; its path. */
export async function saveArrays(
  file: string,
  arrays: Readonly<Record<string, Values>>,
  format?: Parameters<typeof writeArrayFile>[2],
): Promise<string> {
  const written = Object.entries(arrays).map(([array, { dtype, shape, data }]): ArrayToWrite => {
    const [rows = 1, ...rowShape] = shape;
    return { array, type: { dtype, rowShape, scalar: shape.length === 0 }, rows, pieces: () => [data] };
  });
  await writeArrayFile(file, written, format);
  return file;
}

/** float32 rows of two numbers, counting from `first`. */
export function points(rows: number, first = 0): Values {
  const data = Float32Array.from({ length: 2 * rows }, (_, i) => first + i);
  return { dtype: 'float32', shape: [rows, 2], data };
}

/** int64 numbers from `first` on, one a row. */
export function numbers(rows: number, first = 0): Values {
  const data = BigInt64Array.from({ length: rows }, (_, i) => BigInt(first + i));
  return { dtype: 'int64', shape: [rows], data };
}

/** Every array of a dataset, as the library reads it. */
export async function everything(uri: string): Promise<Record<string, Values>> {
  const dataset = await open(uri);
  const found: Record<string, Values> = {};
  for (const [name, { dtype, shape }] of Object.entries((await dataset.info()).arrays)) {
    found[name] = { dtype, shape, data: (await dataset.array(name).read()).data };
  }
  await dataset.close();
  return found;
}

/** Every array of a file: dtype, shape and bytes. */
export async function contentOf(file: string): Promise<Record<string, unknown>> {
  const opened = await openArrayFile(file);
  const found: Record<string, unknown> = {};
  for (const array of opened.arrays) {
    const { dtype, rowShape, scalar } = array.type;
    const shape = scalar ? [] : [array.rows, ...rowShape];
    const bytes = Buffer.from(await array.read(0, array.rows)).toString('hex');
    found[array.array ?? ''] = { dtype, shape, bytes };
  }
  await opened.close();
  return found;
}

/** The newest version; undefined where there is no dataset. */
export async function versionOf(uri: string): Promise<number | undefined> {
  try {
    const dataset = await open(uri);
    const version = await dataset.version();
    await dataset.close();
    return version;
  } catch (error) {
    if (isNacreError(error, 'NotFound')) return undefined;
    throw error;
  }
}
