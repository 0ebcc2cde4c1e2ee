// What the messages of a dataset say: the type of its numbers, its shape, its filters, where its bytes are.
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { quoted } from '../../../util/text.js';
import { type Cursor, damaged, type Hdf5Bytes, nowhere, unread } from './bytes.js';
import { type Message, messageOf, messageTypes } from './header.js';

/** The type of a dataset's elements. */
export interface ElementType {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
}

export interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

export type ChunkIndex =
  | { readonly kind: 'btree1' | 'btree2' | 'implicit' | 'fixed' | 'extensible'; readonly address: number }
  | { readonly kind: 'single'; readonly address: number; readonly bytes?: number; readonly mask: number };

export type Layout =
  | { readonly kind: 'compact'; readonly bytes: Uint8Array }
  | { readonly kind: 'contiguous'; readonly address: number; readonly bytes: number }
  | { readonly kind: 'chunked'; readonly chunk: readonly number[]; readonly index: ChunkIndex };

export interface Dataset {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** As far as each axis may grow; Infinity where it has no limit. Chunks are counted by that. */
  readonly maxShape: readonly number[];
  readonly layout: Layout;
  readonly filters: readonly Filter[];
  /** Of an element that was never written; undefined for zeros. */
  readonly fill?: Uint8Array;
}

/** Undefined where the object is no dataset. */
export async function readDataset(
  file: Hdf5Bytes,
  name: string,
  messages: readonly Message[],
  options: CallOptions,
): Promise<Dataset | undefined> {
  const get = (type: number): Promise<Cursor | undefined> => messageOf(file, messages, type, options);
  const layout = await get(messageTypes.layout);
  if (layout === undefined) return undefined;
  const [datatype, dataspace] = [await get(messageTypes.datatype), await get(messageTypes.dataspace)];
  if (datatype === undefined || dataspace === undefined)
    throw damaged(name, 'a dataset has no type or no shape');
  const type = numbersOf(name, readType(name, datatype, 0));
  if (messages.some((message) => message.type === messageTypes.external))
    throw unread(
      name,
      'its numbers are in other files',
      'Write them into the file: h5repack --layout CONTI.',
    );
  const filters = await get(messageTypes.filters);
  const { shape, maxShape } = readShape(name, dataspace);
  const fill = fillOf(await get(messageTypes.fill), await get(messageTypes.oldFill));
  return {
    type,
    shape,
    maxShape,
    layout: readLayout(name, layout, [...shape, dtypes[type.dtype].itemBytes]),
    filters: filters === undefined ? [] : readFilters(name, filters),
    ...(fill !== undefined && { fill }),
  };
}

interface Datatype {
  /** As messages name it. */
  readonly what: string;
  readonly size: number;
  readonly numbers?: ElementType;
}

const classNames = [
  'integers',
  'floats',
  'times',
  'strings',
  'bit fields',
  'opaque bytes',
  'records',
  'references',
  'an enum',
  'lists or texts of any length',
  'small arrays',
  'complex numbers',
] as const; // prettier-ignore

function numbersOf(name: string, { what, numbers }: Datatype): ElementType {
  if (numbers !== undefined) return numbers;
  throw unread(name, `holds ${what}, not numbers that are stored`, 'Arrays are of numbers and bools.');
}

function readType(name: string, cursor: Cursor, depth: number): Datatype {
  if (depth > 8) throw damaged(name, 'its type is nested too deep');
  const first = cursor.uint(1);
  const [kind, version] = [first & 15, first >> 4];
  const bits = cursor.uint(3);
  const size = cursor.uint(4);
  const what: string = classNames[kind] ?? `the class ${kind} of types`;
  if (version < 1 || version > 5) throw damaged(name, `its type is of version ${version}`);
  const nested = (): Datatype => readType(name, cursor, depth + 1);
  switch (kind) {
    case 0: {
      const plain = cursor.uint(2) === 0 && cursor.uint(2) === size * 8;
      const dtype = plain ? (`${(bits & 8) === 0 ? 'u' : ''}int${size * 8}` as Dtype) : undefined;
      const known = plain && [1, 2, 4, 8].includes(size);
      return { what: `${what} of ${size} bytes`, size, ...(known && numbers(dtype, bits)) };
    }
    case 1:
      return { what: `${what} of ${size} bytes`, size, ...numbers(floatOf(cursor, size, bits), bits) };
    case 6:
      return recordOf(name, cursor, { what, size, version, count: bits & 0xffff }, depth);
    case 8:
      return enumOf(cursor, { what, size, version, count: bits & 0xffff }, nested());
    case 11: {
      const part = nested().numbers;
      return { what, size, ...complexOf(part, part, size) };
    }
    default:
      return { what, size };
  }
}

function numbers(dtype: Dtype | undefined, bits: number): { numbers?: ElementType } {
  return dtype === undefined ? {} : { numbers: { dtype, bigEndian: (bits & 1) === 1 } };
}

/** Those of IEEE 754; others, as bfloat16 and of VAX, are none. */
function floatOf(cursor: Cursor, size: number, bits: number): Dtype | undefined {
  const found = [2, 2, 1, 1, 1, 1, 4].map((length) => cursor.uint(length)).join(' ');
  const known = new Map<string, Dtype>([
    ['0 16 10 5 0 10 15', 'float16'],
    ['0 32 23 8 0 23 127', 'float32'],
    ['0 64 52 11 0 52 1023', 'float64'],
  ]);
  // The order of VAX, and mantissas without the implied bit.
  const usual = (bits & 0x40) === 0 && (bits & 0x30) === 0x20 && ((bits >> 8) & 0xff) === size * 8 - 1;
  return usual ? known.get(found) : undefined;
}

interface Members {
  readonly what: string;
  readonly size: number;
  readonly version: number;
  readonly count: number;
}

/** The bools of h5py: FALSE is 0, TRUE is 1, of one byte. */
function enumOf(cursor: Cursor, { what, size, version, count }: Members, base: Datatype): Datatype {
  const names = Array.from({ length: count }, () => padded(cursor, version >= 3));
  const values = cursor.take(count * base.size);
  const isBool = base.size === 1 && size === 1 && names.join(' ') === 'FALSE TRUE';
  if (isBool && values[0] === 0 && values[1] === 1)
    return { what, size, numbers: { dtype: 'bool', bigEndian: false } };
  return { what, size };
}

function padded(cursor: Cursor, exact: boolean): string {
  const from = cursor.at;
  const text = cursor.text();
  const over = (cursor.at - from) % 8;
  if (!exact && over !== 0) cursor.skip(8 - over);
  return text;
}

interface Member {
  readonly name: string;
  readonly offset: number;
  readonly type: Datatype;
}

/** The complex numbers of h5py: `r` and `i`. */
function recordOf(
  name: string,
  cursor: Cursor,
  { what, size, version, count }: Members,
  depth: number,
): Datatype {
  const offsetBytes = version < 3 ? 4 : size < 2 ** 8 ? 1 : size < 2 ** 16 ? 2 : size < 2 ** 24 ? 3 : 4;
  // Others need not be taken apart.
  if (count !== 2) return { what: `${what} (${count} columns)`, size };
  const readMember = (): Member | undefined => {
    const member = padded(cursor, version >= 3);
    const offset = cursor.uint(offsetBytes);
    if (version === 1) cursor.skip(28);
    if (member !== 'r' && member !== 'i') return undefined;
    const type = readType(name, cursor, depth + 1);
    return type.numbers === undefined ? undefined : { name: member, offset, type };
  };
  const real = readMember();
  const imaginary = real === undefined ? undefined : readMember();
  const isComplex = real?.name === 'r' && imaginary?.name === 'i';
  if (!isComplex || real.offset !== 0 || imaginary.offset * 2 !== size)
    return { what: `${what} (${count} columns)`, size };
  return { what, size, ...complexOf(real.type.numbers, imaginary.type.numbers, size) };
}

function complexOf(
  real: ElementType | undefined,
  imaginary: ElementType | undefined,
  size: number,
): { numbers?: ElementType } {
  if (real === undefined || real.dtype !== imaginary?.dtype || real.bigEndian !== imaginary.bigEndian)
    return {};
  const dtype = new Map<Dtype, Dtype>([
    ['float32', 'complex64'],
    ['float64', 'complex128'],
  ]).get(real.dtype);
  if (dtype === undefined || size !== (dtype === 'complex64' ? 8 : 16)) return {};
  return { numbers: { dtype, bigEndian: real.bigEndian } };
}

function readShape(name: string, cursor: Cursor): Pick<Dataset, 'shape' | 'maxShape'> {
  const version = cursor.version('a dataspace', 1, 2);
  const rank = cursor.uint(1);
  const hasMax = (cursor.uint(1) & 1) === 1;
  const kind = version === 2 ? cursor.uint(1) : 0;
  if (version === 1) cursor.skip(5);
  if (kind === 2) throw unread(name, 'is empty: it has no shape', 'Write it with a shape.');
  const shape = Array.from({ length: rank }, () => cursor.length());
  if (!hasMax) return { shape, maxShape: shape };
  const unlimited = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);
  const maxShape = shape.map(() => {
    const from = cursor.at;
    if (unlimited(cursor.take(cursor.file.lengthBytes))) return Number.POSITIVE_INFINITY;
    cursor.at = from;
    return cursor.length();
  });
  if (shape.some((length, i) => length > (maxShape[i] ?? 0)))
    throw damaged(name, `its shape [${shape.join(', ')}] is larger than it may be`);
  return { shape, maxShape };
}

function readFilters(name: string, cursor: Cursor): readonly Filter[] {
  const version = cursor.version('a list of filters', 1, 2);
  const count = cursor.uint(1);
  if (count > 32) throw damaged(name, `it has ${count} filters`);
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => {
    const id = cursor.uint(2);
    const nameBytes = version === 1 || id >= 256 ? cursor.uint(2) : 0;
    cursor.skip(2);
    const values = cursor.uint(2);
    const text = cursor.take(version === 1 ? 8 * Math.ceil(nameBytes / 8) : nameBytes);
    const filter = { id, values: Array.from({ length: values }, () => cursor.uint(4)) };
    if (version === 1 && values % 2 === 1) cursor.skip(4);
    checkFilter(name, id, text);
    return filter;
  });
}

export const filterIds = { deflate: 1, shuffle: 2, fletcher32: 3, lzf: 32000 } as const;

function checkFilter(name: string, id: number, text: Uint8Array): void {
  if (Object.values<number>(filterIds).includes(id)) return;
  const end = text.indexOf(0);
  const called = String.fromCharCode(...text.subarray(0, end < 0 ? 40 : Math.min(40, end)));
  const known = new Map([
    [4, 'szip'],
    [5, 'nbit'],
    [6, 'scaleoffset'],
    [32001, 'blosc'],
    [32004, 'lz4'],
    [32008, 'bitshuffle'],
    [32015, 'zstd'],
  ]).get(id);
  const filter = known ?? (called === '' ? 'no name' : quoted(called));
  throw unread(name, `is packed by the filter ${id} (${filter})`, 'Write it with gzip: h5repack -f GZIP=4.');
}

/** Undefined where it is not defined, which is zeros. */
function fillOf(fill: Cursor | undefined, old: Cursor | undefined): Uint8Array | undefined {
  if (fill !== undefined) {
    const version = fill.version('a fill value', 1, 2, 3);
    const defined = version === 3 ? (fill.uint(1) & 0x20) !== 0 : (fill.skip(2), fill.uint(1) === 1);
    if (defined && fill.left >= 4) return notEmpty(fill.take(fill.uint(4)));
  }
  return old === undefined ? undefined : notEmpty(old.take(old.uint(4)));
}

function notEmpty(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.some((byte) => byte !== 0) ? bytes.slice() : undefined;
}

function readLayout(name: string, cursor: Cursor, ends: readonly number[]): Layout {
  const version = cursor.version('a layout', 3, 4, 5);
  const kind = cursor.uint(1);
  if (kind === 0) return { kind: 'compact', bytes: cursor.take(cursor.uint(2)).slice() };
  if (kind === 1) {
    const address = cursor.address();
    return { kind: 'contiguous', address, bytes: cursor.length() };
  }
  if (kind === 3)
    throw unread(name, 'is a virtual dataset of other files', 'Write it into one file: h5repack.');
  if (kind !== 2) throw damaged(name, `its layout is of the class ${kind}`);
  if (version === 3) {
    const dimensions = cursor.uint(1);
    const address = cursor.address();
    const chunk = Array.from({ length: dimensions }, () => cursor.uint(4));
    return { kind: 'chunked', chunk: checkChunk(name, chunk, ends), index: { kind: 'btree1', address } };
  }
  const flags = cursor.uint(1);
  if ((flags & 1) !== 0)
    throw unread(name, 'has chunks at its edges that are packed otherwise', 'Write it again with h5repack.');
  const dimensions = cursor.uint(1);
  const bytes = cursor.uint(1);
  if (bytes < 1 || bytes > 8) throw damaged(name, `its chunk has lengths of ${bytes} bytes`);
  const chunk = Array.from({ length: dimensions }, () => cursor.uint(bytes));
  return { kind: 'chunked', chunk: checkChunk(name, chunk, ends), index: indexOf(name, cursor, flags) };
}

/** With the size of an element behind the others, as in `ends`. */
function checkChunk(name: string, chunk: readonly number[], ends: readonly number[]): readonly number[] {
  const fits = chunk.length === ends.length && chunk.length > 1 && chunk.at(-1) === ends.at(-1);
  if (fits && chunk.every((length) => length > 0)) return chunk.slice(0, -1);
  const what = `chunks of [${chunk.join(', ')}], its shape and the bytes of an element are [${ends.join(', ')}]`;
  throw damaged(name, what);
}

function indexOf(name: string, cursor: Cursor, flags: number): ChunkIndex {
  const kind = cursor.uint(1);
  if (kind === 1) {
    const filtered = (flags & 2) !== 0;
    const bytes = filtered ? cursor.length() : undefined;
    const mask = filtered ? cursor.uint(4) : 0;
    return { kind: 'single', address: cursor.address(), mask, ...(bytes !== undefined && { bytes }) };
  }
  const kinds = new Map([
    [2, ['implicit', 0]],
    [3, ['fixed', 1]],
    [4, ['extensible', 5]],
    [5, ['btree2', 6]],
  ] as const).get(kind as 2 | 3 | 4 | 5);
  if (kinds === undefined) throw damaged(name, `its chunks are listed in the way ${kind}`);
  cursor.skip(kinds[1]);
  return { kind: kinds[0], address: cursor.address() };
}

/** Whether anything was ever written. */
export function isWritten(layout: Layout): boolean {
  if (layout.kind === 'compact') return true;
  return (layout.kind === 'contiguous' ? layout.address : layout.index.address) !== nowhere;
}
