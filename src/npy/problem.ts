// How a bad .npy file is reported: which file, what was found, at which byte. Offending text is quoted in
// ASCII and cut, so that a hostile header can neither flood a log nor smuggle control characters into it.
import { type ErrorDetails, NacreError } from '../errors.js';

const maxQuotedChars = 80;

/**
 * `text` in double quotes, everything outside printable ASCII as `\xNN` or `\uNNNN`, at most 80 characters.
 */
export function quote(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const piece = printable(text.charCodeAt(i));
    if (out.length + piece.length > maxQuotedChars - '"…"'.length) return `"${out}…"`;
    out += piece;
  }
  return `"${out}"`;
}

function printable(code: number): string {
  if (code === 0x0a) return '\\n';
  if (code === 0x22 || code === 0x5c) return `\\${String.fromCharCode(code)}`;
  if (code >= 0x20 && code < 0x7f) return String.fromCharCode(code);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The bytes as text with one character a byte, so that an index into it is a byte offset. */
export function latin1(bytes: Uint8Array): string {
  const step = 4096; // bounds the argument list of one call
  let out = '';
  for (let i = 0; i < bytes.length; i += step) out += String.fromCharCode(...bytes.subarray(i, i + step));
  return out;
}

/** The file breaks the rules of the format. */
export function malformed(source: string, what: string, details?: ErrorDetails): NacreError {
  return new NacreError('InvalidArgument', `${source}: ${what}`, details);
}

/** The file keeps the rules, but holds what Nacre does not store. */
export function unsupported(source: string, what: string, hint: string): NacreError {
  return new NacreError('UnsupportedFormat', `${source}: ${what}`, { hint });
}
