// Safetensors: the length of a header, the header (src/formats/arrays/tensor-header.ts), and the numbers of
// one tensor behind the other, C order, little endian, without a gap. The format has no checksum, so none is
// compared.
//
// Reading is as strict as the reference, and stricter on the header. Writing gives the bytes that the
// reference gives: by dtype, the widest first, then by name, the header padded to 8 bytes.
import { type RowType, rowBytesOf } from '../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../arrays/row-source.js';
import { NacreError } from '../../errors.js';
import { widenBfloat16 } from '../../npy/bfloat16.js';
import { type Dtype, viewAs } from '../../npy/dtype.js';
import { arrayBytes, maxDimensions } from '../../npy/shape.js';
import type { CallOptions } from '../../storage/object-store.js';
import { assert } from '../../util/assert.js';
import { utf8 } from '../../util/bytes.js';
import { compareText, halfPair, printable, quoted } from '../../util/text.js';
import { checkBools } from '../npy-file.js';
import type { RandomAccess } from '../random-access.js';
import type { ArrayReader, ArrayToWrite, ArrayWriter, FileArray } from './array-file.js';
import { bytesOfArray, shapeOfArray, sizeOfArray } from './pieces.js';
import { metadataName, parseTensorHeader, type TensorInfo, tensorProblem } from './tensor-header.js';
import { viewOf } from './zip.js';

/** As the reference has it. */
const maxHeaderBytes = 100_000_000;
const lengthBytes = 8;
const alignBytes = 8;

/** Of those that are stored, in the order of the reference, whose last come first in a file. */
const dtypeOfName: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['BOOL', 'bool'],
  ['U8', 'uint8'],
  ['I8', 'int8'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['F16', 'float16'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['F32', 'float32'],
  ['C64', 'complex64'],
  ['F64', 'float64'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
]);

const nameOfDtype: ReadonlyMap<Dtype, string> = new Map(
  [...dtypeOfName].map(([name, dtype]) => [dtype, name]),
);
const rankOfDtype: ReadonlyMap<Dtype, number> = new Map(
  [...dtypeOfName.values()].map((dtype, i) => [dtype, i]),
);

/** Read as float32, whose values have them all. */
const bfloat16 = 'BF16';

/** What the format has and Nacre does not store. */
const refusedDtypes: ReadonlySet<string> = new Set([
  'F4',
  'F6_E2M3',
  'F6_E3M2',
  'F8_E5M2',
  'F8_E4M3',
  'F8_E8M0',
  'F8_E4M3FNUZ',
  'F8_E5M2FNUZ',
]);

/**
 * Opens a safetensors file. Arrays are in the order of their bytes; BF16 is read as float32, exactly.
 * Metadata is passed over.
 *
 * Cost: two reads, then one for what is asked for. Memory: the header (100 MB at most), and what is asked
 * for. Errors: `InvalidArgument`, with `context.file` and `context.tensor`, for a header that is none, keys
 * that are there twice, tensors over each other or with a gap between, and shapes that are not as long as
 * their bytes; `UnsupportedFormat` for a dtype that is not stored.
 */
export const readSafetensors: ArrayReader = async (access, options) => {
  const dataStart = lengthBytes + (await readHeaderLength(access, options));
  const header = await access.read(lengthBytes, dataStart - lengthBytes, options);
  const tensors = parseTensorHeader(header, access.name);
  // Ties are of tensors without bytes, and stay in the order of the header.
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  const arrays = tensors.map((info) => {
    const tensor = new TensorRows(access, dataStart, info, at);
    at = info.end;
    return tensor;
  });
  const dataBytes = access.sizeBytes - dataStart;
  if (at !== dataBytes) {
    const last = tensors.at(-1)?.name;
    throw tensorProblem(
      access.name,
      last,
      `ends at byte ${at} of ${dataBytes} behind the header, and no other comes`,
    );
  }
  return { arrays, close: () => Promise.resolve() };
};

async function readHeaderLength(access: RandomAccess, options: CallOptions): Promise<number> {
  const source = access.name;
  if (access.sizeBytes < lengthBytes)
    throw tensorProblem(source, undefined, `the file has ${access.sizeBytes} bytes, a header begins with 8`);
  const claimed = viewOf(await access.read(0, lengthBytes, options)).getBigUint64(0, true);
  const room = access.sizeBytes - lengthBytes;
  if (claimed > BigInt(room))
    throw tensorProblem(
      source,
      undefined,
      `the header is said to have ${claimed} bytes, the file ends ${room} bytes after its length`,
    );
  if (claimed > BigInt(maxHeaderBytes))
    throw tensorProblem(
      source,
      undefined,
      `the header has ${claimed} bytes, at most ${maxHeaderBytes} are read`,
    );
  return Number(claimed);
}

class TensorRows implements FileArray {
  readonly array: string;
  readonly name: string;
  readonly type: RowType;
  readonly rows: number;
  readonly stored?: string;
  readonly #access: RandomAccess;
  readonly #position: number;
  readonly #rowBytes: number;

  /** Errors: for a tensor that is not what it says, or does not begin at `expectedStart`. */
  constructor(access: RandomAccess, dataStart: number, info: TensorInfo, expectedStart: number) {
    const { dtype, wide } = checkedDtype(info, access.name);
    checkPlace(access.sizeBytes - dataStart, info, wide ? 'uint16' : dtype, expectedStart, access.name);
    const [rows = 1, ...rowShape] = info.shape;
    this.array = info.name;
    this.name = `${access.name}: ${printable(info.name)}`;
    this.type = { dtype, rowShape, scalar: info.shape.length === 0 };
    this.rows = rows;
    if (wide) this.stored = 'bfloat16';
    this.#access = access;
    this.#position = dataStart + info.start;
    this.#rowBytes = rowBytesOf(this.type);
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    const length = (end - start) * this.#rowBytes;
    if (this.stored !== undefined) return this.#readWide(start, length, options);
    const bytes = await this.#access.read(this.#position + start * this.#rowBytes, length, options);
    if (this.type.dtype === 'bool') checkBools(bytes, start, this.#rowBytes, this.name);
    return bytes;
  }

  /** The bits are read into the upper half of the place of what they become. */
  async #readWide(start: number, length: number, { into, ...options }: ReadRowsOptions): Promise<Uint8Array> {
    const usable = into?.byteLength === length && into.byteOffset % 4 === 0;
    const target = usable ? into : new Uint8Array(length);
    const upper = target.subarray(length / 2);
    const position = this.#position + (start * this.#rowBytes) / 2;
    const bits = await this.#access.read(position, length / 2, { ...options, into: upper });
    widenBfloat16(viewAs('uint16', bits), viewAs('uint32', target));
    return target;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function checkedDtype(
  { name, dtype, shape }: TensorInfo,
  source: string,
): { readonly dtype: Dtype; readonly wide: boolean } {
  const where = `${source}: the tensor ${quoted(name, 80)}`;
  const unsupported = (what: string, hint: string): NacreError =>
    new NacreError('UnsupportedFormat', `${where} ${what}`, {
      context: { file: source, tensor: name },
      hint,
    });
  if (refusedDtypes.has(dtype))
    throw unsupported(`is of the dtype ${dtype}, which is not stored`, 'Save it as F16, BF16 or F32.');
  if (shape.length > maxDimensions)
    throw unsupported(
      `has ${shape.length} dimensions, at most ${maxDimensions} are stored`,
      'Reshape it so that it has fewer dimensions.',
    );
  if (dtype === bfloat16) return { dtype: 'float32', wide: true };
  const found = dtypeOfName.get(dtype);
  if (found === undefined)
    throw tensorProblem(source, name, `the dtype ${quoted(dtype)} is none that the format has`);
  return { dtype: found, wide: false };
}

function checkPlace(
  dataBytes: number,
  { name, shape, start, end }: TensorInfo,
  stored: Dtype,
  expectedStart: number,
  source: string,
): void {
  const place = `the bytes ${start} to ${end} behind the header`;
  if (end < start) throw tensorProblem(source, name, `${place} end before they begin`);
  if (end > dataBytes)
    throw tensorProblem(source, name, `${place} go beyond the file, which has ${dataBytes}`);
  if (start !== expectedStart) {
    const over = start < expectedStart;
    const what = over
      ? `lie over those of another, which end at ${expectedStart}`
      : `come after a gap from ${expectedStart} on`;
    throw tensorProblem(source, name, `${place} ${what}`);
  }
  const size = sizeOf(stored, shape, source, name);
  if (size !== end - start)
    throw tensorProblem(
      source,
      name,
      `its shape [${shape.join(', ')}] takes ${size} bytes, it has ${end - start}`,
    );
}

function sizeOf(dtype: Dtype, shape: readonly number[], source: string, tensor: string): number {
  try {
    // Of what it becomes, if that is wider.
    if (dtype === 'uint16') arrayBytes('float32', shape);
    return arrayBytes(dtype, shape);
  } catch (cause) {
    if (!(cause instanceof NacreError)) throw cause;
    throw tensorProblem(source, tensor, cause.message, cause);
  }
}

/**
 * The bytes of a safetensors file, as the reference library writes it: arrays by dtype, the widest first,
 * then by name, whatever order they come in; no metadata.
 *
 * Errors: `InvalidArgument` for complex128, which the format does not have, two arrays of one name, a name
 * that is `__metadata__`, a header of more than 100 MB, and rows that are not as many as said.
 */
export const writeSafetensors: ArrayWriter = (arrays, options) => {
  const names = new Set<string>();
  for (const array of arrays) {
    checkArray(array);
    if (names.has(array.array)) throw refused(array.array, 'is there twice', 'Rename one of them.');
    names.add(array.array);
  }
  return stream(arrays, options);
};

async function* stream(arrays: readonly ArrayToWrite[], options: CallOptions): AsyncGenerator<Uint8Array> {
  const sorted = [...arrays].sort((a, b) => rankOf(b) - rankOf(a) || compareText(a.array, b.array));
  let at = 0;
  const members = sorted.map((array) => {
    const info = {
      dtype: nameOfDtype.get(array.type.dtype),
      shape: shapeOfArray(array),
      data_offsets: [at, at + sizeOfArray(array)],
    };
    at += sizeOfArray(array);
    return `${JSON.stringify(array.array)}:${JSON.stringify(info)}`;
  });
  const header = utf8.encode(`{${members.join(',')}}`);
  const padded = alignBytes * Math.ceil(header.byteLength / alignBytes);
  if (padded > maxHeaderBytes)
    throw new NacreError(
      'InvalidArgument',
      `the header has ${padded} bytes, at most ${maxHeaderBytes} are read`,
      {
        hint: 'Write the arrays into several files.',
      },
    );
  const start = new Uint8Array(lengthBytes + padded).fill(0x20);
  viewOf(start).setBigUint64(0, BigInt(padded), true);
  start.set(header, lengthBytes);
  yield start;
  for (const array of sorted) yield* bytesOfArray(array, options);
}

function checkArray({ array, type: { dtype, rowShape }, rows }: ArrayToWrite): void {
  if (array === metadataName) throw refused(array, 'has the name of metadata', 'Choose another name.');
  if (halfPair.test(array))
    throw refused(array, 'has half a surrogate pair in its name', 'Choose another name.');
  if (!nameOfDtype.has(dtype))
    throw refused(array, `is ${dtype}, which safetensors does not have`, 'Write it as .npz.');
  arrayBytes(dtype, [rows, ...rowShape]);
}

function refused(array: string, what: string, hint: string): NacreError {
  return new NacreError('InvalidArgument', `the array ${quoted(array, 80)} ${what}`, {
    context: { array },
    hint,
  });
}

function rankOf({ type }: ArrayToWrite): number {
  return rankOfDtype.get(type.dtype) ?? 0;
}
