// Files and streams of Arrow's IPC format, record batch by record batch.
//
// Opening goes over the metadata of all batches, and over no values. Memory is a batch and the dictionaries;
// batches of more than a GiB are refused.
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, Table } from '../../../attributes/arrow/table.js';
import type { Column } from '../../../attributes/column.js';
import type { AttributeSource } from '../../../attributes/source.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { equalBytes } from '../../../util/bytes.js';
import type { RandomAccess } from '../../random-access.js';
import { type Batches, BatchRows, type FileAttribute, mostBatchBytes } from '../batch-rows.js';
import { malformed, reading, type Types, unsupported } from '../problem.js';
import { Body } from './body.js';
import { readColumn, readTexts, type Texts } from './columns.js';
import { type ArrowField, fieldsOf, typeOf } from './schema.js';

const mostMetadataBytes = 64 * 2 ** 20;
/** Of a batch; columns of nulls take no bytes of the file. */
const mostRows = 2 ** 26;
const featherMagic = new TextEncoder().encode('FEA1');

/** A message: its metadata, and where its body is. */
interface Message {
  readonly metadata: Table;
  readonly kind: number;
  readonly body: number;
  readonly bodyBytes: number;
}

/** What of a message is kept: it is read again when its turn comes. */
interface Entry {
  readonly at: number;
  readonly isDictionary: boolean;
  readonly rows: number;
}

interface Contents {
  readonly fields: readonly ArrowField[];
  readonly entries: readonly Entry[];
}

export async function openArrow(
  access: RandomAccess,
  types: Types,
  options: CallOptions,
): Promise<AttributeSource> {
  const batches = await reading(access.name, 'Arrow file', async () => {
    const start = await access.read(0, Math.min(fb.magic.byteLength, access.sizeBytes), options);
    if (equalBytes(start.subarray(0, featherMagic.byteLength), featherMagic)) {
      throw unsupported(access.name, {}, 'is Feather of version 1', 'Write it again as version 2.');
    }
    const { fields, entries } = equalBytes(start, fb.magic)
      ? await contentsOfFile(access, options)
      : await contentsOfStream(access, options);
    return new ArrowBatches(access, fields, entries);
  });
  return new BatchRows(access, batches, types);
}

/** By its footer, which says where everything is. */
async function contentsOfFile(access: RandomAccess, options: CallOptions): Promise<Contents> {
  const tailBytes = 4 + fb.magic.byteLength;
  if (access.sizeBytes < 2 * tailBytes) throw damaged('it is cut');
  const tail = await access.read(access.sizeBytes - tailBytes, tailBytes, options);
  const length = new DataView(tail.buffer, tail.byteOffset, 4).getInt32(0, true);
  const at = access.sizeBytes - tailBytes - length;
  if (!equalBytes(tail.subarray(4), fb.magic) || length <= 0 || at < 8 || length > mostMetadataBytes) {
    throw damaged('it is cut: there is no footer');
  }
  const footer = Table.root(await access.read(at, length, options));
  const fields = fieldsOf(access.name, footer.table(fb.footer.schema));
  const entries: Entry[] = [];
  for (const slot of [fb.footer.dictionaries, fb.footer.recordBatches]) {
    for (const [offset] of footer.blocks(slot)) {
      const message = await messageAt(access, offset, options);
      if (message === undefined) throw damaged('a batch is empty');
      entries.push(entryOf(access.name, offset, message));
    }
  }
  return { fields, entries };
}

async function contentsOfStream(access: RandomAccess, options: CallOptions): Promise<Contents> {
  let fields: readonly ArrowField[] | undefined;
  const entries: Entry[] = [];
  for (let at = 0; at < access.sizeBytes; ) {
    const message = await messageAt(access, at, options);
    if (message === undefined) break;
    if (fields !== undefined) entries.push(entryOf(access.name, at, message));
    else if (message.kind === fb.header.schema)
      fields = fieldsOf(access.name, message.metadata.table(fb.message.header));
    else throw damaged('it does not begin with a schema');
    at = message.body + message.bodyBytes;
  }
  if (fields === undefined) throw damaged('it is empty');
  return { fields, entries };
}

/** Undefined at the end of a stream. */
async function messageAt(
  access: RandomAccess,
  at: number,
  options: CallOptions,
): Promise<Message | undefined> {
  if (at + 8 > access.sizeBytes) throw damaged('it is cut');
  const prefix = new DataView((await access.read(at, 8, options)).buffer);
  // Before Arrow 0.15 the length came first.
  const isOld = prefix.getUint32(0, true) !== fb.continuation;
  const length = prefix.getInt32(isOld ? 0 : 4, true);
  if (length === 0) return undefined;
  const start = at + (isOld ? 4 : 8);
  if (length < 0 || length > mostMetadataBytes || start + length > access.sizeBytes) {
    throw damaged(`metadata of ${length} bytes at ${start}`);
  }
  const metadata = Table.root(await access.read(start, length, options));
  const bodyBytes = metadata.size(fb.message.bodyLength);
  const body = start + length;
  if (body + bodyBytes > access.sizeBytes) throw damaged('it is cut');
  return { metadata, kind: metadata.int8(fb.message.headerType), body, bodyBytes };
}

function entryOf(file: string, at: number, { metadata, kind, bodyBytes }: Message): Entry {
  if (kind !== fb.header.recordBatch && kind !== fb.header.dictionaryBatch)
    throw damaged(`a message of kind ${kind}`);
  const isDictionary = kind === fb.header.dictionaryBatch;
  const header = metadata.table(fb.message.header);
  const rows = (isDictionary ? header.table(fb.dictionaryBatch.data) : header).size(fb.recordBatch.length);
  if (bodyBytes > mostBatchBytes || rows > mostRows) {
    const what = `has a batch of ${rows} rows and ${bodyBytes} bytes`;
    throw malformed(file, {}, what, 'Write smaller batches, as pyarrow does with max_chunksize=65536.');
  }
  return { at, isDictionary, rows };
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
    this.attributes = fields.map((field) => ({
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
    const [header, bytes] = await this.#read(entry, options);
    const body = new Body(header, bytes);
    const columns = this.#fields.map((field) => {
      const place = { file: this.#access.name, attribute: field.name, firstRow };
      return readColumn(place, field, body, entry.rows, this.#dictionaries);
    });
    body.end();
    return columns;
  }

  async #addDictionary(entry: Entry, options: CallOptions): Promise<void> {
    const [header, bytes] = await this.#read(entry, options);
    const id = header.size(fb.dictionaryBatch.id);
    const field = this.#fields
      .map((field) => (field.layout.kind === 'list' ? field.layout.item : field))
      .find(({ dictionary }) => dictionary?.id === id);
    if (field === undefined) return;
    const body = new Body(header.table(fb.dictionaryBatch.data), bytes);
    const { name, layout } = field;
    const texts = readTexts({ name, layout }, body, entry.rows, this.#dictionaries);
    body.end();
    const before = this.#dictionaries.get(id);
    const isDelta = header.int8(fb.dictionaryBatch.isDelta) !== 0 && before !== undefined;
    this.#dictionaries.set(id, isDelta ? behind(before, texts) : texts);
  }

  async #read({ at }: Entry, options: CallOptions): Promise<[header: Table, body: Uint8Array]> {
    const message = await messageAt(this.#access, at, options);
    if (message === undefined) throw damaged('a batch is empty');
    const bytes = await this.#access.read(message.body, message.bodyBytes, options);
    return [message.metadata.table(fb.message.header), bytes];
  }
}

function behind(before: Texts, more: Texts): Texts {
  const all = [before, more].flatMap((texts) => Array.from({ length: texts.rows }, (_, i) => texts.at(i)));
  return { rows: all.length, at: (row) => all[row] ?? null };
}
