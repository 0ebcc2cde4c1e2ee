// What a process has under way, and what it holds: counted where it goes through the simulation, so that at
// its end it can be told what is left. Nothing here depends on a collector of garbage.
import { getEventListeners } from 'node:events';
import PQueue from 'p-queue';

/** What is left of a process that has nothing more to do; all of it should be 0. */
export interface Left {
  /** Timers of its runtime that are yet to fire. */
  readonly timers: number;
  /** Requests that were sent and not answered. */
  readonly requests: number;
  /** Places of queues for requests that are taken, and calls that wait for one. */
  readonly places: number;
  /** Listeners of signals: those that callers gave, and those that were made of them. */
  readonly listeners: number;
  /** Stores that were opened for handles, and are not closed. */
  readonly stores: number;
}

export class Holdings {
  timers = 0;
  requests = 0;
  stores = 0;
  /** Requests sent so far. */
  sent = 0;
  /**
   * When a fault was last under way, or a call last failed: what was sent beside that may end a while after
   * it, by itself.
   */
  troubledMs = Number.NEGATIVE_INFINITY;
  readonly #signals = new Set<AbortSignal>();
  readonly #queues = new Set<PQueue>();

  /** A request leaves; `signal` is what it was given. */
  send(signal: AbortSignal | undefined): void {
    this.sent += 1;
    this.requests += 1;
    this.watch(signal);
    for (const queue of running) this.#queues.add(queue);
  }

  /** Something waits for it. */
  watch(signal: AbortSignal | undefined): void {
    if (signal !== undefined) this.#signals.add(signal);
  }

  left(): Left {
    const { timers, requests, stores } = this;
    let [places, listeners] = [0, 0];
    for (const queue of this.#queues) places += queue.pending + queue.size;
    for (const signal of this.#signals) listeners += getEventListeners(signal, 'abort').length;
    return { timers, requests, places, listeners, stores };
  }
}

/** Queues whose task is being begun: what it sends at once goes by a place of theirs. */
const running: PQueue[] = [];

type Add = (this: PQueue, task: (options: object) => unknown, options?: object) => Promise<unknown>;

const queues = PQueue.prototype as unknown as { add: Add };
const { add } = queues;
queues.add = function (this: PQueue, task, options) {
  const noted = (given: object): unknown => {
    running.push(this);
    try {
      return task(given);
    } finally {
      running.pop();
    }
  };
  return add.call(this, noted, options);
};
