// What a text of numbers holds, learned in one pass over its bytes: how its fields are separated, whether its
// first line is one of names, how many fields a row has, and how many rows there are. Lines are counted and
// not parsed: what is in them is looked at when rows are read.
import { native } from '../../../native.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { throwIfAborted } from '../../../util/runtime.js';
import type { RandomAccess } from '../../random-access.js';
import {
  behindEnd,
  blockAt,
  blockMemory,
  carriageReturn,
  endOfLine,
  hash,
  type LinePlace,
  newline,
  space,
  tab,
} from './blocks.js';
import type { Fields } from './fields.js';
import { badText } from './problem.js';

/** Of a field; a number has fewer. */
export const mostFieldBytes = 4096;

export interface TextLayout {
  readonly delimiter: number;
  /** Of a row. */
  readonly columns: number;
  readonly rows: number;
  /** The first line with fields, where it is one of names. */
  readonly names: readonly string[] | undefined;
  /** Where to begin reading, some MiB apart, in ascending order. */
  readonly places: readonly RowPlace[];
}

export interface RowPlace extends LinePlace {
  /** Lines with fields before it: of names, and of rows. */
  readonly lines: number;
}

export interface LayoutOptions extends CallOptions {
  /** A byte. Default: found in the first lines. */
  readonly delimiter?: number;
  readonly header?: boolean;
}

export async function layoutOf(
  access: RandomAccess,
  fields: Fields,
  options: LayoutOptions,
): Promise<TextLayout> {
  const counted = await countLines(access, options);
  const [first, second] = counted.first;
  if (first === undefined) {
    const hint = 'Rows of numbers are wanted: of an array without rows a text does not tell the columns.';
    throw badText({ file: access.name }, 'has no lines but empty ones and comments', hint);
  }
  const delimiter = options.delimiter ?? delimiterOf(access.name, first, second);
  const texts = splitLine(access.name, first, delimiter);
  const isHeader = options.header ?? isLineOfNames(access.name, fields, texts, first, second);
  const { places, lines } = counted;
  const rows = lines - (isHeader ? 1 : 0);
  return { delimiter, columns: texts.length, rows, names: isHeader ? texts : undefined, places };
}

interface TextLine {
  readonly text: string;
  readonly line: number;
}

interface CountedLines {
  readonly places: readonly RowPlace[];
  /** With fields. */
  readonly lines: number;
  /** The first two of them. */
  readonly first: readonly TextLine[];
}

async function countLines(access: RandomAccess, options: CallOptions): Promise<CountedLines> {
  const places: RowPlace[] = [];
  const counter = new LineCounter(access.name);
  const memory = blockMemory(access);
  for (let offset = await startOf(access, options); offset < access.sizeBytes; ) {
    throwIfAborted(options.signal);
    const { lines, line } = counter;
    places.push({ offset, line, lines });
    const block = await blockAt(access, { offset, line }, memory, options);
    counter.add(block.bytes);
    offset = block.end;
  }
  return { places, lines: counter.lines, first: counter.first };
}

/** Behind the mark that some programs put in front of UTF-8. */
async function startOf(access: RandomAccess, options: CallOptions): Promise<number> {
  const [a, b, c] = await access.read(0, Math.min(3, access.sizeBytes), options);
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw badText({ file: access.name, line: 1 }, 'is UTF-16', 'Save the file as UTF-8.');
  }
  return a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0;
}

/** What a line is, from its first byte on: fields, or nothing that is read. */
export function isSkipped(bytes: Uint8Array, start: number): 'comment' | 'blank' | undefined {
  let at = start;
  while (bytes[at] === space) at++;
  const byte = bytes[at];
  if (byte === hash) return 'comment';
  return byte === newline || byte === carriageReturn ? 'blank' : undefined;
}

class LineCounter {
  readonly #file: string;
  readonly first: TextLine[] = [];
  lines = 0;
  /** The one that comes next. */
  line = 1;
  /** After rows; fine as long as none comes behind it. */
  #blank = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(bytes: Uint8Array): void {
    const nul = bytes.indexOf(0);
    if (nul >= 0) throw this.#nul(bytes, nul);
    for (let start = 0; start < bytes.byteLength; ) {
      // The first two lines are kept, and after an empty one a row is an error.
      if (this.lines >= 2 && this.#blank === 0) start = this.#passRows(bytes, start);
      if (start === bytes.byteLength) return;
      const skipped = isSkipped(bytes, start);
      const end = endOfLine(bytes, start);
      if (skipped === 'blank' && this.lines > 0 && this.#blank === 0) this.#blank = this.line;
      if (skipped === undefined) this.#count(bytes, start, end);
      start = behindEnd(bytes, end);
      this.line++;
    }
  }

  #passRows(bytes: Uint8Array, start: number): number {
    const [rows, length] = native().countRows(bytes.subarray(start));
    this.lines += rows;
    this.line += rows;
    return start + length;
  }

  #count(bytes: Uint8Array, start: number, end: number): void {
    if (this.#blank > 0) {
      const hint = 'Delete it, or write nan where a number is missing: every line is a row.';
      throw badText({ file: this.#file, line: this.#blank }, 'is empty, and rows follow', hint);
    }
    if (this.lines++ >= 2) return;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
    this.first.push({ text, line: this.line });
  }

  #nul(bytes: Uint8Array, nul: number): Error {
    let { line } = this;
    for (let at = endOfLine(bytes, 0); at < nul; at = endOfLine(bytes, behindEnd(bytes, at))) line++;
    const hint = 'Save the file as text in UTF-8; of raw numbers give the format raw, with dtype and shape.';
    return badText({ file: this.#file, line }, 'has a NUL byte, which no text has', hint);
  }
}

/** Of the first two lines, a delimiter that both have as often; else one that the first has. */
function delimiterOf(file: string, first: TextLine, second: TextLine | undefined): number {
  const candidates = ['\t', ';', ','];
  const counts = candidates.map((one) => countOf(first.text, one));
  const same = candidates.findIndex((one, i) => {
    return (counts[i] ?? 0) > 0 && (second === undefined || countOf(second.text, one) === counts[i]);
  });
  const found = candidates[same < 0 ? counts.findIndex((count) => count > 0) : same];
  if (found !== undefined) return found.charCodeAt(0);
  const last = second ?? first;
  if (/^\s*[-+.\d]\S*\s+[-+.\d]/.test(last.text)) {
    const hint = "Write it with commas (NumPy: np.savetxt(name, a, delimiter=',')), semicolons or tabs.";
    throw badText({ file, line: last.line }, 'has numbers with spaces between them', hint);
  }
  return candidates[2]?.charCodeAt(0) ?? tab;
}

function countOf(text: string, delimiter: string): number {
  return text.replace(/"[^"]*"/g, '').split(delimiter).length - 1;
}

/** The fields of a line, without quotes and spaces around them. */
function splitLine(file: string, { text, line }: TextLine, delimiter: number): string[] {
  const mark = String.fromCharCode(delimiter);
  const fields: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    const place = { file, line, field: fields.length + 1 };
    let from = at;
    while (text[from] === ' ') from++;
    const isQuoted = text[from] === '"';
    const close = isQuoted ? closingQuote(text, from + 1) : from;
    if (close < 0) throw openQuote(place);
    const found = text.indexOf(mark, close);
    const end = found < 0 ? text.length : found;
    if (end - at > mostFieldBytes) throw longField(place);
    if (isQuoted && text.slice(close + 1, end).trim() !== '') throw behindQuote(place);
    fields.push(isQuoted ? text.slice(from + 1, close).replaceAll('""', '"') : text.slice(at, end).trim());
    at = end;
  }
  return fields;
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

type Place = Parameters<typeof badText>[0];

export function openQuote(place: Place): Error {
  return badText(place, 'a quote that is not closed in its line', 'Numbers need no quotes: delete it.');
}

export function behindQuote(place: Place): Error {
  return badText(place, 'text behind the quote that closes the field', 'Numbers need no quotes: delete it.');
}

export function longField(place: Place): Error {
  const hint = 'Check the delimiters and the line ends of the file.';
  return badText(place, `longer than ${mostFieldBytes} bytes`, hint);
}

/** A line with a field that is no number has names; one that could be both is for the caller to tell. */
function isLineOfNames(
  file: string,
  fields: Fields,
  texts: readonly string[],
  { line }: TextLine,
  second: TextLine | undefined,
): boolean {
  if (texts.some((text) => !fields.isNumber(text))) return true;
  // pandas names columns 0, 1, 2 where they have no names, and its index nothing.
  const isIndexed = texts[0] === '' && texts.length > 1;
  const names = isIndexed ? texts.slice(1) : texts;
  const counts = names.every((text, i) => text === String(i)) && texts.length > 1;
  if (!counts || (!isIndexed && (second === undefined || /^[\d\s+,;"-]*$/.test(second.text)))) return false;
  const hint =
    'Say header: true or header: false; pandas writes neither with df.to_csv(name, header=False, index=False).';
  throw badText({ file, line }, 'counts the columns: it may be a row, and names that pandas wrote', hint);
}
