// Values of a page, in whatever encoding, as the bytes of a dtype.
import { damaged } from '../../../attributes/arrow/table.js';
import { type Dtype, dtypes, viewAs } from '../../../npy/dtype.js';
import { unreadColumn } from '../columns.js';
import { deltaBytes } from './delta.js';
import { Indices } from '../../parquet/levels.js';
import type { Physical } from './schema.js';

/** Values one after the other. */
export interface Values {
  /** Fills the bytes, which are those of whole values. */
  take(target: Uint8Array): void;
  skip(count: number): void;
}

/** Bytes in the file. */
const physicalBytes: Readonly<Record<Physical, number>> = {
  BOOLEAN: 1 / 8,
  INT32: 4,
  INT64: 8,
  FLOAT: 4,
  DOUBLE: 8,
  FIXED_LEN_BYTE_ARRAY: 2,
};

export interface ValueType {
  readonly physical: Physical;
  readonly dtype: Dtype;
}

/** Values of a dictionary page, as the dtype has them. */
export function dictionaryOf({ physical, dtype }: ValueType, bytes: Uint8Array, count: number): Uint8Array {
  if (physical === 'BOOLEAN') throw damaged('a dictionary of bools');
  return narrowed(dtype, physical, plainBytes(physical, bytes, count));
}

export function valuesOf(
  place: { readonly file: string; readonly column: string },
  type: ValueType,
  encoding: string,
  bytes: Uint8Array,
  count: number,
  dictionary: Uint8Array | undefined,
): Values {
  const { physical, dtype } = type;
  const { itemBytes } = dtypes[dtype];
  switch (encoding) {
    case 'PLAIN':
      if (physical === 'BOOLEAN') return new Bits(checked(bytes, Math.ceil(count / 8)), count);
      return new Plain(narrowed(dtype, physical, plainBytes(physical, bytes, count)), itemBytes);
    case 'RLE':
      if (physical !== 'BOOLEAN') break;
      return new Coded(new Indices(sized(bytes), 1), Uint8Array.of(0, 1), 1);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (count === 0) return new Plain(new Uint8Array(0), itemBytes);
      if (dictionary === undefined) throw damaged('a page needs a dictionary, and there is none');
      const width = checked(bytes, 1)[0] ?? 0;
      return new Coded(new Indices(bytes.subarray(1), width), dictionary, itemBytes);
    }
    case 'BYTE_STREAM_SPLIT': {
      if (physical === 'BOOLEAN') break;
      const stored = plainBytes(physical, bytes, count);
      return new Plain(narrowed(dtype, physical, joined(stored, physicalBytes[physical])), itemBytes);
    }
    case 'DELTA_BINARY_PACKED': {
      if (physical !== 'INT32' && physical !== 'INT64') break;
      const plain = deltaBytes(bytes, count, physical === 'INT32' ? 4 : 8);
      return new Plain(narrowed(dtype, physical, plain), itemBytes);
    }
    default:
  }
  const hint = 'Write it again with the encoding PLAIN (use_dictionary=False).';
  throw unreadColumn(place, `${physical} in the encoding ${encoding} is not read`, hint);
}

function checked(bytes: Uint8Array, least: number): Uint8Array {
  if (bytes.byteLength >= least) return bytes;
  throw damaged(`a page of ${bytes.byteLength} bytes, where ${least} are wanted`);
}

function plainBytes(physical: Physical, bytes: Uint8Array, count: number): Uint8Array {
  const length = count * physicalBytes[physical];
  return checked(bytes, length).subarray(0, length);
}

/** What stands behind its length. */
function sized(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = checked(bytes, 4) && view.getUint32(0, true);
  return checked(bytes, 4 + length).subarray(4, 4 + length);
}

/** Ints of 8 and 16 bits are stored as 32. */
function narrowed(dtype: Dtype, physical: Physical, bytes: Uint8Array): Uint8Array {
  if (physical !== 'INT32' || dtypes[dtype].itemBytes === 4) return bytes;
  const wide = viewAs('int32', bytes);
  const { array, itemBytes } = dtypes[dtype];
  const narrow = new array(wide.length) as Int8Array | Uint8Array | Int16Array | Uint16Array;
  for (let i = 0; i < wide.length; i++) {
    const value = wide[i] as number;
    narrow[i] = value;
    if (narrow[i] !== value) throw damaged(`${value} is no ${dtype}`);
  }
  return new Uint8Array(narrow.buffer, 0, wide.length * itemBytes);
}

/** First bytes of all values, then second ones, and so on. */
function joined(streams: Uint8Array, itemBytes: number): Uint8Array {
  const count = streams.byteLength / itemBytes;
  const bytes = new Uint8Array(streams.byteLength);
  for (let stream = 0; stream < itemBytes; stream++) {
    const from = stream * count;
    for (let i = 0, to = stream; i < count; i++, to += itemBytes) bytes[to] = streams[from + i] as number;
  }
  return bytes;
}

class Plain implements Values {
  readonly #bytes: Uint8Array;
  readonly #itemBytes: number;
  #at = 0;

  constructor(bytes: Uint8Array, itemBytes: number) {
    this.#bytes = bytes;
    this.#itemBytes = itemBytes;
  }

  take(target: Uint8Array): void {
    target.set(this.#bytes.subarray(this.#at, this.#at + target.byteLength));
    this.#at += target.byteLength;
  }

  skip(count: number): void {
    this.#at += count * this.#itemBytes;
  }
}

class Bits implements Values {
  readonly #bits: Uint8Array;
  #at = 0;

  constructor(bits: Uint8Array, count: number) {
    this.#bits = bits.subarray(0, Math.ceil(count / 8));
  }

  take(target: Uint8Array): void {
    for (let i = 0; i < target.length; i++, this.#at++) {
      target[i] = ((this.#bits[this.#at >> 3] as number) >> (this.#at & 7)) & 1;
    }
  }

  skip(count: number): void {
    this.#at += count;
  }
}

const codesAtOnce = 4096;

/** Values by their places in a dictionary. */
class Coded implements Values {
  readonly #indices: Indices;
  readonly #dictionary: Uint8Array;
  readonly #itemBytes: number;
  readonly #codes = new Uint32Array(codesAtOnce);

  constructor(indices: Indices, dictionary: Uint8Array, itemBytes: number) {
    this.#indices = indices;
    this.#dictionary = dictionary;
    this.#itemBytes = itemBytes;
  }

  take(target: Uint8Array): void {
    const itemBytes = this.#itemBytes;
    const words = wordsOf(itemBytes, this.#dictionary);
    const isAligned = target.byteOffset % itemBytes === 0;
    const into = wordsOf(itemBytes, isAligned ? target : new Uint8Array(target.byteLength));
    for (let done = 0; done < into.length; ) {
      const codes = this.#codes.subarray(0, Math.min(codesAtOnce, into.length - done));
      this.#indices.next(codes);
      for (let i = 0; i < codes.length; i++) {
        const code = codes[i] as number;
        if (code >= words.length) throw damaged(`an index ${code} into a dictionary of ${words.length}`);
        into[done + i] = words[code] as never;
      }
      done += codes.length;
    }
    if (!isAligned) target.set(new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
  }

  skip(count: number): void {
    for (let left = count; left > 0; left -= codesAtOnce) {
      this.#indices.next(this.#codes.subarray(0, Math.min(codesAtOnce, left)));
    }
  }
}

type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Bits, whatever they mean. */
function wordsOf(itemBytes: number, bytes: Uint8Array): Words {
  if (itemBytes === 1) return bytes;
  return viewAs(itemBytes === 2 ? 'uint16' : itemBytes === 4 ? 'uint32' : 'uint64', bytes);
}
