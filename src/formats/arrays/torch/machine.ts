// The memory of an unpickler: the bytes that it reads, its stack, its memo, the frame it is in. It holds
// descriptions alone (values.ts), and each length that a pickle claims is compared with the bytes that are
// there before anything is made of it.
import type { NacreError } from '../../../errors.js';
import { malformed, quote, unsupported } from '../../../npy/problem.js';
import { utf8 } from '../../../util/bytes.js';
import { kindOf, type PickleValue, type Storage } from './values.js';

/** A pickle at most; storages are not in it. One of a model with 100,000 tensors has some 20 MiB. */
export const maxPickleBytes = 64 * 2 ** 20;

/** Each makes one value at most, so this bounds memory too. */
const maxSteps = 8 * 2 ** 20;

/** Of an integer; the magic number of the legacy form has 10. */
const maxIntegerBytes = 1024;

/** Thrown when the bytes at hand end and the file goes on; `wanted` counts from the pickle's beginning. */
export class NeedBytes extends Error {
  readonly wanted: number;

  constructor(wanted: number) {
    super('more bytes are needed');
    this.wanted = wanted;
  }
}

export class Machine {
  readonly source: string;
  /** Of the pickle, from its beginning. */
  at = 0;
  /** Where the opcode at work began. */
  started = 0;
  protocol = 0;
  /** Where the frame ends; undefined outside of frames. */
  frameEnd: number | undefined;
  /** By their keys, as they were announced first. */
  readonly storages = new Map<string, Storage>();
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** How far the pickle could go at most: `bytes` may be only its beginning. */
  readonly #limit: number;
  #stack: PickleValue[] = [];
  readonly #below: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();
  #steps = 0;

  constructor(bytes: Uint8Array, limit: number, source: string) {
    this.source = source;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limit = limit;
  }

  bad(what: string): NacreError {
    return malformed(this.source, `byte ${this.started} of the pickle: ${what}`, {
      hint: 'The file is damaged or was not made by torch.save: save it again.',
    });
  }

  refused(what: string, hint: string): NacreError {
    return unsupported(this.source, `byte ${this.started} of the pickle: ${what}`, hint);
  }

  /** The next opcode. */
  opcode(): number {
    this.started = this.at;
    if (this.frameEnd === this.at) this.frameEnd = undefined;
    this.spend(1);
    return this.u8();
  }

  /** Counts what is made beyond one value a step, such as a copy of a list. */
  spend(values: number): void {
    this.#steps += values;
    if (this.#steps > maxSteps)
      throw this.refused(
        `the pickle makes more than ${maxSteps} values`,
        'Save the tensors alone, without the values beside them.',
      );
  }

  #advance(length: number): number {
    const start = this.at;
    const end = start + length;
    if (this.frameEnd !== undefined && end > this.frameEnd)
      throw this.bad(`the frame ends at byte ${this.frameEnd}, within what begins in it`);
    if (end > maxPickleBytes && this.#limit > maxPickleBytes) throw this.#tooLong();
    if (end > this.#limit)
      throw this.bad(`${length} bytes are to follow at byte ${start}, ${this.#limit - start} are there`);
    if (end > this.#bytes.byteLength) throw new NeedBytes(end);
    this.at = end;
    return start;
  }

  #tooLong(): NacreError {
    return this.refused(
      `the pickle goes on beyond ${maxPickleBytes} bytes`,
      'Save the tensors alone, without the values beside them.',
    );
  }

  /** A part of the pickle itself, no copy. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A length of 8 bytes; one beyond 2^53 is more than any file has. */
  u64(): number {
    const length = this.#view.getBigUint64(this.#advance(8), true);
    if (length > BigInt(this.#limit))
      throw this.bad(`${length} bytes are to follow, ${this.#limit - this.at} are there`);
    return Number(length);
  }

  /** A length of 4 bytes with a sign, which old opcodes have. */
  signedLength(): number {
    const length = this.i32();
    if (length < 0) throw this.bad(`a length is ${length}`);
    return length;
  }

  text(length: number): string {
    const bytes = this.take(length);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.bad(`a text of ${length} bytes is not UTF-8`);
    }
  }

  /** Up to the end of the line; a name of Python has no 1024 bytes. */
  line(): string {
    const start = this.at;
    while (this.u8() !== 0x0a) if (this.at - start > 1024) throw this.bad('a name goes on for 1024 bytes');
    const bytes = this.#bytes.subarray(start, this.at - 1);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.bad('a name is not UTF-8');
    }
  }

  integer(length: number): number | bigint {
    if (length > maxIntegerBytes)
      throw this.bad(`an integer of ${length} bytes, at most ${maxIntegerBytes} are read`);
    const bytes = this.take(length);
    let value = 0n;
    for (let i = bytes.byteLength - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  /** Two storages of one key are one storage. */
  announce(storage: Storage): Storage {
    const { key, dtype, length } = storage;
    const known = this.storages.get(key);
    if (known === undefined) this.storages.set(key, storage);
    else if (known.dtype !== dtype || known.length !== length)
      throw this.bad(
        `storage ${quote(key)} is announced twice, with ${known.length} and with ${length} elements`,
      );
    return storage;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.bad('the stack is empty');
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.bad('the stack is empty');
    return value;
  }

  get isEmpty(): boolean {
    return this.#stack.length === 0 && this.#below.length === 0;
  }

  mark(): void {
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  /** What came since the last mark. */
  popMark(): PickleValue[] {
    const items = this.#stack;
    const below = this.#below.pop();
    if (below === undefined) throw this.bad('there is no mark on the stack');
    this.#stack = below;
    return items;
  }

  popMany(count: number): PickleValue[] {
    if (this.#stack.length < count)
      throw this.bad(`the stack has ${this.#stack.length} values, ${count} are taken`);
    return this.#stack.splice(this.#stack.length - count, count);
  }

  /** Pickles give numbers upwards from 0, but any are kept: a large one makes nothing large. */
  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.#memo.set(this.#memo.size, this.top());
  }

  recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.bad(`memo ${index} is read and was never put`);
    return value;
  }

  /** The value on top, of one of these kinds. */
  target<K extends 'list' | 'dict' | 'set'>(kind: K): Extract<PickleValue, { readonly kind: K }> {
    const value = this.top();
    if (typeof value === 'object' && value !== null && value.kind === kind)
      return value as Extract<PickleValue, { readonly kind: K }>;
    throw this.bad(`something is put into ${kindOf(value)}, expected a ${kind}`);
  }
}
