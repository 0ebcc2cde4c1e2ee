// Which objects a sample reads.
import { NacreError } from '../../errors.js';
import type { ScrubNotes } from './notes.js';
import type { Surveyed } from './survey.js';

/**
 * `{ part: 2, of: 7 }`: the second of seven parts, which together are everything, the same ones each time.
 * `{ fraction: 0.05 }` and `{ bytes }`: so much of the bytes, beginning with what was verified longest ago,
 * so that the next one begins where this one ended; without notes on this machine always with the same.
 */
export type Subset =
  | { readonly part: number; readonly of: number }
  | { readonly fraction: number }
  | { readonly bytes: number };

export function checkSubset(subset: Subset): void {
  const isRight =
    'part' in subset
      ? Number.isInteger(subset.part) &&
        Number.isInteger(subset.of) &&
        subset.part >= 1 &&
        subset.part <= subset.of &&
        subset.of <= 2 ** 20
      : 'fraction' in subset
        ? subset.fraction > 0 && subset.fraction <= 1
        : subset.bytes >= 1;
  if (isRight) return;
  throw new NacreError('InvalidArgument', `${JSON.stringify(subset)} is no part of the objects`, {
    hint: 'Give { part: 1, of: 7 }, { fraction: 0.05 } or { bytes }.',
  });
}

export function chosen(
  objects: readonly Surveyed[],
  subset: Subset,
  notes: Pick<ScrubNotes, 'verifiedMs'>,
): Surveyed[] {
  if ('part' in subset) {
    const { part, of } = subset;
    return objects.filter(({ id }) => Math.floor(placeOf(id) * of) === part - 1);
  }
  const total = objects.reduce((sum, { object }) => sum + object.sizeBytes, 0);
  const budget = 'fraction' in subset ? subset.fraction * total : subset.bytes;
  const inOrder = objects.toSorted(
    (a, b) => (notes.verifiedMs(a.id) ?? 0) - (notes.verifiedMs(b.id) ?? 0) || (a.id < b.id ? -1 : 1),
  );
  let taken = 0;
  return inOrder.filter(({ object }) => {
    if (taken >= budget) return false;
    taken += object.sizeBytes;
    return true;
  });
}

/** Ids are hashes: places in [0, 1) without any order in them. */
function placeOf(id: string): number {
  return Number.parseInt(id.slice(0, 12), 16) / 2 ** 48;
}
