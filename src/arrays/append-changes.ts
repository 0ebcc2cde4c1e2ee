// What an append adds to the manifest: its files as entries of the root, or in segments where they are many.
import { describedBytes } from '../manifest/attributes.js';
import { buildAppendSegment, segmentBytesLimit, segmentEntryLimit } from '../manifest/segment.js';
import type { AppendContent, PartitionDraft } from '../manifest/transaction.js';
import { uploadObject } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import type { ArrayEnvironment } from './environment.js';

/** Entries of one append that a root takes in; more go into a segment of their own. */
export const inlineEntriesBytes = 12 * 1024;

/** Some of the files, in their order. */
interface AppendPiece {
  readonly rows: number;
  readonly content: AppendContent;
}

export async function appendPieces(
  environment: ArrayEnvironment,
  files: readonly PartitionDraft[],
  options: CallOptions,
): Promise<AppendPiece[]> {
  const sums = files.reduce((bytes, { object }) => bytes + object.blocks.byteLength, 0);
  const entries = files.reduce((bytes, file) => bytes + entryBytes(file), 0);
  if (entries + sums <= inlineEntriesBytes) {
    return [{ rows: files.reduce((rows, file) => rows + file.rows, 0), content: { partitions: files } }];
  }
  return Promise.all(
    segmentGroups(files).map(async (group) => {
      const { bytes, draft } = buildAppendSegment(group, environment);
      await uploadObject(environment.store, draft.object, bytes, options);
      return { rows: draft.rows, content: { segment: draft } };
    }),
  );
}

/** About what an entry takes up without the sums of its blocks, which a segment has apart. */
function entryBytes({ columns, object: { pattern } }: PartitionDraft): number {
  const ownKey = pattern.whole === true ? pattern.prefix.length : 0;
  return 100 + ownKey + describedBytes(columns);
}

/** As many files as one segment takes, in their order. */
function segmentGroups(files: readonly PartitionDraft[]): PartitionDraft[][] {
  const groups: PartitionDraft[][] = [];
  let group: PartitionDraft[] = [];
  let bytes = 0;
  for (const file of files) {
    const more = entryBytes(file);
    if (group.length > 0 && (group.length === segmentEntryLimit || bytes + more > segmentBytesLimit)) {
      groups.push(group);
      [group, bytes] = [[], 0];
    }
    group.push(file);
    bytes += more;
  }
  return [...groups, group];
}
