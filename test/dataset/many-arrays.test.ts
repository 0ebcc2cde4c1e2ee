// Datasets of very many arrays, as models have them: a root is as long as its arrays need, and no longer.
import { afterEach, describe, expect, test } from 'vitest';
import { rootBounds, rootBytesCap } from '../../src/manifest/root.js';
import { failure } from '../support/failure.js';
import { missingKeys, orphanKeys } from '../ops/support.js';
import { int32, type Member, type World, worldWith } from './world.js';

let world: World;
afterEach(() => world.close());

const nameOf = (i: number): string => `model.layers.${i}.self_attn.q_proj.weight`;

/** A dataset of so many arrays, array i with the row i. */
async function arraysOf(count: number): Promise<Member> {
  world = await worldWith();
  const member = await world.open();
  await member.dataset.write(async (tx) => {
    for (let i = 0; i < count; i++) await tx.save(nameOf(i), int32(i));
  });
  return member;
}

describe('a dataset of very many arrays', () => {
  test('takes 1,000 in one version, opens with them, and changes one of them', async () => {
    const { dataset } = await arraysOf(1_000);
    await dataset.write((tx) => tx.append(nameOf(7), int32(70)));
    const { dataset: again } = await world.open({ create: false });
    const { arrays } = await again.info();
    expect(Object.keys(arrays).filter((name) => name !== 'a')).toHaveLength(1_000);
    expect((await again.array(nameOf(7)).read()).data).toEqual(Int32Array.of(7, 70));
    expect((await again.array(nameOf(999)).read()).data).toEqual(Int32Array.of(999));
    expect(await missingKeys(world)).toEqual([]);
    const { bytes, root } = await world.head();
    expect(bytes.byteLength).toBeLessThan(rootBounds(root).foldFromBytes);
  });

  test('folds the entries of hundreds of arrays at once where each has a few', async () => {
    const count = 300;
    const { dataset } = await arraysOf(count);
    let longest = 0;
    let shorter = 0;
    for (let round = 1, before = 0; round <= 24; round++) {
      await dataset.write(async (tx) => {
        for (let i = 0; i < count; i++) await tx.append(nameOf(i), int32(round));
      });
      const { bytes, root } = await world.head();
      expect(bytes.byteLength).toBeLessThanOrEqual(rootBounds(root).capBytes);
      if (bytes.byteLength < before - rootBytesCap / 2) shorter++;
      [before, longest] = [bytes.byteLength, Math.max(longest, bytes.byteLength)];
    }
    expect(longest).toBeGreaterThan(2 * rootBytesCap);
    expect(shorter).toBeGreaterThan(0);
    const { dataset: again } = await world.open({ create: false });
    for (const i of [0, 1, 150, 299]) {
      const { data } = await again.array(nameOf(i)).read();
      expect(data).toEqual(Int32Array.of(i, ...Array.from({ length: 24 }, (_, round) => round + 1)));
    }
    expect(await missingKeys(world)).toEqual([]);
    expect(await orphanKeys(world)).toEqual([]);
  });

  test('has no place for 5,000, says so, and stays as it was', async () => {
    const { dataset } = await arraysOf(3);
    const refused = await failure(
      dataset.write(async (tx) => {
        for (let i = 3; i < 5_000; i++) await tx.save(nameOf(i), int32(i));
      }),
    );
    expect(refused.code).toBe('ResourceExhausted');
    expect(refused.hint).toContain('fewer arrays');
    const { dataset: again } = await world.open({ create: false });
    expect(Object.keys((await again.info()).arrays).filter((name) => name !== 'a')).toHaveLength(3);
  });

  test('many large arrays of one version stand in segments, where their block sums are', async () => {
    world = await worldWith();
    const { dataset } = await world.open();
    const rows = new Int32Array(2 ** 19);
    await dataset.write(async (tx) => {
      for (let i = 0; i < 100; i++) await tx.save(nameOf(i), { data: rows.fill(i) });
    });
    const { bytes, root } = await world.head();
    expect(bytes.byteLength).toBeLessThan(rootBounds(root).foldFromBytes);
    const inSegments = root.arrays.filter(({ segments }) => segments.length > 0);
    expect(inSegments.length).toBeGreaterThan(20);
    expect((await dataset.array(nameOf(99)).read()).data[5]).toBe(99);
    expect((await dataset.array(nameOf(0)).read({ start: 70_000, end: 70_001 })).data).toEqual(
      Int32Array.of(0),
    );
  });
});
