// What the manifest says of a column, in and out.
import type { ColumnShape } from '../attributes/arrow/layout.js';
import type { AttributeType } from '../attributes/column.js';
import type { Statistics } from '../attributes/statistics.js';
import type { Value } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { type Column, make, v1 } from '../manifest/message.js';
import { utf8 } from '../util/bytes.js';

const numbers: Readonly<Record<AttributeType, number>> = {
  bool: v1.AttributeType.ATTRIBUTE_TYPE_BOOL,
  int: v1.AttributeType.ATTRIBUTE_TYPE_INT,
  float: v1.AttributeType.ATTRIBUTE_TYPE_FLOAT,
  string: v1.AttributeType.ATTRIBUTE_TYPE_STRING,
  strings: v1.AttributeType.ATTRIBUTE_TYPE_STRINGS,
  timestamp: v1.AttributeType.ATTRIBUTE_TYPE_TIMESTAMP,
};

const types = new Map(Object.entries(numbers).map(([type, number]) => [number, type as AttributeType]));

export function isAttributeType(type: string): type is AttributeType {
  return Object.hasOwn(numbers, type);
}

export function numberOfType(type: AttributeType): number {
  return numbers[type];
}

/** `UnsupportedFormat` for a type of a newer release. */
export function typeOfNumber(number: number, name: string): AttributeType {
  const type = types.get(number);
  if (type !== undefined) return type;
  throw new NacreError('UnsupportedFormat', `the attribute '${name}' has the type number ${number}`, {
    hint: 'Use a newer release of Nacre.',
  });
}

/** Bytes that the values of one column take up in the manifest at most. */
const valuesBytes = 256;

/** `attribute` counts the attributes of the change; values take up `room` bytes at most. */
export function columnMessage(
  attribute: number,
  shape: ColumnShape,
  statistics: Statistics,
  room: number,
): Column {
  const { type, nulls, textBytes, items } = shape;
  const { nans, least = null, most = null, distinct } = statistics;
  const values = distinct?.map(encodeValue);
  const listed =
    values !== undefined &&
    values.reduce((sum, { length }) => sum + length + 2, 0) <= Math.min(valuesBytes, room);
  return make(v1.Column, {
    ...{ attribute, type: numberOfType(type), nulls, nans },
    ...{ least: encodeValue(least), most: encodeValue(most), listed, values: listed ? values : [] },
    ...{ textBytes: [...textBytes], items: [...items] },
  });
}

export function shapeFrom({ type, nulls, textBytes, items }: Column, name: string): ColumnShape {
  return { type: typeOfNumber(type, name), nulls, textBytes, items };
}

export function statisticsFrom(column: Column, rows: number, name: string): Statistics {
  const type = typeOfNumber(column.type, name);
  const { nulls, nans, least, most, listed, values, items } = column;
  const decode = (bytes: Uint8Array): Value => decodeValue(type, bytes, name);
  const hasText = type === 'string' ? nulls < rows : items.some((count) => count > 0);
  return {
    ...{ rows, nulls, nans },
    // No text is below the empty one, which has no bytes.
    ...((least.byteLength > 0 || hasText) && { least: decode(least) }),
    ...(most.byteLength > 0 && { most: decode(most) }),
    ...(listed && { distinct: values.map(decode) }),
  };
}

/** Statistics of rows that are all null. */
export function statisticsOfNulls(rows: number): Statistics {
  return { rows, nulls: rows, nans: 0, distinct: [] };
}

/** As the manifest has it; nothing for null. */
export function encodeValue(value: Value): Uint8Array {
  if (value === null) return new Uint8Array(0);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  if (typeof value === 'string') return utf8.encode(value);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (typeof value === 'bigint') view.setBigInt64(0, value, true);
  else view.setFloat64(0, value as number, true);
  return bytes;
}

/** A mark of the byte order is text here. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** `Corrupt` for bytes that are no value of the type; of lists it is an item. */
export function decodeValue(type: AttributeType, bytes: Uint8Array, name: string): Value {
  const damaged = (): NacreError =>
    new NacreError('Corrupt', `what is told of the attribute '${name}' is no value of its type`, {
      context: { attribute: name },
    });
  if (type === 'string' || type === 'strings') {
    try {
      return decoder.decode(bytes);
    } catch {
      throw damaged();
    }
  }
  if (bytes.byteLength !== (type === 'bool' ? 1 : 8)) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'bool') return bytes[0] === 1;
  return type === 'float' ? view.getFloat64(0, true) : view.getBigInt64(0, true);
}
