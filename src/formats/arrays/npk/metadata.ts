// `metadata.npkm`, by which NumPack (0.3 to 0.7) describes a folder of arrays. Little endian, without
// alignment: magic `NPKB`, version u32, total size u64, number of arrays u32; then of each array its name
// (length u32, UTF-8), shape (number of axes u32, u64 each), name of its data file, time of its last change
// u64, bytes u64, dtype u8; algorithm u8 and level u32 of its compression, bytes before and after, u64 each,
// and whether blocks follow, u8. No NumPack that writes this version compresses.
import { NacreError } from '../../../errors.js';
import type { Dtype } from '../../../npy/dtype.js';
import { arrayBytes } from '../../../npy/shape.js';
import { quoted } from '../../../util/text.js';

const magic = 'NPKB';
const version = 1;

/** By the numbers that stand for them. */
const dtypeOfCode: readonly Dtype[] = [
  'bool',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'float32',
  'float64',
  'complex64',
  'complex128',
];

export interface NpkInfo {
  readonly name: string;
  readonly dtype: Dtype;
  /** Rows that were dropped, and are still in the file, included. */
  readonly shape: readonly number[];
  readonly dataFile: string;
}

export function damagedNpk(
  file: string,
  array: string | undefined,
  what: string,
  cause?: unknown,
): NacreError {
  const where = array === undefined ? file : `${file}: ${quoted(array, 80)}`;
  return new NacreError('InvalidArgument', `${where} ${what}`, {
    context: { file, ...(array !== undefined && { array }) },
    hint: 'Save it again with NumPack, or copy it anew from where it came from.',
    ...(cause !== undefined && { cause }),
  });
}

export function unsupportedNpk(file: string, array: string | undefined, what: string): NacreError {
  const where = array === undefined ? file : `${file}: ${quoted(array, 80)}`;
  return new NacreError('UnsupportedFormat', `${where} ${what}`, {
    context: { file, ...(array !== undefined && { array }) },
    hint: 'Save the arrays with a NumPack from 0.3 to 0.7, or as .npz.',
  });
}

/** Errors: `InvalidArgument` for what is malformed, `UnsupportedFormat` for other versions and dtypes. */
export function parseNpkMetadata(bytes: Uint8Array, file: string): NpkInfo[] {
  const fields = new Fields(bytes, file);
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== magic)
    throw unsupportedNpk(file, undefined, 'has a metadata.npkm that does not begin with NPKB');
  fields.skip(4);
  const found = fields.u32();
  if (found !== version)
    throw unsupportedNpk(
      file,
      undefined,
      `is of version ${found} of NumPack's format, only ${version} is read`,
    );
  fields.skip(8);
  const arrays: NpkInfo[] = [];
  const names = new Set<string>();
  for (let left = fields.u32(); left > 0; left--) {
    const info = arrayOf(fields, file);
    if (names.has(info.name)) throw damagedNpk(file, info.name, 'is there twice');
    names.add(info.name);
    arrays.push(info);
  }
  if (!fields.isAtEnd)
    throw damagedNpk(file, undefined, 'has a metadata.npkm that goes on behind its arrays');
  return arrays;
}

function arrayOf(fields: Fields, file: string): NpkInfo {
  const name = fields.text();
  const axes = fields.u32();
  if (axes === 0 || axes > 32) throw damagedNpk(file, name, `has ${axes} axes, from 1 to 32 are stored`);
  const shape = Array.from({ length: axes }, () => fields.u64());
  const dataFile = fields.text();
  fields.skip(8);
  const sizeBytes = fields.u64();
  const code = fields.u8();
  const dtype = dtypeOfCode[code];
  if (dtype === undefined) throw unsupportedNpk(file, name, `is of the dtype ${code}, which is not known`);
  if (fields.u8() !== 0) throw unsupportedNpk(file, name, 'is compressed, which is not read');
  fields.skip(4 + 8 + 8);
  if (fields.u8() !== 0) throw unsupportedNpk(file, name, 'is compressed in blocks, which is not read');
  let expected: number;
  try {
    expected = arrayBytes(dtype, shape);
  } catch (cause) {
    throw damagedNpk(file, name, `has a shape that cannot be: ${(cause as Error).message}`, cause);
  }
  if (sizeBytes !== expected)
    throw damagedNpk(file, name, `is said to have ${sizeBytes} bytes, its shape takes ${expected}`);
  return { name, dtype, shape, dataFile };
}

/** Numbers and texts, one after the other. */
class Fields {
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }

  skip(length: number): number {
    const at = this.#at;
    if (length > this.#view.byteLength - at)
      throw damagedNpk(this.#file, undefined, `has a metadata.npkm that is cut at byte ${at}`);
    this.#at += length;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** Not exact above 2^53, which no shape may be. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true));
  }

  text(): string {
    const length = this.u32();
    const at = this.skip(length);
    try {
      const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (cause) {
      throw damagedNpk(this.#file, undefined, `has a name that is no UTF-8 at byte ${at}`, cause);
    }
  }
}
