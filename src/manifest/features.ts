// What a root requires of whoever reads it: see `required_features` in docs/format.md.
import type { ArrayEntry } from './message.js';

/** An array has a key: earlier releases would add rows without a look at the keys that are there. */
const keysFeature = 20;

/** An index of an attribute has sorted blocks, which earlier releases do not know: they do not use it. */
export const sortedBlocksFeature = 21;

/** Features that this release knows; what requires another one is refused. */
export const knownFeatures: ReadonlySet<number> = new Set([keysFeature, sortedBlocksFeature]);

/** What a root with these arrays requires, and what it required before for other reasons. */
export function requiredFeatures(before: readonly number[], arrays: Iterable<ArrayEntry>): number[] {
  const others = before.filter((feature) => feature !== keysFeature);
  return [...arrays].some(({ key }) => key !== null) ? [...others, keysFeature] : others;
}
