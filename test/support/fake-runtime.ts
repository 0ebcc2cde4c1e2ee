// A Runtime of virtual time and seeded randomness: the same seed gives the same history, to the bit, and a
// sleep costs no real time. By itself, time jumps to the next sleeper as soon as nothing else can go on;
// this sees only work that runs on microtasks (stores in memory), so whoever waits for files or sockets
// moves time by hand.
import { setImmediate } from 'node:timers/promises';
import { abortedError, type Runtime, throwIfAborted } from '../../src/util/runtime.js';

export interface FakeRuntimeOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Wall clock at the start. Default 2026-01-01T00:00:00Z. */
  readonly startMs?: number;
  /**
   * `idle`: time moves when nothing else can. `hand`: only by {@link FakeRuntime.advance}. Default `idle`.
   */
  readonly advance?: 'idle' | 'hand';
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class FakeRuntime implements Runtime {
  readonly #draw: () => number;
  readonly #startMs: number;
  readonly #byItself: boolean;
  /** Ascending by time; equal times in the order in which they fell asleep. */
  readonly #sleepers: Sleeper[] = [];
  #elapsedMs = 0;
  #stepping = false;

  constructor(options: FakeRuntimeOptions = {}) {
    this.#draw = seededRandom(options.seed ?? 1);
    this.#startMs = options.startMs ?? Date.UTC(2026, 0, 1);
    this.#byItself = options.advance !== 'hand';
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  random(): number {
    return this.#draw();
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#draw() * 256));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const sleeper = {
        at: this.#elapsedMs + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(abortedError(signal));
      };
      signal?.addEventListener('abort', abort, { once: true });
      const later = this.#sleepers.findIndex((other) => other.at > sleeper.at);
      this.#sleepers.splice(later < 0 ? this.#sleepers.length : later, 0, sleeper);
      if (this.#byItself) void this.#stepWhileIdle();
    });
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves time on, waking sleepers in order, and lets all that they start run until it sleeps or ends. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await setImmediate();
    for (let next = this.#sleepers[0]; next !== undefined && next.at <= until; next = this.#sleepers[0])
      await this.#wakeFirst();
    this.#elapsedMs = Math.max(this.#elapsedMs, until);
  }

  /**
   * Another process: the same time, randomness of its own, and a wall clock that is wrong by `skewMs`
   * (which may be changed).
   */
  process(seed: number, clock: { skewMs: number } = { skewMs: 0 }): Runtime {
    const draw = seededRandom(seed);
    return {
      now: () => this.now() + clock.skewMs,
      monotonic: () => this.monotonic(),
      random: draw,
      randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)),
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
  }

  async #stepWhileIdle(): Promise<void> {
    if (this.#stepping) return;
    this.#stepping = true;
    await setImmediate();
    while (this.#sleepers.length > 0) await this.#wakeFirst();
    this.#stepping = false;
  }

  async #wakeFirst(): Promise<void> {
    const sleeper = this.#sleepers.shift();
    if (sleeper === undefined) return;
    this.#elapsedMs = Math.max(this.#elapsedMs, sleeper.at);
    sleeper.wake();
    // A turn of the event loop: every microtask that follows from the waking has run.
    await setImmediate();
  }
}

/** Numbers in [0, 1) from a seed: a Weyl sequence through a 32-bit mixer, as in SplitMix. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
