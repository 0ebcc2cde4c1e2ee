// The bucket as the checker reads it, with code that no planted bug is in: roots decoded from their bodies,
// one after the other, and nothing taken from what processes said.
import { manifestFunctions } from '../../../src/dataset/environment.js';
import { isNacreError } from '../../../src/errors.js';
import { decodeFrame } from '../../../src/manifest/frame.js';
import { leasePrefix, rootKey } from '../../../src/manifest/keys.js';
import {
  decode as decodeMessage,
  encode,
  type Lease,
  make,
  type Root,
  v1,
} from '../../../src/manifest/message.js';
import { decodeRoot, encodeRoot, type LoadedRoot, voidReason } from '../../../src/manifest/root.js';
import { native } from '../../../src/native.js';
import { toHex } from '../../../src/util/bytes.js';
import type { Draw, Model } from '../../support/row-model.js';
import type { Body, Bucket } from '../bucket.js';

export const functions = manifestFunctions(native());

/** Roots by the bodies that they came as: of a body the answer is always the same. */
const decoded = new WeakMap<Uint8Array, LoadedRoot | 'none'>();

/**
 * The root that stands in a slot, or stood there before its bits rotted; undefined where there is none, or
 * what stands there is none.
 */
export function rootIn(bucket: Bucket, slot: number): LoadedRoot | undefined {
  const key = rootKey(slot);
  const bytes = bucket.hurt.has(key) ? bucket.first.get(key) : bucket.objects.get(key)?.bytes;
  if (bytes === undefined) return undefined;
  const known = decoded.get(bytes) ?? decode(bytes, slot);
  decoded.set(bytes, known);
  return known === 'none' ? undefined : known;
}

function decode(bytes: Uint8Array, slot: number): LoadedRoot | 'none' {
  try {
    return decodeRoot(bytes, rootKey(slot), functions);
  } catch (error) {
    if (isNacreError(error)) return 'none';
    throw error;
  }
}

/** Of the objects that a root names itself, the hash of each by its key. */
export function objectsOf({ root }: LoadedRoot): Map<string, string> {
  const { patterns = [], objects = [] } = root.objects ?? {};
  const held = objects.filter(({ id }) => id.byteLength > 0);
  return new Map(
    held.map(({ pattern, id, hash }) => {
      const { prefix, suffix } = patterns[pattern] ?? { prefix: '', suffix: '' };
      return [`${prefix}${hexOf(id)}${suffix}`, hexOf(hash)];
    }),
  );
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Whether a slot holds a root of the dataset; late roots of others do not count as versions. */
export function isVersion(bucket: Bucket, slot: number): boolean {
  const [root, first] = [rootIn(bucket, slot)?.root, rootIn(bucket, 1)?.root];
  return root !== undefined && first !== undefined && toHex(root.dataset) === toHex(first.dataset);
}

/** Every version, oldest first: the roots that follow each other from slot 1 on; others are void. */
export function logOf(bucket: Bucket): LoadedRoot[] {
  const log: LoadedRoot[] = [];
  for (let slot = 1; bucket.objects.has(rootKey(slot)); slot++) {
    const loaded = rootIn(bucket, slot);
    const parent = log.at(-1);
    if (loaded === undefined) continue;
    if (
      parent === undefined ? loaded.root.parent === null : voidReason(loaded.root, slot, parent) === undefined
    )
      log.push(loaded);
  }
  return log;
}

/** Versions with the names of those arrays whose entries are other than in the version before. */
export function changesOf(bucket: Bucket): [LoadedRoot, string[]][] {
  let before = new Map<string, string>();
  return logOf(bucket).map((loaded) => {
    const now = new Map(loaded.root.arrays.map((array) => [array.name, hexOf(encode(v1.Array, array))]));
    const changed = [...now].filter(([name, entry]) => before.get(name) !== entry).map(([name]) => name);
    before = now;
    return [loaded, changed];
  });
}

/** Whether a root says that a version is kept. */
export function isKept(kept: Root['kept'], version: number): boolean {
  return kept === null || version >= kept.from || kept.also.includes(version);
}

/** The oldest version that one says is kept, tagged ones left out; voids too. */
export function oldestKept(bucket: Bucket, version: number): number {
  let from = rootIn(bucket, version)?.root.kept?.from ?? 1;
  while (from < version && !isVersion(bucket, from)) from++;
  return from;
}

/** Leases that stand in the bucket, over or not. */
export function leasesIn(bucket: Bucket): Lease[] {
  return bucket
    .keys()
    .filter((key) => key.startsWith(leasePrefix))
    .map((key) => {
      const { bytes } = bucket.objects.get(key) as Body;
      return decodeMessage(v1.Lease, decodeFrame('lease', bytes, key, functions), key);
    });
}

/** Arrays of a version by name, with as many rows as they have, of which nothing is known. */
export function shapeOf(bucket: Bucket, version: number): Model {
  const arrays = rootIn(bucket, version)?.root.arrays ?? [];
  return new Map(
    arrays.map(({ name, liveRows }, key) => {
      const rows = Array.from({ length: liveRows }, () => ({ id: -1, value: 0 }));
      return [name, { key, nextId: 0, rows }];
    }),
  );
}

/** A root of another dataset, as a writer of one that was here before would put it into a slot. */
export function foreignRoot(slot: number, draw: Draw): Uint8Array {
  const bytes = (length: number) => Uint8Array.from({ length }, () => draw.below(256));
  const root = make(v1.Root, {
    ...{ dataset: bytes(16), lineage: bytes(16), commitId: bytes(16), setHash: new Uint8Array(32) },
    ...{ version: slot, timeMs: 0, parent: make(v1.Parent, { version: slot - 1, hash: bytes(32) }) },
  });
  return encodeRoot(root, functions).bytes;
}
