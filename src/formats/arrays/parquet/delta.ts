// Ints in Parquet's encoding DELTA_BINARY_PACKED: a first value, then blocks of packed differences.
import { damaged } from '../../../attributes/arrow/table.js';

/** Few bytes can stand for many values, which are all decoded at once. */
const mostValues = 2 ** 24;

export function deltaBytes(bytes: Uint8Array, count: number, itemBytes: 4 | 8): Uint8Array {
  const reader = new Reader(bytes);
  const blockValues = reader.varint();
  const miniblocks = reader.varint();
  const total = reader.varint();
  const perMiniblock = blockValues / miniblocks;
  if (blockValues > 2 ** 20 || !Number.isInteger(perMiniblock) || perMiniblock % 8 !== 0) {
    throw damaged(`blocks of ${blockValues} values in ${miniblocks} parts`);
  }
  if (total !== count || count > mostValues) throw damaged(`${total} values of ${count} in a page`);
  const values = new BigInt64Array(count);
  let value = reader.zigzag();
  let done = 0;
  if (count > 0) values[done++] = value;
  while (done < count) {
    const least = reader.zigzag();
    const widths = reader.bytes(miniblocks);
    for (const width of widths) {
      if (done >= count) break;
      if (width > 64) throw damaged(`differences of ${width} bits`);
      const packed = reader.upTo((perMiniblock * width) / 8);
      const end = Math.min(count, done + perMiniblock);
      if (packed.byteLength * 8 < (end - done) * width) throw damaged('differences are cut');
      for (let bit = 0; done < end; bit += width, done++) {
        value = BigInt.asIntN(64, value + least + bitsAt(packed, bit, width));
        values[done] = value;
      }
    }
  }
  if (itemBytes === 8) return new Uint8Array(values.buffer);
  // Of 32 bits they go around at 32.
  return new Uint8Array(Int32Array.from(values, (wide) => Number(BigInt.asIntN(32, wide))).buffer);
}

function bitsAt(bytes: Uint8Array, start: number, width: number): bigint {
  if (width <= 24) {
    const at = start >> 3;
    const word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    return BigInt((word >>> (start & 7)) & (2 ** width - 1));
  }
  let value = 0n;
  const [first, last] = [start >> 3, (start + width - 1) >> 3];
  for (let at = last; at >= first; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return BigInt.asUintN(width, value >> BigInt(start & 7));
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    const value = this.#wide();
    if (value > 2n ** 31n) throw damaged(`a length of ${value}`);
    return Number(value);
  }

  zigzag(): bigint {
    const value = this.#wide();
    return (value >> 1n) ^ -(value & 1n);
  }

  bytes(length: number): Uint8Array {
    const part = this.upTo(length);
    if (part.byteLength !== length) throw damaged('differences are cut');
    return part;
  }

  upTo(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  #wide(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw damaged('differences are cut');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw damaged('a number has no end');
  }
}
