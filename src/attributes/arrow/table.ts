// Reads tables of FlatBuffers from bytes that are not trusted: each access is checked against the bytes, and
// what lies outside is `Corrupt`. Every offset is followed once, so that no file makes it run long.
import { NacreError } from '../../errors.js';

export class Table {
  readonly #view: DataView;
  readonly #at: number;
  readonly #fields: number;
  readonly #slots: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
    this.#fields = at - checked(() => view.getInt32(at, true));
    this.#slots = checked(() => view.getUint16(this.#fields, true)) / 2 - 2;
  }

  static root(bytes: Uint8Array): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Table(
      view,
      checked(() => view.getUint32(0, true)),
    );
  }

  /** Where a field is; undefined where it has its default. */
  #place(slot: number): number | undefined {
    if (slot >= this.#slots) return undefined;
    const offset = checked(() => this.#view.getUint16(this.#fields + 4 + 2 * slot, true));
    return offset === 0 ? undefined : this.#at + offset;
  }

  int8(slot: number): number {
    const at = this.#place(slot);
    return at === undefined ? 0 : checked(() => this.#view.getInt8(at));
  }

  int16(slot: number): number {
    const at = this.#place(slot);
    return at === undefined ? 0 : checked(() => this.#view.getInt16(at, true));
  }

  /** A length or an offset. */
  size(slot: number): number {
    const at = this.#place(slot);
    return at === undefined ? 0 : this.#sizeAt(at);
  }

  has(slot: number): boolean {
    return this.#place(slot) !== undefined;
  }

  table(slot: number): Table {
    const at = this.#place(slot);
    if (at === undefined) throw damaged('a table is missing');
    return new Table(this.#view, at + checked(() => this.#view.getUint32(at, true)));
  }

  /** Structs of two int64 each, which are lengths or offsets. */
  pairs(slot: number): [number, number][] {
    const at = this.#place(slot);
    if (at === undefined) return [];
    const start = at + checked(() => this.#view.getUint32(at, true));
    const count = checked(() => this.#view.getUint32(start, true));
    if (count * 16 > this.#view.byteLength) throw damaged(`a list of ${count} pairs`);
    return Array.from({ length: count }, (_, i) => {
      const pair = start + 4 + 16 * i;
      return [this.#sizeAt(pair), this.#sizeAt(pair + 8)];
    });
  }

  #sizeAt(at: number): number {
    const size = checked(() => this.#view.getBigInt64(at, true));
    if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`a length of ${size}`);
    return Number(size);
  }
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw damaged('an offset points out of it', error);
    throw error;
  }
}

export function damaged(what: string, cause?: unknown): NacreError {
  return new NacreError('Corrupt', `attributes: ${what}`, cause === undefined ? {} : { cause });
}
