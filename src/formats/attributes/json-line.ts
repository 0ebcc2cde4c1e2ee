// One line of JSON lines: an object of values, whole numbers exactly as they stand, and the place of what is
// no JSON.
import { malformed } from './problem.js';

/** As JSON has them; whole numbers beyond 2^53 as bigint. */
export type JsonRow = Readonly<Record<string, unknown>>;

export function parseLine(file: string, line: number, text: string): JsonRow {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const at = problemAt(text);
    const found =
      at < text.length ? `'${text.slice(at, at + 10)}' is no JSON here` : 'the line ends too soon';
    const place = { line, column: at + 1 };
    throw malformed(file, place, found, 'Every line has to be one JSON object.', cause);
  }
  if (!isObject(value)) {
    const what = 'is JSON, but no object';
    throw malformed(file, { line }, what, 'Every line has to be one JSON object: {"name": value}.');
  }
  return exact(file, line, text, value);
}

function isObject(value: unknown): value is JsonRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON.parse rounds numbers to 53 bits; what may have been rounded is taken from the text. */
function exact(file: string, line: number, text: string, row: JsonRow): JsonRow {
  let literals: JsonRow | undefined;
  const changed = new Map<string, bigint>();
  for (const [key, value] of Object.entries(row)) {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) continue;
    if (!Number.isFinite(value)) {
      const what = 'a number beyond float64';
      throw malformed(file, { line, attribute: key }, what, 'Write it as text, or null.');
    }
    if (!Number.isInteger(value)) continue;
    literals ??= JSON.parse(text.replace(stringOrNumber, asText)) as JsonRow;
    const literal = String(literals[key]);
    if (/^-?\d+$/.test(literal)) changed.set(key, BigInt(literal));
  }
  if (changed.size === 0) return row;
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, changed.get(key) ?? value]));
}

/** In a line that is known to be JSON. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

function asText(token: string): string {
  return token.startsWith('"') ? token : `"${token}"`;
}

const space = /[ \t\r\n]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const firstPrintable = 0x20;

/**
 * Where a text stops being JSON (RFC 8259): its length where it is only cut. The engine's own messages tell
 * it for some mistakes only.
 */
function problemAt(text: string): number {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  const skipString = (): boolean => {
    for (let i = at + 1; i < text.length; i++) {
      if (text[i] === '"') {
        at = i + 1;
        return true;
      }
      if (text.charCodeAt(i) < firstPrintable) return false;
      if (text[i] !== '\\') continue;
      escape.lastIndex = i;
      const found = escape.exec(text);
      if (found === null) return false;
      i += found[0].length - 1;
    }
    return false;
  };
  const next = (): string => {
    skip(space);
    return text[at] ?? '';
  };
  /** What closes the lists and objects that are open, the innermost last. */
  const open: string[] = [];
  const key = (): boolean => {
    if (next() !== '"' || !skipString() || next() !== ':') return false;
    at++;
    return true;
  };
  for (;;) {
    const first = next();
    if (first === '{' || first === '[') {
      at++;
      open.push(first === '{' ? '}' : ']');
      if (next() !== open.at(-1)) {
        if (first === '{' && !key()) return at;
        continue;
      }
    } else if (!(first === '"' ? skipString() : skip(scalar))) return at;
    for (;;) {
      const after = next();
      const close = open.at(-1);
      if (close === undefined) return at;
      if (after !== ',' && after !== close) return at;
      at++;
      if (after === ',') {
        if (close === '}' && !key()) return at;
        break;
      }
      open.pop();
    }
  }
}
