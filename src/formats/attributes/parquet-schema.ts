// What columns a Parquet file has, as far as attributes can be made of them.
import type { SchemaElement, SchemaTree } from 'hyparquet';
import type { AttributeType } from '../../attributes/column.js';
import { unsupported } from './problem.js';

/** `UnsupportedFormat` for a column that is of no type of an attribute. */
export function typeOfColumn(file: string, { element, children }: SchemaTree): AttributeType {
  const { name } = element;
  if (children.length > 0) {
    if (isListOfText(element, children)) return 'strings';
    throw refused(file, name, 'a group of columns that is no list of text');
  }
  if (element.repetition_type === 'REPEATED') throw refused(file, name, 'repeated, and not a LIST');
  const type = typeOfLeaf(element);
  if (type !== undefined) return type;
  const kind =
    element.logical_type?.type ?? element.converted_type ?? element.type ?? 'a group without columns';
  throw refused(file, name, kind);
}

/** A group of one repeated group of one text, or of one repeated text, as older files have it. */
function isListOfText(element: SchemaElement, children: readonly SchemaTree[]): boolean {
  const [repeated, ...others] = children;
  const isList = element.converted_type === 'LIST' && element.repetition_type !== 'REPEATED';
  if (!isList || repeated === undefined || others.length > 0) return false;
  if (repeated.element.repetition_type !== 'REPEATED') return false;
  if (repeated.children.length === 0) return isText(repeated.element);
  const [item, ...more] = repeated.children;
  if (item === undefined || more.length > 0 || item.children.length > 0) return false;
  return item.element.repetition_type !== 'REPEATED' && isText(item.element);
}

function isText({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  const isNamed = converted === 'UTF8' || converted === 'ENUM' || isTextType(logical?.type);
  return type === 'BYTE_ARRAY' && isNamed;
}

function isTextType(type: string | undefined): boolean {
  return type === 'STRING' || type === 'ENUM';
}

function typeOfLeaf(element: SchemaElement): AttributeType | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  switch (type) {
    case 'BOOLEAN':
      return 'bool';
    case 'FLOAT':
    case 'DOUBLE':
      return 'float';
    case 'FIXED_LEN_BYTE_ARRAY':
      return logical?.type === 'FLOAT16' ? 'float' : undefined;
    case 'BYTE_ARRAY':
      return isText(element) ? 'string' : undefined;
    case 'INT32':
    case 'INT64':
      // Where all is null, any type will do.
      if (logical?.type === 'NULL') return 'string';
      if (isInstant(type, converted, logical?.type)) return 'timestamp';
      return isInt(converted, logical?.type) ? 'int' : undefined;
    case 'INT96':
    case undefined:
      return undefined;
  }
}

function isInstant(
  type: 'INT32' | 'INT64',
  converted: string | undefined,
  logical: string | undefined,
): boolean {
  if (type === 'INT32') return converted === 'DATE' || logical === 'DATE';
  return logical === 'TIMESTAMP' || converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS';
}

function isInt(converted: string | undefined, logical: string | undefined): boolean {
  const isPlain = logical === undefined || logical === 'INTEGER';
  return isPlain && (converted === undefined || /^U?INT_\d+$/.test(converted));
}

function refused(file: string, attribute: string, what: string): Error {
  const hint = 'Leave the column away, or cast it to bool, int, float, string, list of string or timestamp.';
  return unsupported(file, { attribute }, `${what} is no type of an attribute`, hint);
}
