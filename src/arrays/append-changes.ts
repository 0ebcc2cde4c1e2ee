// What an append adds to the manifest: its files as entries of the root, or in segments where they are many.
import { describedBytes } from '../manifest/attributes.js';
import { buildAppendSegment, segmentBytesLimit, segmentEntryLimit } from '../manifest/segment.js';
import type { AppendContent, PartitionDraft } from '../manifest/transaction.js';
import { uploadObject } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import type { ArrayEnvironment } from './environment.js';

/** Entries of one append that a root takes in; more go into a segment of their own. */
export const inlineEntriesBytes = 12 * 1024;

/** Entries of one transaction that a root takes in where a segment would take less of it. */
const inlineBytesOfAll = 16 * 1024;

/** About what a root holds of a segment of few files. */
const segmentBytes = 200;

/** What a transaction may still put into the root itself: of many arrays each has an append to add. */
export class InlineRoom {
  #left = inlineBytesOfAll;

  take(bytes: number): boolean {
    if (bytes <= segmentBytes) return true;
    if (bytes > inlineEntriesBytes || bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}

/** Some of the files, in their order. */
interface AppendPiece {
  readonly rows: number;
  readonly content: AppendContent;
}

export async function appendPieces(
  environment: ArrayEnvironment,
  files: readonly PartitionDraft[],
  room: InlineRoom,
  options: CallOptions,
): Promise<AppendPiece[]> {
  const sums = files.reduce((bytes, { object }) => bytes + object.blocks.byteLength, 0);
  const entries = files.reduce((bytes, file) => bytes + entryBytes(file), 0);
  if (room.take(entries + sums)) {
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
