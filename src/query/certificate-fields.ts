// Fields of a certificate that comes from elsewhere: each is what it should be, or `InvalidArgument` names
// it.
import { NacreError } from '../errors.js';
import { halfPair } from '../util/text.js';

export type Fields = Readonly<Record<string, unknown>>;

export function fail(where: string, what: string): never {
  throw new NacreError('InvalidArgument', `no valid certificate: ${where} ${what}`, {
    context: { field: where },
  });
}

/** Own fields only, without a prototype: a name such as __proto__ is a name. */
export function objectOf(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(where, 'is no object');
  const fields = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(value)) {
    // Not by assignment, which a name may mean something to.
    Object.defineProperty(fields, name, { value: (value as Fields)[name], enumerable: true });
  }
  return fields;
}

/** An object with these fields and no other. */
export function exactly(value: unknown, where: string, names: readonly string[]): Fields {
  const fields = objectOf(value, where);
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) fail(where, `has the unknown field ${JSON.stringify(unknown.slice(0, 40))}`);
  const missing = names.find((name) => !Object.hasOwn(fields, name));
  if (missing !== undefined) fail(where, `lacks ${missing}`);
  return fields;
}

export function whole(value: unknown, where: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value + 0;
  return fail(where, `is no whole number from ${least} to ${most}`);
}

export function text(value: unknown, where: string, longest = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') return fail(where, 'is no text');
  if (value.length > longest) return fail(where, `is longer than ${longest}`);
  if (halfPair.test(value)) return fail(where, 'is no valid Unicode');
  return value;
}

export function hexadecimal(value: unknown, where: string, digits: number): string {
  if (typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value)) return value;
  return fail(where, `is not ${digits} hexadecimal digits`);
}

export function keyOfObject(value: unknown, where: string): string {
  const key = text(value, where, 1_000);
  return /^[a-z0-9._/-]+$/.test(key) ? key : fail(where, 'is no key of an object');
}

export function choice<T extends string>(value: unknown, where: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === value);
  return found ?? fail(where, `is none of ${choices.join(', ')}`);
}

/** Of exactly so many items where `length` is given. */
export function list<T>(
  value: unknown,
  where: string,
  length: number | undefined,
  item: (value: unknown, where: string) => T,
): T[] {
  if (!Array.isArray(value)) return fail(where, 'is no list');
  if (length !== undefined && value.length !== length)
    return fail(where, `has ${value.length} items and not ${length}`);
  return Array.from(value, (one: unknown, at) => item(one, `${where}[${at}]`));
}

export function nullOr<T>(value: unknown, otherwise: (value: unknown) => T): T | null {
  return value === null ? null : otherwise(value);
}
