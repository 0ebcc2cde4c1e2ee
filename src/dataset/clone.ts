// An array as a source of its own rows and attributes, piece by piece: what a clone is filled from.
import type { ArrayView } from '../arrays/array-view.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { readRuns } from '../arrays/reader.js';
import type { RowSource } from '../arrays/row-source.js';
import type { RowMap } from '../arrays/row-map.js';
import type { ResolvedSelection } from '../arrays/selection.js';
import type { AttributeSource } from '../attributes/source.js';
import { columnOf } from '../attributes/values.js';
import { allocate } from '../native/memory.js';
import { attributesOf, valuesOfRows } from '../query/attributes.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Environment } from './environment.js';

/** The rows of a view, and their attributes where it has some. Cost: none before the first read. */
export async function sourcesOf(
  environment: Environment,
  view: ArrayView,
): Promise<{ readonly rows: RowSource; readonly attributes?: AttributeSource }> {
  const map = await view.rowMap();
  const rows = rowsOf(environment, view, map);
  return view.entry.attributes.length === 0
    ? { rows }
    : { rows, attributes: attributesIn(environment, view, map) };
}

/** The attributes alone, of some rows in their order. */
export async function attributeSource(
  environment: Environment,
  view: ArrayView,
  rows: ResolvedSelection,
): Promise<AttributeSource> {
  return attributesIn(environment, view, await view.rowMap(), rows);
}

function rowsOf({ pages, native }: Environment, view: ArrayView, map: RowMap): RowSource {
  const rowBytes = rowBytesOf(view.type);
  return {
    name: view.name,
    type: view.type,
    rows: map.liveRows,
    read: async (start, end, { into, ...options } = {}) => {
      const bytes = (end - start) * rowBytes;
      const what = `copying ${end - start} rows of '${view.name}'`;
      const room = () => (into?.byteLength === bytes ? into : allocate(bytes, what, native));
      return readRuns(await map.runsOfRange(start, end), rowBytes, room, pages, options);
    },
    close: async () => undefined,
  };
}

function attributesIn(
  environment: Environment,
  view: ArrayView,
  map: RowMap,
  rows: ResolvedSelection = { kind: 'range', start: 0, end: map.liveRows },
): AttributeSource {
  const attributes = attributesOf(view);
  return {
    name: view.name,
    rows: rows.kind === 'list' ? rows.indices.length : rows.end - rows.start,
    attributes: attributes.map(({ name, type }) => ({ name, type })),
    read: async (start: number, end: number, options: CallOptions = {}) => {
      const ids = await map.idsOfRows(within(rows, start, end));
      const values = await valuesOfRows(environment, view, attributes, ids, options);
      return attributes.map(({ name, type }, i) => columnOf(name, type, values[i] ?? []));
    },
    close: async () => undefined,
  };
}

/** The rows `[start, end)` of those that are selected. */
function within(rows: ResolvedSelection, start: number, end: number): ResolvedSelection {
  if (rows.kind === 'list') return { kind: 'list', indices: rows.indices.subarray(start, end) };
  return { kind: 'range', start: rows.start + start, end: rows.start + end };
}
