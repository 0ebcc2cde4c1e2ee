// Objects in this process, for tests, simulations and scratch data. Stores of one name share one place for as
// long as the process lives; a store without a name has a place of its own. Nothing is durable.
import { NacreError } from '../errors.js';
import { type ByteSource, byteLength } from '../util/bytes.js';
import { type Runtime, throwIfAborted } from '../util/runtime.js';
import { checkKey, cutRange } from './keys.js';
import { pageOfKeys } from './list-pages.js';
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
  StateToken,
  StoreCapabilities,
} from './object-store.js';

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly token: StateToken;
  readonly modifiedMs: number;
}

/** What is kept under one name. Bytes are copied on their way in and out, so a stored body never changes. */
class Place {
  readonly objects = new Map<string, StoredObject>();
  #states = 0;
  #sorted: readonly string[] | undefined;

  set(key: string, body: ByteSource, modifiedMs: number): StateToken {
    const token = String(++this.#states);
    if (!this.objects.has(key)) this.#sorted = undefined;
    this.objects.set(key, { bytes: copy(body), token, modifiedMs });
    return token;
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.#sorted = undefined;
  }

  /** Keys in byte order, which for their characters is the order of strings. */
  sortedKeys(): readonly string[] {
    this.#sorted ??= [...this.objects.keys()].sort();
    return this.#sorted;
  }
}

const named = new Map<string, Place>();

export class MemoryStore implements ObjectStore {
  readonly uri: string;
  readonly capabilities: StoreCapabilities = {
    scheme: 'memory',
    sortedList: true,
    deleteBatch: 1000,
    singlePutBytes: Number.MAX_SAFE_INTEGER,
    checksOnPut: false,
  };
  readonly #runtime: Runtime;
  readonly #place: Place;
  #closed = false;

  /** An empty name gives a place that nobody else can open. */
  constructor(name: string, runtime: Runtime) {
    this.uri = `memory://${name === '' ? 'unnamed' : name}`;
    this.#runtime = runtime;
    const place = (name === '' ? undefined : named.get(name)) ?? new Place();
    if (name !== '') named.set(name, place);
    this.#place = place;
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    const found = this.#find(key, options);
    if (found === undefined) return undefined;
    const { offset, length } = cutRange(options.range, found.bytes.byteLength);
    return { ...headOf(found), bytes: found.bytes.slice(offset, offset + length) };
  }

  async getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options: CallOptions = {},
  ): Promise<Uint8Array[] | undefined> {
    const found = this.#find(key, options);
    return (
      found &&
      ranges.map((range) => {
        const { offset, length } = cutRange(range, found.bytes.byteLength);
        return found.bytes.slice(offset, offset + length);
      })
    );
  }

  async put(key: string, body: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    const found = this.#find(key, options);
    const { condition } = options;
    const holds =
      condition === undefined ||
      (condition === 'absent' ? found === undefined : found?.token === condition.token);
    if (!holds) return { outcome: 'refused' };
    return { outcome: 'written', token: this.#place.set(key, body, this.#runtime.now()) };
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectHead | undefined> {
    const found = this.#find(key, options);
    return found && headOf(found);
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    this.#begin(options);
    const stateOf = (key: string) => headOf(this.#place.objects.get(key) as StoredObject);
    return pageOfKeys(this.#place.sortedKeys(), options, stateOf);
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    this.#begin(options);
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#place.delete(key);
  }

  timeMs(): number {
    return this.#runtime.now();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #begin(options: CallOptions): void {
    if (this.#closed) throw new NacreError('Closed', `the store ${this.uri} was closed`);
    throwIfAborted(options.signal);
  }

  #find(key: string, options: CallOptions): StoredObject | undefined {
    this.#begin(options);
    checkKey(key);
    return this.#place.objects.get(key);
  }
}

function headOf({ bytes, token, modifiedMs }: StoredObject): ObjectHead {
  return { token, sizeBytes: bytes.byteLength, modifiedMs };
}

function copy(source: ByteSource): Uint8Array {
  const out = new Uint8Array(byteLength(source));
  let offset = 0;
  for (const piece of source instanceof Uint8Array ? [source] : source) {
    out.set(piece, offset);
    offset += piece.byteLength;
  }
  return out;
}
