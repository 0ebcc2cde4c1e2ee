// The words of the filter language, one at a time from left to right. Every pattern is sticky and reads what
// it takes once, so the whole takes linear time.
import type { NacreError } from '../../errors.js';
import { quoted } from '../../util/text.js';
import { badFilter } from './problem.js';

export type Token = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'word'; readonly text: string }
  /** In double quotes: the name of a column, whatever it is. */
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: '(' | ')' | ',' | 'end'; readonly text: string }
);

const space = /[ \t\r\n\f]*/y;
const word = /[\p{L}_][\p{L}\p{M}\p{N}_.]*/uy;
const number = /-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
/** What would make another number of a number, were it left to the next token. */
const numberTail = /[\p{L}\p{N}_.]/uy;
const operator = /[=<>!]+/y;

/** What people bring along from other languages, and what to write instead. */
const foreign: readonly (readonly [mark: string, hint: string])[] = [
  ['--', 'The language has no comments; a minus goes with the number after it.'],
  ['/*', 'The language has no comments.'],
  ['#', 'The language has no comments.'],
  [';', 'A filter is one expression; join conditions with and, or.'],
  ['&', 'Write and.'],
  ['|', 'Write or.'],
  ['‘', "Strings take straight quotes: 'text'."],
  ['’', "Strings take straight quotes: 'text'."],
  ['“', "Strings take straight single quotes: 'text'."],
  ['”', "Strings take straight single quotes: 'text'."],
  ['`', 'Names of columns take double quotes: "odd name".'],
  ['[', 'Lists take parentheses: in (1, 2).'],
  ['?', "The language has no parameters: build the filter with col('name').eq(value)."],
  ['$', "The language has no parameters: build the filter with col('name').eq(value)."],
  [':', "The language has no parameters: build the filter with col('name').eq(value)."],
  ['+', 'The language has no arithmetic; a number needs no plus.'],
  ['-', 'The language has no arithmetic; a minus goes right before its number.'],
  ['*', 'The language has no arithmetic.'],
  ['/', 'The language has no arithmetic.'],
  ['%', "The language has no arithmetic; the pattern of like is a string: '%text%'."],
];

/** The token at or after `from`. Errors: `InvalidArgument` for what is none. */
export function tokenAt(text: string, from: number): Token {
  const at = from + take(space, text, from).length;
  if (at >= text.length) return { kind: 'end', text: '', at, end: at };
  const character = text.charAt(at);
  if (character === '(' || character === ')' || character === ',') {
    return { kind: character, text: character, at, end: at + 1 };
  }
  if (character === "'") return quotedToken(text, at, 'string', 'the string');
  if (character === '"') return quotedToken(text, at, 'name', 'the name of a column');

  const letters = take(word, text, at);
  if (letters !== '') return { kind: 'word', text: letters, at, end: at + letters.length };
  // An infinity is a word with a sign.
  if (/^-infinity$/i.test(text.slice(at, at + 9)) && take(numberTail, text, at + 9) === '') {
    return { kind: 'number', text: text.slice(at, at + 9), at, end: at + 9 };
  }
  const digits = take(number, text, at);
  if (digits !== '') return numberToken(text, at, digits);
  const marks = take(operator, text, at);
  if (marks !== '') return { kind: 'operator', text: marks, at, end: at + marks.length };
  throw strange(text, at);
}

function take(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function numberToken(text: string, at: number, digits: string): Token {
  const end = at + digits.length;
  const tail = take(numberTail, text, end);
  if (tail === '') return { kind: 'number', text: digits, at, end };
  throw badFilter(
    text,
    end,
    `the number ${quoted(digits)} goes on with ${quoted(tail)}`,
    'Numbers are decimal, without separators or suffixes: 1200, -0.5, 1e9. A name that begins with a digit ' +
      'takes double quotes.',
    tail,
  );
}

/** A quote inside is written twice. */
function quotedToken(text: string, at: number, kind: 'string' | 'name', what: string): Token {
  const mark = text.charAt(at);
  const pieces: string[] = [];
  for (let start = at + 1; ; ) {
    const end = text.indexOf(mark, start);
    if (end < 0) {
      const hint = `End it with ${mark}; a ${mark} inside is written twice: ${mark}${mark}.`;
      throw badFilter(text, at, `${what} that begins here lacks its closing quote,`, hint, mark);
    }
    pieces.push(text.slice(start, end));
    if (text.charAt(end + 1) !== mark) return { kind, text: pieces.join(mark), at, end: end + 1 };
    start = end + 2;
  }
}

function strange(text: string, at: number): NacreError {
  const [mark, hint] = foreign.find(([mark]) => text.startsWith(mark, at)) ?? [
    String.fromCodePoint(text.codePointAt(at) ?? 0),
    'Outside of quotes there are words, numbers, parentheses, commas and = != < <= > >=.',
  ];
  const shown = /[\p{C}\p{Z}]/u.test(mark)
    ? `the character U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
    : quoted(mark);
  return badFilter(text, at, `${shown} is no part of the filter language,`, hint, mark);
}
