// The .npy header, as NumPy's format describes it (numpy.lib.format, versions 1.0 to 3.0):
//
//   6 bytes magic, 2 bytes version, header length (2 bytes in 1.0, else 4), a Python dict literal, padding,
//   a newline; then nothing but the elements.
//
// Reading is stricter than NumPy's: nothing is evaluated, nothing is allocated by a length that the file
// claims, and the file must be exactly as long as its shape says. Alignment is not asked for, as NumPy 1.9 to
// 1.13 wrote 2.0 headers without it. Writing gives the bytes that np.save gives.
import { NacreError } from '../errors.js';
import { assert } from '../util/assert.js';
import { concat, equalBytes, utf8 } from '../util/bytes.js';
import type { ByteOrder } from './descr.js';
import { type Dtype, dtypeNames, dtypes, isDtype } from './dtype.js';
import { parseLiteral } from './literal.js';
import { latin1, malformed, quote, unsupported } from './problem.js';
import { arrayBytes, shapeText } from './shape.js';

export interface NpyHeader {
  readonly version: '1.0' | '2.0' | '3.0';
  readonly dtype: Dtype;
  /** `little` for one-byte elements, which have no order. */
  readonly byteOrder: ByteOrder;
  /** Whether the first index runs fastest. A file of 0 or 1 dimensions may say either. */
  readonly fortranOrder: boolean;
  /** `[]` for a 0-d array, which has one element. */
  readonly shape: readonly number[];
  /** Where the elements begin; not always a multiple of the element size. */
  readonly dataOffset: number;
  /** Bytes from there to the end of the file. */
  readonly dataBytes: number;
  /** Bytes of one element. */
  readonly itemBytes: number;
}

/** What the prefix must grow to before the header can be read: more than it is, never more than the file. */
export interface NeedBytes {
  readonly needBytes: number;
}

const magic = new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]); // \x93NUMPY
const versionEnd = magic.length + 2;
const maxHeaderBytes = 65_536;
/** np.save aligns the elements so, for mapped vectors. */
const alignBytes = 64;
/** np.save leaves room for the first dimension to grow to this many digits in place. */
const growthDigits = 21;

/** The first bytes of files that are often renamed or mistaken for .npy, and what to do with them. */
const otherFormats: readonly (readonly [name: string, start: string, hint: string])[] = [
  ['gzip', '\x1f\x8b', 'Unpack it first: gunzip --stdout FILE > FILE.npy'],
  ['zip (.npz or .pt)', 'PK', 'A .npz holds several arrays: unzip it, each member is a .npy file.'],
  ['HDF5', '\x89HDF', 'Save the array that is meant from it with np.save.'],
];

/**
 * Reads the header from the first bytes of a file. The first 4 KiB are enough for nearly every file; when
 * they are not, the answer is how many are (at most 64 KiB and the 12 bytes before them): call again with so
 * many. `fileSize` is in bytes; `source` is what messages call the file.
 *
 * Throws `InvalidArgument` for a file that is no .npy file, is malformed, or is not exactly as long as its
 * shape says; `UnsupportedFormat` for a version, a dtype, a number of dimensions or a header size that Nacre
 * does not store.
 */
export function parseHeader(
  prefix: Uint8Array,
  fileSize: number,
  source = '.npy file',
): NpyHeader | NeedBytes {
  assert(
    Number.isSafeInteger(fileSize) && fileSize >= prefix.byteLength,
    'the prefix is no longer than its file',
  );
  const preamble = readPreamble(prefix, fileSize, source);
  if ('needBytes' in preamble) return preamble;
  const { version, headerStart, dataOffset } = preamble;
  if (prefix.byteLength < dataOffset) return { needBytes: dataOffset };

  const header = prefix.subarray(headerStart, dataOffset);
  if (version === '3.0') checkUtf8(header, source);
  const text = latin1(header);
  if (!text.endsWith('\n'))
    throw malformed(
      source,
      `the header does not end with a newline at byte ${dataOffset - 1}, found ${quote(text.slice(-20))}`,
    );
  const literal = parseLiteral(text, { source, base: headerStart, longSuffix: version !== '3.0' });
  const dataBytes = sizeOf(literal.dtype, literal.shape, source);
  checkLength(
    fileSize - dataOffset,
    dataBytes,
    `shape ${quote(shapeText(literal.shape))} of ${literal.dtype}`,
    source,
  );
  return { version, ...literal, dataOffset, dataBytes, itemBytes: dtypes[literal.dtype].itemBytes };
}

interface Preamble {
  readonly version: NpyHeader['version'];
  readonly headerStart: number;
  readonly dataOffset: number;
}

/** Magic, version and header length, each checked as soon as its bytes are there. */
function readPreamble(prefix: Uint8Array, fileSize: number, source: string): Preamble | NeedBytes {
  if (fileSize === 0)
    throw malformed(source, 'the file is empty, expected a .npy header', {
      hint: 'Save the array with np.save.',
    });
  const known = Math.min(prefix.byteLength, magic.length);
  if (!equalBytes(prefix.subarray(0, known), magic.subarray(0, known))) throw notNpy(prefix, source);
  if (prefix.byteLength < versionEnd) return more(prefix, fileSize, versionEnd, source);

  const [major, minor] = prefix.subarray(magic.length, versionEnd);
  const version = `${major}.${minor}`;
  if (version !== '1.0' && version !== '2.0' && version !== '3.0')
    throw unsupported(
      source,
      `the file has version ${version} of the .npy format at byte ${magic.length}; 1.0, 2.0 and 3.0 are read`,
      'Save the array again with np.save.',
    );

  const headerStart = versionEnd + (version === '1.0' ? 2 : 4);
  if (prefix.byteLength < headerStart) return more(prefix, fileSize, headerStart, source);
  const lengths = new DataView(prefix.buffer, prefix.byteOffset, headerStart);
  const headerBytes =
    version === '1.0' ? lengths.getUint16(versionEnd, true) : lengths.getUint32(versionEnd, true);
  const dataOffset = headerStart + headerBytes;
  if (headerBytes === 0)
    throw malformed(source, `the header length at byte ${versionEnd} is 0, expected a dict and a newline`);
  if (dataOffset > fileSize)
    throw malformed(
      source,
      `the header length at byte ${versionEnd} is ${headerBytes}, but the file ends ` +
        `${fileSize - headerStart} bytes after it`,
      { hint: 'The file is cut or damaged: make it again.' },
    );
  if (headerBytes > maxHeaderBytes)
    throw unsupported(
      source,
      `the header has ${headerBytes} bytes, at most ${maxHeaderBytes} are read; only structured dtypes need so many`,
      "Save each field on its own in NumPy, such as np.save('x.npy', a['x']).",
    );
  return { version, headerStart, dataOffset };
}

function more(prefix: Uint8Array, fileSize: number, needBytes: number, source: string): NeedBytes {
  if (prefix.byteLength < fileSize) return { needBytes: Math.min(needBytes, fileSize) };
  throw malformed(source, `the file ends after ${fileSize} bytes, expected ${needBytes} before the header`, {
    hint: 'The file is cut: make it again.',
  });
}

function notNpy(prefix: Uint8Array, source: string): NacreError {
  const start = latin1(prefix.subarray(0, versionEnd));
  const other = otherFormats.find(([, mark]) => start.startsWith(mark));
  const name = other === undefined ? '' : `, which is a ${other[0]} file`;
  return malformed(source, `this is no .npy file: it begins with ${quote(start)}${name}`, {
    hint: other?.[2] ?? 'Save the array with np.save.',
  });
}

function checkUtf8(header: Uint8Array, source: string): void {
  try {
    utf8.decode(header);
  } catch (cause) {
    throw malformed(source, `the header is not UTF-8, as version 3.0 asks for: ${quote(latin1(header))}`, {
      cause,
    });
  }
}

function sizeOf(dtype: Dtype, shape: readonly number[], source: string): number {
  try {
    return arrayBytes(dtype, shape);
  } catch (error) {
    throw error instanceof NacreError ? malformed(source, error.message, { cause: error }) : error;
  }
}

function checkLength(observed: number, expected: number, what: string, source: string): void {
  const difference = `${what} takes ${bytes(expected)} after the header, the file has ${observed}`;
  if (observed < expected)
    throw malformed(source, `the file is ${bytes(expected - observed)} too short: ${difference}`, {
      hint: 'The file is cut: make it again.',
    });
  if (observed > expected)
    throw malformed(source, `the file is ${bytes(observed - expected)} too long: ${difference}`, {
      hint: 'If several arrays were saved into one file, save each into a file of its own.',
    });
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/**
 * The header that `np.save` writes for a C-ordered little-endian array, byte for byte: version 1.0, elements
 * aligned to 64 bytes, room for the first dimension to grow. (2.0 is for headers of 64 KiB; with at most 32
 * dimensions of at most 16 digits one has less than 700 bytes.) Throws `InvalidArgument` for a shape that is
 * none.
 */
export function encodeHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  if (!isDtype(dtype))
    throw new NacreError('InvalidArgument', `${quote(String(dtype))} is no dtype that is stored`, {
      hint: `One of ${dtypeNames.join(', ')}.`,
    });
  arrayBytes(dtype, shape);
  const growth = shape[0] === undefined ? 0 : growthDigits - String(shape[0]).length;
  const dict =
    `{'descr': '${dtypes[dtype].descr}', 'fortran_order': False, 'shape': ${shapeText(shape)}, }` +
    ' '.repeat(growth);
  const start = versionEnd + 2;
  // NumPy's rule: where nothing is missing to the next boundary it pads by a whole one.
  const padding = alignBytes - ((start + dict.length + 1) % alignBytes);
  const length = dict.length + padding + 1;
  return concat([
    magic,
    new Uint8Array([1, 0, length & 0xff, length >> 8]),
    utf8.encode(`${dict}${' '.repeat(padding)}\n`),
  ]);
}
