// A Zarr in one zip file, as the ZipStore of Zarr for Python has it: what is a file of the folder otherwise
// is an entry, at the top or below one folder. Read by the reader of folders, written by their writer.
import { crc32 } from 'node:zlib';
import { NacreError } from '../../errors.js';
import { byteLength } from '../../util/bytes.js';
import type { ArrayReader, ArrayWriter } from './array-file.js';
import { marksOf } from './folder.js';
import type { FolderFile } from './folder-writer.js';
import { readZarr } from './zarr.js';
import { writeZarr } from './zarr/write.js';
import { maxDirectoryBytes } from './zip.js';
import { openZipFolder } from './zip-folder.js';
import { ZipParts } from './zip-writer.js';

/**
 * Opens a Zarr in a zip file, stored or deflated, as `readZarr()` opens one in a folder. CRC-32s of entries
 * are compared where one is read whole, as compressed chunks are, or in order.
 *
 * Cost: one read of the directory (two when it has more than 64 KiB), then as of a folder, and one read for
 * the header of each entry. Errors: those of zip files and of `readZarr()`; `UnsupportedFormat` for a
 * directory of more than 16 MiB, which some 200,000 chunks have.
 */
export const readZarrZip: ArrayReader = async (access, options) => {
  const folder = await openZipFolder(access, marksOf('zarr'), options);
  try {
    const opened = await readZarr(folder, options);
    return {
      arrays: opened.arrays,
      close: async () => {
        await opened.close();
        await folder.close();
      },
    };
  } catch (error) {
    await folder.close();
    throw error;
  }
};

/**
 * The bytes of a zip file of stored entries, in one pass: what `writeZarr()` writes to a folder. Errors: its
 * own; `InvalidArgument` where chunks are more than a directory of 16 MiB names.
 */
export const writeZarrZip: ArrayWriter = (arrays, options) => zipped(writeZarr(arrays, options));

async function* zipped(files: AsyncIterable<FolderFile>): AsyncGenerator<Uint8Array> {
  const parts = new ZipParts(1);
  for await (const { key, pieces } of files) {
    if (parts.directoryBytesWith(key) > maxDirectoryBytes)
      throw new NacreError('InvalidArgument', 'the chunks are more than the directory of a zip file names', {
        hint: 'Write a folder, NAME.zarr, or the arrays into several files.',
      });
    yield parts.begin(key, byteLength(pieces));
    let sum = 0;
    for (const piece of pieces) {
      sum = crc32(piece, sum);
      yield piece;
    }
    yield parts.end(sum);
  }
  yield parts.finish();
}
