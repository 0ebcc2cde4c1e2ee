// Linked objects: adopted where they lie, read as any, never deleted by anybody here, and damage once their
// owner changes them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linksFeature } from '../../src/manifest/features.js';
import { checkPattern, isLinkedKey, linkFlaw } from '../../src/manifest/keys.js';
import { readPlan, writePlan } from '../../src/manifest/plan.js';
import { readSegment, rootObjects, segmentsOf } from '../../src/manifest/references.js';
import { findLinkable } from '../../src/ops/link.js';
import { functions, int32, type Member, values, World } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, nth } from '../support/faulty-store.js';
import { dict, npyFile } from '../support/npy-file.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { longFile, numbersFile } from './link-world.js';
import { environment } from './replicate-world.js';
import { dayMs, missingKeys } from './support.js';

let world: World;
let member: Member;

beforeEach(async () => {
  world = new World();
  member = await world.open();
});
afterEach(() => world.close());

const save = (key: string, bytes: Uint8Array): Promise<unknown> => world.bare.put(key, bytes);
const link = (array: string, ...keys: string[]) =>
  member.dataset.write(async (tx) => {
    await tx.link(array, keys);
  });
const bytesAt = async (key: string): Promise<Uint8Array | undefined> => (await world.bare.get(key))?.bytes;

describe('bad input', () => {
  const names = [
    '',
    'Train/a.npy',
    'a b.npy',
    'ä.npy',
    '/a.npy',
    'a.npy/',
    'a//b.npy',
    '../a.npy',
    'a/./b.npy',
    'latest',
    'replica/a.npy',
    'versions/a.npy',
    'arrays/a.npy',
    'segments/a.npy',
    'moved/a.npy',
    'points/a.npy',
    '.tmp/a.npy',
    '.lock',
    'a'.repeat(901),
  ];
  test.each(names)('the key %j is refused by name, and nothing is written', async (name) => {
    const error = await failure(link('a', name));
    expect([error.code, error.hint === undefined]).toEqual(['InvalidArgument', false]);
    expect(linkFlaw(name)).toBeDefined();
    expect(await world.slots()).toEqual([1]);
  });

  test('a manifest that names something of the dataset’s own as linked is damage', () => {
    for (const prefix of names) {
      expect(() => checkPattern({ prefix, suffix: '', whole: true }, 'a root')).toThrow('where no object');
    }
    expect(() => checkPattern({ prefix: 'a', suffix: '.npy', whole: true }, 'a root')).toThrow(
      'no object of a dataset',
    );
    expect(() => checkPattern({ prefix: 'train/a.npy', suffix: '', whole: true }, 'a root')).not.toThrow();
    // What is no folder is none without the word.
    expect(() => checkPattern({ prefix: 'train/', suffix: '' }, 'a root')).toThrow('no object of a dataset');
  });

  test('a plan of clean-up that lists a linked object is damage', async () => {
    const head = await world.head();
    const { store, runtime } = member;
    const groups = [{ pattern: { prefix: 'train/a.npy', suffix: '', whole: true }, ids: new Uint8Array(16) }];
    const id = await writePlan({ store, functions, runtime }, head, 0, groups);
    const error = await failure(readPlan(store, id, head.root, functions));
    expect([error.code, error.message]).toEqual(['Corrupt', expect.stringContaining('linked')]);
  });

  const elements = new Uint8Array(24);
  const file = (descr: string, fortran = 'False', shape = '(3,)', data: Uint8Array | number = elements) =>
    npyFile({ header: dict(descr, fortran, shape), data });
  test.each([
    ['Fortran order', file("'<i4'", 'True', '(3, 2)'), 'UnsupportedFormat', 'Fortran'],
    ['big endian', file("'>i8'"), 'UnsupportedFormat', 'big endian'],
    ['objects', file("'|O'"), 'UnsupportedFormat', ''],
    ['text', file("'<U2'"), 'UnsupportedFormat', ''],
    ['fields', file("[('a', '<i4'), ('b', '<f4')]"), 'UnsupportedFormat', ''],
    ['no rows', file("'<i8'", 'False', '(0, 3)', 0), 'UnsupportedFormat', 'no rows'],
    ['a file that is cut', file("'<i8'").subarray(0, -1), 'InvalidArgument', 'too short'],
    ['a file that goes on', file("'<i8'", 'False', '(2,)'), 'InvalidArgument', 'too long'],
    ['a header that is cut', file("'<i8'").subarray(0, 20), 'InvalidArgument', ''],
    ['an empty file', new Uint8Array(0), 'InvalidArgument', 'empty'],
    ['an .npz', Uint8Array.from(Buffer.from('PK\x03\x04 and more')), 'InvalidArgument', 'zip'],
    [
      'bools that are none',
      file("'|b1'", 'False', '(4, 6)', elements.fill(2, 9, 10)),
      'InvalidArgument',
      'row 1',
    ],
  ] as const)('%s is refused with the reason, and nothing is written', async (_, bytes, code, reason) => {
    await save('train/a.npy', bytes);
    const error = await failure(link('a', 'train/a.npy'));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(reason)]);
    expect(error.message).toContain('train/a.npy');
    expect([error.hint === undefined, await world.slots()]).toEqual([false, [1]]);
  });

  test('what is not there, is named twice, or does not fit the array is refused', async () => {
    await save('a.npy', numbersFile(1, 2));
    await save('b.npy', npyFile({ header: dict("'<f4'", 'False', '(2,)'), data: 8 }));
    await member.dataset.write((tx) =>
      tx.create('keyed', { dtype: 'int32', key: { name: 'id', type: 'int' } }),
    );
    expect((await failure(link('a', 'c.npy'))).code).toBe('NotFound');
    expect((await failure(link('a'))).code).toBe('InvalidArgument');
    expect((await failure(link('a', 'a.npy', 'a.npy'))).message).toContain('twice');
    expect((await failure(link('a', 'a.npy', 'b.npy'))).message).toContain('b.npy has float32');
    expect((await failure(link('keyed', 'a.npy'))).message).toContain("its key 'id'");
    await link('a', 'a.npy');
    expect((await failure(link('a', 'b.npy'))).code).toBe('InvalidArgument');
    const again = await failure(link('a', 'a.npy'));
    expect([again.code, again.message]).toEqual(['AlreadyExists', expect.stringContaining("array 'a'")]);
    expect(await values(member.dataset)).toEqual([1, 2]);
  });

  test('an object that changes while it is read is no part of anything', async () => {
    await save('a.npy', numbersFile(1, 2));
    let reads = 0;
    const store = forwarding(world.bare, {
      async get(key, options) {
        if (key === 'a.npy' && ++reads === 2) await save('a.npy', numbersFile(1, 3));
        return world.bare.get(key, options);
      },
    });
    const { runtime } = world;
    const dataset = await openStoreDataset(store, { cacheDir: false, runtime });
    const error = await failure(
      dataset.write(async (tx) => {
        await tx.link('a', 'a.npy');
      }),
    );
    expect([error.code, error.message]).toEqual(['Conflict', expect.stringContaining('changed while')]);
    expect(reads).toBe(2);
  });

  test.each([
    ['once', 1, undefined],
    ['again and again', Number.POSITIVE_INFINITY, 'Unavailable'],
  ])('a body that comes short %s is no part of any checksum', async (_, times, code) => {
    await save('a.npy', numbersFile(1, 2));
    // The first read is of the header.
    const plan = nth(calls('get', /^a\.npy$/), 2, { kind: 'truncate', bytes: 3 }, times);
    const { dataset, store } = await world.open({ plan });
    const linking = dataset.write(async (tx) => {
      await tx.link('a', 'a.npy');
    });
    if (code !== undefined) expect((await failure(linking)).code).toBe(code);
    else {
      await linking;
      expect(await world.read()).toEqual([1, 2]);
    }
    expect(store.injected.get('truncate')).toBeGreaterThan(0);
  });

  test('a bit that flips on its way becomes part of no checksum, where two reads are to agree', async () => {
    await save('a.npy', numbersFile(1, 2));
    const flip = (times: number) => nth(calls('get', /^a\.npy$/), 2, { kind: 'flipBit', bit: 1_030 }, times);
    const linked = async (times: number): Promise<void> => {
      const { dataset } = await world.open({ plan: flip(times) });
      await dataset.write(async (tx) => {
        await tx.link(`a${times}`, 'a.npy', { verify: true });
      });
    };
    await linked(1);
    expect(await world.read('a1')).toEqual([1, 2]);
    // Alternately: no two agree.
    let reads = 0;
    const plan = ({ method, key }: { readonly method: string; readonly key: string }) =>
      method === 'get' && key === 'a.npy' && ++reads > 1
        ? ({ kind: 'flipBit', bit: 1_030 + reads } as const)
        : undefined;
    const { dataset } = await world.open({ plan });
    const never = dataset.write(async (tx) => {
      await tx.link('b', 'a.npy', { verify: true });
    });
    expect((await failure(never)).code).toBe('Unavailable');
  });

  test('requests that are lost are sent again, whichever it is', async () => {
    await save('a.npy', numbersFile(1, 2));
    for (let n = 1; n <= 12; n++) {
      const plan = nth((call) => call.index > 0, n, { kind: 'drop' });
      const { dataset } = await world.open({ plan });
      await dataset.write(async (tx) => {
        await tx.link(`a${n}`, 'a.npy');
      });
      expect(await values(dataset, `a${n}`)).toEqual([1, 2]);
    }
  });

  test('the signal of the write, and one of its own, end it', async () => {
    await save('a.npy', numbersFile(1));
    const signal = AbortSignal.abort();
    const own = member.dataset.write(async (tx) => {
      await tx.link('a', 'a.npy', { signal });
    });
    expect((await failure(own)).code).toBe('Aborted');
    await save('long.npy', longFile(5_000_000));
    const ofWrite = new AbortController();
    const begun = member.dataset.write(
      async (tx) => {
        await tx.link('a', 'long.npy', { onProgress: () => ofWrite.abort() });
      },
      { signal: ofWrite.signal },
    );
    expect((await failure(begun)).code).toBe('Aborted');
    expect(await world.slots()).toEqual([1]);
  });
});

describe('rows of linked objects', () => {
  test('are read, searched, replaced, dropped and compacted as any, and no byte is written for them', async () => {
    await save('train/b.npy', numbersFile(1, 2, 3));
    await save('train/a.npy', numbersFile(4, 5));
    const done: number[] = [];
    await member.dataset.write(async (tx) => {
      const linked = await tx.link('a', ['train/b.npy', 'train/a.npy'], { onProgress: (n) => done.push(n) });
      expect(linked.rows).toBe(5);
      expect(linked.objects.map(({ key }) => key)).toEqual(['train/b.npy', 'train/a.npy']);
      expect(Array.from((await tx.read('a')).data as Int32Array)).toEqual([1, 2, 3, 4, 5]);
      await tx.append('a', int32(6));
    });
    expect(done.at(-1)).toBe(128 + 12 + 128 + 8);
    expect(await world.keys('arrays/')).toHaveLength(1);
    expect(await world.read()).toEqual([1, 2, 3, 4, 5, 6]);
    await member.dataset.write(async (tx) => {
      await tx.replace('a', [1], int32(20));
      await tx.drop('a', [3]);
    });
    expect(await world.read()).toEqual([1, 20, 3, 5, 6]);
    expect(await member.dataset.array('a').nearest([19], { metric: 'l2' }).limit(1).toArray()).toMatchObject([
      { row: 1 },
    ]);
    const { arrays } = await member.dataset.compact();
    expect(arrays).toMatchObject([{ array: 'a', filesAfter: 1 }]);
    expect(await world.read()).toEqual([1, 20, 3, 5, 6]);
    expect((await member.dataset.scrub({ mode: 'full' })).damaged).toEqual([]);
    expect(await bytesAt('train/a.npy')).toEqual(numbersFile(4, 5));
  });

  test('need a feature for as long as a root names one, or its segments may', async () => {
    await save('a.npy', numbersFile(1));
    await link('a', 'a.npy');
    expect((await world.head()).root.requiredFeatures).toEqual([linksFeature]);
    await member.dataset.write((tx) => tx.dropArray('a'));
    // Its list of changes names the object.
    expect((await world.head()).root.requiredFeatures).toEqual([linksFeature]);
    await member.dataset.write((tx) => tx.create('b', { dtype: 'int32' }));
    const { root } = await world.head();
    expect(root.requiredFeatures).toEqual([]);
    expect(root.objects?.patterns.some(({ whole }) => whole)).toBe(false);
    await member.dataset.restore({ version: 2 });
    expect((await world.head()).root.requiredFeatures).toEqual([linksFeature]);
    expect(await world.read()).toEqual([1]);
  });

  test('one object may be in two arrays, with the same bytes', async () => {
    await save('a.npy', numbersFile(1, 2));
    await link('a', 'a.npy');
    await link('b', 'a.npy');
    await member.dataset.write(async (tx) => {
      await tx.dropArray('a');
    });
    expect(await world.read('b')).toEqual([1, 2]);
    await member.dataset.restore({ version: 3 });
    expect([await world.read('a'), await world.read('b')]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect((await member.dataset.scrub({ mode: 'full' })).damaged).toEqual([]);
    await save('a.npy', numbersFile(1, 3));
    const error = await failure(link('c', 'a.npy'));
    expect([error.code, error.message]).toEqual(['AlreadyExists', expect.stringContaining('changed since')]);
  });

  test('many objects go into segments, are found there, and leave the root small', async () => {
    const keys = Array.from(
      { length: 300 },
      (_, i) => `${'long-'.repeat(20)}${String(i).padStart(3, '0')}.npy`,
    );
    for (const [i, key] of keys.entries()) await save(key, numbersFile(2 * i, 2 * i + 1));
    await link('a', ...keys);
    expect(await world.read()).toEqual(Array.from({ length: 600 }, (_, i) => i));
    const loaded = await world.head();
    expect(loaded.bytes.byteLength).toBeLessThan(4_096);
    expect((await failure(link('a', keys[7] ?? ''))).code).toBe('AlreadyExists');
    // One commit each: entries move from the root into segments, and so do their keys.
    for (let i = 0; i < 150; i++) {
      const key = `${'one-by-one-'.repeat(20)}${i}.npy`;
      await save(key, numbersFile(1000 + i));
      await link('b', key);
    }
    const { root, bytes } = await world.head();
    expect(bytes.byteLength).toBeLessThan(65_536);
    expect(root.arrays.find(({ name }) => name === 'b')?.segments.length).toBeGreaterThan(0);
    expect(await world.read('b')).toEqual(Array.from({ length: 150 }, (_, i) => 1000 + i));
    for (const segment of segmentsOf(await world.head())) {
      const read = await readSegment(world.bare, segment, functions);
      expect(read?.requiredFeatures).toEqual([linksFeature]);
    }
  });

  test('a long object is one partition, of which a part is read alone and all is checked', async () => {
    const rows = 3_000_000;
    await save('long.npy', longFile(rows));
    await link('a', 'long.npy');
    const { data } = await member.dataset.array('a').read({ start: rows - 2, end: rows });
    expect(Array.from(data as Int32Array)).toEqual([rows - 2, rows - 1]);
    const key = 'long.npy';
    await world.flip(key, 8 * 7_000_000);
    expect((await failure(member.dataset.array('a').read())).code).toBe('Corrupt');
  });

  test('come in any version of the format, also where their elements are not aligned', async () => {
    const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n`;
    await save(
      'odd.npy',
      npyFile({ version: [2, 0], header, data: new Uint8Array(Float64Array.of(1.5, -2).buffer) }),
    );
    await save('zero-d.npy', npyFile({ header: dict("'<f8'", 'False', '()'), data: 8 }));
    await link('odd', 'odd.npy');
    await link('one', 'zero-d.npy');
    expect(Array.from((await member.dataset.array('odd').read()).data as Float64Array)).toEqual([1.5, -2]);
    expect((await member.dataset.array('one').read()).shape).toEqual([]);
    expect((await failure(link('one', 'odd.npy'))).code).toBe('InvalidArgument');
    const [hit] = await member.dataset.array('odd').nearest([-2], { metric: 'l2' }).limit(1).toArray();
    expect(hit).toMatchObject({ row: 1, score: 0 });
  });

  test('leave indexes as they are until they are updated', async () => {
    const rows = 3_000;
    await member.dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', { data: Int32Array.from({ length: rows }, (_, i) => i) });
    });
    await member.dataset.write((tx) => tx.index('a', { type: 'exact' }));
    await save('more.npy', longFile(rows, rows));
    await member.dataset.write(async (tx) => {
      await tx.append('a', { data: Int32Array.from({ length: rows }, (_, i) => -i - 1) });
      await tx.link('a', 'more.npy');
      await tx.append('a', { data: Int32Array.from({ length: rows }, (_, i) => 90_000 + i) });
    });
    const near = async (value: number): Promise<unknown> => {
      const found = await member.dataset.array('a').nearest([value], { metric: 'l2' }).limit(1).toArray();
      return found[0]?.score;
    };
    for (const value of [7, -7, rows + 7, 90_007]) expect(await near(value)).toBe(0);
    await member.dataset.write((tx) => tx.index('a', { type: 'exact', update: true }));
    for (const value of [7, -7, rows + 7, 90_007]) expect(await near(value)).toBe(0);
  });
});

test('a compaction around long objects leaves them where they are, in segments, too', async () => {
  const keys = Array.from({ length: 130 }, (_, i) => `long/${1_000 + i}.npy`);
  for (const [i, key] of keys.entries()) await save(key, longFile(500, 1_000 * i));
  await link('a', ...keys);
  for (let i = 0; i < 12; i++) await member.dataset.write((tx) => tx.append('a', int32(-i)));
  await save('last.npy', longFile(500, -9_000));
  await link('a', 'last.npy');
  const expected = await world.read();
  const { arrays } = await member.dataset.compact({ targetBytes: 2_048 });
  expect(arrays).toMatchObject([{ array: 'a', filesBefore: 143, filesAfter: 132 }]);
  expect(await world.read()).toEqual(expected);
  const { root } = await world.head();
  expect(root.requiredFeatures).toEqual([linksFeature]);
  const info = (await member.dataset.info()).arrays['a'];
  expect(info?.partitions.filter(({ key }) => isLinkedKey(key)).map(({ key }) => key)).toEqual([
    ...keys,
    'last.npy',
  ]);
  expect((await member.dataset.scrub({ mode: 'full' })).damaged).toEqual([]);
});

describe('an object that is linked', () => {
  test.each([
    ['changed', numbersFile(1, 9)],
    ['cut', numbersFile(1, 2).subarray(0, 100)],
    ['gone', undefined],
  ])('and %s is damage that says whose doing it is', async (_, bytes) => {
    await save('a.npy', numbersFile(1, 2));
    await link('a', 'a.npy');
    await world.bare.delete(['a.npy']);
    if (bytes !== undefined) await save('a.npy', bytes);
    const { dataset } = await world.open();
    const error = await failure(values(dataset));
    expect([error.code, error.context['key']]).toEqual(['Corrupt', 'a.npy']);
    expect(error.hint).toContain('linked');
    for (const mode of ['structure', 'full'] as const) {
      const { damaged } = await dataset.scrub({ mode });
      const isSeen = mode === 'full' || bytes?.byteLength !== numbersFile(1, 2).byteLength;
      expect(damaged.map(({ key }) => key)).toEqual(isSeen ? ['a.npy'] : []);
    }
  });

  test('is deleted by nothing: not by drops, expiry, clean-up, compaction or a reset', async () => {
    const kept: string[] = [];
    const check = async (): Promise<void> => {
      const now = { minAgeMs: 0, graceMs: 0 };
      await world.runtime.advance(40 * dayMs);
      await member.dataset.expire({ keepLast: 1, ...now });
      await world.runtime.advance(40 * dayMs);
      await member.dataset.gc(now);
      for (const key of kept) expect([key, await bytesAt(key)]).toEqual([key, numbersFile(1, 2)]);
      expect(await missingKeys(world)).toEqual(kept.filter((key) => key === ''));
    };
    const fresh = async (name: string): Promise<void> => {
      const key = `train/${name}.npy`;
      await save(key, numbersFile(1, 2));
      kept.push(key);
      await link(name, key);
    };
    await fresh('drop');
    await member.dataset.write((tx) => tx.drop('drop', { all: true }));
    await member.dataset.compact();
    await check();
    await fresh('array');
    await member.dataset.write((tx) => tx.dropArray('array'));
    await check();
    await fresh('compact');
    await member.dataset.write((tx) => tx.append('compact', int32(3)));
    await member.dataset.compact();
    await check();
    await fresh('saved');
    await member.dataset.write((tx) => tx.save('saved', int32(1)));
    await check();
    await fresh('restore');
    await member.dataset.restore({ version: (await member.dataset.version()) - 1 });
    await check();
    await fresh('reset');
    await member.dataset.write((tx) => tx.reset());
    await check();
    // Given up: never committed.
    await save('train/given-up.npy', numbersFile(1, 2));
    kept.push('train/given-up.npy');
    await failure(
      member.dataset.write(async (tx) => {
        await tx.link('a', 'train/given-up.npy');
        throw new Error('no');
      }),
    ).catch(() => undefined);
    await check();
    expect(kept).toHaveLength(7);
  });

  test('is found by patterns, in the order of keys, without what is the dataset’s own', async () => {
    for (const key of [
      'train/b.npy',
      'train/a.npy',
      'train/deep/c.npy',
      'train-1.npy',
      'top.npy',
      'train/x.txt',
    ])
      await save(key, numbersFile(1));
    await member.dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(1));
    });
    const find = async (...patterns: string[]): Promise<string[]> =>
      (await findLinkable(environment(world), patterns, {})).map(({ key }) => key);
    expect(await find('train/*.npy')).toEqual(['train/a.npy', 'train/b.npy']);
    expect(await find('*.npy')).toEqual(['top.npy', 'train-1.npy']);
    expect(await find('*/*/*.npy', 'top.npy', 't*.npy')).toEqual([
      'train/deep/c.npy',
      'top.npy',
      'train-1.npy',
    ]);
    expect((await failure(find('nothing/*.npy'))).code).toBe('NotFound');
    expect((await failure(find('arrays/*/*.npy'))).code).toBe('InvalidArgument');
  });
});

test('keys of this release’s own making are none that could be linked', async () => {
  await save('a.npy', numbersFile(1));
  await link('a', 'a.npy');
  const objects = rootObjects(await world.head());
  expect(objects.map(({ key }) => isLinkedKey(key))).toEqual([true]);
  for (const key of await world.keys()) expect(isLinkedKey(key)).toBe(key === 'a.npy');
});
