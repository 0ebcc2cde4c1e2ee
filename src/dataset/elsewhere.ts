// Reads that the own store answered wrongly, asked of replicas: once it has failed its second read, and
// nothing before that. The root stays the one that is known, so every byte of the answer is compared with
// what that says, wherever it comes from.
import { isNacreError, NacreError } from '../errors.js';
import { throwIfAborted } from '../util/runtime.js';
import { connect, type Connected } from './connect.js';
import type { ConnectOptions, Environment } from './environment.js';
import { Snapshot } from './snapshot.js';

/** Keys of which a warning was given; a scan over a lost disk would warn without end. */
const mostWarned = 1_000;

export class Elsewhere {
  readonly #home: Environment;
  readonly #uris: readonly string[];
  readonly #options: ConnectOptions;
  readonly #opened = new Map<string, Promise<Connected>>();
  readonly #warned = new Set<string>();

  /** `options`: those that the dataset was opened with. */
  constructor(home: Environment, uris: readonly string[], options: ConnectOptions) {
    this.#home = home;
    this.#uris = uris;
    this.#options = options;
  }

  /** What a replica answers; throws `cause`, which the own store ended with, where none can. */
  async read<T>(
    snapshot: Snapshot,
    work: (snapshot: Snapshot) => Promise<T>,
    cause: NacreError,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    for (const uri of this.#uris) {
      throwIfAborted(signal);
      try {
        const { environment } = await this.#open(uri);
        const result = await work(new Snapshot(environment, snapshot.loaded));
        this.#home.meter.answeredElsewhere();
        this.#warn(uri, cause);
        return result;
      } catch (error) {
        throwIfAborted(signal);
        // What is no trouble of the replica's is the answer.
        if (!isNacreError(error) || !troubles.has(error.code)) throw error;
      }
    }
    throw cause;
  }

  #open(uri: string): Promise<Connected> {
    const known = this.#opened.get(uri);
    if (known !== undefined) return known;
    // A signal of the caller that came first is not that of all others.
    const { signal: _, ...options } = this.#options;
    const opening = connect(uri, options).catch((error: unknown) => {
      this.#opened.delete(uri);
      throw error;
    });
    this.#opened.set(uri, opening);
    return opening;
  }

  #warn(uri: string, cause: NacreError): void {
    const key = String(cause.context['key'] ?? '');
    if (this.#warned.has(key) || this.#warned.size >= mostWarned) return;
    this.#warned.add(key);
    const message = `${cause.message}; a read was answered from ${uri}`;
    this.#options.onWarning?.(
      new NacreError('Corrupt', message, {
        cause,
        context: { ...cause.context, replica: uri },
        hint: 'Run `nacre repair`: it puts the same bytes back.',
      }),
    );
  }

  async close(): Promise<void> {
    for (const opening of this.#opened.values()) {
      const opened = await opening.catch(() => undefined);
      await opened?.close();
    }
    this.#opened.clear();
  }
}

const troubles: ReadonlySet<string> = new Set(['Corrupt', 'NotFound', 'Unavailable', 'PermissionDenied']);
