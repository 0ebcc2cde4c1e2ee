// Which index answers an approximate query: graphs where they are at hand, else lists; without either, and by
// another metric than theirs, the answer is exact.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { ScanResults } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { searchApproximately } from './approximate.js';
import type { ApproximateSearch, SearchNow } from './asked.js';
import { readGraphs, searchGraphs, searchGraphsNow } from './graph-search.js';
import { readHeads } from './list-heads.js';
import { searchListsNow } from './lists-here.js';
import type { NearestPlan } from './plan.js';

/** An index that answers a plan. */
export interface Near {
  /** Gives a scan what it finds; false where it cannot. */
  readonly search: (search: ApproximateSearch) => Promise<boolean>;
  /** What it finds at once, for one query; undefined where it has to be searched. */
  readonly now?: (search: SearchNow) => ScanResults | undefined;
}

/** Errors: `Corrupt` for an index that is damaged. */
export async function openNear(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  options: CallOptions,
): Promise<Near | undefined> {
  const graphs = await readGraphs(environment, view, plan, options);
  if (graphs !== undefined) {
    return {
      search: (search) => searchGraphs(search, plan, graphs),
      now: (search) => searchGraphsNow(environment, view, plan, graphs, search),
    };
  }
  if (plan.approximate?.ef !== undefined) return undefined;
  const heads = await readHeads(environment, view, plan, options);
  return (
    heads && {
      search: (search) => searchApproximately(search, plan, heads),
      now: (search) => searchListsNow(environment, view, plan, heads, search),
    }
  );
}
