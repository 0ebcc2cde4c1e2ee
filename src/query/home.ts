// Where a query runs: a version of an array, and what counts what that costs.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { VersionReference } from '../manifest/version-reference.js';
import type { CallOptions } from '../storage/object-store.js';
import type { MeterScope } from '../storage/wrap/meter.js';

/** A version of an array. */
export interface QueryPlace {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly loaded: LoadedRoot;
}

/** Which version a query is of; by default the one at which the handle stands. */
export interface QueryTime {
  /** The newest one, looked for in the wave of the first read. */
  readonly fresh: boolean;
  /** One of the past. */
  readonly at: VersionReference | undefined;
}

/** What a query needs of its dataset. */
export interface QueryHome {
  on<T>(time: QueryTime, work: (place: QueryPlace) => Promise<T>, options: CallOptions): Promise<T>;
  /** Where a query of one version runs that gives its answer piece by piece, and cannot be run again. */
  lasting(time: QueryTime, options: CallOptions): Promise<QueryPlace>;
  /** Counts requests from now on. */
  scope(): MeterScope;
  /** Reads that the page cache answered, and those that it did not, so far. */
  cached(): { readonly hits: number; readonly misses: number };
}
