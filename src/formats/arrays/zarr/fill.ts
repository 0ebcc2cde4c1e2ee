// The bytes of one element that stands for all that were never written.
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import { numberToFloat16 } from '../../../npy/float16.js';
import { type Json, shown } from './json.js';
import { damagedZarr, type ZarrPlace } from './problem.js';

const special: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Little endian. Nothing (null) is zero, as NumPy and the reference take it. */
export function fillBytes(dtype: Dtype, value: Json | undefined, place: ZarrPlace): Uint8Array {
  const { kind, itemBytes } = dtypes[dtype];
  const bytes = new Uint8Array(itemBytes);
  if (value === null || value === undefined) return bytes;
  const refused = (): Error => damagedZarr(place, `has the fill value ${shown(value)}, which no ${dtype} is`);
  const view = new DataView(bytes.buffer);
  if (kind === 'bool') {
    if (typeof value !== 'boolean' && value !== 0 && value !== 1) throw refused();
    bytes[0] = Number(value);
  } else if (kind === 'complex') {
    const parts = Array.isArray(value) ? value : [value, 0];
    if (parts.length !== 2) throw refused();
    parts.forEach((part, i) => setFloat(view, (i * itemBytes) / 2, itemBytes / 2, part, refused));
  } else if (kind === 'float') setFloat(view, 0, itemBytes, value, refused);
  else setInteger(view, itemBytes, kind === 'int', value, refused);
  return bytes;
}

function setFloat(view: DataView, at: number, itemBytes: number, value: Json, refused: () => Error): void {
  if (typeof value === 'string' && value.startsWith('0x')) {
    // The bits, the most significant first.
    if (value.length !== 2 + 2 * itemBytes || !/^0x[0-9a-fA-F]+$/.test(value)) throw refused();
    const bits = BigInt(value);
    for (let i = 0; i < itemBytes; i++) view.setUint8(at + i, Number((bits >> BigInt(8 * i)) & 255n));
    return;
  }
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && Object.hasOwn(special, value)
        ? (special[value] ?? 0)
        : typeof value === 'string' && /^-?\d+$/.test(value)
          ? Number(value)
          : undefined;
  if (number === undefined) throw refused();
  if (itemBytes === 2) view.setUint16(at, numberToFloat16(number), true);
  else if (itemBytes === 4) view.setFloat32(at, number, true);
  else view.setFloat64(at, number, true);
}

function setInteger(
  view: DataView,
  itemBytes: number,
  signed: boolean,
  value: Json,
  refused: () => Error,
): void {
  const isWhole =
    (typeof value === 'number' && Number.isInteger(value)) ||
    (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  if (!isWhole) throw refused();
  const number = BigInt(value as number | string);
  const bits = BigInt(8 * itemBytes);
  const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  if (number < least || number > most) throw refused();
  for (let i = 0; i < itemBytes; i++) view.setUint8(i, Number((number >> BigInt(8 * i)) & 255n));
}
