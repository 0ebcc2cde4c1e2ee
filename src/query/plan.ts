// What a query will do, as a value that can be printed and compared: no I/O, no node: module.
import { describeReference, type VersionReference } from '../manifest/version-reference.js';
import type { ScanMetric } from '../native.js';
import type { Expression } from './filter/expression.js';
import { formatExpression } from './filter/format.js';
import { type Precision, readsOf } from './precision.js';

export interface NearestPlan {
  readonly array: string;
  readonly metric: ScanMetric;
  /** Nearest rows wanted a query. */
  readonly limit: number;
  /** Of these, passed over from the nearest on. */
  readonly offset: number;
  /** How much of the array is looked into; not there: all of it, and the answer is exact. */
  readonly approximate: Approximation | undefined;
  /** Only rows of which it is true are searched. */
  readonly filter: Expression | undefined;
  /** Attributes that hits come with, by name. */
  readonly select: readonly string[];
  /** Only rows whose scores are at least the one and below the other. */
  readonly range: { readonly least: number; readonly below: number } | undefined;
  readonly fresh: boolean;
  readonly at: VersionReference | undefined;
  /** How precise scores are at least; not said: exact, but see `approximate`. */
  readonly precision: Precision | undefined;
}

/** How much of an array an approximate search looks into. */
export interface Approximation {
  /** The recall that is wanted: lists, or rows that a walk keeps, are as many as it takes. */
  readonly recall?: number;
  /** How many lists a query looks into. */
  readonly nprobe?: number;
  /** How many rows a walk through graphs keeps. */
  readonly ef?: number;
}

/** What a plan is where nothing else was asked for. */
export const plainly = {
  ...{ filter: undefined, range: undefined, select: [], fresh: false, at: undefined },
  ...{ approximate: undefined, precision: undefined },
};

export function explainPlan(plan: NearestPlan): string {
  const { array, metric, limit, offset, precision, filter, select, range } = plan;
  const skip = offset === 0 ? '' : `, after the first ${offset}`;
  const lines = [`nearest ${limit} rows of '${array}' by ${metric}${skip}`];
  if (filter !== undefined) {
    lines.push(`├─ of those where ${formatExpression(filter)}: ${filterReads}`);
  }
  if (select.length > 0) lines.push(`├─ with ${select.join(', ')}, read for these rows alone`);
  if (range !== undefined) lines.push(`├─ of scores from ${range.least} up to and without ${range.below}`);
  if (plan.at !== undefined) lines.push(`├─ at ${describeReference(plan.at)}`);
  const { approximate } = plan;
  if (approximate !== undefined) lines.push(`├─ ${indexOf(approximate)}; without such an index:`);
  lines.push(`└─ ${readsOf(precision ?? 'f64', metric)}`);
  return lines.join('\n');
}

function indexOf({ recall, nprobe, ef }: Approximation): string {
  if (nprobe !== undefined) return `the ${nprobe} nearest lists of an ivf index`;
  if (ef !== undefined) return `walks through the graphs of an hnsw index that keep ${ef} rows`;
  return `graphs at hand, else the nearest lists of an ivf index: as much as gives a recall of ${recall}`;
}

/** What a filter looks at. */
export const filterReads = 'files ruled out by statistics, else indexes of attributes, else their columns';
