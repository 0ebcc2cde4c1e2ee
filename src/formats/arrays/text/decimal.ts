// Decimal text to the nearest number, from bytes, without a string for nearly all of them.
//
// Up to 30 digits are two whole numbers that float64 holds. With 15 digits at most and a power of ten that
// float64 holds too, one multiplication or division rounds once, and is right. All else is computed with
// twice the digits of float64: the sum of two numbers, wrong by 2^-98 of it at most. Where both ends of what
// it may be round to one number, that is the nearest; the others, exact ties and one in 2^40, JavaScript
// reads.

const zero = 0x30;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
/** e, and E but for a bit. */
const letter = 0x65;
/** Digits that a float64 holds, whichever they are. */
const mostDigits = 15;
/** Powers of ten that a float64 holds. */
const mostExactPower = 22;
/** Farther ones leave too little between them and the ends of float64 for the second number. */
const mostPower = 250;
const splitter = 2 ** 27 + 1;
const errorBound = 2 ** -98;

const exactPowers = Float64Array.from({ length: mostExactPower + 1 }, (_, i) => Number(`1e${i}`));
/** 10^(i - mostPower), as the sum of the same places of both; those that were asked for. */
const powersHigh = new Float64Array(2 * mostPower + 1);
const powersLow = new Float64Array(2 * mostPower + 1);

/** A number at a place in bytes. Those it is given end in what is no part of a number. */
export class DecimalScanner {
  /** Behind the number; -1 where there is none that is read this way. */
  end = -1;

  /**
   * `[+-]digits[.digits][e[+-]digits]`, with a digit on one side of the point at least. NaN with `end` -1 for
   * all that is no such number, for whole numbers of more than 15 digits, and for what is rare.
   */
  scan(bytes: Uint8Array, start: number): number {
    let at = start;
    let byte = bytes[at] as number;
    const isNegative = byte === minus;
    if (isNegative || byte === plus) byte = bytes[++at] as number;
    const first = at;
    let high = 0;
    let low = 0;
    // Of `low`; those of `high` are counted from the first that is not zero.
    let lowDigits = 0;
    let left = mostDigits;
    let digit = (byte - zero) | 0;
    let exponent = 0;
    while (digit === 0) digit = ((bytes[++at] as number) - zero) | 0;
    while (digit >= 0 && digit <= 9 && left > 0) {
      high = high * 10 + digit;
      left--;
      digit = ((bytes[++at] as number) - zero) | 0;
    }
    while (digit >= 0 && digit <= 9) {
      low = low * 10 + digit;
      lowDigits++;
      digit = ((bytes[++at] as number) - zero) | 0;
    }
    let digits = at - first;
    const hasPoint = digit === point - zero;
    if (hasPoint) {
      const from = ++at;
      digit = ((bytes[at] as number) - zero) | 0;
      if (left === mostDigits) while (digit === 0) digit = ((bytes[++at] as number) - zero) | 0;
      if (lowDigits === 0) {
        while (digit >= 0 && digit <= 9 && left > 0) {
          high = high * 10 + digit;
          left--;
          digit = ((bytes[++at] as number) - zero) | 0;
        }
      }
      while (digit >= 0 && digit <= 9) {
        low = low * 10 + digit;
        lowDigits++;
        digit = ((bytes[++at] as number) - zero) | 0;
      }
      exponent = from - at;
      digits += at - from;
    }
    this.end = -1;
    if (digits === 0 || lowDigits > mostDigits) return Number.NaN;
    if ((digit | 0x20) === letter - zero) {
      at = this.#exponent(bytes, at + 1);
      if (at < 0) return Number.NaN;
      exponent += this.#power;
    } else if (lowDigits > 0 && !hasPoint) return Number.NaN;
    const value = lowDigits === 0 ? scaled(high, exponent) : wide(high, low, lowDigits, exponent);
    if (value !== value) return value;
    this.end = at;
    return isNegative ? -value : value;
  }

  #power = 0;

  #exponent(bytes: Uint8Array, start: number): number {
    let at = start;
    const sign = bytes[at] as number;
    if (sign === minus || sign === plus) at++;
    const first = at;
    let power = 0;
    for (;;) {
      const digit = (bytes[at] as number) - zero;
      if (!(digit >= 0 && digit <= 9)) break;
      power = power * 10 + digit;
      at++;
    }
    if (at === first || at > first + 6) return -1;
    this.#power = sign === minus ? -power : power;
    return at;
  }
}

function scaled(digits: number, exponent: number): number {
  if (exponent === 0 || digits === 0) return digits;
  if (exponent < 0) {
    if (exponent >= -mostExactPower) return digits / (exactPowers[-exponent] as number);
  } else if (exponent <= mostExactPower) return digits * (exactPowers[exponent] as number);
  return rounded(digits, 0, exponent);
}

/** (high * 10^lowDigits + low) * 10^exponent. */
function wide(high: number, low: number, lowDigits: number, exponent: number): number {
  const power = exactPowers[lowDigits] as number;
  const product = high * power;
  const rest = errorOf(high, power, product) + low;
  const sum = product + rest;
  return rounded(sum, rest - (sum - product), exponent);
}

/** (high + low) * 10^exponent to the nearest; NaN where that cannot be told. */
function rounded(high: number, low: number, exponent: number): number {
  if (!(exponent >= -mostPower && exponent <= mostPower)) return Number.NaN;
  const place = exponent + mostPower;
  if (powersHigh[place] === 0) prepare(exponent);
  const powerHigh = powersHigh[place] as number;
  const product = high * powerHigh;
  const rest = errorOf(high, powerHigh, product) + (high * (powersLow[place] as number) + low * powerHigh);
  const sum = product + rest;
  const left = rest - (sum - product);
  const error = sum * errorBound;
  return sum + (left + error) === sum && sum + (left - error) === sum ? sum : Number.NaN;
}

/** What a * b has beside the product that float64 makes of it (Dekker). */
function errorOf(a: number, b: number, product: number): number {
  const aScaled = splitter * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = splitter * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

function prepare(exponent: number): void {
  const place = exponent + mostPower;
  const high = Number(`1e${exponent}`);
  powersHigh[place] = high;
  const power = 10n ** BigInt(Math.abs(exponent));
  if (exponent >= 0) {
    powersLow[place] = Number(power - BigInt(high));
    return;
  }
  // high is whole / 2^bits, exactly; what is left of 1 / power, times 2^(bits + extra).
  const bits = Math.ceil(-exponent * Math.log2(10)) + 60;
  const extra = 200;
  const left = (((1n << BigInt(bits)) - exactly(high, bits) * power) << BigInt(extra)) / power;
  powersLow[place] = Number(left) * 2 ** -bits * 2 ** -extra;
}

/** value * 2^bits, which is whole. */
function exactly(value: number, bits: number): bigint {
  let scaledUp = value;
  let shift = bits;
  while (!Number.isInteger(scaledUp)) {
    scaledUp *= 2;
    shift--;
  }
  return BigInt(scaledUp) << BigInt(shift);
}
