// The changes that add rows: their partitions as entries of the root, or in segments where they are many.
import { buildAppendSegment, segmentEntryLimit } from '../manifest/segment.js';
import type { ArrayId, Change, PartitionDraft } from '../manifest/transaction.js';
import { uploadObject } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import type { ArrayEnvironment } from './environment.js';

/** Partition entries of one append that a root takes in; more go into a segment of their own. */
const inlineEntriesBytes = 12 * 1024;

export async function rowChanges(
  environment: ArrayEnvironment,
  array: ArrayId,
  partitions: readonly PartitionDraft[],
  options: CallOptions,
): Promise<Change[]> {
  const entryBytes = partitions.reduce((sum, { object }) => sum + 100 + object.blocks.byteLength, 0);
  const rowsOf = (some: readonly PartitionDraft[]): number => some.reduce((sum, { rows }) => sum + rows, 0);
  if (entryBytes <= inlineEntriesBytes) {
    return [{ kind: 'append', array, rows: rowsOf(partitions), content: { partitions } }];
  }
  const groups = Array.from({ length: Math.ceil(partitions.length / segmentEntryLimit) }, (_, i) =>
    partitions.slice(i * segmentEntryLimit, (i + 1) * segmentEntryLimit),
  );
  return Promise.all(
    groups.map(async (group): Promise<Change> => {
      const { bytes, draft } = buildAppendSegment(group, environment);
      await uploadObject(environment.store, draft.object, bytes, options);
      return { kind: 'append', array, rows: draft.rows, content: { segment: draft } };
    }),
  );
}
