// How a text that is no filter is refused: what was wrong, the place under a caret, what would have been
// right.
import { NacreError } from '../../errors.js';
import { printable } from '../../util/text.js';

const around = 32;

/** `InvalidArgument` with `context.at`, the character (UTF-16 unit, from 0) at which the text went wrong. */
export function badFilter(text: string, at: number, what: string, hint: string, found = ''): NacreError {
  const start = Math.max(0, at - around);
  const end = Math.min(text.length, at + around);
  const before = `${start > 0 ? '…' : ''}${printable(text.slice(start, at))}`;
  const line = `${before}${printable(text.slice(at, end))}${end < text.length ? '…' : ''}`;
  const message = `${what} at character ${at} of the filter\n  ${line}\n  ${' '.repeat(before.length)}^`;
  return new NacreError('InvalidArgument', message, { hint, context: { at, found: found.slice(0, 80) } });
}
