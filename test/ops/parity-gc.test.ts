// Clean-up where objects have parity: what loses a member of its group is encoded anew before that is
// deleted, whatever ends in between.
import { afterEach, describe, expect, test } from 'vitest';
import { evolve } from '../../src/manifest/message.js';
import { encodeParity, parityOf } from '../../src/manifest/parity.js';
import { showParity } from '../../src/ops/parity.js';
import { encodeGroup } from '../../src/ops/parity/encode.js';
import { readParityFrame } from '../../src/ops/parity/groups.js';
import { functions } from '../dataset/world.js';
import type { Fault, FaultPlan } from '../support/faulty-store.js';
import { choices, ParityWorld } from './parity-world.js';
import { dayMs, missingKeys } from './support.js';

let made: ParityWorld;
afterEach(() => made.world.close());

/** A group of 4+2 of which two members are needed no more. */
async function losing(): Promise<ParityWorld> {
  made = await ParityWorld.make([6, 2], { files: 4, columns: 2 });
  expect(await made.update()).toMatchObject({ encodedGroups: 1, encodedObjects: 6 });
  await made.dropColumns();
  return made;
}

const gc = async (options = {}) => {
  const { dataset } = await made.world.open({ create: false });
  try {
    return await dataset.gc(options);
  } finally {
    await dataset.close();
  }
};

const cover = async () => (await showParity(made.environment())).arrays[0];

/** Loses every choice of two objects in turn; each time all comes back. */
async function checkLosses(when: string): Promise<void> {
  const { world } = made;
  const before = await made.content(['arrays/']);
  const keys = (await world.keys('arrays/')).filter((key) => key.endsWith('.npy'));
  for (const lost of choices(keys, 2)) {
    await world.bare.delete(lost);
    expect((await made.repair({ mode: 'structure' })).isWhole, `${when}: ${lost.join(' ')}`).toBe(true);
    expect(await made.content(['arrays/'])).toEqual(before);
  }
}

describe('a clean-up', () => {
  test('leaves parity of what lives alone, and takes that of what is gone', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    const before = await made.content();
    await world.runtime.advance(3 * dayMs);
    expect(await gc()).toMatchObject({ orphans: 0, deleted: 0, parityEncoded: 0, parityDeleted: 0 });
    expect(await made.content()).toEqual(before);
    const member = await world.open({ create: false });
    await member.dataset.write((tx) => tx.dropArray('a'));
    await made.expire(member);
    const [planned, done] = [await gc({ dryRun: true }), await gc()];
    expect(planned).toMatchObject({ orphans: 4, deleted: 0, parityDeleted: 2 });
    expect(done).toMatchObject({ deleted: 4, parityEncoded: 0, parityDeleted: 2 });
    expect(await made.content()).toEqual(new Map());
  });

  test('covers what lives of an array that was dropped and came back under another id', async () => {
    made = await ParityWorld.make([6, 2], { files: 4, columns: 2 });
    await made.update();
    const member = await made.world.open({ create: false });
    const version = await member.dataset.version();
    await member.dataset.write((tx) => tx.dropArray('a'));
    await member.dataset.restore({ version });
    await member.dataset.close();
    await made.dropColumns();
    expect(await gc()).toMatchObject({ deleted: 2, held: 0, parityEncoded: 1 });
    expect(await cover()).toMatchObject({ notCoveredObjects: 0, brokenGroups: 0 });
    await checkLosses('after it');
  });

  test('at each of its requests, killed: any two losses are repaired then, and the next one ends it', async () => {
    await losing();
    let requests = 0;
    const counting: FaultPlan = () => void (requests += 1);
    const counted = await made.world.open({ plan: counting, create: false });
    await counted.dataset.version();
    const opening = requests;
    expect(await counted.dataset.gc()).toMatchObject({ deleted: 2, parityEncoded: 1, parityDeleted: 2 });
    expect(requests - opening).toBeGreaterThan(25);
    await checkLosses('after it');
    for (const kind of ['drop', 'loseReply'] as const) {
      for (let index = opening + 1; index <= requests; index++) {
        await made.world.close();
        await losing();
        let faults = 0;
        const plan: FaultPlan = (call): Fault | undefined => {
          if (call.index < index) return undefined;
          faults += 1;
          return faults === 1 ? { kind } : { kind: 'drop' };
        };
        const killed = await made.world.open({ plan, create: false });
        await killed.dataset.gc().catch(() => undefined);
        const when = `${kind} at request ${index}`;
        await checkLosses(when);
        await made.world.runtime.advance(2 * dayMs);
        await gc();
        expect(await missingKeys(made.world), when).toEqual([]);
        expect((await made.world.keys('arrays/')).length, when).toBe(4);
        await made.world.runtime.advance(2 * dayMs);
        await gc();
        expect(await made.world.keys('parity/'), when).toHaveLength(2);
        expect(await cover(), when).toMatchObject({ notCoveredObjects: 0, brokenGroups: 0 });
      }
    }
  }, 300_000);

  test('keeps what the group of a damaged object may be mended from, until it is', async () => {
    for (const how of ['delete', 'flip'] as const) {
      await losing();
      const { world } = made;
      const before = await made.content(['arrays/']);
      const [lost = ''] = (await world.keys('arrays/')).filter((key) => key.endsWith('.npy'));
      if (how === 'delete') await world.bare.delete([lost]);
      else await world.flip(lost, 900);
      expect(await gc()).toMatchObject({ orphans: 2, deleted: 0, held: 2, parityDeleted: 0 });
      expect(await world.keys('arrays/')).toHaveLength(how === 'delete' ? 5 : 6);
      expect((await made.repair()).isWhole).toBe(true);
      expect((await made.content(['arrays/'])).get(lost)).toBe(before.get(lost));
      await world.runtime.advance(2 * dayMs);
      expect(await gc()).toMatchObject({ deleted: 2, held: 0 });
      await checkLosses(how);
      await world.close();
    }
    await losing();
  });

  test('does not take for litter what one listing did not show, and the next one does', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    let looks: number | undefined;
    const plan: FaultPlan = ({ method, key }) =>
      looks !== undefined && method === 'list' && key === 'parity/' && ++looks === 1
        ? { kind: 'staleList', puts: 9 }
        : undefined;
    const { dataset, store } = await world.open({ plan, create: false });
    // What was put last through this store is parity, and the lease of the clean-up.
    await made.update({}, store);
    const before = await made.content();
    await world.runtime.advance(2 * dayMs);
    looks = 0;
    expect(await dataset.gc()).toMatchObject({ orphans: 2, deleted: 0, held: 2 });
    expect(looks).toBeGreaterThan(1);
    expect(await made.content()).toEqual(before);
  });

  test('does not encode anew what nothing asks for any more', async () => {
    await losing();
    const { world } = made;
    const { dataset } = await world.open({ create: false });
    await dataset.write((tx) => tx.setParity('a', null));
    expect(await gc()).toMatchObject({ deleted: 2, parityEncoded: 0, parityDeleted: 0 });
    expect(await world.keys('parity/')).toHaveLength(2);
  });

  test('leaves young groups alone, and what a newer release wrote; what tells of nothing goes', async () => {
    made = await ParityWorld.make([4, 2], { files: 1 });
    const { world } = made;
    const key = `arrays/${'1'.repeat(32)}/${'2'.repeat(32)}.npy`;
    const bytes = Uint8Array.from({ length: 500 }, (_, i) => i);
    await world.bare.put(key, bytes);
    // Of what a later version refers to, as far as this clean-up knows.
    const member = { key, sizeBytes: 500, hash: functions.blake3(bytes), crc32c: 0, blockBytes: 65_536 };
    const { dataset } = (await world.head()).root;
    const policy = { dataShards: 1, parityShards: 1 };
    const draft = { dataset, array: new Uint8Array(16), policy, members: [member] };
    expect(await encodeGroup(made.environment(), draft, { memoryBytes: 2 ** 20 })).toEqual([]);
    const [young = ''] = await world.keys('parity/');
    const newer = `parity/${'6'.repeat(32)}`;
    const frame = await readParityFrame(world.bare, young, functions, {});
    if (frame === undefined) throw new Error('there is a frame');
    await world.bare.put(newer, encodeParity(evolve(frame.header, { requiredFeatures: [999] }), functions));
    const junk = `parity/${'7'.repeat(32)}`;
    await world.bare.put(junk, new Uint8Array(200));
    expect(await gc()).toMatchObject({ orphans: 0, parityDeleted: 0 });
    expect(await world.keys('parity/')).toHaveLength(3);
    await world.runtime.advance(2 * dayMs);
    expect(await gc()).toMatchObject({ orphans: 2, deleted: 2, parityDeleted: 1 });
    expect(await world.keys('parity/')).toEqual([newer]);
  });

  test('of an earlier release refuses where an array has parity', async () => {
    await losing();
    const { root } = await made.world.head();
    // A field of the root itself, which it does not know.
    expect(root.hasParity).toBe(true);
    const { dataset } = await made.world.open({ create: false });
    await dataset.write((tx) => tx.setParity('a', null));
    expect((await made.world.head()).root.hasParity).toBe(false);
    await dataset.restore({ version: root.version });
    expect((await made.world.head()).root.hasParity).toBe(true);
    expect((await made.world.head()).root.arrays[0]?.parity).toEqual(
      parityOf({ dataShards: 6, parityShards: 2 }),
    );
  });
});
