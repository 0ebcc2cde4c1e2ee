import { createHash } from 'node:crypto';

/** A short name for bytes, which two bodies do not share. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('blake2b512').update(bytes).digest('hex').slice(0, 32);
}
