// The next root as a value: its table, its set hash, its record of changes, its counters.
import { describe, expect, test } from 'vitest';
import { resolveObject, TableBuilder } from '../../src/manifest/objects.js';
import { isHole } from '../../src/manifest/objects.js';
import type { Root } from '../../src/manifest/message.js';
import type { LoadedRoot } from '../../src/manifest/root.js';
import { emptySetHash, updateSetHash } from '../../src/manifest/set-hash.js';
import { pendingRowId } from '../../src/manifest/transaction.js';
import { toHex } from '../../src/util/bytes.js';
import { seededRandom } from '../support/fake-runtime.js';
import { arrayId, change, firstRoot, functions, int32Type, nextRoot, object, rowSet } from './drafts.js';
import { setObject, transaction } from './drafts.js';

const [x, y, z] = [arrayId('x'), arrayId('y'), arrayId('z')];

function commit(parent: LoadedRoot, ...changes: Parameters<typeof transaction>[0]): LoadedRoot {
  return nextRoot(parent, transaction(changes, { baseVersion: parent.root.version }));
}

/** Keys and hashes of the objects in the table. */
function objectsOf(root: Root): { key: string; hash: Uint8Array }[] {
  return (root.objects?.objects ?? []).flatMap((entry, slot) =>
    isHole(entry) ? [] : [resolveObject(root.objects, slot, 'test')],
  );
}

function expectSound({ root }: LoadedRoot, parent: LoadedRoot): void {
  const now = objectsOf(root);
  const before = new Set(objectsOf(parent.root).map(({ key }) => key));
  const keys = new Set(now.map(({ key }) => key));
  expect(toHex(updateSetHash(emptySetHash, now, [], functions))).toBe(toHex(root.setHash));
  const added = (root.changes?.added ?? []).map((slot) => resolveObject(root.objects, slot, 'added').key);
  expect(added.toSorted()).toEqual([...keys].filter((key) => !before.has(key)).toSorted());
  const removed = root.changes?.removed ?? null;
  const gone = (removed?.objects ?? []).map((_, slot) => resolveObject(removed, slot, 'removed').key);
  expect(gone.toSorted()).toEqual([...before].filter((key) => !keys.has(key)).toSorted());
}

describe('the object table', () => {
  test('fills what was given up, and never leaves a slot without an entry', () => {
    let root = commit(firstRoot(), change.create(x, 'x'), change.create(y, 'y'));
    for (const array of [x, x, x, y, y, y]) root = commit(root, change.append(array, 1));
    const next = commit(
      root,
      change.dropArray(y),
      change.dropArray(x),
      change.create(z, 'z'),
      ...[1, 2, 3, 4].map((rows) => change.append(z, rows)),
    );
    expectSound(next, root);
    expect(objectsOf(next.root)).toHaveLength(4);
  });

  test('does not grow with arrays that were dropped long ago', () => {
    let root = commit(firstRoot(), change.create(x, 'x'), change.append(x, 1));
    for (let night = 0; night < 50; night++) {
      const [before, after] = night % 2 === 0 ? [x, y] : [y, x];
      root = commit(root, change.dropArray(before), change.create(after, 'a'), change.append(after, 1));
      root = commit(root, change.append(after, 1), change.drop(after, 0));
    }
    expect(root.root.objects?.patterns.length).toBeLessThanOrEqual(2);
    expect(root.root.objects?.objects.length).toBeLessThanOrEqual(4);
    const before = root;
    root = commit(root, change.create(z, 'z'), change.append(z, 1));
    expectSound(root, before);
  });

  test('keeps every slot that is used, whatever is added and removed', () => {
    const random = seededRandom(11);
    const table = new TableBuilder(null);
    const used = new Map<number, string>();
    for (let step = 0; step < 600; step++) {
      const slots = [...used.keys()];
      if (random() < 0.5 && slots.length > 0) {
        const slot = slots[Math.floor(random() * slots.length)] ?? 0;
        table.remove(slot);
        used.delete(slot);
      } else {
        const added = object(x, 128);
        const slot = table.add(added);
        expect(used.has(slot)).toBe(false);
        used.set(slot, toHex(added.id));
      }
      const built = table.build();
      expect(built.objects.length).toBe(Math.max(-1, ...used.keys()) + 1);
      for (const [slot, entry] of built.objects.entries()) {
        expect(isHole(entry) ? undefined : toHex(entry.id)).toBe(used.get(slot));
      }
    }
  });
});

describe('a draft', () => {
  test('says what it added and removed, and its set hash is that of a full walk', () => {
    const random = seededRandom(5);
    const pick = (count: number): number => Math.floor(random() * count);
    let root = commit(firstRoot(), change.create(x, 'x'), change.append(x, 50));
    let made = 0;
    for (let step = 0; step < 100; step++) {
      const arrays = root.root.arrays;
      const some = arrays[pick(arrays.length)];
      const id = some === undefined ? x : toHex(some.id);
      const fresh = arrayId('a').slice(0, 20) + (1e11 + ++made);
      const verbs = [
        [change.create(fresh, `n${made}`), change.append(fresh, 3)],
        [change.create(fresh, `n${made}`), change.append(fresh, 3), change.dropArray(fresh)],
        ...(some === undefined
          ? []
          : [
              [change.append(id, 5), change.append(id, 1)],
              [change.append(id, 2), change.replace(id, pendingRowId), change.dropArray(id)],
              [change.dropArray(id)],
              [largeDrop(id)],
              [change.replace(id, 0)],
              [change.addAttribute(id, 't'), change.indexAttribute(id, 't', 0, 2)],
              [change.addAttribute(id, 't'), change.dropAttributeIndex(id, 't')],
              [change.append(id, 4), change.extendAttributeIndex(id, 't', 1, 3)],
              [change.addAttribute(id, 't'), change.dropAttribute(id, 't')],
            ]),
      ];
      const parent = root;
      root = commit(root, ...(verbs[pick(verbs.length)] ?? []));
      expectSound(root, parent);
    }
  });

  test('gives segments of an index of an attribute the ids of the rows that they come with', () => {
    const segments = ({ root }: LoadedRoot) => {
      const [index] = root.arrays[0]?.attributeIndexes ?? [];
      return index?.segments.map(({ firstRowId, rows }) => [firstRowId, rows]);
    };
    const hashes = ({ root }: LoadedRoot, ...places: number[]): Uint8Array[] =>
      places.map((place) => {
        const slot = root.arrays[0]?.attributeIndexes[0]?.segments[place]?.object ?? -1;
        return root.objects?.objects[slot]?.hash ?? new Uint8Array();
      });
    const made = [change.create(x, 'x'), change.append(x, 10), change.addAttribute(x, 't')];
    const first = commit(firstRoot(), ...made);
    // There is no index yet, or no attribute.
    expect(segments(commit(first, change.append(x, 5), change.extendAttributeIndex(x, 't', 0, 5)))).toBe(
      undefined,
    );
    const indexed = commit(first, change.indexAttribute(x, 't', 0, 10));
    const mine = transaction([change.append(x, 5), change.extendAttributeIndex(x, 't', 1, 4)], {
      baseVersion: 3,
    });
    const theirs = transaction([change.append(x, 7), change.extendAttributeIndex(x, 't', 0, 7)], {
      baseVersion: 3,
    });
    const both = nextRoot(indexed, theirs, mine);
    expect(segments(both)).toEqual([
      [0, 10],
      [10, 7],
      [18, 4],
    ]);
    // An index that is built anew by who saw ten rows keeps what came after these.
    expect(segments(commit(both, change.indexAttribute(x, 't', 0, 10)))).toEqual([
      [0, 10],
      [10, 7],
      [18, 4],
    ]);
    const merge = (...places: number[]) => ({ taken: hashes(both, ...places), firstRowId: 0, rows: 17 });
    const merged = commit(both, change.extendAttributeIndex(x, 't', 0, 0, [merge(0, 1)]));
    expect(segments(merged)).toEqual([
      [0, 17],
      [18, 4],
    ]);
    expectSound(merged, both);
    // Where one of them is gone, or another came between, nothing is merged.
    expect(segments(commit(merged, change.extendAttributeIndex(x, 't', 0, 0, [merge(0, 1)])))).toEqual([
      [0, 17],
      [18, 4],
    ]);
    const wide = { taken: hashes(both, 0, 2), firstRowId: 0, rows: 22 };
    const stays = commit(both, change.extendAttributeIndex(x, 't', 0, 0, [wide]));
    expect(segments(stays)).toEqual([
      [0, 10],
      [10, 7],
      [18, 4],
    ]);
    const gone = [
      change.dropAttribute(x, 't'),
      change.append(x, 1),
      change.extendAttributeIndex(x, 't', 0, 1),
    ];
    expect(segments(commit(both, ...gone))).toBe(undefined);
  });

  test('never goes back in time, and forgets no counter', () => {
    const first = commit(firstRoot(), change.create(x, 'x'), change.append(x, 5));
    const late = { ...first, root: { ...first.root, timeMs: first.root.timeMs + 1e6 } };
    const next = nextRoot(late as LoadedRoot, transaction([change.drop(x, 1, 2)], { baseVersion: 2 }));
    expect(next.root.timeMs).toBe(late.root.timeMs);
    expect(next.root.arrays[0]).toMatchObject({ nextRowId: 5, liveRows: 3 });
  });

  test('of two values for one 0-d array conflicts, also when one of them is in the same group', () => {
    const scalar = { ...int32Type, scalar: true };
    const root = commit(firstRoot(), change.create(x, 'x', scalar));
    const mine = transaction([change.append(x, 1)], { baseVersion: 2 });
    const theirs = transaction([change.append(x, 1)], { baseVersion: 2 });
    expect(() => nextRoot(root, mine, theirs)).toThrow('gave the 0-d array its value');
    const given = nextRoot(root, mine);
    expect(() => nextRoot(given, theirs)).toThrow('gave the 0-d array its value');
    expect(
      nextRoot(given, transaction([change.drop(x, 0), change.append(x, 1)], { baseVersion: 3 })),
    ).toBeDefined();
  });

  function largeDrop(array: string): ReturnType<typeof change.drop> {
    // Outside of the rows: only its object matters here.
    const set = rowSet();
    return { kind: 'drop', array, rows: { set, object: setObject(set) } };
  }
});
