// bfloat16 as float32: the upper half of its bits. Every value is exact, NaNs keep their payload.

/** From the bits of bfloat16 to those of float32. `bits` may be the upper half of the memory of `into`. */
export function widenBfloat16(bits: Uint16Array, into: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) into[i] = (bits[i] as number) << 16;
}
