// The key of an array: what is refused, what two writers make of it at once, and what a look at it reads.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { isNacreError, type NacreError } from '../../src/errors.js';
import { failure } from '../support/failure.js';
import { int32, type Member, World } from './world.js';

let world: World;
let one: Member;
let other: Member;
type Verb = (tx: TransactionHandle) => Promise<unknown>;

const rows = (...keys: string[]): Verb => {
  const content = int32(...keys.map((_, i) => i));
  return (tx) => tx.append('a', content, { attributes: { id: keys } });
};

beforeEach(async () => {
  world = new World();
  one = await world.open();
  await one.dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32', key: 'id' });
    await rows('x', 'y', 'z')(tx);
  });
  other = await world.open();
});
afterEach(() => world.close());

const write = async (verb: Verb, member = one): Promise<void> => {
  await member.dataset.write(async (tx) => {
    await verb(tx);
  });
};

const refused = (verb: Verb, member = one): Promise<NacreError> => failure(write(verb, member));

/** One commits while the other's transaction is under way. */
async function both(first: Verb, second: Verb): Promise<NacreError | undefined> {
  try {
    await other.dataset.write(async (tx) => {
      await second(tx);
      await write(first);
    });
    return undefined;
  } catch (error) {
    if (isNacreError(error, 'Conflict')) return error;
    throw error;
  }
}

/** Ids of all rows by their keys, as a new process sees them. */
async function table(): Promise<Record<string, number>> {
  const { dataset } = await world.open();
  const hits = await dataset.array('a').select('id').toArray();
  expect(new Set(hits.map(({ attributes }) => attributes?.['id'])).size).toBe(hits.length);
  return Object.fromEntries(hits.map(({ id, attributes }) => [String(attributes?.['id']), id]));
}

describe('refuses', () => {
  test('a key that is given twice in one append, naming both rows', async () => {
    const error = await refused(rows('p', 'q', 'p'));
    expect(error.code).toBe('InvalidArgument');
    expect(error.message).toContain(`rows 0 and 2 for 'a' have the same key "p"`);
    expect(await table()).toEqual({ x: 0, y: 1, z: 2 });
  });

  test('a key that two appends of one write give', async () => {
    const error = await refused(async (tx) => {
      await rows('p')(tx);
      await rows('q', 'p')(tx);
    });
    expect(error.code).toBe('InvalidArgument');
    expect(error.message).toContain(`row 1 and a row before it`);
  });

  test('a key that is there already, naming the row that has it', async () => {
    const error = await refused(rows('p', 'y'));
    expect(error.code).toBe('AlreadyExists');
    expect(error.message).toBe(`'a' has the key "y" already, at row id 1`);
    expect(error.hint).toContain('upsert');
    expect(await table()).toEqual({ x: 0, y: 1, z: 2 });
  });

  test('rows without a key, and a null for one', async () => {
    const missing = await refused((tx) => tx.append('a', int32(1)));
    expect(missing.code).toBe('InvalidArgument');
    expect(missing.message).toBe(`rows of 'a' need its key, the attribute 'id'`);
    const none = await refused((tx) => tx.append('a', int32(1, 2), { attributes: { id: ['p', null] } }));
    expect(none.message).toBe(`row 1 for 'a' has no key 'id'`);
  });

  test('a write that went on after a key was refused', async () => {
    const error = await refused(async (tx) => {
      await rows('p')(tx);
      await rows('p')(tx).catch(() => undefined);
    });
    expect(error.code).toBe('InvalidArgument');
  });

  test('a key that is there in a call that nobody waited for', async () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `key ${i}`);
    const append = (all: readonly string[]): Verb => {
      const data = new Int32Array(all.length);
      return (tx) => {
        tx.append('a', { data }, { attributes: { id: all } }).catch(() => undefined);
        return Promise.resolve();
      };
    };
    expect((await refused(append([...keys, 'z']))).code).toBe('AlreadyExists');
    expect((await refused(append([...keys, 'key 7']))).code).toBe('InvalidArgument');
    await write(append(keys));
    expect((await one.dataset.array('a').rowsByKey(['key 19999']))[0]?.row).toBe(20_002);
  });

  test('keys of types that do not compare by equality alone', async () => {
    const create = await refused((tx) =>
      tx.create('b', { dtype: 'int32', key: { name: 'id', type: 'float' } }),
    );
    expect(create.message).toBe(`'id' of 'b' is float, which is no key`);
    const added = await refused(async (tx) => {
      await tx.create('b', { dtype: 'int32', key: 'id' });
      await tx.addAttribute('b', 'id', 'bool');
    });
    expect(added.message).toBe(`'id' of 'b' is bool, which is no key`);
    const append = await refused(async (tx) => {
      await tx.create('b', { dtype: 'int32', key: 'id' });
      await tx.append('b', int32(1), { attributes: { id: [1.5] } });
    });
    expect(append.code).toBe('InvalidArgument');
    const list = await refused(async (tx) => {
      await tx.addAttribute('a', 'tags', 'strings');
      await tx.setKey('a', 'tags');
    });
    expect(list.hint).toBe('A key is int, string or timestamp.');
  });

  test('a key that nothing makes', async () => {
    const error = await refused((tx) => tx.create('b', { dtype: 'int32', key: 'id' }));
    expect(error.message).toBe(`nothing makes 'id', the key of 'b'`);
    const near = await refused((tx) => tx.setKey('a', 'ib'));
    expect(near.code).toBe('NotFound');
    expect(near.hint).toContain("'id'");
  });

  test('other values for the key, and to drop it', async () => {
    const set = await refused((tx) => tx.setAttributes('a', [0], { id: ['p'] }));
    expect(set.code).toBe('InvalidArgument');
    expect(set.hint).toContain('upsert');
    const drop = await refused((tx) => tx.dropAttribute('a', 'id'));
    expect(drop.hint).toContain('setKey');
    await write((tx) => tx.setKey('a', null));
    await write((tx) => tx.dropAttribute('a', 'id'));
  });

  test('to make a key of values that are there twice, or not there', async () => {
    await write(async (tx) => {
      await tx.setKey('a', null);
      await tx.append('a', int32(7, 8), { attributes: { id: ['x', 'p'], n: [1, null] } });
    });
    const twice = await refused((tx) => tx.setKey('a', 'id'));
    expect(twice.message).toBe(`the rows of 'a' with the ids 0 and 3 have the same 'id' "x"`);
    expect((await refused((tx) => tx.setKey('a', 'n'))).message).toBe(
      `the row of 'a' with the id 0 has no 'n'`,
    );
    await write(async (tx) => {
      await tx.drop('a', { ids: [3] });
      await tx.setKey('a', 'id');
    });
    expect((await refused(rows('p'))).code).toBe('AlreadyExists');
    await write(rows('q'));
    const late = await refused(async (tx) => {
      await tx.setKey('a', null);
      await tx.append('a', int32(1));
      await tx.setKey('a', 'id');
    });
    expect(late.message).toContain('has changed rows');
  });
});

describe('a key', () => {
  test('is free again once its row is dropped, in the same write too', async () => {
    await write((tx) => tx.drop('a', [1]));
    await write(rows('y'));
    await write(async (tx) => {
      await tx.drop('a', { ids: [0] });
      await rows('x', 'q')(tx);
      await tx.drop('a', { ids: [2] });
      await rows('z')(tx);
    });
    expect(await table()).toEqual({ y: 3, x: 4, q: 5, z: 6 });
    await write(async (tx) => {
      await rows('p')(tx);
      await tx.drop('a', [-1]);
      await rows('p')(tx);
    });
    expect(Object.keys(await table())).toEqual(['y', 'x', 'q', 'z', 'p']);
  });

  test('follows a rename, and stays with replaced rows', async () => {
    await write((tx) => tx.renameAttribute('a', 'id', 'name'));
    await write((tx) => tx.replace('a', [1], int32(9)));
    expect((await refused((tx) => tx.append('a', int32(1), { attributes: { name: ['y'] } }))).code).toBe(
      'AlreadyExists',
    );
    expect((await one.dataset.info()).arrays['a']?.key).toBe('name');
  });

  test('that was set on values of single rows is compared with these', async () => {
    await write(async (tx) => {
      await tx.setKey('a', null);
      await tx.setAttributes('a', [0, 2], { id: ['p', 'q'] });
    });
    await write((tx) => tx.setKey('a', 'id'));
    expect((await refused(rows('q'))).message).toContain('at row id 2');
    await write(rows('x', 'z'));
    expect(await one.dataset.array('a').rowsByKey(['z', 'p', 'o', 'y'])).toEqual([
      { row: 4, id: 4 },
      { row: 0, id: 0 },
      undefined,
      { row: 1, id: 1 },
    ]);
  });

  test('of a repeat of what was committed is no duplicate', async () => {
    const operationId = '0123456789abcdef0123456789abcdef';
    const again = async () =>
      one.dataset.write(
        async (tx) => {
          await rows('p')(tx);
        },
        { operationId },
      );
    const { version } = await again();
    expect(await again()).toEqual({ version, recovered: true });
  });

  test('is required of every reader, and no longer once it is taken away', async () => {
    expect((await world.head()).root.requiredFeatures).toEqual([20]);
    await write((tx) => tx.setKey('a', null));
    expect((await world.head()).root.requiredFeatures).toEqual([]);
  });
});

describe('two writers at once', () => {
  test('that append one key are in conflict, others are not', async () => {
    const error = await both(rows('p', 'q'), rows('q'));
    expect(error?.message).toBe(`another writer gave the key "q" to row id 4 of 'a'`);
    expect(await both(rows('r'), rows('s'))).toBeUndefined();
    expect(Object.keys(await table())).toEqual(['x', 'y', 'z', 'p', 'q', 'r', 's']);
  });

  test('may take a key whose row was dropped since it landed', async () => {
    const error = await both(async (tx) => {
      await rows('p')(tx);
      await tx.drop('a', [-1]);
    }, rows('p'));
    expect(error).toBeUndefined();
  });

  test('of one handle in one group: one of the two is in conflict', async () => {
    const writes = [rows('p', 'q'), rows('q'), rows('r')].map((verb) => write(verb));
    const outcomes = await Promise.allSettled(writes);
    const failed = outcomes.filter((each) => each.status === 'rejected');
    expect(failed.map(({ reason }) => (reason as NacreError).code)).toEqual(['Conflict']);
    expect(Object.keys(await table())).toHaveLength(outcomes[0]?.status === 'fulfilled' ? 6 : 5);
  });

  test('a key that is there fails its own write of a group, and no other', async () => {
    const writes = [rows('p'), rows('x'), rows('q')].map((verb) => write(verb));
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(Object.keys(await table())).toEqual(['x', 'y', 'z', 'p', 'q']);
  });

  test('cannot change rows and make their attribute the key', async () => {
    await write((tx) => tx.setKey('a', null));
    await other.dataset.refresh();
    const setKey: Verb = (tx) => tx.setKey('a', 'id');
    const set: Verb = (tx) => tx.setAttributes('a', [0], { id: ['y'] });
    expect((await both(rows('x'), setKey))?.message).toContain('changed rows');
    await write((tx) => tx.drop('a', [-1]));
    await other.dataset.refresh();
    expect(await both(set, setKey)).toBeDefined();
    await write((tx) => tx.setAttributes('a', [0], { id: ['x'] }));
    await other.dataset.refresh();
    expect((await both(setKey, rows('x')))?.message).toContain('changed the key');
    await write((tx) => tx.setKey('a', null));
    await other.dataset.refresh();
    expect(await both(setKey, set)).toBeDefined();
    await write((tx) => tx.setKey('a', null));
    await other.dataset.refresh();
    expect(await both(setKey, (tx) => tx.dropAttribute('a', 'id'))).toBeDefined();
  });

  test('cannot both make an array of one name, with a key', async () => {
    const make =
      (key: boolean): Verb =>
      async (tx) => {
        await tx.create('b', { dtype: 'int32', ...(key ? { key: 'id' } : {}) });
        await tx.append('b', int32(1), { attributes: { id: ['x'] } });
      };
    expect(await both(make(true), make(true))).toBeDefined();
    await write((tx) => tx.dropArray('b'));
    await other.dataset.refresh();
    expect(await both(make(false), make(true))).toBeDefined();
  });
});
