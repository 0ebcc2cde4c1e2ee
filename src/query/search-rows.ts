// Exact search without a dataset: rows that are in memory, or that a file gives piece by piece.
import { type CheckedRows, checkRows, type RowsInput } from '../arrays/rows-input.js';
import type { RowSource } from '../arrays/row-source.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { native } from '../native.js';
import { throwIfAborted } from '../util/runtime.js';
import { resolveMetric } from './metric.js';
import { defaultLimit, wholeNumber } from './nearest.js';
import { dimensionsOf, listsOf, resultsOf, scanDtype, scanRows, startScan } from './scan.js';
import type { SearchHit, SearchOptions } from './search.js';
import { type QueryVectors, resolveVectors } from './vectors.js';

/** Bytes that are read and scanned at once; the next piece is read meanwhile. */
const pieceBytes = 16 * 2 ** 20;

/** What `search()` does. */
export async function searchRows(
  queries: QueryVectors,
  rows: RowsInput | RowSource,
  options: SearchOptions = {},
): Promise<SearchHit[] | SearchHit[][]> {
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  const source = 'read' in rows ? rows : inMemory(checkRows(rows));
  // Also where there is nothing to scan.
  scanDtype(source);
  const vectors = await resolveVectors(queries, dimensionsOf(source), source.name, signal);
  const metric = resolveMetric(options.metric ?? 'l2');
  const k = Math.min(wholeNumber('k', options.k ?? defaultLimit, 1), source.rows);
  if (k === 0 || vectors.count === 0)
    return vectors.single ? [] : Array.from({ length: vectors.count }, () => []);
  const scan = await startScan(native(), source, metric, k, vectors);
  const step = Math.max(1, Math.floor(pieceBytes / Math.max(1, rowBytesOf(source.type))));
  let scanning: Promise<void> | undefined;
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(start + step, source.rows);
    const bytes = await source.read(start, end, signal === undefined ? {} : { signal });
    await scanning;
    throwIfAborted(signal);
    onProgress?.(start, source.rows);
    scanning = scanRows(scan, signal, bytes, start);
    // Waited for after the next piece was read, which may fail first.
    scanning.catch(() => undefined);
  }
  await scanning;
  onProgress?.(source.rows, source.rows);
  const { counts, ids, scores } = await resultsOf(scan, k * vectors.count);
  const hitAt = (at: number): SearchHit => ({ row: ids[at] ?? -1, score: scores[at] ?? Number.NaN });
  const lists = await listsOf(counts, k, hitAt, signal);
  return vectors.single ? (lists[0] ?? []) : lists;
}

function inMemory({ bytes, rows, type }: CheckedRows): Omit<RowSource, 'close'> {
  const rowBytes = rowBytesOf(type);
  return {
    type,
    rows,
    name: 'the rows',
    read: async (start, end) => bytes.subarray(start * rowBytes, end * rowBytes),
  };
}
