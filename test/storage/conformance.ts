// What every ObjectStore does alike. Each backend calls `conformance` with an opener of a real place: a
// server, a folder. Keys begin with a random text, so that many runs can share one place and nothing needs
// clearing. Bodies of more than twice `singlePutBytes` are written when that is at most 32 MiB: open with
// small parts.
import { afterAll, beforeAll, describe } from 'vitest';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { largeBodies, ranges, readsAndWrites } from './conformance/bodies.js';
import { conditions, races } from './conformance/conditions.js';
import { keys, life } from './conformance/life.js';
import { listings } from './conformance/listings.js';
import type { Opened, Place } from './conformance/support.js';

export type { Opened } from './conformance/support.js';

export function conformance(name: string, open: () => Promise<Opened>): void {
  describe(`${name} as an object store`, () => {
    let opened: Opened;
    let other: ObjectStore;
    const store = (): ObjectStore => opened.store;
    const place = (): Place => ({ ...opened, other });

    beforeAll(async () => {
      opened = await open();
      other = await opened.another();
    });
    afterAll(async () => {
      await other?.close();
      await opened?.dispose();
    });

    readsAndWrites(store);
    ranges(store);
    conditions(store);
    races(place);
    largeBodies(store);
    listings(place);
    keys(store);
    life(place);
  });
}
