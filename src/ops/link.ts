// Adoption of `.npy` objects that lie below a dataset's prefix: they become partitions where they are, and no
// byte is copied.
//
// An object is looked at by its header, then read once, piece by piece, for its hash and the sums of its
// blocks. All of it is of one state of the key: who writes to it meanwhile is found out. From then on it is
// its owner's to keep: nothing here deletes it, and what is changed of it later is damage to whoever reads.
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { LinkedBefore } from '../arrays/linked-rows.js';
import { type RowType, rowBytesOf } from '../arrays/row-type.js';
import type { WriteTransaction } from '../arrays/write-transaction.js';
import { NacreError } from '../errors.js';
import { checkBools, isScattered } from '../formats/npy-file.js';
import { linkedPattern, linkFlaw } from '../manifest/keys.js';
import { defaultBlockBytes } from '../manifest/objects.js';
import type { PartitionDraft } from '../manifest/transaction.js';
import { packBlockSums } from '../manifest/upload.js';
import { type NpyHeader, parseHeader } from '../npy/header.js';
import { syncFolder } from '../storage/local/folders.js';
import { listPages } from '../storage/list-pages.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { mapBounded } from '../util/bounded.js';
import { equalBytes, toHex } from '../util/bytes.js';
import { digestObject, type Streamed } from './digest.js';
import type { ReadEnvironment, UpkeepEnvironment } from './environment.js';
import { objectsAhead } from './scrub/check.js';

/** An object that can be linked, by its header. */
export interface LinkableObject {
  /** Below the prefix of the dataset. */
  readonly key: string;
  readonly type: RowType;
  readonly rows: number;
  /** Of the object, header included. */
  readonly sizeBytes: number;
}

export interface LinkOptions extends CallOptions {
  /**
   * Reads each object twice, and compares: a bit that flips on its way becomes part of no checksum. Default
   * false.
   */
  readonly verify?: boolean;
  /** Told how many bytes were read, of all that are to be read. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface Linked {
  readonly rows: number;
  /** In the order of their rows. */
  readonly objects: readonly LinkableObject[];
}

/** Enough for nearly every header. */
const headerBytes = 4096;

/** Headers read side by side. */
const looksAtOnce = 16;

/** Objects of one call: a segment for each 256 of them, some hundred bytes of memory each. */
const mostObjects = 100_000;

/** Its block sums take 16 MiB then, and are read whole when its segment is folded. */
const mostBytes = 256 * 2 ** 30;

interface Reading extends CallOptions {
  readonly onBytes: (bytes: number) => void;
}

interface Looked extends LinkableObject {
  readonly dataOffset: number;
  /** State of the key that the header is of. */
  readonly token: string;
}

/**
 * What keys, and patterns in which `*` stands for any part of a name, name below a prefix: each object once,
 * those of a pattern in the byte order of their keys. Cost: a LIST for each 1,000 keys that begin as a
 * pattern does, a GET of 4 KiB an object.
 */
export async function findLinkable(
  environment: ReadEnvironment,
  patterns: readonly string[],
  options: CallOptions,
): Promise<readonly LinkableObject[]> {
  const keys = new Set<string>();
  const add = (key: string): void => {
    keys.add(key);
    if (keys.size > mostObjects) throw tooMany();
  };
  for (const pattern of patterns) {
    if (!pattern.includes('*')) add(pattern);
    else for await (const key of matching(environment, pattern, options)) add(key);
  }
  const found = await lookAtAll(environment, [...keys], options);
  return found.map(({ key, type, rows, sizeBytes }) => ({ key, type, rows, sizeBytes }));
}

async function* matching(
  { store }: ReadEnvironment,
  pattern: string,
  options: CallOptions,
): AsyncGenerator<string> {
  checkKey(pattern.replaceAll('*', 'x'), pattern);
  const literal = (text: string): string => text.replaceAll('.', '\\.');
  const form = new RegExp(`^${pattern.split('*').map(literal).join('[^/]*')}$`);
  const found: string[] = [];
  const prefix = pattern.slice(0, pattern.indexOf('*'));
  for await (const page of listPages(store, { ...callOptions(options), prefix })) {
    for (const { key } of page) if (form.test(key) && linkFlaw(key) === undefined) found.push(key);
    if (found.length > mostObjects) throw tooMany();
  }
  if (found.length === 0) throw notThere(pattern, store.uri);
  yield* found.sort();
}

/** What `tx.link()` does. */
export async function linkInto(
  environment: UpkeepEnvironment,
  staged: WriteTransaction,
  { name, keys }: { readonly name: string; readonly keys: readonly string[] },
  { onProgress, verify = false, signal = staged.signal }: LinkOptions,
): Promise<Linked> {
  const call = signal === undefined ? {} : { signal };
  if (keys.length === 0) throw invalid('no key is named', 'Name at least one object to link.');
  if (keys.length > mostObjects) throw tooMany();
  if (new Set(keys).size < keys.length) throw invalid('a key is named twice', 'Name each object once.');
  const looked = await lookAtAll(environment, keys, call);
  const type = typeOfAll(looked);
  const before = await staged.checkLinks(name, type, keys);
  const totalBytes = looked.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) * (verify ? 2 : 1);
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.(Math.min(doneBytes, totalBytes), totalBytes);
  };
  const files = await mapBounded(looked, objectsAhead(environment), async (one) => {
    const file = await adopt(environment, one, { ...call, verify, onBytes });
    checkSame(one.key, file, before);
    return file;
  });
  staged.link(name, type, files);
  return {
    rows: looked.reduce((sum, { rows }) => sum + rows, 0),
    objects: looked.map(({ key, type: own, rows, sizeBytes }) => ({ key, type: own, rows, sizeBytes })),
  };
}

function lookAtAll(
  environment: ReadEnvironment,
  keys: readonly string[],
  options: CallOptions,
): Promise<Looked[]> {
  for (const key of keys) checkKey(key);
  return mapBounded(keys, looksAtOnce, (key) => lookAt(environment, key, callOptions(options)));
}

async function lookAt({ store }: ReadEnvironment, key: string, call: CallOptions): Promise<Looked> {
  for (let wanted = headerBytes; ; ) {
    const body = await store.get(key, { ...call, range: { start: 0, end: wanted } });
    if (body === undefined) throw notThere(key, store.uri);
    const { sizeBytes, token } = body;
    const header = parseHeader(body.bytes, sizeBytes, key);
    if ('needBytes' in header) {
      wanted = header.needBytes;
      continue;
    }
    checkHeader(key, header, sizeBytes);
    const [rows = 1, ...rowShape] = header.shape;
    const type = { dtype: header.dtype, rowShape, scalar: header.shape.length === 0 };
    return { key, type, rows, sizeBytes, dataOffset: header.dataOffset, token };
  }
}

/** A partition is in C order and little endian, and has rows: there is no other way to say it. */
function checkHeader(key: string, header: NpyHeader, sizeBytes: number): void {
  if (isScattered(header))
    throw refused(key, 'its elements are in Fortran order', 'np.save(file, np.ascontiguousarray(a))');
  if (header.byteOrder === 'big')
    throw refused(key, 'its elements are big endian', "np.save(file, a.astype(a.dtype.newbyteorder('<')))");
  if (header.shape[0] === 0) throw refused(key, 'it has no rows');
  if (sizeBytes > mostBytes)
    throw refused(
      key,
      `it has ${sizeBytes} bytes, ${mostBytes} are allowed`,
      'several files of some rows each',
    );
}

function refused(key: string, why: string, how?: string): NacreError {
  return new NacreError('UnsupportedFormat', `${key} cannot be linked: ${why}`, {
    context: { key },
    hint:
      how === undefined
        ? 'Leave it away; `nacre create` makes an array without rows.'
        : `Save it again as ${how}, or import it without --link, which copies it.`,
  });
}

/** Reads it once, or until two reads agree; again where bytes were lost on their way without a word. */
async function adopt(
  environment: ReadEnvironment,
  looked: Looked,
  { verify, ...options }: Reading & { readonly verify: boolean },
): Promise<PartitionDraft> {
  const { key, rows, sizeBytes, dataOffset, token } = looked;
  await makeDurable(environment, key);
  let before: Uint8Array | undefined;
  for (let attempt = 0; attempt < (verify ? 4 : 2); attempt++) {
    const { read, bytes } = await digest(environment, looked, options);
    if (read === undefined || read.token !== token || read.sizeBytes !== sizeBytes) throw changed(key);
    if (bytes !== sizeBytes) continue;
    const { blake3: hash, crc32c, blocks } = read.digest;
    const agrees = !verify || (before !== undefined && equalBytes(before, hash));
    before = hash;
    if (!agrees) continue;
    const id = environment.runtime.randomBytes(16);
    const sums = { sizeBytes, hash, crc32c, blocks: packBlockSums(blocks) };
    return { object: { pattern: linkedPattern(key), id, ...sums }, rows, dataOffset };
  }
  throw new NacreError(
    'Unavailable',
    `${key} came otherwise each time that its ${sizeBytes} bytes were read`,
    {
      context: { key, sizeBytes },
      hint: 'Look at what is between here and the store, then link it again.',
    },
  );
}

async function digest(
  environment: ReadEnvironment,
  { key, type, sizeBytes, dataOffset }: Looked,
  { onBytes, ...call }: Reading,
): Promise<{ readonly read: Streamed | undefined; readonly bytes: number }> {
  const isBool = type.dtype === 'bool';
  let [at, bytes] = [0, 0];
  const read = await digestObject(environment, key, {
    ...callOptions(call),
    ...{ blockBytes: defaultBlockBytes, expectedBytes: sizeBytes },
    onBytes: (more) => {
      bytes += more;
      onBytes(more);
    },
    ...(isBool && {
      onPiece: async (piece: Uint8Array) => {
        const skipped = Math.min(piece.byteLength, Math.max(0, dataOffset - at));
        const [done, rowBytes] = [at + skipped - dataOffset, Math.max(1, rowBytesOf(type))];
        const start = Math.floor(done / rowBytes);
        checkBools(piece.subarray(skipped), start, rowBytes, key, done % rowBytes);
        at += piece.byteLength;
      },
    }),
  });
  return { read, bytes };
}

/** What a commit acknowledges is durable: who saved a file may not have waited for the disk. */
async function makeDurable({ localPath }: ReadEnvironment, key: string): Promise<void> {
  if (localPath === undefined) return;
  const full = localPath(key);
  const file = await open(full, 'r').catch((cause: unknown) => {
    throw changed(key, cause);
  });
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  let folder = full;
  for (let parts = key.split('/').length; parts > 0; parts--) {
    folder = path.dirname(folder);
    await syncFolder(folder);
  }
}

/** Of two names of one object the bytes are the same, or one of them says what is no longer there. */
function checkSame(key: string, { object }: PartitionDraft, before: LinkedBefore): void {
  const known = before.get(key);
  if (known === undefined || known === toHex(object.hash)) return;
  throw new NacreError('AlreadyExists', `${key} is linked already, and was changed since then`, {
    context: { key, expected: known, observed: toHex(object.hash) },
    hint: 'Put its bytes back (`nacre repair`), and save what is new under another key.',
  });
}

function typeOfAll(objects: readonly Looked[]): RowType {
  const text = ({ type: { dtype, rowShape, scalar } }: Looked): string =>
    scalar ? `one ${dtype}` : `${dtype} rows of shape (${rowShape.join(', ')})`;
  const [first] = objects as [Looked];
  const other = objects.find((one) => text(one) !== text(first));
  if (other === undefined) return first.type;
  throw invalid(
    `${other.key} has ${text(other)}, ${first.key} has ${text(first)}`,
    'Objects of one array hold the same dtype and row shape; link these into two arrays.',
  );
}

function checkKey(key: string, shown = key): void {
  const flaw = linkFlaw(key);
  if (flaw === undefined) return;
  const text = JSON.stringify(shown.length > 120 ? `${shown.slice(0, 120)}…` : shown);
  throw new NacreError('InvalidArgument', `${text} cannot be linked: ${flaw}`, {
    context: { key: shown.slice(0, 1_000) },
    hint: 'Rename the object, or import it without --link, which copies it.',
  });
}

function notThere(key: string, uri: string): NacreError {
  return new NacreError('NotFound', `there is no object ${key} below ${uri}`, {
    context: { key, uri },
    hint: 'What is linked lies below the prefix of the dataset, and is named from there on: train/a.npy.',
  });
}

function changed(key: string, cause?: unknown): NacreError {
  return new NacreError('Conflict', `${key} was changed while it was read`, {
    context: { key },
    cause,
    hint: 'Link it again once nobody writes to it.',
  });
}

function tooMany(): NacreError {
  return new NacreError('ResourceExhausted', `more than ${mostObjects} objects are to be linked at once`, {
    hint: 'Link them in several calls.',
  });
}

function invalid(message: string, hint: string): NacreError {
  return new NacreError('InvalidArgument', message, { hint });
}
