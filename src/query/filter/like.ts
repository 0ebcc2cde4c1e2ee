// LIKE as SQL has it: % stands for any text, _ for one character (code point), a backslash makes the
// character after it stand for itself. Case matters.
//
// A pattern is cut at its %. What stands before the first % and after the last lies fixed at the ends of the
// text; of the stretches between, each is taken where it first occurs after the one before, which is never
// worse than a later place. So no choice is ever taken back.
import { NacreError } from '../../errors.js';

/**
 * Characters of a stretch between two % that has a _ as well. Such a stretch is tried at every place; the
 * bound keeps that linear in the text. All else is found in linear time by Knuth, Morris and Pratt.
 */
const maxWildStretch = 256;

/** Stands for `_` among the UTF-16 units of a stretch. */
const any = -1;

interface Stretch {
  readonly units: readonly number[];
  readonly wild: boolean;
  /** Knuth-Morris-Pratt: the longest proper prefix that ends at each unit. Empty where `wild`. */
  readonly borders: Int32Array;
}

export interface LikePattern {
  /** As it was written. */
  readonly text: string;
  /** One stretch where there is no %: the whole text. */
  readonly stretches: readonly Stretch[];
}

/** Errors: `InvalidArgument` for a pattern that ends with a backslash that escapes nothing. */
export function checkPattern(pattern: string): string {
  if ((pattern.length - 1 - lastOther(pattern)) % 2 === 0) return pattern;
  throw new NacreError('InvalidArgument', 'the pattern of like ends with a backslash that escapes nothing', {
    context: { pattern: pattern.slice(-80) },
    hint: 'Write \\\\ for a backslash, \\% for a percent sign, \\_ for an underscore.',
  });
}

/** Index of the last character that is no backslash; -1 where there is none. */
function lastOther(text: string): number {
  let at = text.length - 1;
  while (at >= 0 && text[at] === '\\') at--;
  return at;
}

/** Cost: linear in the pattern. Errors: `InvalidArgument` for a stretch beyond `maxWildStretch`. */
export function compileLike(pattern: string): LikePattern {
  const cut: number[][] = [[]];
  for (let i = 0; i < pattern.length; i++) {
    const last = cut[cut.length - 1] as number[];
    // A run of % says no more than one does: nothing lies between them.
    if (pattern[i] === '%') {
      if (cut.length === 1 || last.length > 0) cut.push([]);
    } else if (pattern[i] === '_') last.push(any);
    else {
      if (pattern[i] === '\\') i++;
      last.push(pattern.charCodeAt(i));
    }
  }
  const stretches = cut.map((units, index) => {
    const wild = units.includes(any);
    const floats = index > 0 && index < cut.length - 1;
    if (wild && floats && units.length > maxWildStretch) throw wildStretch(pattern, units.length);
    return { units, wild, borders: wild || !floats ? new Int32Array(0) : borders(units) };
  });
  return { text: pattern, stretches };
}

function wildStretch(pattern: string, length: number): NacreError {
  return new NacreError(
    'InvalidArgument',
    `a stretch of the pattern, between two %, has ${length} characters with a _ among them; ` +
      `the most is ${maxWildStretch}`,
    { context: { pattern: pattern.slice(0, 80), length, limit: maxWildStretch } },
  );
}

function borders(units: readonly number[]): Int32Array {
  const out = new Int32Array(units.length);
  for (let i = 1, length = 0; i < units.length; i++) {
    while (length > 0 && units[i] !== units[length]) length = out[length - 1] ?? 0;
    if (units[i] === units[length]) length++;
    out[i] = length;
  }
  return out;
}

/** Whether the whole text is as the pattern says. Cost: linear in text and pattern (`maxWildStretch`). */
export function matchesLike(pattern: LikePattern, text: string): boolean {
  const { stretches } = pattern;
  const first = stretches[0] as Stretch;
  let position = matchAt(first, text, 0);
  if (position < 0) return false;
  if (stretches.length === 1) return position === text.length;

  const last = stretches[stretches.length - 1] as Stretch;
  const end = startBefore(last, text);
  if (end < position) return false;
  for (let i = 1; i < stretches.length - 1; i++) {
    position = endOfFirst(stretches[i] as Stretch, text, position, end);
    if (position < 0) return false;
  }
  return true;
}

/** Where the stretch ends if it begins at `position`; -1 if it does not. */
function matchAt(stretch: Stretch, text: string, position: number): number {
  let at = position;
  for (const unit of stretch.units) {
    if (at >= text.length) return -1;
    if (unit === any) at += isPair(text, at) ? 2 : 1;
    else if (text.charCodeAt(at++) !== unit) return -1;
  }
  return at;
}

/** Where the stretch begins if the text ends with it; -1 if it does not. */
function startBefore(stretch: Stretch, text: string): number {
  let at = text.length;
  for (let i = stretch.units.length - 1; i >= 0; i--) {
    if (at <= 0) return -1;
    const unit = stretch.units[i];
    if (unit === any) at -= isPair(text, at - 2) ? 2 : 1;
    else if (text.charCodeAt(--at) !== unit) return -1;
  }
  return at;
}

/** Where the first occurrence in `[start, end)` of the text ends; -1 where there is none. */
function endOfFirst(stretch: Stretch, text: string, start: number, end: number): number {
  const { units, wild } = stretch;
  if (wild) {
    // What matches from within a surrogate pair matches from its beginning, which was tried before.
    for (let at = start; at < end; at++) {
      const found = matchAt(stretch, text, at);
      if (found >= 0 && found <= end) return found;
    }
    return -1;
  }
  for (let at = start, length = 0; at < end; at++) {
    const unit = text.charCodeAt(at);
    while (length > 0 && unit !== units[length]) length = stretch.borders[length - 1] ?? 0;
    if (unit === units[length]) length++;
    if (length === units.length) return at + 1;
  }
  return -1;
}

/** Whether a surrogate pair, one code point in two units, begins here. */
function isPair(text: string, at: number): boolean {
  return isBetween(text.charCodeAt(at), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at + 1), 0xdc00, 0xdfff);
}

function isBetween(unit: number, low: number, high: number): boolean {
  return unit >= low && unit <= high;
}
