// What a root requires of whoever reads it: see `required_features` in docs/format.md.
import type { ArrayEntry, Root } from './message.js';

/** An array has a key: earlier releases would add rows without a look at the keys that are there. */
const keysFeature = 20;

/** An index of an attribute has sorted blocks, which earlier releases do not know: they do not use it. */
export const sortedBlocksFeature = 21;

/** An array has row ids between its rows that are of no row: earlier releases would count them as rows. */
const gapsFeature = 30;

/** Features that this release knows; what requires another one is refused. */
export const knownFeatures: ReadonlySet<number> = new Set([keysFeature, sortedBlocksFeature, gapsFeature]);

/** What a root with these arrays says of itself. What it required for other reasons it still requires. */
export function marksOf(
  before: readonly number[],
  arrays: Iterable<ArrayEntry>,
): Pick<Root, 'requiredFeatures' | 'hasParity'> {
  const all = [...arrays];
  return {
    requiredFeatures: requiredFeatures(before, all),
    hasParity: all.some(({ parity }) => parity !== null),
  };
}

function requiredFeatures(before: readonly number[], all: readonly ArrayEntry[]): number[] {
  return [
    ...before.filter((feature) => feature !== keysFeature && feature !== gapsFeature),
    ...(all.some(({ key }) => key !== null) ? [keysFeature] : []),
    ...(all.some(hasGaps) ? [gapsFeature] : []),
  ];
}

/** Base rows never overlap, so their number tells. */
function hasGaps({ partitions, segments, nextRowId }: ArrayEntry): boolean {
  const base = [
    ...partitions.filter(({ rowIds }) => rowIds === null),
    ...segments.filter(({ overrides }) => !overrides),
  ];
  return base.reduce((sum, { rows }) => sum + rows, 0) < nextRowId;
}
