// The source goes on while it is backed up: commits, expiry and clean-up at each of the requests.
import { afterEach, describe, expect, test } from 'vitest';
import { restoreTo } from '../../../src/dataset/restore-to.js';
import { listPoints } from '../../../src/manifest/points.js';
import { viewPoint } from '../../../src/ops/backup/view.js';
import { verifyBackups } from '../../../src/ops/backup/verify.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { functions, int32, World, worldWith } from '../../dataset/world.js';
import { dayMs } from '../support.js';
import { append, backedUp, environment } from './support.js';

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

/** Everything that version reads goes, and something else comes; what is expired is cleaned up. */
async function turnOver(source: World, row: number): Promise<void> {
  const { dataset } = await source.open({ create: false });
  await dataset.write(async (tx) => {
    await tx.dropArray('a');
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', int32(row, row));
  });
  await source.runtime.advance(3 * dayMs);
  await dataset.expire({ keepLast: 1 });
  await source.runtime.advance(3 * dayMs);
  await dataset.gc();
  await dataset.close();
}

describe('a source that changes during a backup', () => {
  test('at each request: the point is one version of it, whole, though what it read first is gone', async () => {
    let requests = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= requests; at++) {
      const [source, backup] = [await worldWith(0, 1, 2), new World(2)];
      worlds.push(source, backup);
      await append(source, 3, 4);
      let calls = 0;
      const from = forwarding(source.bare, {
        get: async (key, options) => {
          calls += 1;
          if (calls === at) await turnOver(source, 7);
          return source.bare.get(key, options);
        },
      });
      const { version } = await backedUp({ source, backup }, { from });
      requests = Math.min(requests, Math.max(calls, at));
      expect((await verifyBackups(environment(backup))).damaged, `at request ${at}`).toEqual([]);
      const [stored] = (await listPoints(backup.bare, functions)).points;
      if (stored === undefined) throw new Error('there is a point');
      const view = await viewPoint(environment(backup), stored, {});
      const copy = new World(3);
      worlds.push(copy);
      await restoreTo(view.environment, environment(copy), async () => [], {});
      // Version 4 is the one before; 5 turned all over, and later ones changed nothing of it.
      const expected = version < 5 ? [0, 1, 2, 3, 4] : [7, 7];
      expect(await copy.read(), `at request ${at}, version ${version}`).toEqual(expected);
    }
    expect(requests).toBeGreaterThan(5);
  }, 60_000);
});
