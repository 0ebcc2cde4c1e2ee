// Large objects on their way to the store.
import { type KeyPattern, objectKey } from '../manifest/keys.js';
import { defaultBlockBytes, type NewObject } from '../manifest/objects.js';
import { packBlockSums, uploadDigested, uploadObject } from '../manifest/upload.js';
import { fromNative, type ObjectDigest } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { byteLength } from '../util/bytes.js';
import type { ArrayEnvironment } from './environment.js';

/**
 * Digests an object off the event loop, and uploads it under a random key; a store that can does both at
 * once. `blockBytes` default 64 KiB.
 */
export async function uploadLarge(
  { native, runtime, store }: ArrayEnvironment,
  pattern: KeyPattern,
  pieces: readonly Uint8Array[],
  options: CallOptions,
  blockBytes?: number,
): Promise<NewObject> {
  const id = runtime.randomBytes(16);
  const describe = (digest: ObjectDigest): NewObject => ({
    ...{ pattern, id, sizeBytes: byteLength(pieces) },
    ...{ hash: digest.blake3, crc32c: digest.crc32c, blocks: packBlockSums(digest.blocks) },
    ...(blockBytes === undefined ? {} : { blockBytes }),
  });
  const block = blockBytes ?? defaultBlockBytes;
  const digestHere = (): Promise<ObjectDigest> =>
    native.digestObject(pieces, block).catch((error: unknown) => {
      throw fromNative(error);
    });
  if (store.capabilities.digestsOnPut === true) {
    const key = objectKey(pattern, id);
    const digest = await uploadDigested(store, key, pieces, { ...options, blockBytes: block });
    return describe(digest ?? (await digestHere()));
  }
  const object = describe(await digestHere());
  await uploadObject(store, object, pieces, options);
  return object;
}
