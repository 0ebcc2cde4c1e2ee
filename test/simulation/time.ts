// Virtual time: everything that happens in a simulation is an event with a time, and nothing else moves the
// clock. Equal times follow the order in which they were scheduled, so a seed gives one history.
interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => Promise<void> | void;
}

/** Before nothing is left to be done, there are so many turns of the event loop more. */
const lastTurns = 8;

/**
 * Runs all that waits for promises and ticks now, and what comes of that. A turn of the event loop for each
 * event would do the same, for a tenth of the time of a simulation. Not from within such a queue.
 */
const drain = (process as unknown as { readonly _tickCallback: () => void })._tickCallback.bind(process);

/** In a turn of the event loop of its own, outside of all such queues. */
function inTurn<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}

/** What became of a number of events. */
interface Burst {
  readonly ran: boolean;
  readonly stopped: boolean;
  /** What the last of them has to wait for, outside of virtual time. */
  readonly work?: Promise<void>;
}

export class VirtualTime {
  /** A heap: the earliest event first. */
  readonly #events: Event[] = [];
  #now = 0;
  #order = 0;

  /** Milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  schedule(delayMs: number, run: () => Promise<void> | void): void {
    const event = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run };
    const heap = this.#events;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(event, heap[above] as Event)) break;
      heap[place] = heap[above] as Event;
      place = above;
    }
    heap[place] = event;
  }

  /** Runs events in their order until there is none, or none before `untilMs`, or `stop` says so. */
  async run(untilMs: number, stop: () => boolean = () => false): Promise<void> {
    for (let idle = 0; idle <= lastTurns; ) {
      const { ran, stopped, work } = await inTurn(() => this.#burst(untilMs, stop));
      if (stopped) return;
      await work;
      idle = ran ? 0 : idle + 1;
    }
  }

  /** One after the other; whatever each started has run until it waits for another one, or for a turn. */
  #burst(untilMs: number, stop: () => boolean): Burst {
    for (let ran = false; ; ran = true) {
      const next = this.#events[0];
      if (next === undefined || next.at > untilMs) return { ran, stopped: false };
      if (stop()) return { ran, stopped: true };
      this.#take();
      this.#now = next.at;
      const work = next.run();
      if (work !== undefined) return { ran: true, stopped: false, work };
      drain();
    }
  }

  #take(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Event, heap[below] as Event)) below += 1;
      if (!isBefore(heap[below] as Event, last)) break;
      heap[place] = heap[below] as Event;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
