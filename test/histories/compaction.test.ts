// The history of the list in docs/format.md's protocol that needs compaction, by its number.
import { afterEach, describe, expect, test } from 'vitest';
import { Gate, int32, values, type World, worldWith } from '../dataset/world.js';

let world: World;
afterEach(() => world.close());

describe('history 7: compact merges overrides up to a version, a replace lands next, compact after it', () => {
  test('the replace wins, at that version and when it is merged in its turn', async () => {
    world = await worldWith(0, 1, 2, 3);
    const writer = await world.open();
    while ((await world.head()).root.version < 20) {
      const { version } = (await world.head()).root;
      await writer.dataset.write((tx) => tx.replace('a', [version % 4], int32(version + 1)));
    }
    const gate = new Gate(/^versions\//);
    const compactor = await world.open({ gate });
    gate.shut();
    const running = compactor.dataset.compact();
    await gate.arrived();
    expect((await writer.dataset.write((tx) => tx.replace('a', [1], int32(2_100)))).version).toBe(21);
    const expected = await values(writer.dataset);
    gate.open();
    await running;
    const { root } = await world.head();
    expect(root.version).toBeGreaterThanOrEqual(22);
    for (let version = 21; version <= root.version; version++)
      expect(await values(await compactor.dataset.at({ version }))).toEqual(expected);
    const { dataset } = await world.open();
    expect((await dataset.at({ version: 22 })).uri).toBe(dataset.uri);
    await dataset.compact();
    expect(await world.read()).toEqual(expected);
    expect(expected[1]).toBe(2_100);
  });
});
