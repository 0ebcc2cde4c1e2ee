// The JSON of Zarr's metadata. Two things are in it that JavaScript's parser loses or refuses: whole numbers
// of more digits than a float64 has (the fill value of an int64 array), which come out as text, and NaN and
// infinities as Python writes them into attributes, which do so, too.
import { arrayBytes } from '../../../npy/shape.js';
import { damagedZarr, type ZarrPlace } from './problem.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** Texts whole, so that nothing inside of them is taken for a number. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\b\d{16,}\b(?![.eE\d])|-?\b(?:NaN|Infinity)\b/gs;

/** Errors: `InvalidArgument` for what is no JSON object. */
export function parseMetadata(bytes: Uint8Array, key: string, place: ZarrPlace): JsonObject {
  let parsed: Json;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    parsed = JSON.parse(text.replace(tokens, (token) => (isSafe(token) ? token : `"${token}"`)));
  } catch (cause) {
    throw damagedZarr(place, `has a ${key} that is no JSON`, cause);
  }
  return objectOf(parsed, `the content of ${key}`, place);
}

function isSafe(token: string): boolean {
  return token.startsWith('"') || Number.isSafeInteger(Number(token));
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectOf(value: Json | undefined, what: string, place: ZarrPlace): JsonObject {
  if (isObject(value)) return value;
  throw damagedZarr(place, `has metadata that lie: ${what} is ${shown(value)}, not an object`);
}

export function textOf(value: Json | undefined, what: string, place: ZarrPlace): string {
  if (typeof value === 'string') return value;
  throw damagedZarr(place, `has metadata that lie: ${what} is ${shown(value)}, not a text`);
}

export function listOf(value: Json | undefined, what: string, place: ZarrPlace): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  throw damagedZarr(place, `has metadata that lie: ${what} is ${shown(value)}, not a list`);
}

/** Whole numbers from `least` on. */
export function countsOf(
  value: Json | undefined,
  what: string,
  least: number,
  place: ZarrPlace,
): readonly number[] {
  return listOf(value, what, place).map((one) => {
    if (typeof one === 'number' && Number.isSafeInteger(one) && one >= least) return one;
    throw damagedZarr(
      place,
      `has metadata that lie: ${what} holds ${shown(one)}, not a number from ${least} on`,
    );
  });
}

/** Errors: `InvalidArgument` for a shape of too many dimensions or bytes. */
export function checkShape(shape: readonly number[], itemBytes: number, place: ZarrPlace): void {
  try {
    arrayBytes('uint8', [...shape, itemBytes]);
  } catch (cause) {
    throw damagedZarr(place, `has metadata that lie: ${(cause as Error).message}`, cause);
  }
}

/** At most 60 characters of it. */
export function shown(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
