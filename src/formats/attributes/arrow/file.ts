// Files and streams of Arrow's IPC format as attributes, record batch by record batch.
//
// Memory is a batch and the dictionaries; batches of more than a GiB are refused. Of a file that has other
// columns, too, only the buffers of those that were chosen are read.
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, type Table } from '../../../attributes/arrow/table.js';
import type { Column } from '../../../attributes/column.js';
import type { AttributeSource } from '../../../attributes/source.js';
import type { CallOptions } from '../../../storage/object-store.js';
import type { RandomAccess } from '../../random-access.js';
import { type Batches, BatchRows, type FileAttribute, mostBatchBytes } from '../batch-rows.js';
import { malformed, reading, type Types } from '../problem.js';
import { Body, type BodyBytes } from './body.js';
import { readColumn, readTexts, type Texts } from './columns.js';
import { type Contents, contentsOf, type Entry, type Message, messageAt } from './messages.js';
import { type ArrowField, fieldsOf, typeOf } from './schema.js';

/** Of a batch; columns of nulls take no bytes of the file. */
const mostRows = 2 ** 26;
/** Between buffers that are read in one go. */
const gapBytes = 64 * 2 ** 10;

export async function openArrow(
  access: RandomAccess,
  types: Types,
  options: CallOptions,
): Promise<AttributeSource> {
  const what = 'Arrow file';
  const contents = await reading(access.name, what, () => contentsOf(access, options));
  return reading(access.name, what, async () => attributesOf(access, contents, types));
}

/** The columns that are `chosen`, or all; `UnsupportedFormat` for one of them that is no attribute. */
export function attributesOf(
  access: RandomAccess,
  { schema, entries }: Contents,
  types: Types,
  chosen?: ReadonlySet<string>,
): AttributeSource {
  const fields = fieldsOf(access.name, schema, chosen);
  for (const { rows, bodyBytes } of entries) {
    if (rows <= mostRows && (chosen !== undefined || bodyBytes <= mostBatchBytes)) continue;
    throw tooLarge(access.name, `a batch of ${rows} rows and ${bodyBytes} bytes`);
  }
  return new BatchRows(access, new ArrowBatches(access, fields, entries), types);
}

function tooLarge(file: string, what: string): Error {
  const hint = 'Write smaller batches, as pyarrow does with max_chunksize=65536.';
  return malformed(file, {}, `has ${what}`, hint);
}

class ArrowBatches implements Batches {
  readonly attributes: readonly FileAttribute[];
  readonly rows: readonly number[];
  readonly #access: RandomAccess;
  readonly #fields: readonly ArrowField[];
  readonly #entries: readonly Entry[];
  readonly #dictionaries = new Map<number, Texts>();
  #entry = 0;
  #batch = 0;

  constructor(access: RandomAccess, fields: readonly ArrowField[], entries: readonly Entry[]) {
    this.#access = access;
    this.#fields = fields;
    this.#entries = entries;
    this.attributes = fields.filter(isChosen).map((field) => ({
      name: field.name,
      type: typeOf(field),
      isNull: field.layout.kind === 'null',
    }));
    this.rows = entries.filter(({ isDictionary }) => !isDictionary).map(({ rows }) => rows);
  }

  /** A dictionary holds from its place in the stream on, so that they are passed in their order. */
  load(batch: number, firstRow: number, options: CallOptions): Promise<readonly Column[]> {
    return reading(this.#access.name, 'Arrow file', async () => {
      for (;;) {
        const entry = this.#entries[this.#entry++];
        if (entry === undefined) throw damaged('a batch is missing');
        if (entry.isDictionary) await this.#addDictionary(entry, options);
        else if (this.#batch++ === batch) return this.#columns(entry, firstRow, options);
      }
    });
  }

  async #columns(entry: Entry, firstRow: number, options: CallOptions): Promise<readonly Column[]> {
    const message = await this.#message(entry, options);
    const header = message.metadata.table(fb.message.header);
    const body = new Body(header, await this.#bytes(message, header, options));
    const columns: Column[] = [];
    for (const field of this.#fields) {
      if (isChosen(field)) {
        const place = { file: this.#access.name, attribute: field.name, firstRow };
        columns.push(readColumn(place, field, body, entry.rows, this.#dictionaries));
      } else body.skip(field.extent);
    }
    body.end();
    return columns;
  }

  /** The whole body, or the buffers of those columns that were chosen. */
  async #bytes(message: Message, header: Table, options: CallOptions): Promise<BodyBytes> {
    const { body, bodyBytes } = message;
    if (this.#fields.every(isChosen)) return this.#access.read(body, bodyBytes, options);
    const places = header.pairs(fb.recordBatch.buffers);
    const wanted = wantedBuffers(this.#fields, header.sizes(fb.recordBatch.viewBuffers)).filter(
      (index) => index < places.length,
    );
    const total = wanted.reduce((sum, index) => sum + (places[index]?.[1] ?? 0), 0);
    if (total > mostBatchBytes) throw tooLarge(this.#access.name, `a batch of ${total} bytes of attributes`);
    const buffers = new Map<number, Uint8Array>();
    for (const run of runsOf(wanted, places)) {
      if (run.end > bodyBytes) throw damaged(`a buffer that ends at ${run.end} of ${bodyBytes}`);
      const bytes = await this.#access.read(body + run.start, run.end - run.start, options);
      for (const index of run.buffers) {
        const [offset, length] = places[index] ?? [0, 0];
        buffers.set(index, bytes.subarray(offset - run.start, offset - run.start + length));
      }
    }
    return buffers;
  }

  async #addDictionary(entry: Entry, options: CallOptions): Promise<void> {
    const message = await this.#message(entry, options);
    const header = message.metadata.table(fb.message.header);
    const id = header.size(fb.dictionaryBatch.id);
    const field = this.#fields
      .map((field) => (field.layout.kind === 'list' ? field.layout.item : field))
      .find(({ dictionary }) => dictionary?.id === id);
    if (field === undefined) return;
    if (message.bodyBytes > mostBatchBytes)
      throw tooLarge(this.#access.name, `a dictionary of ${message.bodyBytes} bytes`);
    const bytes = await this.#access.read(message.body, message.bodyBytes, options);
    const body = new Body(header.table(fb.dictionaryBatch.data), bytes);
    const { name, layout, extent } = field;
    const texts = readTexts({ name, layout, extent }, body, entry.rows, this.#dictionaries);
    body.end();
    const before = this.#dictionaries.get(id);
    const isDelta = header.int8(fb.dictionaryBatch.isDelta) !== 0 && before !== undefined;
    this.#dictionaries.set(id, isDelta ? behind(before, texts) : texts);
  }

  async #message({ at }: Entry, options: CallOptions): Promise<Message> {
    const message = await messageAt(this.#access, at, options);
    if (message === undefined) throw damaged('a batch is empty');
    return message;
  }
}

function isChosen({ layout }: ArrowField): boolean {
  return layout.kind !== 'passed over';
}

/** The places of buffers of the columns that were chosen. */
function wantedBuffers(fields: readonly ArrowField[], viewBuffers: readonly number[]): number[] {
  const wanted: number[] = [];
  let [buffer, view] = [0, 0];
  for (const field of fields) {
    const { buffers, views } = field.extent;
    const first = buffer;
    buffer += buffers;
    for (let i = 0; i < views; i++) buffer += viewBuffers[view++] ?? 0;
    if (!Number.isSafeInteger(buffer) || buffer - first > mostRows) throw damaged('too many buffers');
    if (isChosen(field)) for (let i = first; i < buffer; i++) wanted.push(i);
  }
  return wanted;
}

interface Run {
  readonly start: number;
  end: number;
  readonly buffers: number[];
}

/** Buffers that lie close to each other, together. */
function runsOf(wanted: readonly number[], places: readonly (readonly [number, number])[]): Run[] {
  const runs: Run[] = [];
  for (const index of wanted) {
    const [offset, length] = places[index] ?? [0, 0];
    const last = runs.at(-1);
    if (last !== undefined && offset >= last.end && offset - last.end <= gapBytes) {
      last.end = offset + length;
      last.buffers.push(index);
    } else runs.push({ start: offset, end: offset + length, buffers: [index] });
  }
  return runs;
}

function behind(before: Texts, more: Texts): Texts {
  const all = [before, more].flatMap((texts) => Array.from({ length: texts.rows }, (_, i) => texts.at(i)));
  return { rows: all.length, at: (row) => all[row] ?? null };
}
