// Rows by their keys: replaced and appended in one version, looked up, and what that asks of the store.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import type { NacreError } from '../../src/errors.js';
import { failure } from '../support/failure.js';
import { int32, type Member, World } from './world.js';

let world: World;
let one: Member;
type Verb = (tx: TransactionHandle) => Promise<unknown>;

beforeEach(async () => {
  world = new World();
  one = await world.open();
  await write(async (tx) => {
    await tx.create('a', { dtype: 'int32', key: { name: 'id', type: 'string' } });
    const attributes = { id: ['x', 'y', 'z'], n: [1, 2, 3], lang: ['de', 'en', 'fr'] };
    await tx.append('a', int32(10, 20, 30), { attributes });
  });
});
afterEach(() => world.close());

const write = async (verb: Verb, member = one, retries = 0): Promise<void> => {
  await member.dataset.write(
    async (tx) => {
      await verb(tx);
    },
    { retries },
  );
};

const refused = (verb: Verb): Promise<NacreError> => failure(write(verb));

/** Every row with its content and attributes, in the order of its place. */
async function table(): Promise<unknown[]> {
  const { dataset } = await world.open();
  const array = dataset.array('a');
  const { data } = await array.read();
  const hits = await array.select('*').toArray();
  return hits.map(({ id, row, attributes: { id: key, ...rest } = {} }) => ({
    ...{ id, key, content: data[row] },
    ...rest,
  }));
}

describe('upsert', () => {
  test('replaces rows whose key is there, appends the others, in one version', async () => {
    const before = await one.dataset.version();
    let done: unknown;
    await write(async (tx) => {
      done = await tx.upsert('a', int32(7, 8, 9), { attributes: { id: ['p', 'y', 'x'], n: [5, null, 6] } });
    });
    expect(done).toEqual({ inserted: 1, replaced: 2 });
    expect(await one.dataset.version()).toBe(before + 1);
    expect(await table()).toEqual([
      { id: 0, key: 'x', content: 9, n: 6, lang: 'de' },
      { id: 1, key: 'y', content: 8, n: null, lang: 'en' },
      { id: 2, key: 'z', content: 30, n: 3, lang: 'fr' },
      { id: 3, key: 'p', content: 7, n: 5, lang: null },
    ]);
  });

  test('sees what its own write appended and dropped', async () => {
    await write(async (tx) => {
      await tx.append('a', int32(1), { attributes: { id: ['p'] } });
      await tx.drop('a', { ids: [0] });
      const given = { attributes: { id: ['p', 'x', 'q'] } };
      expect(await tx.upsert('a', int32(2, 3, 4), given)).toEqual({ inserted: 2, replaced: 1 });
      expect(await tx.upsert('a', int32(5), { attributes: { id: ['q'] } })).toMatchObject({ replaced: 1 });
    });
    const contents = (await one.dataset.array('a').rowsByKey(['p', 'x', 'q'], { values: true })).map(
      (row) => row?.data?.[0],
    );
    expect(contents).toEqual([2, 3, 5]);
  });

  test('refuses a key that is given twice, an array without a key, and rows without one', async () => {
    const twice = await refused((tx) => tx.upsert('a', int32(1, 2), { attributes: { id: ['p', 'p'] } }));
    expect(twice.code).toBe('InvalidArgument');
    expect(twice.message).toBe(`rows 0 and 1 for 'a' have the same key "p"`);
    const missing = await refused((tx) => tx.upsert('a', int32(1), { attributes: { n: [1] } }));
    expect(missing.message).toContain("need its key, the attribute 'id'");
    const none = await refused((tx) => tx.upsert('a', int32(1), { attributes: { id: [null] } }));
    expect(none.message).toBe(`row 0 for 'a' has no key 'id'`);
    const plain = await refused(async (tx) => {
      await tx.create('b', { dtype: 'int32' });
      await tx.upsert('b', int32(1), { attributes: { id: ['p'] } });
    });
    expect(plain.message).toBe("array 'b' has no key");
    expect(await table()).toHaveLength(3);
  });

  test('that failed in part, or that nobody waited for, commits nothing', async () => {
    const before = await one.dataset.version();
    const late = await refused((tx) => {
      tx.upsert('a', int32(1, 2), { attributes: { id: ['x', 'p'] } }).catch(() => undefined);
      return Promise.resolve();
    });
    expect(late.code).toBe('Closed');
    const failed = await refused(async (tx) => {
      await tx.append('a', int32(1), { attributes: { id: ['p'] } });
      await tx.upsert('a', int32(1, 2), { attributes: { id: ['p', 'p'] } }).catch(() => undefined);
    });
    expect(failed.code).toBe('InvalidArgument');
    await one.dataset.refresh();
    expect(await one.dataset.version()).toBe(before);
  });

  test('of one key by two writers is a conflict, and both land with retries', async () => {
    const other = await world.open();
    const upsert =
      (value: number, key: string): Verb =>
      (tx) =>
        tx.upsert('a', int32(value), { attributes: { id: [key] } });
    for (const key of ['new', 'x']) {
      await other.dataset.refresh();
      const error = await failure(
        write(async (tx) => {
          await upsert(1, key)(tx);
          await write(upsert(2, key), one);
        }, other),
      );
      expect(error.code).toBe('Conflict');
    }
    let landed = false;
    await write(
      async (tx) => {
        await upsert(3, 'later')(tx);
        if (!landed) await write(upsert(4, 'later'), one);
        landed = true;
      },
      other,
      1,
    );
    const [row] = await other.dataset.array('a').rowsByKey(['later'], { values: true });
    expect(row?.data).toEqual(Int32Array.of(3));
    expect(await table()).toHaveLength(5);
  });

  test('of a dropped row is a conflict with who drops it', async () => {
    const other = await world.open();
    const error = await failure(
      write(async (tx) => {
        await tx.upsert('a', int32(1), { attributes: { id: ['y'] } });
        await write((mine) => mine.drop('a', [1]), one);
      }, other),
    );
    expect(error.code).toBe('Conflict');
  });

  test('of a source goes piece by piece, and finds a key that two pieces have', async () => {
    // Rows of 32 MiB, so that a piece has two of them.
    const rowShape = [2 ** 23];
    const keys = ['m', 'n', 'o', 'p', 'm'];
    const sourceOf = (count: number) => ({
      type: { dtype: 'int32' as const, rowShape, scalar: false },
      ...{ rows: count, name: 'rows.npy' },
      read: (start: number, end: number) => Promise.resolve(new Uint8Array((end - start) * 2 ** 25)),
      close: () => Promise.resolve(),
    });
    const { columnOf } = await import('../../src/attributes/values.js');
    const attributesOf = (count: number) => ({
      ...{ name: 'rows.jsonl', rows: count, attributes: [{ name: 'id', type: 'string' as const }] },
      read: (start: number, end: number) =>
        Promise.resolve([columnOf('id', 'string', keys.slice(start, end))]),
      close: () => Promise.resolve(),
    });
    const upsert =
      (count: number): Verb =>
      (tx) =>
        tx.upsertFrom('big', sourceOf(count), { attributes: attributesOf(count) });
    await write((tx) => tx.create('big', { dtype: 'int32', rowShape, key: { name: 'id', type: 'string' } }));
    await write(async (tx) => {
      expect(await upsert(3)(tx)).toEqual({ inserted: 3, replaced: 0 });
    });
    await write(async (tx) => {
      expect(await upsert(4)(tx)).toEqual({ inserted: 1, replaced: 3 });
    });
    const error = await refused(upsert(5));
    expect(error.message).toBe(`rows 0 and 4 for 'big' have the same key "m"`);
    expect(await one.dataset.array('big').shape()).toEqual([4, ...rowShape]);
  });
});

describe('rows by their keys', () => {
  test('come in the order asked, repeated at will, with attributes and values', async () => {
    const array = one.dataset.array('a');
    const asked = await array.rowsByKey(['z', 'none', 'x', 'z'], { select: ['n'], values: true });
    const z = { row: 2, id: 2, attributes: { n: 3 }, data: Int32Array.of(30) };
    expect(asked).toEqual([
      z,
      undefined,
      { row: 0, id: 0, attributes: { n: 1 }, data: Int32Array.of(10) },
      z,
    ]);
    expect(await array.rowsByKey([])).toEqual([]);
    await write((tx) => tx.drop('a', [0]));
    expect(await array.rowsByKey(['x', 'z'])).toEqual([undefined, { row: 1, id: 2 }]);
    expect(await array.rowsByKey(['x'], { at: { version: -1 } })).toEqual([{ row: 0, id: 0 }]);
  });

  test('are found by whole numbers and instants', async () => {
    const day = (date: number): Date => new Date(Date.UTC(2026, 0, date));
    await write(async (tx) => {
      await tx.create('days', { dtype: 'int32', key: 'day' });
      await tx.append('days', int32(1, 2), { attributes: { day: [day(1), day(2)] } });
      await tx.create('numbers', { dtype: 'int32', key: 'n' });
      await tx.append('numbers', int32(1, 2), { attributes: { n: [2n ** 62n, -1] } });
    });
    expect(await one.dataset.array('days').rowsByKey([day(2), day(3)])).toEqual([
      { row: 1, id: 1 },
      undefined,
    ]);
    expect(await one.dataset.array('numbers').rowsByKey([-1, 2n ** 62n, 0])).toEqual([
      { row: 1, id: 1 },
      { row: 0, id: 0 },
      undefined,
    ]);
  });

  test('are refused of an array without a key, of another type, and of null', async () => {
    await write((tx) => tx.create('b', { dtype: 'int32' }));
    expect((await failure(one.dataset.array('b').rowsByKey(['x']))).message).toBe("array 'b' has no key");
    expect((await failure(one.dataset.array('a').rowsByKey([1]))).code).toBe('InvalidArgument');
    const none = [null] as unknown as string[];
    expect((await failure(one.dataset.array('a').rowsByKey(none))).message).toContain('key 0');
    const select = await failure(one.dataset.array('a').rowsByKey(['x'], { select: ['nn'] }));
    expect(select.code).toBe('InvalidArgument');
  });
});

describe('what is asked of the store', () => {
  const gets = ({ trace }: Member): string[] =>
    trace.entries
      .filter(({ method, key }) => method.startsWith('get') && /\.arrow$/.test(key))
      .map(({ key }) => key);

  test('appends of keys that grow read no column, whoever appended the others', async () => {
    const name = 'grow';
    const append = (first: number): Verb => {
      const keys = Array.from({ length: 5_000 }, (_, i) => first + 2 * i);
      return (tx) => tx.append(name, { data: new Int32Array(5_000) }, { attributes: { n: keys } });
    };
    await write((tx) => tx.create(name, { dtype: 'int32', key: { name: 'n', type: 'int' } }));
    await write(append(0));
    const other = await world.open();
    await other.dataset.version();
    for (let i = 1; i < 10; i++) {
      await write(append(i * 10_000), i % 2 === 0 ? one : other);
    }
    expect([...gets(one), ...gets(other)]).toEqual([]);
    // A key between two of a file cannot be ruled out: that file alone is read.
    one.trace.clear();
    await write((tx) => tx.append(name, int32(1), { attributes: { n: [20_001] } }));
    expect(new Set(gets(one)).size).toBe(1);
    expect(
      (await failure(write((tx) => tx.append(name, int32(1), { attributes: { n: [20_002] } })))).code,
    ).toBe('AlreadyExists');
  });

  test('segments are read once, however many appends of keys that grow follow', async () => {
    const name = 'long';
    await write((tx) => tx.create(name, { dtype: 'int32', key: { name: 'n', type: 'int' } }));
    let next = 0;
    const append: Verb = async (tx) => {
      // Columns with many values one by one fill the root, so that entries move into segments.
      const given = Object.fromEntries(
        Array.from({ length: 6 }, (_, i) => [`text-${i}`, [`value ${next} of ${i}`, 'another one']]),
      );
      await tx.append(name, int32(1, 2), { attributes: { n: [next, next + 1], ...given } });
      next += 2;
    };
    for (let i = 0; i < 120; i++) await write(append);
    const segments = (await world.head()).root.arrays.find((array) => array.name === name)?.columnSegments;
    expect(segments?.length).toBeGreaterThan(0);
    const other = await world.open();
    await write(append, other);
    other.trace.clear();
    for (let i = 0; i < 5; i++) await write(append, other);
    const asked = other.trace.entries.filter(
      ({ method, key }) => method.startsWith('get') && key.startsWith('segments/'),
    );
    expect(asked.length).toBeLessThanOrEqual(1);
    expect(gets(other)).toEqual([]);
    next = 3;
    expect((await failure(write(append, other))).message).toContain('has the key 3 already, at row id 3');
  });

  test('an upsert reads the column of the key once', async () => {
    const attributes = { id: ['xx', 'z'], n: [1, 2] };
    const member = await world.open();
    await member.dataset.version();
    member.trace.clear();
    await write((tx) => tx.upsert('a', int32(1, 2), { attributes }), member);
    expect(gets(member)).toHaveLength(1);
    await write((tx) => tx.upsert('a', int32(1), { attributes: { id: ['yy'] } }), member);
    expect(
      (await failure(write((tx) => tx.append('a', int32(1), { attributes: { id: ['yy'] } })))).code,
    ).toBe('Conflict');
  });

  test('a look-up reads one column of one file, then the attributes of the rows', async () => {
    const { dataset, trace } = await world.open({ latencyMs: 2 });
    await dataset.array('a').select('id').toArray();
    trace.clear();
    await dataset.array('a').rowsByKey(['absent', 'zz']);
    expect(trace.entries).toEqual([]);
    await dataset.array('a').rowsByKey(['x', 'y', 'z'], { select: ['n'], values: true });
    const waves = new Set(trace.entries.map(({ wave }) => wave));
    expect(waves.size).toBeLessThanOrEqual(2);
    expect(trace.entries.every(({ method }) => method.startsWith('get'))).toBe(true);
    expect(trace.entries.length).toBeLessThanOrEqual(3);
  });
});
