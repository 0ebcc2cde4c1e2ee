// The nearest rows that recall is measured by are those of brute force, whatever codes make of the rows.
import { describe, expect, test } from 'vitest';
import { makeTransform } from '../../src/ann/epoch.js';
import { TrueNearest } from '../../src/ann/truth.js';
import { environmentOf } from '../../src/dataset/environment.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { defined } from '../../src/util/assert.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { seededRandom } from '../support/fake-runtime.js';

const [rows, dimensions, k] = [900, 40, 31];
/** Rows come in windows, as a build has them. */
const windows = [0, 350, 351, rows];

type Row = (normal: () => number, centre: readonly number[]) => number[];
const each = (of: (normal: number, centre: number) => number): Row => {
  return (normal, centre) => centre.map((one) => of(normal(), one));
};
const kinds: Record<string, Row> = {
  random: each((normal) => normal),
  clustered: each((normal, centre) => centre + 0.3 * normal),
  duplicate: each((_, centre) => centre),
  huge: each((normal) => 1e17 * normal),
  tiny: each((normal) => 1e-17 * normal),
  offset: each((normal, centre) => 5000 + centre + 0.1 * normal),
  'of wild norms': (normal, centre) => {
    const length = 10 ** (3 * normal());
    return centre.map((one) => length * (one + normal()));
  },
};

/** What rows rank by, in float64: off by far less than `tolerance` of the size of what is summed. */
function keyOf(metric: string, row: Float32Array, query: Float32Array): { key: number; size: number } {
  const sums = { dot: 0, row: 0, query: 0, squares: 0 };
  row.forEach((x, i) => {
    const q = query[i] ?? 0;
    sums.dot += x * q;
    sums.row += x * x;
    sums.query += q * q;
    sums.squares += (x - q) ** 2;
  });
  const lengths = Math.sqrt(sums.row) * Math.sqrt(sums.query);
  if (metric === 'dot') return { key: -sums.dot, size: lengths };
  if (metric === 'cosine') return { key: -sums.dot / lengths, size: 1 };
  return { key: sums.squares, size: sums.squares };
}
const tolerance = 1e-13;

describe.each(Object.keys(kinds))('rows that are %s', (kind) => {
  test.each(['l2', 'cosine', 'dot'] as const)('have their nearest by %s', async (metric) => {
    const seed = Date.now() & 0xffff;
    const random = seededRandom(seed);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const centres = Array.from({ length: 20 }, () => Array.from({ length: dimensions }, normal));
    const make = defined(kinds[kind], kind);
    const data = Float32Array.from(
      Array.from({ length: rows }, (_, row) => make(normal, centres[row % 20] ?? [])).flat(),
    );
    const rowAt = (row: number) => data.subarray(row * dimensions, (row + 1) * dimensions);
    const bytesOf = (start: number, end: number) =>
      new Uint8Array(data.buffer, start * dimensions * 4, (end - start) * dimensions * 4);

    const environment = environmentOf(new MemoryStore('truth', systemRuntime), { cacheDir: false });
    const trained = await environment.native.trainCodes('float32', dimensions, bytesOf(0, rows), seed);
    const transform = makeTransform(environment, { seed, mean: trained.mean, basis: trained.basis });
    // More than `MANY` queries, and not a whole number of blocks of them.
    const ids = Float64Array.from({ length: 13 }, (_, i) => i * 67);
    const held = { bytes: new Uint8Array(13 * dimensions * 4), rows: 13, ids };
    ids.forEach((id, i) => held.bytes.set(bytesOf(id, id + 1), i * dimensions * 4));
    const how = { metric, dtype: 'float32', dimensions } as const;
    const nearest = await TrueNearest.start(environment, held, transform, how, k);
    for (const [i, start] of windows.slice(0, -1).entries()) {
      const end = windows[i + 1] ?? rows;
      await nearest.add(bytesOf(start, end), end - start, start);
    }

    for (const [q, found] of (await nearest.found()).entries()) {
      const own = ids[q] ?? 0;
      const query = rowAt(own);
      const all = Array.from({ length: rows }, (_, row) => ({ row, ...keyOf(metric, rowAt(row), query) }));
      const expected = all.sort((a, b) => a.key - b.key || a.row - b.row);
      const message = `seed ${seed}, query ${q}`;
      // One more than wanted is looked for: the query, where it is among its own nearest.
      const others = expected.slice(0, k).filter(({ row }) => row !== own);
      expect(found.ids.length, message).toBe(others.length);
      expect(new Set(found.ids).size, message).toBe(found.ids.length);
      for (const [i, id] of found.ids.entries()) {
        const { key, size } = keyOf(metric, rowAt(id), query);
        const there = defined(others[i], 'row of brute force');
        if (kind === 'duplicate') expect(id, message).toBe(there.row);
        // Only rows that float64 sums do not tell apart may change places.
        if (id !== there.row)
          expect(Math.abs(key - there.key), message).toBeLessThanOrEqual(
            tolerance * Math.max(size, there.size),
          );
        const gap = Math.abs((found.keys[i] ?? Number.NaN) - key);
        expect(gap, message).toBeLessThanOrEqual(tolerance * size);
      }
    }
  });
});
