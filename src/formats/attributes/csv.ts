// Comma-separated values (RFC 4180) below a line of names. Types are those that all values of a column have.
//
// An empty field is null; one in quotes is empty text. Otherwise quotes say nothing of the type.
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse, type Options } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import type { Attribute } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import type { Value } from '../../attributes/values.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { RandomAccess } from '../random-access.js';
import { parseField, TypeGuess } from './csv-values.js';
import { blocksOf, mostLineBytes, tooLong } from './lines.js';
import { checkNames, checkTypes, malformed, type Types, typeAsked, unsupported } from './problem.js';
import { type Learned, TextRows } from './text-rows.js';

/** What the parser gets at once: it holds the records of such a piece. */
const pieceBytes = 64 * 2 ** 10;

interface CsvRecord {
  readonly fields: readonly (string | null)[];
  /** In which it begins. */
  readonly line: number;
  /** How many it has. */
  readonly lines: number;
}

export async function openCsv(
  access: RandomAccess,
  types: Types,
  delimiter: ',' | '\t',
  options: CallOptions,
): Promise<AttributeSource> {
  const learned = await learn(access, types, delimiter, options);
  return new TextRows(access, learned, valuesOf(access, delimiter, learned.attributes));
}

async function learn(
  access: RandomAccess,
  types: Types,
  delimiter: string,
  options: CallOptions,
): Promise<Learned> {
  const file = access.name;
  let names: readonly string[] | undefined;
  let guesses: readonly TypeGuess[] = [];
  let rows = 0;
  for await (const { fields, line } of recordsOf(access, delimiter, options)) {
    if (names === undefined) {
      names = fields.map((name) => name ?? '');
      checkHeader(file, names, types);
      guesses = names.map(() => new TypeGuess());
      continue;
    }
    rows++;
    checkLength(file, line, fields.length, names.length);
    for (const [i, text] of fields.entries()) {
      if (text === null) continue;
      const attribute = names[i] ?? '';
      const asked = typeAsked(types, attribute);
      if (asked === undefined) guesses[i]?.add(text);
      else parseField(file, { line, attribute }, text, asked);
    }
  }
  if (names === undefined) {
    throw malformed(file, {}, 'is empty', 'The first line has to name the columns.');
  }
  const attributes = names.map(
    (name, i): Attribute => ({
      name,
      type: typeAsked(types, name) ?? guesses[i]?.type ?? 'string',
    }),
  );
  return { rows, attributes };
}

function checkHeader(file: string, names: readonly string[], types: Types): void {
  const at = names.indexOf('');
  if (at >= 0) {
    const hint = 'The first line names the columns: name it, or delete the column.';
    throw malformed(file, { line: 1 }, `column ${at + 1} has no name`, hint);
  }
  checkNames(file, names);
  checkTypes(file, types, names);
  const list = names.find((name) => typeAsked(types, name) === 'strings');
  if (list !== undefined)
    throw unsupported(file, { attribute: list }, 'CSV has no lists', 'Write the file as JSON lines.');
}

function checkLength(file: string, line: number, fields: number, names: number): void {
  if (fields === names) return;
  const what = `${fields} field${fields === 1 ? '' : 's'} below ${names} name${names === 1 ? '' : 's'}`;
  const hint = 'Every record has a field for each name: put fields with a delimiter in quotes.';
  throw malformed(file, { line }, what, hint);
}

async function* valuesOf(
  access: RandomAccess,
  delimiter: string,
  attributes: readonly Attribute[],
): AsyncGenerator<readonly Value[]> {
  let isHeader = true;
  for await (const { fields, line } of recordsOf(access, delimiter)) {
    if (!isHeader) {
      yield attributes.map(({ name, type }, i) => {
        const text = fields[i] ?? null;
        return text === null ? null : parseField(access.name, { line, attribute: name }, text, type);
      });
    }
    isHeader = false;
  }
}

async function* recordsOf(
  access: RandomAccess,
  delimiter: string,
  options: CallOptions & { readonly to?: number } = {},
): AsyncGenerator<CsvRecord> {
  const settings: Options = {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: mostLineBytes,
    // Compared with the names where the line is known.
    relax_column_count: true,
    raw: true,
    ...(options.to !== undefined && { to: options.to }),
  };
  const parser = parse(settings);
  pipeline(Readable.from(piecesOf(access, options)), parser, () => undefined);
  let line = 1;
  try {
    for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string }>) {
      const lines = raw.match(lineEnd)?.length ?? 0;
      yield { fields: withNulls(record, raw, delimiter), line, lines };
      line += lines;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { records } = parser.info;
    throw refused(access.name, error, await lineOf(access, delimiter, records, error));
  }
}

const lineEnd = /\r\n|\r|\n/g;

async function* piecesOf(access: RandomAccess, options: CallOptions): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of blocksOf(access, options))
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/**
 * Fields that are empty and have no quotes are null. The parser tells of quotes only field by field, which
 * takes ten times as long, so that it is asked for records in which it matters alone.
 */
function withNulls(record: readonly string[], raw: string, delimiter: string): readonly (string | null)[] {
  if (!record.includes('')) return record;
  if (!raw.includes('""')) return record.map((field) => (field === '' ? null : field));
  const settings: Options = {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    cast: (field, { quoting }) => (field === '' && !quoting ? null : field),
  };
  const [again = []] = parseSync(raw, settings) as (string | null)[][];
  return again;
}

const refusals: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  INVALID_OPENING_QUOTE: ['a quote within a field that has none around it', quotedAs()],
  CSV_INVALID_CLOSING_QUOTE: ['text behind the quote that closes a field', quotedAs()],
  CSV_QUOTE_NOT_CLOSED: ['a quote that is not closed', quotedAs()],
};

function quotedAs(): string {
  return 'Put the field in quotes, and write a quote in it twice: "a ""b"" c".';
}

function refused(file: string, error: CsvError, line: number): Error {
  if (error.code === 'CSV_MAX_RECORD_SIZE') return tooLong(file, line);
  const [what, hint] = refusals[error.code] ?? [error.message, 'Write the file as RFC 4180 has it.'];
  return malformed(file, { line }, what, hint, error);
}

/**
 * Where the trouble began: a record that does not end is noticed far behind its first line. Records that the
 * parser had read by then are lost with it, so that their lines are counted again.
 */
async function lineOf(
  access: RandomAccess,
  delimiter: string,
  records: number,
  error: CsvError,
): Promise<number> {
  const isEndless = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
  if (!isEndless) return Number(error['lines'] ?? 0);
  if (records === 0) return 1;
  let last = 1;
  let end = 1;
  for await (const { line, lines } of recordsOf(access, delimiter, { to: records }))
    [last, end] = [line, lines];
  return last + end;
}
