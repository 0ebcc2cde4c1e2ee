// What a transaction does to attributes: values checked, columns made and uploaded, changes noted.
import type { Attribute, AttributeType, Column } from '../attributes/column.js';
import { joinColumns } from '../attributes/join.js';
import { sliceColumn } from '../attributes/slice.js';
import type { AttributeSource } from '../attributes/source.js';
import { type AttributeValues, columnOf, typeOfValues, valueAt } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { attributeLimit } from '../manifest/attributes.js';
import { checkAttributeName, nearestName } from '../manifest/names.js';
import type { AttributeDraft, Change, PartitionDraft, RowSetDraft } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { fromHex } from '../util/bytes.js';
import { appendPieces, type InlineRoom } from './append-changes.js';
import type { AppendedColumns } from './appended-indexes.js';
import { isAttributeType, numberOfType, typeOfNumber } from './column-message.js';
import { rowsPerFile, writeAllColumns, writeColumns } from './column-writer.js';
import type { ArrayEnvironment } from './environment.js';
import type { PendingArray } from './pending-array.js';
import { rowSetOf, sortedOrder, splitPending } from './row-order.js';

/** Values by the name of their attribute, one for each row. */
export type GivenAttributes = Readonly<Record<string, AttributeValues>>;

/** Attributes of some rows, checked, as columns. */
export interface AttributeColumns {
  readonly drafts: readonly AttributeDraft[];
  readonly attributes: readonly Attribute[];
  readonly columns: readonly Column[];
}

/**
 * The columns of values. An attribute that the array has keeps its type; another one gets that of its values.
 * `InvalidArgument` for values of another number than the rows, or of another type.
 */
export function columnsOf(array: PendingArray, rows: number, given: GivenAttributes): AttributeColumns {
  const drafts: AttributeDraft[] = [];
  const attributes: Attribute[] = [];
  const columns: Column[] = [];
  for (const [name, values] of Object.entries(given)) {
    if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
      throw new NacreError('InvalidArgument', `the attribute '${name}' is given no array of values`, {
        context: { array: array.name, attribute: name },
      });
    }
    if (values.length !== rows) {
      throw new NacreError(
        'InvalidArgument',
        `the attribute '${name}' has ${values.length} values for ${rows} rows`,
        {
          context: { array: array.name, attribute: name, expected: rows, observed: values.length },
          hint: 'Give a value for each row; null stands for none.',
        },
      );
    }
    const draft = draftOf(array, name, () => typeOfValues(name, values));
    const type = typeOfNumber(draft.type, name);
    drafts.push(draft);
    attributes.push({ name, type });
    columns.push(columnOf(name, type, values));
  }
  return { drafts, attributes, columns };
}

/** The attribute of a name; noted as one that the transaction makes where there is none. */
function draftOf(array: PendingArray, name: string, typeOf: () => AttributeType | undefined): AttributeDraft {
  const known = array.attributes.get(name);
  if (known !== undefined) return known;
  checkAttributeName(name, 'InvalidArgument');
  const type = typeOf();
  if (type === undefined) {
    throw new NacreError('InvalidArgument', `the attribute '${name}' is new, and no value tells its type`, {
      context: { array: array.name, attribute: name },
      hint: "Declare it: tx.addAttribute(array, name, 'string').",
    });
  }
  if (array.attributes.size >= attributeLimit) {
    throw new NacreError(
      'InvalidArgument',
      `'${array.name}' has ${attributeLimit} attributes, which is the most`,
    );
  }
  const draft = { name, type: numberOfType(type) };
  array.attributes.set(name, draft);
  return draft;
}

/** `NotFound`, with the nearest name. */
export function knownAttribute(array: PendingArray, name: string): AttributeDraft {
  const known = array.attributes.get(name);
  if (known !== undefined) return known;
  const near = nearestName(name, [...array.attributes.keys()]);
  throw new NacreError('NotFound', `array '${array.name}' has no attribute '${name}'`, {
    context: { array: array.name, attribute: name },
    ...(near === undefined ? {} : { hint: `Did you mean '${near}'?` }),
  });
}

/** Makes an attribute of no values yet: every row has null. */
export function addAttribute(
  { functions }: ArrayEnvironment,
  array: PendingArray,
  name: string,
  type: string,
): Change {
  if (!isAttributeType(type)) {
    throw new NacreError('InvalidArgument', `${JSON.stringify(type)} is no type of an attribute`, {
      hint: 'Types are bool, int, float, string, strings and timestamp.',
    });
  }
  if (array.attributes.has(name)) {
    throw new NacreError('AlreadyExists', `array '${array.name}' has the attribute '${name}' already`, {
      context: { array: array.name, attribute: name },
    });
  }
  const draft = draftOf(array, name, () => type);
  const rows = { set: functions.rowSets.fromSorted(new Float64Array(0)) };
  return { kind: 'setAttributes', array: array.id, rows, attributes: [draft], partitions: [] };
}

export function dropAttribute(array: PendingArray, name: string): Change {
  const attribute = knownAttribute(array, name);
  if (array.keyName === name) {
    throw new NacreError('InvalidArgument', `'${name}' is the key of '${array.name}'`, {
      context: { array: array.name, attribute: name },
      hint: `Take the key away first: tx.setKey(${JSON.stringify(array.name)}, null).`,
    });
  }
  array.attributes.delete(name);
  return { kind: 'dropAttribute', array: array.id, attribute };
}

export function renameAttribute(array: PendingArray, name: string, to: string): Change {
  const attribute = knownAttribute(array, name);
  checkAttributeName(to, 'InvalidArgument');
  if (array.attributes.has(to)) {
    throw new NacreError('AlreadyExists', `array '${array.name}' has the attribute '${to}' already`, {
      context: { array: array.name, attribute: to },
    });
  }
  array.attributes.delete(name);
  array.attributes.set(to, { ...attribute, name: to });
  if (array.keyName === name) array.keyName = to;
  return { kind: 'renameAttribute', array: array.id, attribute, name: to };
}

/** Files of columns of rows that are appended, from row `firstRow` of the transaction's on. */
export interface AppendedFiles {
  readonly firstRow: number;
  readonly drafts: readonly AttributeDraft[];
  readonly files: readonly PartitionDraft[];
}

/** Uploads the columns of rows that are appended, from row `firstRow` of the transaction's on. */
export async function appendColumns(
  environment: ArrayEnvironment,
  array: PendingArray,
  firstRow: number,
  { drafts, attributes, columns }: AttributeColumns,
  options: CallOptions,
): Promise<AppendedFiles> {
  const id = defined(fromHex(array.id), 'array id');
  const step = rowsPerFile(columns);
  const indexed = array.indexAppended(options)?.take(async (add) => {
    for (let start = 0; start < (columns[0]?.rows ?? 0); start += step) {
      const some = columns.map((column) => sliceColumn(column, start, Math.min(column.rows, start + step)));
      await add({ firstRow: firstRow + start, drafts, columns: some });
    }
  });
  const [files] = await Promise.all([
    writeAllColumns(environment, id, attributes, columns, options),
    indexed,
  ]);
  return { firstRow, drafts, files };
}

/** The attributes of a source. `InvalidArgument` where it has other rows, or one of another type. */
export function draftsOf(
  array: PendingArray,
  rows: number,
  { name: file, rows: observed, attributes }: AttributeSource,
): AttributeDraft[] {
  if (observed !== rows) {
    throw new NacreError('InvalidArgument', `${file} has attributes of ${observed} rows, there are ${rows}`, {
      context: { array: array.name, file, expected: rows, observed },
      hint: 'It has one line, or row, for each row of the array that it comes with.',
    });
  }
  return attributes.map(({ name, type }) => {
    const draft = draftOf(array, name, () => type);
    const expected = typeOfNumber(draft.type, name);
    if (expected === type) return draft;
    throw new NacreError(
      'InvalidArgument',
      `the attribute '${name}' of '${array.name}' is of ${expected}, ${file} has ${type}`,
      {
        context: { array: array.name, attribute: name, file, expected, observed: type },
        hint: `Read it as ${expected}: openAttributeFile(file, { types: { … } }).`,
      },
    );
  });
}

/** Rows that are read of a source at once. */
const readRows = 16_384;

/** The same of a source, file by file: memory holds one. */
export async function appendSource(
  environment: ArrayEnvironment,
  array: PendingArray,
  from: {
    readonly source: AttributeSource;
    readonly drafts: readonly AttributeDraft[];
    readonly firstRow: number;
  },
  options: CallOptions,
): Promise<AppendedFiles> {
  const { source, drafts, firstRow } = from;
  const id = defined(fromHex(array.id), 'array id');
  const files: PartitionDraft[] = [];
  if (drafts.length === 0) return { firstRow, drafts, files };
  const write = async (add?: (file: AppendedColumns) => Promise<void>): Promise<void> => {
    for await (const { start, columns } of filesOf(source, options)) {
      const written = writeColumns(environment, id, source.attributes, columns, options);
      const [file] = await Promise.all([written, add?.({ firstRow: firstRow + start, drafts, columns })]);
      files.push(file);
    }
  };
  await (array.indexAppended(options)?.take(write) ?? write());
  return { firstRow, drafts, files };
}

/** The columns of a source, as many rows at a time as a file takes. */
async function* filesOf(
  source: AttributeSource,
  options: CallOptions,
): AsyncGenerator<{ readonly start: number; readonly end: number; readonly columns: readonly Column[] }> {
  let held: (readonly Column[])[] = [];
  for (let at = 0, start = 0; at < source.rows; at += readRows) {
    const end = Math.min(source.rows, at + readRows);
    const read = await source.read(at, end, options);
    held.push(read);
    if (end < source.rows && end - start + readRows <= rowsPerFile(read)) continue;
    const columns = read.map((_, i) => joinColumns(held.map((some) => defined(some[i], 'column'))));
    yield { start, end, columns };
    [held, start] = [[], end];
  }
}

/** The changes that add files of columns. */
export async function appendChanges(
  environment: ArrayEnvironment,
  array: PendingArray,
  { firstRow, drafts: attributes, files }: AppendedFiles,
  room: InlineRoom,
  options: CallOptions,
): Promise<readonly Change[]> {
  if (files.length === 0) return [];
  let next = firstRow;
  return (await appendPieces(environment, files, room, options)).map((piece): Change => {
    const first = next;
    next += piece.rows;
    return { kind: 'appendAttributes', array: array.id, attributes, firstRow: first, ...piece };
  });
}

/** Rows by their ids get the values of columns. `InvalidArgument` when a row is named twice. */
export async function setColumns(
  environment: ArrayEnvironment,
  array: PendingArray,
  ids: Float64Array,
  { drafts, attributes, columns: given }: AttributeColumns,
  draftSet: (set: Uint8Array) => Promise<RowSetDraft>,
  options: CallOptions,
): Promise<Change> {
  const { rowSets } = environment.functions;
  const id = defined(fromHex(array.id), 'array id');
  const order = sortedOrder(ids, array.name);
  const sorted = order.map((at) => ids[at] ?? 0);
  const columns = given.map((column, i) => inOrderOf(defined(attributes[i], 'attribute'), column, order));
  const partitions: (PartitionDraft & { readonly rowIds: RowSetDraft })[] = [];
  for (const [start, end] of splitPending(sorted, rowsPerFile(columns))) {
    const some = columns.map((column) => sliceColumn(column, start, end));
    const file = await writeColumns(environment, id, attributes, some, options);
    partitions.push({ ...file, rowIds: await draftSet(rowSetOf(sorted.subarray(start, end), rowSets)) });
  }
  const rows = { set: rowSetOf(sorted, rowSets) };
  return { kind: 'setAttributes', array: array.id, rows, attributes: drafts, partitions };
}

/**
 * Rows by their ids get the values of a source: one change for each file of it, since ids may be in any
 * order.
 */
export async function setSource(
  environment: ArrayEnvironment,
  array: PendingArray,
  from: {
    readonly source: AttributeSource;
    readonly drafts: readonly AttributeDraft[];
    readonly ids: Float64Array;
  },
  draftSet: (set: Uint8Array) => Promise<RowSetDraft>,
  options: CallOptions,
): Promise<readonly Change[]> {
  const { source, drafts, ids } = from;
  const { attributes } = source;
  const changes: Change[] = [];
  if (drafts.length === 0) return changes;
  for await (const { start, end, columns } of filesOf(source, options)) {
    const some = ids.slice(start, end);
    const given = { drafts, attributes, columns };
    changes.push(await setColumns(environment, array, some, given, draftSet, options));
  }
  return changes;
}

/** Some rows of a column in another order: that of `order[i]` in the i-th place. */
export function inOrderOf({ name, type }: Attribute, column: Column, order: Float64Array): Column {
  if (order.length === column.rows && order.every((at, i) => at === i)) return column;
  const values = Array.from(order, (at) => valueAt(column, at));
  // Of instants a bigint is microseconds, as columns have them.
  return columnOf(name, type, values);
}
