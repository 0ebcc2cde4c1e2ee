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
