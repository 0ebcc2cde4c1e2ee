// The library that decodes columns of attributes believes what a page says of its runs: one of packed bits
// that says it is endless is gone through without an end where the bits are none, and one of a value that
// says so is written out. So each page is looked at first: that it lies in its column, that it is not much
// longer than its bytes can be, and that its runs are no longer than what it has.
import type { ColumnMetaData, SchemaTree } from 'hyparquet';
import { damaged } from '../../attributes/arrow/table.js';
import type { CallOptions } from '../../storage/object-store.js';
import { varint, widthOf } from '../parquet/levels.js';
import { ChunkPages, type Page, type PageLevels } from '../parquet/pages.js';
import type { RandomAccess } from '../random-access.js';

/** Packed bits come in eights, and writers fill up groups of them. */
const spareValues = 1024;

/** The highest levels of the one leaf of a column. */
export function levelsOf(column: SchemaTree): PageLevels {
  let [repetition, definition] = [0, 0];
  for (let node: SchemaTree | undefined = column; node !== undefined; node = node.children[0]) {
    if (node.element.repetition_type === 'REPEATED') repetition++;
    if (node.element.repetition_type !== 'REQUIRED') definition++;
  }
  return { repetition, definition };
}

/** Cost: reads the column chunk, and unpacks it. Errors: `Corrupt`. */
export async function checkPages(
  access: RandomAccess,
  levels: PageLevels,
  metadata: ColumnMetaData,
  options: CallOptions,
): Promise<void> {
  const pages = new ChunkPages(access, levels, metadata);
  for (let page = await pages.next(options); page !== undefined; page = await pages.next(options))
    checkPage(page, levels);
}

function checkPage(page: Page, { repetition, definition }: PageLevels): void {
  const { entries, encoding, values } = page;
  if (page.repetition !== undefined) checkRuns(page.repetition, widthOf(repetition), entries);
  if (page.definition !== undefined) checkRuns(page.definition, widthOf(definition), entries);
  // Of values that are null there is none: they are as many as entries, or fewer.
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    const [width = 0] = values;
    if (width > 32) throw damaged(`indices of ${width} bits`);
    checkRuns(values.subarray(1), width, entries);
  }
  // Bools, after a length.
  if (encoding === 'RLE') checkRuns(values.subarray(4), 1, entries);
}

/** That no run goes on beyond `count` values. */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  let seen = 0;
  for (let at = 0; seen < count && at < bytes.byteLength; ) {
    let head: number;
    [head, at] = varint(bytes, at);
    const isPacked = head % 2 === 1;
    const length = isPacked ? 8 * Math.floor(head / 2) : Math.floor(head / 2);
    if (seen + length > count + (isPacked ? spareValues : 0))
      throw damaged(`a run of ${length} values, after ${seen} of ${count}`);
    seen += length;
    at += isPacked ? (length / 8) * width : Math.ceil(width / 8);
  }
}

/** Bytes of a range are read once; all others as they are asked for. */
export async function holding(
  access: RandomAccess,
  start: number,
  end: number,
  options: CallOptions,
): Promise<RandomAccess> {
  const held = await access.read(start, end - start, options);
  return {
    name: access.name,
    sizeBytes: access.sizeBytes,
    remote: access.remote,
    reopens: access.reopens,
    read: async (position, length, call) =>
      position >= start && position + length <= end
        ? held.slice(position - start, position - start + length)
        : access.read(position, length, call),
    close: () => access.close(),
  };
}
