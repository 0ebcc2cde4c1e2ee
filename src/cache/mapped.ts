// Which files this process has mapped, and what unlinked ones still take: the disk gives their blocks back
// only when the last mapping is gone. Mappings end when the collector frees them, so this lags, on the safe
// side.

interface MappedFile {
  readonly name: string;
  readonly sizeBytes: number;
  mappings: number;
  unlinked: boolean;
}

export class MappedFiles {
  readonly #files = new Map<string, MappedFile>();
  readonly #registry = new FinalizationRegistry<MappedFile>((file) => this.#unmapped(file));
  #unlinkedBytes = 0;

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
    this.#registry.register(buffer, file);
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
