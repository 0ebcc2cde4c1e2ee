// Concurrent requests for one key share one piece of work. Each caller gets bytes of its own, and each
// leaves by its own signal; the work itself is aborted when the last one has left.
import { abortedError, onAbort } from '../util/runtime.js';

interface Waiter {
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

interface Flight {
  readonly controller: AbortController;
  readonly waiters: Set<Waiter>;
}

export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** Waits for the work under way for `key`, or for `work`, begun now. Its error goes to all who wait. */
  join(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
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
        resolve: (bytes) => (settled(), resolve(bytes)),
        reject: (error) => (settled(), reject(error)),
      };
      flight.waiters.add(waiter);
    });
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Uint8Array>): Flight {
    const flight: Flight = { controller: new AbortController(), waiters: new Set() };
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

  #land(key: string, flight: Flight, bytes: Uint8Array): void {
    this.#end(key, flight);
    const [first, ...others] = flight.waiters;
    // All copies are made before anyone runs and could write into the original.
    for (const other of others) other.resolve(bytes.slice());
    first?.resolve(bytes);
  }

  /** Only its own entry: after the last one left, another flight may have taken the key. */
  #end(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
