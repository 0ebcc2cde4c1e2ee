// What the parts of the conformance suite share.
import { randomBytes } from 'node:crypto';
import { type ErrorCode, isNacreError } from '../../../src/errors.js';
import type { ObjectStore, PutResult, StateToken } from '../../../src/storage/object-store.js';
import { utf8 } from '../../../src/util/bytes.js';

export const minuteMs = 60_000;

export interface Opened {
  readonly store: ObjectStore;
  /** A second, independent client of the same place. */
  another(): Promise<ObjectStore>;
  dispose(): Promise<void>;
}

/** An opened place with a second client ready; known once the tests run. */
export type Place = Opened & { readonly other: ObjectStore };

export type Get<T> = () => T;

export function freshKey(label = 'key'): string {
  return `${randomBytes(6).toString('hex')}/${label}`;
}

export const bytes = (text: string): Uint8Array => utf8.encode(text);
export const noise = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export function written(result: PutResult): StateToken {
  if (result.outcome !== 'written') throw new Error('the put was refused, though its condition held');
  return result.token;
}

export async function text(store: ObjectStore, key: string): Promise<string | undefined> {
  const body = await store.get(key);
  return body && utf8.decode(body.bytes);
}

/** The code of a typed error; any other error is thrown on. */
export function codeOfError(error: unknown): ErrorCode {
  if (isNacreError(error)) return error.code;
  throw error;
}

/** The code that the call fails with, or `undefined` when it does not fail. */
export async function codeOf(call: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  return call().then(() => undefined, codeOfError);
}
