// Small helpers over Uint8Array that every layer needs; no node: module, so that a browser build stays
// possible.

/** Bytes as one piece or as pieces in order; stores take both, so that a header needs no copy of its data. */
export type ByteSource = Uint8Array | readonly Uint8Array[];

export function byteLength(source: ByteSource): number {
  if (source instanceof Uint8Array) return source.byteLength;
  let total = 0;
  for (const piece of source) total += piece.byteLength;
  return total;
}

/** One piece; copies only when there is more than one. */
export function concat(source: ByteSource): Uint8Array {
  if (source instanceof Uint8Array) return source;
  if (source.length === 1) return source[0] as Uint8Array;
  const out = new Uint8Array(byteLength(source));
  let offset = 0;
  for (const piece of source) {
    out.set(piece, offset);
    offset += piece.byteLength;
  }
  return out;
}

/** Memory of that length: what the caller gave, where it is as long. */
export function roomOf(into: Uint8Array | undefined, length: number): Uint8Array {
  return into?.byteLength === length ? into : new Uint8Array(length);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += hexOfByte[bytes[i] ?? 0] ?? '';
  return out;
}

/** The bytes of a hexadecimal text, or undefined when it is none. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export const utf8 = {
  encode: (text: string): Uint8Array => new TextEncoder().encode(text),
  decode: (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
};

/** Where `wanted` begins in `bytes`, or -1. */
export function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1))
    if (equalBytes(bytes.subarray(at, at + wanted.byteLength), wanted)) return at;
  return -1;
}
