// Folding over thousands of commits: roots stay within their cap, no entry is lost or changed, and what a
// newer release added to an entry is still there.
import { describe, expect, test } from 'vitest';
import { RootDraft } from '../../src/manifest/draft.js';
import { prepareFold } from '../../src/manifest/fold.js';
import { bestFolds, planFolds } from '../../src/manifest/fold-plan.js';
import {
  evolve,
  make,
  type Partition,
  type Segment,
  type SegmentRef,
  v1,
} from '../../src/manifest/message.js';
import { isHole, resolveObject } from '../../src/manifest/objects.js';
import { decodeRoot, encodeRoot, type LoadedRoot, rootBytesCap } from '../../src/manifest/root.js';
import {
  buildAppendSegment,
  decodeSegment,
  objectOf,
  segmentEntryLimit,
} from '../../src/manifest/segment.js';
import type { Change, PartitionDraft } from '../../src/manifest/transaction.js';
import { uploadObject } from '../../src/manifest/upload.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { assert, defined } from '../../src/util/assert.js';
import { seededRandom } from '../support/fake-runtime.js';
import { arrayId, change, firstRoot, functions, partition, runtime, transaction } from './drafts.js';

const array = arrayId('x');
let places = 0;

class Commits {
  readonly store = new MemoryStore(`fold-${++places}`, runtime);
  readonly #environment = { store: this.store, functions, runtime };
  head: LoadedRoot;
  folds = 0;

  constructor() {
    this.head = firstRoot();
  }

  /** One version, folded first when it is time. */
  async commit(...changes: Change[]): Promise<void> {
    const parent = this.head;
    const draft = new RootDraft(parent, parent.root.version + 1, functions);
    for (const plan of planFolds(parent)) {
      assert(draft.fold(await prepareFold(this.#environment, parent.root, plan)), 'a fold of the head fits');
      this.folds++;
    }
    draft.apply(transaction(changes, { baseVersion: parent.root.version }));
    const root = draft.build({ commitId: runtime.randomBytes(16), timeMs: runtime.now() });
    const { bytes } = encodeRoot(root, functions);
    assert(bytes.byteLength <= rootBytesCap, `the root has ${bytes.byteLength} bytes`);
    this.head = decodeRoot(bytes, `version ${root.version}`, functions);
  }

  /** An append that makes a segment of its own, as large ones do. */
  async appendSegment(partitions: readonly PartitionDraft[]): Promise<void> {
    const { bytes, draft } = buildAppendSegment(partitions, this.#environment);
    await uploadObject(this.store, draft.object, bytes);
    await this.commit({ kind: 'append', array, rows: draft.rows, content: { segment: draft } });
  }

  async segments(): Promise<{ segment: Segment; key: string }[]> {
    const { root } = this.head;
    const entry = defined(root.arrays[0], 'array');
    const loaded = entry.segments.map(async (reference) => {
      const object = resolveObject(root.objects, reference.object, 'test');
      const body = defined(await this.store.get(object.key), 'segment');
      const head = body.bytes.subarray(0, reference.headBytes);
      return { segment: decodeSegment(head, reference, object, entry, functions), key: object.key };
    });
    return Promise.all(loaded);
  }

  /** Every entry with the key of its object, by first row id. */
  async entries(): Promise<{ key: string; partition: Partition }[]> {
    const { root } = this.head;
    const inline = defined(root.arrays[0], 'array').partitions.map((one) => ({
      key: resolveObject(root.objects, one.object, 'test').key,
      partition: one,
    }));
    const folded = (await this.segments()).flatMap(({ segment, key }) =>
      segment.partitions.map((one) => ({ key: objectOf(segment, one, key).key, partition: one })),
    );
    return [...inline, ...folded].toSorted((a, b) => a.partition.firstRowId - b.partition.firstRowId);
  }
}

function keyOf({ object }: PartitionDraft): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return `${object.pattern.prefix}${hex(object.id)}${object.pattern.suffix}`;
}

/** Field 15, a number: this release knows nothing of it. */
const newer = Uint8Array.of((15 << 3) | 0, 77);

function mark<T extends object>(message: T): T {
  return Object.defineProperty(evolve(message, {}), '$unknowns', { value: [newer], writable: true });
}

describe('folding', () => {
  test('2,000 appends of three large partitions each, a segment each, end in full segments', async () => {
    const commits = new Commits();
    await commits.commit(change.create(array, 'x'));
    const keys: string[] = [];
    for (let i = 0; i < 2_000; i++) {
      // 64 MiB each: 4 KiB of block sums, which stand in the cold part.
      const partitions = [16_000_000, 16_000_000, 16_000_000].map((rows) => partition(array, rows));
      keys.push(...partitions.map(keyOf));
      await commits.appendSegment(partitions);
    }
    const entries = await commits.entries();
    expect(entries.map(({ key }) => key)).toEqual(keys);
    expect(entries.map(({ partition: { firstRowId } }) => firstRowId)).toEqual(
      keys.map((_, i) => i * 16_000_000),
    );
    const full = (await commits.segments()).filter(
      ({ segment }) => segment.partitions.length > segmentEntryLimit / 2,
    );
    expect(full.length).toBeGreaterThanOrEqual(15);
    expect(commits.folds).toBeLessThan(60);
  });

  test('small and large appends, replaces and drops in any order lose nothing', async () => {
    const seed = Date.now() & 0xffff;
    const random = seededRandom(seed);
    const commits = new Commits();
    await commits.commit(change.create(array, 'x'));
    const keys: string[] = [];
    let rows = 0;
    const live = new Set<number>();
    for (let i = 0; i < 1_500; i++) {
      const kind = random();
      const count = 1 + Math.floor(random() * 5);
      if (kind < 0.5 || live.size < 20) {
        const draft = partition(array, count);
        keys.push(keyOf(draft));
        await commits.commit({ kind: 'append', array, rows: count, content: { partitions: [draft] } });
      } else if (kind < 0.7) {
        const drafts = Array.from({ length: 2 + count }, () => partition(array, 20_000));
        keys.push(...drafts.map(keyOf));
        await commits.appendSegment(drafts);
        rows += 20_000 * drafts.length;
        continue;
      } else {
        const id = [...live][Math.floor(random() * live.size)] ?? 0;
        if (kind < 0.9) await commits.commit(change.replace(array, id));
        else {
          await commits.commit(change.drop(array, id));
          live.delete(id);
        }
        continue;
      }
      for (let row = 0; row < count; row++) live.add(rows + row);
      rows += count;
    }
    const entries = await commits.entries();
    const base = entries.filter(({ partition: { rowIds } }) => rowIds === null);
    expect(
      base.map(({ key }) => key),
      `seed ${seed}`,
    ).toEqual(keys);
    let next = 0;
    let dropped = 0;
    for (const { partition: entry } of base) {
      expect(entry.firstRowId, `seed ${seed}`).toBe(next);
      next += entry.rows;
      if (entry.dropped.byteLength > 0) dropped += functions.rowSets.count(entry.dropped);
    }
    const head = defined(commits.head.root.arrays[0], 'array');
    for (const set of head.dropped) dropped += set.count;
    expect(next - dropped, `seed ${seed}`).toBe(head.liveRows);
    expect(commits.folds).toBeGreaterThan(1);
  });

  test('hands on what a newer release wrote into an entry and its object', async () => {
    const commits = new Commits();
    await commits.commit(change.create(array, 'x'));
    for (let i = 0; i < 3; i++) await commits.commit(change.append(array, 1));
    const { root } = commits.head;
    const marked = evolve(root, {
      objects: evolve(defined(root.objects, 'table'), {
        objects: defined(root.objects, 'table').objects.map((object) =>
          isHole(object) ? object : mark(object),
        ),
      }),
      arrays: root.arrays.map((one) => evolve(one, { partitions: one.partitions.map(mark) })),
    });
    const loaded = decodeRoot(encodeRoot(marked, functions).bytes, 'a newer root', functions);
    const plan = defined(bestFolds(loaded.root, 1, 1)[0], 'plan');
    const environment = { store: commits.store, functions, runtime };
    const draft = new RootDraft(loaded, loaded.root.version + 1, functions);
    expect(draft.fold(await prepareFold(environment, loaded.root, plan))).toBe(true);
    commits.head = encodeRoot(
      draft.build({ commitId: runtime.randomBytes(16), timeMs: runtime.now() }),
      functions,
    );
    const [found] = await commits.segments();
    const { segment } = defined(found, 'segment');
    const unknownsOf = (message: object): unknown => (message as { $unknowns?: unknown }).$unknowns;
    for (const message of [...segment.partitions, ...defined(segment.objects, 'table').objects]) {
      expect(unknownsOf(message)).toEqual([newer]);
    }
    expect(segment.partitions).toHaveLength(3);
  });

  test('leaves a segment alone of which a newer release says something', () => {
    const ref = (firstRowId: number): SegmentRef =>
      make(v1.SegmentRef, { firstRowId, rows: 10, partitions: 3 });
    const references = Array.from({ length: 30 }, (_, i) => (i === 10 ? mark(ref(10 * i)) : ref(10 * i)));
    const entry = make(v1.Array, { segments: references });
    const [plan] = bestFolds(make(v1.Root, { arrays: [entry] }), 1, 1);
    expect(plan?.segments).toEqual(references.slice(11));
  });
});
