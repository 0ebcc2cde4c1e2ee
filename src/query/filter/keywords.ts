// The keywords, and the words that people take for them.

/** Operators that are words. */
export const operatorWords = [
  'in',
  'not in',
  'between',
  'like',
  'contains',
  'starts_with',
  'is null',
] as const;

/** Words that no column is called without double quotes. What begins a value only is none of them. */
const keywords: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'in',
  'between',
  'like',
  'contains',
  'starts_with',
  'is',
  'null',
  'true',
  'false',
]);

/** Operators under the names that other languages give them. */
export const otherNames: ReadonlyMap<string, string> = new Map([
  ['===', '='],
  ['!==', '!='],
  ['=!', '!='],
  ['!', 'not, or !='],
  ['=<', '<='],
  ['=>', '>='],
  ['><', '!='],
  ['eq', '='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['has', 'contains'],
  ['includes', 'contains'],
  ['begins', 'starts_with'],
  ['starts', 'starts_with'],
  ['ilike', 'like (case matters)'],
]);

/**
 * The word in lower case if it is in ASCII, else as it is: case mappings of Unicode would make keywords of
 * other letters, such as the sign of kelvin.
 */
export function keywordOf(word: string): string {
  return /^[A-Za-z_]+$/.test(word) ? word.toLowerCase() : word;
}

export function isKeyword(word: string): boolean {
  return keywords.has(keywordOf(word));
}
