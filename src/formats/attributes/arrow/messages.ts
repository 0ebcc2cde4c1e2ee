// The messages of Arrow's IPC format, as files with a footer and as streams: where each is. Opening goes over
// the metadata of all batches, and over no values.
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, Table } from '../../../attributes/arrow/table.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { equalBytes } from '../../../util/bytes.js';
import type { RandomAccess } from '../../random-access.js';
import { unsupported } from '../problem.js';

const mostMetadataBytes = 64 * 2 ** 20;
const featherMagic = new TextEncoder().encode('FEA1');

/** A message: its metadata, and where its body is. */
export interface Message {
  readonly metadata: Table;
  readonly kind: number;
  readonly body: number;
  readonly bodyBytes: number;
}

/** What of a message is kept: it is read again when its turn comes. */
export interface Entry {
  readonly at: number;
  readonly isDictionary: boolean;
  readonly rows: number;
  readonly bodyBytes: number;
  readonly isCompressed: boolean;
}

export interface Contents {
  readonly schema: Table;
  /** Dictionaries first, where a footer lists them. */
  readonly entries: readonly Entry[];
}

/** Cost: two reads a batch, and three of a file with a footer. */
export async function contentsOf(access: RandomAccess, options: CallOptions): Promise<Contents> {
  const start = await access.read(0, Math.min(fb.magic.byteLength, access.sizeBytes), options);
  if (equalBytes(start.subarray(0, featherMagic.byteLength), featherMagic)) {
    throw unsupported(access.name, {}, 'is Feather of version 1', 'Write it again as version 2.');
  }
  const contents = await (equalBytes(start, fb.magic) ? contentsOfFile : contentsOfStream)(access, options);
  if (contents.schema.int16(fb.schema.endianness) === 0) return contents;
  const hint = 'Write it on a machine that is little endian.';
  throw unsupported(access.name, {}, 'its numbers are big endian', hint);
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
  const schema = footer.table(fb.footer.schema);
  const entries: Entry[] = [];
  for (const slot of [fb.footer.dictionaries, fb.footer.recordBatches]) {
    for (const [offset] of footer.blocks(slot)) {
      const message = await messageAt(access, offset, options);
      if (message === undefined) throw damaged('a batch is empty');
      entries.push(entryOf(offset, message));
    }
  }
  return { schema, entries };
}

async function contentsOfStream(access: RandomAccess, options: CallOptions): Promise<Contents> {
  let schema: Table | undefined;
  const entries: Entry[] = [];
  for (let at = 0; at < access.sizeBytes; ) {
    const message = await messageAt(access, at, options);
    if (message === undefined) break;
    if (schema !== undefined) entries.push(entryOf(at, message));
    else if (message.kind === fb.header.schema) schema = message.metadata.table(fb.message.header);
    else throw damaged('it does not begin with a schema');
    at = message.body + message.bodyBytes;
  }
  if (schema === undefined) throw damaged('it is empty');
  return { schema, entries };
}

/** Undefined at the end of a stream. */
export async function messageAt(
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

function entryOf(at: number, { metadata, kind, bodyBytes }: Message): Entry {
  if (kind !== fb.header.recordBatch && kind !== fb.header.dictionaryBatch)
    throw damaged(`a message of kind ${kind}`);
  const isDictionary = kind === fb.header.dictionaryBatch;
  const header = metadata.table(fb.message.header);
  const batch = isDictionary ? header.table(fb.dictionaryBatch.data) : header;
  const isCompressed = batch.has(fb.recordBatch.compression);
  return { at, isDictionary, rows: batch.size(fb.recordBatch.length), bodyBytes, isCompressed };
}
