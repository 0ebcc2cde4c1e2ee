// Levels and indices: runs of one value and packed bits, mixed (Parquet's RLE). Runs are compared as runs, so
// that a run that says it is long takes neither memory nor time.
import { damaged } from '../../attributes/arrow/table.js';

/** Calls `each` for runs of a value until it says no, or `count` are seen; how many were before that. */
export function forRuns(
  bytes: Uint8Array,
  width: number,
  count: number,
  each: (value: number, length: number) => boolean,
): number {
  let at = 0;
  let seen = 0;
  const mask = width >= 32 ? 0xffffffff : 2 ** width - 1;
  const valueBytes = Math.ceil(width / 8);
  while (seen < count) {
    let head: number;
    [head, at] = varint(bytes, at);
    const length = Math.floor(head / 2);
    if (length === 0) throw damaged('a run of nothing');
    if (head % 2 === 0) {
      let value = 0;
      if (at + valueBytes > bytes.byteLength) throw damaged('levels are cut');
      for (let i = 0; i < valueBytes; i++) value += (bytes[at++] as number) * 2 ** (8 * i);
      const run = Math.min(length, count - seen);
      if (!each(value, run)) return seen;
      seen += run;
      continue;
    }
    const end = at + length * width;
    const run = Math.min(8 * length, count - seen);
    if (at + Math.ceil((run * width) / 8) > bytes.byteLength) throw damaged('levels are cut');
    for (let i = 0, bit = 8 * at; i < run; i++, bit += width) {
      if (!each(bitsAt(bytes, bit, mask), 1)) return seen + i;
    }
    seen += run;
    at = end;
  }
  return seen;
}

/** Indices one after the other, in as many calls as it takes. */
export class Indices {
  readonly #bytes: Uint8Array;
  readonly #width: number;
  #at = 0;
  #left = 0;
  #isPacked = false;
  #bit = 0;
  #value = 0;

  constructor(bytes: Uint8Array, width: number) {
    if (width > 32) throw damaged(`indices of ${width} bits`);
    this.#bytes = bytes;
    this.#width = width;
  }

  next(target: Uint32Array): void {
    for (let done = 0; done < target.length; ) {
      if (this.#left === 0) this.#nextRun();
      const run = Math.min(this.#left, target.length - done);
      if (this.#isPacked) this.#unpack(target, done, run);
      else target.fill(this.#value, done, done + run);
      done += run;
      this.#left -= run;
    }
  }

  #nextRun(): void {
    // Of no bits, nothing needs to be there.
    if (this.#width === 0) {
      this.#left = Number.MAX_SAFE_INTEGER;
      return;
    }
    let head: number;
    [head, this.#at] = varint(this.#bytes, this.#at);
    this.#left = Math.floor(head / 2);
    this.#isPacked = head % 2 === 1;
    if (this.#left === 0) throw damaged('a run of nothing');
    if (this.#isPacked) {
      this.#bit = 8 * this.#at;
      this.#at += this.#left * this.#width;
      this.#left *= 8;
      return;
    }
    const valueBytes = Math.ceil(this.#width / 8);
    if (this.#at + valueBytes > this.#bytes.byteLength) throw damaged('indices are cut');
    this.#value = 0;
    for (let i = 0; i < valueBytes; i++) this.#value += (this.#bytes[this.#at++] as number) * 2 ** (8 * i);
  }

  #unpack(target: Uint32Array, start: number, count: number): void {
    const width = this.#width;
    const bytes = this.#bytes;
    const mask = width >= 32 ? 0xffffffff : 2 ** width - 1;
    let bit = this.#bit;
    this.#bit += count * width;
    if (Math.ceil(this.#bit / 8) > bytes.byteLength) throw damaged('indices are cut');
    // 24 bits from any bit on lie in four bytes.
    if (width > 24) {
      for (let i = start; i < start + count; i++, bit += width) target[i] = bitsAt(bytes, bit, mask);
      return;
    }
    for (let i = start; i < start + count; i++, bit += width) {
      const at = Math.floor(bit / 8);
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      target[i] = (word >>> (bit % 8)) & mask;
    }
  }
}

function bitsAt(bytes: Uint8Array, bit: number, mask: number): number {
  const at = Math.floor(bit / 8);
  // Up to 39 bits: more than a number's bit operations take.
  const low =
    (bytes[at] ?? 0) +
    (bytes[at + 1] ?? 0) * 2 ** 8 +
    (bytes[at + 2] ?? 0) * 2 ** 16 +
    (bytes[at + 3] ?? 0) * 2 ** 24 +
    (bytes[at + 4] ?? 0) * 2 ** 32;
  return Math.floor(low / 2 ** (bit % 8)) % (mask + 1);
}

/** The length of a run, twice, and whether it is packed; `Corrupt` where it is cut. */
export function varint(bytes: Uint8Array, start: number): [value: number, at: number] {
  let value = 0;
  for (let at = start, scale = 1; at < start + 5; at++, scale *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw damaged('levels are cut');
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
  }
  throw damaged('a run has no length');
}

/** Bits that hold any level up to this one. */
export function widthOf(level: number): number {
  return level === 0 ? 0 : Math.floor(Math.log2(level)) + 1;
}

/**
 * Repetition levels of rows whose lists have these sizes, none of which is zero, from an entry of a row on.
 * Returns how many of the entries are as they must be.
 */
export function matchingEntries(
  bytes: Uint8Array,
  /** The highest level of the column. */
  highest: number,
  count: number,
  sizes: readonly number[],
  phase: number,
): number {
  const perRow = sizes.reduce((product, size) => product * size, 1);
  const inner = sizes.at(-1) ?? 1;
  let at = phase;
  let matching = 0;
  const take = (length: number): void => {
    matching += length;
    at += length;
    if (at >= perRow) at %= perRow;
  };
  forRuns(bytes, widthOf(highest), count, (value, length) => {
    // A run of the deepest level stays within the innermost list.
    if (value === sizes.length && value > 0) {
      const within = at % inner === 0 ? 0 : Math.min(length, inner - (at % inner));
      take(within);
      return within === length;
    }
    for (let i = 0; i < length; i++) {
      if (levelOf(sizes, at) !== value) return false;
      take(1);
    }
    return true;
  });
  return matching;
}

/** Of an entry of a row: how many lists go on at it. */
function levelOf(sizes: readonly number[], entry: number): number {
  let level = sizes.length;
  let rest = entry;
  while (level > 0 && rest % (sizes[level - 1] ?? 1) === 0) {
    rest = rest / (sizes[level - 1] ?? 1);
    level--;
  }
  return level;
}
