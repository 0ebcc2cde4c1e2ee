// Which files this process has mapped, and what unlinked ones still take: the disk gives their blocks back
// only when the last mapping is gone. Mappings end when the collector frees them, so this lags, on the safe
// side; those whose readers say when they are done end at once.
import type { NativeBinding } from '../native.js';

interface MappedFile {
  readonly name: string;
  readonly sizeBytes: number;
  mappings: number;
  unlinked: boolean;
}

export class MappedFiles {
  readonly #files = new Map<string, MappedFile>();
  readonly #byBuffer = new WeakMap<ArrayBufferLike, MappedFile>();
  readonly #registry = new FinalizationRegistry<MappedFile>((file) => this.#unmapped(file));
  readonly #native: Pick<NativeBinding, 'freeBuffer'>;
  #unlinkedBytes = 0;

  constructor(native: Pick<NativeBinding, 'freeBuffer'>) {
    this.#native = native;
  }

  /** Bytes of files that are unlinked and still mapped here. */
  get unlinkedBytes(): number {
    return this.#unlinkedBytes;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** Counts one mapping of the file, until its buffer (which views of it share) is collected. */
  add(name: string, sizeBytes: number, buffer: ArrayBufferLike): void {
    const file = this.#files.get(name) ?? { name, sizeBytes, mappings: 0, unlinked: false };
    file.mappings++;
    this.#files.set(name, file);
    this.#byBuffer.set(buffer, file);
    this.#registry.register(buffer, file, buffer);
  }

  /** Ends a mapping, or frees memory that is none; nobody has it any more. */
  free(buffer: ArrayBufferLike): void {
    const file = this.#byBuffer.get(buffer);
    this.#native.freeBuffer(buffer);
    if (file === undefined) return;
    this.#byBuffer.delete(buffer);
    this.#registry.unregister(buffer);
    this.#unmapped(file);
  }

  /** The name is gone from the folder, whoever removed it. */
  unlinked(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#files.delete(name);
    file.unlinked = true;
    this.#unlinkedBytes += file.sizeBytes;
  }

  #unmapped(file: MappedFile): void {
    file.mappings--;
    if (file.mappings > 0) return;
    if (file.unlinked) this.#unlinkedBytes -= file.sizeBytes;
    else this.#files.delete(file.name);
  }
}
