// What the values of options mean.
import { type Attribute, type AttributeType, type Durability, NacreError, type Subset } from '../index.js';

/** `500ms`, `30s`, `5m`, `1h`, or a number of seconds; milliseconds. */
export function parseDuration(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? Number.NaN;
  const ms = Math.round(Number(number) * factor);
  // What Node's timers can wait.
  if (ms >= 1 && ms <= 2 ** 31 - 1) return ms;
  throw invalid(`'${text}' is no duration`, 'Write 500ms, 30s, 5m or 1h.');
}

export function parseDurability(text: string): Durability {
  if (text === 'fsync' || text === 'none') return text;
  throw invalid(
    `'${text}' is no durability`,
    'Write fsync, the default, or none: a power failure may take commits then.',
  );
}

/** `90s`, `12h`, `30d`, `8w`: an age, which needs its unit; milliseconds. */
export function parseAge(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const hour = 3_600_000;
  const factor = { ms: 1, s: 1000, m: 60_000, h: hour, d: 24 * hour, w: 7 * 24 * hour }[unit] ?? Number.NaN;
  const ms = Math.round(Number(number) * factor);
  if (Number.isSafeInteger(ms)) return ms;
  throw invalid(`'${text}' is no age`, 'Write 90s, 30m, 12h, 30d or 8w.');
}

/** `4096`, `64KiB`, `64MiB`, `2GiB`; bytes. */
export function parseSize(text: string): number {
  const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  const factor = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }[unit] ?? Number.NaN;
  const bytes = Number(number) * factor;
  if (Number.isSafeInteger(bytes) && bytes >= 1) return bytes;
  throw invalid(`'${text}' is no size`, 'Write a number of bytes, or 64KiB, 64MiB, 2GiB.');
}

/** As `parseSize`, or 0. */
export function parseBytes(text: string): number {
  return text === '0' ? 0 : parseSize(text);
}

/** `50MiB/s`; bytes a second. */
export function parseRate(text: string): number {
  if (/\/s$/.test(text)) return parseSize(text.slice(0, -2));
  throw invalid(`'${text}' is no rate`, 'Write 500KiB/s, 50MiB/s or 1GiB/s.');
}

/** `1/7`, `5%` or `10GiB`. */
export function parseSubset(text: string): Subset {
  const [, part, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (part !== undefined) return { part: Number(part), of: Number(of) };
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  return percent === undefined ? { bytes: parseSize(text) } : { fraction: Number(percent) / 100 };
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw invalid(`'${text}' is no whole number`, 'Write digits only.');
}

/** `28,28`, `28x28` or `[28, 28]`; `` or `[]` for single elements. */
export function parseShape(text: string): number[] {
  const inner = text.trim().replace(/^[[(]\s*|\s*,?\s*[\])]$/g, '');
  if (inner === '') return [];
  const parts = inner.split(/\s*[,x]\s*/);
  if (parts.every((part) => /^\d+$/.test(part))) return parts.map(Number);
  throw invalid(`'${text}' is no shape of a row`, 'Write the lengths with commas, such as 784 or 28,28.');
}

const attributeTypes: Readonly<Record<AttributeType, true>> = {
  bool: true,
  int: true,
  float: true,
  string: true,
  strings: true,
  timestamp: true,
};

/** `year=int`; the name may hold a `=` itself. */
export function parseTypedName(text: string): Attribute {
  const at = text.lastIndexOf('=');
  const [name, type] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (name === '') throw invalid(`'${text}' is no name with a type`, 'Write name=type, such as year=int.');
  if (Object.hasOwn(attributeTypes, type)) return { name, type: type as AttributeType };
  throw invalid(
    `'${type}' is no type of an attribute`,
    `Types are ${Object.keys(attributeTypes).join(', ')}: write name=type.`,
  );
}

export interface NewName {
  readonly from: string;
  readonly to: string;
}

/** `year=published`: the old name and the new one. */
export function parseNewName(text: string): NewName {
  const [from = '', to = '', ...more] = text.split('=');
  if (from !== '' && to !== '' && more.length === 0) return { from, to };
  throw invalid(
    `'${text}' is no name with a new one`,
    more.length > 0
      ? 'A name that holds a = is changed by the library alone: tx.renameAttribute().'
      : 'Write old=new, such as year=published.',
  );
}

/** For the help of --at. */
export const versionHelp =
  'a version: 12, -1 for the one before the newest, a tag, a time (2026-01-02T03:04:05Z) or an age (2h)';

/** A mistake in the command line. */
export function invalid(message: string, hint: string): NacreError {
  return new NacreError('InvalidArgument', message, { hint });
}

/** Of an option that may be given again. */
export function addOne(uri: string, before: readonly string[] = []): readonly string[] {
  return [...before, uri];
}
