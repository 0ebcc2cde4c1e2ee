/** `length` bytes that follow from the seed (xorshift32). */
export function contentOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const next = randomOf(seed);
  for (let i = 0; i < length; i++) bytes[i] = next() >>> 13;
  return bytes;
}

/** A generator of 32-bit integers. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
