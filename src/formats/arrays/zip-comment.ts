// A checksum of the directory of a zip file, which the format has none of: a flipped bit in a name would be
// another name. It stands in the comment at the end, which other programs show and pass over.
import { crc32 } from 'node:zlib';
import { malformed } from '../../npy/problem.js';
import { equalBytes, utf8 } from '../../util/bytes.js';

const begins = utf8.encode('nacre: CRC-32 of the directory ');

/** The comment of a zip file with this directory. */
export function directoryComment(directory: Uint8Array): Uint8Array {
  return Uint8Array.of(...begins, ...utf8.encode(crc32(directory).toString(16).padStart(8, '0')));
}

/** Compares it where there is one: a file that another program made has none. */
export function checkDirectorySum(directory: Uint8Array, comment: Uint8Array, source: string): void {
  if (!equalBytes(comment.subarray(0, begins.byteLength), begins)) return;
  if (equalBytes(comment, directoryComment(directory))) return;
  throw malformed(source, 'its directory differs from the checksum that its end has of it', {
    hint: 'The file is damaged: copy it again from where it is whole.',
  });
}
