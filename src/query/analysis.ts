// What a query cost and what it looked at.
import type { MeterCounts } from '../storage/wrap/meter.js';
import type { QueryHome } from './home.js';

/** Counted while a query runs. */
export class QueryCounts {
  /** Rows that are not dropped. */
  liveRows = 0;
  /** Of these, those that the filter matches; all without one. */
  matchedRows = 0;
  /** Rows that were scanned as they are, by the codes of an index, and read one by one to be scored. */
  scannedRows = 0;
  codedRows = 0;
  scoredRows = 0;
  /** Lists that an approximate search looked into. */
  probedLists = 0;
  /** Windows of rows that the filter looked at; nothing was read for those that statistics decided. */
  windows = 0;
  ruledOutWindows = 0;
  wholeWindows = 0;
  /**
   * Attributes of which an index was read in the place of a column, rows of these, sorted blocks and bytes
   * that were read.
   */
  readonly indexedAttributes = new Set<string>();
  indexedRows = 0;
  indexBlocks = 0;
  indexBytes = 0;
}

export interface QueryAnalysis {
  /** What was done, as `explain()` has it. */
  readonly plan: string;
  readonly requests: number;
  /** Of these, reads that were sent a second time (`hedge` of `open()`). */
  readonly hedged: number;
  /** Dependent round trips. */
  readonly waves: number;
  /** Bodies that were read from the store. */
  readonly bytesRead: number;
  /** Bytes taken from mapped files of a folder. */
  readonly bytesMapped: number;
  /** Pages that the cache had, and those that it did not. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly retries: number;
  /**
   * Runs of damaged blocks that replicas answered, since the store could not; they are asked with requests of
   * their own.
   */
  readonly fromReplicas: number;
  readonly elapsedMs: number;
  /** Requests at list price, US dollars. */
  readonly priceUsd: number;
  readonly rows: {
    readonly live: number;
    readonly matched: number;
    /** Scanned as they are. */
    readonly scanned: number;
    /** Looked at by the codes of an index. */
    readonly coded: number;
    /** Read one by one and scored, for one query or several. */
    readonly scored: number;
    /** Lists of an approximate index that were looked into; 0 without one. */
    readonly lists: number;
    readonly pruned: {
      /** Not searched, since the filter is not true of them. */
      readonly byFilter: number;
      /** Not read, since the bound of their code is worse than the last row found. */
      readonly byBounds: number;
    };
  };
  /** Windows of at most 262,144 rows: of those ruled out and taken whole no column was read. */
  readonly windows: { readonly all: number; readonly ruledOut: number; readonly takenWhole: number };
  /**
   * Indexes of attributes that were read in the place of columns: of which, of how many rows (counted for
   * each attribute), how many sorted blocks, and how many bytes of them, directories included.
   */
  readonly indexes: {
    readonly attributes: readonly string[];
    readonly rows: number;
    readonly blocks: number;
    readonly bytes: number;
  };
}

/** Runs a query and tells what it cost; what else the dataset does meanwhile counts too. */
export async function analyzed<T>(
  home: QueryHome,
  plan: string,
  run: (counts: QueryCounts) => Promise<T>,
): Promise<{ readonly result: T; readonly analysis: QueryAnalysis }> {
  const counts = new QueryCounts();
  const [scope, before] = [home.scope(), home.cached()];
  try {
    const result = await run(counts);
    const after = home.cached();
    const cached = { cacheHits: after.hits - before.hits, cacheMisses: after.misses - before.misses };
    return { result, analysis: { plan, ...costOf(scope.stop()), ...cached, ...lookedAt(counts) } };
  } finally {
    scope.stop();
  }
}

type LookedAt = Pick<QueryAnalysis, 'rows' | 'windows' | 'indexes'>;

type Cost = Omit<QueryAnalysis, 'plan' | 'cacheHits' | 'cacheMisses' | keyof LookedAt>;

function costOf(meter: MeterCounts): Cost {
  const { totalRequests, hedged, waves, bytesDown, bytesMapped, retries, fromReplicas, elapsedMs, priceUsd } =
    meter;
  const requests = { requests: totalRequests, hedged, waves };
  return { ...requests, bytesRead: bytesDown, bytesMapped, retries, fromReplicas, elapsedMs, priceUsd };
}

function lookedAt(counts: QueryCounts): LookedAt {
  const { liveRows, matchedRows, scannedRows, codedRows, scoredRows } = counts;
  return {
    rows: {
      ...{ live: liveRows, matched: matchedRows, scanned: scannedRows, coded: codedRows, scored: scoredRows },
      lists: counts.probedLists,
      pruned: {
        byFilter: liveRows - matchedRows,
        byBounds: Math.max(0, codedRows - scoredRows),
      },
    },
    windows: {
      all: counts.windows,
      ruledOut: counts.ruledOutWindows,
      takenWhole: counts.wholeWindows,
    },
    indexes: {
      attributes: [...counts.indexedAttributes],
      rows: counts.indexedRows,
      blocks: counts.indexBlocks,
      bytes: counts.indexBytes,
    },
  };
}
