import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNacreError, NacreError } from '../../../src/errors.js';
import { MemoryStore } from '../../../src/storage/memory.js';
import type { ByteRange, ObjectStore } from '../../../src/storage/object-store.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import {
  type Damage,
  type HealingSource,
  readVerified,
  readWhole,
  reread,
  type VerifyOptions,
} from '../../../src/storage/wrap/verified.js';
import { checksumsOf, plainVerifier } from '../../support/checksums.js';
import { crc32c } from '../../support/crc32c.js';
import { failure } from '../../support/failure.js';
import { FakeRuntime, seededRandom } from '../../support/fake-runtime.js';
import { calls, type Fault, faulty, nth, plans, withFlippedBit } from '../../support/faulty-store.js';
import { recording, Trace } from '../../support/recording-store.js';

const runtime = new FakeRuntime();
const blockBytes = 64;
const object = noise(300);
const sums = checksumsOf(object, blockBytes);
const flip = (bit: number): Fault => ({ kind: 'flipBit', bit });

async function holding(bytes: Uint8Array | undefined): Promise<MemoryStore> {
  const store = new MemoryStore('', runtime);
  if (bytes !== undefined) await store.put('object', bytes);
  return store;
}

function watched(options: Partial<VerifyOptions> = {}) {
  const damages: Damage[] = [];
  const all: VerifyOptions = {
    verifier: plainVerifier,
    onDamage: (damage) => damages.push(damage),
    ...options,
  };
  return { damages, options: all };
}

function sourceOf(name: string, bytes: Uint8Array): HealingSource {
  return { name, read: async ({ start, end }) => bytes.slice(start, end) };
}

describe('while all is well', () => {
  test('every answer is the slice that was asked for, whatever the ranges and the blocks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.tuple(fc.nat(900), fc.nat(900)), { maxLength: 10 }),
        async (length, width, pairs) => {
          const bytes = noise(length);
          const ranges = pairs.map(([a, b]) => ({
            start: Math.min(a, b, length),
            end: Math.min(Math.max(a, b), length),
          }));
          const { options, damages } = watched();
          const checksums = checksumsOf(bytes, width);
          const store = await holding(bytes);
          const read = await readVerified(store, 'object', checksums, ranges, options);
          expect(read).toEqual(ranges.map(({ start, end }) => bytes.slice(start, end)));
          expect(await readWhole(store, 'object', checksums, options)).toEqual(bytes);
          expect(damages).toEqual([]);
        },
      ),
    );
  });

  test('one request of whole blocks, whether ranges touch or lie apart; none for nothing', async () => {
    const trace = new Trace();
    const store = recording(await holding(object), trace);
    const { options } = watched();
    await readVerified(store, 'object', sums, [range(70, 71), range(0, 60), range(3, 3)], options);
    await readVerified(store, 'object', sums, [range(299, 300), range(0, 1)], options);
    await readVerified(store, 'object', sums, [range(5, 5)], options);
    expect(await readWhole(store, 'object', checksumsOf(new Uint8Array(0), 64), options)).toHaveLength(0);
    expect(trace.lines()).toEqual([
      '1 get object [0,128) 128 bytes: found',
      '2 getRanges object [0,64) [256,300) 108 bytes: found',
    ]);
  });
});

describe('a flipped bit', () => {
  test('of any block that is read is found at rest, and the error names the block and both sums', async () => {
    const { options } = watched();
    const unnoticed: number[] = [];
    for (let bit = 0; bit < object.byteLength * 8; bit++) {
      const bytes = withFlippedBit(object, bit);
      const { code, context } = await failure(readWhole(await holding(bytes), 'object', sums, options));
      const block = Math.floor(bit / 8 / blockBytes);
      const observed = hex(crc32c(bytes.subarray(block * 64, block * 64 + 64)));
      const named = context['block'] === block && context['damagedBlocks'] === 1;
      const summed = context['observed'] === observed && context['expected'] === hex(sums.blocks[block] ?? 0);
      if (code !== 'Corrupt' || !named || !summed) unnoticed.push(bit);
    }
    expect(unnoticed).toEqual([]);
  });

  test('does no harm to reads of other blocks', async () => {
    for (let block = 0; block < sums.blocks.length; block++) {
      const store = await holding(withFlippedBit(object, block * 64 * 8 + 5));
      const at = range(block * 64, Math.min(300, block * 64 + 64));
      const others = [range(0, at.start), range(at.end, 300)];
      expect(await readVerified(store, 'object', sums, others, watched().options)).toEqual(
        others.map(({ start, end }) => object.slice(start, end)),
      );
      const across = [range(Math.max(0, at.start - 1), at.start + 1)];
      const error = await failure(readVerified(store, 'object', sums, across, watched().options));
      expect(error.context).toMatchObject({ damage: 'block', block, ...at });
    }
  });

  test('on the way is never handed out: it is read again, or it is an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.integer({ min: 1, max: 2 }),
        async (pairs, bit, times) => {
          const ranges = pairs.map(([a, b]) => range(Math.min(a, b), Math.max(a, b)));
          const store = faulty(
            await holding(object),
            nth(() => true, 1, flip(bit), times),
          );
          const { options, damages } = watched();
          const read = await readVerified(store, 'object', sums, ranges, options).catch((error: unknown) =>
            isNacreError(error) ? error.code : error,
          );
          const injected = store.injected.get('flipBit') ?? 0;
          const slices = ranges.map(({ start, end }) => object.slice(start, end));
          expect(read).toEqual(injected < 2 ? slices : 'Corrupt');
          expect(damages.map(({ healedBy }) => healedBy)).toEqual(
            [[], [reread], [undefined]][injected] as unknown[],
          );
        },
      ),
    );
  });

  test('on the way costs one more request, of the damaged blocks alone', async () => {
    const trace = new Trace();
    const store = faulty(
      recording(await holding(object), trace),
      nth(() => true, 1, flip(100 * 8)),
    );
    const { options, damages } = watched();
    expect(await readWhole(store, 'object', sums, options)).toEqual(object);
    expect(trace.lines()).toEqual([
      '1 get object [0,300) 300 bytes: found',
      '2 get object [64,128) 64 bytes: found',
    ]);
    expect(damages).toEqual([{ key: 'object', kind: 'block', range: range(64, 128), healedBy: reread }]);
  });

  test('the message says what, where, what was expected and what to do', async () => {
    const bytes = withFlippedBit(withFlippedBit(object, 65 * 8), 299 * 8);
    const error = await failure(readWhole(await holding(bytes), 'object', sums, watched().options));
    expect(error.message).toBe(
      `memory://unnamed/object: block 1 [64, 128) has CRC32C ${hex(crc32c(bytes.subarray(64, 128)))}, ` +
        `the manifest says ${hex(sums.blocks[1] ?? 0)}; 1 more blocks differ`,
    );
    expect(error.hint).toContain('nacre repair');
    expect(error.context['sourcesAsked']).toEqual([reread]);
  });
});

describe('an object that is not as the manifest says', () => {
  test('missing: Corrupt, at once, with its key', async () => {
    const trace = new Trace();
    const store = recording(await holding(undefined), trace);
    for (const ranges of [[range(0, 300)], [range(0, 10), range(290, 300)]]) {
      const { options, damages } = watched();
      const error = await failure(readVerified(store, 'object', sums, ranges, options));
      expect(error).toMatchObject({ code: 'Corrupt', context: { key: 'object', damage: 'missing' } });
      expect(error.message).toBe('memory://unnamed/object: missing object named by the manifest (300 bytes)');
      expect(damages.every(({ kind, healedBy }) => kind === 'missing' && healedBy === undefined)).toBe(true);
    }
    expect(trace.entries).toHaveLength(2);
  });

  test.each([
    ['longer', noise(301)],
    ['shorter', object.slice(0, 299)],
    ['empty', new Uint8Array(0)],
  ])('%s: Corrupt with both sizes', async (_, bytes) => {
    const store = await holding(bytes);
    const error = await failure(readWhole(store, 'object', sums, watched().options));
    expect(error).toMatchObject({ code: 'Corrupt', context: { damage: 'size' } });
    expect(error.message).toBe(
      `memory://unnamed/object: ${bytes.byteLength} bytes long, the manifest says 300`,
    );
  });

  test('longer by bytes that nobody asked for: still Corrupt', async () => {
    const longer = new Uint8Array([...object, 7]);
    const error = await failure(
      readVerified(await holding(longer), 'object', sums, [range(0, 5)], watched().options),
    );
    expect(error.context['damage']).toBe('size');
  });

  test('too short for one of several ranges: found by reading again', async () => {
    const store = await holding(object.slice(0, 200));
    const ranges = [range(0, 5), range(290, 300)];
    const error = await failure(readVerified(store, 'object', sums, ranges, watched().options));
    expect(error.context['damage']).toBe('size');
  });

  test('a body that comes short once, with or without a word, is read again', async () => {
    const faults: Fault[] = [
      { kind: 'truncate', bytes: 10 },
      { kind: 'error', code: 'Corrupt' },
    ];
    for (const fault of faults)
      for (const ranges of [[range(0, 300)], [range(0, 5), range(290, 300)]]) {
        const store = faulty(
          await holding(object),
          nth(() => true, 1, fault),
        );
        const read = await readVerified(store, 'object', sums, ranges, watched().options);
        expect(read).toEqual(ranges.map(({ start, end }) => object.slice(start, end)));
      }
  });
});

describe('sources that heal', () => {
  const broken = withFlippedBit(withFlippedBit(object, 70 * 8), 200 * 8);

  test('are asked in order, for the damaged blocks alone, and what each had is reported', async () => {
    const asked: string[] = [];
    const source = (name: string, bytes: Uint8Array): HealingSource => ({
      name,
      async read({ start, end }) {
        asked.push(`${name} [${start},${end})`);
        return bytes.slice(start, end);
      },
    });
    const { options, damages } = watched({
      sources: [
        source('replica', withFlippedBit(object, 200 * 8)),
        source('backup', object),
        source('parity', object),
      ],
    });
    expect(await readWhole(await holding(broken), 'object', sums, options)).toEqual(object);
    expect(asked).toEqual(['replica [64,128)', 'replica [192,256)', 'backup [192,256)']);
    expect(damages).toEqual([
      { key: 'object', kind: 'block', range: range(64, 128), healedBy: 'replica' },
      { key: 'object', kind: 'block', range: range(192, 256), healedBy: 'backup' },
    ]);
  });

  test('give back a missing object and one of another size', async () => {
    for (const bytes of [undefined, noise(17), noise(1000)]) {
      const { options, damages } = watched({ sources: [sourceOf('replica', object)] });
      expect(await readWhole(await holding(bytes), 'object', sums, options)).toEqual(object);
      expect(damages).toEqual([
        {
          key: 'object',
          kind: bytes === undefined ? 'missing' : 'size',
          range: range(0, 300),
          healedBy: 'replica',
        },
      ]);
    }
  });

  test('are not believed: wrong, short, missing or failing answers lead to the next', async () => {
    const sources: HealingSource[] = [
      { name: 'none', read: async () => undefined },
      { name: 'short', read: async () => new Uint8Array(3) },
      { name: 'wrong', read: async ({ start, end }) => new Uint8Array(end - start) },
      { name: 'failing', read: () => Promise.reject(new NacreError('PermissionDenied', 'no')) },
    ];
    const store = await holding(broken);
    const error = await failure(readWhole(store, 'object', sums, watched({ sources }).options));
    expect(error.context).toMatchObject({
      damagedBlocks: 2,
      sourcesAsked: [reread, 'none', 'short', 'wrong', 'failing'],
    });
    const good = [...sources, sourceOf('good', object)];
    expect(await readWhole(store, 'object', sums, watched({ sources: good }).options)).toEqual(object);
  });

  test('do not write into memory that the store handed out', async () => {
    const shared = withFlippedBit(object, 70 * 8);
    const before = shared.slice();
    const memory = await holding(object);
    const store: ObjectStore = forwarding(memory, {
      async get(key, options) {
        const body = await memory.get(key, options);
        return body && { ...body, bytes: shared.subarray(options?.range?.start, options?.range?.end) };
      },
    });
    const { options } = watched({ sources: [sourceOf('replica', object)] });
    expect(await readWhole(store, 'object', sums, options)).toEqual(object);
    expect(shared).toEqual(before);
  });

  test('a second read that could not be made is no proof of damage', async () => {
    const second = (): ObjectStore =>
      faulty(
        memory,
        plans(
          nth(calls('get'), 1, flip(0)),
          nth(calls('get'), 2, { kind: 'error', code: 'Unavailable', status: 503 }),
        ),
      );
    const memory = await holding(object);
    expect(await failure(readWhole(second(), 'object', sums, watched().options))).toMatchObject({
      code: 'Unavailable',
      retryable: true,
    });
    const { options } = watched({ sources: [sourceOf('replica', object)] });
    expect(await readWhole(second(), 'object', sums, options)).toEqual(object);
  });

  test('a signal ends the search for one', async () => {
    const controller = new AbortController();
    const source: HealingSource = {
      name: 'slow',
      read: (_, { signal }) => {
        controller.abort();
        return Promise.reject(new Error('ended', { cause: signal?.reason }));
      },
    };
    const { options } = watched({
      sources: [source, sourceOf('replica', object)],
      signal: controller.signal,
    });
    const error = await failure(readWhole(await holding(broken), 'object', sums, options));
    expect(error.code).toBe('Aborted');
  });
});

describe('what is asked wrongly', () => {
  test('a range past the end is InvalidArgument', async () => {
    const call = readVerified(await holding(object), 'object', sums, [range(0, 301)], watched().options);
    expect((await failure(call)).code).toBe('InvalidArgument');
  });

  test('a table of sums that cannot be of the object is Corrupt, before anything is read', async () => {
    const trace = new Trace();
    const store = recording(await holding(object), trace);
    const tables = [
      { ...sums, blocks: sums.blocks.subarray(1) },
      { ...sums, blockBytes: 0 },
      { ...sums, sizeBytes: Number.NaN },
    ];
    for (const table of tables)
      expect((await failure(readWhole(store, 'object', table, watched().options))).code).toBe('Corrupt');
    expect(trace.entries).toEqual([]);
  });
});

function noise(length: number): Uint8Array {
  const random = seededRandom(length);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

function range(start: number, end: number): ByteRange {
  return { start, end };
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}
