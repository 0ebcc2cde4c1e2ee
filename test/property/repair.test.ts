// Random damage to random datasets, and to the copy that they are repaired from. What the copy has comes back
// to the bit; what it has not is called lost, and nothing else is; nothing that was right is written to.
import { expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { isNacreError } from '../../src/errors.js';
import { hintKey } from '../../src/manifest/keys.js';
import { repair } from '../../src/ops/repair.js';
import { scrub } from '../../src/ops/scrub.js';
import { seededRandom } from '../support/fake-runtime.js';
import { filled, int32, World } from '../dataset/world.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 24);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);

type Content = Map<string, Uint8Array>;

async function contentOf(world: World): Promise<Content> {
  const content: Content = new Map();
  for (const key of await world.keys()) {
    const body = await world.bare.get(key);
    if (body !== undefined) content.set(key, body.bytes.slice());
  }
  return content;
}

/** Hurts some objects; gives their keys. */
async function hurt(world: World, random: () => number, part: number): Promise<Set<string>> {
  const keys = await world.keys();
  const before = await contentOf(world);
  const hit = new Set<string>();
  for (const key of keys) {
    if (random() >= part) continue;
    const bytes = before.get(key) ?? new Uint8Array(0);
    const other = before.get(keys[Math.floor(random() * keys.length)] ?? '') ?? bytes;
    const how = Math.floor(random() * 4);
    if (how === 0) await world.flip(key, Math.floor(random() * 8 * bytes.byteLength));
    else if (how === 1) await world.bare.put(key, bytes.slice(0, Math.floor(random() * bytes.byteLength)));
    else if (how === 2) await world.bare.delete([key]);
    else if (other !== bytes) await world.bare.put(key, other.slice());
    const now = (await world.bare.get(key))?.bytes;
    if (now === undefined || !Buffer.from(now).equals(Buffer.from(bytes))) hit.add(key);
  }
  return hit;
}

async function datasetOf(seed: number, random: () => number): Promise<World> {
  const world = await filled(new World(seed), [1, 2, 3]);
  const { dataset } = await world.open();
  const commits = 3 + Math.floor(random() * 8);
  for (let i = 0; i < commits; i++) {
    await dataset.write(async (tx) => {
      const [rows = 0] = await dataset.array('a').shape();
      const draw = random();
      if (draw < 0.6 || rows < 2)
        await tx.append('a', int32(...Array.from({ length: 5 }, (_, j) => 10 * i + j)));
      else if (draw < 0.8) await tx.replace('a', [Math.floor(random() * rows)], int32(-i));
      else await tx.drop('a', [Math.floor(random() * rows)]);
    });
  }
  await dataset.close();
  return world;
}

test('what the copy has comes back to the bit, and what it has not is named', async () => {
  console.log(`repair: seeds ${firstSeed} to ${firstSeed + seeds - 1} (NACRE_SEED, NACRE_SEEDS)`);
  let [mended, lost] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const random = seededRandom(seed);
    const world = await datasetOf(seed, random);
    const copy = new World(seed + 100_000);
    const original = await contentOf(world);
    for (const [key, bytes] of original) await copy.bare.put(key, bytes.slice());
    const bad = await hurt(world, random, 0.3);
    const badInCopy = random() < 0.5 ? await hurt(copy, random, 0.2) : new Set<string>();
    const environment = (of: World) => environmentOf(of.bare, { cacheDir: false, runtime: of.runtime });
    const source = { ...environment(copy), name: copy.name };
    const where = `seed ${seed}`;

    const report = await repair(environment(world), [source]).catch((error: unknown) => {
      // Nothing is left to begin with, here and there: that is said, too.
      if (isNacreError(error, 'Corrupt') || isNacreError(error, 'NotFound')) return error.code;
      throw new Error(where, { cause: error });
    });
    const after = await contentOf(world);
    // Whatever was right still is.
    for (const [key, bytes] of original)
      if (!bad.has(key)) expect([where, key, after.get(key)]).toEqual([where, key, bytes]);
    if (typeof report === 'string') {
      const roots = [...original.keys()].filter((key) => key.startsWith('versions/'));
      expect([where, roots.some((key) => bad.has(key) && badInCopy.has(key))]).toEqual([where, true]);
      continue;
    }
    for (const { key, outcome } of report.steps) {
      if (key === hintKey) continue;
      if (outcome === 'mended') {
        mended += 1;
        expect([where, key, after.get(key)]).toEqual([where, key, original.get(key)]);
      } else {
        lost += 1;
        // Nobody had it, or nobody could tell what it was.
        expect([where, outcome, bad.has(key)]).toEqual([where, 'lost', true]);
      }
    }
    if (badInCopy.size > 0) continue;
    // From a whole copy all comes back but a newest root that left no trace.
    const { damaged } = await scrub(environment(world));
    expect([where, damaged]).toEqual([where, []]);
  }
  console.log(`repair: ${mended} objects mended, ${lost} lost`);
  expect(mended).toBeGreaterThan(0);
}, 300_000);
