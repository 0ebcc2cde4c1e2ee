// The map from rows to bytes against a naive one: a list of rows, each with its id and its content.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manifestFunctions } from '../../src/dataset/environment.js';
import type { Override } from '../../src/arrays/overrides.js';
import { type BasePart, type BaseUnit, RowMap } from '../../src/arrays/row-map.js';
import type { Part, Picked, Run } from '../../src/arrays/runs.js';
import { native } from '../../src/native.js';

const { rowSets } = manifestFunctions(native());

function part(rows: number): Part {
  const object = {
    ...{ key: '', sizeBytes: 0, hash: new Uint8Array(32), crc32c: 0, blockBytes: 65_536 },
    blocks: new Uint8Array(0),
  };
  return { object, rows, dataOffset: 0, sums: () => Promise.resolve(new Uint32Array(0)) };
}

interface Cell {
  readonly id: number;
  part: Part;
  row: number;
}

interface Case {
  readonly map: RowMap;
  readonly cells: readonly Cell[];
  readonly loads: () => number;
}

/** Units of partitions with gaps between, overrides, drops recorded in entries and drops that are not. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    units: fc.array(
      fc.record({
        gap: fc.nat(3),
        partitions: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 5 },
    ),
    overrides: fc.array(fc.array(fc.nat(70), { minLength: 1, maxLength: 8 }), { maxLength: 4 }),
    folded: fc.array(fc.nat(70), { maxLength: 12 }),
    dropped: fc.array(fc.nat(70), { maxLength: 12 }),
  })
  .map(build);

function sorted(ids: Iterable<number>): Float64Array {
  return Float64Array.from(new Set(ids)).sort();
}

function build(input: {
  units: { gap: number; partitions: number[] }[];
  overrides: number[][];
  folded: number[];
  dropped: number[];
}): Case {
  const cells: Cell[] = [];
  let next = 0;
  let loads = 0;
  const folded = sorted(input.folded);
  const units = input.units.map(({ gap, partitions }): BaseUnit => {
    next += gap;
    const firstRowId = next;
    const parts = partitions.map((rows): BasePart => {
      const base = part(rows);
      for (let row = 0; row < rows; row++) cells.push({ id: next + row, part: base, row });
      const start = next;
      next += rows;
      return { part: base, firstRowId: start, folded: folded.filter((id) => id >= start && id < next) };
    });
    return {
      ...{ firstRowId, rows: next - firstRowId },
      foldedDrops: parts.reduce((sum, one) => sum + one.folded.length, 0),
      load: () => {
        loads += 1;
        return Promise.resolve(parts);
      },
    };
  });
  const known = new Set(cells.map(({ id }) => id));
  const foldedSet = new Set(folded.filter((id) => known.has(id)));
  const dropped = sorted(input.dropped.filter((id) => known.has(id) && !foldedSet.has(id)));
  const overrides = input.overrides.flatMap((ids): Override[] => {
    const own = sorted(ids.filter((id) => known.has(id)));
    if (own.length === 0) return [];
    const override = part(own.length);
    for (const cell of cells) {
      const row = own.indexOf(cell.id);
      if (row >= 0) Object.assign(cell, { part: override, row });
    }
    return [{ part: override, ids: rowSets.fromSorted(own) }];
  });
  const gone = new Set([...foldedSet, ...dropped]);
  return {
    map: new RowMap(units, overrides, rowSets.fromSorted(dropped), rowSets),
    cells: cells.filter(({ id }) => !gone.has(id)),
    loads: () => loads,
  };
}

/** Where each row of a result comes from; every row exactly once. */
function placed(runs: readonly Run[], count: number): { part: Part; row: number }[] {
  const out: { part: Part; row: number }[] = [];
  for (const { part: from, row, count: rows, target } of runs) {
    for (let i = 0; i < rows; i++) {
      expect(out[target + i]).toBeUndefined();
      out[target + i] = { part: from, row: row + i };
    }
  }
  expect(Object.keys(out)).toHaveLength(count);
  return out;
}

/** The same for picked rows. */
function picked(picks: readonly Picked[], count: number): { part: Part; row: number }[] {
  return placed(
    picks.flatMap(({ part, rows, places }) =>
      Array.from(rows, (row, i) => ({ part, row, count: 1, target: places[i] ?? -1 })),
    ),
    count,
  );
}

function same(found: { part: Part; row: number }[], cells: readonly (Cell | undefined)[]): void {
  expect(found.map(({ row }) => row)).toEqual(cells.map((cell) => cell?.row));
  expect(found.every(({ part: from }, i) => from === cells[i]?.part)).toBe(true);
}

describe('the row map', () => {
  test('gives every range, list, id and index as a list of rows would', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.array(fc.nat(1_000)),
        fc.nat(),
        fc.nat(),
        async ({ map, cells }, picks, a, b) => {
          const rows = cells.length;
          expect(map.liveRows).toBe(rows);
          const [start, end] = [a % (rows + 1), b % (rows + 1)].sort((x, y) => x - y) as [number, number];
          same(placed(await map.runsOfRange(start, end), end - start), cells.slice(start, end));
          same(placed(await map.runsOfRange(0, rows), rows), cells);
          const list = rows === 0 ? [] : picks.map((pick) => pick % rows);
          same(
            picked(await map.picksOfList(Float64Array.from(list)), list.length),
            list.map((i) => cells[i]),
          );
          const ids = await map.idsOf(Float64Array.from(list));
          expect(Array.from(ids)).toEqual(list.map((i) => cells[i]?.id));
          const all = Float64Array.from({ length: 80 }, (_, id) => id - 2);
          expect(Array.from(await map.indicesOf(all))).toEqual(
            Array.from(all, (id) => cells.findIndex((cell) => cell.id === id)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test('scans every live row once, where it stands', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ map, cells }) => {
        const seen: { id: number; part: Part; row: number }[] = [];
        for await (const { part: from, firstRowId, rowIds, dead } of map.scanParts()) {
          const gone = new Set(dead === undefined ? [] : rowSets.toSorted(dead));
          for (let row = 0; row < from.rows; row++) {
            const id = rowIds?.[row] ?? firstRowId + row;
            if (!gone.has(id)) seen.push({ id, part: from, row });
          }
        }
        seen.sort((x, y) => x.id - y.id);
        expect(seen.map(({ id }) => id)).toEqual(cells.map(({ id }) => id));
        same(seen, cells);
      }),
      { numRuns: 200 },
    );
  });

  test('loads only the units that a selection touches', async () => {
    const { map, loads } = build({
      units: Array.from({ length: 20 }, () => ({ gap: 0, partitions: [3] })),
      overrides: [],
      folded: [],
      dropped: [],
    });
    await map.runsOfRange(10, 11);
    expect(loads()).toBe(1);
    await map.picksOfList(Float64Array.of(59, 0));
    expect(loads()).toBe(3);
  });
});
