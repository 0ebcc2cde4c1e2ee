// Thousands of operation ids a week: the root keeps the latest, objects the others, and every one is known
// for 7 days.
import { afterEach, describe, expect, test } from 'vitest';
import { newestComplete } from '../../src/manifest/closure.js';
import { filterOf, OlderOperations, readOperations } from '../../src/manifest/operations.js';
import { RootDraft } from '../../src/manifest/draft.js';
import { rootKey } from '../../src/manifest/keys.js';
import { make, type RecentOperation, v1 } from '../../src/manifest/message.js';
import { resolveObject } from '../../src/manifest/objects.js';
import { decodeRoot, encodeRoot, type LoadedRoot } from '../../src/manifest/root.js';
import { planSpill, prepareSpill } from '../../src/manifest/spill.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { failure } from '../support/failure.js';
import { firstRoot, runtime, transaction } from '../manifest/drafts.js';
import { functions, int32, type Member, World, worldWith } from './world.js';

const dayMs = 24 * 3600 * 1000;
let world: World;
afterEach(() => world.close());

function idOf(i: number): string {
  return i.toString(16).padStart(32, '0');
}

function bytesOf(i: number): Uint8Array {
  return Uint8Array.from(Buffer.from(idOf(i), 'hex'));
}

const write = (member: Member, i: number) =>
  member.dataset.write((tx) => tx.append('a', int32(i)), { operationId: idOf(i) });

async function writeMany(count: number): Promise<void> {
  const { dataset } = await world.open();
  const member = { dataset } as Member;
  // Together, so that a version holds many.
  for (let i = 0; i < count; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, at) => write(member, i + at)));
  }
  await dataset.close();
}

/** Keys of the objects with older ids. */
async function listKeys(): Promise<string[]> {
  const { root } = await world.head();
  return root.olderOperations.map(({ object }) => resolveObject(root.objects, object, 'test').key);
}

describe('operation ids beyond what a root holds', () => {
  test('are known to every process, and the root stays small', async () => {
    world = await worldWith();
    await writeMany(1_000);
    const { root } = await world.head();
    expect(root.recentOperations.length).toBeLessThan(200);
    expect(root.olderOperations.length).toBeGreaterThan(0);
    expect(root.olderOperations.length).toBeLessThan(5);
    const held = root.olderOperations.reduce((sum, { count }) => sum + count, root.recentOperations.length);
    expect(held).toBe(1_000);
    const other = await world.open();
    for (const i of [0, 1, 127, 128, 500, 998, 999]) expect((await write(other, i)).recovered).toBe(true);
    expect((await world.read()).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => i),
    );
  });

  test('cost a fresh id nothing, and a repeat one read beside the uploads', async () => {
    world = await worldWith();
    await writeMany(600);
    const member = await world.open();
    await write(member, 5_000);
    await world.runtime.advance(5_000);
    let reads = 0;
    for (let i = 5_001; i < 5_040; i++) {
      member.trace.clear();
      await write(member, i);
      reads += member.trace.entries.filter(({ method, wave }) => method === 'get' && wave > 0).length;
    }
    expect(reads).toBeLessThan(5);
    member.trace.clear();
    expect((await write(member, 3)).recovered).toBe(true);
    const keys = member.trace.entries
      .filter(({ wave }) => wave > 0)
      .map(({ method, key }) => `${method} ${key}`);
    expect(keys.filter((key) => /^get segments/.test(key)).length).toBeLessThanOrEqual(
      (await listKeys()).length,
    );
    expect(keys.filter((key) => /^put versions/.test(key))).toEqual([]);
  });

  test('are forgotten after 7 days, object by object', async () => {
    world = await worldWith();
    await writeMany(400);
    expect(await listKeys()).not.toEqual([]);
    await world.runtime.advance(7 * dayMs + 60_000);
    const member = await world.open();
    await member.dataset.write((tx) => tx.append('a', int32(-1)));
    const { root } = await world.head();
    expect([root.recentOperations, root.olderOperations]).toEqual([[], []]);
    expect(root.changes?.removed?.objects).not.toEqual([]);
    expect((await write(member, 7)).recovered).toBe(false);
  });

  test('of two writers that make room at once are all kept', async () => {
    world = await worldWith();
    const members = [await world.open(), await world.open(), await world.open()];
    for (let i = 0; i < 480; i += 30) {
      await Promise.all(
        members.flatMap((member, m) => Array.from({ length: 10 }, (_, at) => write(member, i + 10 * m + at))),
      );
    }
    const other = await world.open();
    for (let i = 0; i < 480; i += 7) expect((await write(other, i)).recovered).toBe(true);
    expect(await world.read()).toHaveLength(480);
  });

  test('belong to a version: a copy without their objects is not complete', async () => {
    world = await worldWith();
    await writeMany(300);
    const head = await world.head();
    expect((await newestComplete(world.bare, head, functions))?.incomplete).toEqual([]);
    const [key = ''] = await listKeys();
    await world.bare.delete([key]);
    const found = await newestComplete(world.bare, head, functions);
    expect(found?.incomplete[0]?.missing).toEqual([key]);
  });

  test('in a damaged object stop who asks for one of them, and nobody else', async () => {
    world = await worldWith();
    await writeMany(300);
    const [key = ''] = await listKeys();
    await world.flip(key);
    const member = await world.open();
    expect(await failure(write(member, 3))).toMatchObject({ code: 'Corrupt', context: { key } });
    expect((await write(member, 9_000)).recovered).toBe(false);
  });
});

describe('the objects of a busy week', () => {
  test('are few, their filters let one id in a hundred through, and 20,000 ids leave room in the root', async () => {
    world = new World();
    const store = new MemoryStore('operations', runtime);
    const environment = { store, functions, runtime };
    let head: LoadedRoot = firstRoot();
    const total = 20_000;
    for (let i = 0; i < total; i += 50) {
      const { root } = head;
      const draft = new RootDraft(head, root.version + 1, functions);
      const plan = planSpill(root);
      if (plan !== undefined) expect(draft.spill(await prepareSpill(environment, root, plan))).toBe(true);
      for (let at = i; at < i + 50; at++) {
        draft.apply(transaction([], { baseVersion: root.version, id: bytesOf(at), exactlyOnce: true }));
      }
      const next = draft.build({ commitId: runtime.randomBytes(16), timeMs: runtime.now() });
      head = decodeRoot(encodeRoot(next, functions).bytes, rootKey(next.version), functions);
    }
    const { root, bytes } = head;
    expect(bytes.byteLength).toBeLessThan(32 * 1024);
    expect(root.olderOperations.length).toBeLessThanOrEqual(9);
    const older = new OlderOperations(store, functions);
    for (let i = 0; i < 19_000; i += 501)
      expect(await older.find(root, bytesOf(i))).toBe(2 + Math.floor(i / 50));
    const lists = root.olderOperations.map((reference) => readOperations(store, root, reference, functions));
    const ids = (await Promise.all(lists)).flat().concat(root.recentOperations);
    expect(new Set(ids.map(({ id }) => Buffer.from(id).toString('hex'))).size).toBe(total);
  });

  test('an id that is not there passes the filter of 6,000 one time in a hundred', async () => {
    world = new World();
    const operation = (i: number): RecentOperation =>
      make(v1.RecentOperation, { id: bytesOf(i), version: 2 });
    const operations = Array.from({ length: 6_000 }, (_, i) => operation(i));
    const filter = filterOf(operations, functions);
    expect(filter.byteLength).toBe(7_500);
    // A list that is not in the store: whoever passes the filter fails to read it.
    const table = make(v1.ObjectTable, {
      patterns: [make(v1.KeyPattern, { prefix: 'segments/' })],
      objects: [make(v1.ObjectRef, { id: bytesOf(1), hash: new Uint8Array(32) })],
    });
    const reference = make(v1.OperationsRef, { count: 6_000, filter });
    const root = make(v1.Root, { version: 2, objects: table, olderOperations: [reference] });
    const older = new OlderOperations(new MemoryStore('filters', runtime), functions);
    const passes = async (i: number): Promise<boolean> =>
      older.find(root, bytesOf(i)).then(
        () => false,
        () => true,
      );
    for (let i = 0; i < 6_000; i += 59) expect(await passes(i)).toBe(true);
    let passed = 0;
    for (let i = 6_000; i < 16_000; i++) passed += (await passes(i)) ? 1 : 0;
    expect(passed).toBeLessThan(200);
  });
});
