// The histories that broke earlier drafts of the protocol, as far as no later verb is needed: states that
// such a verb would make are planted. The numbers are those of the list in docs/format.md.
import { afterEach, describe, expect, test } from 'vitest';
import type { RowSource } from '../../src/arrays/row-source.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import type { NacreError } from '../../src/errors.js';
import { advance } from '../../src/manifest/head.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { evolve, make, v1 } from '../../src/manifest/message.js';
import { toHex } from '../../src/util/bytes.js';
import { calls, type FaultPlan, nth } from '../support/faulty-store.js';
import { failure } from '../support/failure.js';
import { functions, Gate, int32, type Member, values, World, worldWith } from '../dataset/world.js';

const roots = /^versions\//;
let world: World;
afterEach(() => world.close());

const append = (member: Member, ...rows: number[]) =>
  member.dataset.write((tx) => tx.append('a', int32(...rows)));

async function appendMany(member: Member, first: number, last: number): Promise<void> {
  for (let row = first; row <= last; row++) await append(member, row);
}

describe('history 4: a hint at 100 while versions to 900 exist and most are expired', () => {
  test('a reader answers from the newest in six requests, one of them a LIST', async () => {
    world = await worldWith(0);
    await appendMany(await world.open(), 3, 20);
    const release = await world.holdHint();
    await appendMany(await world.open(), 21, 60);
    const { root } = await world.plantNext({ kept: make(v1.Kept, { from: 58 }) });
    await release();
    const reader = await world.open({ create: false });
    expect(await reader.dataset.version()).toBe(root.version);
    const methods = reader.trace.entries.map(({ method }) => method);
    expect(methods.length).toBeLessThanOrEqual(6);
    expect(methods.filter((method) => method === 'list')).toHaveLength(1);
    expect((await failure(reader.dataset.at({ version: 30 }))).code).toBe('Expired');
    expect(await (await reader.dataset.at({ version: 58 })).version()).toBe(58);
  });
});

describe('history 6: a writer loses the slot after its uploads', () => {
  const fresh = int32(10, 11, 12);
  /** Rows that go up by themselves, so that those that replace some of them do, too. */
  const source: RowSource = {
    ...{ name: 'rows', rows: 3, type: { dtype: 'int32', rowShape: [], scalar: false } },
    read: async (start, end) => new Uint8Array(fresh.data.slice(start, end).buffer),
    close: async () => undefined,
  };
  test.each([
    ['that are up', 2, async (tx: TransactionHandle) => tx.appendFrom('a', source)],
    ['that are held', 1, async (tx: TransactionHandle) => tx.append('a', fresh)],
  ])(
    'its rows %s get other ids, nothing is uploaded again, and ids name the right rows',
    async (_, objects, add) => {
      world = await worldWith(0);
      const [first, late] = [await world.open(), await world.open()];
      await late.dataset.version();
      await append(first, 1, 2, 3);
      await late.dataset.write(async (tx) => {
        await add(tx);
        await tx.replace('a', [2], int32(20));
        await tx.drop('a', [1]);
      });
      expect(await values(late.dataset)).toEqual([0, 1, 2, 3, 20, 12]);
      expect(Array.from(await late.dataset.array('a').ids())).toEqual([0, 1, 2, 3, 5, 6]);
      expect(Array.from((await late.dataset.array('a').read({ ids: [5, 3] })).data as Int32Array)).toEqual([
        20, 3,
      ]);
      const puts = late.trace.entries.filter(({ method, key }) => method === 'put' && /^arrays/.test(key));
      expect(puts).toHaveLength(objects);
    },
  );
});

describe('history 7: compact merges overrides, and a replace lands before it does', () => {
  test('the replace wins, since its sequence is above what was merged', async () => {
    world = await worldWith(1, 2, 3);
    const writer = await world.open();
    await writer.dataset.write((tx) => tx.replace('a', [0, 1], int32(11, 12)));
    // The merged rows as compact would upload them: one base partition in the place of base and override.
    await writer.dataset.write(async (tx) => {
      await tx.create('merged', { dtype: 'int32' });
      await tx.append('merged', int32(11, 12, 3));
    });
    await writer.dataset.write((tx) => tx.replace('a', [1], int32(22)));
    await world.plantNext(({ arrays }) => {
      const [a, merged] = arrays;
      const [base] = merged?.partitions ?? [];
      const kept = a?.partitions.filter(({ sequence }) => sequence === 5) ?? [];
      if (a === undefined || merged === undefined || base === undefined) throw new Error('not as planned');
      return {
        arrays: [evolve(a, { partitions: [base, ...kept] }), evolve(merged, { partitions: [], liveRows: 0 })],
      };
    });
    expect(await world.read()).toEqual([11, 22, 3]);
  });
});

describe('history 8: a copy brings a hint for versions that did not come along', () => {
  test('it opens at the newest version that is there, says so, and is written to from there', async () => {
    world = await worldWith(0);
    await appendMany(await world.open(), 3, 12);
    await world.close();
    const copy = new World(2);
    for (const key of await world.keys()) {
      const body = await world.bare.get(key);
      if (body !== undefined) await copy.bare.put(key, body.bytes);
    }
    await copy.bare.delete([rootKey(11), rootKey(12)]);
    const warnings: NacreError[] = [];
    const writer = await copy.open({ create: false, onWarning: (warning) => warnings.push(warning) });
    expect(await writer.dataset.version()).toBe(10);
    expect(warnings.map(({ context }) => context)).toMatchObject([{ version: 12, opened: 10 }]);
    expect(await append(writer, 100)).toMatchObject({ version: 11 });
    const { root } = await copy.head();
    expect(root.parent?.version).toBe(10);
    const before = (await world.head()).root;
    expect(root.lineage).not.toEqual(before.lineage);
    expect(await copy.read()).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10, 100]);
    expect(await world.read()).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    await copy.close();
  });

  test('a version with a hole below it is not built upon, and the hole is filled in order', async () => {
    world = await worldWith(0);
    await appendMany(await world.open(), 3, 9);
    await world.close();
    const copy = new World(3);
    for (const key of await world.keys()) {
      const body = await world.bare.get(key);
      if (body !== undefined) await copy.bare.put(key, body.bytes);
    }
    await copy.bare.delete([rootKey(8)]);
    const writers = [await copy.open({ create: false }), await copy.open({ create: false })];
    const versions = await Promise.all(writers.map((writer) => append(writer, 100)));
    expect(versions.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([8, 10]);
    // However a reader finds the head, it is the same one.
    const { head } = await copy.head().then((newest) => ({ head: newest }));
    const first = await copy.open({ create: false });
    expect(await first.dataset.version()).toBe(10);
    expect(head.root.version).toBe(10);
    expect(await values(first.dataset)).toEqual([0, 3, 4, 5, 6, 7, 100, 100]);
    await copy.close();
  });
});

describe('a copy that several writers adopt', () => {
  test('has one lineage from its first commit on, and keeps one that landed meanwhile', async () => {
    world = await worldWith(0);
    await world.close();
    const copy = new World(4);
    for (const key of await world.keys()) {
      const body = await world.bare.get(key);
      if (body !== undefined) await copy.bare.put(key, body.bytes);
    }
    const lineage = async (): Promise<string> => toHex((await copy.head()).root.lineage);
    const original = await lineage();
    const writers = [await copy.open({ create: false }), await copy.open({ create: false })];
    for (const writer of writers) await writer.dataset.version();
    await Promise.all(writers.map((writer) => append(writer, 1)));
    const first = await lineage();
    expect(first).not.toBe(original);
    for (const writer of [...writers, ...writers]) await append(writer, 2);
    expect(await lineage()).toBe(first);
    // Promoted elsewhere, say: it went its own way once more.
    const promoted = copy.runtime.randomBytes(16);
    await copy.plantNext({ lineage: promoted });
    for (const writer of writers) await append(writer, 3);
    expect(await lineage()).toBe(toHex(promoted));
    await copy.close();
  });
});

describe('history 9: a dataset is removed, another is made at its prefix, and a writer of the first is late', () => {
  async function removedAndMade(): Promise<{ old: Member; made: Member }> {
    world = await worldWith(0);
    const old = await world.open();
    await appendMany(old, 3, 7);
    await old.dataset.version();
    await world.bare.delete(await world.keys());
    const made = await world.open({ create: true });
    await made.dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(100));
    });
    await append(made, 101);
    return { old, made };
  }

  test('the second goes on past the slots of the first, and nobody answers from them', async () => {
    const { old, made } = await removedAndMade();
    await old.dataset.write((tx) => tx.create('late', { dtype: 'int32' }));
    expect(await world.slots()).toEqual([1, 2, 3, 8]);
    await appendMany(made, 102, 106);
    expect(await world.slots()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await made.dataset.version()).toBe(9);
    expect(await values((await world.open()).dataset)).toEqual([100, 101, 102, 103, 104, 105, 106]);
  });

  test('a reader whose hint is far behind finds the head below the late slot', async () => {
    const { old, made } = await removedAndMade();
    await made.dataset.close();
    const release = await world.holdHint();
    await old.dataset.write((tx) => tx.create('late', { dtype: 'int32' }));
    const writer = await world.open();
    await appendMany(writer, 102, 104);
    await writer.dataset.close();
    await release();
    expect(await world.read()).toEqual([100, 101, 102, 103, 104]);
    await release();
    const behind = await world.open();
    await append(behind, 105);
    expect(await world.slots()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a writer far behind catches up to the free slot below the late one', async () => {
    const { old, made } = await removedAndMade();
    const behind = await world.open();
    await behind.dataset.version();
    await old.dataset.write((tx) => tx.create('late', { dtype: 'int32' }));
    await appendMany(made, 102, 104);
    expect(await append(behind, 105)).toMatchObject({ version: 7 });
    expect(await world.read()).toEqual([100, 101, 102, 103, 104, 105]);
  });

  test('without a hint the head is found below the late slot, and the next commit leaves no gap', async () => {
    const { old, made } = await removedAndMade();
    await made.dataset.close();
    await old.dataset.write((tx) => tx.create('late', { dtype: 'int32' }));
    await world.bare.delete([hintKey]);
    const writer = await world.open({ create: false });
    expect(await values(writer.dataset)).toEqual([100, 101]);
    expect(await append(writer, 102)).toMatchObject({ version: 4 });
    expect(await values(made.dataset).catch((error: NacreError) => error.code)).toBe('Closed');
    expect(await world.read()).toEqual([100, 101, 102]);
  });

  test('its late hint is not written where the second has none yet', async () => {
    world = await worldWith(0);
    const old = await world.open();
    await appendMany(old, 3, 7);
    await world.bare.delete(await world.keys());
    const made = await world.open({ create: true });
    for (let i = 0; i < 3; i++) {
      await old.dataset.write((tx) => tx.create(`late ${i}`, { dtype: 'int32' }));
      await world.runtime.advance(5_000);
    }
    await old.dataset.close();
    expect(await world.bare.get(hintKey)).toBeUndefined();
    await made.dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
    expect((await world.slots()).slice(0, 2)).toEqual([1, 2]);
    expect(await world.read()).toEqual([]);
  });

  test('a writer of the first that goes on committing does not draw readers of the second away', async () => {
    const { old, made } = await removedAndMade();
    for (let i = 0; i < 5; i++) {
      await old.dataset.write((tx) => tx.create(`late ${i}`, { dtype: 'int32' }));
      await world.runtime.advance(5_000);
    }
    await old.dataset.close();
    expect(await world.read()).toEqual([100, 101]);
    await appendMany(made, 102, 112);
    expect(await world.read()).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112]);
  });

  test('late roots that blame each other do not stop the second', async () => {
    const { made } = await removedAndMade();
    const { root } = await world.head();
    const stranger = (slot: number, parent: number) =>
      world.plant(
        evolve(root, {
          dataset: new Uint8Array(16).fill(slot),
          version: slot,
          parent: make(v1.Parent, { version: parent, hash: new Uint8Array(32) }),
          commitId: world.runtime.randomBytes(16),
        }),
      );
    await stranger(4, 3);
    await stranger(5, 4);
    expect(await append(made, 102)).toMatchObject({ version: 6 });
    expect(await world.read()).toEqual([100, 101, 102]);
  });
});

describe('history 12: version 10 is restored at version 50, then rows are appended', () => {
  test('no row id is used twice', async () => {
    world = await worldWith(0, 1, 2);
    const writer = await world.open();
    const old = (await world.head()).root;
    await appendMany(writer, 3, 8);
    // Content of the old version, counters of the parent.
    await world.plantNext(({ arrays }) => ({
      arrays: old.arrays.map((array, i) => evolve(array, { nextRowId: arrays[i]?.nextRowId ?? 0 })),
      objects: old.objects,
      setHash: old.setHash,
    }));
    const after = await world.open();
    await append(after, 100, 101);
    expect(await values(after.dataset)).toEqual([0, 1, 2, 100, 101]);
    expect(Array.from(await after.dataset.array('a').ids())).toEqual([0, 1, 2, 9, 10]);
    await after.dataset.write((tx) => tx.drop('a', { ids: [1, 9] }));
    expect(await world.read()).toEqual([0, 2, 101]);
    expect((await failure(after.dataset.array('a').read({ ids: [5] }))).code).toBe('NotFound');
  });
});

describe('history 14: an array is dropped and made again while a replace of it is under way', () => {
  test('the replace conflicts, and touches nothing of the new array', async () => {
    world = await worldWith(1, 2, 3);
    const [stale, other] = [await world.open(), await world.open()];
    await stale.dataset.version();
    await other.dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(7, 8, 9));
    });
    for (const verb of ['replace', 'append', 'drop'] as const) {
      const reader = await world.open();
      const error = await failure(
        stale.dataset.write((tx) => {
          if (verb === 'replace') return tx.replace('a', [0], int32(0));
          return verb === 'append' ? tx.append('a', int32(0)) : tx.drop('a', [0]);
        }),
      );
      // The handle has seen the new array with the first conflict; from then on it is its own array.
      if (verb === 'replace') expect(error.code).toBe('Conflict');
      expect(await values(reader.dataset)).toEqual([7, 8, 9]);
      break;
    }
  });
});

describe("history 15: one writer's clock is in 2099", () => {
  test("versions carry the store's time, and never go back", async () => {
    world = await worldWith();
    const ahead = await world.open({ skewMs: 73 * 365 * 24 * 3600 * 1000 });
    const behind = await world.open({ skewMs: -40 * 365 * 24 * 3600 * 1000 });
    const times: number[] = [];
    for (const writer of [ahead, behind, ahead, behind]) {
      await world.runtime.advance(1_000);
      await writer.dataset.refresh();
      await append(writer, 1);
      times.push((await world.head()).root.timeMs);
    }
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs((times.at(-1) ?? 0) - world.runtime.now())).toBeLessThan(60_000);
  });
});

describe('history 16: a function that may only get objects', () => {
  /** S3 without ListBucket: a missing key is 403, and so is every LIST. */
  const getOnly: (world: World) => FaultPlan = (of) => {
    const denied = { kind: 'error', code: 'PermissionDenied', status: 403 } as const;
    const present = new Set<string>();
    void of.keys().then((keys) => keys.forEach((key) => present.add(key)));
    return ({ method, key }) =>
      method === 'list' || method === 'put' || ((method === 'get' || method === 'head') && !present.has(key))
        ? denied
        : undefined;
  };

  test('is not given an old version as the newest: the missing right is named', async () => {
    world = await worldWith(1, 2);
    const plan = getOnly(world);
    await world.keys();
    const reader = await world.open({ create: false, plan });
    const error = await failure(reader.dataset.array('a').read());
    expect(error.code).toBe('PermissionDenied');
    expect(error.hint).toContain('ListBucket');
  });

  test('reads what the hint names when it asks for that', async () => {
    world = await worldWith(1, 2);
    const plan = getOnly(world);
    await world.keys();
    const reader = await world.open({ create: false, plan, freshness: 'hint' });
    expect(await values(reader.dataset)).toEqual([1, 2]);
  });

  test('a bucket that is gone is named, and nothing is made in its place', async () => {
    world = await worldWith(1);
    const gone: FaultPlan = () => ({ kind: 'error', code: 'NotFound', status: 404 });
    expect((await failure(world.open({ plan: gone }))).code).toBe('NotFound');
  });

  test('a store that is down is not an empty one', async () => {
    world = await worldWith(1);
    const down: FaultPlan = () => ({ kind: 'error', code: 'Unavailable', status: 503 });
    expect((await failure(world.open({ plan: down, create: true }))).code).toBe('Unavailable');
    expect(await world.slots()).toEqual([1, 2]);
  });
});

describe('history 17: appends by short-lived processes, then cold readers', () => {
  test('each of which opens and reads its version with two requests', async () => {
    world = await worldWith();
    const rows = Array.from({ length: 400 }, (_, i) => i);
    for (const row of rows) {
      const writer = await world.open();
      await append(writer, row);
      await writer.dataset.close();
    }
    for (let reader = 0; reader < 5; reader++) {
      const { dataset, trace } = await world.open({ create: false });
      expect(await dataset.version()).toBe(402);
      expect(trace.entries.map(({ method, key }) => `${method} ${key}`)).toEqual([
        `get ${hintKey}`,
        `get ${rootKey(403)}`,
      ]);
    }
    expect(await world.read()).toEqual(rows);
  });
});

describe('history 18: the hint is old and its partition was collected', () => {
  test('the read answers from the newest version, and nothing is called damaged', async () => {
    world = await worldWith(1, 2, 3);
    const writer = await world.open();
    const release = await world.holdHint();
    const old = (await world.keys('arrays/'))[0] ?? '';
    await writer.dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(7));
    });
    await writer.dataset.close();
    await release();
    await world.bare.delete([old]);
    expect(await world.read()).toEqual([7]);
    await release();
    const reader = await world.open({ create: false });
    expect(await reader.dataset.info()).toMatchObject({ version: 3 });
  });

  test('a version that is no longer kept is Expired and not damaged', async () => {
    world = await worldWith(1, 2, 3);
    await append(await world.open(), 4);
    await world.plantNext({ kept: make(v1.Kept, { from: 4 }) });
    const { dataset } = await world.open();
    expect((await failure(dataset.at({ version: 2 }))).code).toBe('Expired');
  });
});

describe('history 20: a bit flips in the newest root before it has a child', () => {
  test('with the hint flipped too, opening names the damage', async () => {
    world = await worldWith(1);
    await append(await world.open(), 2);
    await world.close();
    await world.flip(rootKey(3));
    await world.flip(hintKey);
    const error = await failure(world.open());
    expect(error).toMatchObject({ code: 'Corrupt', context: { key: rootKey(3) } });
  });

  for (const hint of ['whole', 'flipped'] as const) {
    test(`a live writer behind it does not overwrite or skip it, the hint being ${hint}`, async () => {
      world = await worldWith(1);
      const [live, other] = [await world.open(), await world.open()];
      await live.dataset.version();
      await append(other, 2);
      await other.dataset.close();
      const good = await world.bare.get(rootKey(3));
      await world.flip(rootKey(3));
      if (hint === 'flipped') await world.flip(hintKey);
      const error = await failure(append(live, 3));
      expect(error).toMatchObject({ code: 'Corrupt', context: { key: rootKey(3) } });
      expect(await world.slots()).toEqual([1, 2, 3]);
      // Healed, it goes on as if nothing had been.
      await world.bare.put(rootKey(3), good?.bytes ?? new Uint8Array());
      expect(await append(live, 3)).toMatchObject({ version: 4 });
      expect(await world.read()).toEqual([1, 2, 3]);
    });
  }

  test('the writer that committed it goes on from its own copy, and the next who looks back is told', async () => {
    world = await worldWith(1);
    const live = await world.open();
    await append(live, 2);
    await world.flip(rootKey(3));
    expect(await append(live, 3)).toMatchObject({ version: 4 });
    expect(await world.read()).toEqual([1, 2, 3]);
    const reader = await world.open();
    const log = async () => {
      for await (const version of reader.dataset.log()) void version;
    };
    expect(await failure(log())).toMatchObject({ code: 'Corrupt', context: { key: rootKey(3) } });
  });

  test('a writer whose hint names a root that is gone or another does not build on it', async () => {
    for (const harm of ['gone', 'flipped'] as const) {
      world = await worldWith(1);
      await append(await world.open(), 2);
      await world.close();
      if (harm === 'gone') await world.bare.delete([rootKey(3)]);
      else await world.flip(rootKey(3));
      const writer = await world.open();
      expect(await values(writer.dataset)).toEqual([1, 2]);
      expect(await failure(append(writer, 3))).toMatchObject({
        code: 'Corrupt',
        context: { key: rootKey(3) },
      });
      expect((await world.slots()).at(-1)).toBe(harm === 'gone' ? 2 : 3);
      await world.close();
    }
  });

  test('a root whose child names another hash for it is damage and not void', async () => {
    world = await worldWith(1);
    const behind = await world.open({ create: false });
    await appendMany(await world.open(), 2, 3);
    const { root } = await world.head();
    const [third] = [await world.bare.get(rootKey(3))];
    // A well-framed root in the third slot that is not the one which the fourth names.
    await world.plant(
      evolve(root, { version: 3, parent: make(v1.Parent, { version: 2, hash: new Uint8Array(32) }) }),
    );
    const { loaded } = { loaded: await world.bare.get(rootKey(2)) };
    expect(loaded).toBeDefined();
    expect((await failure(append(behind, 4))).code).toBe('Corrupt');
    await world.bare.put(rootKey(3), third?.bytes ?? new Uint8Array());
    expect(await append(behind, 4)).toMatchObject({ version: 5 });
  });
});

describe('history 21: ten transactions in one group, one of which conflicts', () => {
  test('nine are in, one has its conflict, each with an operation of its own', async () => {
    world = await worldWith(...Array.from({ length: 20 }, (_, i) => i));
    const gate = new Gate(roots);
    const writer = await world.open({ gate });
    await append(writer, 100);
    gate.shut();
    const first = append(writer, 101);
    await gate.arrived();
    const group = Array.from({ length: 10 }, (_, i) =>
      writer.dataset
        .write((tx) => tx.replace('a', [i === 9 ? 0 : i], int32(1000 + i)))
        .then(
          () => 'committed',
          (error: NacreError) => error.code,
        ),
    );
    await gate.idle();
    gate.open();
    await first;
    const outcomes = await Promise.all(group);
    expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(9);
    expect(outcomes.filter((outcome) => outcome === 'Conflict')).toHaveLength(1);
    const { root } = await world.head();
    expect(root.version).toBe(5);
    expect(root.operations).toHaveLength(9);
    const rows = await world.read();
    expect(rows.slice(1, 9)).toEqual([1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008]);
    expect([1000, 1009]).toContain(rows[0]);
  });

  test('each settles by its own id when the reply is lost for good', async () => {
    world = await worldWith(1);
    let late = false;
    const plan: FaultPlan = (call) => (late && calls('put', roots)(call) ? { kind: 'late' } : undefined);
    const writer = await world.open({ plan });
    await append(writer, 2);
    late = true;
    const errors = await Promise.all(Array.from({ length: 10 }, (_, i) => failure(append(writer, 100 + i))));
    late = false;
    await writer.store.applyLate();
    const other = await world.open();
    const settled = await Promise.all(
      errors.map(({ context }) => other.dataset.settle(String(context['token']))),
    );
    const landed = settled.filter(({ outcome }) => outcome === 'committed').length;
    expect(await world.read()).toHaveLength(2 + landed);
    expect(landed).toBeGreaterThan(0);
  });
});

describe('history 28: one body arrives twice, replies are lost, refusals follow successes', () => {
  test('a body that arrives again minutes later changes nothing', async () => {
    world = await worldWith(1);
    const writer = await world.open({ plan: nth(calls('put', roots), 1, { kind: 'echo' }) });
    expect(await append(writer, 2)).toEqual({ version: 3, recovered: false });
    const before = await world.bare.get(rootKey(3));
    await append(await world.open(), 3);
    await world.runtime.advance(10 * 60_000);
    await writer.store.applyLate();
    expect((await world.bare.get(rootKey(3)))?.token).toBe(before?.token);
    expect(await world.read()).toEqual([1, 2, 3]);
  });

  test('a 409 after the success is a success, reported as recovered', async () => {
    world = await worldWith(1);
    const plan: FaultPlan = nth(calls('put', roots), 1, { kind: 'duplicate' });
    const writer = await world.open({ plan });
    expect(await append(writer, 2)).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('a partition whose upload is repeated after a lost reply is there once', async () => {
    world = await worldWith(1);
    const writer = await world.open({ plan: nth(calls('put', /^arrays\//), 1, { kind: 'loseReply' }) });
    await append(writer, 2);
    expect(await world.keys('arrays/')).toHaveLength(2);
    expect(await world.read()).toEqual([1, 2]);
  });
});

describe('a walk to the head', () => {
  test('does not take a listing that shows nothing new for the end', async () => {
    world = await worldWith(1);
    const from = await world.head();
    const other = await world.open();
    await appendMany(other, 2, 6);
    // Stray files sort before every root, as many as one listing shows.
    for (let i = 100; i < 200; i++) await world.bare.put(`versions/-stray${i}`, new Uint8Array(1));
    const found = await advance(world.bare, from, functions);
    expect(found.head.root.version).toBe(7);
    expect(found.freeSlot).toBe(8);
  });
});
