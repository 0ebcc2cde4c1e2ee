// Writers, some of them stalled for days, readers with leases, expiry and clean-up by several handles at
// random, beside a record of what each version read when it was new. After every step each kept and each
// leased version reads as before; once all is quiet nothing is left that no version needs.
import { describe, expect, test } from 'vitest';
import type { Lease } from '../../src/dataset/lease.js';
import { isNacreError } from '../../src/errors.js';
import { dayMs, missingKeys, orphan, orphanKeys, reads, type Stalled, stalled } from '../ops/support.js';
import { seededRandom } from '../support/fake-runtime.js';
import type { Fault, FaultPlan } from '../support/faulty-store.js';
import { filled, int32, type Member, values, World } from '../dataset/world.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 8);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);
const steps = 40;

/** What may go wrong with a request: it, or its reply, is lost; or it arrives when nobody waits for it. */
const faults: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'loseReply' },
  { kind: 'late' },
  { kind: 'duplicate' },
];

class Run {
  readonly #world: World;
  readonly #draw: () => number;
  readonly #members: Member[] = [];
  readonly #stalled: Stalled[] = [];
  readonly #leases: { readonly lease: Lease; readonly rows: readonly number[] }[] = [];
  /** What versions read when they were new. */
  readonly #read = new Map<number, readonly number[]>();
  readonly counts = { collected: 0, deleted: 0, spared: 0, unknown: 0, expired: 0 };
  #value = 100;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#draw = seededRandom(seed);
  }

  #below(count: number): number {
    return Math.floor(this.#draw() * count);
  }

  #of<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }

  async open(): Promise<void> {
    // Delays let requests of several handles pass each other.
    const plan: FaultPlan = () => {
      const draw = this.#draw();
      if (draw < 0.02) return this.#of(faults);
      return draw < 0.2 ? { kind: 'delay', ms: this.#below(100) } : undefined;
    };
    for (let i = 0; i < 4; i++) this.#members.push(await this.#world.open({ plan, create: false }));
  }

  /** What may end a call here: faults may cost it its outcome, others its place. */
  async #attempt<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call;
    } catch (error) {
      const codes = ['Conflict', 'CommitUnknown', 'Unavailable', 'NotFound', 'Expired'] as const;
      if (!codes.some((code) => isNacreError(error, code))) throw error;
      if (isNacreError(error, 'Conflict') && error.context['collected'] === true) this.counts.collected += 1;
      if (isNacreError(error, 'CommitUnknown')) this.counts.unknown += 1;
      return undefined;
    }
  }

  #rows(): { data: Int32Array } {
    return int32(...Array.from({ length: 1 + this.#below(4) }, () => this.#value++));
  }

  async #append({ dataset }: Member): Promise<void> {
    await this.#attempt(dataset.write((tx) => tx.append('a', this.#rows())));
  }

  async step(): Promise<void> {
    const member = this.#of(this.#members);
    const { dataset } = member;
    const rows = this.#rows();
    const kind = this.#below(14);
    if (kind <= 2) await this.#append(member);
    else if (kind === 3) {
      await this.#attempt(
        dataset.write(async (tx) => {
          await tx.dropArray('a');
          await tx.create('b', { dtype: 'int32' });
          await tx.append('b', rows);
          await tx.rename('b', 'a');
        }),
      );
    } else if (kind === 4)
      await this.#attempt(dataset.write((tx) => tx.replace('a', [0], int32(this.#value++))));
    else if (kind === 5 || kind >= 12) {
      const retries = this.#below(2);
      const late = await this.#attempt(
        stalled(this.#world, member, (tx) => tx.append('a', rows), { retries }),
      );
      if (late !== undefined) this.#stalled.push(late);
    } else if (kind === 6) await this.#resume();
    else if (kind === 7) {
      const policy = { keepLast: 1 + this.#below(6), minAgeMs: this.#below(2) * dayMs };
      await dataset.refresh();
      const report = await this.#attempt(dataset.expire(policy));
      this.counts.expired += report?.expired.length ?? 0;
    } else if (kind <= 9) await this.#collect();
    else if (kind === 10) await this.#lease(member);
    else await orphan(this.#world);
    await this.#world.runtime.advance(this.#below(16) * 3_600_000);
    for (const { store } of this.#members) if (this.#below(4) === 0) await store.applyLate();
  }

  async #resume(): Promise<void> {
    const late = this.#stalled.splice(this.#below(this.#stalled.length), 1)[0];
    if (late !== undefined) await this.#attempt(late.resume());
  }

  /** One, or two at once, and others who go on meanwhile. */
  async #collect(): Promise<void> {
    const graceMs = this.#of([0, 3_600_000, dayMs]);
    const batch = this.#of([1, 3, 1_000]);
    const who =
      this.#below(3) === 0 ? [this.#of(this.#members), this.#of(this.#members)] : [this.#of(this.#members)];
    const others = [this.#resume(), this.#append(this.#of(this.#members))];
    const reports = await Promise.all(
      who.map(({ dataset }) => this.#attempt(dataset.gc({ graceMs, batch }))),
    );
    await Promise.all(others);
    for (const report of reports) {
      this.counts.deleted += report?.deleted ?? 0;
      this.counts.spared += report?.spared ?? 0;
    }
  }

  async #lease({ dataset }: Member): Promise<void> {
    if (this.#leases.length > 2) {
      const [gone] = this.#leases.splice(0, 1);
      await this.#attempt(gone?.lease.release() ?? Promise.resolve());
      return;
    }
    const { root } = await this.#world.head();
    const version = 1 + this.#below(root.version);
    const lease = await this.#attempt(dataset.lease({ version }, { forMs: 400 * dayMs }));
    const rows = this.#read.get(version);
    if (lease !== undefined && rows !== undefined) this.#leases.push({ lease, rows });
  }

  /** What does not read as before, or is not there. */
  async wrong(): Promise<string[]> {
    const wrong = await missingKeys(this.#world);
    for (const [version, rows] of await reads(this.#world)) {
      const before = this.#read.get(version);
      if (before === undefined) this.#read.set(version, rows);
      else if (String(rows) !== String(before)) wrong.push(`version ${version} reads ${rows}, not ${before}`);
    }
    for (const { lease, rows } of this.#leases) {
      const found = await values(lease.dataset);
      if (String(found) !== String(rows)) wrong.push(`leased version ${lease.version} reads ${found}`);
    }
    return wrong;
  }

  /** Everybody ends, and a grace goes by. */
  async quiesce(): Promise<string[]> {
    while (this.#stalled.length > 0) await this.#resume();
    for (const { lease } of this.#leases.splice(0)) await this.#attempt(lease.release());
    for (const { store } of this.#members) await store.applyLate();
    await this.#world.runtime.advance(500 * dayMs);
    const { dataset } = await this.#world.open({ create: false });
    await dataset.expire({ keepLast: 1 });
    await this.#world.runtime.advance(2 * dayMs);
    await dataset.gc();
    return orphanKeys(this.#world);
  }
}

describe('clean-up beside everything else', () => {
  const totals: Record<string, number> = {};

  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    test(`seed ${seed}`, async () => {
      const world = await filled(new World(seed), [1, 2, 3]);
      const run = new Run(world, seed);
      await run.open();
      expect(await run.wrong()).toEqual([]);
      for (let step = 0; step < steps; step++) {
        await run.step();
        expect(await run.wrong(), `step ${step}`).toEqual([]);
      }
      expect(await run.quiesce()).toEqual([]);
      expect(await run.wrong()).toEqual([]);
      await world.close();
      for (const [what, count] of Object.entries(run.counts)) totals[what] = (totals[what] ?? 0) + count;
    });
  }

  test('the runs met what they are about', () => {
    console.log(`clean-up: seeds ${firstSeed} to ${firstSeed + seeds - 1}: ${JSON.stringify(totals)}`);
    if (seeds < 8) return;
    for (const what of ['collected', 'deleted', 'spared', 'expired'])
      expect(totals[what], what).toBeGreaterThan(0);
  });
});
