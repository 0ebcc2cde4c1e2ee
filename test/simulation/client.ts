// Clients of the dataset: what a user's program does between its starts and crashes. What a client must not
// forget (what it has yet to do, which outcomes are unknown to it) outlives its processes.
import type { Dataset } from '../../src/dataset/dataset.js';
import { isNacreError, NacreError } from '../../src/errors.js';
import type { WriteCall } from '../../src/dataset/operation.js';
import { goingUp } from '../support/going-up.js';
import { type Draw, drawVerbs, perform, rowsOf, type Verb } from '../support/row-model.js';
import { isVersion, shapeOf } from './checker/oracle.js';
import { curate, maintain } from './maintainer.js';
import { mend } from './mender.js';
import type { Attempt, Held, Record, Upkeep } from './record.js';
import { backUp, forget } from './keeper.js';
import { restoreElsewhere } from './restorer.js';
import { copyElsewhere } from './replicator.js';
import { bank, unlessMissing, valuesOf } from './rows.js';
import type { Process, World } from './world.js';

/** A write that must happen once, until it is known that it did. */
interface Once {
  readonly id: string;
  readonly call: Pick<WriteCall, 'operationId' | 'application'>;
}

/** A version moved under the callback between its choice and its turn: nothing is changed. */
class Moved extends Error {}

/** What faults may do to a call, whatever the call is. */
const excused = ['Unavailable', 'PermissionDenied', 'Aborted'] as const;

/** Callbacks that take long take so long at most, virtual milliseconds. */
const longestMs = 300_000;

/** A fault this long before a call may still make it fail, milliseconds. */
const excusedMs = 150_000;

export type Role =
  | ('writer' | 'reader' | 'maintainer' | 'curator' | 'mender')
  | ('replicator' | 'keeper' | 'forgetter' | 'restorer');

/** Between two calls, at most; virtual milliseconds. */
const thinkMs = {
  writer: 2_000,
  reader: 2_000,
  maintainer: 15_000,
  curator: 15_000,
  mender: 60_000,
  replicator: 40_000,
  keeper: 40_000,
  forgetter: 60_000,
  restorer: 30_000,
};

export class Client {
  readonly name: string;
  /** Calls that it still wants to make. */
  left: number;
  /** Number of the process that it runs in. */
  sessions = 0;
  readonly world: World;
  readonly record: Record;
  readonly #role: Role;
  readonly #unknown: { readonly token: string; readonly attempt: Attempt }[] = [];
  readonly #repeats: Once[] = [];
  #sequence = 0;

  constructor(world: World, record: Record, name: string, role: Role, calls: number) {
    this.world = world;
    this.record = record;
    this.name = name;
    this.#role = role;
    this.left = calls;
  }

  /** Runs in a process until there is nothing left to do; of a process that dies it never returns. */
  async run(process: Process): Promise<void> {
    const { draw } = process;
    while (this.left > 0) {
      const session = await this.#open(process);
      if (session === undefined) continue;
      for (let calls = 5 + draw.below(25); calls > 0 && this.left > 0; calls--) {
        await process.runtime.sleep(draw.next() * this.#thinkMs());
        this.left -= 1;
        this.record.operations += 1;
        await this.#call(session, draw.next());
      }
      await this.tolerant('close', process, () => session.dataset.close());
      if (process.holdings.troubledMs < session.openedMs - excusedMs) this.record.rest(process, true);
    }
    this.restLater(process);
  }

  #thinkMs(): number {
    const isUse = this.#role === 'writer' || this.#role === 'reader';
    return thinkMs[this.#role] * (isUse && this.world.features.slow ? 4 : 1);
  }

  /** When all that a fault met has ended, however long the process stands still. */
  restLater(process: Process): void {
    // What was sent before a call failed goes through all of its attempts, each as patient as it may be.
    const afterMs = 2 * excusedMs;
    this.world.time.schedule(afterMs, () => {
      if (this.world.time.now - process.frozenMs < afterMs) this.restLater(process);
      else if (process.alive) this.record.rest(process, false);
    });
  }

  async #open(process: Process): Promise<Session | undefined> {
    const sinceMs = this.world.time.now;
    const handle = `${process.name}/${++this.sessions}`;
    const dataset = await this.tolerant('open', process, () => process.open());
    if (dataset === undefined) {
      await process.runtime.sleep(1_000);
      return undefined;
    }
    return { process, dataset, handle, sinceMs, openedMs: sinceMs };
  }

  #call(session: Session, what: number): Promise<void> {
    if (this.#role === 'maintainer') return maintain(this, session, what);
    if (this.#role === 'curator') return curate(this, session, what);
    if (this.#role === 'mender') return mend(this, session.process);
    if (this.#role === 'replicator') return copyElsewhere(this, session.process, what);
    if (this.#role === 'keeper') return backUp(this, session.process);
    if (this.#role === 'forgetter') return forget(this, session.process);
    if (this.#role === 'restorer') return restoreElsewhere(this, session);
    if (this.#role === 'reader') {
      if (what < 0.4) return this.#readNewest(session);
      if (what < 0.6) return this.#readVersion(session);
      return this.lookAgain(session);
    }
    if (what < 0.5) return this.#writeSome(session);
    if (what < 0.72) return this.#transfer(session);
    if (what < 0.8) return this.#settleOne(session);
    if (what < 0.88) return this.#readNewest(session);
    return this.lookAgain(session);
  }

  /** What `work` gives; undefined where a fault is the excuse. All else is noted as a surprise. */
  async tolerant<T>(what: string, process: Process, work: () => Promise<T>): Promise<T | undefined> {
    const beganMs = this.world.time.now;
    try {
      return await work();
    } catch (error) {
      this.#surprise(what, process, error, beganMs);
      return undefined;
    }
  }

  #surprise(what: string, process: Process, error: unknown, beganMs: number): void {
    const { now } = this.world.time;
    process.holdings.troubledMs = now;
    const sinceMs = beganMs - excusedMs;
    if (isNacreError(error, 'Expired')) {
      this.record.expired.push({ client: this.name, version: Number(error.context['version']), atMs: now });
      return;
    }
    if (excused.some((code) => isNacreError(error, code)) && process.faultedMs > sinceMs) return;
    // Bytes that came spoiled are damage to whoever reads them; what is missing is not.
    const { bucket } = this.world;
    const isHurt = bucket.hurt.size > 0 || bucket.hurtMs - this.world.startMs > sinceMs;
    if (isNacreError(error, 'Corrupt') && isHurt) return;
    const isSpoiled = isNacreError(error, 'Corrupt') && !/is missing/.test(error.message);
    if (isSpoiled && process.spoiledMs > sinceMs) return;
    const code = error instanceof NacreError ? error.code : 'none';
    const message = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
    this.record.surprises.push({ client: this.name, what, code, message });
  }

  async lookAgain(session: Session): Promise<void> {
    const invokedMs = this.world.time.now;
    const version = await this.tolerant('refresh', session.process, () =>
      session.dataset.refresh(session.process.call),
    );
    if (version === undefined) return;
    session.sinceMs = invokedMs;
    this.record.seen.push({ handle: session.handle, invokedMs, sinceMs: invokedMs, version });
  }

  #note(session: Session, row: Pick<Record['reads'][number], 'array' | 'version' | 'values' | 'ids'>): void {
    const { name: client } = this;
    const since = session.sinceMs;
    this.record.reads.push({ client, ...row, since, returnedMs: this.world.time.now });
  }

  /** Whatever version it comes from: of a handle that was just opened, what the hint said, or a newer one. */
  async #readNewest(session: Session): Promise<void> {
    const array = session.process.draw.of([bank.name, 'a', 'b']);
    const values = await this.tolerant('read', session.process, async () =>
      valuesOf(await unlessMissing(session.dataset.array(array).read(session.process.call))),
    );
    if (values !== undefined)
      this.#note(session, { array, version: undefined, ids: undefined, values: values.rows });
  }

  async #readVersion(session: Session): Promise<void> {
    const { process, dataset } = session;
    await this.tolerant('read at', process, async () => {
      const newest = await dataset.version(process.call);
      const back = process.draw.chance(0.3) ? newest : Math.min(newest, 12);
      const version = Math.max(1, newest - process.draw.below(back));
      if (!isVersion(this.world.bucket, version)) return;
      const at = await dataset.at({ version }, process.call);
      const array = process.draw.of([bank.name, 'a', 'b', 'images/train']);
      const rows = valuesOf(await unlessMissing(at.array(array).read(process.call))).rows;
      const ids = rows === undefined ? undefined : Array.from(await at.array(array).ids(process.call));
      this.#note(session, { array, version, values: rows, ids });
    });
  }

  /** A version that this client holds by a lease. */
  async readHeld(session: Session, at: Dataset, held: Held): Promise<void> {
    const array = session.process.draw.of([bank.name, 'a', 'b']);
    const beganMs = this.world.time.now;
    try {
      const rows = valuesOf(await unlessMissing(at.array(array).read(session.process.call))).rows;
      this.#note(session, { array, version: held.version, values: rows, ids: undefined });
    } catch (error) {
      // It may have taken so long that the lease is over; and bytes that came spoiled, of a version that is
      // kept for its lease alone, are told as expired.
      const { hurt, hurtMs } = this.world.bucket;
      const isHurt = hurt.size > 0 || hurtMs - this.world.startMs >= beganMs;
      const isSpoiled = isHurt || session.process.spoiledMs >= beganMs;
      const isBroken = isNacreError(error, 'Expired') && this.world.time.now < held.untilMs && !isSpoiled;
      if (isBroken) this.record.broken.push({ client: this.name, version: held.version });
      throw error;
    }
  }

  /** Several at once, so that a handle commits them in groups. */
  async #writeSome(session: Session): Promise<void> {
    const { draw } = session.process;
    const many = draw.chance(0.3) ? 2 + draw.below(2) : 1;
    await Promise.all(
      Array.from({ length: many }, () =>
        this.#write(session, (base) =>
          drawVerbs(draw, shapeOf(this.world.bucket, base), () => this.serial()),
        ),
      ),
    );
  }

  serial(): number {
    return ++this.world.serial;
  }

  async #transfer(session: Session): Promise<void> {
    const { draw } = session.process;
    // The third is only looked at: what it was must be so still when the transfer lands.
    const [from, other, third] = draw.different(3, bank.accounts) as [number, number, number];
    await this.#write(session, async (_base, tx) => {
      const { data } = await tx.read(bank.name, { rows: [from, other, third] });
      const amount = 1 + draw.below(50);
      return [
        { verb: 'read', name: bank.name, at: [from, other, third] },
        { verb: 'replace', name: bank.name, at: [from], value: Number(data[0]) - amount },
        { verb: 'replace', name: bank.name, at: [other], value: Number(data[2]) + amount },
      ];
    });
  }

  async #write(
    session: Session,
    choose: (base: number, tx: Transaction) => Promise<readonly Verb[]> | readonly Verb[],
  ): Promise<void> {
    const { process, dataset } = session;
    const { draw } = process;
    const once = this.#once(draw);
    const attempt = this.#attempt(once?.id);
    const patience = new AbortController();
    if (draw.chance(0.05)) this.world.time.schedule(draw.next() * 3_000, () => patience.abort());
    try {
      const base = await dataset.version();
      const written = await dataset.write(
        async (tx) => {
          if ((await dataset.version()) !== base) throw new Moved();
          const verbs = await choose(base, tx);
          // Only now it may land: from here on the checker has to reckon with it.
          [attempt.base, attempt.verbs] = [base, verbs];
          if (!this.record.attempts.includes(attempt)) this.record.attempts.push(attempt);
          // Some callbacks take longer than a clean-up waits for what nobody refers to yet.
          const isSlow = draw.chance(0.06);
          await perform(isSlow ? goingUp(tx) : tx, verbs);
          if ((await dataset.version()) !== base) throw new Moved();
          if (isSlow) await process.runtime.sleep(draw.next() * longestMs, patience.signal);
        },
        { message: attempt.id, signal: patience.signal, ...once?.call },
      );
      [attempt.outcome, attempt.version] = ['committed', written.version];
      if (once !== undefined) this.#forget(once);
    } catch (error) {
      this.#failed(attempt, error, session);
    }
    this.#returned(attempt);
    if (attempt.outcome === 'unknown' && draw.chance(0.7)) await this.#settleOne(session);
  }

  #attempt(once?: string, upkeep?: Upkeep): Attempt {
    return {
      ...{ id: `${this.name}-${this.serial()}`, once, client: this.name, base: 0, verbs: [], upkeep },
      ...{ invokedMs: this.world.time.now, returnedMs: Number.POSITIVE_INFINITY, outcome: 'open' },
      ...{ version: undefined, token: undefined, collected: false },
    };
  }

  #returned(attempt: Attempt): void {
    attempt.returnedMs = this.world.time.now;
    const { id, outcome, version = '', upkeep } = attempt;
    this.world.note(`${this.name} ${upkeep?.kind ?? 'write'} ${id} ${outcome} ${version}`);
  }

  /** A change of the history, which is committed under the message that it is given. */
  async change(
    session: Session,
    upkeep: Upkeep,
    commit: (message: string) => Promise<number | undefined>,
  ): Promise<void> {
    const attempt = this.#attempt(undefined, upkeep);
    try {
      attempt.base = await session.dataset.version();
      this.record.attempts.push(attempt);
      const version = await commit(attempt.id);
      [attempt.outcome, attempt.version] = [version === undefined ? 'void' : 'committed', version];
      // What was begun beside it, for a commit that there is not, ends by itself.
      if (version === undefined) session.process.holdings.troubledMs = this.world.time.now;
    } catch (error) {
      this.#failed(attempt, error, session);
    }
    this.#returned(attempt);
  }

  #failed(attempt: Attempt, error: unknown, { process }: Session): void {
    process.holdings.troubledMs = this.world.time.now;
    if (isNacreError(error, 'Conflict')) {
      attempt.outcome = 'conflict';
      attempt.collected = error.context['collected'] === true;
    } else if (isNacreError(error, 'CommitUnknown')) {
      const token = String(error.context['token']);
      [attempt.outcome, attempt.token] = ['unknown', token];
      this.#unknown.push({ token, attempt });
    } else if (error instanceof Moved) attempt.outcome = 'void';
    else {
      attempt.outcome = 'failed';
      if (!isNacreError(error, 'Aborted')) this.#surprise('write', process, error, attempt.invokedMs);
    }
  }

  #once(draw: Draw): Once | undefined {
    if (this.#repeats.length > 0 && draw.chance(0.5)) return draw.of(this.#repeats);
    if (!draw.chance(0.25)) return undefined;
    if (draw.chance(0.5)) {
      const operationId = Array.from({ length: 32 }, () => draw.below(16).toString(16)).join('');
      return this.#remembered({ id: operationId, call: { operationId } });
    }
    // One at a time: a later sequence would cover an earlier one that has not happened.
    if (this.#repeats.some(({ call }) => call.application !== undefined)) return undefined;
    const application = { name: this.name, sequence: ++this.#sequence };
    return this.#remembered({ id: `${this.name}#${application.sequence}`, call: { application } });
  }

  /** Until it is known that it happened: its process may die before it hears of it. */
  #remembered(once: Once): Once {
    this.#repeats.push(once);
    return once;
  }

  #forget(once: Once): void {
    const at = this.#repeats.indexOf(once);
    if (at >= 0) this.#repeats.splice(at, 1);
  }

  async #settleOne({ dataset, process }: Session): Promise<void> {
    const one = this.#unknown.at(-1);
    if (one === undefined) return;
    const fence = process.draw.chance(0.5);
    await this.tolerant('settle', process, async () => {
      const said = await dataset.settle(one.token, { fence, ...process.call });
      this.record.settled.push({
        ...{ token: one.token, attempt: one.attempt, outcome: said.outcome },
        ...{ version: said.outcome === 'committed' ? said.version : undefined },
        returnedMs: this.world.time.now,
      });
      const at = this.#unknown.indexOf(one);
      if (said.outcome !== 'open' && at >= 0) this.#unknown.splice(at, 1);
    });
  }

  /** Outcomes that are still unknown, for whoever comes last. */
  get unknown(): readonly { readonly token: string; readonly attempt: Attempt }[] {
    return this.#unknown;
  }
}

type Transaction = Parameters<Parameters<Dataset['write']>[0]>[0];

export interface Session {
  readonly process: Process;
  readonly dataset: Dataset;
  readonly handle: string;
  readonly openedMs: number;
  /** When it last looked for the newest version. */
  sinceMs: number;
}

/** Makes the dataset and its bank. */
export async function found(process: Process, { parity }: { readonly parity: boolean }): Promise<void> {
  const dataset = await process.open({ create: true });
  await dataset.write(async (tx) => {
    await tx.create(bank.name, { dtype: 'int32', rowShape: [2] });
    await tx.append(bank.name, rowsOf(Array.from({ length: bank.accounts }, () => bank.balance)));
    const { draw } = process;
    if (parity)
      await tx.setParity(bank.name, { dataShards: 1 + draw.below(8), parityShards: 1 + draw.below(3) });
  });
  await dataset.close();
}
