// Block sums in plain TypeScript, so that what rests on them can be tested without the native binary.
import type { BlockChecksums, BlockVerifier } from '../../src/storage/wrap/blocks.js';
import { crc32c } from './crc32c.js';

export function checksumsOf(bytes: Uint8Array, blockBytes: number): BlockChecksums {
  const blocks = Uint32Array.from({ length: Math.ceil(bytes.byteLength / blockBytes) }, (_, block) =>
    crc32c(bytes.subarray(block * blockBytes, (block + 1) * blockBytes)),
  );
  return { sizeBytes: bytes.byteLength, blockBytes, blocks };
}

export const plainVerifier: BlockVerifier = {
  crc32c,
  async verifyBlocks(bytes, blockBytes, expected) {
    return checksumsOf(bytes, blockBytes).blocks.findIndex((sum, block) => sum !== expected[block]);
  },
};
