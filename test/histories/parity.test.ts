// Histories of histories.md that are about parity, by their numbers.
import { afterEach, describe, expect, test } from 'vitest';
import { choices, ParityWorld } from '../ops/parity-world.js';
import { dayMs, missingKeys } from '../ops/support.js';

let made: ParityWorld;
afterEach(() => made.world.close());

describe('history 23: gc takes two members of a parity group, then two objects are lost', () => {
  test('still repaired, whichever two they are', async () => {
    made = await ParityWorld.make([8, 2], { files: 5, columns: 2 });
    const { world } = made;
    expect(await made.update()).toMatchObject({ encodedGroups: 1, encodedObjects: 7 });
    await made.dropColumns();
    const { dataset } = await world.open({ create: false });
    expect(await dataset.gc()).toMatchObject({ deleted: 2, held: 0, parityEncoded: 1, parityDeleted: 2 });
    expect(await world.keys('parity/')).toHaveLength(2);
    const before = await made.content();
    const keys = await world.keys('arrays/');
    expect(keys).toHaveLength(5);
    for (const lost of choices([...keys, ...(await world.keys('parity/'))], 2)) {
      // Then nothing is lost but the protection: see below.
      if (lost.every((key) => key.startsWith('parity/'))) continue;
      // What is put back is young, and a group all of which is may be on its way.
      await world.runtime.advance(dayMs);
      await world.bare.delete(lost);
      const { isWhole } = await made.repair({ mode: 'structure' });
      expect(isWhole, lost.join()).toBe(true);
      expect(await made.content()).toEqual(before);
    }
    expect(await missingKeys(world)).toEqual([]);
    await world.bare.delete(await world.keys('parity/'));
    expect(await made.update()).toMatchObject({
      arrays: [{ notCoveredObjects: 5 }],
      encodedObjects: 5,
      notEncoded: [],
    });
  });
});
