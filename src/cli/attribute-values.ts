// Attributes of rows as commands print them, and the names that --select gives.
import type { ArrayHandle, AttributeValue, RowAttributes } from '../index.js';
import { invalid } from './values.js';

/**
 * As JSON has it. What JSON has no number for is text: whole numbers beyond 2^53, as row ids are, and NaN and
 * the infinities. Instants are ISO 8601 in UTC.
 */
function valueJson(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return value instanceof Date ? value.toISOString() : value;
}

export function attributesJson(attributes: RowAttributes = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, valueJson(value)]));
}

/** Characters of a cell at most. */
const mostCell = 60;

/** What would break the line, hide, or reorder what is shown. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Fit for a line of a table: no control characters, and not too long. */
export function printable(text: string): string {
  const shown = text.replace(unprintable, (character) => {
    if (character === '\n') return String.raw`\n`;
    if (character === '\t') return String.raw`\t`;
    return String.raw`\u` + `{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  const characters = Array.from(shown.slice(0, 2 * mostCell + 2));
  return characters.length <= mostCell ? shown : `${characters.slice(0, mostCell - 1).join('')}…`;
}

/** A cell of a table. */
export function valueText(value: AttributeValue | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return printable(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? printable(JSON.stringify(value)) : String(value);
}

/** `lang, "odd, name", *`: names parted by commas, in double quotes where they hold one. */
export function addNames(text: string, before: readonly string[] = []): readonly string[] {
  const name = /\s*(?:"((?:[^"]|"")*)"|([^",]*[^",\s]))\s*(?:,|$)/y;
  const names: string[] = [];
  while (name.lastIndex < text.length) {
    const at = name.lastIndex;
    const [, quoted, bare] = name.exec(text) ?? [];
    const found = quoted?.replaceAll('""', '"') ?? bare;
    if (found === undefined || found === '')
      throw invalid(
        `'${text}' is no list of attributes, from character ${at} on`,
        'Write lang,year, or * for all; a name with a comma takes double quotes.',
      );
    names.push(found);
  }
  if (names.length === 0 || /,\s*$/.test(text))
    throw invalid(`'${text}' is no list of attributes`, 'Write lang,year, or * for all.');
  return [...before, ...names];
}

/** Names of the columns that selected attributes take, each once. */
export async function columnsOf(
  array: ArrayHandle,
  select: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!select.includes('*')) return [...new Set(select)];
  const all = await array.attributes({ signal });
  return [...new Set(select.flatMap((name) => (name === '*' ? all.map((one) => one.name) : [name])))];
}
