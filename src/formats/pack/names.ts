// A pack: a dataset in one file. It is a zip file of the objects of a dataset, each under its key, stored and
// not compressed: any program that unpacks zip files makes a folder of it that opens as a dataset.
import { NacreError } from '../../errors.js';
import { maxDirectoryBytes } from '../arrays/zip.js';
import type { StoreCapabilities } from '../../storage/object-store.js';

/** Objects begin at a multiple of it, as partitions may be mapped. */
export const packAlignBytes = 64;

export const packCapabilities: StoreCapabilities = {
  scheme: 'file',
  sortedList: true,
  deleteBatch: 1000,
  singlePutBytes: Number.MAX_SAFE_INTEGER,
  checksOnPut: false,
};

export function packIsFull(uri: string, objects: number): NacreError {
  return new NacreError(
    'ResourceExhausted',
    `${uri}: a pack has a directory of ${maxDirectoryBytes} bytes at most, and ${objects} objects fill it`,
    {
      context: { uri, objects },
      hint: 'Compact the dataset, pack one version (--only), or replicate it to a folder.',
    },
  );
}
