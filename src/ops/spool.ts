// Bytes on their way from one place to another, which come piece by piece and go all at once: in memory while
// they are few, else in a file of this machine that is mapped.
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NacreError } from '../errors.js';
import { fromNative } from '../native.js';
import type { ByteSource } from '../util/bytes.js';
import type { ReadEnvironment } from './environment.js';

/** Objects up to this long are held in memory by default. */
export const defaultHeldBytes = 32 * 2 ** 20;

export interface Spooled {
  readonly bytes: ByteSource;
  /** They are needed no more. */
  readonly release: () => void;
}

export class Spool {
  readonly #native: ReadEnvironment['native'];
  readonly #folder: string | undefined;
  readonly #file: FileHandle | undefined;
  readonly #held: Uint8Array[] = [];
  #length = 0;

  private constructor(native: ReadEnvironment['native'], folder?: string, file?: FileHandle) {
    this.#native = native;
    this.#folder = folder;
    this.#file = file;
  }

  /** For so many bytes, about; `heldBytes`: more than these go to a file. */
  static async open(
    { native }: Pick<ReadEnvironment, 'native'>,
    length: number,
    heldBytes = defaultHeldBytes,
  ): Promise<Spool> {
    if (length <= heldBytes) return new Spool(native);
    const folder = await mkdtemp(path.join(tmpdir(), 'nacre-object-'));
    try {
      return new Spool(native, folder, await open(path.join(folder, 'object'), 'wx', 0o600));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** The piece is the spool's from now on. */
  async write(piece: Uint8Array): Promise<void> {
    this.#length += piece.byteLength;
    if (this.#file === undefined) {
      this.#held.push(piece);
      return;
    }
    await this.#file.writeFile(piece).catch((error: unknown) => {
      throw noRoom(error, this.#folder ?? '');
    });
  }

  /** All that was written. Nothing is written after it. */
  finish(): Spooled {
    if (this.#folder === undefined) return { bytes: this.#held, release: () => undefined };
    let bytes: Uint8Array;
    try {
      bytes = this.#native.mapFile(path.join(this.#folder, 'object'), 0, this.#length);
    } catch (error) {
      throw fromNative(error);
    }
    return { bytes, release: () => this.#native.freeBuffer(bytes.buffer) };
  }

  /** Closes and removes the file: what was mapped keeps its bytes. */
  async close(): Promise<void> {
    await this.#file?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

function noRoom(cause: unknown, folder: string): NacreError {
  return new NacreError('ResourceExhausted', `an object on its way cannot be written to ${folder}`, {
    cause,
    context: { folder },
    hint: 'Free some of the disk, or name another folder with TMPDIR.',
  });
}
