// What columns an Arrow file has, as far as attributes can be made of them.
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, type Table } from '../../../attributes/arrow/table.js';
import type { AttributeType } from '../../../attributes/column.js';
import { checkNames, unsupported } from '../problem.js';
import { type Extent, extentOf } from './extent.js';

export type IntBits = 8 | 16 | 32 | 64;

/** How the values of a column lie in its buffers. */
export type Layout =
  /** Of a column that was not chosen. */
  | { readonly kind: 'passed over' }
  | { readonly kind: 'null' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly bits: IntBits; readonly isSigned: boolean }
  | { readonly kind: 'float'; readonly bits: 16 | 32 | 64 }
  /** Whole numbers that are instants when multiplied and divided. */
  | { readonly kind: 'instant'; readonly bits: 32 | 64; readonly times: bigint; readonly by: bigint }
  | { readonly kind: 'text'; readonly offsets: 32 | 64 | 'view' }
  | { readonly kind: 'list'; readonly offsets: 32 | 64; readonly item: ArrowField };

export interface ArrowField {
  readonly name: string;
  readonly layout: Layout;
  readonly extent: Extent;
  /** Values are places in this dictionary. */
  readonly dictionary?: { readonly id: number; readonly bits: IntBits; readonly isSigned: boolean };
}

/** Seconds, milliseconds, microseconds, nanoseconds. */
const microsOfUnit: readonly (readonly [times: bigint, by: bigint])[] = [
  [1_000_000n, 1n],
  [1_000n, 1n],
  [1n, 1n],
  [1n, 1_000n],
];
const microsOfDay = 86_400_000_000n;

/** Columns that are `chosen`, or all; `UnsupportedFormat` for one of another type, which is named. */
export function fieldsOf(file: string, schema: Table, chosen?: ReadonlySet<string>): ArrowField[] {
  const fields = schema.tables(fb.schema.fields);
  const isChosen = (name: string): boolean => chosen?.has(name) ?? true;
  checkNames(file, fields.map((field) => field.text(fb.field.name)).filter(isChosen));
  return fields.map((field) => {
    const name = field.text(fb.field.name);
    if (isChosen(name)) return fieldOf(file, field, name);
    return { name, layout: { kind: 'passed over' }, extent: extentOf(field) };
  });
}

export function typeOf({ layout }: ArrowField): AttributeType {
  switch (layout.kind) {
    // Where all is null, any type will do.
    case 'passed over':
    case 'null':
    case 'text':
      return 'string';
    case 'bool':
    case 'int':
    case 'float':
      return layout.kind;
    case 'instant':
      return 'timestamp';
    case 'list':
      return 'strings';
  }
}

export function fieldOf(file: string, field: Table, name: string): ArrowField {
  const layout = layoutOf(file, field, name);
  const extent = extentOf(field);
  if (!field.has(fb.field.dictionary)) return { name, layout, extent };
  if (layout.kind !== 'text') throw refused(file, name, 'a dictionary of what is no text');
  const encoding = field.table(fb.field.dictionary);
  const id = encoding.size(fb.dictionaryEncoding.id);
  const index = encoding.has(fb.dictionaryEncoding.indexType)
    ? intOf(encoding.table(fb.dictionaryEncoding.indexType))
    : ({ bits: 32, isSigned: true } as const);
  return { name, layout, extent, dictionary: { id, ...index } };
}

function layoutOf(file: string, field: Table, name: string): Layout {
  const kind = field.int8(fb.field.typeType);
  switch (kind) {
    case fb.typeType.null:
      return { kind: 'null' };
    case fb.typeType.bool:
      return { kind: 'bool' };
    case fb.typeType.int:
      return { kind: 'int', ...intOf(field.table(fb.field.type)) };
    case fb.typeType.float: {
      const bits = ([16, 32, 64] as const)[field.table(fb.field.type).int16(fb.float.precision)];
      if (bits === undefined) throw damaged('a float has no such precision');
      return { kind: 'float', bits };
    }
    case fb.typeType.date: {
      const inMillis = field.table(fb.field.type).int16(fb.date.unit, fb.milliseconds) === fb.milliseconds;
      return inMillis
        ? { kind: 'instant', bits: 64, times: 1_000n, by: 1n }
        : { kind: 'instant', bits: 32, times: microsOfDay, by: 1n };
    }
    case fb.typeType.timestamp: {
      const [times, by] = microsOfUnit[field.table(fb.field.type).int16(fb.timestamp.unit)] ?? [];
      if (times === undefined || by === undefined) throw damaged('a timestamp has no such unit');
      return { kind: 'instant', bits: 64, times, by };
    }
    case fb.typeType.string:
      return { kind: 'text', offsets: 32 };
    case fb.typeType.largeString:
      return { kind: 'text', offsets: 64 };
    case fb.typeType.stringView:
      return { kind: 'text', offsets: 'view' };
    case fb.typeType.strings:
      return { kind: 'list', offsets: 32, item: itemOf(file, field, name) };
    case fb.typeType.largeStrings:
      return { kind: 'list', offsets: 64, item: itemOf(file, field, name) };
    default:
      throw refused(file, name, `Arrow's type ${names[kind] ?? kind}`);
  }
}

/** Of a list; it has to be text. A list of lists is not looked into. */
function itemOf(file: string, field: Table, name: string): ArrowField {
  const [item, ...others] = field.tables(fb.field.children);
  if (item === undefined || others.length > 0) throw damaged('a list has no one type of items');
  const kinds: readonly number[] = [fb.typeType.string, fb.typeType.largeString, fb.typeType.stringView];
  if (!kinds.includes(item.int8(fb.field.typeType))) throw refused(file, name, 'a list of what is no text');
  return fieldOf(file, item, name);
}

export function intOf(int: Table): { bits: IntBits; isSigned: boolean } {
  const bits = int.int32(fb.int.bitWidth);
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) throw damaged(`an int of ${bits} bits`);
  return { bits, isSigned: int.int8(fb.int.isSigned) !== 0 };
}

/** Of Schema.fbs, for messages. */
const names: Readonly<Record<number, string>> = {
  4: 'binary',
  7: 'decimal',
  9: 'time',
  11: 'interval',
  13: 'struct',
  14: 'union',
  15: 'fixed size binary',
  16: 'fixed size list',
  17: 'map',
  18: 'duration',
  19: 'large binary',
  22: 'run end encoded',
  23: 'binary view',
  25: 'list view',
  26: 'large list view',
};

function refused(file: string, attribute: string, what: string): Error {
  const hint = 'Leave the column away, or cast it to bool, int, float, string, list of string or timestamp.';
  return unsupported(file, { attribute }, `${what} is no type of an attribute`, hint);
}
