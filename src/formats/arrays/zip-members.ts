// The bytes of one entry of a zip file by position, and what is compared of them when.
//
// - The local header of an entry says what the directory says, or the entry is refused: when it is opened.
// - A stored entry is read in place. Its CRC-32 goes along with reads that follow each other from the
//   beginning, and is compared by the one that comes to the end. Of an entry that is read in part, or out of
//   order, it is not.
// - A deflated entry is inflated forwards only, some 64 KiB at a time. Size, end and CRC-32 are compared by
//   the read that comes to the end, before that gives anything. Who goes back far reads a copy in the
//   temporary folder, which was compared when it was made.
//
// An entry that failed a comparison fails every read from then on.
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { isNacreError, type NacreError } from '../../errors.js';
import { malformed } from '../../npy/problem.js';
import type { CallOptions } from '../../storage/object-store.js';
import { assert } from '../../util/assert.js';
import { equalBytes, roomOf } from '../../util/bytes.js';
import { abortedError, throwIfAborted, untilAborted } from '../../util/runtime.js';
import { quoted } from '../../util/text.js';
import { type RandomAccess, type ReadOptions, spool } from '../random-access.js';
import {
  entryProblem,
  instead32,
  localHeaderBytes,
  signatures,
  viewOf,
  type ZipEntry,
  zip64Field,
} from './zip.js';

/** One read of packed bytes. */
const packedPieceBytes = 2 ** 20;
const inflatedPieceBytes = 64 * 2 ** 10;
/** So much may be inflated again for reads that go back; then there is a copy. */
const againBytes = 2 ** 20;
/** Enough for the extra fields of nearly every local header. */
const usualExtraBytes = 64;

/** The bytes that an entry has, unpacked. Closing it leaves the zip file open. */
export interface ZipMember extends RandomAccess {
  /** Lets go of what the next read makes again: memory of an inflater. */
  pause(): void;
}

/**
 * Opens an entry; messages call it `name`. Cost: one read. Errors: `InvalidArgument` for a local header that
 * does not say what the directory says.
 */
export async function openMember(
  access: RandomAccess,
  entry: ZipEntry,
  name: string,
  options: CallOptions,
): Promise<ZipMember> {
  const packed = { access, entry, position: await locate(access, entry, options), name };
  return entry.method === 'stored' ? new StoredMember(packed) : new InflatedMember(packed);
}

/** Where the bytes of an entry begin. */
async function locate(access: RandomAccess, entry: ZipEntry, options: CallOptions): Promise<number> {
  const { nameBytes, offset, limit } = entry;
  const nameEnd = localHeaderBytes + nameBytes.byteLength;
  const header = await access.read(offset, Math.min(nameEnd + usualExtraBytes, limit - offset), options);
  const view = viewOf(header);
  const fail = (what: string): NacreError => entryProblem(access.name, entry.name, what);
  if (view.getUint32(0, true) !== signatures.local) throw fail(`has no local header at ${offset}`);
  const [flags, method] = [view.getUint16(6, true), view.getUint16(8, true)];
  const sameName =
    view.getUint16(26, true) === nameBytes.byteLength &&
    equalBytes(header.subarray(localHeaderBytes, nameEnd), nameBytes);
  if (!sameName) throw fail('has another name in its local header');
  if ((flags & 0x2041) !== 0) throw fail('is encrypted by its local header');
  if (method !== (entry.method === 'stored' ? 0 : 8)) throw fail('is packed otherwise by its local header');
  const extraBytes = view.getUint16(28, true);
  const position = offset + nameEnd + extraBytes;
  if (position + entry.packedBytes > limit)
    throw fail(`goes over byte ${limit}, where something else begins`);
  // Bit 3: the writer did not know yet, and said it behind the bytes and in the directory.
  if ((flags & 8) !== 0) return position;
  const sizes = [view.getUint32(22, true), view.getUint32(18, true)];
  if (sizes.includes(instead32)) {
    const inHeader = nameEnd + extraBytes <= header.byteLength;
    const extra = inHeader
      ? header.subarray(nameEnd, nameEnd + extraBytes)
      : await access.read(offset + nameEnd, extraBytes, options);
    const field = zip64Field(extra, fail);
    if (field === undefined || field.byteLength < 16) throw fail('has no sizes in its local header');
    sizes.splice(0, 2, ...[0, 8].map((at) => Number(viewOf(field).getBigUint64(at, true))));
  }
  if (
    sizes[0] !== entry.sizeBytes ||
    sizes[1] !== entry.packedBytes ||
    view.getUint32(14, true) !== entry.crc32
  )
    throw fail('has another size or checksum in its local header than in the directory');
  return position;
}

interface Packed {
  readonly access: RandomAccess;
  readonly entry: ZipEntry;
  readonly position: number;
  readonly name: string;
}

function badSum({ access, entry }: Packed, observed: number): NacreError {
  const hex = (sum: number): string => sum.toString(16).padStart(8, '0');
  return malformed(
    access.name,
    `the bytes of the entry ${quoted(entry.name, 80)} have the CRC-32 ${hex(observed)}, not ${hex(entry.crc32)}`,
    {
      context: { file: access.name, entry: entry.name, expected: hex(entry.crc32), observed: hex(observed) },
      hint: 'The file is damaged: copy it again from where it is whole, or make it again.',
    },
  );
}

class StoredMember implements ZipMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly remote: boolean;
  readonly reopens: boolean;
  readonly #packed: Packed;
  /** Bytes from the beginning whose sum is known. */
  #summed = 0;
  #sum = 0;

  constructor(packed: Packed) {
    this.#packed = packed;
    this.name = packed.name;
    this.sizeBytes = packed.entry.sizeBytes;
    this.remote = packed.access.remote;
    this.reopens = packed.access.reopens;
    this.#compare();
  }

  async read(position: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    assert(position >= 0 && position + length <= this.sizeBytes, 'the range lies in the entry');
    this.#compare();
    const bytes = await this.#packed.access.read(this.#packed.position + position, length, options);
    if (position <= this.#summed && position + length > this.#summed) {
      this.#sum = crc32(bytes.subarray(this.#summed - position), this.#sum);
      this.#summed = position + length;
    }
    this.#compare();
    return bytes;
  }

  #compare(): void {
    if (this.#summed === this.sizeBytes && this.#sum !== this.#packed.entry.crc32)
      throw badSum(this.#packed, this.#sum);
  }

  pause(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class InflatedMember implements ZipMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly remote: boolean;
  readonly reopens: boolean;
  readonly #packed: Packed;
  #forward: Forward | undefined;
  #inflatedBytes = 0;
  #copy: RandomAccess | undefined;
  #failure: NacreError | undefined;
  /** Reads go one after the other: they share one place in the stream. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(packed: Packed) {
    this.#packed = packed;
    this.name = packed.name;
    this.sizeBytes = packed.entry.sizeBytes;
    this.remote = packed.access.remote;
    this.reopens = packed.access.reopens;
  }

  read(position: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    assert(position >= 0 && position + length <= this.sizeBytes, 'the range lies in the entry');
    const read = this.#turn.then(() => this.#read(position, length, options));
    this.#turn = read.catch(() => undefined);
    return read;
  }

  async #read(position: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    throwIfAborted(options.signal);
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const back = position < (this.#forward?.at ?? this.#inflatedBytes);
      if (back && this.#inflatedBytes > againBytes) await this.#makeCopy(options);
      if (this.#copy !== undefined) return await this.#copy.read(position, length, options);
      if (back) this.pause();
      return await this.#readForward(position, length, options);
    } catch (error) {
      this.pause();
      if (isNacreError(error, 'InvalidArgument')) this.#failure = error;
      throw error;
    }
  }

  async #readForward(position: number, length: number, { signal, into }: ReadOptions): Promise<Uint8Array> {
    const target = roomOf(into, length);
    this.#forward ??= new Forward(this.#packed);
    const stream = this.#forward;
    const before = stream.at;
    await stream.skip(position - stream.at, signal);
    await stream.fill(target, signal);
    this.#inflatedBytes += stream.at - before;
    if (stream.at < this.sizeBytes) return target;
    await stream.end(signal);
    this.pause();
    return target;
  }

  async #makeCopy({ signal }: ReadOptions): Promise<void> {
    if (this.#copy !== undefined) return;
    this.pause();
    // Without the memory that the rows are for: packed bytes must not go there.
    const call = signal === undefined ? {} : { signal };
    this.#copy = await spool(this.name, inflated(this.#packed, call), call);
  }

  pause(): void {
    this.#forward?.close();
    this.#forward = undefined;
  }

  async close(): Promise<void> {
    await this.#turn;
    this.pause();
    await this.#copy?.close();
    this.#copy = undefined;
  }
}

/** A place in the stream of what is inflated. */
class Forward {
  at = 0;
  readonly #stop = new AbortController();
  readonly #pieces: AsyncGenerator<Uint8Array>;
  #rest = new Uint8Array(0);

  constructor(packed: Packed) {
    this.#pieces = inflated(packed, { signal: this.#stop.signal });
  }

  async fill(target: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    let done = 0;
    while (done < target.byteLength) {
      const piece = await this.#take(target.byteLength - done, signal);
      target.set(piece, done);
      done += piece.byteLength;
    }
  }

  async skip(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    for (let left = bytes; left > 0; ) left -= (await this.#take(left, signal)).byteLength;
  }

  /** Errors: `InvalidArgument` where more comes, or what came is not what the directory says. */
  async end(signal: AbortSignal | undefined): Promise<void> {
    while ((await untilAborted(this.#pieces.next(), signal)).done !== true);
  }

  close(): void {
    this.#stop.abort();
    this.#pieces.return(undefined).catch(() => undefined);
  }

  async #take(most: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    while (this.#rest.byteLength === 0) {
      const next = await untilAborted(this.#pieces.next(), signal);
      // The stream itself throws where it is too short.
      assert(next.done !== true, 'the stream is as long as it says');
      this.#rest = next.value as Uint8Array<ArrayBuffer>;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.byteLength);
    this.at += piece.byteLength;
    return piece;
  }
}

/** What a deflated entry inflates to: all of it, never more than it says, and compared before the end. */
async function* inflated(packed: Packed, options: CallOptions): AsyncGenerator<Uint8Array> {
  const { access, entry } = packed;
  const inflate = createInflateRaw({ chunkSize: inflatedPieceBytes });
  const source = Readable.from(packedPieces(packed, options), { highWaterMark: 1 });
  pipeline(source, inflate, () => undefined);
  const fail = (what: string, cause?: unknown): NacreError =>
    entryProblem(access.name, entry.name, what, cause);
  let seen = 0;
  let sum = 0;
  try {
    for await (const piece of inflate as AsyncIterable<Uint8Array>) {
      throwIfAborted(options.signal);
      seen += piece.byteLength;
      if (seen > entry.sizeBytes)
        throw fail(`inflates to more than the ${entry.sizeBytes} bytes that it says`);
      sum = crc32(piece, sum);
      yield piece;
    }
  } catch (error) {
    if (isNacreError(error)) throw error;
    if (options.signal?.aborted) throw abortedError(options.signal);
    throw fail('does not inflate', error);
  } finally {
    inflate.destroy();
  }
  if (seen < entry.sizeBytes)
    throw fail(`inflates to ${seen} bytes, not the ${entry.sizeBytes} that it says`);
  if (inflate.bytesWritten !== entry.packedBytes)
    throw fail(`is at its end after ${inflate.bytesWritten} of ${entry.packedBytes} packed bytes`);
  if (sum !== entry.crc32) throw badSum(packed, sum);
}

async function* packedPieces(packed: Packed, options: CallOptions): AsyncGenerator<Uint8Array> {
  const { access, entry, position } = packed;
  for (let at = 0; at < entry.packedBytes; at += packedPieceBytes)
    yield await access.read(position + at, Math.min(packedPieceBytes, entry.packedBytes - at), options);
}
