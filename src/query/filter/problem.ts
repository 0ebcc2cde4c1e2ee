// How a text that is no filter is refused: what was wrong, the place under a caret, what would have been
// right.
import { NacreError } from '../../errors.js';

const around = 32;

/** What may not stand in a message as it is: it would break the line, hide, or reorder what is shown. */
const unprintable = /(?! )[\p{C}\p{Z}]/gu;

/** At most `most` characters of the text, in single quotes, fit to print. */
export function quoted(text: string, most = 40): string {
  return `'${printable(text.length > most ? `${text.slice(0, most)}…` : text)}'`;
}

/** `InvalidArgument` with `context.at`, the character (UTF-16 unit, from 0) at which the text went wrong. */
export function badFilter(text: string, at: number, what: string, hint: string, found = ''): NacreError {
  const start = Math.max(0, at - around);
  const end = Math.min(text.length, at + around);
  const before = `${start > 0 ? '…' : ''}${printable(text.slice(start, at))}`;
  const line = `${before}${printable(text.slice(at, end))}${end < text.length ? '…' : ''}`;
  const message = `${what} at character ${at} of the filter\n  ${line}\n  ${' '.repeat(before.length)}^`;
  return new NacreError('InvalidArgument', message, { hint, context: { at, found: found.slice(0, 80) } });
}

/** One character stands for each that cannot be shown, so that the caret stays in its place. */
function printable(text: string): string {
  return text.replace(unprintable, (character) => '·'.repeat(character.length));
}
