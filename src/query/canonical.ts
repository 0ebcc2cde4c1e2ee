// Plain data as RFC 8785 (JSON Canonicalization Scheme) writes it, and the hash of that. Both are made piece
// by piece: what is long gives up the event loop between them.
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../util/runtime.js';

/** Characters of a piece, about, and of those that are hashed in one turn of the event loop. */
const pieceChars = 2 ** 14;
const charsOfTurn = 2 ** 16;

/** Bytes of a piece of base64, a multiple of three: each piece ends where four characters do. */
const encodedBytes = 3 * 2 ** 15;

/** A text of which only the pieces were made: joined into one, a long one is copied. Nothing to escape. */
export class Pieces {
  readonly pieces: readonly string[];

  constructor(pieces: readonly string[]) {
    this.pieces = pieces;
  }

  /** Copied when somebody looks into it. */
  get text(): string {
    return this.pieces.reduce((text, piece) => text + piece, '');
  }
}

/** The bytes of numbers in base64, made by turns of the event loop. */
export async function encodeNumbers(values: Float64Array, signal?: AbortSignal): Promise<Pieces> {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += encodedBytes) {
    if (at > 0) await nextTurn();
    throwIfAborted(signal);
    pieces.push(bytes.toString('base64', at, Math.min(at + encodedBytes, bytes.byteLength)));
  }
  return new Pieces(pieces);
}

/** Of plain data in which a text may be {@link Pieces}. */
export function canonical(value: unknown): string {
  return [...partsOf(value)].join('');
}

/** SHA-256 of `canonical(value)`, in hexadecimal. */
export async function hashOf(value: unknown, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  let left = charsOfTurn;
  for (const part of partsOf(value)) {
    hash.update(part);
    left -= part.length;
    if (left > 0) continue;
    await nextTurn();
    throwIfAborted(signal);
    left = charsOfTurn;
  }
  return hash.digest('hex');
}

/** Names are sorted as the canonical form wants them, or stay as they are. */
export type Order = 'sorted' | 'given';

export function* partsOf(value: unknown, order: Order = 'sorted'): Generator<string> {
  if (value instanceof Pieces) {
    yield '"';
    yield* value.pieces;
    yield '"';
  } else if (typeof value === 'string') yield* partsOfText(value);
  else if (Array.isArray(value)) yield* partsOfList(value, order);
  else if (typeof value === 'object' && value !== null) {
    let before = '{';
    const fields = Object.entries(value);
    if (order === 'sorted') fields.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, field] of fields) {
      yield `${before}${JSON.stringify(name)}:`;
      yield* partsOf(field, order);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  } else yield JSON.stringify(value);
}

function* partsOfText(text: string): Generator<string> {
  if (text.length <= pieceChars) return yield JSON.stringify(text);
  yield '"';
  for (let at = 0; at < text.length; ) {
    const end = Math.min(at + pieceChars, text.length);
    // A pair of surrogates is one character.
    const last = text.charCodeAt(end - 1);
    const cut = end < text.length && last >= 0xd800 && last < 0xdc00 ? end + 1 : end;
    yield JSON.stringify(text.slice(at, cut)).slice(1, -1);
    at = cut;
  }
  return yield '"';
}

/** Many short items become one piece. */
function* partsOfList(items: readonly unknown[], order: Order): Generator<string> {
  let text = '[';
  for (const [i, item] of items.entries()) {
    if (i > 0) text += ',';
    const isShort = typeof item === 'number' || (typeof item === 'string' && item.length <= pieceChars);
    if (isShort) text += JSON.stringify(item);
    if (isShort && text.length <= pieceChars) continue;
    yield text;
    text = '';
    if (!isShort) yield* partsOf(item, order);
  }
  yield `${text}]`;
}
