// What turns the bytes of a chunk into those that were written, one after the other.
//
// A chunk says how long it becomes in two places, in the metadata and in itself. Nothing is decompressed
// beyond what the metadata say: where a format has the length in its header that is compared first, else the
// output is bounded. Those of `numcodecs` are called by src/formats/arrays/zarr/decoders.ts.
import { promisify } from 'node:util';
import { gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { fromNative, native } from '../../../native.js';
import { type Dtype, dtypes, viewAs } from '../../../npy/dtype.js';
import { decompressLz4Block } from '../../attributes/lz4.js';
import { giveBack } from '../give-back.js';
import type { Decoders } from './decoders.js';
import { checkZstd } from './zstd.js';

export interface Stage {
  readonly name: string;
  /** At most `most` bytes. Throws whatever it likes for bytes that are none of its own. */
  decode(bytes: Uint8Array, most: number, decoders: Decoders): Uint8Array | Promise<Uint8Array>;
}

/** Bytes of a chunk at most, as it is written: no compressor makes it longer than that. */
export function encodedMost(decodedBytes: number): number {
  return decodedBytes + Math.ceil(decodedBytes / 8) + 2 ** 16;
}

/** Undoes the stages, the last one first. Throws for what does not become `decodedBytes` bytes. */
export async function decodeStages(
  stages: readonly Stage[],
  bytes: Uint8Array,
  decodedBytes: number,
  decoders: Decoders,
): Promise<Uint8Array> {
  let now = bytes;
  for (let i = stages.length - 1; i >= 0; i--) {
    const stage = stages[i] as Stage;
    const most = i === 0 ? decodedBytes : encodedMost(decodedBytes);
    const before = now;
    now = await stage.decode(before, most, decoders);
    if (before.buffer !== bytes.buffer && before.buffer !== now.buffer) giveBack(before);
    if (now.byteLength > most)
      throw new Error(`${stage.name} gives ${now.byteLength} bytes, ${most} at most`);
  }
  if (now.byteLength === decodedBytes) return now;
  throw new Error(`it becomes ${now.byteLength} bytes, its shape takes ${decodedBytes}`);
}

function sizes(most: number): ZlibOptions {
  return { maxOutputLength: most, chunkSize: Math.max(64, Math.min(most, 2 ** 22)) };
}

const inflated = promisify<Uint8Array, ZlibOptions, Uint8Array>(inflate);
const gunzipped = promisify<Uint8Array, ZlibOptions, Uint8Array>(gunzip);

export const gzipStage: Stage = { name: 'gzip', decode: (bytes, most) => gunzipped(bytes, sizes(most)) };
export const zlibStage: Stage = { name: 'zlib', decode: (bytes, most) => inflated(bytes, sizes(most)) };

export const zstdStage: Stage = {
  name: 'zstd',
  decode(bytes, most, decoders) {
    checkZstd(bytes, most);
    return decoders.decompress('zstd', bytes, most);
  },
};

const bloscHeaderBytes = 16;

export const bloscStage: Stage = {
  name: 'blosc',
  decode(bytes, most, decoders) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength < bloscHeaderBytes) throw new Error('it is cut');
    const [size, encoded] = [view.getUint32(4, true), view.getUint32(12, true)];
    if (encoded !== bytes.byteLength)
      throw new Error(`blosc says ${encoded} bytes are there, not ${bytes.byteLength}`);
    if (size > most) throw new Error(`blosc gives ${size} bytes, ${most} at most`);
    return decoders.decompress('blosc', bytes, most);
  },
};

/** A block behind its length, as numcodecs has it. */
export const lz4Stage: Stage = {
  name: 'lz4',
  decode(bytes, most) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = view.getUint32(0, true);
    if (size > most) throw new Error(`lz4 gives ${size} bytes, ${most} at most`);
    return decompressLz4Block(bytes.subarray(4), size);
  },
};

export const crc32cBytes = 4;

export const crc32cStage: Stage = { name: 'crc32c', decode: withoutCrc32c };

/** What stands before its CRC32C. Throws where that is another. */
export function withoutCrc32c(bytes: Uint8Array): Uint8Array {
  const end = bytes.byteLength - crc32cBytes;
  if (end < 0) throw new Error('it is cut');
  const said = new DataView(bytes.buffer, bytes.byteOffset + end, crc32cBytes).getUint32(0, true);
  const content = bytes.subarray(0, end);
  const found = crc32cOf(content);
  if (found === said) return content;
  throw new Error(`its CRC32C is ${hex(found)}, not ${hex(said)} as it says`);
}

export function crc32cOf(bytes: Uint8Array): number {
  try {
    return native().crc32c(bytes);
  } catch (error) {
    throw fromNative(error);
  }
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}

/** The first bytes of all elements, then the second ones, and so on; what is left over stands as it is. */
export function shuffleStage(elementBytes: number): Stage {
  return {
    name: 'shuffle',
    decode(bytes) {
      const count = Math.floor(bytes.byteLength / elementBytes);
      // No slice(): that of a Buffer is the same memory.
      const target = new Uint8Array(bytes);
      for (let byte = 0; byte < elementBytes; byte++)
        for (let i = 0, from = byte * count, to = byte; i < count; i++, from++, to += elementBytes)
          target[to] = bytes[from] as number;
      return target;
    },
  };
}

/** Each integer as its difference from the one before it. */
export function deltaStage(dtype: Dtype): Stage {
  return {
    name: 'delta',
    decode(bytes) {
      const values = viewAs(dtype, new Uint8Array(bytes));
      // What goes beyond the type wraps around, as it did on its way in.
      if (values instanceof BigInt64Array || values instanceof BigUint64Array)
        for (let i = 1; i < values.length; i++) values[i] = (values[i - 1] as bigint) + (values[i] as bigint);
      else
        for (let i = 1; i < values.length; i++) values[i] = (values[i - 1] as number) + (values[i] as number);
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  };
}

export function isInteger(dtype: Dtype): boolean {
  return dtypes[dtype].kind === 'int' || dtypes[dtype].kind === 'uint';
}
