// Graphs as the binary has them: built, opened, searched, merged; and what is refused.
import { describe, expect, test } from 'vitest';
import { native, type ScanMetric } from '../../src/native.js';
import type { HnswSegment } from '../../src/native/hnsw.js';
import { failure, sequence } from './support.js';

const binary = native();
const dimensions = 32;
const count = 2000;
const k = 10;
const first = 1000;

/** Rows around a few centres. */
function numbers(seed: number): Float32Array {
  const next = sequence(seed);
  const uniform = () => next() / 2 ** 32 - 0.5;
  const centres = Float32Array.from({ length: 20 * dimensions }, () => 4 * uniform());
  return Float32Array.from(
    { length: count * dimensions },
    (_, i) =>
      (centres[((Math.floor(i / dimensions) * 7) % 20) * dimensions + (i % dimensions)] ?? 0) + uniform(),
  );
}

const values = numbers(1);
const rows = new Uint8Array(values.buffer);
const rowBytes = 4 * dimensions;
const mean = new Uint8Array(4 * dimensions);
const transform = binary.createCodeTransform({ seed: 5, mean, basis: new Uint8Array() });

function builder(room = count, m = 8) {
  return binary.createHnswBuilder(transform, { dtype: 'float32', m, seed: 9, rows: room });
}

async function build(start: number, end: number, metric: ScanMetric = 'l2'): Promise<Uint8Array> {
  const making = builder(end - start);
  await making.add(rows.subarray(start * rowBytes, end * rowBytes), first + start);
  const { bytes, rows: linked } = await making.link(metric, 80);
  expect(linked).toBe(end - start);
  expect(making.linked()).toBe(end - start);
  return bytes;
}

const asked = { ef: 80, first: 20, most: 40 };
const queries = Float64Array.from({ length: 5 * dimensions }, (_, i) => values[i * 3] ?? 0);

function scanOf(metric: ScanMetric = 'l2') {
  return binary.createExactScan({ metric, dtype: 'float32', dimensions, k, queries });
}

async function found(
  segments: readonly (readonly [HnswSegment, Uint8Array])[],
  how: 'search' | 'searchNow',
  metric: ScanMetric = 'l2',
): Promise<number[]> {
  const scan = scanOf(metric);
  const search = binary.createHnswSearch(scan, transform, false);
  const done = await search?.[how](
    segments.map(([segment]) => segment),
    segments.map(([, bytes]) => bytes),
    binary.createRowParts([{ rows, firstRowId: first }]),
    asked,
  );
  expect(done?.compared).toBeGreaterThan(0);
  expect(done?.read.length).toBeGreaterThan(0);
  return [...scan.results().ids];
}

async function exact(metric: ScanMetric = 'l2', dead?: Uint8Array): Promise<number[]> {
  const scan = scanOf(metric);
  await scan.scan(rows, first, undefined, dead);
  return [...scan.results().ids];
}

function recall(ids: readonly number[], expected: readonly number[]): number {
  let hits = 0;
  for (let q = 0; q < expected.length; q += k) {
    const all = new Set(ids.slice(q, q + k));
    hits += expected.slice(q, q + k).filter((id) => all.has(id)).length;
  }
  return hits / expected.length;
}

const idsOf = (test: (row: number) => boolean): Uint8Array =>
  binary.rowSetFromSorted(
    Float64Array.from({ length: count }, (_, row) => row)
      .filter(test)
      .map((row) => first + row),
  );

describe('a graph', () => {
  test.each(['l2', 'cosine', 'dot'] as const)(
    'finds most of the nearest rows by %s, on and off the event loop',
    async (metric) => {
      const bytes = await build(0, count, metric);
      const segment = binary.openHnswSegment(transform, bytes.subarray(0, 4096));
      expect([segment.bytes(), segment.rows(), segment.selected()]).toEqual([bytes.byteLength, count, count]);
      await segment.validate(bytes);
      expect(binary.hnswBytes(transform, 8, count) / bytes.byteLength).toBeCloseTo(1.1, 0);
      const expected = await exact(metric);
      const now = await found([[segment, bytes]], 'searchNow', metric);
      // By products the longest rows are near to everything.
      expect(recall(now, expected)).toBeGreaterThanOrEqual(metric === 'dot' ? 0.9 : 0.95);
      expect(await found([[segment, bytes]], 'search', metric)).toEqual(now);
    },
  );

  test('is the same from rows in any order, and without rows that are dead', async () => {
    const half = count / 2;
    const making = builder();
    const dead = idsOf((row) => row % 10 === 0);
    const ids = Float64Array.from({ length: half }, (_, i) => first + half + i);
    await making.add(rows.subarray(half * rowBytes), 0, ids, dead);
    await making.add(rows.subarray(0, half * rowBytes), first, undefined, dead);
    const { bytes, rows: linked } = await making.link('l2sq', 80);
    expect(linked).toBe(count * 0.9);
    const other = builder();
    await other.add(rows, first, undefined, dead);
    expect(Buffer.compare((await other.link('l2', 80)).bytes, bytes)).toBe(0);
  });

  test('gives only rows that are selected', async () => {
    const bytes = await build(0, count);
    const segment = binary.openHnswSegment(transform, bytes);
    for (const every of [2, 10, 100]) {
      const [allowed, dead] = [idsOf((row) => row % every === 0), idsOf((row) => row % 3 === 0)];
      const selected = await segment.select(bytes, allowed, dead);
      const left = idsOf((row) => row % every !== 0 || row % 3 === 0);
      expect(selected.selected()).toBe(count - binary.rowSetCount(left));
      const expected = (await exact('l2', left)).filter((id) => id > 0);
      const hits = await found([[selected, bytes]], 'searchNow');
      expect(hits.every((id) => (id - first) % every === 0 && (id - first) % 3 !== 0)).toBe(true);
      expect(recall(hits, expected)).toBeGreaterThanOrEqual(0.95);
    }
  });

  test('is searched beside others, and merged with them', async () => {
    const parts = await Promise.all([build(0, 1500), build(1500, 1900), build(1900, count)]);
    const segments = parts.map((bytes) => [binary.openHnswSegment(transform, bytes), bytes] as const);
    expect(recall(await found(segments, 'search'), await exact())).toBeGreaterThanOrEqual(0.95);
    const dead = idsOf((row) => row % 5 === 0);
    const making = builder();
    for (const [segment, bytes] of segments) await making.adopt(segment, bytes, dead);
    const { bytes, rows: live } = await making.link('l2', 80);
    expect(live).toBe(count * 0.8);
    const merged = binary.openHnswSegment(transform, bytes);
    await merged.validate(bytes);
    const hits = await found([[merged, bytes]], 'search');
    expect(recall(hits, await exact('l2', dead))).toBeGreaterThanOrEqual(0.95);
  });

  test('gives the same in one call for one query', async () => {
    const bytes = await build(0, count);
    const segment = binary.openHnswSegment(transform, bytes);
    const expected = await found([[segment, bytes]], 'searchNow');
    const part = binary.createRowParts([{ rows, firstRowId: first }]);
    const options = { metric: 'l2', dtype: 'float32', dimensions } as const;
    const here = binary.openGraphsHere(transform, options, [segment], [bytes], part);
    const search = (query: Float64Array, wanted: number, into: Float64Array): number =>
      here.search(query, wanted, asked.ef, asked.first, asked.most, into);
    for (let q = 0; q < expected.length / k; q++) {
      const into = new Float64Array(2 + 2 * k);
      expect(search(queries.subarray(q * dimensions, (q + 1) * dimensions), k, into)).toBe(k);
      expect([...into.subarray(2, 2 + k)]).toEqual(expected.slice(q * k, (q + 1) * k));
      const scores = into.subarray(2 + k);
      expect(scores).toEqual(scores.toSorted());
      expect(into[0]).toBeGreaterThan(into[1] ?? 0);
      expect(here.read()).toHaveLength(here.readRows());
      expect(here.readRows()).toBeGreaterThan(0);
    }
    const query = queries.subarray(0, dimensions);
    const refusals = [
      () => search(queries, k, new Float64Array(2 + 2 * k)),
      () => search(query, k, new Float64Array(2 + k)),
      () => search(query, 0, new Float64Array(2)),
      () => search(query, 1.5, new Float64Array(5)),
      () => binary.openGraphsHere(transform, options, [segment], [], part),
    ];
    for (const refused of refusals) expect(await failure(refused)).toMatchObject({ code: 'InvalidArgument' });
  });

  test('gives estimates without reading a row', async () => {
    const bytes = await build(0, count);
    const scan = scanOf();
    const search = binary.createHnswSearch(scan, transform, true);
    const segment = binary.openHnswSegment(transform, bytes);
    expect(search?.searchNow([segment], [bytes], binary.createRowParts([]), asked).read).toHaveLength(0);
    const { ids, estimated } = scan.results();
    expect(estimated?.every((one) => one === 1)).toBe(true);
    expect(recall([...ids], await exact())).toBeGreaterThanOrEqual(0.9);
  });
});

describe('what is refused', () => {
  test('arguments that cannot be', async () => {
    for (const m of [1, 129, 2.5])
      expect(await failure(() => builder(10, m))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(() => builder(2 ** 29))).toMatchObject({ code: 'ResourceExhausted' });
    expect(await failure(() => builder().add(rows.subarray(1), first))).toMatchObject({
      code: 'InvalidArgument',
    });
    const making = builder();
    await making.add(rows.subarray(0, 10 * rowBytes), first);
    await making.add(rows.subarray(0, 10 * rowBytes), first + 9);
    expect(await failure(() => making.link('hamming', 80))).toMatchObject({ code: 'InvalidArgument' });
    // Whichever of them comes first.
    const linking = [making.link('l2', 80), making.link('l2', 80)];
    const refused = await Promise.all(linking.map((one) => failure(() => one)));
    expect(refused.map(({ code }) => code)).toEqual(['InvalidArgument', 'InvalidArgument']);
    expect(refused.map(({ message }) => message)).toContain(`row ${first + 9} came twice`);
  });

  test('rows that are not those that were coded, and graphs of another metric', async () => {
    const bytes = await build(0, 300, 'cosine');
    const segment = binary.openHnswSegment(transform, bytes);
    const search = (metric: ScanMetric, some: Uint8Array) =>
      failure(() =>
        binary
          .createHnswSearch(scanOf(metric), transform, false)
          ?.searchNow([segment], [bytes], binary.createRowParts([{ rows: some, firstRowId: first }]), asked),
      );
    expect(await search('l2', rows)).toMatchObject({ code: 'InvalidArgument' });
    expect(
      await search(
        'cosine',
        rows.map((byte) => byte ^ 1),
      ),
    ).toMatchObject({ code: 'Corrupt' });
    expect(await search('cosine', rows.subarray(0, rowBytes))).toMatchObject({ code: 'Corrupt' });
  });

  test('damaged heads and links', async () => {
    const bytes = await build(0, 300);
    const damaged = Uint8Array.from(bytes);
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    expect(await failure(() => binary.openHnswSegment(transform, damaged))).toMatchObject({
      code: 'Corrupt',
    });
    const segment = binary.openHnswSegment(transform, bytes);
    const lying = Uint8Array.from(bytes).fill(0xff, 4096);
    const scan = scanOf();
    const search = binary.createHnswSearch(scan, transform, false);
    const part = binary.createRowParts([{ rows, firstRowId: first }]);
    for (const some of [lying, bytes.subarray(0, -1)]) {
      const tried = await failure(() => search?.searchNow([segment], [some], part, asked));
      expect(tried.code).toBe('Corrupt');
      expect(await failure(() => segment.validate(some))).toMatchObject({ code: 'Corrupt' });
    }
  });

  test('what is aborted', async () => {
    const making = builder();
    await making.add(rows, first);
    const linking = making.link('l2', 400);
    making.abort();
    expect(await failure(() => linking)).toMatchObject({ code: 'Aborted' });
    expect(await failure(() => making.link('l2', 80))).toMatchObject({ code: 'Aborted' });
    const scan = scanOf();
    const search = binary.createHnswSearch(scan, transform, false);
    search?.cancel();
    const bytes = await build(0, 300);
    const segment = binary.openHnswSegment(transform, bytes);
    const part = binary.createRowParts([{ rows, firstRowId: first }]);
    expect(await failure(() => search?.search([segment], [bytes], part, asked))).toMatchObject({
      code: 'Aborted',
    });
  });
});
