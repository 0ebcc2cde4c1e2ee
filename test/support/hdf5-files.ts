// The HDF5 files of test/formats/arrays/hdf5, which h5py wrote (make.py there).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = path.resolve(import.meta.dirname, '..', 'formats', 'arrays', 'hdf5');

export function hdf5File(name: string): Buffer {
  return gunzipSync(readFileSync(path.join(folder, `${name}.gz`)));
}

/** What h5py reads, by file and array: dtype, shape, SHA-256 of the bytes. */
export const expectedArrays = JSON.parse(
  readFileSync(path.join(folder, 'expected.json'), 'utf8'),
) as Readonly<Record<string, Readonly<Record<string, readonly [string, readonly number[], string]>>>>;
