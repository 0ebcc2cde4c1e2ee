// Thrift's compact protocol, as far as the headers of a Parquet file need it: structs of integers, flags,
// text, lists and structs. Fields of a struct are written in ascending order; what is undefined is left out.
import { utf8 } from '../../../util/bytes.js';

/** A field is at the place of its number in the struct. */
export type ThriftValue =
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'i8' | 'i16' | 'i32' | 'i64'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly of: 'i32' | 'text' | 'struct'; readonly items: readonly ThriftValue[] }
  | { readonly kind: 'struct'; readonly fields: Fields };

type Fields = Readonly<Record<number, ThriftValue | undefined>>;

const typeOf = { i8: 3, i16: 4, i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const;
const flagTypes = { true: 1, false: 2 } as const;

export const i32 = (value: number): ThriftValue => ({ kind: 'i32', value });
export const i64 = (value: number): ThriftValue => ({ kind: 'i64', value });
export const text = (value: string): ThriftValue => ({ kind: 'text', value });
export const struct = (fields: Fields): ThriftValue => ({ kind: 'struct', fields });

export function list(of: 'i32' | 'text' | 'struct', items: readonly ThriftValue[]): ThriftValue {
  return { kind: 'list', of, items };
}

export function encodeThrift(fields: Fields): Uint8Array {
  const writer = new ThriftWriter();
  writer.struct(fields);
  return writer.bytes();
}

class ThriftWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  struct(fields: Fields): void {
    let before = 0;
    // Numbers as keys are in ascending order.
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      const id = Number(key);
      const type = value.kind === 'flag' ? flagTypes[`${value.value}`] : typeOf[value.kind];
      if (id - before <= 15) this.#byte(((id - before) << 4) | type);
      else {
        this.#byte(type);
        this.#zigzag(id);
      }
      before = id;
      this.#value(value);
    }
    this.#byte(0);
  }

  #value(value: ThriftValue): void {
    switch (value.kind) {
      case 'flag':
        // Its type says it.
        return;
      case 'i8':
        return this.#byte(value.value & 0xff);
      case 'i16':
      case 'i32':
      case 'i64':
        return this.#zigzag(value.value);
      case 'text': {
        const bytes = utf8.encode(value.value);
        this.#varint(bytes.byteLength);
        return this.#append(bytes);
      }
      case 'list': {
        const { of, items } = value;
        this.#byte((Math.min(15, items.length) << 4) | typeOf[of]);
        if (items.length >= 15) this.#varint(items.length);
        for (const item of items) this.#value(item);
        return undefined;
      }
      case 'struct':
        return this.struct(value.fields);
    }
  }

  #zigzag(value: number): void {
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Up to 2^53, which is beyond what bit operations take. */
  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.byteLength) return;
    const bytes = new Uint8Array(2 * (this.#length + count));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
