// A pack that is being written, as a store: objects go to the end of a file beside its place as they come,
// what is written over (the hint) waits in memory. `finish` writes that and the directory, and gives the file
// its name: before, nobody sees it.
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { NacreError } from '../../errors.js';
import { fileError } from '../../storage/local/errors.js';
import { checkKey, cutRange } from '../../storage/keys.js';
import { pageOfKeys } from '../../storage/list-pages.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  PutOptions,
  PutResult,
} from '../../storage/object-store.js';
import { type ByteSource, byteLength, concat, toHex } from '../../util/bytes.js';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';
import { maxDirectoryBytes } from '../arrays/zip.js';
import { ZipParts } from '../arrays/zip-writer.js';
import { packAlignBytes, packCapabilities, packIsFull } from './names.js';

/** An object in the file, or one that may still be written over. */
interface Held {
  readonly token: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly position: number;
  readonly bytes: Uint8Array | undefined;
}

/** Keys without a folder are few and small, and the only ones that are ever written over. */
const isHeld = (key: string): boolean => !key.includes('/');

export class PackWriter implements ObjectStore {
  readonly uri: string;
  readonly capabilities = packCapabilities;
  readonly #runtime: Runtime;
  readonly #target: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #parts = new ZipParts(packAlignBytes);
  readonly #objects = new Map<string, Held>();
  #states = 0;
  /** Members follow each other. */
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;

  /** `target` is where the pack comes to be; what is there stays until then. */
  static async create(target: string, runtime: Runtime): Promise<PackWriter> {
    if (/^(s3|gs|memory):\/\//i.test(target)) {
      throw new NacreError('InvalidArgument', `${target}: a pack is written to this machine only`, {
        hint: 'Give a path; copy the file to the bucket then.',
      });
    }
    const resolved = path.resolve(target);
    const suffix = toHex(runtime.randomBytes(6));
    const name = `.${path.basename(resolved).slice(0, 200)}.${suffix}`;
    const temporary = path.join(path.dirname(resolved), name);
    const file = await open(temporary, 'wx+').catch((cause: unknown) => {
      throw fileError(cause, 'make', resolved);
    });
    return new PackWriter(resolved, temporary, file, runtime);
  }

  private constructor(target: string, temporary: string, file: FileHandle, runtime: Runtime) {
    this.uri = pathToFileURL(target).href;
    this.#target = target;
    this.#temporary = temporary;
    this.#file = file;
    this.#runtime = runtime;
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    const found = this.#find(key, options);
    if (found === undefined) return undefined;
    const { offset, length } = cutRange(options.range, found.sizeBytes);
    return { ...headOf(found), bytes: await this.#read(found, offset, length) };
  }

  async getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options: CallOptions = {},
  ): Promise<Uint8Array[] | undefined> {
    const found = this.#find(key, options);
    if (found === undefined) return undefined;
    const cut = ranges.map((range) => cutRange(range, found.sizeBytes));
    return Promise.all(cut.map(({ offset, length }) => this.#read(found, offset, length)));
  }

  async #read({ bytes, position }: Held, offset: number, length: number): Promise<Uint8Array> {
    if (bytes !== undefined) return bytes.slice(offset, offset + length);
    const room = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#file.read(room, done, length - done, position + offset + done);
      if (bytesRead === 0) throw new NacreError('Corrupt', `${this.#temporary} was cut while it was written`);
      done += bytesRead;
    }
    return room;
  }

  async put(key: string, body: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    return this.#inTurn(async () => {
      throwIfAborted(options.signal);
      const found = this.#objects.get(key);
      const { condition } = options;
      const holds =
        condition === undefined ||
        (condition === 'absent' ? found === undefined : found?.token === condition.token);
      if (!holds) return { outcome: 'refused' };
      if (found !== undefined && !isHeld(key)) {
        throw new NacreError('InvalidArgument', `${this.uri}: ${key} is there and is not written over`);
      }
      const sizeBytes = byteLength(body);
      const token = String(++this.#states);
      const state = { token, sizeBytes, modifiedMs: this.#runtime.now() };
      const held = isHeld(key) ? { bytes: concat(body).slice(), position: 0 } : await this.#append(key, body);
      this.#objects.set(key, { ...state, ...held });
      return { outcome: 'written', token };
    });
  }

  async #append(key: string, body: ByteSource): Promise<{ bytes: undefined; position: number }> {
    if (this.#parts.directoryBytesWith(key) > maxDirectoryBytes)
      throw packIsFull(this.uri, this.#objects.size);
    const header = this.#parts.begin(key, byteLength(body));
    const pieces = body instanceof Uint8Array ? [body] : body;
    let sum = 0;
    for (const piece of pieces) sum = crc32(piece, sum);
    const end = this.#parts.end(sum);
    const all = [header, ...pieces, end];
    const start = this.#parts.position - byteLength(all);
    await this.#write(all, start);
    return { bytes: undefined, position: start + header.byteLength };
  }

  async #write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    try {
      for (const piece of pieces) {
        for (let done = 0; done < piece.byteLength; ) {
          const { bytesWritten } = await this.#file.write(piece, done, piece.byteLength - done, at + done);
          done += bytesWritten;
        }
        at += piece.byteLength;
      }
    } catch (cause) {
      throw fileError(cause, 'write', this.#target);
    }
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectHead | undefined> {
    const found = this.#find(key, options);
    return found && headOf(found);
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    throwIfAborted(options.signal);
    return pageOfKeys([...this.#objects.keys()].sort(), options, (key) => this.#objects.get(key) as Held);
  }

  delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      throwIfAborted(options.signal);
      for (const key of keys) {
        if (!isHeld(key) && this.#objects.has(key))
          throw new NacreError('InvalidArgument', `${this.uri}: ${key} cannot be taken out again`);
        this.#objects.delete(key);
      }
    });
  }

  timeMs(): number {
    return this.#runtime.now();
  }

  /** Makes the file whole, on the disk, under its name; its size in bytes. */
  finish(): Promise<number> {
    return this.#inTurn(async () => {
      for (const [key, { bytes }] of this.#objects) if (bytes !== undefined) await this.#append(key, bytes);
      const end = this.#parts.finish({ summed: true });
      await this.#write([end], this.#parts.position);
      try {
        await this.#file.sync();
        await this.#file.close();
        await rename(this.#temporary, this.#target);
      } catch (cause) {
        throw fileError(cause, 'write', this.#target);
      }
      this.#ended = true;
      return this.#parts.position + end.byteLength;
    });
  }

  /** Leaves nothing of a pack that was not finished. */
  async close(): Promise<void> {
    await this.#last;
    if (this.#ended) return;
    this.#ended = true;
    await this.#file.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  #find(key: string, options: CallOptions): Held | undefined {
    throwIfAborted(options.signal);
    checkKey(key);
    return this.#objects.get(key);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      if (this.#ended) throw new NacreError('Closed', `${this.uri} was closed`);
      return work();
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function headOf({ token, sizeBytes, modifiedMs }: Held): ObjectHead {
  return { token, sizeBytes, modifiedMs };
}
