// How much a query looks at, and where their directory says so: read where indexes are described,
// too.
import type { CalibrationDraft } from '../manifest/transaction.js';

/** Bytes of a list in the directory of a segment. */
export const directoryEntryBytes = 8;

/** More rows than this no walk through graphs keeps. */
export const mostKept = 4096;

/**
 * The lists that a query of `k` rows looks into, or the rows that its walk keeps, for a recall of at least
 * `recall`; all of them where fewer were not found to be enough.
 */
export function probesFor(
  calibrations: readonly Pick<CalibrationDraft, 'k' | 'probes' | 'recall'>[],
  k: number,
  recall: number,
  most: number,
): number {
  const curve = calibrations.find((one) => one.k >= k) ?? calibrations.at(-1);
  const at = curve?.recall.findIndex((one) => one >= recall) ?? -1;
  return Math.min(most, curve?.probes[at] ?? most);
}
