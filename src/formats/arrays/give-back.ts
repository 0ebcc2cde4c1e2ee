// Memory of pieces on their way, freed where it is known that nobody looks at it any more: V8 collects
// buffers late, since they are small to it.
import { native } from '../../native.js';

/** Less is left to the collector. */
const leastGivenBack = 64 * 1024;

/** Frees memory that nobody looks at any more; of what is a small part of more, nothing. */
export function giveBack(bytes: Uint8Array): void {
  const { byteLength } = bytes.buffer;
  // Small ones may lie in the pool of Buffer, with others.
  if (byteLength >= leastGivenBack && 2 * bytes.byteLength >= byteLength) native().freeBuffer(bytes.buffer);
}
