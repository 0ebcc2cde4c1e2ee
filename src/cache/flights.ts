// Concurrent requests for one key share one piece of work. Each caller gets bytes of its own: who began it
// gets what it gave, the others copies. Each leaves by its own signal; the work itself is aborted when the
// last one has left.
import { type ByteSource, concat } from '../util/bytes.js';
import { abortedError, onAbort } from '../util/runtime.js';

interface Waiter {
  resolve(bytes: ByteSource): void;
  reject(error: unknown): void;
}

interface Flight {
  readonly controller: AbortController;
  readonly waiters: Set<Waiter>;
  /** Who began it. */
  starter: Waiter | undefined;
}

export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** Waits for the work under way for `key`, or for `work`, begun now. Its error goes to all who wait. */
  join<T extends ByteSource>(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | Uint8Array> {
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        flight.waiters.delete(waiter);
        reject(abortedError(signal));
        if (flight.waiters.size > 0) return;
        this.#end(key, flight);
        flight.controller.abort(signal?.reason);
      };
      const settled = onAbort(signal, leave);
      const waiter: Waiter = {
        resolve: (bytes) => (settled(), resolve(bytes as T | Uint8Array)),
        reject: (error) => (settled(), reject(error)),
      };
      flight.starter ??= waiter;
      flight.waiters.add(waiter);
    });
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<ByteSource>): Flight {
    const flight: Flight = { controller: new AbortController(), waiters: new Set(), starter: undefined };
    this.#flights.set(key, flight);
    work(flight.controller.signal).then(
      (bytes) => this.#land(key, flight, bytes),
      (error: unknown) => {
        this.#end(key, flight);
        for (const waiter of flight.waiters) waiter.reject(error);
      },
    );
    return flight;
  }

  #land(key: string, flight: Flight, bytes: ByteSource): void {
    this.#end(key, flight);
    // All copies are made before anyone runs and could write into the original.
    for (const waiter of flight.waiters) waiter.resolve(waiter === flight.starter ? bytes : copyOf(bytes));
  }

  /** Only its own entry: after the last one left, another flight may have taken the key. */
  #end(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

function copyOf(bytes: ByteSource): Uint8Array {
  const [only, ...others] = bytes instanceof Uint8Array ? [bytes] : bytes;
  return only !== undefined && others.length === 0 ? only.slice() : concat(bytes);
}
