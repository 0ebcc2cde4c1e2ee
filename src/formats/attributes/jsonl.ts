// JSON lines: an object a line, a line a row. Types are those that the values of the whole file have.
import type { Attribute, AttributeType } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import type { Value } from '../../attributes/values.js';
import type { CallOptions } from '../../storage/object-store.js';
import { halfPair } from '../../util/text.js';
import type { RandomAccess } from '../random-access.js';
import { instantOf } from './cells.js';
import { type JsonRow, parseLine } from './json-line.js';
import { blocksOf, linesOf } from './lines.js';
import { checkNames, checkTypes, malformed, type Place, type Types, typeAsked } from './problem.js';
import { type Learned, TextRows } from './text-rows.js';

/** Of a key, so far. */
interface Seen {
  /** Undefined where all values were null. */
  type: AttributeType | undefined;
  /** Where it got its type. */
  line: number;
  /** A whole number that is no float64. */
  inexact?: { readonly line: number; readonly value: bigint };
}

export async function openJsonl(
  access: RandomAccess,
  types: Types,
  options: CallOptions,
): Promise<AttributeSource> {
  const learned = await learn(access, types, options);
  return new TextRows(access, learned, valuesOf(access, types, learned.attributes));
}

async function learn(access: RandomAccess, types: Types, options: CallOptions): Promise<Learned> {
  const file = access.name;
  const keys = new Map<string, Seen>();
  let rows = 0;
  for await (const { row, line, text } of objectsOf(access, options)) {
    rows++;
    const hasEscapes = text.includes(String.raw`\u`);
    const known = keys.size;
    for (const [key, raw] of Object.entries(row)) {
      const place = { line, attribute: key };
      const value = valueOf(file, place, raw);
      if (hasEscapes) checkText(file, place, value);
      const seen = keys.get(key) ?? { type: undefined, line };
      keys.set(key, seen);
      if (value === null) continue;
      const asked = typeAsked(types, key);
      if (asked === undefined) add(file, place, seen, value);
      else convert(file, place, value, asked);
    }
    if (keys.size > known) checkNames(file, Array.from(keys.keys()));
  }
  checkTypes(file, types, Array.from(keys.keys()));
  const attributes = Array.from(keys, ([name, seen]): Attribute => {
    if (seen.type === 'float') checkExact(file, name, seen);
    // Where all is null, any type will do.
    return { name, type: typeAsked(types, name) ?? seen.type ?? 'string' };
  });
  return { rows, attributes };
}

async function* valuesOf(
  access: RandomAccess,
  types: Types,
  attributes: readonly Attribute[],
): AsyncGenerator<readonly Value[]> {
  for await (const { row, line } of objectsOf(access)) {
    yield attributes.map(({ name, type }) => {
      if (!Object.hasOwn(row, name)) return null;
      const place = { line, attribute: name };
      const value = valueOf(access.name, place, row[name]);
      const isAsked = typeAsked(types, name) !== undefined;
      return value === null || !(isAsked || type === 'float')
        ? value
        : convert(access.name, place, value, type);
    });
  }
}

interface Row {
  readonly row: JsonRow;
  readonly line: number;
  readonly text: string;
}

async function* objectsOf(access: RandomAccess, options: CallOptions = {}): AsyncGenerator<Row> {
  for await (const block of blocksOf(access, options)) {
    for (const { text, line } of linesOf(access.name, block)) {
      if (text.trim() === '') {
        const hint = 'A line is a row: delete it, or write {} for a row without attributes.';
        throw malformed(access.name, { line }, 'the line is blank', hint);
      }
      yield { row: parseLine(access.name, line, text), line, text };
    }
  }
}

function valueOf(file: string, place: Place, raw: unknown): Value {
  switch (typeof raw) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return raw;
    case 'undefined':
    case 'symbol':
    case 'function':
    case 'object':
      if (raw === null) return raw;
      if (Array.isArray(raw) && raw.every((item) => typeof item === 'string')) return raw;
  }
  const what = Array.isArray(raw) ? 'a list of what is not text alone' : 'an object within the object';
  throw malformed(file, place, what, 'Values are scalars, null or lists of strings: flatten it.');
}

/** Only escapes can make text that no UTF-8 is. */
function checkText(file: string, place: Place, value: Value): void {
  const texts = Array.isArray(value) ? (value as readonly string[]) : [value];
  if (!texts.some((text) => typeof text === 'string' && halfPair.test(text))) return;
  throw malformed(
    file,
    place,
    'text with half of a surrogate pair',
    String.raw`Write both halves: \ud834\udd1e.`,
  );
}

function typeOf(value: Exclude<Value, null>): AttributeType {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int' : 'float';
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? 'int' : 'float';
  return typeof value === 'string' ? 'string' : 'strings';
}

function add(file: string, place: Place & { line: number }, seen: Seen, value: Exclude<Value, null>): void {
  if (typeof value === 'bigint' && BigInt(Number(value)) !== value)
    seen.inexact ??= { line: place.line, value };
  const type = typeOf(value);
  if (seen.type === type) return;
  if (seen.type !== undefined && !(isNumeric(seen.type) && isNumeric(type))) {
    const what = `is ${type}, and was ${seen.type} in line ${seen.line}`;
    throw malformed(file, place, what, 'The values of an attribute have one type; null stands for none.');
  }
  // Once float, always float.
  if (seen.type === 'float') return;
  seen.type = type;
  seen.line = place.line;
}

function isNumeric(type: AttributeType): boolean {
  return type === 'int' || type === 'float';
}

/** Rounding a key to another one is for the caller to decide. */
function checkExact(file: string, attribute: string, { inexact, line }: Seen): void {
  if (inexact === undefined) return;
  throw malformed(
    file,
    { line: inexact.line, attribute },
    `${inexact.value} is no float64, and line ${line} makes the attribute one`,
    `Write the numbers as text, or ask for the type: { ${JSON.stringify(attribute)}: 'float' } rounds them.`,
  );
}

function convert(file: string, place: Place, value: Exclude<Value, null>, type: AttributeType): Value {
  if (type === 'float' && (typeof value === 'number' || typeof value === 'bigint')) return Number(value);
  if (type === 'timestamp' && typeof value === 'string') return instantOf(file, place, value);
  // A zero with a sign is a whole number to whoever asks for one.
  if (type === 'int' && value === 0) return 0;
  const own = typeOf(value);
  if (own === type) return value;
  const hint = 'The type was asked for, or is that of the attribute that is there: correct the value.';
  throw malformed(file, place, `is ${own}, where ${type} is wanted`, hint);
}
