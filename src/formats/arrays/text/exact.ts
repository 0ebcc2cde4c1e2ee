// Decimal text, exactly: for the few numbers that floats do not settle.

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?$/;
const parts = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
/** More digits than any integer that is stored has. */
const mostZeros = 40;

export function isDecimal(text: string): boolean {
  return decimal.test(text);
}

/** digits * 10^exponent */
function exactOf(text: string): { readonly digits: bigint; readonly exponent: number } {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts.exec(text) ?? [];
  const kept = fraction.replace(/0+$/, '');
  const digits = BigInt(`${whole}${kept}`);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - kept.length };
}

/** The integer that the text is, whatever its form: `3.0`, `1.5e3`. Undefined where it has a fraction. */
export function integerOf(text: string): bigint | undefined {
  let { digits, exponent } = exactOf(text);
  if (digits === 0n) return 0n;
  for (; exponent < 0 && digits % 10n === 0n; exponent++) digits /= 10n;
  if (exponent < 0) return undefined;
  // Beyond every dtype in any case.
  return digits * 10n ** BigInt(Math.min(exponent, mostZeros));
}

/** Negative, zero or positive as the text is below, equal to or above the number, which is finite. */
export function compareDecimal(text: string, value: number): number {
  const { digits, exponent } = exactOf(text);
  const { whole, power } = binaryOf(value);
  const text10 = digits * 10n ** BigInt(Math.max(0, exponent)) * 2n ** BigInt(Math.max(0, -power));
  const value10 = whole * 2n ** BigInt(Math.max(0, power)) * 10n ** BigInt(Math.max(0, -exponent));
  return text10 === value10 ? 0 : text10 < value10 ? -1 : 1;
}

/** whole * 2^power */
function binaryOf(value: number): { readonly whole: bigint; readonly power: number } {
  let whole = value;
  let power = 0;
  for (; !Number.isInteger(whole); power--) whole *= 2;
  return { whole: BigInt(whole), power };
}
