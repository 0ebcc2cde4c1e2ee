// NumPy's dtype strings: which dtype one names, or why Nacre does not store it.
import type { NacreError } from '../errors.js';
import { type Dtype, dtypeNames, dtypes } from './dtype.js';
import { malformed, quote, unsupported } from './problem.js';

export type ByteOrder = 'little' | 'big';

export interface Descr {
  readonly dtype: Dtype;
  /** `little` for one-byte elements, which have no order. */
  readonly byteOrder: ByteOrder;
}

/** What follows the byte order, such as `f4`. */
const dtypeOfCode: ReadonlyMap<string, Dtype> = new Map(
  dtypeNames.map((dtype) => [dtypes[dtype].descr.slice(1), dtype]),
);

/** Hints are NumPy code for the array `a`. */
const refusedKinds = {
  object: 'Convert it in NumPy to numbers of one type, such as a.astype(np.float32), and save that.',
  structured: "Save each field on its own in NumPy, such as np.save('x.npy', a['x']).",
  subarray: "Save the numbers as a plain array in NumPy, such as np.save('x.npy', np.array(a.tolist())).",
  datetime: 'Save the counts in NumPy as a.astype(np.int64), and note the unit and epoch elsewhere.',
  timedelta: 'Save the counts in NumPy as a.astype(np.int64), and note the unit elsewhere.',
  bytes: 'Save the characters in NumPy as a.view(np.uint8).reshape(len(a), -1), or keep texts as attributes.',
  unicode:
    'Save the code points in NumPy as a.view(np.uint32).reshape(len(a), -1), or keep texts as attributes.',
  void: 'Save a.view(np.uint8).reshape(len(a), -1) in NumPy; for bfloat16 or float8 save a.astype(np.float32).',
  'long double': 'Save a.astype(np.float64) in NumPy; long double differs from machine to machine.',
  'complex long double':
    'Save a.astype(np.complex128) in NumPy; long double differs from machine to machine.',
} as const;

type RefusedKind = keyof typeof refusedKinds;

const kindOfLetter: ReadonlyMap<string, RefusedKind> = new Map<string, RefusedKind>([
  ['O', 'object'],
  ['S', 'bytes'],
  ['a', 'bytes'],
  ['U', 'unicode'],
  ['V', 'void'],
  ['M', 'datetime'],
  ['m', 'timedelta'],
]);

/** Sizes of C's long double on the platforms of NumPy, alone and in pairs. */
const longDoubleCodes: ReadonlyMap<string, RefusedKind> = new Map<string, RefusedKind>([
  ['f12', 'long double'],
  ['f16', 'long double'],
  ['c24', 'complex long double'],
  ['c32', 'complex long double'],
]);

/** The error for a dtype that NumPy can save and Nacre does not store. */
export function refusedDtype(source: string, kind: RefusedKind, text: string, byte: number): NacreError {
  return unsupported(
    source,
    `the dtype ${quote(text)} at byte ${byte} is ${/^[aeio]/.test(kind) ? 'an' : 'a'} ${kind} dtype, ` +
      'which is not stored (bool, integers, floats and complex numbers are)',
    refusedKinds[kind],
  );
}

/**
 * Reads a dtype string such as `<f4`, found at `byte`. `<` and `>` are the byte order; `|` (none) goes with
 * one-byte elements, which may carry any of the three, as some C++ writers do. Throws `UnsupportedFormat` for
 * a dtype that NumPy has and Nacre does not store, `InvalidArgument` for what is no dtype.
 */
export function parseDescr(source: string, text: string, byte: number): Descr {
  const order = text.charAt(0);
  const code = text.slice(1);
  const where = `the dtype ${quote(text)} at byte ${byte}`;
  if (!['<', '>', '|'].includes(order))
    throw malformed(source, `${where} does not begin with its byte order, one of < > |`, {
      hint: 'Save the array with np.save, which writes such as "<f4".',
    });
  const dtype = dtypeOfCode.get(code);
  if (dtype === undefined) {
    const kind = longDoubleCodes.get(code) ?? (isCode(code) ? kindOfLetter.get(code.charAt(0)) : undefined);
    if (kind !== undefined) throw refusedDtype(source, kind, text, byte);
    throw malformed(source, `${where} is none that NumPy has`);
  }
  if (dtypes[dtype].swapBytes === 1) return { dtype, byteOrder: 'little' };
  if (order === '|') throw malformed(source, `${where} has more than one byte, but no byte order (< or >)`);
  return { dtype, byteOrder: order === '<' ? 'little' : 'big' };
}

/** A letter, a size, and for times a unit: `O`, `S5`, `M8[ns]`, `M8[25us]`. */
function isCode(code: string): boolean {
  return /^(?:O|[OSaUV]\d{1,10}|[Mm]8(?:\[[0-9a-zA-Z/]{1,20}\])?)$/.test(code);
}
