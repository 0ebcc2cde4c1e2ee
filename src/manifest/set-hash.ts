// An order-free hash of the set of objects that a version refers to. The next version's is this one plus what
// was added minus what was removed, so that a commit pays for its change only, and a walk of the whole
// version can be compared with it.
import { assert } from '../util/assert.js';
import { concat, utf8 } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';

export interface HashedObject {
  readonly key: string;
  readonly hash: Uint8Array;
}

function toNumber(bytes: Uint8Array): bigint {
  assert(bytes.byteLength === 32, 'a set hash has 32 bytes');
  let value = 0n;
  for (let i = bytes.byteLength - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** Modulo 2^256, little endian. */
function toBytes(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  for (let i = 0, rest = BigInt.asUintN(256, value); i < 32; i++, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

export const emptySetHash = new Uint8Array(32);

/** `base` + Σ added − Σ removed; the summand of an object is BLAKE3(key || 0x00 || hash). */
export function updateSetHash(
  base: Uint8Array,
  added: readonly HashedObject[],
  removed: readonly HashedObject[],
  functions: ManifestFunctions,
): Uint8Array {
  const summand = (object: HashedObject): bigint =>
    toNumber(functions.blake3(concat([utf8.encode(object.key), Uint8Array.of(0), object.hash])));
  let sum = toNumber(base);
  for (const object of added) sum += summand(object);
  for (const object of removed) sum -= summand(object);
  return toBytes(sum);
}
