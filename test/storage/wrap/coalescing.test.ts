import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory.js';
import type { ByteRange, ObjectStore } from '../../../src/storage/object-store.js';
import { type CoalesceOptions, coalescing } from '../../../src/storage/wrap/coalescing.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { planReads } from '../../../src/storage/wrap/read-plan.js';
import { FakeRuntime, seededRandom } from '../../support/fake-runtime.js';
import { calls, faulty, nth } from '../../support/faulty-store.js';
import { recording, Trace } from '../../support/recording-store.js';

const runtime = new FakeRuntime();

function noise(length: number): Uint8Array {
  const random = seededRandom(length + 1);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

async function setUp(object: Uint8Array, options: CoalesceOptions) {
  const memory = new MemoryStore('', runtime);
  await memory.put('object', object);
  const trace = new Trace();
  return { memory, trace, store: coalescing(recording(memory, trace), options) };
}

const small = { maxGapBytes: 10, maxGetBytes: 100, maxRangeBytes: 200 };

/** Ranges in, near and past an object of 1,000 bytes; empty, repeated and overlapping ones among them. */
const someRanges: fc.Arbitrary<ByteRange[]> = fc.array(
  fc
    .tuple(fc.nat(1100), fc.oneof(fc.nat(20), fc.nat(600)))
    .map(([start, length]) => ({ start, end: start + length })),
  { maxLength: 12 },
);

const someOptions: fc.Arbitrary<CoalesceOptions> = fc.record({
  maxGapBytes: fc.nat(300),
  maxGetBytes: fc.integer({ min: 1, max: 500 }),
  maxRangeBytes: fc.integer({ min: 1, max: 800 }),
});

describe('every answer is the slice that was asked for', () => {
  const object = noise(1000);

  test('of many ranges, whatever the options', async () => {
    await fc.assert(
      fc.asyncProperty(someRanges, someOptions, async (ranges, options) => {
        const { store } = await setUp(object, options);
        const pieces = await store.getRanges('object', ranges);
        expect(pieces).toEqual(ranges.map(({ start, end }) => object.slice(start, end)));
      }),
    );
  });

  test('of one get with a range, with token, size and time of the object', async () => {
    await fc.assert(
      fc.asyncProperty(someRanges, someOptions, async (ranges, options) => {
        const { store, memory } = await setUp(object, options);
        const head = await memory.head('object');
        for (const range of ranges)
          expect(await store.get('object', { range })).toEqual({
            ...head,
            bytes: object.slice(range.start, range.end),
          });
      }),
      { numRuns: 30 },
    );
  });
});

const bytesOf = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, i) => start + i);

describe('the plan', () => {
  const plan = (ranges: ByteRange[]): ByteRange[] => [...planReads(ranges, small).gets];

  test('joins ranges up to the gap, and not beyond', () => {
    expect(plan([range(0, 10), range(20, 30)])).toEqual([range(0, 30)]);
    expect(plan([range(0, 10), range(21, 30)])).toEqual([range(0, 10), range(21, 30)]);
  });

  test('keeps a merged GET within the cap, also when ranges overlap', () => {
    expect(plan([range(0, 60), range(60, 100)])).toEqual([range(0, 100)]);
    expect(plan([range(0, 60), range(50, 101)])).toEqual([range(0, 60), range(50, 101)]);
  });

  test('leaves a range above the cap alone, with what lies inside it', () => {
    expect(plan([range(0, 150), range(20, 30), range(150, 151)])).toEqual([range(0, 150), range(150, 151)]);
  });

  test('reads what is asked for twice once, in whatever order', () => {
    const { gets, holders } = planReads([range(40, 50), range(0, 5), range(40, 50), range(7, 7)], small);
    expect(gets).toEqual([range(0, 5), range(40, 50)]);
    expect(holders).toEqual([1, 0, 1, -1]);
  });

  test('never reads more than ranges and gaps of the allowed width', () => {
    fc.assert(
      fc.property(someRanges, (ranges) => {
        const { gets, holders } = planReads(ranges, small);
        ranges.forEach(({ start, end }, i) => {
          const get = gets[holders[i] ?? -1];
          expect(start === end || (get && get.start <= start && end <= get.end)).toBe(true);
        });
        for (const get of gets) {
          const inside = ranges.filter((r) => get.start <= r.start && r.end <= get.end && r.start < r.end);
          let covered = get.start;
          for (const { start, end } of inside.sort((a, b) => a.start - b.start)) {
            expect(start - covered).toBeLessThanOrEqual(small.maxGapBytes);
            covered = Math.max(covered, end);
          }
          expect(covered).toBe(get.end);
        }
      }),
    );
  });

  test('reads the narrowest gaps where all of them are too much', () => {
    const ranges = [range(0, 4), range(6, 10), range(15, 19), range(22, 26)];
    const within = (maxWasteBytes: number) => [...planReads(ranges, { ...small, maxWasteBytes }).gets];
    expect(within(10)).toEqual([range(0, 26)]);
    expect(within(9)).toEqual([range(0, 10), range(15, 26)]);
    expect(within(4)).toEqual([range(0, 10), range(15, 19), range(22, 26)]);
    // An eighth of what is wanted.
    expect(within(0)).toEqual(within(4));
  });

  test('never reads more between ranges than it may', () => {
    fc.assert(
      fc.property(someRanges, fc.integer({ min: 0, max: 60 }), (ranges, maxWasteBytes) => {
        const { gets } = planReads(ranges, { ...small, maxWasteBytes });
        const asked = new Set(ranges.flatMap(({ start, end }) => bytesOf(start, end)));
        const read = new Set(gets.flatMap(({ start, end }) => bytesOf(start, end)));
        expect([...asked].every((at) => read.has(at))).toBe(true);
        expect(read.size - asked.size).toBeLessThanOrEqual(Math.max(maxWasteBytes, asked.size / 8));
      }),
    );
  });

  test('a range that is none is refused', () => {
    for (const bad of [range(-1, 2), range(3, 2), range(0, 1.5), range(0, Number.NaN)])
      expect(() => plan([bad])).toThrow('is a range of bytes');
  });
});

describe('requests', () => {
  test('ranges that lie near each other travel in one GET, all GETs in one wave', async () => {
    const { store, trace } = await setUp(noise(1000), small);
    await store.getRanges('object', [range(300, 310), range(0, 10), range(15, 20), range(700, 710)]);
    expect(trace.lines()).toEqual([
      '1 get object [0,20) 20 bytes: found',
      '1 get object [300,310) 10 bytes: found',
      '1 get object [700,710) 10 bytes: found',
    ]);
  });

  test('a long range is read in parallel pieces', async () => {
    const { store, trace } = await setUp(noise(1000), small);
    await store.get('object', { range: range(0, 250) });
    expect(trace.lines()).toEqual([
      '1 get object [0,100) 100 bytes: found',
      '1 get object [100,200) 100 bytes: found',
      '1 get object [200,250) 50 bytes: found',
    ]);
  });

  test('a get without a range, and one that runs far past the end, is one request', async () => {
    const { store, trace } = await setUp(noise(1000), small);
    expect((await store.get('object'))?.bytes).toHaveLength(1000);
    const all = range(0, Number.MAX_SAFE_INTEGER);
    expect((await store.get('object', { range: all }))?.bytes).toHaveLength(1000);
    expect((await store.getRanges('object', [all]))?.[0]).toHaveLength(1000);
    expect(trace.entries).toHaveLength(3);
  });

  test('empty ranges cost a head, which knows whether the object is there', async () => {
    const { store, trace } = await setUp(noise(10), small);
    expect(await store.getRanges('object', [range(3, 3), range(0, 0)])).toEqual([
      new Uint8Array(0),
      new Uint8Array(0),
    ]);
    expect(await store.getRanges('object', [])).toEqual([]);
    expect(await store.getRanges('nowhere', [])).toBeUndefined();
    expect(trace.entries.map(({ method }) => method)).toEqual(['head', 'head', 'head']);
  });

  test('a slice that is a whole GET is handed on as it came', async () => {
    const memory = new MemoryStore('', runtime);
    await memory.put('object', noise(100));
    const brought: Uint8Array[] = [];
    const spy = forwarding(memory, {
      async get(key, options) {
        const body = await memory.get(key, options);
        if (body !== undefined) brought.push(body.bytes);
        return body;
      },
    });
    const pieces = await coalescing(spy, small).getRanges('object', [range(0, 10), range(50, 60)]);
    expect(pieces?.[0]).toBe(brought[0]);
    expect(pieces?.[1]).toBe(brought[1]);
  });

  test('a key that is not there is an answer, for one GET and for many', async () => {
    const { store } = await setUp(noise(10), small);
    expect(await store.getRanges('nowhere', [range(0, 1)])).toBeUndefined();
    expect(await store.getRanges('nowhere', [range(0, 1), range(500, 800)])).toBeUndefined();
    expect(await store.get('nowhere', { range: range(0, 900) })).toBeUndefined();
  });
});

describe('an object that changes under a read', () => {
  /** Every third get finds that the object has just become the next of `bodies`. */
  function changing(memory: ObjectStore, bodies: Uint8Array[]): ObjectStore {
    let gets = 0;
    return forwarding(memory, {
      async get(key, options) {
        gets += 1;
        const next = gets % 3 === 0 ? bodies.shift() : undefined;
        if (next !== undefined) await memory.put(key, next);
        return memory.get(key, options);
      },
    });
  }

  test.each([
    ['longer', 2000],
    ['shorter', 150],
    ['as long', 1000],
  ])('to a %s one is read again', async (_, length) => {
    const memory = new MemoryStore('', runtime);
    await memory.put('object', noise(1000));
    const after = noise(length).map((byte) => byte ^ 255);
    const store = coalescing(changing(memory, [after]), small);
    const wanted = [range(0, 50), range(400, 450), range(100, 390)];
    expect(await store.getRanges('object', wanted)).toEqual(
      wanted.map(({ start, end }) => after.slice(start, end)),
    );
  });

  test('again and again is Unavailable, never a mixture', async () => {
    const memory = new MemoryStore('', runtime);
    await memory.put('object', noise(1000));
    const store = coalescing(changing(memory, [noise(999), noise(998)]), small);
    await expect(store.get('object', { range: range(0, 300) })).rejects.toMatchObject({
      code: 'Unavailable',
      retryable: true,
    });
  });
});

test('a body that comes short without a word is Corrupt, not zeros', async () => {
  const memory = new MemoryStore('', runtime);
  await memory.put('object', noise(1000));
  for (const wanted of [[range(0, 10), range(15, 20)], [range(0, 300)]]) {
    const short = faulty(memory, nth(calls('get'), 1, { kind: 'truncate', bytes: 1 }));
    await expect(coalescing(short, small).getRanges('object', wanted)).rejects.toMatchObject({
      code: 'Corrupt',
      context: { key: 'object' },
    });
  }
});

test('the first GET that fails ends the others, and its error is the one that is thrown', async () => {
  const memory = new MemoryStore('', runtime);
  await memory.put('object', noise(1000));
  const ended: unknown[] = [];
  const watching = forwarding(memory, {
    get: (key, options = {}) =>
      options.range?.start === 0
        ? Promise.reject(new Error('broken'))
        : new Promise((_, reject) => {
            options.signal?.addEventListener('abort', () => {
              ended.push(options.range);
              reject(new Error('ended'));
            });
            void key;
          }),
  });
  const ranges = [range(0, 10), range(300, 310), range(600, 610)];
  await expect(coalescing(watching, small).getRanges('object', ranges)).rejects.toThrow('broken');
  expect(ended).toEqual([range(300, 310), range(600, 610)]);
});

test('the signal of the caller reaches every GET', async () => {
  const { store } = await setUp(noise(1000), small);
  const signal = AbortSignal.abort();
  for (const ranges of [[range(0, 10)], [range(0, 10), range(300, 310)]])
    await expect(store.getRanges('object', ranges, { signal })).rejects.toMatchObject({ code: 'Aborted' });
});

function range(start: number, end: number): ByteRange {
  return { start, end };
}
