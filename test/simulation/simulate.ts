// One seed: a world, its clients and its weather, until all is done and the sky has cleared; then the checks.
import type { Dataset } from '../../src/dataset/dataset.js';
import { check, checkTimes, type Violation } from './checker/checks.js';
import { changesOf, isKept, logOf } from './checker/oracle.js';
import { Client, found, type Role } from './client.js';
import { loseAndMend } from './coverer.js';
import { ages } from './maintainer.js';
import type { Weather } from './faults.js';
import { perform, type Verb } from '../support/row-model.js';
import { meddle } from './meddler.js';
import { copyTo, repairBy } from './mender.js';
import { Record } from './record.js';
import { backUpBy, forgetBy, restoreBy } from './keeper.js';
import { concludeRestore } from './restorer.js';
import { failOver, replicateBy } from './replicator.js';
import { bank } from './rows.js';
import { scrubBy } from './scrubber.js';
import { type FaultTable, type Process, World } from './world.js';

export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly operations: number;
  readonly commits: number;
  readonly crashes: number;
  readonly simulatedMs: number;
}

/** Nothing may take longer, virtual milliseconds. */
const patienceMs = 6 * 3_600_000;

/** So long it is looked whether somebody still does something after all have ended, virtual milliseconds. */
const restMs = 2 * 3_600_000;

/** The longest that a lost request may be under way after the last client ended. */
const afterMs = 20 * 60_000;

export async function simulate(
  seed: number,
  faults: FaultTable,
  trace?: (line: string) => void,
): Promise<Outcome> {
  const world = new World(seed, faults, trace);
  const record = new Record();
  const violations: Violation[] = [];
  const founded = await end(world, 'the founder', found(world.process('founder'), world.features));
  if (founded !== undefined) return { ...nothing(world), violations: [founded] };
  const startMs = world.storeMs();

  const stage = new Stage(world, record);
  await world.time.run(world.time.now + patienceMs, () => stage.isDone);
  if (!stage.isDone) violations.push({ check: 'C16 liveness', what: 'clients did not end' });
  stage.clear();
  await world.time.run(world.time.now + afterMs);
  const last = world.process('last');
  const concluded = await end(world, 'the last client', stage.conclude(last));
  await world.time.run(world.time.now + restMs);
  if (concluded !== undefined) violations.push(concluded);

  violations.push(...check(world.buckets, record, bank, world.startMs));
  violations.push(...checkTimes(world.bucket, startMs));
  return {
    ...nothing(world),
    ...{ violations, operations: record.operations, crashes: stage.crashes },
    commits: logOf(world.bucket).length,
  };
}

function nothing(world: World): Outcome {
  const numbers = { operations: 0, commits: 0, crashes: 0, simulatedMs: world.time.now };
  return { seed: world.seed, hash: world.hash, violations: [], ...numbers };
}

/** Runs the world until the work has ended. What is wrong where it does not, or fails. */
async function end(world: World, who: string, work: Promise<void>): Promise<Violation | undefined> {
  let ended = false;
  let failure: Violation | undefined;
  work.then(
    () => (ended = true),
    (error: unknown) => {
      failure = { check: 'typed errors', what: `${who}: ${textOf(error)}` };
    },
  );
  await world.time.run(world.time.now + patienceMs, () => ended || failure !== undefined);
  return ended ? undefined : (failure ?? { check: 'C16 liveness', what: `${who} did not end` });
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
}

/** So many calls there are in a history at least. */
const fewestCalls = 204;

/** Who is there: those that the seed has, and as many calls of readers as are wanted then. */
function cast(world: World, record: Record): Client[] {
  const { features, draw } = world;
  const writers = 1 + draw.below(4);
  const own = Math.ceil(features.writes / writers);
  const clients = Array.from(
    { length: writers },
    (_, i) => new Client(world, record, `writer${i}`, 'writer', own),
  );
  const add = (role: Role, calls: number): void =>
    void clients.push(new Client(world, record, role, role, calls));
  if (features.maintainer) add('maintainer', 25);
  if (features.curator) add('curator', 25);
  if (features.mender) add('mender', 5);
  if (features.replica) add('replicator', 8);
  if (features.backup) add('keeper', 7);
  if (features.backup) add('forgetter', 6);
  if (features.restorer) add('restorer', 8);
  const others = clients.reduce((all, { left }) => all + left, 0);
  const reads = Math.max(15, Math.ceil((fewestCalls - others) / 2));
  for (const name of ['reader0', 'reader1']) clients.push(new Client(world, record, name, 'reader', reads));
  return clients;
}

/** Who is there, which process each runs in, and what befalls them. */
class Stage {
  readonly #world: World;
  readonly #record: Record;
  readonly #clients: readonly Client[];
  readonly #processes = new Map<Client, Process>();
  #ended = 0;
  #cleared = false;
  crashes = 0;

  constructor(world: World, record: Record) {
    const { draw } = world;
    this.#world = world;
    this.#record = record;
    this.#clients = cast(world, record);
    for (const client of this.#clients) world.time.schedule(draw.next() * 500, () => this.#begin(client));
    this.#change();
    this.#meddle();
  }

  get isDone(): boolean {
    return this.#ended === this.#clients.length;
  }

  #begin(client: Client): void {
    const { draw, time } = this.#world;
    const process = this.#world.process(
      `${client.name}.${this.#processes.has(client) ? draw.below(1_000) : 0}`,
    );
    this.#turn(process);
    this.#processes.set(client, process);
    client
      .run(process)
      .catch((error: unknown) => {
        const row = { client: client.name, what: 'its program', code: 'none', message: textOf(error) };
        this.#record.surprises.push(row);
      })
      .finally(() => {
        this.#ended += 1;
      });
    if (!draw.chance(0.5)) return;
    time.schedule(draw.next() * 60_000, () => {
      // It may have ended by itself.
      if (client.left === 0 || this.#cleared) return;
      this.crashes += 1;
      this.#world.note(`${process.name} crashes`);
      process.kill();
      time.schedule(draw.next() * 5_000, () => this.#begin(client));
    });
  }

  #weather(): Weather {
    const { draw } = this.#world;
    if (this.#cleared) return 'calm';
    if (draw.chance(0.25)) return 'calm';
    return draw.chance(0.12) ? 'storm' : draw.chance(0.05) ? 'locked' : 'rough';
  }

  /** A storm lasts: a commit may have to give up. */
  #turn(process: Process): void {
    const { draw, time } = this.#world;
    if (time.now < process.stormMs) return;
    process.weather = this.#weather();
    if (process.weather === 'storm') process.stormMs = time.now + draw.next() * 180_000;
  }

  /** The weather of each process changes by itself, and its clock jumps. */
  #change(): void {
    const { draw, time } = this.#world;
    if (this.isDone || this.#cleared) return;
    for (const process of this.#processes.values()) {
      if (draw.chance(0.4)) this.#turn(process);
      if (draw.chance(0.05)) process.frozenMs = time.now + draw.next() * 240_000;
      if (draw.chance(0.1)) process.skewMs = (draw.next() - 0.5) * 4 * 86_400_000;
    }
    time.schedule(draw.next() * 20_000, () => this.#change());
  }

  #meddle(): void {
    const { draw, time } = this.#world;
    if (this.isDone || this.#cleared) return;
    meddle(this.#world);
    time.schedule(draw.next() * 120_000, () => this.#meddle());
  }

  /** The sky clears, for good. */
  clear(): void {
    this.#cleared = true;
    const { now } = this.#world.time;
    for (const process of this.#processes.values()) {
      process.weather = 'calm';
      // It is known that it stood still: what waits for that goes on a while later.
      process.frozenMs = Math.min(process.frozenMs, now);
    }
  }

  /** Afterwards: every unknown outcome is settled, a commit lands, and every version is read. */
  async conclude(process: Process): Promise<void> {
    const { damage, looks, loses, readsAll, replica, backup } = this.#world.features;
    const look = (): Promise<void> => scrubBy(this.#world, this.#record, process, { quiet: true });
    copyTo(this.#world);
    if (looks) await look();
    if (damage) await repairBy(process);
    if (looks) await look();
    const dataset = await process.open();
    for (const { token, attempt } of this.#clients.flatMap((client) => client.unknown)) {
      const { outcome, ...rest } = await dataset.settle(token, { fence: process.draw.chance(0.5) });
      const version = 'version' in rest ? rest.version : undefined;
      this.#record.settled.push({ token, attempt, outcome, version, returnedMs: this.#world.time.now });
    }
    const verbs: readonly Verb[] = [
      { verb: 'create', name: 'last', key: -2 },
      { verb: 'append', name: 'last', values: [0] },
    ];
    const [invokedMs, base] = [this.#world.time.now, await dataset.version()];
    const { version } = await dataset.write((tx) => perform(tx, verbs), { message: 'last' });
    this.#record.attempts.push({
      ...{ id: 'last', client: process.name, invokedMs, base, verbs, version },
      ...{ once: undefined, token: undefined, outcome: 'committed', returnedMs: this.#world.time.now },
      ...{ upkeep: undefined, collected: false },
    });
    // All that expired, and all that never became part of a version, is old enough now.
    await process.runtime.sleep(2 * ages.graceMs + 60_000);
    await dataset.gc({ graceMs: ages.graceMs });
    await this.#readAll(process, dataset, readsAll ? 1 : 0.1);
    if (loses) await loseAndMend(this.#world, this.#record, process, dataset);
    await dataset.close();
    this.#record.rest(process, true);
    if (replica) await this.#concludeReplica(process);
    if (backup) await this.#concludeBackup(process);
    if (this.#record.restore !== undefined) await concludeRestore(this.#world, this.#record, process);
    this.#record.rest(process, true);
  }

  async #concludeReplica(process: Process): Promise<void> {
    await replicateBy(this.#world, this.#record, process, {});
    const replica = await process.open({}, process.replica);
    if (process.draw.chance(0.2)) await this.#readAll(process, replica, 0.5);
    await replica.close();
    if (process.draw.chance(0.5)) await failOver(this.#world, this.#record, process);
  }

  async #concludeBackup(process: Process): Promise<void> {
    await backUpBy(this.#record, process);
    await forgetBy(process);
    if (!process.draw.chance(0.4)) return;
    await restoreBy(process);
    const restored = await process.open({}, process.replica);
    await this.#readAll(process, restored, 0.5);
    await restored.close();
  }

  /** Arrays as they came to be at versions that are kept: this share of them. */
  async #readAll(process: Process, dataset: Dataset, share: number): Promise<void> {
    const kept = logOf(this.#world.bucket).at(-1)?.root.kept ?? null;
    for (const [{ root }, arrays] of changesOf(this.#world.bucket)) {
      if (!isKept(kept, root.version)) continue;
      const chosen = arrays.filter(() => process.draw.chance(share));
      if (chosen.length === 0) continue;
      const at = await dataset.at({ version: root.version });
      for (const name of chosen) {
        const { data } = await at.array(name).read();
        const ids = Array.from(await at.array(name).ids());
        const values = ids.map((_, i) => Number(data[2 * i]));
        const row = { client: process.name, array: name, version: root.version, values, ids };
        this.#record.reads.push({ ...row, since: 0, returnedMs: this.#world.time.now });
      }
    }
  }
}
