// The Python dict literal inside a .npy header, read in one pass from left to right: no eval, no recursion,
// nothing nested deeper than the one tuple that a shape is.
//
// The text has one character a byte, so that every position in a message is a byte of the file.
import type { NacreError } from '../errors.js';
import { type Descr, parseDescr, refusedDtype } from './descr.js';
import { malformed, quote, unsupported } from './problem.js';
import { maxDimensions } from './shape.js';

export interface LiteralOptions {
  /** What messages call the file. */
  readonly source: string;
  /** Byte of the file at which the text begins. */
  readonly base: number;
  /** Whether `3L` counts as 3: Python 2 wrote it, and NumPy reads it in versions 1.0 and 2.0. */
  readonly longSuffix: boolean;
}

export interface HeaderLiteral extends Descr {
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

interface Found {
  descr?: Descr;
  fortran_order?: boolean;
  shape?: readonly number[];
}

const keys: readonly (keyof Found)[] = ['descr', 'fortran_order', 'shape'];

interface Cursor extends LiteralOptions {
  readonly text: string;
  position: number;
}

/**
 * Reads `{'descr': …, 'fortran_order': …, 'shape': …}`: the three keys once each, in any order, either kind
 * of quotes, an optional last comma, white space anywhere between. Throws `InvalidArgument` for anything
 * else and `UnsupportedFormat` for a dtype or a number of dimensions that Nacre does not store.
 */
export function parseLiteral(text: string, options: LiteralOptions): HeaderLiteral {
  const cursor: Cursor = { ...options, text, position: 0 };
  const found: Found = {};
  take(cursor, '{', 'the dict of the header, "{"');
  while (peek(cursor) !== '}') {
    const key = readKey(cursor, found);
    take(cursor, ':', '":"');
    if (key === 'descr') found.descr = readDescr(cursor);
    else if (key === 'shape') found.shape = readShape(cursor);
    else found.fortran_order = readBool(cursor);
    if (peek(cursor) !== '}') take(cursor, ',', '"," or "}"');
  }
  cursor.position++;
  if (peek(cursor) !== '') throw unexpected(cursor, 'nothing after the dict but white space');

  const { descr, fortran_order: fortranOrder, shape } = found;
  if (descr === undefined || fortranOrder === undefined || shape === undefined) {
    const missing = keys.filter((key) => found[key] === undefined);
    throw malformed(
      cursor.source,
      `the header ${quote(text)} lacks the key ${missing.join(' and the key ')}`,
    );
  }
  return { ...descr, fortranOrder, shape };
}

function readKey(cursor: Cursor, found: Found): keyof Found {
  peek(cursor);
  const at = byteAt(cursor);
  const text = readString(cursor, 'a key in quotes');
  const key = keys.find((known) => known === text);
  if (key === undefined)
    throw malformed(
      cursor.source,
      `the header has the unknown key ${quote(text)} at byte ${at}, expected ${keys.join(', ')}`,
    );
  if (found[key] !== undefined)
    throw malformed(cursor.source, `the header has the key ${quote(key)} again at byte ${at}`);
  return key;
}

function readDescr(cursor: Cursor): Descr {
  const start = peek(cursor);
  const at = byteAt(cursor);
  // Fields nest without bound, and none of them is stored: what the value is shows in its first character.
  if (start === '[') throw refusedDtype(cursor.source, 'structured', rest(cursor), at);
  if (start === '(') throw refusedDtype(cursor.source, 'subarray', rest(cursor), at);
  return parseDescr(cursor.source, readString(cursor, 'a dtype in quotes, such as "<f4",'), at);
}

function readBool(cursor: Cursor): boolean {
  peek(cursor);
  const at = cursor.position;
  const word = readWord(cursor);
  if (word === 'True') return true;
  if (word === 'False') return false;
  cursor.position = at;
  throw unexpected(cursor, 'True or False for fortran_order');
}

function readShape(cursor: Cursor): number[] {
  if (peek(cursor) !== '(') throw unexpected(cursor, 'a tuple for shape, such as "(3, 4)",');
  const at = byteAt(cursor);
  cursor.position++;
  const shape: number[] = [];
  let comma = true;
  while (peek(cursor) !== ')') {
    if (!comma) throw unexpected(cursor, '"," or ")" in shape');
    shape.push(readDimension(cursor));
    comma = peek(cursor) === ',';
    if (comma) cursor.position++;
  }
  cursor.position++;
  if (shape.length === 1 && !comma)
    throw malformed(
      cursor.source,
      `the shape "(${shape[0]})" at byte ${at} is a number, not a tuple; expected "(${shape[0]},)"`,
    );
  if (shape.length > maxDimensions)
    throw unsupported(
      cursor.source,
      `the shape at byte ${at} has ${shape.length} dimensions, at most ${maxDimensions} are stored`,
      'Reshape the array in NumPy so that it has fewer dimensions, and save it again.',
    );
  return shape;
}

function readDimension(cursor: Cursor): number {
  const at = cursor.position;
  const word = readWord(cursor);
  const digits = cursor.longSuffix && word.endsWith('L') ? word.slice(0, -1) : word;
  if (!/^(?:0|[1-9][0-9]*)$/.test(digits)) {
    cursor.position = at;
    throw unexpected(cursor, 'an integer that is not negative in shape');
  }
  const dimension = Number(digits);
  if (dimension > Number.MAX_SAFE_INTEGER)
    throw malformed(
      cursor.source,
      `the shape has the dimension ${quote(digits)} at byte ${cursor.base + at}, at most 2^53-1 is possible`,
    );
  return dimension;
}

/** A Python string without escapes; neither a key nor a dtype that is stored needs any. */
function readString(cursor: Cursor, expected: string): string {
  const mark = peek(cursor);
  if (mark !== "'" && mark !== '"') throw unexpected(cursor, expected);
  const start = cursor.position + 1;
  const end = cursor.text.indexOf(mark, start);
  const value = cursor.text.slice(start, end < 0 ? undefined : end);
  if (end < 0 || value.includes('\n'))
    throw malformed(
      cursor.source,
      `the text ${quote(value)} at byte ${byteAt(cursor)} lacks its closing quote`,
    );
  if (value.includes('\\'))
    throw malformed(
      cursor.source,
      `the text ${quote(value)} at byte ${byteAt(cursor)} has an escape, expected none`,
    );
  cursor.position = end + 1;
  return value;
}

/** Everything up to white space or punctuation; may be empty. */
function readWord(cursor: Cursor): string {
  const word = /[^\s,:(){}[\]'"]*/y;
  word.lastIndex = cursor.position;
  const [found = ''] = word.exec(cursor.text) ?? [];
  cursor.position += found.length;
  return found;
}

/** The next character that is no white space, without taking it; empty at the end. */
function peek(cursor: Cursor): string {
  while (cursor.position < cursor.text.length && ' \t\r\n\f'.includes(cursor.text.charAt(cursor.position)))
    cursor.position++;
  return cursor.text.charAt(cursor.position);
}

function take(cursor: Cursor, character: string, expected: string): void {
  if (peek(cursor) !== character) throw unexpected(cursor, expected);
  cursor.position++;
}

function byteAt(cursor: Cursor): number {
  return cursor.base + cursor.position;
}

function rest(cursor: Cursor): string {
  return cursor.text.slice(cursor.position).trimEnd();
}

function unexpected(cursor: Cursor, expected: string): NacreError {
  const found = cursor.position < cursor.text.length ? quote(rest(cursor)) : 'the end of the header';
  return malformed(cursor.source, `expected ${expected} at byte ${byteAt(cursor)}, found ${found}`);
}
