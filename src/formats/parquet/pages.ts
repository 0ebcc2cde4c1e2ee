// The pages of a column chunk, one after the other: a page and what was read ahead is all that is in memory.
// A page that says it is much longer than its compressed bytes can be is refused before memory is taken.
import { crc32 } from 'node:zlib';
import type { ColumnMetaData, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { damaged } from '../../attributes/arrow/table.js';
import type { ByteRange, CallOptions } from '../../storage/object-store.js';
import { mostBatchBytes } from '../attributes/batch-rows.js';
import type { RandomAccess } from '../random-access.js';
import { compressors } from './compressors.js';

const aheadBytes = 4 * 2 ** 20;
const firstHeaderBytes = 4096;
const mostHeaderBytes = 16 * 2 ** 20;
/** Entries of a page; a run of equal ones takes few bytes. */
const mostEntries = 2 ** 26;
/** A page of so many bytes is taken for what it says. */
const modestBytes = 64 * 2 ** 20;
/** How much shorter a compressor may make zeros. */
const mostRatio: Readonly<Record<string, number>> = { SNAPPY: 64, LZ4: 256, LZ4_RAW: 256, GZIP: 1040 };
const otherRatio = 2 ** 15;

/** What the pages of a column have before their values. */
export interface PageLevels {
  /** The highest levels. */
  readonly repetition: number;
  readonly definition: number;
}

export interface Page {
  readonly entries: number;
  /** Undefined where a column has no such levels. */
  readonly repetition?: Uint8Array;
  readonly definition?: Uint8Array;
  readonly encoding: string;
  readonly values: Uint8Array;
}

/** Plain values, as many as it says. */
export interface Dictionary {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export class ChunkPages {
  readonly #access: RandomAccess;
  readonly #levels: PageLevels;
  readonly #codec: string;
  readonly #end: number;
  #at: number;
  #ahead: Uint8Array = new Uint8Array(0);
  #aheadAt = 0;
  #dictionary: Dictionary | undefined;

  constructor(access: RandomAccess, levels: PageLevels, metadata: ColumnMetaData) {
    const { start, end } = rangeOfChunk(metadata);
    this.#access = access;
    this.#levels = levels;
    this.#codec = metadata.codec;
    this.#at = start;
    this.#end = end;
    if (!(start >= 0 && start <= end && end <= access.sizeBytes))
      throw damaged(`a column at bytes ${start} to ${end} of ${access.sizeBytes}`);
  }

  /** Of the chunk, when its page has gone by. */
  get dictionary(): Dictionary | undefined {
    return this.#dictionary;
  }

  /** The next page of data; undefined at the end. */
  async next(options: CallOptions): Promise<Page | undefined> {
    while (this.#at < this.#end - 1) {
      const header = await this.#header(options);
      const stored = sizeOf(header.compressed_page_size);
      const length = sizeOf(header.uncompressed_page_size);
      const bytes = await this.#bytes(stored, options);
      this.#at += stored;
      checkCrc(header, bytes);
      if (header.type === 'DICTIONARY_PAGE') this.#keepDictionary(header, bytes, length);
      else if (header.type === 'DATA_PAGE') return this.#page(header, this.#decompress(bytes, length));
      else if (header.type === 'DATA_PAGE_V2') return this.#pageV2(header, bytes, length);
      else if (header.type !== 'INDEX_PAGE') throw damaged('a page of no known type');
    }
    return undefined;
  }

  async #header(options: CallOptions): Promise<PageHeader> {
    const left = this.#end - this.#at;
    for (let wanted = firstHeaderBytes; ; wanted *= 8) {
      const length = Math.min(left, wanted);
      const bytes = await this.#bytes(length, options);
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, length), offset: 0 };
      try {
        const header = parquetHeader(reader);
        this.#at += reader.offset;
        return header;
      } catch (error) {
        // Statistics may be long.
        if (length === left || wanted >= mostHeaderBytes) throw error;
      }
    }
  }

  /** From the present place on, which stays. */
  async #bytes(length: number, options: CallOptions): Promise<Uint8Array> {
    if (length > this.#end - this.#at) throw damaged('a page ends behind its column');
    const from = this.#at - this.#aheadAt;
    if (from >= 0 && from + length <= this.#ahead.byteLength)
      return this.#ahead.subarray(from, from + length);
    const wanted = Math.min(this.#end - this.#at, Math.max(length, aheadBytes));
    this.#ahead = await this.#access.read(this.#at, wanted, options);
    this.#aheadAt = this.#at;
    return this.#ahead.subarray(0, length);
  }

  #decompress(bytes: Uint8Array, length: number): Uint8Array {
    if (this.#codec === 'UNCOMPRESSED') {
      if (bytes.byteLength !== length) throw damaged(`a page of ${bytes.byteLength} bytes, not ${length}`);
      return bytes;
    }
    const ratio = mostRatio[this.#codec] ?? otherRatio;
    if (length > mostBatchBytes || length > Math.max(modestBytes, ratio * bytes.byteLength)) {
      throw damaged(`a page of ${length} bytes from ${bytes.byteLength}`);
    }
    if (length === 0) return new Uint8Array(0);
    const content = compressors[this.#codec as keyof typeof compressors]?.(bytes, length);
    if (content?.byteLength === length) return content;
    throw damaged(`a page of ${content?.byteLength ?? 0} bytes, where ${length} are wanted`);
  }

  #keepDictionary(header: PageHeader, bytes: Uint8Array, length: number): void {
    const count = sizeOf(header.dictionary_page_header?.num_values);
    const encoding = header.dictionary_page_header?.encoding;
    if (encoding !== 'PLAIN' && encoding !== 'PLAIN_DICTIONARY')
      throw damaged(`a dictionary in the encoding ${encoding ?? 'of none'}`);
    this.#dictionary = { bytes: this.#decompress(bytes, length), count };
  }

  #page({ data_page_header: header }: PageHeader, bytes: Uint8Array): Page {
    if (header === undefined) throw damaged('a page has no header');
    let rest = bytes;
    const levels = (highest: number, encoding: string): Uint8Array | undefined => {
      if (highest === 0) return undefined;
      if (encoding !== 'RLE') throw damaged(`levels in the encoding ${encoding}`);
      const length = rest.byteLength < 4 ? 0 : new DataView(rest.buffer, rest.byteOffset).getUint32(0, true);
      if (4 + length > rest.byteLength) throw damaged('levels are cut');
      const own = rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
      return own;
    };
    const repetition = levels(this.#levels.repetition, header.repetition_level_encoding);
    const definition = levels(this.#levels.definition, header.definition_level_encoding);
    return {
      entries: entriesOf(header.num_values),
      encoding: header.encoding,
      values: rest,
      ...(repetition !== undefined && { repetition }),
      ...(definition !== undefined && { definition }),
    };
  }

  #pageV2({ data_page_header_v2: header }: PageHeader, bytes: Uint8Array, length: number): Page {
    if (header === undefined) throw damaged('a page has no header');
    const repetitionEnd = sizeOf(header.repetition_levels_byte_length);
    const levelsEnd = repetitionEnd + sizeOf(header.definition_levels_byte_length);
    if (levelsEnd > bytes.byteLength || levelsEnd > length) throw damaged('levels are cut');
    const stored = bytes.subarray(levelsEnd);
    const values = header.is_compressed === false ? stored : this.#decompress(stored, length - levelsEnd);
    return {
      entries: entriesOf(header.num_values),
      encoding: header.encoding,
      values,
      ...(this.#levels.repetition > 0 && { repetition: bytes.subarray(0, repetitionEnd) }),
      ...(this.#levels.definition > 0 && { definition: bytes.subarray(repetitionEnd, levelsEnd) }),
    };
  }
}

/** Where the pages of a column chunk lie, as it says. */
export function rangeOfChunk(metadata: ColumnMetaData): ByteRange {
  const data = Number(metadata.data_page_offset);
  const dictionary = Number(metadata.dictionary_page_offset ?? 0);
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  return { start, end: start + Number(metadata.total_compressed_size) };
}

/** Of a page that has one: not all writers give it. */
function checkCrc({ crc }: PageHeader, bytes: Uint8Array): void {
  if (crc === undefined || crc32(bytes) === crc >>> 0) return;
  throw damaged(`a page has the CRC-32 ${crc32(bytes).toString(16)}, not ${(crc >>> 0).toString(16)}`);
}

function entriesOf(count: number): number {
  if (sizeOf(count) <= mostEntries) return count;
  throw damaged(`a page of ${count} values`);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw damaged('a page has no size');
}
