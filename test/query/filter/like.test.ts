// LIKE against its definition, and patterns that make other matchers slow.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileLike, matchesLike } from '../../../src/query/filter/like.js';

const like = (text: string, pattern: string): boolean => matchesLike(compileLike(pattern), text);

test.each([
  ['', '', true],
  ['', '%', true],
  ['', '_', false],
  ['a', '', false],
  ['abc', 'abc', true],
  ['abc', 'ABC', false],
  ['abc', 'a%', true],
  ['abc', '%c', true],
  ['abc', '%b%', true],
  ['abc', 'a_c', true],
  ['abc', '_', false],
  ['abc', '___', true],
  ['abc', '%_%_%_%', true],
  ['ab', '%_%_%_%', false],
  ['aba', 'ab%ba', false],
  ['abba', 'ab%ba', true],
  ['100%', '100\\%', true],
  ['1000', '100\\%', false],
  ['a_b', 'a\\_b', true],
  ['axb', 'a\\_b', false],
  ['a\\b', 'a\\\\b', true],
  ['ab', '\\a\\b', true],
  ['a\nb', 'a_b', true],
  ['\u{1f600}', '_', true],
  ['\u{1f600}', '__', false],
  ['x\u{1f600}y', '%_y', true],
  ['\u{1f600}\u{1f601}', '%\u{1f601}%', true],
  ['\u{1f600}b', '%_b%', true],
  ['\u{1f600}', '%__', false],
  ['\u{1f600}', '%__%', false],
  ['ab', '%_b%b', false],
  ['abb', '%_b%b', true],
  ['ababac', '%abac%', true],
  ['aabaaabaaac', '%aabaaac%', true],
  ['\u00e9', '_', true],
  ['e\u0301', '_', false],
])('%j like %j is %s', (text, pattern, expected) => {
  expect(like(text, pattern)).toBe(expected);
});

test('agrees with the definition', () => {
  const agree = (letters: readonly string[], marks: readonly string[]): void => {
    const texts = fc.array(fc.constantFrom(...letters), { maxLength: 12 });
    const patterns = fc.array(fc.constantFrom(...letters, ...marks), { maxLength: 9 });
    fc.assert(
      fc.property(texts, patterns, (text, parts) => {
        const pattern = parts.join('');
        expect(like(text.join(''), pattern)).toBe(byDefinition(text, tokens(pattern)));
      }),
      { numRuns: 5_000 },
    );
  };
  agree(['a', 'b'], ['%']);
  agree(['a', '\u{1f600}'], ['%', '_', '_']);
  agree(['a', 'b', '%', '_'], ['\\%', '\\_', '%%']);
});

/** A pattern is a text of characters, and of `any` and `rest`. */
function tokens(pattern: string): string[] {
  return (pattern.match(/\\.|./gu) ?? []).map((part) => {
    if (part === '%') return 'rest';
    if (part === '_') return 'any';
    return part.startsWith('\\') ? part.slice(1) : part;
  });
}

/** Row by row of the table of which prefixes match. */
function byDefinition(text: readonly string[], pattern: readonly string[]): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, i) => i === 0);
  for (const token of pattern) {
    const next: boolean[] = [];
    for (let i = 0; i <= text.length; i++) {
      if (token === 'rest') next.push(row[i] === true || next[i - 1] === true);
      else next.push(i > 0 && row[i - 1] === true && (token === 'any' || token === text[i - 1]));
    }
    row = next;
  }
  return row[text.length] === true;
}

describe('work', () => {
  /** Counts the characters that are looked at. */
  function lookedAt(text: string, pattern: string): number {
    let count = 0;
    const counted = {
      length: text.length,
      charCodeAt: (at: number): number => {
        count++;
        return text.charCodeAt(at);
      },
    };
    matchesLike(compileLike(pattern), counted as string);
    return count;
  }

  test('grows with the length of the text, not with its square', () => {
    const text = 'a'.repeat(100_000);
    for (const pattern of [
      '%'.repeat(100_000),
      `${'%'.repeat(100_000)}b`,
      `${'%a'.repeat(50_000)}%b%`,
      `${'%a'.repeat(100_001)}%`,
      `%${'a'.repeat(50_000)}b%`,
      `%${'a'.repeat(50_000)}b%${'a'.repeat(50_000)}c%`,
      `${'_'.repeat(100_000)}%`,
      `%${'_'.repeat(99_999)}b`,
    ]) {
      expect(lookedAt(text, pattern), pattern.slice(0, 8)).toBeLessThan(6 * 100_000);
    }
  });

  test('is bounded where a stretch with a _ is tried at every place', () => {
    const text = 'a'.repeat(10_000);
    expect(lookedAt(text, `%_${'a'.repeat(254)}b%`)).toBeLessThan(10_000 * 256 * 2);
    expect(() => compileLike(`%_${'a'.repeat(256)}%`)).toThrow('the most is 256');
    expect(() => compileLike(`_${'a'.repeat(1_000)}%${'a'.repeat(1_000)}_`)).not.toThrow();
  });
});
