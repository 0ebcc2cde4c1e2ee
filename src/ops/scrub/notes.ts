// What was verified when, noted on this machine: a reader may have no right to write where the data is.
//
// One note for each place and lineage, under a lock while a scrub runs: a second one is told who runs. It
// holds the time at which each object was last right, by the store's clock, and the last scrubs; so one that
// was interrupted goes on where it was, one with a budget begins with what was seen longest ago, and status
// knows what nobody looked at lately.
import type { Journal, Journals } from '../../cache/journals.js';
import { NacreError } from '../../errors.js';
import type { LoadedRoot } from '../../manifest/root.js';
import { concat, fromHex, toHex, utf8 } from '../../util/bytes.js';
import type { UpkeepEnvironment } from '../environment.js';

export type ScrubMode = 'structure' | 'sample' | 'full';

export interface LastScrub {
  /** When it ended, milliseconds since 1970 by the store's clock. */
  readonly timeMs: number;
  /** When it began; of one that was interrupted its first part. */
  readonly sinceMs: number;
  /** The head that it saw. */
  readonly version: number;
  /** Damaged objects that it found, without what a repair on this machine has mended since. */
  readonly damaged: number;
  /** Objects that are right under `healed/` alone; absent where an earlier release noted it. */
  readonly healedElsewhere?: number;
}

/** Who scrubs now. */
export interface Running {
  readonly pid: number;
  readonly host: string;
  readonly mode: ScrubMode;
  readonly sinceMs: number;
}

interface Header {
  readonly format: 1;
  readonly last: Partial<Record<ScrubMode, LastScrub>>;
  /** When the full scrub began that has not ended. */
  readonly fullSinceMs?: number;
  readonly running?: Running;
}

/** After this long an interrupted scrub begins anew, milliseconds. */
const resumedWithinMs = 7 * 24 * 3_600_000;

const idBytes = 16;
const entryBytes = idBytes + 8;

export class ScrubNotes {
  readonly #journal: Journal | undefined;
  readonly #verified: Map<string, number>;
  #header: Header;

  private constructor(journal: Journal | undefined, read: Uint8Array | undefined) {
    this.#journal = journal;
    ({ header: this.#header, verified: this.#verified } = decode(read));
  }

  /** For a scrub, alone on this machine: `Conflict` while another one runs. */
  static async claim(
    environment: UpkeepEnvironment,
    head: LoadedRoot,
    running: Running,
  ): Promise<ScrubNotes> {
    const { scrubs } = environment;
    const name = nameOf(environment, head);
    const journal = await scrubs?.claimOrTell(name);
    if (journal === 'held') throw await taken(scrubs, name, environment.store.uri);
    const notes = new ScrubNotes(journal, await journal?.read());
    notes.#header = { ...notes.#header, running };
    await notes.write();
    return notes;
  }

  /** For a look, whoever scrubs meanwhile. */
  static async look(environment: UpkeepEnvironment, head: LoadedRoot): Promise<ScrubNotes> {
    return new ScrubNotes(undefined, await environment.scrubs?.look(nameOf(environment, head)));
  }

  /** Whether anything outlives this process. */
  get areKept(): boolean {
    return this.#journal !== undefined;
  }

  get last(): Header['last'] {
    return this.#header.last;
  }

  /** Who scrubbed when it was written; it may have ended without a word. */
  get running(): Running | undefined {
    return this.#header.running;
  }

  /** Begins a full scrub, or goes on with one that was interrupted; gives when it began. */
  async beginFull(nowMs: number, restart: boolean): Promise<number> {
    const { fullSinceMs } = this.#header;
    const goesOn = !restart && fullSinceMs !== undefined && nowMs - fullSinceMs < resumedWithinMs;
    if (goesOn) return fullSinceMs;
    // After all that is noted, whatever the clock says: it tells what this scrub has seen from the rest.
    let sinceMs = nowMs;
    for (const timeMs of this.#verified.values()) sinceMs = Math.max(sinceMs, timeMs + 1);
    this.#header = { ...this.#header, fullSinceMs: sinceMs };
    await this.write();
    return sinceMs;
  }

  /** Since when the full scrub runs that is not done. */
  get fullSinceMs(): number | undefined {
    return this.#header.fullSinceMs;
  }

  /** When an object was last right; undefined for never. */
  verifiedMs(id: string): number | undefined {
    return this.#verified.get(id);
  }

  /** `timeMs` undefined: it is damaged. */
  note(id: string, timeMs: number | undefined): void {
    if (timeMs === undefined) this.#verified.delete(id);
    else this.#verified.set(id, Math.max(timeMs, this.#header.fullSinceMs ?? 0));
  }

  /** Forgets objects that no kept version needs. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#verified.keys()) if (!ids.has(id)) this.#verified.delete(id);
  }

  async end(mode: ScrubMode, last: LastScrub): Promise<void> {
    const { fullSinceMs, ...rest } = this.#header;
    const open = mode === 'full' || fullSinceMs === undefined ? {} : { fullSinceMs };
    this.#header = { ...rest, ...open, last: { ...rest.last, [mode]: last } };
    await this.write();
  }

  /** A repair has left so many damaged objects. */
  leave(damaged: number): void {
    const last = Object.fromEntries(
      Object.entries(this.#header.last).map(([mode, one]) => [
        mode,
        { ...one, damaged: Math.min(damaged, one.damaged) },
      ]),
    );
    this.#header = { ...this.#header, last };
  }

  async write(): Promise<void> {
    await this.#journal?.write(encode(this.#header, this.#verified));
  }

  async release(): Promise<void> {
    const { running: _, ...rest } = this.#header;
    this.#header = rest;
    await this.write();
    this.#journal?.release();
  }
}

async function taken(scrubs: Journals | undefined, name: string, uri: string): Promise<NacreError> {
  const { running } = decode(await scrubs?.look(name)).header;
  const who =
    running === undefined
      ? 'another process'
      : `process ${running.pid} on ${running.host}, since ${new Date(running.sinceMs).toISOString()}`;
  return new NacreError('Conflict', `${uri} is scrubbed or repaired already: ${who}`, {
    context: { uri, ...(running === undefined ? {} : { ...running }) },
    hint: 'Wait until it has ended, or end it: the next one goes on where it was.',
  });
}

function nameOf({ store, functions }: UpkeepEnvironment, { root }: LoadedRoot): string {
  const of = [store.uri, store.capabilities.server ?? null, toHex(root.dataset), toHex(root.lineage)];
  return toHex(functions.blake3(utf8.encode(JSON.stringify(of))));
}

function encode(header: Header, verified: ReadonlyMap<string, number>): Uint8Array {
  const text = utf8.encode(JSON.stringify(header));
  const start = new Uint8Array(4);
  new DataView(start.buffer).setUint32(0, text.byteLength, true);
  const entries = new Uint8Array(entryBytes * verified.size);
  const view = new DataView(entries.buffer);
  let at = 0;
  for (const [id, timeMs] of verified) {
    entries.set(fromHex(id) ?? new Uint8Array(idBytes), at);
    view.setFloat64(at + idBytes, timeMs, true);
    at += entryBytes;
  }
  return concat([start, text, entries]);
}

/** What is of another form counts as nothing: the next scrub notes all anew. */
function decode(body: Uint8Array | undefined): { header: Header; verified: Map<string, number> } {
  const verified = new Map<string, number>();
  const none = { header: { format: 1, last: {} } as const, verified };
  if (body === undefined || body.byteLength < 4) return none;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const start = 4 + view.getUint32(0, true);
  if (start > body.byteLength || (body.byteLength - start) % entryBytes !== 0) return none;
  let header: Header;
  try {
    header = JSON.parse(utf8.decode(body.subarray(4, start))) as Header;
  } catch {
    return none;
  }
  if (header.format !== 1) return none;
  for (let at = start; at < body.byteLength; at += entryBytes)
    verified.set(toHex(body.subarray(at, at + idBytes)), view.getFloat64(at + idBytes, true));
  return { header, verified };
}
