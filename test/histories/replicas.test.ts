// The histories of replicas: the numbers are those of the list in docs/format.md.
import { afterEach, describe, expect, test } from 'vitest';
import { replicaMarkKey, rootKey } from '../../src/manifest/keys.js';
import { describeObject } from '../../src/manifest/upload.js';
import { TableBuilder } from '../../src/manifest/objects.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { content, promoted, replicated } from '../ops/replicate-world.js';
import { missingKeys, orphan, orphanKeys } from '../ops/support.js';
import { functions, int32, type Member, values, World, worldWith } from '../dataset/world.js';

let source: World;
const worlds: World[] = [];
afterEach(async () => {
  for (const world of [source, ...worlds.splice(0)]) await world.close();
});

const other = (seed: number): World => {
  const world = new World(seed);
  worlds.push(world);
  return world;
};

const append = (member: Member, row: number) => member.dataset.write((tx) => tx.append('a', int32(row)));

describe('history 13: a replica is promoted while the old primary still commits', () => {
  test('neither reads the other, and each replication names the first version that differs', async () => {
    source = await worldWith(0, 1);
    const destination = other(2);
    const pair = { source, destination };
    const old = await source.open();
    await append(old, 2);
    await replicated(pair);
    const reader = await destination.open({ create: false });
    expect(await values(reader.dataset)).toEqual([0, 1, 2]);
    // Version 4 at both, and up to 9 at the old one.
    await promoted(destination);
    for (let row = 10; row < 16; row++) await append(old, row);
    const fresh = await destination.open({ create: false });
    await append(fresh, 20);
    await append(fresh, 21);

    const differs = { code: 'Conflict', context: { version: 4 } };
    expect(await failure(replicated(pair))).toMatchObject(differs);
    expect(await failure(replicated(pair, { verify: true }))).toMatchObject(differs);
    const back = { source: destination, destination: source };
    expect(await failure(replicated(back))).toMatchObject(differs);

    await reader.dataset.refresh();
    expect(await values(reader.dataset)).toEqual([0, 1, 2, 20, 21]);
    expect(await values(old.dataset)).toEqual([0, 1, 2, 10, 11, 12, 13, 14, 15]);
    expect(await values(await reader.dataset.at({ version: 3 }))).toEqual([0, 1, 2]);
  });

  test('a replication under way while it is promoted stops, whoever takes the next slot', async () => {
    for (const first of ['promotion', 'replication'] as const) {
      source = await worldWith(0, 1);
      const destination = other(2);
      const pair = { source, destination };
      await replicated(pair);
      const old = await source.open();
      for (let row = 2; row < 5; row++) await append(old, row);
      let isPromoted = false;
      const during = faulty(destination.bare, () => undefined);
      const to = {
        ...during,
        put: async (...[key, body, options]: Parameters<typeof during.put>) => {
          const isNext = key === rootKey(first === 'promotion' ? 3 : 4);
          if (isNext && !isPromoted) {
            isPromoted = true;
            await promoted(destination);
          }
          return during.put(key, body, options);
        },
      };
      const version = first === 'promotion' ? 3 : 4;
      expect(await failure(replicated(pair, { to }))).toMatchObject({
        code: 'Conflict',
        context: { version },
      });
      const { dataset } = await destination.open({ create: false });
      await dataset.write((tx) => tx.append('a', int32(50)));
      expect(await values(dataset)).toEqual(first === 'promotion' ? [0, 1, 50] : [0, 1, 2, 50]);
      await source.close();
    }
  });
});

describe('history 24: replicate is killed; gc runs at the destination; replicate resumes; someone appends', () => {
  test('clean-up is refused there, the copy is completed, and the append is refused', async () => {
    source = await worldWith(0, 1);
    const destination = other(2);
    const pair = { source, destination };
    await replicated(pair);
    const old = await source.open();
    for (let row = 2; row < 6; row++) await append(old, row);
    // Objects of the next version are there, its root is not; then all ends.
    const dying = faulty(
      destination.bare,
      nth(calls('put', /^versions/), 2, { kind: 'error', code: 'Aborted' }, Infinity),
    );
    expect((await failure(replicated(pair, { to: dying }))).code).toBe('Aborted');
    expect(await orphanKeys(destination)).not.toEqual([]);
    const { dataset } = await destination.open({ create: false });
    const refused = { code: 'PermissionDenied' };
    expect(await failure(dataset.gc({ graceMs: 0 }))).toMatchObject(refused);
    await replicated(pair);
    expect(await content(destination)).toEqual(await content(source));
    expect(await failure(dataset.write((tx) => tx.append('a', int32(9))))).toMatchObject(refused);
  });

  test('where the hint is not there yet, it is known for a replica, and the lease holds clean-up off', async () => {
    source = await worldWith(0, 1);
    const destination = other(2);
    const pair = { source, destination };
    const dying = faulty(destination.bare, ({ method, key }) =>
      (method === 'put' && key === 'latest') || method === 'delete'
        ? { kind: 'error', code: 'Aborted' }
        : undefined,
    );
    expect((await failure(replicated(pair, { to: dying }))).code).toBe('Aborted');
    const stray = await orphan(destination);
    await destination.runtime.advance(1_000);
    const { dataset } = await destination.open({ create: false });
    expect(await failure(dataset.gc({ graceMs: 0 }))).toMatchObject({ code: 'PermissionDenied' });
    // As an earlier release leaves it.
    await destination.bare.delete([replicaMarkKey]);
    const { dataset: unmarked } = await destination.open({ create: false });
    expect(await failure(unmarked.gc({ graceMs: 0 }))).toMatchObject({ code: 'Conflict' });
    expect(await destination.keys()).toContain(stray);
    await replicated(pair);
    expect(await missingKeys(destination)).toEqual([]);
    expect(await destination.read()).toEqual([0, 1]);
  });
});

describe('history 22: a newer release adds a kind of object', () => {
  test('replication takes along what stands in the table of objects, whatever refers to it', async () => {
    source = await worldWith(0, 1);
    const destination = other(2);
    const bytes = Uint8Array.from({ length: 3_000 }, (_, i) => i % 251);
    const pattern = { prefix: 'parity/', suffix: '' };
    const object = describeObject(pattern, bytes, { functions, runtime: source.runtime });
    const key = `parity/${Buffer.from(object.id).toString('hex')}`;
    await source.bare.put(key, bytes);
    await source.plantNext(({ objects }) => {
      const table = new TableBuilder(objects);
      table.add(object);
      return { objects: table.build() };
    });
    await replicated({ source, destination });
    expect((await destination.bare.get(key))?.bytes).toEqual(bytes);
  });
});
