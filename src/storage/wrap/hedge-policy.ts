// After which time a read counts as late, and how many late reads are sent again. No I/O and no clock.
//
// A large body is not late because it is large: latencies are kept by size. What is kept of a read is the
// time of its first request, until its answer or until another was faster; the latter is longer than the
// percentile that it is compared with in any case, so that hedging does not make latencies look shorter than
// they are.
import { NacreError } from '../../errors.js';

export interface HedgeOptions {
  /**
   * Milliseconds after which a read of up to 256 KiB is sent again; longer ones wait 50 ms more for each MiB.
   * Default: the 95th percentile of the last 128 reads of about that size by the same handle; 200 ms, and the
   * same 50 ms a MiB, until 20 were seen.
   */
  readonly afterMs?: number;
  /**
   * The share of reads that may be sent again, in (0, 1], beside four at once for a start. Default 0.05: a
   * bucket that is slow for everybody gets no more than 5 % on top.
   */
  readonly atMost?: number;
}

/** What `open()` takes: false is off, true is the defaults. Undefined for off; `InvalidArgument`. */
export function checkHedge(hedge: boolean | HedgeOptions | undefined): HedgeOptions | undefined {
  if (hedge === undefined || hedge === false) return undefined;
  if (hedge === true) return {};
  if (typeof hedge !== 'object' || hedge === null) throw badHedge('hedge', hedge, 'a boolean or an object');
  const { afterMs, atMost } = hedge;
  if (afterMs !== undefined && !(isNumber(afterMs) && afterMs >= 0 && afterMs <= longestMs))
    throw badHedge('hedge.afterMs', afterMs, 'milliseconds from 0 to an hour');
  if (atMost !== undefined && !(isNumber(atMost) && atMost > 0 && atMost <= 1))
    throw badHedge('hedge.atMost', atMost, 'a share above 0 and up to 1');
  return hedge;
}

/** Well within what a timer takes. */
const longestMs = 3_600_000;

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function badHedge(option: string, value: unknown, expected: string): NacreError {
  return new NacreError('InvalidArgument', `${option} is ${String(value)}, not ${expected}`, {
    hint: 'Write hedge: true, or { afterMs: 50, atMost: 0.05 }.',
    context: { option },
  });
}

/** The S3 guide has small objects answered in "roughly 100-200 milliseconds", slow ones included. */
const firstDelayMs = 200;
/** 21 MB/s: a quarter of what one connection carries, since others share the line. */
const delayMsPerMebibyte = 50;
const smallBytes = 256 * 1024;
const mebibyte = 2 ** 20;

/** Latencies of one size that are kept, and how many have to be there for a percentile of them. */
const kept = 128;
const enough = 20;

/** Hedges that a handle may send at once before reads have earned them: a cold start is a few reads. */
const burst = 4;

/**
 * A hedge's body takes memory that nobody has set aside. Reads of ranges are cut into pieces of at most
 * this (coalescing.ts).
 */
const mostHeldBytes = 16 * mebibyte;

export class HedgePolicy {
  readonly #afterMs: number | undefined;
  /** Reads that earn one hedge. */
  readonly #price: number;
  readonly #bySize: Latencies[] = [];
  /** Reads that have earned hedges yet to be sent. */
  #credit: number;
  #heldBytes = 0;

  constructor({ afterMs, atMost = 0.05 }: HedgeOptions) {
    this.#afterMs = afterMs;
    this.#price = 1 / atMost;
    this.#credit = burst * this.#price;
  }

  /** When a read of so many bytes is late. */
  delayMs(bytes: number): number {
    const transferMs = bytes <= smallBytes ? 0 : (bytes / mebibyte) * delayMsPerMebibyte;
    if (this.#afterMs !== undefined) return this.#afterMs + transferMs;
    return this.#latencies(bytes).percentile95() ?? firstDelayMs + transferMs;
  }

  /** The first request of a read was answered, or outrun, after so long. */
  observe(bytes: number, elapsedMs: number): void {
    this.#latencies(bytes).add(elapsedMs);
  }

  /** A read was answered, which earns hedges. A bucket that only fails earns none. */
  answered(): void {
    this.#credit = Math.min(burst * this.#price, this.#credit + 1);
  }

  /** Whether a late read may be sent again; then {@link giveBack} is called when the hedge has ended. */
  take(bytes: number): boolean {
    if (this.#credit < this.#price || this.#heldBytes + bytes > mostHeldBytes) return false;
    this.#credit -= this.#price;
    this.#heldBytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  /** Up to 256 KiB the transfer takes 3 ms; above, each doubling is a size of its own. */
  #latencies(bytes: number): Latencies {
    const size = Math.ceil(Math.log2(Math.max(1, Math.min(bytes, 2 * mostHeldBytes) / smallBytes)));
    return (this.#bySize[size] ??= new Latencies());
  }
}

/** The last latencies of reads of one size. */
class Latencies {
  readonly #last = new Float64Array(kept);
  #seen = 0;

  add(ms: number): void {
    this.#last[this.#seen % kept] = ms;
    this.#seen += 1;
  }

  percentile95(): number | undefined {
    if (this.#seen < enough) return undefined;
    const sorted = this.#last.slice(0, this.#seen).sort();
    return sorted[Math.ceil(0.95 * sorted.length) - 1];
  }
}
