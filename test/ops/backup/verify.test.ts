// Verification of points while others are forgotten: what an older point needs is not passed over.
import { afterEach, expect, test } from 'vitest';
import { rootKey } from '../../../src/manifest/keys.js';
import { verifyBackups } from '../../../src/ops/backup/verify.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { World, worldWith } from '../../dataset/world.js';
import { failure } from '../../support/failure.js';
import { append, backedUp, environment, listed, type Pair } from './support.js';

let pair: Pair;
afterEach(async () => {
  await pair.source.close();
  await pair.backup.close();
});

/** Two points, the older one first; both need the first partition. */
async function twoPoints(): Promise<readonly [string, string]> {
  pair = { source: await worldWith(0, 1, 2), backup: new World(2) };
  const first = await backedUp(pair);
  await append(pair.source, 3, 4);
  const second = await backedUp(pair);
  return [first.point, second.point];
}

test('damage that two points share is told of the older one, though the newer is forgotten meanwhile', async () => {
  const [first, second] = await twoPoints();
  const { backup } = pair;
  const shared = (await backup.keys()).filter((key) => key.endsWith('.npy'));
  for (const key of shared) {
    const { sizeBytes = 0 } = (await backup.bare.head(key)) ?? {};
    await backup.bare.put(key, new Uint8Array(sizeBytes).fill(7));
  }
  const store = forwarding(backup.bare, {
    get: async (key, options) => {
      if (key.endsWith('.npy')) await backup.bare.delete([`points/${second}`]);
      return backup.bare.get(key, options);
    },
  });
  const { points, damaged } = await verifyBackups(environment(backup, store), { all: true });
  expect(points).toEqual([first]);
  expect(damaged).toMatchObject([{ point: first, damage: 'blocks' }]);
  expect((await listed(backup)).points).toHaveLength(1);
});

test('roots that went with a point that is forgotten meanwhile are no damage', async () => {
  const [first, second] = await twoPoints();
  const { backup } = pair;
  const store = forwarding(backup.bare, {
    get: async (key, options) => {
      const body = await backup.bare.get(key, options);
      if (key === rootKey(4)) await backup.bare.delete([`points/${second}`, rootKey(3), rootKey(4)]);
      return body;
    },
  });
  const { points, damaged } = await verifyBackups(environment(backup, store), { all: true });
  expect({ points, damaged }).toEqual({ points: [first], damaged: [] });
});

test('a point that is forgotten before it is looked at is passed over', async () => {
  const [first, second] = await twoPoints();
  const { backup } = pair;
  const store = forwarding(backup.bare, {
    get: async (key, options) => {
      if (key === rootKey(4)) await backup.bare.delete([`points/${second}`, rootKey(3), rootKey(4)]);
      return backup.bare.get(key, options);
    },
  });
  const { points, damaged } = await verifyBackups(environment(backup, store), { all: true });
  expect({ points, damaged }).toEqual({ points: [first], damaged: [] });
});

test('the only point that is verified, forgotten meanwhile, is not said to be right', async () => {
  const [, second] = await twoPoints();
  const { backup } = pair;
  const store = forwarding(backup.bare, {
    get: async (key, options) => {
      if (key === rootKey(4)) await backup.bare.delete([`points/${second}`, rootKey(4)]);
      return backup.bare.get(key, options);
    },
  });
  const error = await failure(verifyBackups(environment(backup, store)));
  expect(error).toMatchObject({ code: 'NotFound', context: { point: second } });
});
