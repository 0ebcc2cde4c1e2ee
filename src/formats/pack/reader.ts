// A pack as a store that is read: each object by position, wherever the file lies. Nothing is written to it.
import { crc32 } from 'node:zlib';
import { NacreError } from '../../errors.js';
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
  PutResult,
} from '../../storage/object-store.js';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';
import { readZipDirectory, type ZipEntry } from '../arrays/zip.js';
import { openMember, type ZipMember } from '../arrays/zip-members.js';
import { openAccess, type RandomAccess } from '../random-access.js';
import { packCapabilities } from './names.js';

/** Objects whose place is known by their local header; more are looked at again. */
const mostOpened = 4_096;

export class PackReader implements ObjectStore {
  readonly uri: string;
  readonly capabilities = packCapabilities;
  readonly #access: RandomAccess;
  readonly #runtime: Runtime;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #keys: readonly string[];
  readonly #members = new Map<string, Promise<ZipMember>>();

  /**
   * Cost: two reads of the end of the file. Errors: `NotFound`; `InvalidArgument` for a file that is no pack,
   * is cut, or has names that lead out of a folder; `UnsupportedFormat` for one that was packed anew and
   * compressed.
   */
  static async open(name: string, runtime: Runtime, options: CallOptions = {}): Promise<PackReader> {
    const access = await openAccess(name, options);
    try {
      const entries = await readZipDirectory(access, options);
      return new PackReader(access, entries, runtime);
    } catch (error) {
      await access.close();
      throw error;
    }
  }

  private constructor(access: RandomAccess, entries: readonly ZipEntry[], runtime: Runtime) {
    for (const { name, method } of entries) {
      checkKey(name);
      if (method !== 'stored') {
        throw new NacreError('UnsupportedFormat', `${access.name}: ${name} is compressed`, {
          context: { file: access.name, key: name },
          hint: 'Unzip it into a folder: that is a dataset. Or make it by `nacre pack`.',
        });
      }
    }
    this.#access = access;
    this.#runtime = runtime;
    this.uri = access.name;
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.#keys = [...this.#entries.keys()].sort();
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    const entry = this.#find(key, options);
    if (entry === undefined) return undefined;
    const { offset, length } = cutRange(options.range, entry.sizeBytes);
    return { ...headOf(entry), bytes: await this.#read(entry, offset, length, options) };
  }

  async getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options: CallOptions = {},
  ): Promise<Uint8Array[] | undefined> {
    const entry = this.#find(key, options);
    if (entry === undefined) return undefined;
    const cut = ranges.map((range) => cutRange(range, entry.sizeBytes));
    return Promise.all(cut.map(({ offset, length }) => this.#read(entry, offset, length, options)));
  }

  async #read(entry: ZipEntry, offset: number, length: number, options: CallOptions): Promise<Uint8Array> {
    const member = await this.#member(entry, options);
    const bytes = await member.read(offset, length, options);
    // What is read whole is compared here, too; ranges are by who knows their sums.
    if (length === entry.sizeBytes && crc32(bytes) !== entry.crc32) {
      throw new NacreError('Corrupt', `${this.uri}: ${entry.name} differs from its CRC-32`, {
        context: { file: this.uri, key: entry.name },
        hint: 'The file is damaged: copy it again from where it is whole.',
      });
    }
    return bytes;
  }

  #member(entry: ZipEntry, options: CallOptions): Promise<ZipMember> {
    const known = this.#members.get(entry.name);
    if (known !== undefined) return known;
    if (this.#members.size >= mostOpened) this.#members.clear();
    const { signal: _, ...call } = options;
    const opening = openMember(this.#access, entry, `${this.uri}: ${entry.name}`, call).catch(
      (error: unknown) => {
        this.#members.delete(entry.name);
        throw error;
      },
    );
    this.#members.set(entry.name, opening);
    return opening;
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectHead | undefined> {
    const entry = this.#find(key, options);
    return entry && headOf(entry);
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    throwIfAborted(options.signal);
    return pageOfKeys(this.#keys, options, (key) => headOf(this.#entries.get(key) as ZipEntry));
  }

  put(): Promise<PutResult> {
    return Promise.reject(this.#readOnly());
  }

  delete(): Promise<void> {
    return Promise.reject(this.#readOnly());
  }

  timeMs(): number {
    return this.#runtime.now();
  }

  close(): Promise<void> {
    return this.#access.close();
  }

  #find(key: string, options: CallOptions): ZipEntry | undefined {
    throwIfAborted(options.signal);
    checkKey(key);
    return this.#entries.get(key);
  }

  #readOnly(): NacreError {
    return new NacreError('PermissionDenied', `${this.uri} is a pack, which is read only`, {
      context: { uri: this.uri },
      hint: 'Unpack it into a folder or a bucket, and write there: `nacre unpack`.',
    });
  }
}

/** The CRC-32 of an object tells its states apart. */
function headOf({ crc32: sum, sizeBytes }: ZipEntry): ObjectHead {
  return { token: sum.toString(16), sizeBytes, modifiedMs: 0 };
}
