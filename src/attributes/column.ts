// Columns of attributes in memory. They are laid out as Arrow lays them out, so that the bytes of a file are
// used where they lie.

/**
 * What the values of an attribute are: `int` of 64 bits, `float` of 64 bits, `string` of UTF-8, `strings` a
 * list of such, `timestamp` an instant in microseconds. Any of them may be null.
 */
export type AttributeType = 'bool' | 'int' | 'float' | 'string' | 'strings' | 'timestamp';

/** Types that a key has: those that compare by equality alone, and are one value a row. */
const keyTypes = ['int', 'string', 'timestamp'] as const;
export type KeyType = (typeof keyTypes)[number];

export function isKeyType(type: AttributeType): type is KeyType {
  return (keyTypes as readonly AttributeType[]).includes(type);
}

export interface Attribute {
  readonly name: string;
  readonly type: AttributeType;
}

interface Rows {
  readonly rows: number;
  /** Bit i, the least significant of a byte first, is set where row i is not null. Absent where no row is. */
  readonly valid?: Uint8Array;
}

export interface BoolColumn extends Rows {
  readonly type: 'bool';
  /** A bit for each row, as in `valid`. */
  readonly values: Uint8Array;
}

export interface IntColumn extends Rows {
  readonly type: 'int';
  readonly values: BigInt64Array;
}

export interface FloatColumn extends Rows {
  readonly type: 'float';
  readonly values: Float64Array;
}

export interface TimestampColumn extends Rows {
  readonly type: 'timestamp';
  /** Microseconds since 1970, UTC. */
  readonly values: BigInt64Array;
}

export interface StringColumn extends Rows {
  readonly type: 'string';
  /** Row i is `bytes[offsets[i]..offsets[i + 1]]`; one more than there are rows. */
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

export interface StringsColumn extends Rows {
  readonly type: 'strings';
  /** Row i is the items from `offsets[i]` up to `offsets[i + 1]`; one more than there are rows. */
  readonly offsets: Int32Array;
  readonly items: StringColumn;
}

export type Column = BoolColumn | IntColumn | FloatColumn | TimestampColumn | StringColumn | StringsColumn;
