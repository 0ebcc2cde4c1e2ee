// Which version was the newest at a time, found by halves, beside a walk over all of them.
import { afterEach, expect, test } from 'vitest';
import { newestAt } from '../../src/manifest/head-at.js';
import { history } from '../../src/manifest/history.js';
import { evolve } from '../../src/manifest/message.js';
import { recording, Trace } from '../support/recording-store.js';
import { functions, int32, type World, worldWith } from '../dataset/world.js';

let world: World;
afterEach(() => world.close());

test.each([false, true])('at each time between versions, with a void among them: %s', async (withVoid) => {
  world = await worldWith(0);
  const { dataset } = await world.open();
  for (let i = 1; i <= 40; i++) {
    await world.runtime.advance(1_000 * (i % 3));
    if (withVoid && i === 20) {
      // What a removed dataset's late writer leaves: nobody's version, and of no time.
      const { root } = await world.head();
      await world.plant(evolve(root, { version: root.version + 1, dataset: new Uint8Array(16), timeMs: 5 }));
    }
    await dataset.write((tx) => tx.append('a', int32(i)));
  }
  const head = await world.head();
  const roots: { readonly version: number; readonly timeMs: number }[] = [];
  for await (const { root } of history(world.bare, head, functions)) roots.push(root);
  const [first, last] = [roots.at(-1)?.timeMs ?? 0, head.root.timeMs];
  const trace = new Trace();
  const store = recording(world.bare, trace);
  for (const oldest of [1, 10, 30]) {
    for (let timeMs = first - 500; timeMs <= last + 500; timeMs += 500) {
      const expected = roots.find((root) => root.timeMs <= timeMs || root.version <= oldest)?.version;
      expect(await newestAt(store, head, timeMs, oldest, functions), `${timeMs} from ${oldest}`).toBe(
        expected,
      );
    }
    const before = trace.entries.length;
    await newestAt(store, head, first + 1_000, oldest, functions);
    if (!withVoid) expect(trace.entries.length - before).toBeLessThanOrEqual(7);
  }
});
