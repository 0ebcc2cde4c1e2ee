// How decoded protobuf messages are typed and changed.
//
// The generated classes give every scalar and list a default, so that a decoded message is complete; `Full`
// says so. Messages are values: `evolve` makes a changed copy and carries along the unknown fields of a newer
// release, which a spread would lose, since protobufjs keeps them in a property that is not enumerable.
import protobuf from 'protobufjs/minimal.js';
import { NacreError } from '../errors.js';
import { nacre } from './proto/generated/nacre.js';

export const v1 = nacre.v1;

type Scalar = Uint8Array | number | string | boolean;

type Field<T> = T extends Scalar
  ? T
  : T extends readonly (infer Element)[]
    ? readonly (Element extends Scalar ? Element : Full<Element>)[]
    : Full<T> | null;

/** A message as decoding gives it: scalars and lists always there, messages perhaps null. */
export type Full<T> = { readonly [K in Exclude<keyof T, '$unknowns' | 'place'>]-?: Field<NonNullable<T[K]>> };

export type Root = Full<nacre.v1.Root.$Properties>;
export type Hint = Full<nacre.v1.Hint.$Properties>;
export type IndexEntry = Full<nacre.v1.Index.$Properties>;
export type AttributeIndexEntry = Full<nacre.v1.AttributeIndex.$Properties>;
export type AttributeDirectory = Full<nacre.v1.AttributeDirectory.$Properties>;
export type Epoch = Full<nacre.v1.Epoch.$Properties>;
export type Calibration = Full<nacre.v1.Calibration.$Properties>;
export type Segment = Full<nacre.v1.Segment.$Properties>;
export type ArrayEntry = Full<nacre.v1.Array.$Properties>;
export type Partition = Full<nacre.v1.Partition.$Properties>;
export type Attribute = Full<nacre.v1.Attribute.$Properties>;
export type Column = Full<nacre.v1.Column.$Properties>;
export type SegmentRef = Full<nacre.v1.SegmentRef.$Properties>;
export type ObjectTable = Full<nacre.v1.ObjectTable.$Properties>;
export type ObjectRef = Full<nacre.v1.ObjectRef.$Properties>;
export type RowSet = Full<nacre.v1.RowSet.$Properties>;
export type Changes = Full<nacre.v1.Changes.$Properties>;
export type ArrayChange = Full<nacre.v1.ArrayChange.$Properties>;
export type Operation = Full<nacre.v1.Operation.$Properties>;
export type RecentOperation = Full<nacre.v1.RecentOperation.$Properties>;
export type Fence = Full<nacre.v1.Fence.$Properties>;
export type Plan = Full<nacre.v1.Plan.$Properties>;
export type Lease = Full<nacre.v1.Lease.$Properties>;
export type Restoring = Full<nacre.v1.Restoring.$Properties>;
export type Replica = Full<nacre.v1.Replica.$Properties>;
export type Parity = Full<nacre.v1.Parity.$Properties>;
export type ParityShard = Full<nacre.v1.ParityShard.$Properties>;
export type ParityMember = Full<nacre.v1.ParityMember.$Properties>;
export type Point = Full<nacre.v1.Point.$Properties>;
export type Draft = Full<nacre.v1.Draft.$Properties>;
export type ForgetPlan = Full<nacre.v1.ForgetPlan.$Properties>;
export type OperationsRef = Full<nacre.v1.OperationsRef.$Properties>;

/** A generated message class. */
interface MessageClass<T> {
  new (): unknown;
  encode(message: T): { finish(): Uint8Array };
  decode(reader: protobuf.Reader): unknown;
}

interface Unknowns {
  $unknowns?: readonly Uint8Array[];
}

/** Whether a newer release said something here that this one cannot read. */
export function hasUnknownFields(message: object): boolean {
  return ((message as Unknowns).$unknowns ?? []).length > 0;
}

/** A new message of the class; what is not given has its default. */
export function make<T>(type: MessageClass<T>, fields: Partial<Full<T>>): Full<T> {
  return Object.assign(new type() as object, fields) as Full<T>;
}

/** A copy with some fields changed; unknown fields are kept. */
export function evolve<T extends object>(message: T, fields: Partial<T>): T {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message) as object) as T, message, fields);
  const unknowns = (message as Unknowns).$unknowns;
  if (unknowns !== undefined) Object.defineProperty(copy, '$unknowns', { value: unknowns, writable: true });
  return copy;
}

/** The library types 64-bit numbers as objects of the package `long`. */
const BaseReader = protobuf.Reader as unknown as new (bytes: Uint8Array) => Omit<protobuf.Reader, 'uint64'>;

/**
 * Reads 64-bit numbers as JavaScript numbers, and nothing that is not one: the format keeps them below
 * 2^53.
 */
class NumberReader extends BaseReader {
  uint64(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      if (this.pos >= this.len) throw new RangeError('index out of range');
      const byte = this.buf[this.pos++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number over 2^53 - 1');
        return value;
      }
    }
    throw new RangeError('a varint of more than ten bytes');
  }
}

// Where the package `long` is installed, the generated defaults of absent 64-bit fields are its objects.
for (const type of Object.values(v1)) {
  if (typeof type !== 'function') continue;
  const defaults = type.prototype as unknown as Record<string, unknown>;
  for (const [field, value] of Object.entries(defaults)) {
    if (typeof value === 'object' && value !== null && 'unsigned' in value) defaults[field] = 0;
  }
}

/** Unknown fields that a message may carry; more than this is hostile or from another world. */
const unknownBytesCap = 64 * 1024;

/** Decodes with unknown fields kept. Anything that is no such message raises `Corrupt` naming `what`. */
export function decode<T>(type: MessageClass<T>, bytes: Uint8Array, what: string): Full<T> {
  const reader = new NumberReader(bytes);
  // protobufjs drops unknown fields by default since 8.6; a commit must hand them on.
  reader.discardUnknown = false;
  try {
    const message = type.decode(reader as unknown as protobuf.Reader) as Full<T>;
    const unknown = ((message as Unknowns).$unknowns ?? []).reduce((sum, piece) => sum + piece.byteLength, 0);
    if (unknown > unknownBytesCap) throw new RangeError(`${unknown} bytes of unknown fields`);
    return message;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NacreError('Corrupt', `${what} cannot be decoded: ${reason}`, { cause, context: { what } });
  }
}

export function encode<T>(type: MessageClass<T>, message: Full<T>): Uint8Array {
  return type.encode(message as unknown as T).finish();
}
