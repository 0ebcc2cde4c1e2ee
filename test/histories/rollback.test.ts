// A prefix that was put back to an earlier state in place, as a bucket's versions or a file system's
// snapshots can be, while handles from before were still open. docs/rfcs/0003-rollback-in-place.md has what
// is promised.
import { afterEach, expect, test } from 'vitest';
import { rootKey } from '../../src/manifest/keys.js';
import { evolve, make, v1 } from '../../src/manifest/message.js';
import { decodeRoot, type LoadedRoot } from '../../src/manifest/root.js';
import { failure } from '../support/failure.js';
import { functions, int32, type Member, type World, worldWith } from '../dataset/world.js';

const operationId = '0a0a0a0a1b1b1c1c1d1d2e2e2e2e2e2e';
const minuteMs = 61_000;
let world: World;
afterEach(() => world.close());

const append = (member: Member, row: number, options = {}) =>
  member.dataset.write((tx) => tx.append('a', int32(row)), options);

/** Versions up to 8 by `old`, which stays open; then the state of version 5 again, its hint included. */
async function rolledBack(
  quietMs = minuteMs,
): Promise<{ old: Member; gone: LoadedRoot; release: () => Promise<void> }> {
  world = await worldWith(0);
  const before = await world.open();
  for (let row = 3; row <= 5; row++) await append(before, row);
  await before.dataset.close();
  const state = new Map<string, Uint8Array>();
  for (const key of await world.keys())
    state.set(key, (await world.bare.get(key))?.bytes ?? new Uint8Array());
  const old = await world.open();
  await old.dataset.version();
  for (let row = 6; row <= 8; row++) {
    await append(old, row, row === 7 ? { operationId } : {});
    if (row === 6) await world.runtime.advance(minuteMs);
  }
  await world.runtime.advance(quietMs);
  const gone = await world.head();
  await world.bare.delete((await world.keys()).filter((key) => !state.has(key)));
  for (const [key, bytes] of state) await world.bare.put(key, bytes);
  return { old, gone, release: await world.holdHint() };
}

async function goOn(first: number, last: number): Promise<void> {
  const { dataset } = await world.open({ create: false });
  for (let row = first; row <= last; row++) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
}

test('an idle writer from before commits nothing, and is told', async () => {
  const { old } = await rolledBack();
  expect(await failure(append(old, 9))).toMatchObject({ code: 'Corrupt', context: { key: rootKey(6) } });
  expect(await world.slots()).toEqual([1, 2, 3, 4, 5]);
});

test('an operation that went with the versions is not answered from memory', async () => {
  const { old } = await rolledBack();
  const again = await failure(append(old, 7, { operationId }));
  expect(again).toMatchObject({ code: 'Corrupt', context: { key: rootKey(6) } });
  const fresh = await world.open({ create: false });
  expect(await append(fresh, 7, { operationId })).toEqual({ version: 6, recovered: false });
  expect(await world.read()).toEqual([0, 3, 4, 5, 7]);
});

test('a busy writer from before is told within a minute, whatever it committed meanwhile', async () => {
  const { old } = await rolledBack(0);
  // It has looked a moment ago.
  expect(await append(old, 9)).toMatchObject({ version: 9 });
  await world.runtime.advance(minuteMs);
  expect((await failure(append(old, 10))).code).toBe('Corrupt');
  expect((await failure(append(old, 11))).code).toBe('Corrupt');
  expect(await world.slots()).toEqual([1, 2, 3, 4, 5, 9]);
});

for (const last of [9, 10, 30]) {
  test(`a handle from before does not move onto what came since, up to version ${last}`, async () => {
    const { old } = await rolledBack();
    await goOn(60, 60 + last - 6);
    expect(await failure(old.dataset.refresh())).toMatchObject({
      code: 'Corrupt',
      context: { key: rootKey(8) },
    });
    expect((await failure(append(old, 9))).code).toBe('Corrupt');
    expect((await world.head()).root.version).toBe(last);
  });
}

/** Roots of a writer from before that nothing stopped: it had looked at its history a moment ago. */
async function late(gone: LoadedRoot, count: number): Promise<void> {
  for (let i = 0, parent = gone; i < count; i++) {
    const { root, hash } = parent;
    parent = await world.plant(
      evolve(root, {
        version: root.version + 1,
        parent: make(v1.Parent, { version: root.version, hash }),
        commitId: world.runtime.randomBytes(16),
      }),
    );
  }
}

test('a reader far behind is not drawn to late roots above a gap: the missing root is named', async () => {
  for (const count of [1, 3]) {
    const { gone, release } = await rolledBack();
    await late(gone, count);
    await goOn(60, 61);
    await release();
    const reader = await world.open({ create: false });
    expect(await failure(reader.dataset.version())).toMatchObject({
      code: 'Corrupt',
      context: { key: rootKey(8) },
    });
    // Who stands at the head goes on, past the late roots.
    await world.hint(await rootOf(7));
    await goOn(62, 63);
    expect((await world.slots()).at(-1)).toBe(9 + count);
    expect(await world.read()).toEqual([0, 3, 4, 5, 60, 61, 62, 63]);
    await release();
    expect(await world.read()).toEqual([0, 3, 4, 5, 60, 61, 62, 63]);
    await world.close();
  }
});

test('a writer far behind does not build on a late root', async () => {
  const { gone, release } = await rolledBack();
  await late(gone, 1);
  await goOn(60, 62);
  await release();
  const writer = await world.open({ create: false });
  expect(await failure(append(writer, 63))).toMatchObject({ code: 'Corrupt', context: { key: rootKey(8) } });
});

test('a hint that has gone back is not moved on by a writer from before', async () => {
  world = await worldWith(0);
  const old = await world.open();
  const early = await world.holdHint();
  await append(old, 3);
  await world.runtime.advance(5_000);
  await append(old, 4);
  await world.runtime.advance(5_000);
  await early();
  for (let row = 5; row < 9; row++) {
    await append(old, row);
    await world.runtime.advance(5_000);
  }
  await old.dataset.close();
  const before = (await world.bare.get('latest'))?.bytes;
  await early();
  expect((await world.bare.get('latest'))?.bytes).toEqual(before);
});

test('unseen, as the RFC says: late roots that stand without a gap draw a reader that is far behind', async () => {
  const { gone, release } = await rolledBack();
  await late(gone, 2);
  await goOn(60, 62);
  await release();
  // Versions 6 to 8 are new, 9 and 10 are late and void; a look at each would show it, five requests do not.
  const reader = await world.open({ create: false });
  expect(await reader.dataset.version()).toBe(10);
  // The next commit ends it.
  await release();
  await world.hint(await rootOf(8));
  await goOn(63, 63);
  await release();
  expect(await world.read()).toEqual([0, 3, 4, 5, 60, 61, 62, 63]);
});

async function rootOf(version: number): Promise<LoadedRoot> {
  const key = rootKey(version);
  return decodeRoot((await world.bare.get(key))?.bytes ?? new Uint8Array(), key, functions);
}
