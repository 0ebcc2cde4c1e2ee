// Random histories with replaced rows, arrays that come and go, tags, expiry and clean-up, restored into
// another place at a random version, by runs that are cut at random. There each version that is kept reads as
// at the source, those that are not are expired, nothing is damaged, and clean-up finds nothing to delete.
import { expect, test } from 'vitest';
import { restoreTo, type RestoreToReport } from '../../src/dataset/restore-to.js';
import type { Dataset } from '../../src/dataset/dataset.js';
import { isNacreError } from '../../src/errors.js';
import { scrub } from '../../src/ops/scrub.js';
import { int32, World } from '../dataset/world.js';
import { environment } from '../ops/replicate-world.js';
import { dayMs } from '../ops/support.js';
import { failure } from '../support/failure.js';
import { seededRandom } from '../support/fake-runtime.js';
import { calls, faulty, nth } from '../support/faulty-store.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 12);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);
const names = ['a', 'b'];

const nobody = async (): Promise<never[]> => [];

async function content(dataset: Dataset): Promise<Record<string, unknown>> {
  const { arrays } = await dataset.info();
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(arrays)) {
    const array = dataset.array(name);
    out[name] = {
      ids: Array.from(await array.ids()),
      rows: Array.from((await array.read()).data as Int32Array),
    };
  }
  return out;
}

class History {
  readonly world: World;
  readonly #below: (count: number) => number;
  #value = 0;

  constructor(seed: number, below: (count: number) => number) {
    this.world = new World(seed);
    this.#below = below;
  }

  async grow(dataset: Dataset, steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.world.runtime.advance(this.#below(3) * dayMs + 1_000);
      await this.#step(dataset).catch((error: unknown) => {
        // An array that is not there, or is empty, and the like: another step then.
        if (!isNacreError(error)) throw error;
      });
    }
  }

  async #step(dataset: Dataset): Promise<unknown> {
    const name = names[this.#below(names.length)] ?? '';
    const rows = int32(...Array.from({ length: 1 + this.#below(4) }, () => this.#value++));
    const version = 1 + this.#below(await dataset.version());
    switch (this.#below(9)) {
      case 0:
        return dataset.write((tx) => tx.dropArray(name));
      case 1:
        return dataset.write((tx) => tx.replace(name, [0], int32(this.#value++)));
      case 2:
        return dataset.write((tx) => tx.drop(name, [0]));
      case 3:
        return dataset.tag(`t${this.#below(4)}`, {
          at: { version },
          ...(this.#below(2) ? { move: true } : {}),
        });
      case 4:
        return dataset.deleteTag(`t${this.#below(4)}`);
      case 5:
        return dataset.restore({ version });
      case 6: {
        await dataset.expire({ keepLast: 1 + this.#below(6), minAgeMs: 0 });
        await this.world.runtime.advance(2 * dayMs);
        return dataset.gc();
      }
      default:
        return dataset.write(async (tx) => {
          if (!tx.arrays.some((array) => array === name)) await tx.create(name, { dtype: 'int32' });
          await tx.append(name, rows);
        });
    }
  }
}

/** Runs that are cut, until one is not. */
async function restoreInPieces(
  source: World,
  destination: World,
  options: { readonly at: { readonly version: number }; readonly only: boolean },
  below: (count: number) => number,
): Promise<RestoreToReport> {
  for (let round = 0; ; round++) {
    const plan = nth(calls('put'), 1 + below(12), { kind: 'error', code: 'Aborted' }, Infinity);
    const to = environment(destination, round > 20 ? destination.bare : faulty(destination.bare, plan));
    try {
      return await restoreTo(environment(source), to, nobody, options);
    } catch (error) {
      if (!isNacreError(error, 'Aborted') && !isNacreError(error, 'CommitUnknown')) throw error;
      const opened = await destination.open({ create: false }).catch((cause: unknown) => cause);
      // Nothing, not whole yet, or all of it with a hint that was written behind the cut.
      if (isNacreError(opened)) expect(['Unavailable', 'NotFound']).toContain(opened.code);
      else throw new Error('it opened before it was whole', { cause: error });
    }
  }
}

test.each(Array.from({ length: seeds }, (_, i) => firstSeed + i))('seed %i', async (seed) => {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const history = new History(seed, below);
  const { world: source } = history;
  const destination = new World(seed + 10_000);
  try {
    const { dataset } = await source.open();
    await history.grow(dataset, 12 + below(20));
    const newest = await dataset.version();
    const kept: number[] = [];
    for (let version = 1; version <= newest; version++)
      if (
        await dataset.at({ version }).then(
          () => true,
          () => false,
        )
      )
        kept.push(version);
    const restored = kept[below(kept.length)] ?? newest;
    const only = below(4) === 0;
    await destination.runtime.advance(source.runtime.now() - destination.runtime.now());
    const report = await restoreInPieces(source, destination, { at: { version: restored }, only }, below);
    expect(report).toMatchObject({ restored, version: restored + 1 });

    const there = (await destination.open({ create: false })).dataset;
    for (let version = 1; version <= restored; version++) {
      const isKept = version >= report.keptFrom || report.keptAlso.includes(version);
      if (!isKept) {
        expect((await failure(there.at({ version }))).code).toBe('Expired');
        continue;
      }
      expect(kept).toContain(version);
      expect(await content(await there.at({ version }))).toEqual(
        await content(await dataset.at({ version })),
      );
    }
    expect(await content(there)).toEqual(await content(await dataset.at({ version: restored })));
    for (const { version } of await there.tags()) await there.at({ version });
    expect((await scrub(environment(destination), { mode: 'full' })).damaged).toEqual([]);
    expect(await there.gc({ graceMs: 0, dryRun: true })).toMatchObject({ orphans: 0 });
    expect(await there.gc()).toMatchObject({ deleted: 0 });
    await history.grow(there, 6);
    expect((await scrub(environment(destination), { mode: 'full' })).damaged).toEqual([]);
  } finally {
    await source.close();
    await destination.close();
  }
});
