// .npy: a file of one array, which has no name there.
import { NacreError } from '../../errors.js';
import type { NpyRows } from '../npy-file.js';
import { npyRowsOf } from '../npy-file.js';
import { npyBytes } from '../npy-writer.js';
import type { ArrayReader, ArrayWriter, FileArray } from './array-file.js';

/** The rows of a .npy file, or of an entry that is one, as an array. */
export class NpyArray implements FileArray {
  readonly array: string | undefined;
  readonly type: FileArray['type'];
  readonly rows: number;
  readonly name: string;
  readonly #rows: NpyRows;

  constructor(array: string | undefined, rows: NpyRows) {
    this.array = array;
    this.type = rows.type;
    this.rows = rows.rows;
    this.name = rows.name;
    this.#rows = rows;
  }

  read(...[start, end, options]: Parameters<FileArray['read']>): Promise<Uint8Array> {
    return this.#rows.read(start, end, options);
  }

  close(): Promise<void> {
    return this.#rows.close();
  }
}

export const readNpy: ArrayReader = async (access, options) => {
  const { rows, isCopied } = await npyRowsOf(access, options);
  const close = async (): Promise<void> => {
    if (isCopied) await rows.close();
  };
  return { arrays: [new NpyArray(undefined, rows)], close };
};

export const writeNpy: ArrayWriter = (arrays, options) => {
  const [array] = arrays;
  if (array !== undefined && arrays.length === 1) return npyBytes(array, options);
  throw new NacreError('InvalidArgument', `a .npy file holds one array, not ${arrays.length}`, {
    hint: 'Choose one, write each to a file of its own, or all of them to a .npz or .safetensors file.',
  });
};
