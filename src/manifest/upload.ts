// Small objects that belong to the manifest: their identity, and their way to the store.
import type { ObjectDigest } from '../native.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import type { ByteSource } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';
import type { ManifestFunctions } from './functions.js';
import { type KeyPattern, objectKey, segmentPattern } from './keys.js';
import { blockCount, defaultBlockBytes, type NewObject } from './objects.js';
import { inlineRowSetBytes } from './row-sets.js';
import type { RowSetDraft } from './transaction.js';

export interface UploadEnvironment {
  readonly store: ObjectStore;
  readonly functions: ManifestFunctions;
  readonly runtime: Runtime;
}

/** CRC32C of each block, 4 bytes each, little endian: the form in which manifests hold them. */
export function packBlockSums(sums: Uint32Array): Uint8Array {
  const out = new Uint8Array(4 * sums.length);
  const view = new DataView(out.buffer);
  for (const [i, sum] of sums.entries()) view.setUint32(4 * i, sum, true);
  return out;
}

export function unpackBlockSums(packed: Uint8Array): Uint32Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const sums = new Uint32Array(packed.byteLength / 4);
  for (let i = 0; i < sums.length; i++) sums[i] = view.getUint32(4 * i, true);
  return sums;
}

/** Describes a small object; the sums are made on the calling thread. */
export function describeObject(
  pattern: KeyPattern,
  bytes: Uint8Array,
  { functions, runtime }: Pick<UploadEnvironment, 'functions' | 'runtime'>,
): NewObject {
  const sums = Uint32Array.from({ length: blockCount(bytes.byteLength, defaultBlockBytes) }, (_, i) =>
    functions.crc32c(bytes.subarray(i * defaultBlockBytes, (i + 1) * defaultBlockBytes)),
  );
  return {
    pattern,
    id: runtime.randomBytes(16),
    sizeBytes: bytes.byteLength,
    hash: functions.blake3(bytes),
    crc32c: functions.crc32c(bytes),
    blocks: packBlockSums(sums),
  };
}

/** Uploads under the object's own random key; one create-only request, repeated safely. */
export async function uploadObject(
  store: ObjectStore,
  object: NewObject,
  bytes: ByteSource,
  options: CallOptions = {},
): Promise<void> {
  const key = objectKey(object.pattern, object.id);
  await store.put(key, bytes, { ...options, condition: 'absent', uniqueKey: true, crc32c: object.crc32c });
}

/**
 * The same of a body that a store digests while it writes it (`digestsOnPut`); undefined where somebody
 * between took the body, and the store never saw it.
 */
export async function uploadDigested(
  store: ObjectStore,
  key: string,
  bytes: ByteSource,
  { blockBytes, ...options }: CallOptions & { readonly blockBytes: number },
): Promise<ObjectDigest | undefined> {
  let digest: ObjectDigest | undefined;
  const take = (made: ObjectDigest): void => {
    digest = made;
  };
  await store.put(key, bytes, {
    ...options,
    condition: 'absent',
    uniqueKey: true,
    digest: { blockBytes, take },
  });
  // One that was refused on a repeat found what an earlier attempt had written, and digested.
  return digest;
}

/** A row set ready for a transaction; uploads it when it is too large for a root. */
export async function draftRowSet(
  environment: UploadEnvironment,
  set: Uint8Array,
  options: CallOptions = {},
): Promise<RowSetDraft> {
  if (set.byteLength <= inlineRowSetBytes) return { set };
  const object = describeObject(segmentPattern, set, environment);
  await uploadObject(environment.store, object, set, options);
  return { set, object };
}
