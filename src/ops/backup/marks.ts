// What points need: roots down from theirs, and the objects of every version that they keep, by where in the
// backup each is.
//
// One walk goes down each history: a point that it meets joins in, so each root is read once. What cannot be
// read is not known to be unneeded: then this is an error, and nothing is deleted.
import { isNacreError, NacreError } from '../../errors.js';
import { isKept } from '../../manifest/history-draft.js';
import { history } from '../../manifest/history.js';
import { rootKey } from '../../manifest/keys.js';
import { hasUnknownFields, type ObjectTable, type Root, type Segment } from '../../manifest/message.js';
import { idOfObjectKey, Moved } from '../../manifest/moved.js';
import { isHole, resolveObject } from '../../manifest/objects.js';
import type { StoredPoint } from '../../manifest/points.js';
import { readSegment, type ReferencedSegment, segmentsOf } from '../../manifest/references.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import { equalBytes, fromHex, toHex, utf8 } from '../../util/bytes.js';
import { IdSet } from '../../util/id-set.js';
import type { ReadEnvironment } from '../environment.js';
import { mappedEnvironment } from './mapped.js';
import { placesOf, rootOfHash } from './states.js';
import { lostRoot } from './view.js';

const segmentsAtOnce = 16;

export class Marks {
  /** Of keys that end in an id. */
  readonly ids = new IdSet();
  /** Versions of roots that are under their own keys. */
  readonly roots = new Set<number>();
  readonly #environment: ReadEnvironment;
  readonly #call: CallOptions;
  readonly #known = new Set<string>();

  constructor(environment: ReadEnvironment, call: CallOptions) {
    this.#environment = environment;
    this.#call = call;
  }

  /** Cost: a request for each version below the points, and for each segment that a kept one has. */
  async add(points: readonly StoredPoint[]): Promise<void> {
    const groups = new Map<string, { readonly moved: Moved; readonly points: StoredPoint[] }>();
    for (const stored of points) {
      if (this.#known.has(stored.key)) continue;
      this.#known.add(stored.key);
      if (hasUnknownFields(stored.point)) throw newerRelease(stored.key);
      const moved = Moved.decode(stored.point, stored.key);
      const name = moved.size === 0 ? '' : toHex(this.#environment.functions.blake3(textOf(moved)));
      const group = groups.get(name) ?? { moved, points: [] };
      groups.set(name, group);
      group.points.push(stored);
    }
    for (const { moved, points: some } of groups.values())
      await new Walk(this.#environment, moved, this, this.#call).run(some);
  }

  /** What is under this key is needed. */
  mark(key: string, version?: number): void {
    const id = fromHex(idOfObjectKey(key) ?? '');
    if (id?.byteLength === 16) this.ids.add(id);
    else if (version !== undefined) this.roots.add(version);
  }
}

function textOf(moved: Moved): Uint8Array {
  return utf8.encode(
    [...moved.entries()]
      .map((pair) => pair.join(' '))
      .sort()
      .join('\n'),
  );
}

/** Of points whose objects are in the same places. */
class Walk {
  readonly #environment: ReadEnvironment;
  readonly #moved: Moved;
  readonly #marks: Marks;
  readonly #call: CallOptions;
  /** Roots whose objects, and segments whose entries are marked, by their hashes. */
  readonly #done = new Set<string>();

  constructor(environment: ReadEnvironment, moved: Moved, marks: Marks, call: CallOptions) {
    this.#environment = environment;
    this.#moved = moved;
    this.#marks = marks;
    this.#call = call;
  }

  async run(points: readonly StoredPoint[]): Promise<void> {
    const left = points.toSorted((a, b) => a.point.version - b.point.version);
    for (let start = left.pop(); start !== undefined; start = left.pop()) {
      const kept: Root['kept'][] = [];
      let below: LoadedRoot | undefined;
      for await (const loaded of this.#down(start)) {
        const { version } = loaded.root;
        if (below === undefined) kept.push(loaded.root.kept);
        // Slots between two roots are void: they are copied, and stay.
        for (let slot = version; slot < (below?.root.version ?? version + 1); slot++) this.#markRoot(slot);
        below = loaded;
        for (let at = left.length - 1; at >= 0 && (left[at]?.point.version ?? 0) >= version; at--) {
          const { point } = left[at] ?? start;
          if (point.version !== version || !equalBytes(point.rootHash, loaded.hash)) continue;
          left.splice(at, 1);
          kept.push(loaded.root.kept);
        }
        if (kept.some((one) => isKept(one, version))) await this.#markObjects(loaded);
      }
    }
  }

  #markRoot(version: number): void {
    this.#marks.mark(this.#moved.placeOf(rootKey(version)), version);
  }

  /** From a point's root to the first one, past what was written over. */
  async *#down(start: StoredPoint): AsyncGenerator<LoadedRoot> {
    const { store, functions } = mappedEnvironment(this.#environment, this.#moved);
    let next: { readonly version: number; readonly hash: Uint8Array } | null = {
      version: start.point.version,
      hash: start.point.rootHash,
    };
    while (next !== null) {
      const from: LoadedRoot | undefined = await rootOfHash(this.#environment, this.#moved, next, this.#call);
      if (from === undefined) throw lostRoot(store.uri, next.version, start);
      next = null;
      let last = from;
      try {
        for await (const loaded of history(store, from, functions, this.#call)) {
          last = loaded;
          yield loaded;
        }
      } catch (error) {
        if (!isNacreError(error, 'Corrupt') || last.root.parent === null) throw error;
        next = last.root.parent;
      }
    }
  }

  async #markObjects(loaded: LoadedRoot): Promise<void> {
    if (!this.#isNew(loaded.hash)) return;
    const { root } = loaded;
    const where = rootKey(root.version);
    if (hasUnknownFields(root)) throw newerRelease(where);
    this.#markTable(root.objects, where);
    const segments = segmentsOf(loaded).filter(({ object }) => this.#isNew(object.hash));
    await mapBounded(segments, segmentsAtOnce, async (segment) => {
      const { key } = segment.object;
      const read = await this.#readSegment(segment);
      if (hasUnknownFields(read)) throw newerRelease(key);
      this.#markTable(read.objects, key);
    });
  }

  async #readSegment(segment: ReferencedSegment): Promise<Segment> {
    const mapped = mappedEnvironment(this.#environment, this.#moved);
    const read = await readFrom(mapped, segment, this.#call);
    if (read !== undefined) return read;
    for (const place of await placesOf(this.#environment, this.#moved, segment.object, this.#call)) {
      const past = await readFrom(place, segment, this.#call);
      if (past !== undefined) return past;
    }
    const { key } = segment.object;
    const message = `${key} is damaged or missing, so what it refers to is not known`;
    throw new NacreError('Corrupt', message, {
      context: { key },
      hint: 'Nothing was deleted. Forget points that need it by their names, or put it back from a replica.',
    });
  }

  #markTable(table: ObjectTable | null, what: string): void {
    for (const [slot, object] of (table?.objects ?? []).entries()) {
      if (isHole(object)) continue;
      this.#marks.mark(this.#moved.placeOf(resolveObject(table, slot, what).key));
    }
  }

  #isNew(hash: Uint8Array): boolean {
    const name = toHex(hash);
    if (this.#done.has(name)) return false;
    this.#done.add(name);
    return true;
  }
}

async function readFrom(
  { store, functions }: ReadEnvironment,
  segment: ReferencedSegment,
  call: CallOptions,
): Promise<Segment | undefined> {
  return readSegment(store, segment, functions, call).catch((error: unknown) => {
    if (isNacreError(error, 'Corrupt')) return undefined;
    throw error;
  });
}

function newerRelease(key: string): NacreError {
  const message = `${key} was written by a newer release, and may refer to objects that this one cannot see`;
  return new NacreError('UnsupportedFormat', message, {
    context: { key },
    hint: 'Nothing was deleted. Forget with the newer release.',
  });
}
