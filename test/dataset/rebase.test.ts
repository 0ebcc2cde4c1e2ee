// The rebase table with two handles on one dataset: one commits while the other's transaction is under way.
import { afterEach, describe, expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { failure } from '../support/failure.js';
import { int32, type World, worldWith } from './world.js';

let world: World;
afterEach(() => world.close());

type Verb = (tx: TransactionHandle) => Promise<void>;

const verbs: Readonly<Record<string, Verb>> = {
  append: (tx) => tx.append('a', int32(8)),
  'replace rows 1, 2': (tx) => tx.replace('a', [1, 2], int32(-1, -2)),
  'replace row 3': (tx) => tx.replace('a', { ids: [3] }, int32(-3)),
  'drop rows 1, 2': (tx) => tx.drop('a', [2, 1]),
  'drop row 3': (tx) => tx.drop('a', [-1]),
  'drop the array': (tx) => tx.dropArray('a'),
  rename: (tx) => tx.rename('a', 'z'),
  index: (tx) => tx.index('a', { type: 'exact' }),
  'drop the index': (tx) => tx.dropIndex('a', { type: 'exact' }),
  'read row 1': async (tx) => {
    await tx.read('a', { rows: [1] });
    await tx.create('other', { dtype: 'int8' });
  },
};

/** Rows: mine. Columns: what the other handle committed first, in the order above without the read. */
const table: Readonly<Record<string, string>> = {
  append: 'BBBBBCBBB',
  'replace rows 1, 2': 'BCBCBCBBB',
  'replace row 3': 'BBCBCCBBB',
  'drop rows 1, 2': 'BCBBBCBBB',
  'drop row 3': 'BBCBBCBBB',
  'drop the array': 'CCCCCBBBB',
  rename: 'BBBBBCCBB',
  index: 'BBBBBCBCC',
  'drop the index': 'BBBBBCBCC',
  'read row 1': 'BCBCBCBBB',
};

/** What rows 0 to 3 become, or undefined for no array. Each verb finds rows by their first content. */
function model(rows: readonly number[] | undefined, verb: string): readonly number[] | undefined {
  const replaced = new Map([
    [1, -1],
    [2, -2],
  ]);
  switch (verb) {
    case 'append':
      return rows && [...rows, 8];
    case 'replace rows 1, 2':
      return rows?.map((row) => replaced.get(row) ?? row);
    case 'replace row 3':
      return rows?.map((row) => (row === 3 ? -3 : row));
    case 'drop rows 1, 2':
      return rows?.filter((row) => row !== 1 && row !== 2);
    case 'drop row 3':
      return rows?.filter((row) => row !== 3);
    case 'drop the array':
      return undefined;
    default:
      return rows;
  }
}

describe('two handles', () => {
  for (const [mine, letters] of Object.entries(table)) {
    for (const [at, theirs] of Object.keys(verbs)
      .filter((verb) => verb !== 'read row 1')
      .entries()) {
      const both = letters[at] === 'B';
      test(`mine: ${mine}; theirs, committed first: ${theirs}; ${both ? 'both' : 'conflict'}`, async () => {
        world = await worldWith(0, 1, 2, 3);
        const one = await world.open();
        if ([mine, theirs].includes('drop the index')) await one.dataset.array('a').index({ type: 'exact' });
        const other = await world.open();
        const outcome = await one.dataset
          .write(async (tx) => {
            await verbs[mine]?.(tx);
            await other.dataset.write(async (late) => verbs[theirs]?.(late));
          })
          .then(
            () => 'both',
            (error: unknown) => (isNacreError(error, 'Conflict') ? 'conflict' : error),
          );
        expect(outcome).toBe(both ? 'both' : 'conflict');
        const landed = model([0, 1, 2, 3], theirs);
        const expected = both ? model(landed, mine) : landed;
        const { dataset } = await world.open();
        const { arrays } = await dataset.info();
        const name = [theirs, ...(both ? [mine] : [])].includes('rename') ? 'z' : 'a';
        expect(Object.keys(arrays).filter((known) => known !== 'other')).toEqual(
          expected === undefined ? [] : [name],
        );
        if (expected === undefined) return;
        expect(arrays[name]?.shape).toEqual([expected.length]);
        expect(await world.read(name)).toEqual(expected);
      });
    }
  }

  test('that create one array at once both have their rows in it', async () => {
    world = await worldWith();
    const handles = await Promise.all([1, 2, 3].map(() => world.open()));
    await Promise.all(
      handles.map(({ dataset }, i) =>
        dataset.write(async (tx) => {
          await tx.create('new', { dtype: 'int32' });
          await tx.append('new', int32(10 * i, 10 * i + 1));
        }),
      ),
    );
    expect((await world.read('new')).toSorted((a, b) => a - b)).toEqual([0, 1, 10, 11, 20, 21]);
  });

  test('that drop overlapping rows drop each once', async () => {
    world = await worldWith(0, 1, 2, 3, 4, 5);
    const [one, other] = [await world.open(), await world.open()];
    await one.dataset.write(async (tx) => {
      await tx.drop('a', [1, 2, 3]);
      await other.dataset.write((late) => late.drop('a', [2, 3, 4]));
    });
    expect(await world.read()).toEqual([0, 5]);
    expect((await (await world.open()).dataset.info()).arrays['a']?.shape).toEqual([2]);
  });

  test('retry after a conflict when asked to, on the newest version', async () => {
    world = await worldWith(1);
    const handles = await Promise.all([1, 2, 3, 4].map(() => world.open()));
    await Promise.all(
      handles.map(({ dataset }) =>
        dataset.write(
          async (tx) => {
            const [value = 0] = (await tx.read('a', { rows: [0] })).data as Int32Array;
            await tx.replace('a', [0], int32(2 * value));
          },
          { retries: 10 },
        ),
      ),
    );
    expect(await world.read()).toEqual([16]);
  });
});

test('rows that went into an array that another writer had created are seen by who drops it', async () => {
  world = await worldWith();
  const [one, other] = [await world.open(), await world.open()];
  await one.dataset.version();
  let dropped: Promise<unknown> = Promise.resolve();
  // Both create x; the rows of this one go into the other's.
  const appended = one.dataset.write(async (tx) => {
    await tx.create('x', { dtype: 'int32' });
    await tx.append('x', int32(1));
    await other.dataset.write((theirs) => theirs.create('x', { dtype: 'int32' }));
    await one.dataset.refresh();
    await new Promise<void>((begun) => {
      dropped = one.dataset.write(async (later) => {
        await later.dropArray('x');
        begun();
        await appended;
      });
      dropped.catch(() => undefined);
    });
  });
  expect(await appended).toMatchObject({ version: 4 });
  await expect(dropped).rejects.toMatchObject({ code: 'Conflict' });
  expect(await world.read('x')).toEqual([1]);
});

test('who creates an array and changes another conflicts with who gives that one the name', async () => {
  world = await worldWith(0, 1, 2, 3);
  const [{ dataset: mine }, { dataset: theirs }] = [await world.open(), await world.open()];
  const write = mine.write(async (tx) => {
    await tx.create('b', { dtype: 'int32' });
    await tx.append('b', int32(10, 11));
    await tx.append('a', int32(20, 21));
    // Of its own rows: 20.
    await tx.drop('a', [4]);
    await theirs.write((other) => other.rename('a', 'b'));
  });
  expect((await failure(write)).code).toBe('Conflict');
  await mine.refresh();
  // Where it is only read, the rows are of the one that has the name now.
  await theirs.write((tx) => tx.rename('b', 'a'));
  await mine.refresh();
  await mine.write(async (tx) => {
    await tx.create('b', { dtype: 'int32' });
    await tx.append('b', int32(10));
    await tx.read('a', { rows: [0] });
    await theirs.refresh();
    await theirs.write((other) => other.rename('a', 'b'));
  });
  expect(Array.from((await mine.array('b').read()).data as Int32Array)).toEqual([0, 1, 2, 3, 10]);
});
