// Names that users give to arrays, attributes and tags. They live inside the root only, never in a key.
import { type ErrorCode, NacreError } from '../errors.js';
import { utf8 } from '../util/bytes.js';

const maxNameBytes = 200;

type Code = Extract<ErrorCode, 'InvalidArgument' | 'Corrupt'>;

/** Refuses what would not survive a round trip through a terminal, a file name or another program. */
export function checkName(name: string, code: Code = 'InvalidArgument'): void {
  checkText(name, code);
  const parts = name.split('/');
  if (!parts.some((part) => part === '' || part === '.' || part === '..')) return;
  throw refused(name, code, "has an empty part, '.' or '..' between slashes");
}

/** The same of an attribute, whose name is no path. */
export function checkAttributeName(name: string, code: Code = 'InvalidArgument'): void {
  checkText(name, code);
}

function checkText(name: string, code: Code): void {
  const fail = (reason: string, hint?: string): never => {
    throw refused(name, code, reason, hint);
  };
  if (name.length === 0) fail('is empty');
  const bytes = utf8.encode(name).byteLength;
  if (bytes > maxNameBytes) fail(`has ${bytes} bytes; the most is ${maxNameBytes}`);
  if (name.normalize('NFC') !== name) fail('is not in Unicode form NFC', 'Pass name.normalize("NFC").');
  // Control characters, and marks that make two names look alike or reorder text.
  if (/[\p{Cc}\p{Cs}\p{Co}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(name)) {
    fail('holds a control, an invisible or a broken character');
  }
  if (name.trim() !== name) fail('begins or ends with white space');
}

function refused(name: string, code: Code, reason: string, hint?: string): NacreError {
  return new NacreError(code, `the name ${JSON.stringify(name.slice(0, 80))} ${reason}`, {
    context: { name: name.slice(0, 80) },
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * The known name nearest to a mistyped one, or undefined when none is near. Cost: lengths multiplied, per
 * name.
 */
export function nearestName(wanted: string, known: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of known.slice(0, 1_000)) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  return best !== undefined && best.distance <= Math.max(2, wanted.length / 3) ? best.name : undefined;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
