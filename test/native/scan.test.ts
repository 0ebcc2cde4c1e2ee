import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { native, type ScanDtype, type ScanMetric } from '../../src/native.js';
import { failure, sequence } from './support.js';

const binary = native();
const binaryPath = path.resolve(import.meta.dirname, '../../dist/nacre.node');

interface Part {
  readonly rows: Uint8Array;
  readonly first?: number;
  readonly ids?: readonly number[];
  readonly dead?: readonly number[];
}

interface Hit {
  readonly id: number;
  readonly score: number;
}

function floats(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** The hits of each query over all parts, scanned at once. */
async function scan(
  options: {
    metric: ScanMetric;
    dtype?: ScanDtype;
    dimensions: number;
    k: number;
    queries: readonly number[];
  },
  parts: readonly Part[],
): Promise<Hit[][]> {
  const queries = Float64Array.from(options.queries);
  const scanner = binary.createExactScan({ dtype: 'float32', ...options, queries });
  await Promise.all(
    parts.map(({ rows, first = 0, ids, dead }) =>
      scanner.scan(
        rows,
        first,
        ids && Float64Array.from(ids),
        dead && binary.rowSetFromSorted(Float64Array.from(dead)),
      ),
    ),
  );
  const { counts, ids, scores } = scanner.results();
  return [...counts].map((count, q) =>
    Array.from({ length: count }, (_, i) => ({
      id: ids[q * options.k + i] as number,
      score: scores[q * options.k + i] as number,
    })),
  );
}

/** Runs `call` with the instruction set forced; a scan picks it when it is made. */
function withTier<T>(tier: string, call: () => T): T {
  const before = process.env['NACRE_CPU'];
  process.env['NACRE_CPU'] = tier;
  try {
    return call();
  } finally {
    if (before === undefined) delete process.env['NACRE_CPU'];
    else process.env['NACRE_CPU'] = before;
  }
}

/** The tiers of this CPU beside scalar, as its kernel lists its features. */
function tiers(): string[] {
  const flags = new Set(readFileSync('/proc/cpuinfo', 'utf8').match(/\b(?:avx2|fma|avx512f|avx512bw)\b/g));
  const has = (...features: string[]) => features.every((feature) => flags.has(feature));
  return [...(has('avx2', 'fma') ? ['avx2'] : []), ...(has('avx512f', 'avx512bw') ? ['avx512'] : [])];
}

describe('exact scan', () => {
  const rows = floats(3, 4, 0, 0, -3, -4, 4, 3);
  const simple = { dimensions: 2, k: 4, queries: [3, 4] };

  test('each metric gives its scores, best first, ties by row id', async () => {
    const hits = async (metric: ScanMetric) => (await scan({ ...simple, metric }, [{ rows }]))[0];
    expect(await hits('l2sq')).toEqual([
      { id: 0, score: 0 },
      { id: 3, score: 2 },
      { id: 1, score: 25 },
      { id: 2, score: 100 },
    ]);
    expect((await hits('l2'))?.map((hit) => hit.score)).toEqual([0, Math.SQRT2, 5, 10]);
    expect(await hits('dot')).toEqual([
      { id: 0, score: 25 },
      { id: 3, score: 24 },
      { id: 1, score: 0 },
      { id: 2, score: -25 },
    ]);
    expect(await hits('cosine')).toEqual([
      { id: 0, score: 1 },
      { id: 3, score: 0.96 },
      { id: 1, score: 0 },
      { id: 2, score: -1 },
    ]);
  });

  test('equal rows rank by id, whichever partition arrives first', async () => {
    const alike = floats(1, 1, 1, 1);
    const parts = [
      { rows: alike, first: 10 },
      { rows: alike, ids: [7, 30] },
      { rows: alike, first: 2 },
    ];
    const options = { metric: 'l2', dimensions: 2, k: 4, queries: [0, 0] } as const;
    const orders = [parts, parts.toReversed()];
    for (const order of orders)
      expect((await scan(options, order))[0]?.map((hit) => hit.id)).toEqual([2, 3, 7, 10]);
  });

  test('dead rows are passed over, by id', async () => {
    const options = { metric: 'l2sq', dimensions: 2, k: 9, queries: [3, 4] } as const;
    const [byBase] = await scan(options, [{ rows, first: 100, dead: [0, 100, 102] }]);
    expect(byBase?.map((hit) => hit.id)).toEqual([103, 101]);
    const [byList] = await scan(options, [{ rows, ids: [5, 6, 7, 8], dead: [8] }]);
    expect(byList?.map((hit) => hit.id)).toEqual([5, 6, 7]);
  });

  test('NaN ranks last, a zero vector has cosine 0, and k may pass the number of rows', async () => {
    const wild = floats(Number.NaN, 0, 1, 0, 0, 0, Number.POSITIVE_INFINITY, 0);
    const options = { dimensions: 2, k: 9, queries: [1, 0] };
    expect((await scan({ ...options, metric: 'l2' }, [{ rows: wild }]))[0]).toEqual([
      { id: 1, score: 0 },
      { id: 2, score: 1 },
      { id: 3, score: Number.POSITIVE_INFINITY },
      { id: 0, score: Number.NaN },
    ]);
    expect((await scan({ ...options, metric: 'cosine' }, [{ rows: wild }]))[0]).toEqual([
      { id: 1, score: 1 },
      { id: 2, score: 0 },
      { id: 0, score: Number.NaN },
      { id: 3, score: Number.NaN },
    ]);
    expect(await scan({ ...options, metric: 'l2' }, [{ rows: new Uint8Array() }])).toEqual([[]]);
    expect(await scan({ ...options, metric: 'l2', queries: [] }, [{ rows }])).toEqual([]);
  });

  test('the score is the real number rounded once, on a query that float32 cannot hold', async () => {
    // 0.1 as float64 minus 0.1 as float32, whose difference and its square are exact by hand.
    const difference = 0.1 - Math.fround(0.1);
    const [hits] = await scan({ metric: 'l2', dimensions: 1, k: 1, queries: [0.1] }, [{ rows: floats(0.1) }]);
    expect(hits).toEqual([{ id: 0, score: Math.abs(difference) }]);
    // A float64 sum loses the 1 in any order but one.
    const big = { metric: 'dot', dimensions: 3, k: 1, queries: [1e30, 1, -1e30] } as const;
    expect((await scan(big, [{ rows: floats(1, 1, 1) }]))[0]).toEqual([{ id: 0, score: 1 }]);
  });
});

describe('many rows and queries', () => {
  const dimensions = 40;
  const count = 3000;
  const next = sequence(7);
  const numbers = Uint8Array.from({ length: count * dimensions }, () => next() >>> 28);
  const queries = Array.from({ length: 9 * dimensions }, () => next() >>> 28);

  /** Small integers, so that float64 is exact and any sum will do. */
  function oracle(metric: ScanMetric, k: number, numbers: Uint8Array): Hit[][] {
    return Array.from({ length: 9 }, (_, q) =>
      Array.from({ length: count }, (_, id) => {
        let [dot, xx, yy] = [0, 0, 0];
        for (let d = 0; d < dimensions; d++) {
          const [x, y] = [numbers[id * dimensions + d] as number, queries[q * dimensions + d] as number];
          [dot, xx, yy] = [dot + x * y, xx + x * x, yy + y * y];
        }
        return { id, score: metric === 'dot' ? dot : xx + yy - 2 * dot };
      })
        .sort((a, b) => (metric === 'dot' ? b.score - a.score : a.score - b.score) || a.id - b.id)
        .slice(0, k)
        .map(({ id, score }) => ({ id, score: metric === 'l2' ? Math.sqrt(score) : score })),
    );
  }

  const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer);
  const half = (n: number) => (n === 0 ? 0 : ((15 + Math.floor(Math.log2(n))) << 10) | fractionOf(n));
  const fractionOf = (n: number) => (n / 2 ** Math.floor(Math.log2(n)) - 1) * 1024;
  const encoded: Record<ScanDtype, Uint8Array> = {
    bool: numbers,
    int8: numbers,
    int16: bytes(Int16Array.from(numbers)),
    int32: bytes(Int32Array.from(numbers)),
    int64: bytes(BigInt64Array.from(numbers, BigInt)),
    uint8: numbers,
    uint16: bytes(Uint16Array.from(numbers)),
    uint32: bytes(Uint32Array.from(numbers)),
    uint64: bytes(BigUint64Array.from(numbers, BigInt)),
    float16: bytes(Uint16Array.from(numbers, half)),
    float32: bytes(Float32Array.from(numbers)),
    float64: bytes(Float64Array.from(numbers)),
  };
  const dtypes = Object.keys(encoded) as ScanDtype[];

  function parts(dtype: ScanDtype): Part[] {
    const rowBytes = encoded[dtype].length / count;
    return Array.from({ length: 15 }, (_, i) => ({
      rows: encoded[dtype].subarray(i * 200 * rowBytes, (i + 1) * 200 * rowBytes),
      first: i * 200,
    }));
  }

  for (const dtype of dtypes)
    for (const metric of ['l2', 'l2sq', 'dot'] as const)
      test(`${metric} over ${dtype} agrees with a full sort, in overlapping scans`, async () => {
        const options = { metric, dtype, dimensions, k: 12, queries };
        const meant = dtype === 'bool' ? numbers.map((n) => Math.min(n, 1)) : numbers;
        expect(await scan(options, parts(dtype).toReversed())).toEqual(oracle(metric, 12, meant));
      });

  test('every tier that this CPU has gives the same', async () => {
    const fractions = queries.map((value) => value / 7);
    for (const dtype of dtypes) {
      const options = { metric: 'cosine', dtype, dimensions, k: 12, queries: fractions } as const;
      const reference = await withTier('scalar', () => scan(options, parts(dtype)));
      for (const tier of tiers())
        expect(await withTier(tier, () => scan(options, parts(dtype)))).toEqual(reference);
    }
    console.log(`tiers compared with scalar: ${tiers().join(', ') || 'none on this CPU'}`);
  });

  test('a scan on the event loop gives the same', () => {
    for (const dtype of dtypes) {
      const queriesOf = Float64Array.from(queries);
      const scanner = binary.createExactScan({
        ...{ metric: 'l2sq', dtype, dimensions, k: 12, queries: queriesOf },
      });
      for (const { rows, first = 0 } of parts(dtype)) scanner.scanNow(rows, first);
      const { ids, scores } = scanner.results();
      const meant = dtype === 'bool' ? numbers.map((n) => Math.min(n, 1)) : numbers;
      const expected = oracle('l2sq', 12, meant).flat();
      expect([...ids]).toEqual(expected.map(({ id }) => id));
      expect([...scores]).toEqual(expected.map(({ score }) => score));
    }
  });

  test('a process that exits in the middle of scans exits with its own code', async () => {
    const script = `
      const binary = require(${JSON.stringify(binaryPath)});
      const queries = new Float64Array(64 * 64).map((_, i) => i / 3);
      const options = { metric: 'cosine', dtype: 'uint8', dimensions: 64, k: 3, queries };
      const scan = binary.createExactScan(options);
      for (let i = 0; i < 8; i++) scan.scan(new Uint8Array(4 << 20), 0);
      setImmediate(() => process.exit(7));`;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
      expect(await once(child, 'exit')).toEqual([7, null]);
    }
  });

  test('a worker that ends in the middle of scans takes nothing down with it', async () => {
    const script = `
      const { parentPort } = require('node:worker_threads');
      const binary = require(${JSON.stringify(binaryPath)});
      const rows = new Uint8Array(8 << 20);
      const queries = new Float64Array(64 * 64).map((_, i) => i / 3);
      const options = { metric: 'cosine', dtype: 'uint8', dimensions: 64, k: 3, queries };
      const scan = binary.createExactScan(options);
      for (let i = 0; i < 8; i++) scan.scan(rows, i * rows.length).catch(() => {});
      parentPort.postMessage('scanning');`;
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(script, { eval: true });
      await once(worker, 'message');
      await worker.terminate();
    }
    expect(
      (await scan({ metric: 'l2', dimensions: 1, k: 1, queries: [0] }, [{ rows: floats(2) }]))[0],
    ).toEqual([{ id: 0, score: 2 }]);
  });
});

describe('what a scan refuses', () => {
  const options = {
    metric: 'l2',
    dtype: 'float32',
    dimensions: 2,
    k: 1,
    queries: new Float64Array(2),
  } as const;

  test('wrong options are InvalidArgument, and hits beyond memory ResourceExhausted', async () => {
    const wrong = [
      { metric: 'euclid' as ScanMetric },
      { dtype: 'complex64' as ScanDtype },
      { dimensions: 0 },
      { dimensions: 1.5 },
      { k: 0 },
      { k: Number.NaN },
      { queries: new Float64Array(3) },
    ];
    for (const change of wrong)
      expect(await failure(() => binary.createExactScan({ ...options, ...change }))).toMatchObject({
        code: 'InvalidArgument',
      });
    expect(await failure(() => binary.createExactScan({ ...options, k: 2 ** 40 }))).toMatchObject({
      code: 'ResourceExhausted',
    });
  });

  test('rows and ids of a wrong length, ids that are none, and a damaged dead set', async () => {
    const scanner = binary.createExactScan(options);
    const rows = floats(1, 2, 3, 4);
    const code = async (...args: Parameters<typeof scanner.scan>) =>
      (await failure(() => scanner.scan(...args))).code;
    expect(await code(rows.subarray(1), 0)).toBe('InvalidArgument');
    expect(await code(rows, -1)).toBe('InvalidArgument');
    expect(await code(rows, Number.MAX_SAFE_INTEGER)).toBe('InvalidArgument');
    expect(await code(rows, 0, Float64Array.of(1))).toBe('InvalidArgument');
    expect(await code(rows, 0, Float64Array.of(1, 0.5))).toBe('InvalidArgument');
    expect(await code(rows, 0, undefined, Uint8Array.of(1, 2, 3))).toBe('Corrupt');
    const now = (...args: Parameters<typeof scanner.scanNow>) =>
      expect(() => scanner.scanNow(...args)).toThrow(/InvalidArgument|Corrupt/);
    now(rows.subarray(1), 0);
    now(rows, -1);
    now(rows, 0, Float64Array.of(1, 0.5));
    now(rows, 0, undefined, Uint8Array.of(1, 2, 3));
    expect([...scanner.results().counts]).toEqual([0]);
  });

  test('a tier that is unknown, or that this CPU lacks, is InvalidArgument', async () => {
    const create = () => binary.createExactScan(options);
    expect(await failure(() => withTier('mmx', create))).toMatchObject({ code: 'InvalidArgument' });
    for (const tier of ['avx2', 'avx512'].filter((name) => !tiers().includes(name)))
      expect(await failure(() => withTier(tier, create))).toMatchObject({ code: 'InvalidArgument' });
  });
});
