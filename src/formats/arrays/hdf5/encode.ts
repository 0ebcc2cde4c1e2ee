// What stands around the numbers of an HDF5 file, as bytes: superblock, headers of objects, their messages.
// Sections are those of the HDF5 File Format Specification, version 3.0.
//
// Of each message the version is one that HDF5 1.8 (2008) and h5py by default write. Superblock and headers
// are of version 2, the first that have checksums.
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import { byteLength, concat, utf8 } from '../../../util/bytes.js';
import { lookup3, nowhere } from './bytes.js';
import { messageTypes } from './header.js';

/** Of addresses, and of lengths. */
const addressBytes = 8;
export const superblockBytes = 16 + 4 * addressBytes;
/** Of a name in a link: a message has 65,535 bytes at most. */
export const maxNameBytes = 65_000;
/** Type, size and flags. */
const messageHeadBytes = 4;
/** Signature, version, flags and size before the messages, the checksum behind them. */
const headerFrameBytes = 4 + 1 + 1 + 4 + 4;
const linkFrameBytes = messageHeadBytes + 3 + 2 + addressBytes;

const groupInfo = 0x0a;
/** Of a message: it does not change as long as its object is there. */
const constant = 1;

type Field = readonly [bytes: 1 | 2 | 4 | 8, value: number];

/** Little endian; `nowhere` is all bits. */
function fields(...all: readonly Field[]): Uint8Array {
  const out = new Uint8Array(all.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of all) {
    if (value === nowhere) out.fill(0xff, at, at + bytes);
    else for (let i = 0, rest = value; rest > 0; i++, rest = Math.floor(rest / 256)) out[at + i] = rest % 256;
    at += bytes;
  }
  return out;
}

/** With the checksum of all before. */
function checked(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = concat(pieces);
  return concat([whole, fields([4, lookup3(whole)])]);
}

/** Section II.A, version 2. `endBytes`: of the whole file, by which readers know that it was cut. */
export function superblock(root: number, endBytes: number): Uint8Array {
  const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
  const sizes = fields([1, 2], [1, addressBytes], [1, addressBytes], [1, 0]);
  return checked([signature, sizes, fields([8, 0], [8, nowhere], [8, endBytes], [8, root])]);
}

/** Section IV.A.1.b. */
function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  // The size of what follows has four bytes.
  const frame = concat([utf8.encode('OHDR'), fields([1, 2], [1, 2], [4, byteLength(messages)])]);
  return checked([frame, ...messages]);
}

function message(type: number, body: Uint8Array, flags = 0): Uint8Array {
  return concat([fields([1, type], [2, body.byteLength], [1, flags]), body]);
}

/** Bytes of {@link groupHeader} with links of such names. */
export function groupHeaderBytes(names: readonly string[]): number {
  const links = names.map((name) => linkFrameBytes + utf8.encode(name).byteLength);
  return links.reduce((sum, bytes) => sum + bytes, headerFrameBytes + messageHeadBytes * 2 + 18 + 2);
}

/** A group whose links stand in its header, in that order. */
export function groupHeader(links: readonly (readonly [name: string, address: number])[]): Uint8Array {
  return objectHeader([
    // Neither a heap of links nor a tree of them.
    message(messageTypes.linkInfo, fields([1, 0], [1, 0], [8, nowhere], [8, nowhere])),
    message(groupInfo, fields([1, 0], [1, 0]), constant),
    ...links.map(([name, address]) => message(messageTypes.link, hardLink(name, address))),
  ]);
}

/** Section IV.A.2.g: a name of UTF-8, its length in two bytes. */
function hardLink(name: string, address: number): Uint8Array {
  const bytes = utf8.encode(name);
  return concat([fields([1, 1], [1, 0x11], [1, 1], [2, bytes.byteLength]), bytes, fields([8, address])]);
}

/** Numbers that lie one after the other at `address`; undefined where there are none. */
export function datasetHeader(
  dtype: Dtype,
  shape: readonly number[],
  dataBytes: number,
  address: number | undefined,
): Uint8Array {
  return objectHeader([
    message(messageTypes.dataspace, dataspace(shape)),
    message(messageTypes.datatype, datatype(dtype), constant),
    // Version 3: room is made late, and filled if a value is set; none is.
    message(messageTypes.fill, fields([1, 3], [1, 0x0a]), constant),
    message(messageTypes.layout, fields([1, 3], [1, 1], [8, address ?? nowhere], [8, dataBytes])),
  ]);
}

/** Section IV.A.2.b, version 2: of no axis a scalar, else a simple one that does not grow. */
function dataspace(shape: readonly number[]): Uint8Array {
  const kind = shape.length === 0 ? 0 : 1;
  return fields([1, 2], [1, shape.length], [1, 0], [1, kind], ...shape.map((n): Field => [8, n]));
}

const classes = { integer: 0, float: 1, record: 6, enum: 8 } as const;

/** Section IV.A.2.d, version 1, little endian: of bools and complex numbers what h5py has for them. */
export function datatype(dtype: Dtype): Uint8Array {
  const { kind, itemBytes } = dtypes[dtype];
  if (kind === 'bool') {
    const base = datatype('int8');
    const names = [padded('FALSE'), padded('TRUE')];
    return concat([typeHead(classes.enum, 2, itemBytes), base, ...names, Uint8Array.of(0, 1)]);
  }
  if (kind === 'complex') {
    const half = itemBytes / 2;
    const parts = [member('r', 0, half), member('i', half, half)];
    return concat([typeHead(classes.record, 2, itemBytes), ...parts]);
  }
  if (kind === 'float') return float(itemBytes);
  const signed = kind === 'int' ? 8 : 0;
  return concat([typeHead(classes.integer, signed, itemBytes), fields([2, 0], [2, 8 * itemBytes])]);
}

function typeHead(kind: number, bits: number, size: number): Uint8Array {
  return fields([1, (1 << 4) | kind], [2, bits], [1, 0], [4, size]);
}

/** Of IEEE 754: places and lengths of exponent and mantissa, in bits, and the bias. */
function float(itemBytes: number): Uint8Array {
  const bits = 8 * itemBytes;
  const exponent = itemBytes === 2 ? 5 : itemBytes === 4 ? 8 : 11;
  const mantissa = bits - exponent - 1;
  // The first bit of the mantissa is implied, the sign is the last one of all.
  const head = typeHead(classes.float, 0x20 | ((bits - 1) << 8), itemBytes);
  const places = fields([2, 0], [2, bits], [1, mantissa], [1, exponent], [1, 0], [1, mantissa]);
  return concat([head, places, fields([4, 2 ** (exponent - 1) - 1])]);
}

/** A float of a record; it has no axes, for which there is room. */
function member(name: string, offset: number, itemBytes: number): Uint8Array {
  return concat([padded(name), fields([4, offset]), new Uint8Array(28), float(itemBytes)]);
}

/** Behind the name at least one zero, up to a multiple of eight bytes. */
function padded(name: string): Uint8Array {
  const out = new Uint8Array(8 * Math.ceil((name.length + 1) / 8));
  out.set(utf8.encode(name));
  return out;
}
