// What the binary has for files: locks, mappings, reads that are checked on the way, writes that are hashed.
import type { ObjectDigest } from '../native.js';

/** An exclusive lock on a file, held until released or until the process ends. */
export interface FileLock {
  release(): void;
}

/** A file as it was when it was opened. */
export interface FileWatch {
  /** False for one that was written to, cut or replaced since. About 0.6 µs. */
  isSame(): boolean;
}

/** Writes one object into a file, by all threads of the pool, which make its digests on the way. */
export interface ObjectFileWriter {
  /**
   * `parts` one after the other, from the beginning of the file; nobody changes them before the promise
   * settles. Once it has, nothing of it runs any more.
   */
  write(parts: readonly Uint8Array[]): Promise<ObjectDigest>;
  /** Ends it within 2 MiB a thread, as `Aborted`. */
  cancel(): void;
}

/** A file without a name, for what is worked on; it is gone with the process. */
export interface ScratchFile {
  /**
   * The bytes `[offset, offset + length)`, shared with all other mappings of the file, unmapped when
   * collected. Room on the disk is taken first: `ResourceExhausted` where there is none.
   */
  map(offset: number, length: number): Uint8Array;
}

export interface FileBinding {
  /** For an empty file that is there; `blockBytes` as for `digestObject`. */
  createObjectFileWriter(path: string, blockBytes: number): ObjectFileWriter;
  /**
   * A sparse file of `bytes` zeros: in memory, of which a page is taken when it is first touched (on Linux;
   * elsewhere on the disk), or made at `path` and taken out of its folder at once.
   */
  createScratchFile(path: string, bytes: number, inMemory: boolean): ScratchFile;
  /** Waits for an exclusive lock (flock) on `path`, made if missing; off the event loop. */
  lockFile(path: string): Promise<FileLock>;
  /** The same without waiting: null where another handle, of this process or another, holds it. */
  tryLockFile(path: string): FileLock | null;
  /**
   * A private copy-on-write mapping of `[offset, offset + length)`, unmapped when collected. Fails with
   * `Corrupt` when the file is shorter. Each call is a mapping of its own.
   */
  mapFile(path: string, offset: number, length: number): Uint8Array;
  /** Keeps a file open for as long as what it gives is there. */
  watchFile(path: string): FileWatch;
  /** One look at all of them, 0.3 µs for each. */
  watchTogether(watches: readonly FileWatch[]): FileWatch;
  /**
   * Reads blocks of the file from `position` on, one for each checksum, and puts their bytes from byte
   * `skip` on into `target`, each block checked on the way, by all threads of the pool. Index of the first
   * block whose CRC32C differs, or -1. Until the promise settles, nobody else touches the target.
   */
  readBlocks(
    path: string,
    position: number,
    blockBytes: number,
    expected: Uint32Array,
    skip: number,
    target: Uint8Array,
  ): Promise<number>;
  /**
   * Takes the pages of part of a mapping out of memory: they come from the file again when they are next
   * touched, and what was written to them is lost. `InvalidArgument` for bytes of no mapping.
   */
  givePagesBack(bytes: Uint8Array): void;
  /**
   * Brings part of a mapping into memory, off the event loop. `Corrupt` when the file was cut since, where
   * touching the bytes would end the process.
   */
  fetchPages(bytes: Uint8Array): Promise<void>;
}
