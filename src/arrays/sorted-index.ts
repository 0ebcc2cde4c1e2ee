// An index of an attribute of many values, one object for the rows of a segment: a directory, the sets of
// rows that are null and that are NaN, and pairs of a value and its row in blocks, in the order of values.
// Sets and blocks have checksums in the directory, so that what a range of values touches is read and no
// more.
import type { Attribute } from '../attributes/column.js';
import { encodeFrame } from '../manifest/frame.js';
import { sortedBlocksFeature } from '../manifest/features.js';
import { indexPattern } from '../manifest/keys.js';
import { encode, make, v1 } from '../manifest/message.js';
import type { AttributeIndexSegmentDraft } from '../manifest/transaction.js';
import { fromNative } from '../native.js';
import type { SortedBlocks, SortedBlocksMade } from '../native/sorted-blocks.js';
import type { ValueSet } from '../native/value-sets.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { defined } from '../util/assert.js';
import { blockBytes, decodeDirectory, type IndexedRows } from './attribute-index.js';
import { numberOfType } from './column-message.js';
import type { ArrayEnvironment } from './environment.js';
import { Kept } from './kept.js';
import { uploadLarge } from './upload-large.js';
import { readUnchecked } from './self-checked.js';

/** What an object has, by numbers: 0 are the nulls, 1 is NaN, block i is number i + 2. */
export interface SortedIndex {
  readonly blocks: SortedBlocks;
  /** Where each number begins, and how long it is; a set of no row has no bytes. */
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  /** Of the sets of nulls and of NaN how many rows they have, and their CRC32C. */
  readonly sets: readonly { readonly rows: number; readonly sum: number }[];
  /** About as many as the columns of these rows have. */
  readonly columnBytes: number;
}

/** The number of the first block. */
export const firstBlock = 2;

/** By the hash of the object and what the manifest says of it: some 20 KiB each, of texts up to 1 MiB. */
const directories = new Kept<SortedIndex>(256);

/** Uploads an index of some rows. */
export async function writeSortedIndex(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  type: Attribute['type'],
  covered: { readonly firstRowId: number; readonly rows: number },
  { nulls, nans, blocks, pairs, lengths, sums, bounds, ends }: SortedBlocksMade,
  options: CallOptions,
): Promise<AttributeIndexSegmentDraft> {
  const { crc32c } = environment.functions;
  const describe = (set: ValueSet | null | undefined) =>
    set ? make(v1.ValueSet, { rows: set.rows, bytes: set.set.byteLength }) : null;
  const sumOf = (set: ValueSet | null | undefined): number => (set ? crc32c(set.set) : 0);
  const message = make(v1.AttributeDirectory, {
    requiredFeatures: [sortedBlocksFeature],
    ...{ type: numberOfType(type), rows: covered.rows, nulls: describe(nulls) },
    blocks: make(v1.SortedBlocks, {
      ...{ nans: describe(nans), nullsSum: sumOf(nulls), nansSum: sumOf(nans) },
      ...{ pairs: [...pairs], bytes: [...lengths], sums: [...sums], bounds, ends: [...ends] },
    }),
  });
  const body = encode(v1.AttributeDirectory, message);
  const directory = encodeFrame('attribute directory', body, environment.functions);
  const sets = [nulls, nans].flatMap((set) => (set ? [set.set] : []));
  const pieces = [directory, ...sets, blocks];
  const object = await uploadLarge(environment, indexPattern(arrayId), pieces, options, blockBytes);
  const kind = v1.AttributeIndexKind.ATTRIBUTE_INDEX_KIND_SORTED;
  return { object, ...covered, directoryBytes: directory.byteLength, kind };
}

/** Cost: one request, the first time. Errors: `Corrupt`, and `UnsupportedFormat` of a newer release. */
export function readSortedIndex(
  environment: ArrayEnvironment,
  segment: IndexedRows,
  attribute: Attribute,
  options: CallOptions,
): Promise<SortedIndex> {
  const { part, rows, directoryBytes } = segment;
  const name = `${toHex(part.object.hash)} ${attribute.type} ${rows} ${directoryBytes}`;
  return directories.get(environment, name, () => load(environment, segment, attribute), options);
}

async function load(
  environment: ArrayEnvironment,
  segment: IndexedRows,
  attribute: Attribute,
): Promise<SortedIndex> {
  const { part, rows, directoryBytes } = segment;
  const { message, fail } = await decodeDirectory(environment, segment, attribute, async (range) => {
    // A frame has a checksum of its own.
    const [frame] = await readUnchecked(environment, part, [range], {});
    return defined(frame, 'directory');
  });
  const { blocks: told, nulls, values } = message;
  if (told === null || values.length > 0) return fail('it has no blocks, or values beside them');
  const { nans, nullsSum, nansSum, pairs, bytes, sums, bounds, ends } = told;
  const sets = [
    { rows: nulls?.rows ?? 0, bytes: nulls?.bytes ?? 0, sum: nullsSum },
    { rows: nans?.rows ?? 0, bytes: nans?.bytes ?? 0, sum: nansSum },
  ];
  if (sets.some((set) => (set.rows === 0) !== (set.bytes === 0))) fail('a set without rows or without bytes');
  const lengths = Uint32Array.from([...sets.map((set) => set.bytes), ...bytes]);
  const starts = new Float64Array(lengths.length);
  let at = directoryBytes;
  for (const [i, length] of lengths.entries()) {
    starts[i] = at;
    at += length;
  }
  if (at !== part.object.sizeBytes) fail(`its blocks end at ${at} of ${part.object.sizeBytes} bytes`);
  const others = sets.reduce((sum, set) => sum + set.rows, 0);
  const [pairsOf, sumsOf] = [Uint32Array.from(pairs), Uint32Array.from(sums)];
  const what = {
    bounds,
    ends: Uint32Array.from(ends),
    pairs: pairsOf,
    lengths: lengths.subarray(firstBlock),
  };
  let blocks: SortedBlocks;
  try {
    blocks = environment.native.openSortedBlocks({
      ...{ type: attribute.type, rows, others, sums: sumsOf },
      ...what,
    });
  } catch (error) {
    throw fromNative(error);
  }
  // A pair has the number of its row besides what the column has.
  const columnBytes = bytes.reduce((sum, length, i) => sum + length - 4 * (pairsOf[i] ?? 0), 0);
  return { blocks, starts, lengths, sets, columnBytes };
}
