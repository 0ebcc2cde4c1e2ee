// Which index answers an approximate query: graphs where they are at hand, else lists; without either, and by
// another metric than theirs, the answer is exact.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { CallOptions } from '../storage/object-store.js';
import { type ApproximateSearch, readHeads, searchApproximately } from './approximate.js';
import { readGraphs, searchGraphs } from './graph-search.js';
import type { NearestPlan } from './plan.js';

/** Gives a scan what an index finds; false where it cannot. */
export type Near = (search: ApproximateSearch) => Promise<boolean>;

/** Errors: `Corrupt` for an index that is damaged. */
export async function openNear(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  options: CallOptions,
): Promise<Near | undefined> {
  const graphs = await readGraphs(environment, view, plan, options);
  if (graphs !== undefined) return (search) => searchGraphs(search, plan, graphs);
  if (plan.approximate?.ef !== undefined) return undefined;
  const heads = await readHeads(environment, view, plan, options);
  return heads && ((search) => searchApproximately(search, plan, heads));
}
