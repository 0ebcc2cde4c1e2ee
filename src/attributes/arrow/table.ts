// Reads tables of FlatBuffers from bytes that are not trusted: each access is checked against the bytes, and
// what lies outside is `Corrupt`. Every offset is followed once, so that no file makes it run long.
import { NacreError } from '../../errors.js';
import { utf8 } from '../../util/bytes.js';

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

  int16(slot: number, none = 0): number {
    const at = this.#place(slot);
    return at === undefined ? none : checked(() => this.#view.getInt16(at, true));
  }

  int32(slot: number): number {
    const at = this.#place(slot);
    return at === undefined ? 0 : checked(() => this.#view.getInt32(at, true));
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

  /** UTF-8; empty where there is none. */
  text(slot: number): string {
    const [start, length] = this.#vector(slot, 1);
    const bytes = checked(() => new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length));
    try {
      return utf8.decode(bytes);
    } catch (error) {
      throw damaged('a text is no UTF-8', error);
    }
  }

  tables(slot: number): Table[] {
    const [start, length] = this.#vector(slot, 4);
    return Array.from({ length }, (_, i) => {
      const at = start + 4 * i;
      return new Table(this.#view, at + checked(() => this.#view.getUint32(at, true)));
    });
  }

  /** Structs of two int64 each, which are lengths or offsets. */
  pairs(slot: number): [number, number][] {
    const [start, length] = this.#vector(slot, 16);
    return Array.from({ length }, (_, i) => {
      const pair = start + 16 * i;
      return [this.#sizeAt(pair), this.#sizeAt(pair + 8)];
    });
  }

  /** Structs of an offset and the lengths of metadata (int32) and body. */
  blocks(slot: number): [offset: number, metadataBytes: number, bodyBytes: number][] {
    const [start, length] = this.#vector(slot, 24);
    return Array.from({ length }, (_, i) => {
      const block = start + 24 * i;
      const metadataBytes = checked(() => this.#view.getInt32(block + 8, true));
      if (metadataBytes < 0) throw damaged(`a length of ${metadataBytes}`);
      return [this.#sizeAt(block), metadataBytes, this.#sizeAt(block + 16)];
    });
  }

  sizes(slot: number): number[] {
    const [start, length] = this.#vector(slot, 8);
    return Array.from({ length }, (_, i) => this.#sizeAt(start + 8 * i));
  }

  /** Where the items of a vector begin, and how many there are; they lie within the bytes. */
  #vector(slot: number, itemBytes: number): [start: number, length: number] {
    const at = this.#place(slot);
    if (at === undefined) return [0, 0];
    const start = at + checked(() => this.#view.getUint32(at, true));
    const length = checked(() => this.#view.getUint32(start, true));
    if (start + 4 + length * itemBytes > this.#view.byteLength) throw damaged(`a list of ${length} items`);
    return [start + 4, length];
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
