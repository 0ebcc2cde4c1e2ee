// Names of entries of a zip file: what their bytes say, and which are none.
import { malformed } from '../../npy/problem.js';
import { utf8 } from '../../util/bytes.js';
import { halfPair, quoted } from '../../util/text.js';

/** Bit 11: the name is UTF-8. */
export const utf8Flag = 0x800;

/** The upper half of code page 437, in which names without the flag are, as Python reads them. */
const cp437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

export function entryName(bytes: Uint8Array, flags: number, source: string): string {
  if ((flags & utf8Flag) === 0)
    return Array.from(bytes, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : cp437.charAt(byte - 0x80),
    ).join('');
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const name = quoted(new TextDecoder().decode(bytes), 80);
    throw malformed(source, `the name of the entry ${name} is not UTF-8, as it says`, { cause });
  }
}

/**
 * Refuses names that are no relative path by `/`, or lead out of the folder that they are in: nothing here
 * writes by them, but who unpacks the file would. A `/` at the end is a folder. Errors: `InvalidArgument`.
 */
export function checkEntryName(name: string, source: string): void {
  const problem = problemOf(name);
  if (problem === undefined) return;
  throw malformed(source, `the entry ${quoted(name, 80)} ${problem}`, {
    context: { file: source, entry: name },
    hint: 'Save the arrays under plain names, such as np.savez(file, weights=a).',
  });
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'has no name';
  if (/\p{Cc}/u.test(name)) return 'has a control character in its name';
  if (halfPair.test(name)) return 'has half a surrogate pair in its name';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'has an absolute name';
  const parts = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  if (parts.includes('..')) return 'has a name that climbs out of its folder';
  if (parts.includes('.') || parts.includes('')) return 'has an empty part in its name';
  return undefined;
}
