// Moves the hint behind a handle's commits: never in anybody's way, at most once a second, forward only.
import { isNacreError } from '../errors.js';
import type { ObjectStore, StateToken } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';
import type { ManifestFunctions } from './functions.js';
import { readHint, writeHint } from './hint.js';
import { rootKey } from './keys.js';
import { getFrame } from './read-checked.js';
import type { LoadedRoot } from './root.js';

/**
 * Writes of the hint are at least this far apart, milliseconds: stores limit how often one key may change.
 */
const intervalMs = 1_000;

export class HintKeeper {
  readonly #store: ObjectStore;
  readonly #functions: ManifestFunctions;
  readonly #runtime: Runtime;
  readonly #opened: LoadedRoot;
  #token: StateToken | undefined;
  #written: number;
  #wanted: LoadedRoot | undefined;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  /**
   * `opened` is the root that the handle began with, `token` the hint's state when it was read, `version`
   * the one it named, 0 when it cannot be used.
   */
  constructor(
    store: ObjectStore,
    functions: ManifestFunctions,
    runtime: Runtime,
    opened: LoadedRoot,
    token: StateToken | undefined,
    version: number,
  ) {
    this.#store = store;
    this.#functions = functions;
    this.#runtime = runtime;
    this.#opened = opened;
    this.#token = token;
    this.#written = version;
  }

  /** There is a newer head. */
  note(head: LoadedRoot): void {
    if (head.root.version <= this.#written) return;
    this.#wanted = head;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#wanted !== undefined) {
      const wait = this.#lastWriteMs + intervalMs - this.#runtime.monotonic();
      if (wait > 0) {
        // close() cuts the wait short: the last head is written at once.
        await this.#runtime.sleep(wait, this.#stop.signal).catch(() => undefined);
      }
      const head = this.#wanted;
      this.#wanted = undefined;
      this.#lastWriteMs = this.#runtime.monotonic();
      try {
        await this.#write(head);
      } catch {
        // The hint decides nothing; a reader finds the head without it, a little slower.
      }
    }
  }

  async #write(head: LoadedRoot): Promise<void> {
    const options = { background: true } as const;
    if (this.#token === undefined && !(await this.#standsHere())) {
      this.#written = Number.POSITIVE_INFINITY;
      return;
    }
    const token = await writeHint(this.#store, head, this.#token, this.#functions, options);
    if (token !== undefined) {
      this.#token = token;
      this.#written = head.root.version;
      return;
    }
    // Refused: another writer moved it. Learn where it stands, for the next time; this one is dropped.
    const state = await readHint(this.#store, this.#functions, options).catch((error: unknown) => {
      if (isNacreError(error)) return undefined;
      throw error;
    });
    this.#token = state?.token;
    const named = state?.head?.root;
    const another = named !== undefined && !equalBytes(named.dataset, head.root.dataset);
    const wentBack = named !== undefined && named.version < this.#written;
    if (another || wentBack) {
      // Another dataset was made here since, or this one was put back to an earlier state: late commits to
      // what was here before must not draw readers back to it.
      this.#written = Number.POSITIVE_INFINITY;
    } else {
      this.#written = state?.problem === undefined ? (named?.version ?? 0) : 0;
    }
  }

  /** Where there is no hint, another dataset may be in the making: what the handle began with tells. */
  async #standsHere(): Promise<boolean> {
    const key = rootKey(this.#opened.root.version);
    const found = await getFrame((call) => this.#store.get(key, call), 'root', { background: true });
    return found !== undefined && equalBytes(this.#functions.blake3(found.bytes), this.#opened.hash);
  }

  /** Writes what is due and waits for it, up to `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#stop.abort();
    if (this.#running === undefined) return;
    const done = new AbortController();
    const patience = this.#runtime.sleep(timeoutMs, done.signal).catch(() => undefined);
    await Promise.race([this.#running, patience]);
    // A timer that is left would keep the process alive.
    done.abort();
  }
}
