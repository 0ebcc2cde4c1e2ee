// Objects of an index, out.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { uploadLarge } from '../arrays/upload-large.js';
import { indexPattern } from '../manifest/keys.js';
import type { NewObject } from '../manifest/objects.js';
import type { CallOptions } from '../storage/object-store.js';

/** Sums of the blocks of an index stand in the root, so blocks are large. */
const blockBytes = 2 ** 20;

export function uploadIndexObject(
  environment: ArrayEnvironment,
  { entry }: ArrayView,
  pieces: readonly Uint8Array[],
  options: CallOptions,
): Promise<NewObject> {
  return uploadLarge(environment, indexPattern(entry.id), pieces, options, blockBytes);
}
