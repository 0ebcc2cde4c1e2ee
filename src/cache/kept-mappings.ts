// Mappings of checked files that are kept for the next reader: mapping a file, and touching its pages for the
// first time, takes longer than scanning it. They are lent to readers who do not write, and who say what they
// read.
//
// One that is no longer kept ends as soon as its last reader is done.
import { LRUCache } from 'lru-cache';
import type { LentPage } from './lent.js';
import type { KeptMapping, Residency } from './residency.js';

interface Kept {
  /** Of the file when its bytes were checked. */
  readonly identity: string;
  readonly mapping: KeptMapping;
  readers: number;
  dropped: boolean;
}

/** A mapping takes no memory by itself; their number is bounded by the system. */
const keptFiles = 1_024;

export class KeptMappings {
  /** The largest file that is kept, and all of them together. */
  readonly mostBytes: number;
  readonly #kept: LRUCache<string, Kept>;
  readonly #residency: Residency;
  readonly #free: (buffer: ArrayBufferLike) => void;

  /** Keeps files of `mostBytes` together; 0 keeps none. `free` ends a mapping. */
  constructor(mostBytes: number, residency: Residency, free: (buffer: ArrayBufferLike) => void) {
    this.mostBytes = mostBytes;
    this.#residency = residency;
    this.#free = free;
    this.#kept = new LRUCache({
      max: keptFiles,
      maxSize: Math.max(1, mostBytes),
      sizeCalculation: ({ mapping }) => mapping.bytes.byteLength,
      dispose: (kept) => this.#drop(kept),
    });
  }

  /** Keeps a mapping that nobody else has, of the file as it stood when it was checked. */
  keep(name: string, identity: string, bytes: Uint8Array): LentPage {
    const kept = { identity, mapping: this.#residency.add(bytes), readers: 0, dropped: false };
    const lent = this.#lend(kept);
    this.#kept.set(name, kept);
    return lent;
  }

  /** The mapping that is kept of the file, if that still stands as it did. */
  lend(name: string, identity: string): LentPage | undefined {
    const kept = this.#kept.get(name);
    return kept?.identity === identity ? this.#lend(kept) : undefined;
  }

  drop(name: string): void {
    this.#kept.delete(name);
  }

  /** Drops all. */
  clear(): void {
    this.#kept.clear();
  }

  #lend(kept: Kept): LentPage {
    const { mapping } = kept;
    const residency = this.#residency;
    let reads = true;
    kept.readers++;
    return {
      bytes: mapping.bytes,
      touch: (start, end) => residency.touch(mapping, start, end),
      touchRows: (offset, rowBytes, rows) => residency.touchRows(mapping, offset, rowBytes, rows),
      done: () => {
        if (reads) kept.readers--;
        reads = false;
        // Of what does not fit, what was touched is not all counted.
        if (kept.readers === 0 && !residency.fits(mapping)) residency.drop(mapping);
        this.#end(kept);
      },
    };
  }

  #drop(kept: Kept): void {
    kept.dropped = true;
    this.#residency.drop(kept.mapping);
    this.#end(kept);
  }

  #end({ mapping, readers, dropped }: Kept): void {
    if (dropped && readers === 0) this.#free(mapping.bytes.buffer);
  }
}
