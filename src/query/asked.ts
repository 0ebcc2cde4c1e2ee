// What an approximate search is given, whichever index answers it.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import type { ExactScan } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import type { QueryCounts } from './analysis.js';
import type { ResolvedVectors } from './vectors.js';

export interface ApproximateSearch {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly map: RowMap;
  readonly scan: ExactScan;
  readonly parts: readonly ScanPart[];
  /** Rows wanted, and the queries that want them. */
  readonly k: number;
  readonly queries: number;
  readonly counts: QueryCounts;
  readonly options: CallOptions;
  /** Another scan of the same queries, for so many rows of each. */
  readonly start: (k: number) => Promise<ExactScan>;
  /** Scans rows as they are, beside the lists. */
  readonly scanPlain: (parts: readonly ScanPart[]) => Promise<void>;
}

/** What a search in one call is given. */
export interface SearchNow extends Pick<ApproximateSearch, 'parts' | 'k' | 'counts'> {
  readonly vectors: ResolvedVectors;
}
