// The order of texts, and what of JavaScript's is no text elsewhere.
//
// The order is by code points, which is that of their UTF-8 bytes. No locale has a say in it.

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates, which are of code points from U+10000 on, below U+E000 to U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Finds half of a surrogate pair, which no UTF-8 holds; whole pairs are one character here. */
export const halfPair = /\p{Surrogate}/u;

/** What may not stand in a message as it is: it would break the line, hide, or reorder what is shown. */
const unprintable = /(?! )[\p{C}\p{Z}]/gu;

/** At most `most` characters of the text, in single quotes, fit to print. */
export function quoted(text: string, most = 40): string {
  return `'${printable(text.length > most ? `${text.slice(0, most)}…` : text)}'`;
}

/** One character stands for each that cannot be shown, so that the caret stays in its place. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => '·'.repeat(character.length));
}
