// Small files by which a process takes up long work that another one left: what of it is done already.
//
//   <folder>/builds/<64 hex>.journal   BLAKE3 of the name and the body, then the body
//   <folder>/builds/<64 hex>.tmp       a journal being written; renamed when it is complete and on the disk
//   <folder>/builds/<64 hex>.lock      locked (flock) by the process whose work it is
//
// Builds of indexes have the folder `builds`, scrubs `scrubs`: what a scrub notes outlives it.
//
// The lock goes with its process, however that ends, so whoever comes next has it, and never two. What is
// damaged counts as nothing. Trouble of the disk fails no work: it is told once, and the work is not noted.
import { constants, unlinkSync } from 'node:fs';
import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isNacreError, NacreError } from '../errors.js';
import type { FileLock } from '../native/files.js';
import { writePieces } from '../storage/local/pieces.js';
import { concat, equalBytes, utf8 } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';
import { isOurs, makeFolders } from './page-folder.js';
import { diskTrouble, isMissing } from './trouble.js';

const hashBytes = 32;

/** Nothing larger is read: what a build notes is some MiB. */
const largestBytes = 256 * 2 ** 20;

const dayMs = 24 * 60 * 60 * 1000;

/** A folder of notes, and for how long nobody may come back before a note is taken away. */
export interface JournalKind {
  readonly folder: string;
  readonly staleMs: number;
}

export const buildJournals: JournalKind = { folder: 'builds', staleMs: dayMs };

/** What was verified when is of use for as long as somebody may ask. */
export const scrubJournals: JournalKind = { folder: 'scrubs', staleMs: 400 * dayMs };

export interface JournalsOptions {
  readonly native: {
    blake3(bytes: Uint8Array): Uint8Array;
    tryLockFile(file: string): FileLock | null;
  };
  readonly runtime: Pick<Runtime, 'now'>;
  readonly onWarning: ((warning: NacreError) => void) | undefined;
}

export class Journals {
  readonly #folder: () => string | undefined;
  readonly #options: JournalsOptions;
  readonly #kind: JournalKind;

  /** `folder` is that of the cache, asked for when it is needed; undefined for none. */
  constructor(folder: () => string | undefined, options: JournalsOptions, kind = buildJournals) {
    this.#folder = folder;
    this.#options = options;
    this.#kind = kind;
  }

  /**
   * The journal of a piece of work, whose name has 64 hexadecimal digits, for the caller alone until it lets
   * go. Undefined where somebody else has it, or none can be kept.
   */
  async claim(name: string): Promise<Journal | undefined> {
    const journal = await this.claimOrTell(name);
    return journal === 'held' ? undefined : journal;
  }

  /** The same, telling where somebody else has it from where none can be kept. */
  async claimOrTell(name: string): Promise<Journal | 'held' | undefined> {
    const folder = this.#folder();
    if (folder === undefined) return undefined;
    const { folder: inner } = this.#kind;
    const home = path.join(folder, inner);
    try {
      if (!isOurs(folder, inner)) {
        await makeFolders(home);
        if (!isOurs(folder, inner)) return undefined;
      }
      await this.#sweep(home);
      const lock = this.#options.native.tryLockFile(path.join(home, `${name}.lock`));
      return lock === null ? 'held' : new Journal(home, name, lock, this.#options);
    } catch (error) {
      this.#options.onWarning?.(trouble(error, home));
      return undefined;
    }
  }

  /** What was written last, whoever has it now; undefined where there is nothing, or it is damaged. */
  async look(name: string): Promise<Uint8Array | undefined> {
    const folder = this.#folder();
    if (folder === undefined || !isOurs(folder, this.#kind.folder)) return undefined;
    const file = path.join(folder, this.#kind.folder, `${name}.journal`);
    return readBody(file, name, this.#options).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw diskTrouble(error, file, 'read');
    });
  }

  /** Takes away what nobody came back for. */
  async #sweep(home: string): Promise<void> {
    const newest = new Map<string, number>();
    for (const file of await readdir(home)) {
      const [, name] = /^([0-9a-f]{64})\.(?:journal|lock|tmp)$/.exec(file) ?? [];
      if (name === undefined) continue;
      const { mtimeMs } = await stat(path.join(home, file)).catch(() => ({ mtimeMs: 0 }));
      newest.set(name, Math.max(newest.get(name) ?? 0, mtimeMs));
    }
    for (const [name, changedMs] of newest) {
      if (this.#options.runtime.now() - changedMs < this.#kind.staleMs) continue;
      const lock = this.#options.native.tryLockFile(path.join(home, `${name}.lock`));
      if (lock !== null) await new Journal(home, name, lock, this.#options).remove();
    }
  }
}

/** What is noted of one piece of work, by the one process that is at it. */
export class Journal {
  readonly #home: string;
  readonly #name: string;
  readonly #lock: FileLock;
  readonly #options: JournalsOptions;
  #canWrite = true;
  /** Whether there is something to be taken up. */
  #isNoted = false;
  #isReleased = false;

  constructor(home: string, name: string, lock: FileLock, options: JournalsOptions) {
    this.#home = home;
    this.#name = name;
    this.#lock = lock;
    this.#options = options;
  }

  /** What was written last; undefined where there is nothing, or where it is damaged, which is told. */
  async read(): Promise<Uint8Array | undefined> {
    const file = this.#path('journal');
    try {
      const body = await readBody(file, this.#name, this.#options);
      if (body !== undefined) {
        this.#isNoted = true;
        return body;
      }
    } catch (error) {
      if (!isMissing(error)) this.#warn(trouble(error, this.#home));
      return undefined;
    }
    this.#warn(
      new NacreError('Corrupt', `${file} is damaged: what it notes begins anew`, { context: { file } }),
    );
    return undefined;
  }

  /** Resolves when it is on the disk; where that has no room, nothing more is written. */
  async write(body: Uint8Array): Promise<void> {
    if (!this.#canWrite) return;
    const temporary = this.#path('tmp');
    try {
      const handle = await open(temporary, 'w', 0o600);
      try {
        await writePieces(handle, [hashOf(this.#name, body, this.#options), body]);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.#path('journal'));
      this.#isNoted = true;
    } catch (error) {
      this.#warn(trouble(error, this.#home));
      // What was written before is still true.
      this.#canWrite = false;
    }
  }

  /** The work is done: nobody takes it up. */
  async remove(): Promise<void> {
    for (const kind of ['journal', 'tmp'] as const) {
      await unlink(this.#path(kind)).catch((error: unknown) => {
        if (!isMissing(error)) this.#warn(trouble(error, this.#home));
      });
    }
    this.#isNoted = false;
    this.release();
  }

  /** The work is left; who comes next takes it up. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#canWrite = false;
    try {
      // While it is held: who opened it before locks a file without a name, and sees that.
      if (!this.#isNoted) unlinkSync(this.#path('lock'));
    } catch {
      // It is empty, and swept away later.
    }
    this.#lock.release();
  }

  #path(kind: 'journal' | 'tmp' | 'lock'): string {
    return path.join(this.#home, `${this.#name}.${kind}`);
  }

  #warn(warning: NacreError): void {
    this.#options.onWarning?.(warning);
  }
}

/** Undefined for what is damaged. */
async function readBody(
  file: string,
  name: string,
  options: JournalsOptions,
): Promise<Uint8Array | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    const bytes = size > largestBytes ? new Uint8Array(0) : await handle.readFile();
    const body = bytes.subarray(hashBytes);
    return equalBytes(hashOf(name, body, options), bytes.subarray(0, hashBytes)) ? body : undefined;
  } finally {
    await handle.close();
  }
}

function hashOf(name: string, body: Uint8Array, { native }: JournalsOptions): Uint8Array {
  return native.blake3(concat([utf8.encode(name), body]));
}

function trouble(error: unknown, folder: string): NacreError {
  const cause = isNacreError(error) ? error : diskTrouble(error, folder, 'written');
  const { code, hint } = cause;
  return new NacreError(code, `${folder} cannot be used: work that is interrupted begins anew`, {
    cause,
    context: { folder },
    ...(hint === undefined ? {} : { hint }),
  });
}
