// Random histories of an array with parity: writes, compactions, expiry, clean-ups and updates, some of
// which die. Whatever came before, any losses of at most so many objects of each group that counts come back
// with the same bytes, once an update says that all is covered, and after a clean-up that takes members of
// it.
import { expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { showParity } from '../../src/ops/parity.js';
import { findParity, isWhole } from '../../src/ops/parity/groups.js';
import type { Dataset } from '../../src/index.js';
import { functions, int32 } from '../dataset/world.js';
import { ParityWorld } from '../ops/parity-world.js';
import { dayMs, missingKeys, neededKeys } from '../ops/support.js';
import { seededRandom } from '../support/fake-runtime.js';
import { faulty, type FaultPlan } from '../support/faulty-store.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 12);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);
const steps = 14;

class Run {
  readonly #made: ParityWorld;
  readonly #draw: () => number;
  readonly #parityShards: number;
  /** What did not hold. */
  readonly wrong: string[] = [];
  readonly counts = { losses: 0, killed: 0, collected: 0, encodedAnew: 0 };

  constructor(made: ParityWorld, seed: number, parityShards: number) {
    this.#made = made;
    this.#draw = seededRandom(seed);
    this.#parityShards = parityShards;
  }

  #below(count: number): number {
    return Math.floor(this.#draw() * count);
  }

  /** Dies at one of its first requests, now and then. */
  #plan(): FaultPlan {
    const end = this.#draw() < 0.3 ? 5 + this.#below(60) : Number.POSITIVE_INFINITY;
    return ({ index }) => (index >= end ? { kind: 'error', code: 'PermissionDenied' } : undefined);
  }

  async #attempt(work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) => {
      if (!isNacreError(error, 'PermissionDenied')) throw error;
      this.counts.killed += 1;
    });
  }

  async #change(dataset: Dataset): Promise<void> {
    const [rows = 0] = await dataset.array('a').shape();
    const data = int32(...Array.from({ length: 1 + this.#below(300) }, (_, i) => i * this.#below(1_000)));
    const draw = this.#draw();
    if (draw < 0.5) await dataset.write((tx) => tx.append('a', data));
    else if (draw < 0.65)
      await dataset.write((tx) => tx.append('a', data, { attributes: { x: Array.from(data.data) } }));
    else if (draw < 0.75) await dataset.write((tx) => tx.replace('a', [this.#below(rows)], int32(-1)));
    else if (draw < 0.85) await dataset.compact({ arrays: ['a'] });
    else if (draw < 0.95) await dataset.write((tx) => tx.setAttributes('a', [0], { y: [this.#below(9)] }));
    else {
      const dataShards = 2 + this.#below(6);
      const policy = { dataShards, parityShards: this.#parityShards };
      await dataset.write((tx) => tx.setParity('a', policy));
    }
  }

  async #collect(): Promise<void> {
    const { world } = this.#made;
    await world.runtime.advance(2 * dayMs);
    const { dataset } = await world.open({ create: false });
    await dataset.expire({ keepLast: 1 + this.#below(3) });
    await dataset.close();
    await world.runtime.advance(2 * dayMs);
    const member = await world.open({ create: false, plan: this.#plan() });
    await this.#attempt(
      member.dataset.gc().then(({ deleted, parityEncoded, held }) => {
        if (held > 0) this.wrong.push(`${held} were held`);
        this.counts.collected += deleted;
        this.counts.encodedAnew += parityEncoded;
      }),
    );
    await member.dataset.close().catch(() => undefined);
  }

  /** Loses so many objects of each group that counts; all of them come back. */
  async lose(when: string): Promise<void> {
    const { world } = this.#made;
    const before = await this.#made.content();
    const needed = await neededKeys(world.bare);
    const { groups } = await findParity(world.bare, undefined, functions, {});
    const counting = groups.filter(
      (group) => isWhole(group) && group.members.every(({ key }) => needed.has(key)),
    );
    const lost = new Set<string>();
    for (const { members } of counting) {
      const keys = members.map(({ key }) => key);
      while (keys.length > 0) {
        const [key = ''] = keys.splice(this.#below(keys.length), 1);
        // It may be in several groups.
        const isTooMuch = groups.some(({ members: all }) => {
          const own = all.filter((one) => one.key === key || lost.has(one.key));
          return own.some((one) => one.key === key) && own.length > this.#parityShards;
        });
        if (!isTooMuch) lost.add(key);
      }
    }
    for (const key of lost) {
      if (this.#draw() < 0.5) await world.bare.delete([key]);
      else await world.flip(key, this.#below(800));
    }
    this.counts.losses += lost.size;
    const { isWhole: isMended } = await this.#made.repair();
    if (!isMended) this.wrong.push(`${when}: not all was mended`);
    const after = await this.#made.content();
    for (const key of lost) if (after.get(key) !== before.get(key)) this.wrong.push(`${when}: ${key}`);
  }

  async go(): Promise<void> {
    const { world } = this.#made;
    for (let step = 0; step < steps; step++) {
      const draw = this.#draw();
      const { dataset } = await world.open({ create: false });
      if (draw < 0.6) await this.#change(dataset);
      await dataset.close();
      if (draw >= 0.6 && draw < 0.75) {
        const dying = faulty(world.bare, this.#plan(), world.runtime);
        await this.#attempt(this.#made.update({}, dying));
      } else if (draw >= 0.75 && draw < 0.9) await this.#collect();
      else if (draw >= 0.9) await this.lose(`step ${step}`);
    }
    await this.#made.update();
    const { arrays } = await showParity(this.#made.environment());
    if (arrays[0]?.notCoveredObjects !== 0) this.wrong.push('not all is covered');
    await this.lose('all covered');
    // Now what is covered loses members to a clean-up, which is not killed.
    const { dataset } = await world.open({ create: false });
    await dataset.compact({ arrays: ['a'] });
    await dataset.close();
    await this.#made.update();
    await this.#collect();
    await this.lose('after a clean-up');
    this.wrong.push(...(await missingKeys(world)));
  }
}

const totals = { losses: 0, killed: 0, collected: 0, encodedAnew: 0 };

test.each(Array.from({ length: seeds }, (_, i) => firstSeed + i))(
  'seed %i',
  async (seed) => {
    const parityShards = 1 + (seed % 3);
    const made = await ParityWorld.make([3 + (seed % 4), parityShards], { files: 3, columns: 1, seed });
    const run = new Run(made, seed, parityShards);
    await run.go();
    expect(run.wrong).toEqual([]);
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += run.counts[key];
    await made.world.close();
  },
  120_000,
);

test('the runs met what they are about', () => {
  console.log(`parity: seeds ${firstSeed} to ${firstSeed + seeds - 1}: ${JSON.stringify(totals)}`);
  for (const count of Object.values(totals)) expect(count).toBeGreaterThan(0);
});
