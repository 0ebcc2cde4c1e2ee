// Partitions of a folder, mapped where they lie: no copy, no cache.
//
// A file is mapped once per process and state (inode, size, time); each of its blocks is checked on first
// use. Before every read the file must be as it was when it was mapped. Who truncates a partition while it
// is being read, by hand, can still end the process with SIGBUS in that moment: nothing in Nacre ever
// truncates one.
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { isNacreError, NacreError } from '../errors.js';
import { fromNative, type NativeBinding } from '../native.js';
import type { LocalStore } from '../storage/local.js';
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { throwIfAborted } from '../util/runtime.js';
import type { Pages } from './pages.js';
import type { Part } from './row-map.js';

/** Files kept mapped at once; a mapping costs address space, not memory. */
const mappedFiles = 1_024;

interface Mapped {
  readonly bytes: Uint8Array;
  readonly state: string;
  readonly checked: Uint8Array;
}

export class MappedPages implements Pages {
  readonly #store: LocalStore;
  readonly #native: NativeBinding;
  readonly #mapped = new LRUCache<string, Mapped>({ max: mappedFiles });

  constructor(store: LocalStore, native: NativeBinding) {
    this.#store = store;
    this.#native = native;
  }

  async read(part: Part, ranges: readonly ByteRange[], { signal }: CallOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(signal);
    const mapped = await this.#map(part);
    for (const range of ranges) await this.#check(part, mapped, range);
    return ranges.map(({ start, end }) => mapped.bytes.subarray(start, end));
  }

  async readInto(part: Part, range: ByteRange, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    const [bytes] = await this.read(part, [range], options);
    target.set(defined(bytes, 'range'));
  }

  async whole(part: Part, options: CallOptions = {}): Promise<Uint8Array> {
    const [bytes] = await this.read(part, [{ start: 0, end: part.object.sizeBytes }], options);
    return defined(bytes, 'the whole object');
  }

  async #map(part: Part): Promise<Mapped> {
    const { key, sizeBytes, blockBytes } = part.object;
    const path = this.#store.localPath(key);
    const found = await stat(path).catch((error: unknown) => {
      throw damage(key, 'is missing', 'missing', error);
    });
    if (found.size !== sizeBytes)
      throw damage(key, `has ${found.size} bytes, the manifest says ${sizeBytes}`, 'size');
    const state = stateOf(found);
    const known = this.#mapped.get(key);
    if (known?.state === state) return known;
    try {
      const bytes = this.#native.mapFile(path, 0, sizeBytes);
      const mapped = { bytes, state, checked: new Uint8Array(Math.ceil(sizeBytes / blockBytes)) };
      this.#mapped.set(key, mapped);
      return mapped;
    } catch (error) {
      throw fromNative(error);
    }
  }

  async #check(part: Part, mapped: Mapped, range: ByteRange): Promise<void> {
    const { key, blockBytes } = part.object;
    const last = Math.ceil(range.end / blockBytes);
    let sums: Uint32Array | undefined;
    for (let block = Math.floor(range.start / blockBytes); block < last; ) {
      if (mapped.checked[block] === 1) {
        block++;
        continue;
      }
      let end = block + 1;
      while (end < last && mapped.checked[end] === 0) end++;
      sums ??= await part.sums();
      const bytes = mapped.bytes.subarray(block * blockBytes, end * blockBytes);
      const bad = await this.#native
        .verifyBlocks(bytes, blockBytes, sums.subarray(block, end))
        .catch((error: unknown) => {
          throw fromNative(error);
        });
      if (bad >= 0) throw damage(key, `is damaged in block ${block + bad}`, 'block');
      mapped.checked.fill(1, block, end);
      block = end;
    }
  }
}

function stateOf(found: Stats): string {
  return `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
}

function damage(key: string, what: string, kind: string, cause?: unknown): NacreError {
  if (isNacreError(cause)) return cause;
  return new NacreError('Corrupt', `${key} ${what}`, {
    cause,
    context: { key, damage: kind },
    hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
  });
}
