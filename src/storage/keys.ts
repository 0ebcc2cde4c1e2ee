// What a key may be, and what a range means: the same for every backend. A key is a path below the store's
// root that no file system, URI or server reads in two ways, so it cannot escape its prefix.
import { NacreError } from '../errors.js';
import { assert } from '../util/assert.js';
import type { ByteRange } from './object-store.js';

/** S3 and GCS stop at 1,024 bytes, the prefix of the dataset included. */
export const keyLimitBytes = 1024;

/**
 * Throws `InvalidArgument` unless `key` is non-empty, shorter than 1,024 bytes, made of `[a-z0-9._-/]`, and
 * has no empty, `.` or `..` segment.
 */
export function checkKey(key: string): void {
  const flaw = key === '' ? 'it is empty' : flawOf(key);
  if (flaw !== undefined) throw badKey('key', key, flaw);
}

/**
 * For reading what others named: any characters; `InvalidArgument` when it is empty, has 1,024 characters or
 * more, or an empty, `.` or `..` segment.
 */
export function checkForeignKey(key: string): void {
  const ordinary = key.replace(/[^/.]/g, 'x');
  const flaw = key === '' ? 'it is empty' : flawOf(ordinary);
  if (flaw !== undefined) throw badKey('key', key, flaw);
}

/** Like {@link checkKey} for the beginning of keys: may be empty and may end anywhere in a key. */
export function checkKeyPrefix(prefix: string): void {
  // What follows could make any last segment a legal one, so one is added.
  const flaw = prefix === '' ? undefined : flawOf(`${prefix}x`);
  if (flaw !== undefined) throw badKey('key prefix', prefix, flaw);
}

function flawOf(key: string): string | undefined {
  // Legal characters are one byte each, so that the length in characters is the length in bytes.
  if (key.length >= keyLimitBytes) return `it has ${key.length} characters, fewer than 1,024 are allowed`;
  const odd = /[^a-z0-9._\-/]/u.exec(key);
  if (odd !== null) return `it holds ${JSON.stringify(odd[0])}, allowed are a-z 0-9 . _ - and /`;
  const segment = /(?:^|\/)(\.{0,2})(?=\/|$)/.exec(key)?.[1];
  if (segment === undefined) return undefined;
  return segment === '' ? 'it begins or ends with a / or holds //' : `it has the segment ${segment}`;
}

function badKey(what: string, key: string, flaw: string): NacreError {
  const shown = key.length > 120 ? `${key.slice(0, 120)}…` : key;
  return new NacreError('InvalidArgument', `the ${what} ${JSON.stringify(shown)} is not allowed: ${flaw}`, {
    context: { key: shown },
    hint: 'Keys come from Nacre itself; one from elsewhere means that a manifest was tampered with.',
  });
}

/** Bytes of a range; 0 for a whole object, which is a hint, a root or a segment, and small. */
export function lengthOf(range: ByteRange | undefined): number {
  return range === undefined ? 0 : range.end - range.start;
}

/** The part of `range` inside an object of `sizeBytes`, as an offset and a length of at least 0. */
export function cutRange(
  range: ByteRange | undefined,
  sizeBytes: number,
): { offset: number; length: number } {
  if (range === undefined) return { offset: 0, length: sizeBytes };
  checkRange(range);
  const offset = Math.min(range.start, sizeBytes);
  return { offset, length: Math.min(range.end, sizeBytes) - offset };
}

export function checkRange({ start, end }: ByteRange): void {
  assert(
    Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start,
    `[${start}, ${end}) is a range of bytes`,
  );
}
