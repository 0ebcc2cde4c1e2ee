// Virtual time: everything that happens in a simulation is an event with a time, and nothing else moves the
// clock. Equal times follow the order in which they were scheduled, so a seed gives one history.
interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => Promise<void> | void;
}

/** A turn of the event loop: whatever an event started has run until it waits for another one, or a turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Before nothing is left to be done, there are so many more. */
const lastTurns = 8;

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
    await settle();
    for (;;) {
      const next = await this.#next(untilMs);
      if (next === undefined || stop()) return;
      this.#take();
      this.#now = next.at;
      await next.run();
      await settle();
    }
  }

  async #next(untilMs: number): Promise<Event | undefined> {
    for (let turn = 0; ; turn++) {
      const next = this.#events[0];
      if (next !== undefined && next.at <= untilMs) return next;
      if (turn === lastTurns) return undefined;
      await settle();
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
