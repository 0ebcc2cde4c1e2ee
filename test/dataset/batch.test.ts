// A write is the batch: small changes are held in memory, seen by its own reads, and become few objects.
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { failure } from '../support/failure.js';
import { seededRandom } from '../support/fake-runtime.js';
import { int32, World } from './world.js';

async function numbers(dataset: Dataset, name = 'a'): Promise<number[]> {
  return Array.from((await dataset.array(name).read()).data as Int32Array);
}

describe('small changes of one write', () => {
  test('by the thousand become one object of each kind', async () => {
    const { dataset, trace } = await new World().open({ create: true });
    await dataset.write((tx) => tx.save('a', int32(...Array.from({ length: 1000 }, (_, i) => i))));
    trace.clear();
    await dataset.write(async (tx) => {
      for (let i = 0; i < 2000; i++) {
        await tx.append('a', int32(10_000 + i));
        await tx.replace('a', [i % 1000, 1000 + i], int32(-i, -1 - i));
      }
    });
    // A partition of appended rows, one of replaced rows, the root, the hint.
    const puts = trace.entries.filter(({ method }) => method === 'put');
    expect(puts.length).toBeLessThanOrEqual(4);
    const rows = await numbers(dataset);
    expect(rows).toHaveLength(3000);
    expect([rows[0], rows[999], rows[1000], rows[2999]]).toEqual([-1000, -1999, -1, -2000]);
    const { partitions } = (await dataset.info()).arrays['a'] ?? { partitions: [] };
    expect(partitions.map(({ rows: count }) => count)).toEqual([1000, 2000, 1000]);
    await dataset.close();
  });

  test('become several where they are many bytes, in order, and memory holds few of them', async () => {
    const { dataset } = await new World().open({ create: true });
    await dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32', rowShape: [65_536] });
      for (let i = 0; i < 100; i++) {
        await tx.append('a', { data: new Int32Array(2 * 65_536).fill(i), shape: [2, 65_536] });
        if (i % 10 === 0)
          await tx.replace('a', [2 * i], { data: new Int32Array(65_536).fill(-i), shape: [1, 65_536] });
      }
    });
    const { partitions } = (await dataset.info()).arrays['a'] ?? { partitions: [] };
    const appended = partitions.filter(({ rows }) => rows >= 8);
    expect(appended.length).toBeGreaterThan(2);
    const every = await dataset.array('a').read({ step: 2 });
    const firsts = Array.from({ length: 100 }, (_, i) => (every.data as Int32Array)[i * 65_536]);
    expect(firsts).toEqual(Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 0 - i : i)));
    await dataset.close();
  });

  test('keep their order where one that is large, or has attributes, comes between', async () => {
    const { dataset } = await new World().open({ create: true });
    const large = Int32Array.from({ length: 2 ** 20 + 1 }, (_, i) => i);
    await dataset.write(async (tx) => {
      await tx.save('a', int32(1));
      await tx.append('a', int32(2), { attributes: { lang: ['de'] } });
      await tx.append('a', int32(3));
      await tx.append('a', { data: large });
      await tx.append('a', int32(4));
      await tx.replace('a', [0, 1, 2, -1], int32(11, 12, 13, 14));
      const { data } = await tx.read('a', { rows: [0, 1, 2, 3, -2, -1] });
      expect(Array.from(data as Int32Array)).toEqual([11, 12, 13, 0, 2 ** 20, 14]);
    });
    await dataset.write(async (tx) => {
      await tx.replace('a', [4, 5], int32(97, 98));
      await tx.replace('a', { start: 3, end: -1 }, { data: large.map((value) => value + 1) });
      await tx.replace('a', [4], int32(99));
      const { data } = await tx.read('a', { start: 2, end: 7 });
      expect(Array.from(data as Int32Array)).toEqual([13, 1, 99, 3, 4]);
    });
    const rows = await numbers(dataset);
    expect([...rows.slice(0, 6), ...rows.slice(-2)]).toEqual([11, 12, 13, 1, 99, 3, 2 ** 20 + 1, 14]);
    const hits = await dataset.array('a').select('lang').limit(3).toArray();
    expect(hits.map(({ attributes }) => attributes?.['lang'])).toEqual([null, 'de', null]);
    await dataset.close();
  });

  test('are not there where the callback throws, nor where their upload fails', async () => {
    let isBroken = false;
    const { dataset } = await new World().open({
      create: true,
      plan: ({ method, key }) =>
        isBroken && method === 'put' && key.startsWith('arrays/')
          ? { kind: 'error', code: 'PermissionDenied', status: 403 }
          : undefined,
    });
    await dataset.write((tx) => tx.save('a', int32(1, 2)));
    const thrown = dataset.write(async (tx) => {
      await tx.append('a', int32(3));
      await tx.replace('a', [0], int32(9));
      throw new Error('no');
    });
    await expect(thrown).rejects.toThrow('no');
    expect(await numbers(dataset)).toEqual([1, 2]);
    isBroken = true;
    const failed = await failure(
      dataset.write(async (tx) => {
        await tx.append('a', int32(3));
        await tx.replace('a', [0], int32(9));
      }),
    );
    expect(failed.code).toBe('PermissionDenied');
    isBroken = false;
    await dataset.refresh();
    expect(await numbers(dataset)).toEqual([1, 2]);
    await dataset.close();
  });

  test('of an array that is dropped, renamed or saved anew go with it', async () => {
    const { dataset } = await new World().open({ create: true });
    await dataset.write((tx) => tx.save('a', int32(1, 2)));
    await dataset.write(async (tx) => {
      await tx.append('a', int32(3));
      await tx.replace('a', [0], int32(9));
      await tx.rename('a', 'b');
      await tx.replace('b', [1], int32(8));
      await tx.save('c', int32(5));
      await tx.append('c', int32(6));
      await tx.save('c', int32(7));
    });
    expect(await numbers(dataset, 'b')).toEqual([9, 8, 3]);
    expect(await numbers(dataset, 'c')).toEqual([7]);
    await dataset.write(async (tx) => {
      await tx.append('b', int32(4));
      await tx.replace('b', [0], int32(1));
      await tx.dropArray('b');
    });
    expect(Object.keys((await dataset.info()).arrays)).toEqual(['c']);
    await dataset.close();
  });

  test('that are replaced and then dropped in one write still clash with who changes these rows', async () => {
    const world = new World();
    const one = await world.open({ create: true });
    await one.dataset.write((tx) => tx.save('a', int32(1, 2, 3)));
    const ways = [(tx: TransactionHandle) => tx.drop('a', [1]), (tx: TransactionHandle) => tx.dropArray('a')];
    for (const [i, drop] of ways.entries()) {
      const other = await world.open();
      await other.dataset.version();
      await one.dataset.write((tx) => tx.replace('a', [1], int32(i)));
      const clash = other.dataset.write(async (tx) => {
        await tx.replace('a', [1], int32(6));
        await drop(tx);
      });
      expect((await failure(clash)).code).toBe('Conflict');
      await other.dataset.close();
    }
    await one.dataset.close();
  });
});

describe('random changes of one write', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`are what a list of numbers becomes by the same (NACRE_SEED=${seed})`, async () => {
      const random = seededRandom(seed);
      const below = (most: number) => Math.floor(random() * most);
      const { dataset } = await new World(seed).open({ create: true });
      let model = Array.from({ length: 20 }, (_, i) => i);
      await dataset.write((tx) => tx.save('a', int32(...model)));
      let next = 100;
      for (let write = 0; write < 4; write++) {
        await dataset.write(async (tx) => {
          for (let step = 0; step < 40; step++) {
            const fresh = Array.from({ length: 1 + below(4) }, () => next++);
            const what = below(10);
            if (what < 4) {
              await tx.append('a', int32(...fresh));
              model.push(...fresh);
            } else if (what < 7 && model.length > 0) {
              const places = [...new Set(fresh.map(() => below(model.length)))];
              await tx.replace('a', places, int32(...fresh.slice(0, places.length)));
              for (const [i, place] of places.entries()) model[place] = fresh[i] ?? 0;
            } else if (what < 8 && model.length > 0) {
              const gone = new Set(fresh.map(() => below(model.length)));
              await tx.drop('a', [...gone]);
              model = model.filter((_, i) => !gone.has(i));
            } else if (what < 9) {
              const some = { start: below(model.length + 1), end: below(model.length + 1) };
              const { data } = await tx.read('a', some);
              expect(Array.from(data as Int32Array)).toEqual(model.slice(some.start, some.end));
            } else if (model.length > 0) {
              const places = Array.from({ length: 5 }, () => below(model.length));
              const { data } = await tx.read('a', { rows: places });
              expect(Array.from(data as Int32Array)).toEqual(places.map((place) => model[place]));
            }
          }
        });
        expect(await numbers(dataset)).toEqual(model);
      }
      await dataset.close();
    });
  }
});
