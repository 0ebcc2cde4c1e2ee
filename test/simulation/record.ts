// What clients of a simulated dataset did and saw: the rows that the checks are made of. Nothing of the
// product stands in here, so that what it says of itself is compared with what happened.
import type { Verb } from '../support/row-model.js';
import type { Holdings, Left } from './holdings.js';

/** What a client asked of the history; the grace is that of a clean-up, milliseconds. */
export type Upkeep =
  | { readonly kind: 'tag'; readonly name: string; readonly to: number; readonly moves: boolean }
  | { readonly kind: 'deleteTag'; readonly name: string }
  | { readonly kind: 'restore'; readonly to: number }
  | { readonly kind: 'expire'; readonly minAgeMs: number }
  | { readonly kind: 'gc'; readonly graceMs: number }
  | { readonly kind: 'compact' };

/** A transaction as its client knows it. */
export interface Attempt {
  /** The message of its operation, by which it is found in the log. */
  readonly id: string;
  /** Of writes that must happen once; attempts with one id are repeats of each other. */
  readonly once: string | undefined;
  readonly client: string;
  readonly invokedMs: number;
  readonly upkeep: Upkeep | undefined;
  base: number;
  verbs: readonly Verb[];
  /** `open` until it returns; it stays so where its process died. `void`: it changed nothing. */
  outcome: 'open' | 'committed' | 'conflict' | 'unknown' | 'failed' | 'void';
  returnedMs: number;
  version: number | undefined;
  token: string | undefined;
  /** A conflict with a clean-up. */
  collected: boolean;
}

/** What `settle` said of an unknown outcome. */
export interface Settled {
  readonly token: string;
  readonly attempt: Attempt;
  readonly outcome: 'committed' | 'not-committed' | 'open';
  readonly version: number | undefined;
  readonly returnedMs: number;
}

/** Rows of an array as a client read them. */
export interface ReadRow {
  readonly client: string;
  readonly array: string;
  /** The version that was asked for; undefined for a read of the newest. */
  readonly version: number | undefined;
  /** What was acknowledged before the handle was opened or refreshed: no older version may be read. */
  readonly since: number;
  readonly returnedMs: number;
  /** Absent where there is no such array. Ids are known where the version is. */
  readonly values: readonly number[] | undefined;
  readonly ids: readonly number[] | undefined;
}

/** A version that a handle said is the newest. */
export interface SeenVersion {
  readonly handle: string;
  readonly invokedMs: number;
  readonly sinceMs: number;
  readonly version: number;
}

/** A version that a client held: its data had to stay. */
export interface Held {
  readonly version: number;
  readonly fromMs: number;
  untilMs: number;
}

/** A version that was said to be gone. */
export interface SeenExpired {
  readonly client: string;
  readonly version: number;
  readonly atMs: number;
}

/** The version that a tag led to. */
export interface SeenTag {
  readonly client: string;
  readonly name: string;
  readonly version: number;
  readonly sinceMs: number;
  readonly atMs: number;
}

/** An error that no fault explains. */
export interface Surprise {
  readonly client: string;
  readonly what: string;
  readonly code: string;
  readonly message: string;
}

/** A replication that came to its end, and the version that the replica has since. */
export interface Copied {
  readonly version: number;
  readonly returnedMs: number;
}

/** A version on its way to another place, by whoever goes on with it. */
export interface Restore {
  /** What is asked for: where it is a tag or nothing, whoever goes on takes it for what it was at first. */
  at: { readonly version: number } | { readonly tag: string } | undefined;
  readonly only: boolean;
  /** What it was said to have come to. */
  ended: { readonly restored: number; readonly version: number; readonly returnedMs: number } | undefined;
  /** Processes that were to do it, and that looked whether the place opens. */
  begun: number;
  lookers: number;
  /** Looks for which it did. */
  readonly opened: { readonly client: string; readonly invokedMs: number; readonly returnedMs: number }[];
}

/** What a scrub said is damaged. */
export interface Scrubbed {
  readonly client: string;
  readonly invokedMs: number;
  readonly returnedMs: number;
  readonly found: readonly { readonly key: string; readonly damage: string }[];
  /** What came spoiled twice and more while it ran: it may be taken for damaged. */
  readonly spoiled: ReadonlySet<string>;
  /** Of a full scrub beside which nothing happened: all that was hurt then, which it has to find. */
  readonly hurt: readonly string[] | undefined;
}

/** What a process held when it had nothing more to do. */
export interface Rest {
  readonly process: string;
  /** Right after it closed a handle; else some minutes later, when whatever failed has ended, too. */
  readonly atOnce: boolean;
  readonly left: Left;
  /** Requests that it had sent until then. */
  readonly sent: number;
  /** As it is at the end of the world. */
  readonly holdings: Holdings;
}

export class Record {
  readonly attempts: Attempt[] = [];
  readonly settled: Settled[] = [];
  readonly reads: ReadRow[] = [];
  readonly seen: SeenVersion[] = [];
  readonly surprises: Surprise[] = [];
  readonly held: Held[] = [];
  /** Versions that could not be read though they were held. */
  readonly broken: { readonly client: string; readonly version: number }[] = [];
  readonly expired: SeenExpired[] = [];
  /** Damage that a repair named and said to have mended, and that is there still. */
  readonly unmended: { readonly client: string; readonly key: string }[] = [];
  readonly tags: SeenTag[] = [];
  readonly copied: Copied[] = [];
  /** Rows of an array as they were read of the replica; `since` is the version that it had for certain. */
  readonly copyReads: ReadRow[] = [];
  /** What was in the way of reads of the replica, which nobody hurts. */
  readonly copyBroken: { readonly client: string; readonly what: string }[] = [];
  /** Points of the backup that were acknowledged. */
  readonly points: { readonly name: string; readonly version: number }[] = [];
  /** What became of the replica: the last version of its source, and whether that one was refused since. */
  promoted: { readonly replicated: number; readonly version: number; isRefused: boolean } | undefined;
  readonly rests: Rest[] = [];
  readonly scrubs: Scrubbed[] = [];
  /** The restore into another place, once it was begun. */
  restore: Restore | undefined;
  /** Client calls so far, of every kind. */
  operations = 0;

  /** A process has closed all handles. */
  rest({ name, holdings }: { readonly name: string; readonly holdings: Holdings }, atOnce: boolean): void {
    this.rests.push({ process: name, atOnce, left: holdings.left(), sent: holdings.sent, holdings });
  }
}
