import { afterEach, describe, expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { Gate, int32, type Member, values, World, worldWith } from '../dataset/world.js';
import { dayMs, missingKeys, reads } from './support.js';

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
});
