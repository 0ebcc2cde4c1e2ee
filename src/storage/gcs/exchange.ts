// One call's hold on the connection that the library opens for it. The library lends nobody its requests:
// none can be aborted or timed by progress (teeny-request 9, src/index.ts, makes each without a signal), and
// an answer that the peer ends early never ends (node-fetch 2 pipes it on, but not its failure). Node tells
// of each request in the async context of the call that makes it, so that a call finds its own.
//
// Node before 22.12 tells of a request when its body has been handed over. An upload given up before that
// fails at once too, while its connection stays until the server ends it or `uploadTimeoutMs` does.
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { NacreError } from '../../errors.js';
import { abortedError, onAbort, type Runtime, throwIfAborted } from '../../util/runtime.js';
import { wrongLength } from '../http-body.js';

const current = new AsyncLocalStorage<Exchange>();
const tell = (message: unknown): void =>
  current.getStore()?.began((message as { readonly request: ClientRequest }).request);
subscribe('http.client.request.created', tell);
subscribe('http.client.request.start', tell);

/** Uploads slower than this on the whole are not waited for. */
const slowestBytesPerSecond = 16 * 1024;

/** When the library ends a request of its own accord: late, since it does not ask for progress. */
export function uploadTimeoutMs(bytes: number, stallMs: number): number {
  return Math.min(2 * stallMs + Math.ceil((bytes / slowestBytesPerSecond) * 1000), 2 ** 31 - 1);
}

export interface ExchangeOptions {
  readonly runtime: Runtime;
  /** For messages: what is read or written. */
  readonly uri: string;
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
  /** Sees the headers of the answer. */
  readonly observe: (headers: IncomingMessage['headers']) => void;
}

interface Destroyable {
  on(event: 'error', listener: () => void): unknown;
  destroy(error: Error): unknown;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #requests = new Set<ClientRequest>();
  readonly #over = new AbortController();
  readonly #failure: Promise<never>;
  #reject: (error: Error) => void = () => {};
  #stream: Destroyable | undefined;
  #stepsSent = 0;
  #failed = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#failure = new Promise((_, reject) => {
      this.#reject = reject;
    });
  }

  /** Does `work`, with the library's requests in it ended when it fails, is aborted or stalls. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    const ended = onAbort(signal, () => this.#fail(abortedError(signal)));
    const watch = this.#watch();
    try {
      return await Promise.race([current.run(this, work), this.#failure]);
    } catch (error) {
      this.#failed = true;
      for (const request of this.#requests) request.destroy();
      throw error;
    } finally {
      ended();
      this.#over.abort();
      await watch;
      this.#requests.clear();
      this.#stream = undefined;
    }
  }

  /** Destroys `stream`, too, on failure. */
  holds<S extends Destroyable>(stream: S): S {
    stream.on('error', () => {});
    this.#stream = stream;
    return stream;
  }

  /** Part of a body went out. */
  readonly moved = (): void => {
    this.#stepsSent++;
  };

  began(request: ClientRequest): void {
    if (this.#requests.has(request)) return;
    this.#requests.add(request);
    if (this.#failed) {
      request.destroy();
      return;
    }
    request.once('response', (answer) => this.#answered(answer));
  }

  #answered(answer: IncomingMessage): void {
    const { observe, uri } = this.#options;
    observe(answer.headers);
    let received = 0;
    answer.on('data', (chunk: Uint8Array) => {
      received += chunk.byteLength;
    });
    answer.once('close', () => {
      if (answer.complete) return;
      const announced = answer.headers['content-length'];
      this.#fail(
        announced === undefined
          ? new NacreError('Unavailable', `the answer for ${uri} was cut before its end`)
          : wrongLength('truncated', uri, received, Number(announced)),
      );
    });
  }

  async #watch(): Promise<void> {
    const { runtime, stallMs } = this.#options;
    const looks = 4;
    try {
      let seen = this.#progress();
      for (let still = 0; still < looks; ) {
        await runtime.sleep(stallMs / looks, this.#over.signal);
        const now = this.#progress();
        still = now === seen ? still + 1 : 0;
        seen = now;
      }
    } catch {
      return;
    }
    this.#fail(Object.assign(new Error(`no byte moved for ${stallMs} ms`), { name: 'TimeoutError' }));
  }

  /** A number that grows whenever bytes move, either way. */
  #progress(): number {
    let moved = this.#stepsSent;
    for (const { socket } of this.#requests) {
      if (socket) moved += socket.bytesRead + socket.bytesWritten - socket.writableLength;
    }
    return moved;
  }

  #fail(error: Error): void {
    this.#reject(error);
    this.#stream?.destroy(error);
  }
}
