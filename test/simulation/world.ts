// One simulated world: a bucket, a clock, and processes that come, go and crash. Everything in it is drawn
// from its seed; what happens is folded into a hash, so that two runs of a seed can be compared.
import type { Dataset } from '../../src/dataset/dataset.js';
import { openStoreDataset, type OpenOptions } from '../../src/dataset/open.js';
import { abortedError, onAbort, type Runtime } from '../../src/util/runtime.js';
import { Draw } from '../support/row-model.js';
import { Bucket } from './bucket.js';
import { type FaultKind, type Method, suited, type Weather } from './faults.js';
import { drawFeatures, type Features } from './features.js';
import { Holdings } from './holdings.js';
import { nativeWorkIn } from './native-turns.js';
import { VirtualTime } from './time.js';
import { type Place, type Sender, Wire } from './wire.js';

/** 2026-01-01T00:00:00Z: when simulated worlds begin. */
const startMs = Date.UTC(2026, 0, 1);

/** How often each fault was met by each kind of call. */
export class FaultTable {
  readonly cells = new Map<string, number>();

  constructor() {
    for (const [method, kinds] of Object.entries(suited))
      for (const kind of kinds) this.cells.set(`${method} ${kind}`, 0);
  }

  count(method: Method, kind: FaultKind): void {
    const cell = `${method} ${kind}`;
    this.cells.set(cell, (this.cells.get(cell) ?? 0) + 1);
  }
}

/** A process: its own clock, randomness and connections. Once killed, nothing ever comes back to it. */
export class Process implements Sender {
  readonly name: string;
  readonly draw: Draw;
  readonly runtime: Runtime;
  readonly wire: Wire;
  /** The ways to the copies elsewhere. */
  readonly mirror: Wire;
  readonly replica: Wire;
  readonly backup: Wire;
  readonly restored: Wire;
  weather: Weather = 'calm';
  faultedMs = Number.NEGATIVE_INFINITY;
  spoiledMs = Number.NEGATIVE_INFINITY;
  readonly spoiled: string[] = [];
  frozenMs = 0;
  /** Until when the storm lasts. */
  stormMs = 0;
  /** The wall clock is off by so much. */
  skewMs = 0;
  readonly holdings = new Holdings();
  /** What its calls are given: in some processes a signal, the same one for all of them. */
  readonly call: { readonly signal?: AbortSignal };
  #alive = true;

  constructor(world: World, name: string) {
    this.name = name;
    this.draw = new Draw(world.draw.below(2 ** 31));
    this.wire = new Wire(world, this, new Draw(world.draw.below(2 ** 31)));
    this.mirror = new Wire(world, this, new Draw(world.draw.below(2 ** 31)), 'mirror');
    this.replica = new Wire(world, this, new Draw(world.draw.below(2 ** 31)), 'replica');
    this.backup = new Wire(world, this, new Draw(world.draw.below(2 ** 31)), 'backup');
    this.restored = new Wire(world, this, new Draw(world.draw.below(2 ** 31)), 'restored');
    const random = new Draw(world.draw.below(2 ** 31));
    this.call = this.draw.chance(0.3) ? { signal: new AbortController().signal } : {};
    const { holdings } = this;
    this.runtime = {
      now: () => startMs + world.time.now + this.skewMs,
      monotonic: () => world.time.now,
      random: random.next,
      randomBytes: (length) => Uint8Array.from({ length }, () => random.below(256)),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(abortedError(signal));
          holdings.timers += 1;
          holdings.watch(signal);
          let isSet = true;
          const stay = onAbort(signal, () => {
            [isSet, holdings.timers] = [false, holdings.timers - 1];
            reject(abortedError(signal));
          });
          const wake = (): void => {
            const left = this.frozenMs - world.time.now;
            if (!isSet) return;
            if (left > 0) return world.time.schedule(left, wake);
            holdings.timers -= 1;
            stay();
            if (this.#alive) resolve();
          };
          world.time.schedule(ms, wake);
        }),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
  }

  async open(options: OpenOptions = {}, wire: Wire = this.wire): Promise<Dataset> {
    const own = { cacheDir: false, ...this.call, ...options, runtime: this.runtime } as const;
    const dataset = await openStoreDataset(wire, own);
    this.holdings.stores += 1;
    return dataset;
  }
}

export class World {
  readonly seed: number;
  /** The bucket's time at the beginning, milliseconds since 1970. */
  readonly startMs = startMs;
  readonly draw: Draw;
  readonly time = new VirtualTime();
  /**
   * Of the dataset; of a copy that has all that it has at all times; of one that is made by replication, or
   * by the restore of a backup; of backups; of a version that is restored beside those who write.
   */
  readonly buckets: Readonly<Record<Place, Bucket>>;
  /** All that there were. */
  readonly processes: Process[] = [];
  readonly faults: FaultTable;
  readonly features: Features;
  readonly #trace: ((line: string) => void) | undefined;
  #hash = 0x811c9dc5;
  /** The last number that was given out: no two rows hold the same, but for balances. */
  serial = 0;

  constructor(seed: number, faults: FaultTable, trace?: (line: string) => void) {
    this.seed = seed;
    this.draw = new Draw(seed);
    this.faults = faults;
    this.features = drawFeatures(this.draw);
    this.#trace = trace;
    const bodies = new Map<string, Uint8Array>();
    const bucket = (): Bucket => new Bucket(bodies);
    this.buckets = {
      ...{ dataset: bucket(), mirror: bucket(), replica: bucket(), backup: bucket(), restored: bucket() },
    };
    nativeWorkIn(this.time);
  }

  get bucket(): Bucket {
    return this.buckets.dataset;
  }

  /** The bucket's clock. */
  storeMs(): number {
    return startMs + this.time.now;
  }

  process(name: string): Process {
    const process = new Process(this, name);
    this.processes.push(process);
    return process;
  }

  /** Something happened: it goes into the hash of the history. */
  note(what: string): void {
    const line = `${this.time.now.toFixed(3)} ${what}`;
    this.#trace?.(line);
    let hash = this.#hash;
    for (let i = 0; i < line.length; i++) hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193);
    this.#hash = hash;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }
}
