// Parity: objects are lost, and come back with the same bytes, as long as no more are lost than a group has
// shards of parity.
import { afterEach, describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { repair } from '../../src/ops/repair.js';
import { updateParity } from '../../src/ops/parity.js';
import { int32, type Member, World, worldWith } from '../dataset/world.js';

let world: World;
afterEach(() => world.close());

const environment = () => environmentOf(world.bare, { cacheDir: false, runtime: world.runtime });

const append = (member: Member, ...rows: number[]) =>
  member.dataset.write((tx) => tx.append('a', int32(...rows)));

describe('losses', () => {
  test('any two objects of a group of 4+2 come back with the same bytes', async () => {
    world = await worldWith(1, 2, 3);
    const member = await world.open();
    for (let i = 0; i < 3; i++) await append(member, ...Array.from({ length: 50 * i + 1 }, (_, j) => j));
    await member.dataset.write((tx) => tx.setParity('a', { dataShards: 4, parityShards: 2 }));
    const report = await updateParity(environment());
    expect(report).toMatchObject({ encodedGroups: 1, encodedObjects: 4, notEncoded: [] });
    const keys = [...(await world.keys('arrays/')), ...(await world.keys('parity/'))];
    expect(keys).toHaveLength(6);
    const before = new Map<string, Uint8Array>();
    for (const key of keys) before.set(key, (await world.bare.get(key))?.bytes ?? new Uint8Array(0));
    const data = keys.filter((key) => key.startsWith('arrays/'));
    for (const [i, a] of data.entries()) {
      for (const b of data.slice(i + 1)) {
        await world.bare.delete([a, b]);
        const { isWhole, steps } = await repair(environment(), [], { mode: 'structure' });
        expect(steps.map(({ from, outcome }) => [from, outcome])).toEqual([
          ['parity', 'mended'],
          ['parity', 'mended'],
        ]);
        expect(isWhole).toBe(true);
        for (const [key, bytes] of before) expect((await world.bare.get(key))?.bytes).toEqual(bytes);
      }
    }
  });
});
