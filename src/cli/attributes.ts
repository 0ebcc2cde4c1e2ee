// Attributes on the command line: their values as JSON and as text, and rows that a filter finds.
import type { ArrayHandle, AttributeValue, RowAttributes, RowHit, RowQuery } from '../index.js';
import { plural, table } from './output.js';

/** Names as `--select a,b` gives them. */
export function selection(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').map((name) => name.trim());
}

/** Whole numbers that JSON readers round are text, as are instants and what JSON has no number for. */
function valueJson(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

export function attributesJson(attributes: RowAttributes = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, valueJson(value)]));
}

export function valueText(value: AttributeValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The names of all attributes that hits have, in order. */
export function namesOf(hits: readonly { readonly attributes?: RowAttributes }[]): string[] {
  return [...new Set(hits.flatMap(({ attributes = {} }) => Object.keys(attributes)))];
}

/** All filters hold. */
export function rowsWhere(
  array: ArrayHandle,
  filters: readonly string[],
  select: string | undefined,
): RowQuery {
  const rows = array.select(...selection(select));
  return filters.reduce((query, filter) => query.where(filter), rows);
}

export function rowJson({ row, id, attributes }: RowHit): object {
  return { row, id: String(id), attributes: attributesJson(attributes) };
}

export function rowsText(hits: readonly RowHit[]): string {
  if (hits.length === 0) return 'no row matches';
  const names = namesOf(hits);
  const lines = hits.map(({ row, id, attributes }) => [
    ...[String(row), String(id)],
    ...names.map((name) => valueText(attributes?.[name])),
  ]);
  return table(['ROW', 'ID', ...names], lines);
}

export function matchesText(rows: number): string {
  return `${plural(rows, 'row')} ${rows === 1 ? 'matches' : 'match'}`;
}
