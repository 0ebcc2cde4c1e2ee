// Decompresses LZ4: blocks, as Parquet has them, and frames (the specification's version 1.6.1), as Arrow
// has them, whose blocks may look back into those before them. Checksums are passed over: Arrow's libraries
// write none.
import { damaged } from '../../attributes/arrow/table.js';

const magic = 0x184d2204;
const rawBlock = 0x80000000;
const flags = { dictionary: 0x01, checksum: 0x04, size: 0x08, blockChecksum: 0x10 };
const shortestMatch = 4;

/** The block's content, which is of that length; `Corrupt` for anything else. */
export function decompressLz4Block(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  try {
    const done = decompressBlock(input, output, 0);
    if (done === length) return output;
    throw damaged(`an LZ4 block of ${done} bytes, where ${length} are wanted`);
  } catch (error) {
    if (error instanceof RangeError) throw damaged('an LZ4 block is too long', error);
    throw error;
  }
}

/** The same of frames. */
export function decompressLz4Frames(input: Uint8Array, length: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const output = new Uint8Array(length);
  let at = 0;
  let done = 0;
  try {
    while (at < input.byteLength) {
      if (view.getUint32(at, true) !== magic) throw damaged('what is there is no LZ4 frame');
      const flag = view.getUint8(at + 4);
      if ((flag & flags.dictionary) !== 0) throw damaged('an LZ4 frame needs a dictionary');
      // Magic, flags, size of blocks and a checksum of these.
      at += 7 + ((flag & flags.size) === 0 ? 0 : 8);
      for (;;) {
        const size = view.getUint32(at, true);
        at += 4;
        if (size === 0) break;
        const end = at + (size & ~rawBlock);
        if (end > input.byteLength) throw damaged('an LZ4 block is cut');
        const block = input.subarray(at, end);
        done = (size & rawBlock) === 0 ? decompressBlock(block, output, done) : copy(block, output, done);
        at = end + ((flag & flags.blockChecksum) === 0 ? 0 : 4);
      }
      if ((flag & flags.checksum) !== 0) at += 4;
    }
  } catch (error) {
    if (error instanceof RangeError) throw damaged('an LZ4 frame is cut, or too long', error);
    throw error;
  }
  if (done !== length) throw damaged(`an LZ4 frame of ${done} bytes, where ${length} are wanted`);
  return output;
}

function copy(from: Uint8Array, output: Uint8Array, done: number): number {
  output.set(from, done);
  return done + from.byteLength;
}

function decompressBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let at = 0;
  let done = start;
  const next = (): number => {
    const byte = block[at++];
    if (byte === undefined) throw damaged('an LZ4 block is cut');
    return byte;
  };
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let more = 255;
      while (more === 255) length += more = next();
    }
    return length;
  };
  while (at < block.byteLength) {
    const token = next();
    const literals = lengthOf(token >> 4);
    if (at + literals > block.byteLength) throw damaged('an LZ4 block is cut');
    done = copy(block.subarray(at, at + literals), output, done);
    at += literals;
    if (at === block.byteLength) break;
    const distance = next() | (next() << 8);
    const match = lengthOf(token & 15) + shortestMatch;
    if (distance === 0 || distance > done || done + match > output.byteLength) {
      throw damaged('an LZ4 block points out of its output');
    }
    // Byte by byte where the match runs into what it makes.
    if (distance >= match) output.copyWithin(done, done - distance, done - distance + match);
    else for (let i = 0; i < match; i++) output[done + i] = output[done + i - distance] ?? 0;
    done += match;
  }
  return done;
}
