// What a root requires of whoever reads it: see `required_features` in docs/format.md.
import type { ArrayEntry, ObjectTable, Root } from './message.js';

/** An array has a key: earlier releases would add rows without a look at the keys that are there. */
const keysFeature = 20;

/** An index of an attribute has sorted blocks, which earlier releases do not know: they do not use it. */
export const sortedBlocksFeature = 21;

/** An array has row ids between its rows that are of no row: earlier releases would count them as rows. */
const gapsFeature = 30;

/** An object is under a key of its owner's: earlier releases would make another key of its pattern. */
export const linksFeature = 24;

/** Features that this release knows; what requires another one is refused. */
export const knownFeatures: ReadonlySet<number> = new Set([
  ...[keysFeature, sortedBlocksFeature, linksFeature, gapsFeature],
]);

/**
 * What a root with these arrays says of itself. What it required for other reasons it still requires.
 * `namesLinks`: it names linked objects, or a segment that is new does.
 */
export function marksOf(
  before: readonly number[],
  arrays: Iterable<ArrayEntry>,
  namesLinks = false,
): Pick<Root, 'requiredFeatures' | 'hasParity'> {
  const all = [...arrays];
  return {
    requiredFeatures: requiredFeatures(before, all, namesLinks),
    hasParity: all.some(({ parity }) => parity !== null),
  };
}

function requiredFeatures(
  before: readonly number[],
  all: readonly ArrayEntry[],
  namesLinks: boolean,
): number[] {
  const own: readonly number[] = [keysFeature, linksFeature, gapsFeature];
  // What segments name is not known here: it is as it was, until there are none.
  const mayName = before.includes(linksFeature) && all.some(({ segments }) => segments.length > 0);
  return [
    ...before.filter((feature) => !own.includes(feature)),
    ...(namesLinks || mayName ? [linksFeature] : []),
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

/** Whether a table names objects under keys of their owners. */
export function hasLinks(table: Pick<ObjectTable, 'patterns'> | null): boolean {
  return table?.patterns.some(({ whole }) => whole) === true;
}

/** What a message that names objects of these patterns requires. */
export function linkMarks(namesLinks: boolean): { requiredFeatures?: number[] } {
  return namesLinks ? { requiredFeatures: [linksFeature] } : {};
}
