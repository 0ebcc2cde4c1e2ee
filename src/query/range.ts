// The nearest rows whose scores lie in a range.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { executeNearest, type ExecuteOptions, type Hit, withAttributes } from './execute.js';
import { scoreOrder } from './metric.js';
import type { NearestPlan } from './plan.js';
import type { ResolvedVectors } from './vectors.js';

/**
 * What `executeNearest` gives, of a plan that may have a range: with more rows each time, until those of the
 * range are among them.
 */
export async function executeInRange(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  vectors: ResolvedVectors,
  options: ExecuteOptions,
): Promise<Hit[][]> {
  const { range, limit, offset, metric } = plan;
  if (range === undefined) return executeNearest(environment, view, plan, vectors, options);
  const { least, below } = range;
  const ascends = scoreOrder(metric) === 'ascending';
  const isIn = ({ score }: Hit): boolean => score >= least && score < below;
  // Scores that are no numbers come last.
  const isPast = ({ score }: Hit): boolean =>
    Number.isNaN(score) || (ascends ? score >= below : score < least);
  for (let wanted = limit + offset; ; wanted *= 4) {
    const all = { ...plan, limit: wanted, offset: 0, select: [] };
    const lists = await executeNearest(environment, view, all, vectors, options);
    const found = lists.map((hits) => hits.filter(isIn));
    const isWhole = (hits: readonly Hit[], i: number): boolean => {
      const last = hits.at(-1);
      const isEnough = (found[i]?.length ?? 0) >= limit + offset;
      return hits.length < wanted || isEnough || last === undefined || isPast(last);
    };
    if (!lists.every(isWhole)) continue;
    const hits = found.map((list) => list.slice(offset, offset + limit));
    return withAttributes(environment, view, plan, hits, options);
  }
}
