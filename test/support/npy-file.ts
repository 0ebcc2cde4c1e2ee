// Builds .npy files byte by byte, good and bad ones alike, without the code under test.
import { isNacreError, type NacreError } from '../../src/errors.js';
import { dtypes, type TypedArray, viewAs } from '../../src/npy/dtype.js';
import { type NpyHeader, parseHeader } from '../../src/npy/header.js';

export const magic = Uint8Array.of(0x93, ...Buffer.from('NUMPY'));

export interface FileParts {
  /** Default [1, 0]. */
  readonly version?: readonly [number, number];
  /** The header as it is, newline included; a text has one byte a character. */
  readonly header: string | Uint8Array;
  /** What the file claims the header's length to be; default: what it is. */
  readonly headerLength?: number;
  readonly data?: Uint8Array | number;
}

export function npyFile({ version = [1, 0], header, headerLength, data = 0 }: FileParts): Uint8Array {
  const body = typeof header === 'string' ? Buffer.from(header, 'latin1') : header;
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4);
  length.writeUIntLE(headerLength ?? body.length, 0, length.length);
  const elements = typeof data === 'number' ? new Uint8Array(data) : data;
  return new Uint8Array(Buffer.concat([magic, Uint8Array.from(version), length, body, elements]));
}

/** A header of version 1.0 for the three values as they stand, padded to 64 bytes. */
export function dict(descr: string, fortranOrder: string, shape: string): string {
  const text = `{'descr': ${descr}, 'fortran_order': ${fortranOrder}, 'shape': ${shape}, }`;
  return `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
}

/** Reads the header of a whole file as a streaming reader would, from a first piece of `firstBytes`. */
export function headerOf(file: Uint8Array, firstBytes = 4096, source = 'x.npy'): NpyHeader {
  let prefix = file.subarray(0, firstBytes);
  for (;;) {
    const header = parseHeader(prefix, file.byteLength, source);
    if (!('needBytes' in header)) return header;
    if (header.needBytes <= prefix.byteLength || header.needBytes > file.byteLength)
      throw new Error(`asked for ${header.needBytes} bytes of ${file.byteLength}, had ${prefix.byteLength}`);
    prefix = file.subarray(0, header.needBytes);
  }
}

/** The NacreError that reading the header of `file` ends in; anything else fails the test. */
export function refusalOf(file: Uint8Array, firstBytes?: number): NacreError {
  try {
    headerOf(file, firstBytes);
  } catch (error) {
    if (isNacreError(error)) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

/** The elements of a whole file in stored order, turned to little endian. */
export function elementsOf(file: Uint8Array): TypedArray {
  const { dtype, byteOrder, dataOffset } = headerOf(file);
  const data = Buffer.from(file.subarray(dataOffset));
  const swap = byteOrder === 'little' ? 1 : dtypes[dtype].swapBytes;
  if (swap === 2) data.swap16();
  if (swap === 4) data.swap32();
  if (swap === 8) data.swap64();
  return viewAs(dtype, data);
}
