// What is worth compacting: decided by sizes and counts alone.
import { describe, expect, test } from 'vitest';
import { type BaseFile, Planner, type TrackPlan, type TrackState } from '../../../src/ops/compact/plan.js';
import { functions } from '../../dataset/world.js';
import { seededRandom } from '../../support/fake-runtime.js';

const { rowSets } = functions;
const target = 6_400;

/** Files whose rows have one byte and follow each other. */
function filesOf(...sizes: readonly number[]): BaseFile[] {
  let firstRowId = 0;
  return sizes.map((rows) => {
    const file = { firstRowId, rows, sizeBytes: rows, mergedUpTo: 0 };
    firstRowId += rows;
    return file;
  });
}

const ids = (...some: readonly number[]): Uint8Array => rowSets.fromSorted(Float64Array.from(some));
const override = (sequence: number, set: Uint8Array, sizeBytes = rowSets.count(set)) => ({
  ...{ ids: set, rows: rowSets.count(set), sizeBytes, sequence },
});

function plan(state: Partial<TrackState>, fileRows = 1e9): TrackPlan {
  const whole = { base: [], overrides: [], dead: ids(), indexed: [], ...state };
  return new Planner(whole, { targetBytes: target, fileRows }, rowSets).plan();
}

/** Files of each group, and the ranges that it becomes. */
function groups(state: Partial<TrackState>, fileRows?: number): unknown[] {
  return plan(state, fileRows).groups.map(({ from, to, ranges }) => [
    `${from}-${to}`,
    ...ranges.map(({ start, end }) => `${start}-${end}`),
  ]);
}

describe('files', () => {
  test('neighbours are joined up to the target, and those that are large enough left alone', () => {
    expect(groups({ base: filesOf(3_000, 3_000, 3_000) })).toEqual([['0-2', '0-6000']]);
    expect(groups({ base: filesOf(3_200, 1_000, 1_000, 6_400, 900, 900) })).toEqual([
      ['1-3', '3200-5200'],
      ['4-6', '11600-13400'],
    ]);
    expect(groups({ base: [] })).toEqual([]);
    expect(groups({ base: filesOf(10) })).toEqual([]);
  });

  test('a file that outweighs its neighbours stays, unless all are next to nothing', () => {
    expect(groups({ base: filesOf(2_000, 100) })).toEqual([]);
    expect(groups({ base: filesOf(2_000, 100, 100) })).toEqual([['1-3', '2000-2200']]);
    expect(groups({ base: filesOf(100, 100, 2_000, 100, 100) })).toEqual([
      ['0-2', '0-200'],
      ['3-5', '2200-2400'],
    ]);
    expect(groups({ base: filesOf(90, 3) })).toEqual([['0-2', '0-93']]);
  });

  test('nothing is written across a gap, or across the border of a segment of an index', () => {
    const apart = filesOf(100, 100, 100, 100).map((file, i) => ({
      ...file,
      firstRowId: file.firstRowId + (i > 1 ? 5 : 0),
    }));
    expect(groups({ base: apart })).toEqual([
      ['0-2', '0-200'],
      ['2-4', '205-405'],
    ]);
    expect(groups({ base: filesOf(100, 100, 100, 100), indexed: [{ firstRowId: 0, rows: 200 }] })).toEqual([
      ['0-2', '0-200'],
      ['2-4', '200-400'],
    ]);
    expect(groups({ base: filesOf(100, 100, 100, 100) }, 300)).toEqual([['0-3', '0-300']]);
    expect(groups({ base: filesOf(1, 1) }, 1)).toEqual([]);
  });

  test('however rows come in, a row is written again as often as its file may double', () => {
    const seed = Math.floor(Math.random() * 1e9);
    const random = seededRandom(seed);
    let base: BaseFile[] = [];
    let [written, appended] = [0, 0];
    for (let round = 0; round < 400; round++) {
      const rows = 1 + Math.floor(random() * 200);
      appended += rows;
      base = filesOf(...base.map((file) => file.rows), rows);
      for (const { from, to, ranges } of plan({ base }).groups.toReversed()) {
        const sizes = base.map((file) => file.rows);
        for (const { start, end } of ranges) written += end - start;
        sizes.splice(from, to - from, ...ranges.map(({ start, end }) => end - start));
        base = filesOf(...sizes);
      }
    }
    expect(written, `seed ${seed}`).toBeLessThan(appended * (Math.log2(target) + 1));
    expect(base.length, `seed ${seed}`).toBeLessThan((3 * appended) / target + Math.log2(target));
  });
});

describe('dropped rows', () => {
  test('leave in long runs, at the beginning, and beside a gap', () => {
    const dead = rowSets.range(1_000, 2_000);
    expect(groups({ base: filesOf(4_000), dead })).toEqual([['0-1', '0-1000', '2000-4000']]);
    expect(groups({ base: filesOf(4_000), dead: rowSets.range(0, 1_000) })).toEqual([['0-1', '1000-4000']]);
    expect(groups({ base: filesOf(4_000), dead: rowSets.range(0, 4_000) })).toEqual([['0-1']]);
    // Behind the last row others may be appended.
    expect(groups({ base: filesOf(300), dead: rowSets.range(200, 300) })).toEqual([]);
  });

  test('stay where runs are short, or where it is too little for a file to be written', () => {
    const scattered = ids(...Array.from({ length: 2_000 }, (_, i) => 2 * i));
    // All of them but the first, which leaves nothing behind but a beginning.
    expect(groups({ base: filesOf(4_000), dead: scattered })).toEqual([]);
    expect(groups({ base: filesOf(4_000), dead: rowSets.range(1_000, 1_500) })).toEqual([]);
  });
});

describe('overrides', () => {
  test('go into files of which they have many rows, and into such as are written anyway', () => {
    const many = override(5, rowSets.range(0, 400));
    expect(plan({ base: filesOf(4_000), overrides: [many] }).groups).toMatchObject([{ merges: true }]);
    expect(groups({ base: filesOf(4_000), overrides: [override(5, rowSets.range(0, 399))] })).toEqual([]);
    const joined = plan({ base: filesOf(10, 10), overrides: [override(5, ids(3))] });
    expect(joined.groups).toMatchObject([{ merges: true }]);
    const merged = filesOf(4_000).map((file) => ({ ...file, mergedUpTo: 5 }));
    expect(groups({ base: merged, overrides: [many] })).toEqual([]);
  });

  test('stay overrides where an index has one of the rows as it was', () => {
    const indexed = [{ firstRowId: 0, rows: 10 }];
    const { groups: all } = plan({
      base: filesOf(5, 5, 5, 5),
      overrides: [override(5, ids(3, 12))],
      indexed,
    });
    expect(all.map(({ merges }) => merges)).toEqual([false, true]);
  });

  test('become fewer, without rows that are dropped, merged or not needed', () => {
    const base = filesOf(3_200).map((file) => ({ ...file, mergedUpTo: 7 }));
    const [first, second] = [override(5, ids(1, 2, 3)), override(9, ids(3, 4))];
    const joined = plan({ base, overrides: [first, second], dead: ids(4) }).join;
    expect(joined?.overrides).toEqual([0, 1]);
    // 1 and 2 are merged; 3 was replaced again.
    expect(Array.from(rowSets.toSorted(joined?.ids ?? ids()))).toEqual([3]);
    expect(plan({ base: filesOf(3_200), overrides: [first] }).join).toBeUndefined();
    expect(plan({ base, overrides: [first] }).join).toMatchObject({ overrides: [0] });
  });

  test('stay where a file has no room for the rows of more', () => {
    const overrides = [1, 2, 3].map((i) => override(i, rowSets.range(100 * i, 100 * i + 100)));
    expect(plan({ base: [], overrides }).join?.overrides).toEqual([0, 1, 2]);
    expect(plan({ base: [], overrides }, 150).join?.overrides).toEqual([0, 1, 2]);
    expect(plan({ base: [], overrides }, 100).join).toBeUndefined();
  });

  test('keep a merged row that an override which stays would bring back', () => {
    const base = filesOf(3_200).map((file) => ({ ...file, mergedUpTo: 7 }));
    const large = override(5, rowSets.range(3_100, 3_300), 4_000);
    const outside = { firstRowId: 3_200, rows: 3_200, sizeBytes: 3_200, mergedUpTo: 0 };
    const small = [override(6, ids(3_150, 3_350)), override(7, ids(3_150, 3_400)), override(7, ids(3_500))];
    const joined = plan({ base: [...base, outside], overrides: [large, ...small] }).join;
    expect(joined?.overrides).toEqual([1, 2, 3]);
    expect(Array.from(rowSets.toSorted(joined?.ids ?? ids()))).toEqual([3_150, 3_350, 3_400, 3_500]);
  });
});
