// Compaction: what it writes and leaves alone, beside other writers, killed, and cleaned up after.
import { afterEach, describe, expect, test } from 'vitest';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { rootBytesCap } from '../../src/manifest/root.js';
import { Gate, int32, type Member, values, type World, worldWith } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import type { FaultPlan } from '../support/faulty-store.js';
import { dayMs, missingKeys, orphanKeys, reads } from './support.js';

let world: World;
afterEach(() => world.close());

/** One append for each list of rows. */
async function appends(...lists: number[][]): Promise<Member> {
  world = await worldWith();
  const member = await world.open();
  for (const rows of lists) await member.dataset.write((tx) => tx.append('a', int32(...rows)));
  return member;
}

async function files(array = 'a'): Promise<{ rows: number }[]> {
  const { dataset } = await world.open({ create: false });
  const { arrays } = await dataset.info();
  return (arrays[array]?.partitions ?? []).map(({ rows }) => ({ rows }));
}

describe('files', () => {
  test('small files become one, and every version reads as before', async () => {
    const { dataset } = await appends([1, 2], [3], [4, 5, 6]);
    const before = await reads(world);
    const report = await dataset.compact();
    expect(report).toMatchObject({
      version: 6,
      arrays: [{ array: 'a', filesBefore: 3, filesAfter: 1, commits: 1, overtaken: 0 }],
    });
    expect(await files()).toEqual([{ rows: 6 }]);
    const after = await reads(world);
    expect(after.get(6)).toEqual([1, 2, 3, 4, 5, 6]);
    after.delete(6);
    expect(after).toEqual(before);
    expect(await missingKeys(world)).toEqual([]);
    const again = await dataset.compact();
    expect(again).toMatchObject({ version: 6, arrays: [{ filesBefore: 1, filesAfter: 1, commits: 0 }] });
  });

  test('a dry run says what would be done, and writes nothing', async () => {
    const { dataset } = await appends([1, 2], [3], [4, 5, 6]);
    const keys = await world.keys();
    const planned = await dataset.compact({ dryRun: true });
    expect(planned).toMatchObject({ version: 5, arrays: [{ filesBefore: 3, filesAfter: 1, commits: 0 }] });
    expect((await world.keys()).filter((key) => key !== 'latest')).toEqual(
      keys.filter((key) => key !== 'latest'),
    );
  });

  test('replaced rows go into the files, and dropped ones leave at the beginning', async () => {
    const { dataset } = await appends([1, 2], [3], [4, 5, 6]);
    await dataset.write((tx) => tx.replace('a', [0, 5], int32(10, 60)));
    await dataset.write((tx) => tx.replace('a', [5], int32(66)));
    await dataset.write((tx) => tx.drop('a', [0, 1, 3]));
    const ids = await dataset.array('a').ids();
    await dataset.compact();
    expect(await world.read()).toEqual([3, 5, 66]);
    expect(await dataset.array('a').ids()).toEqual(ids);
    expect(await files()).toEqual([{ rows: 4 }]);
    await dataset.write((tx) => tx.append('a', int32(7)));
    expect(Array.from(await dataset.array('a').ids())).toEqual([2, 4, 5, 6]);
  });

  test('long runs of dropped rows leave the files, and stay apart; nothing of them is given again', async () => {
    const { dataset } = await appends(Array.from({ length: 100 }, (_, i) => i));
    await dataset.write((tx) =>
      tx.drop(
        'a',
        Array.from({ length: 60 }, (_, i) => 20 + i),
      ),
    );
    await dataset.compact({ targetBytes: 600 });
    expect(await files()).toEqual([{ rows: 20 }, { rows: 20 }]);
    expect((await world.head()).root.requiredFeatures).toEqual([30]);
    expect(await world.read()).toEqual([
      ...Array(20).keys(),
      ...Array.from({ length: 20 }, (_, i) => 80 + i),
    ]);
    await dataset.write((tx) => tx.drop('a', { all: true }));
    await dataset.compact();
    expect(await files()).toEqual([]);
    expect(await world.read()).toEqual([]);
    await dataset.write((tx) => tx.append('a', int32(7)));
    expect(Array.from(await dataset.array('a').ids())).toEqual([100]);
    expect((await dataset.compact()).arrays[0]).toMatchObject({ commits: 0 });
  });

  test('what has no rows is left as it is', async () => {
    const { dataset } = await appends();
    expect(await dataset.compact()).toMatchObject({ version: 2, arrays: [{ filesBefore: 0, commits: 0 }] });
    expect(await dataset.compact({ arrays: [] })).toEqual({ version: 2, arrays: [] });
  });

  test('a 0-d array keeps its one value', async () => {
    world = await worldWith();
    const { dataset } = await world.open();
    const scalar = (value: number) => ({ data: Float64Array.of(value), shape: [] });
    await dataset.write(async (tx) => {
      await tx.create('s', { dtype: 'float64', scalar: true });
      await tx.append('s', scalar(1));
    });
    await dataset.write((tx) => tx.replace('s', [0], scalar(2)));
    await dataset.write((tx) => tx.drop('s', [0]));
    await dataset.write((tx) => tx.append('s', scalar(3)));
    await dataset.write((tx) => tx.replace('s', [0], scalar(4)));
    await dataset.compact({ arrays: ['s'] });
    expect(await files('s')).toEqual([{ rows: 1 }]);
    expect(await dataset.array('s').read()).toMatchObject({ data: Float64Array.of(4), shape: [] });
  });

  test('keys stay those of their rows', async () => {
    world = await worldWith();
    const { dataset } = await world.open();
    await dataset.write((tx) => tx.create('k', { dtype: 'int32', key: { name: 'id', type: 'string' } }));
    for (const id of ['a', 'b', 'c'])
      await dataset.write((tx) => tx.append('k', int32(1), { attributes: { id: [id] } }));
    await dataset.write((tx) => tx.drop('k', [1]));
    expect((await dataset.compact({ arrays: ['k'] })).arrays[0]).toMatchObject({
      filesBefore: 6,
      filesAfter: 2,
    });
    const again = dataset.write((tx) => tx.append('k', int32(2), { attributes: { id: ['c'] } }));
    expect((await failure(again)).code).toBe('AlreadyExists');
    await dataset.write((tx) => tx.append('k', int32(2), { attributes: { id: ['b'] } }));
    const keys = (await dataset.array('k').select('id').toArray()).map(
      ({ attributes }) => attributes?.['id'],
    );
    expect(keys).toEqual(['a', 'c', 'b']);
  });

  test('sets of dropped rows that are objects become one, without rows that left', async () => {
    const { dataset } = await appends(Array.from({ length: 60_000 }, (_, i) => i));
    const some = (first: number) => Array.from({ length: 3_000 }, (_, i) => first + 14 * i);
    for (const first of [0, 1, 2]) await dataset.write((tx) => tx.drop('a', { ids: some(first) }));
    await dataset.write((tx) =>
      tx.drop('a', { ids: Array.from({ length: 10_000 }, (_, i) => i) }).catch(() => undefined),
    );
    const before = await world.read();
    await dataset.compact();
    expect(await world.read()).toEqual(before);
    const { dropped } = (await world.head()).root.arrays[0] ?? {};
    expect(dropped).toHaveLength(1);
    expect((await dataset.compact()).arrays[0]).toMatchObject({ commits: 0 });
  });

  test('entries that stand in segments are taken over, and the root is small again', async () => {
    const { dataset } = await appends();
    for (let i = 0; i < 500; i++) await dataset.write((tx) => tx.append('a', int32(i)));
    expect((await world.head()).root.arrays[0]?.segments.length).toBeGreaterThan(0);
    await dataset.compact();
    const { bytes, root } = await world.head();
    expect(bytes.byteLength).toBeLessThan(rootBytesCap);
    expect(root.arrays[0]).toMatchObject({ segments: [] });
    expect(await files()).toEqual([{ rows: 500 }]);
    expect(await world.read()).toEqual(Array.from({ length: 500 }, (_, i) => i));
    await dataset.write((tx) => tx.append('a', int32(500)));
    expect((await world.head()).bytes.byteLength).toBeLessThan(2_000);
  });

  test('a root that is nearly full has room for it', async () => {
    const { dataset } = await appends([1], [2]);
    const names = Array.from({ length: 165 }, (_, i) => `${i}`.padEnd(190, 'n'));
    for (const half of [names.slice(0, 85), names.slice(85)]) {
      await dataset.write(async (tx) => {
        for (const name of half) await tx.create(name, { dtype: 'int32' });
        for (const name of half) await tx.append(name, int32(1));
      });
    }
    await dataset.write((tx) => tx.append('a', int32(3)));
    expect((await world.head()).bytes.byteLength).toBeGreaterThan(0.85 * rootBytesCap);
    expect((await dataset.compact()).arrays[0]).toMatchObject({ array: 'a', filesAfter: 1, commits: 1 });
    expect(await world.read()).toEqual([1, 2, 3]);
  });

  test('many files are written in steps, each a version that reads the same', async () => {
    const { dataset } = await appends(...Array.from({ length: 40 }, (_, i) => [i, i, i, i]));
    const told: [number, number][] = [];
    const onProgress = (written: number, planned: number): void => void told.push([written, planned]);
    const report = await dataset.compact({ targetBytes: 1_000, onProgress });
    expect(report.arrays[0]?.commits).toBeGreaterThan(1);
    expect(told.at(-1)).toEqual([160, 160]);
    const expected = Array.from({ length: 160 }, (_, i) => Math.floor(i / 4));
    for (let version = 42; version <= report.version; version++)
      expect(await values(await dataset.at({ version }))).toEqual(expected);
    for await (const { version, operations } of dataset.log())
      if (version > 42) expect(operations.map(({ kind }) => kind)).toEqual(['compact']);
  });

  test('an array and a target that cannot be are refused before anything is read', async () => {
    const { dataset } = await appends([1]);
    expect((await failure(dataset.compact({ arrays: ['b'] }))).code).toBe('NotFound');
    for (const targetBytes of [0, -1, 1.5, Number.NaN])
      expect((await failure(dataset.compact({ targetBytes }))).code).toBe('InvalidArgument');
    expect((await failure((await dataset.at({ version: 1 })).compact())).code).toBe('InvalidArgument');
  });

  test('bytes that are not what they were are found on the way in, and nothing is written', async () => {
    const { dataset } = await appends([1], [2]);
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key, 8 * 129);
    expect(await failure(dataset.compact())).toMatchObject({ code: 'Corrupt', context: { key } });
    expect((await world.head()).root.version).toBe(4);
  });
});

describe('beside other writers', () => {
  /** What compaction begins on; others commit before its first version does, which has to be rebased. */
  async function beside(
    others: (member: Member) => Promise<unknown>,
    begin: (tx: TransactionHandle) => Promise<void> = async () => undefined,
  ) {
    const member = await appends([1, 2], [3, 4], [5, 6]);
    await member.dataset.write(begin);
    const gate = new Gate(/^versions\//);
    const compactor = await world.open({ gate });
    gate.shut();
    const running = compactor.dataset.compact();
    await gate.arrived();
    await others(member);
    gate.open();
    const { arrays } = await running;
    expect(await missingKeys(world)).toEqual([]);
    return arrays[0];
  }

  test('what is appended, replaced and dropped meanwhile survives', async () => {
    const report = await beside(async ({ dataset }) => {
      await dataset.write((tx) => tx.append('a', int32(7)));
      await dataset.write((tx) => tx.replace('a', [0, 2], int32(10, 30)));
      await dataset.write((tx) => tx.drop('a', [1, 5]));
    });
    expect(report).toMatchObject({ overtaken: 0, filesAfter: 1 });
    expect(await world.read()).toEqual([10, 30, 4, 5, 7]);
  });

  test('rows that are dropped stay dropped, though a file has them', async () => {
    await beside(
      ({ dataset }) => dataset.write((tx) => tx.drop('a', [0])),
      (tx) => tx.replace('a', [0, 1], int32(10, 20)),
    );
    expect(await world.read()).toEqual([20, 3, 4, 5, 6]);
  });

  test('entries that are folded meanwhile are made anew, and their files are not', async () => {
    const member = await appends([1, 2], [3, 4], [5, 6]);
    const gate = new Gate(/^versions\//);
    const compactor = await world.open({ gate });
    gate.shut();
    const running = compactor.dataset.compact();
    await gate.arrived();
    for (let i = 0; i < 250; i++) await member.dataset.write((tx) => tx.append('a', int32(i)));
    gate.open();
    const uploads = (key: string): boolean => key.endsWith('.npy');
    // The second one is of what was appended.
    expect((await running).arrays[0]).toMatchObject({ commits: 2, overtaken: 0 });
    const put = compactor.trace.entries.filter(({ method, key }) => method === 'put' && uploads(key));
    expect(put).toHaveLength(2);
    expect((await world.read()).slice(0, 7)).toEqual([1, 2, 3, 4, 5, 6, 0]);
    expect(await world.read()).toHaveLength(256);
  });

  test('of two compactions the later one comes to nothing, and nobody is told of a conflict', async () => {
    let other: unknown;
    const report = await beside(async ({ dataset }) => {
      other = (await dataset.compact()).arrays[0];
    });
    expect(other).toMatchObject({ commits: 1, overtaken: 0 });
    expect(report).toMatchObject({ commits: 0, overtaken: 1, filesAfter: 1 });
    expect((await world.head()).root.version).toBe(6);
    expect(await world.read()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a drop of the array, and one that is made under its name, leave nothing to do', async () => {
    const report = await beside(({ dataset }) =>
      dataset.write(async (tx) => {
        await tx.dropArray('a');
        await tx.create('a', { dtype: 'int32' });
        await tx.append('a', int32(9));
      }),
    );
    expect(report).toMatchObject({ commits: 0, overtaken: 1 });
    expect(await world.read()).toEqual([9]);
  });

  test('a restore brings rows back that a compaction would have left out', async () => {
    const report = await beside(
      ({ dataset }) => dataset.restore({ version: 5 }),
      (tx) => tx.drop('a', [0, 1]),
    );
    expect(report).toMatchObject({ overtaken: 1 });
    expect(await world.read()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('an index that is built meanwhile ends it, and an index that it overtakes is built anew', async () => {
    for (const first of ['index', 'compact'] as const) {
      const member = await appends();
      for (const t of [1, 2, 3])
        await member.dataset.write((tx) => tx.append('a', int32(t), { attributes: { t: [t] } }));
      await member.dataset.write((tx) => tx.setAttributes('a', [0, 2], { t: [10, 30] }));
      const gate = new Gate(/^versions\//);
      const late = await world.open({ gate });
      const index = ({ dataset }: Member) =>
        dataset.write(async (tx) => void (await tx.index('a', { attribute: 't' })), { retries: 3 });
      const compact = ({ dataset }: Member) => dataset.compact();
      // Rows first: the gate is for what is done to columns.
      await late.dataset.write((tx) => tx.drop('a', [1]));
      gate.shut();
      const running = first === 'index' ? compact(late) : index(late);
      await gate.arrived();
      await (first === 'index' ? index(member) : compact(member));
      gate.open();
      await running;
      const found = await member.dataset
        .refresh()
        .then(() => member.dataset.array('a').where('t >= 10').toArray());
      expect(
        found.map(({ id }) => id),
        first,
      ).toEqual([0, 2]);
      expect(await missingKeys(world)).toEqual([]);
      await world.close();
    }
  });
});

describe('a compaction that is killed', () => {
  const made = async (): Promise<void> => {
    const { dataset } = await appends([1, 2], [3, 4], [5]);
    await dataset.write((tx) => tx.setAttributes('a', [0, 1], { lang: ['de', 'en'] }));
    await dataset.write((tx) => tx.setAttributes('a', [1, 2], { lang: ['fr', 'it'] }));
    await dataset.write((tx) => tx.replace('a', [4], int32(50)));
    await dataset.write((tx) => tx.drop('a', [0]));
    await dataset.close();
  };

  test('at each of its requests: every version reads as before, and the next one ends it', async () => {
    await made();
    const whole = await world.open();
    await whole.dataset.version();
    const opening = whole.trace.entries.length;
    const { arrays } = await whole.dataset.compact();
    expect(arrays[0]).toMatchObject({ filesBefore: 6, filesAfter: 2 });
    const requests = whole.trace.entries.length;
    expect(requests).toBeGreaterThan(10);
    for (const kind of ['drop', 'loseReply'] as const) {
      for (let index = opening + 1; index <= requests; index++) {
        await world.close();
        await made();
        const before = await reads(world);
        let faults = 0;
        const plan: FaultPlan = (call) => {
          if (call.index < index) return undefined;
          faults += 1;
          return faults === 1 ? { kind } : { kind: 'drop' };
        };
        const killed = await world.open({ plan, create: false });
        await killed.dataset.compact().catch(() => undefined);
        const next = await world.open();
        await next.dataset.compact();
        for (const [version, rows] of await reads(world))
          expect(rows, `${kind} at request ${index}`).toEqual(before.get(version) ?? [2, 3, 4, 50]);
        const rows = await next.dataset.array('a').select('lang').toArray();
        expect(rows.map(({ attributes }) => attributes?.['lang'])).toEqual(['fr', 'it', null, null]);
        expect(await missingKeys(world)).toEqual([]);
        expect((await next.dataset.compact()).arrays[0]).toMatchObject({ commits: 0 });
      }
    }
  });

  test('a signal ends it, and what it wrote until then is no part of a version', async () => {
    await made();
    const abort = new AbortController();
    const { dataset } = await world.open();
    const running = dataset.compact({ signal: abort.signal, onProgress: () => abort.abort() });
    expect((await failure(running)).code).toBe('Aborted');
    expect(await world.read()).toEqual([2, 3, 4, 50]);
    await dataset.compact();
    expect(await world.read()).toEqual([2, 3, 4, 50]);
  });
});

describe('clean-up after it', () => {
  test('files before go once their versions have expired, and the newest version stands', async () => {
    const { dataset } = await appends([1, 2], [3], [4, 5, 6]);
    await dataset.write((tx) => tx.replace('a', [0], int32(10)));
    await dataset.compact();
    await world.runtime.advance(2 * dayMs);
    expect(await dataset.gc()).toMatchObject({ orphans: 0 });
    await dataset.expire({ keepLast: 1 });
    await world.runtime.advance(2 * dayMs);
    expect(await dataset.gc()).toMatchObject({ deleted: 4 });
    expect(await orphanKeys(world)).toEqual([]);
    expect(await missingKeys(world)).toEqual([]);
    expect(await world.read()).toEqual([10, 2, 3, 4, 5, 6]);
  });

  test('one that was stalled through a clean-up refers to nothing that may be gone', async () => {
    const member = await appends([1], [2]);
    const gate = new Gate(/^versions\//);
    const compactor = await world.open({ gate });
    gate.shut();
    const running = compactor.dataset.compact();
    await gate.arrived();
    await world.runtime.advance(3 * dayMs);
    await member.dataset.gc();
    gate.open();
    await running;
    expect(await missingKeys(world)).toEqual([]);
    expect(await world.read()).toEqual([1, 2]);
  });
});
