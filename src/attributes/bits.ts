// Bits of rows, the least significant of a byte first, as Arrow has them.

export function bytesOfBits(bits: number): number {
  return Math.ceil(bits / 8);
}

export function bitAt(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** The bits for which `isSet` holds. */
export function makeBits(count: number, isSet: (index: number) => boolean): Uint8Array {
  const bits = new Uint8Array(bytesOfBits(count));
  for (let i = 0; i < count; i++) if (isSet(i)) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  return bits;
}

/** The bits from `start` up to `end`, with zeros behind the last one. */
export function sliceBits(bits: Uint8Array, start: number, end: number): Uint8Array {
  return makeBits(end - start, (i) => bitAt(bits, start + i));
}

export function countBits(bits: Uint8Array, count: number): number {
  let set = 0;
  for (let i = 0; i < count; i++) if (bitAt(bits, i)) set++;
  return set;
}
