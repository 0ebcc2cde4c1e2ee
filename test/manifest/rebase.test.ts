// The rebase table, cell by cell: a transaction of mine that began before a version of theirs landed.
import { describe, expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { RootDraft } from '../../src/manifest/draft.js';
import { loadEffects } from '../../src/manifest/effects.js';
import { checkRebase, type Effects, effectsOf, withoutLandedDrops } from '../../src/manifest/rebase.js';
import type { LoadedRoot } from '../../src/manifest/root.js';
import type { Change, Transaction } from '../../src/manifest/transaction.js';
import { pendingRowId } from '../../src/manifest/transaction.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { arrayId, change, firstRoot, functions, int32Type, nextRoot, rowSet, runtime } from './drafts.js';
import { object, partition, transaction } from './drafts.js';

const x = arrayId('x');
const y = arrayId('y');
const mine = arrayId('m');
const theirs = arrayId('t');

/** Version 2: `x` with the rows 0 to 9 and an attribute `k`, `y` with one row. */
const base = nextRoot(
  firstRoot(),
  transaction(
    [
      ...[change.create(x, 'x'), change.append(x, 10)],
      ...[change.addAttribute(x, 't'), change.addAttribute(x, 'k')],
      ...[change.create(y, 'y'), change.append(y, 1)],
    ],
    { baseVersion: 1 },
  ),
);
const index = (): Change => change.indexAttribute(x, 't', 0, 10, 0);
const extend = (): Change[] => [change.append(x, 3), change.extendAttributeIndex(x, 't', 0, 3)];
const dropIndex = (): Change => change.dropAttributeIndex(x, 't', 0);

const verbs: Readonly<Record<string, readonly Change[]>> = {
  append: [change.append(x, 3)],
  'replace rows 1 and 2': [change.replace(x, 1, 2)],
  'replace row 5': [change.replace(x, 5)],
  'drop rows 1 and 2': [change.drop(x, 1, 2)],
  'drop row 5': [change.drop(x, 5)],
  'drop the array': [change.dropArray(x)],
  'rename to z': [change.rename(x, 'z')],
  'append to another array': [change.append(y, 1)],
  'drop another array': [change.dropArray(y)],
};

const columns = Object.keys(verbs);

/** B: both go in; C: conflict. Columns in the order of `verbs`. */
const table: Readonly<Record<string, string>> = {
  append: 'BBBBBCBBB',
  'replace rows 1 and 2': 'BCBCBCBBB',
  'replace row 5': 'BBCBCCBBB',
  'drop rows 1 and 2': 'BCBBBCBBB',
  'drop row 5': 'BBCBBCBBB',
  'drop the array': 'CCCCCBBBB',
  'rename to z': 'BBBBBCCBB',
  'append to another array': 'BBBBBBBBC',
  'drop another array': 'BBBBBBBCB',
};

const readTable: Readonly<Record<string, string>> = {
  'reads row 1': 'BCBCBCBBB',
  'reads row 5': 'BBCBCCBBB',
};

type Outcome = 'both' | 'conflict';

/** What the commit does with `transaction` after `landed`, on the root that holds it. */
function follow(transaction: Transaction, landed: readonly Effects[], head: LoadedRoot): Outcome {
  try {
    checkRebase(transaction, landed, functions, (id) => id);
    const { transaction: rebased } = withoutLandedDrops(transaction, landed, functions);
    new RootDraft(head, head.root.version + 1, functions).apply(rebased);
    return 'both';
  } catch (error) {
    if (isNacreError(error, 'Conflict')) return 'conflict';
    throw error;
  }
}

function expected(letters: string | undefined, column: number): Outcome {
  return letters?.[column] === 'B' ? 'both' : 'conflict';
}

/** The outcome when theirs landed as a version of its own, read back, and when it is earlier in my group. */
async function outcomes(
  mineIs: readonly Change[],
  theirsIs: readonly Change[],
  reads: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<{ landed: Outcome; grouped: Outcome }> {
  const other = transaction(theirsIs, { baseVersion: 2 });
  const own = transaction(mineIs, { baseVersion: 2, reads });
  const head = nextRoot(base, other);
  const fromRoot = await loadEffects(new MemoryStore('', runtime), head.root, functions);
  return {
    landed: follow(own, [fromRoot], head),
    grouped: follow(own, [effectsOf(other.changes, 3, functions)], head),
  };
}

describe('compaction', () => {
  const compactable = partition(x, 10);
  const made = [change.create(x, 'x'), { ...change.append(x, 10), content: { partitions: [compactable] } }];
  const before = nextRoot(firstRoot(), transaction(made as Change[], { baseVersion: 1 }));
  const compact = (): Change => change.compact(x, compactable, 10);
  const later: Readonly<Record<string, readonly [Change[], mine: Outcome, theirs: Outcome]>> = {
    append: [[change.append(x, 3)], 'both', 'both'],
    replace: [[change.replace(x, 1)], 'both', 'both'],
    drop: [[change.drop(x, 1)], 'both', 'both'],
    rename: [[change.rename(x, 'z')], 'both', 'both'],
    'new attribute': [[change.addAttribute(x, 'n')], 'both', 'both'],
    'drop of the array': [[change.dropArray(x)], 'conflict', 'both'],
    compaction: [[compact()], 'conflict', 'conflict'],
    'index of an attribute': [
      [change.addAttribute(x, 'n'), change.indexAttribute(x, 'n', 0, 10)],
      'both',
      'conflict',
    ],
  };
  for (const [name, [changes, mine, theirs]] of Object.entries(later)) {
    test(`after ${name}: ${mine}; ${name} after it: ${theirs}`, async () => {
      for (const [own, landed, wanted] of [
        [[compact()], changes, mine],
        [changes, [compact()], theirs],
      ] as const) {
        const other = transaction(landed, { baseVersion: 2 });
        const head = nextRoot(before, other);
        const effects = await loadEffects(new MemoryStore('', runtime), head.root, functions);
        const follower = transaction(own, { baseVersion: 2 });
        expect(follow(follower, [effects], head)).toBe(wanted);
        expect(follow(follower, [effectsOf(other.changes, 3, functions)], head)).toBe(wanted);
      }
    });
  }

  test('an index that has some of its rows, or one that it merges, came first', () => {
    const index = (first: number, rows: number): Change => ({
      ...{ kind: 'index', array: x },
      index: {
        ...{ kind: 1, epoch: object(x, 100) },
        segments: [{ object: object(x, 100), firstRowId: first, rows }],
      },
    });
    const merges = { ...compact(), merged: rowSet(3) } as Change;
    for (const [landed, mine, wanted] of [
      [index(0, 10), compact(), 'both'],
      [index(0, 5), compact(), 'conflict'],
      [index(0, 10), merges, 'conflict'],
    ] as const) {
      const head = nextRoot(before, transaction([landed], { baseVersion: 2 }));
      expect(follow(transaction([mine], { baseVersion: 2 }), [], head)).toBe(wanted);
    }
  });
});

describe('the rebase table', () => {
  for (const [row, letters] of Object.entries(table)) {
    for (const [at, column] of columns.entries()) {
      test(`mine: ${row}; landed: ${column}; ${expected(letters, at)}`, async () => {
        const want = expected(letters, at);
        expect(await outcomes(verbs[row] ?? [], verbs[column] ?? [])).toEqual({
          landed: want,
          grouped: want,
        });
      });
    }
  }

  for (const [row, letters] of Object.entries(readTable)) {
    for (const [at, column] of columns.entries()) {
      test(`mine: ${row} and appends elsewhere; landed: ${column}; ${expected(letters, at)}`, async () => {
        const reads = new Map([[x, rowSet(row === 'reads row 1' ? 1 : 5)]]);
        const want = expected(letters, at);
        // The append to y must not be what clashes.
        const column_ = column === 'drop another array' ? [] : (verbs[column] ?? []);
        expect(await outcomes([change.append(y, 1)], column_, reads)).toEqual({
          landed: want,
          grouped: want,
        });
      });
    }
  }

  const float = { ...int32Type, dtype: 11 };
  const names: readonly (readonly [string, readonly Change[], readonly Change[], Outcome])[] = [
    [
      'create of a name that was created with the same type takes the winner',
      [change.create(mine, 'n'), change.append(mine, 2)],
      [change.create(theirs, 'n'), change.append(theirs, 3)],
      'both',
    ],
    [
      'create of a name that was created with another dtype conflicts',
      [change.create(mine, 'n')],
      [change.create(theirs, 'n', float)],
      'conflict',
    ],
    [
      'create of a name that was created with another row shape conflicts',
      [change.create(mine, 'n')],
      [change.create(theirs, 'n', { ...int32Type, rowShape: [1] })],
      'conflict',
    ],
    [
      'create of a name and drop of it again conflicts when the name was created: the rows are theirs',
      [change.create(mine, 'n'), change.dropArray(mine)],
      [change.create(theirs, 'n'), change.append(theirs, 3)],
      'conflict',
    ],
    [
      'create of a name and rename of it conflicts when the name was created',
      [change.create(mine, 'n'), change.rename(mine, 'o')],
      [change.create(theirs, 'n')],
      'conflict',
    ],
    [
      'create of a 0-d array that was created conflicts, since it holds one value',
      [change.create(mine, 'n', { ...int32Type, scalar: true })],
      [change.create(theirs, 'n', { ...int32Type, scalar: true })],
      'conflict',
    ],
    [
      'rename to a name that was created conflicts',
      [change.rename(x, 'n')],
      [change.create(theirs, 'n')],
      'conflict',
    ],
    [
      'rename to a name that was taken by a rename conflicts',
      [change.rename(x, 'n')],
      [change.rename(y, 'n')],
      'conflict',
    ],
    ['rename to a name that was given up goes in', [change.rename(x, 'y')], [change.rename(y, 'n')], 'both'],
    ['create of a name that was given up goes in', [change.create(mine, 'y')], [change.dropArray(y)], 'both'],
    [
      'drop of an array that was changed and then dropped goes in',
      [change.dropArray(x)],
      [change.append(x, 1), change.replace(x, 0), change.dropArray(x)],
      'both',
    ],
    ['drop of an index that was dropped conflicts', [change.dropIndex(x)], [change.dropIndex(x)], 'conflict'],
    ['drop of an index beside an append goes in', [change.dropIndex(x)], [change.append(x, 1)], 'both'],
    ['append beside the drop of an index goes in', [change.append(x, 1)], [change.dropIndex(x)], 'both'],
    [
      'drop of an index of a dropped array conflicts',
      [change.dropIndex(x)],
      [change.dropArray(x)],
      'conflict',
    ],
    [
      'drop of an array whose index was dropped goes in',
      [change.dropArray(x)],
      [change.dropIndex(x)],
      'both',
    ],
    ['index of an attribute beside an append goes in', [index()], [change.append(x, 1)], 'both'],
    ['append beside an index of an attribute goes in', [change.append(x, 1)], [index()], 'both'],
    [
      'index of an attribute beside rows that are replaced goes in',
      [index()],
      [change.replace(x, 1)],
      'both',
    ],
    ['index of an attribute beside rows that are dropped goes in', [index()], [change.drop(x, 1)], 'both'],
    ['index of an attribute that was indexed conflicts', [index()], [index()], 'conflict'],
    ['index of an attribute beside an index of rows conflicts', [index()], [change.dropIndex(x)], 'conflict'],
    [
      'index of an attribute that was dropped conflicts',
      [index()],
      [change.dropAttribute(x, 't')],
      'conflict',
    ],
    ['index of an attribute beside rows that come with a segment goes in', [index()], extend(), 'both'],
    ['rows that come with a segment beside an index go in', extend(), [index()], 'both'],
    ['rows that come with a segment beside the drop of the index go in', extend(), [dropIndex()], 'both'],
    ['drop of an index beside rows that come with a segment goes in', [dropIndex()], extend(), 'both'],
    ['rows that come with a segment beside others go in', extend(), extend(), 'both'],
    [
      'rows that come with a segment of a dropped array conflict',
      extend(),
      [change.dropArray(x)],
      'conflict',
    ],
    ['index of an attribute of a dropped array conflicts', [index()], [change.dropArray(x)], 'conflict'],
    ['drop of an attribute that was indexed goes in', [change.dropAttribute(x, 't')], [index()], 'both'],
    [
      'drop of an index of a dropped attribute goes in',
      [dropIndex()],
      [change.dropAttribute(x, 't')],
      'both',
    ],
    ['drop of an array with an indexed attribute goes in', [change.dropArray(x)], [index()], 'both'],
    [
      'append to a dropped array whose name was made again conflicts',
      [change.append(x, 1)],
      [change.dropArray(x), change.create(theirs, 'x')],
      'conflict',
    ],
  ];
  const created = [change.create(theirs, 'n'), change.addAttribute(theirs, 'k')];
  const keyed = [change.setKey(x, 'k')];
  const unkeyed = [change.setKey(x, undefined)];
  const keys: typeof names = [
    ['append beside a key that was set conflicts', [change.append(x, 1)], keyed, 'conflict'],
    ['append beside a key that was taken away conflicts', [change.append(x, 1)], unkeyed, 'conflict'],
    ['values beside a key that was set conflict', [change.setAttributes(x, 'k', 1)], keyed, 'conflict'],
    ['the drop of an attribute that became the key', [change.dropAttribute(x, 'k', 1)], keyed, 'conflict'],
    ['replace beside a key that was set goes in', [change.replace(x, 1)], keyed, 'both'],
    ['drop of rows beside a key that was set goes in', [change.drop(x, 1)], keyed, 'both'],
    ['rename beside a key that was set goes in', [change.rename(x, 'z')], keyed, 'both'],
    ['a key beside an append conflicts', keyed, [change.append(x, 1)], 'conflict'],
    ['a key beside values that were set conflicts', keyed, [change.setAttributes(x, 'k', 1)], 'conflict'],
    ['a key beside an attribute that was made goes in', keyed, [change.addAttribute(x, 'l')], 'both'],
    [
      'a key beside the drop of its attribute conflicts',
      keyed,
      [change.dropAttribute(x, 'k', 1)],
      'conflict',
    ],
    ['a key beside dropped rows goes in', keyed, [change.drop(x, 1)], 'both'],
    ['a key beside a key conflicts', keyed, keyed, 'conflict'],
    ['a key that is taken away beside an append goes in', unkeyed, [change.append(x, 1)], 'both'],
    [
      'create of a name that was created with a key conflicts',
      [change.create(mine, 'n')],
      [...created, change.setKey(theirs, 'k')],
      'conflict',
    ],
    [
      'create with a key of a name that was created conflicts',
      [change.create(mine, 'n'), change.addAttribute(mine, 'k'), change.setKey(mine, 'k')],
      created,
      'conflict',
    ],
  ];
  for (const [name, mineIs, theirsIs, want] of [...names, ...keys]) {
    test(name, async () => {
      expect(await outcomes(mineIs, theirsIs)).toEqual({ landed: want, grouped: want });
    });
  }
});

describe('what a rebase leaves', () => {
  test('rows dropped by both are taken out once', () => {
    const landed = nextRoot(base, transaction([change.drop(x, 1, 2, 3)], { baseVersion: 2 }));
    const own = transaction([change.drop(x, 2, 3, 4)], { baseVersion: 2 });
    const effects = effectsOf([change.drop(x, 1, 2, 3)], 3, functions);
    const { transaction: rebased } = withoutLandedDrops(own, [effects], functions);
    const { root } = nextRoot(landed, rebased);
    expect(root.arrays.find(({ name }) => name === 'x')?.liveRows).toBe(6);
    expect(root.operations[0]?.rows[0]?.dropped).toBe(1);
    expect(root.changes?.arrays[0]?.removed.map(({ count }) => count)).toEqual([1]);
  });

  test('of an array that was put back, segments that were made of several are left out', () => {
    const hash = new Uint8Array(32);
    const extend: Change = {
      ...{ kind: 'extendIndex', array: x, of: 2, epoch: hash, segments: [] },
      merges: [{ taken: [hash], segment: { object: object(x, 100), firstRowId: 0, rows: 10 } }],
    };
    const own = transaction([change.append(x, 3), extend], { baseVersion: 2 });
    const restored = effectsOf([{ kind: 'restored', array: x, keyed: false }], 3, functions);
    checkRebase(own, [restored], functions, (id) => id);
    const { transaction: rebased } = withoutLandedDrops(own, [restored], functions);
    expect(rebased.changes).toEqual([own.changes[0], { ...extend, merges: [] }]);
    // Elsewhere they stay.
    const elsewhere = effectsOf([{ kind: 'restored', array: y, keyed: false }], 3, functions);
    expect(withoutLandedDrops(own, [elsewhere], functions).transaction.changes).toEqual(own.changes);
  });

  test('a drop of rows that are all gone already is a version that drops none', () => {
    const drop = transaction([change.drop(x, 1)], { baseVersion: 2 });
    const landed = nextRoot(base, drop);
    const { transaction: rebased } = withoutLandedDrops(
      drop,
      [effectsOf(drop.changes, 3, functions)],
      functions,
    );
    const { root } = nextRoot(landed, rebased);
    expect(root.arrays.find(({ name }) => name === 'x')?.liveRows).toBe(9);
    expect(root.changes?.arrays).toEqual([]);
  });

  test('rows appended by both get ids in the order in which they land', () => {
    const landed = nextRoot(base, transaction([change.append(x, 3)], { baseVersion: 2 }));
    const { root } = nextRoot(landed, transaction([change.append(x, 2)], { baseVersion: 2 }));
    const entry = root.arrays.find(({ name }) => name === 'x');
    expect(entry?.partitions.map(({ firstRowId, rows }) => [firstRowId, rows])).toEqual([
      [0, 10],
      [10, 3],
      [13, 2],
    ]);
    expect(entry?.nextRowId).toBe(15);
  });

  test('rows that I append and drop or replace myself are named by the ids they get in the end', () => {
    const landed = nextRoot(base, transaction([change.append(x, 3)], { baseVersion: 2 }));
    const own = transaction(
      [change.append(x, 4), change.drop(x, pendingRowId + 1), change.replace(x, pendingRowId + 3)],
      { baseVersion: 2 },
    );
    const { root } = nextRoot(landed, own);
    const entry = root.arrays.find(({ name }) => name === 'x');
    expect(entry?.liveRows).toBe(16);
    expect(entry?.dropped.map(({ start, end }) => [start, end])).toEqual([[14, 15]]);
    const override = entry?.partitions.find(({ rowIds }) => rowIds !== null);
    expect([override?.rowIds?.start, override?.rowIds?.end, override?.sequence]).toEqual([16, 17, 4]);
  });

  test('an array that another created first takes my rows, my replacements and my drops', () => {
    const landed = nextRoot(
      base,
      transaction([change.create(theirs, 'n'), change.append(theirs, 5)], { baseVersion: 2 }),
    );
    const own = transaction(
      [
        change.create(mine, 'n'),
        change.append(mine, 3),
        change.drop(mine, pendingRowId),
        change.replace(mine, pendingRowId + 2),
      ],
      { baseVersion: 2 },
    );
    const { root } = nextRoot(landed, own);
    const found = root.arrays.filter(({ name }) => name === 'n');
    expect(found.map(({ liveRows, nextRowId }) => [liveRows, nextRowId])).toEqual([[7, 8]]);
    expect(found[0]?.dropped.map(({ start }) => start)).toEqual([5]);
    expect(found[0]?.partitions.at(-1)?.rowIds?.start).toBe(7);
  });

  test('a transaction that conflicts leaves the draft as it was', () => {
    const draft = new RootDraft(base, 3, functions);
    const good = transaction([change.append(x, 1)], { baseVersion: 2 });
    const bad = transaction([change.append(x, 1), change.rename(x, 'y')], { baseVersion: 2 });
    draft.apply(good);
    expect(() => draft.apply(bad)).toThrow('taken by another writer');
    const { root } = { root: draft.build({ commitId: new Uint8Array(16), timeMs: 0 }) };
    expect(root.operations).toHaveLength(1);
    expect(root.arrays.find(({ name }) => name === 'x')?.liveRows).toBe(11);
  });
});
