// IEEE 754 binary16 to and from numbers, for runtimes whose JavaScript has no Float16Array.

const infinityBits = 0x7c00;
const quietNanBits = 0x7e00;
/** Halfway between the largest finite value, 65504, and the next power of two: ties go to infinity. */
const overflow = 65520;
const smallestNormal = 2 ** -14;
const smallestSubnormal = 2 ** -24;

const scratch = new DataView(new ArrayBuffer(8));

/** The value of 16 bits, exactly: every binary16 is a number. */
export function float16ToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * smallestSubnormal;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The nearest binary16, ties to even, rounded once from the full double as NumPy does (by way of float32 it
 * would be rounded twice). Beyond ±65504 it is an infinity from ±65520 on; every NaN becomes the quiet one.
 */
export function numberToFloat16(value: number): number {
  if (Number.isNaN(value)) return quietNanBits;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= overflow) return sign | infinityBits;
  // Scaling by a power of two is exact, so that the only rounding is the last one. A carry out of the
  // fraction runs into the exponent, which is just the next value.
  if (size < smallestNormal) return sign | roundHalfEven(size / smallestSubnormal);
  const exponent = exponentOf(size);
  return sign | (((exponent + 15) << 10) + roundHalfEven(size * 2 ** (10 - exponent)) - 1024);
}

function exponentOf(normal: number): number {
  scratch.setFloat64(0, normal);
  return (scratch.getUint16(0) >> 4) - 1023;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
