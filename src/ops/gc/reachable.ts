// Which objects versions refer to: the ids of all that their roots and segments name, whatever it stands
// for.
//
// What cannot be read is not known to be unneeded, so everything odd is an error here: a root or a segment
// that is missing or damaged, one that needs a newer release, and fields of a newer release that may name
// objects.
import { NacreError } from '../../errors.js';
import type { ManifestFunctions } from '../../manifest/functions.js';
import { readRoot } from '../../manifest/head.js';
import { history } from '../../manifest/history.js';
import { isKept } from '../../manifest/history-draft.js';
import { rootKey } from '../../manifest/keys.js';
import { hasUnknownFields, type ObjectTable, type Root } from '../../manifest/message.js';
import { isHole } from '../../manifest/objects.js';
import { readSegment, type ReferencedSegment, segmentsOf } from '../../manifest/references.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import { equalBytes, toHex, utf8 } from '../../util/bytes.js';
import { IdSet } from '../../util/id-set.js';

/** Roots and segments read side by side. */
const readsAtOnce = 16;

export class Reachable {
  /** Of what is linked those of {@link idOfLinked}, too. */
  readonly ids = new IdSet();
  /** Of `watched` those that an object of them has. */
  readonly hashes = new Set<string>();
  readonly #store: ObjectStore;
  readonly #functions: ManifestFunctions;
  readonly #options: CallOptions;
  /** Versions and segments that are in already, by their hashes. */
  readonly #seen = new Set<string>();

  constructor(store: ObjectStore, functions: ManifestFunctions, options: CallOptions) {
    this.#store = store;
    this.#functions = functions;
    this.#options = options;
  }

  /** Hashes, hexadecimal, that are looked for; before the first version is added. */
  watched: ReadonlyMap<string, unknown> = new Map();

  /** How many versions are in. */
  versions = 0;

  /** Adds versions as they come. Cost: one request for each segment that no other of them has. */
  async addAll(versions: AsyncIterable<LoadedRoot>): Promise<void> {
    let some: LoadedRoot[] = [];
    for await (const loaded of versions) {
      some.push(loaded);
      if (some.length < readsAtOnce) continue;
      await this.#add(some);
      some = [];
    }
    await this.#add(some);
  }

  async #add(versions: readonly LoadedRoot[]): Promise<void> {
    const segments: ReferencedSegment[] = [];
    for (const loaded of versions) {
      if (!this.#isNew(loaded.hash)) continue;
      const { root } = loaded;
      if (hasUnknownFields(root)) throw newerRelease(rootKey(root.version));
      this.#addTable(root.objects);
      this.versions += 1;
      segments.push(...segmentsOf(loaded).filter(({ object }) => this.#isNew(object.hash)));
    }
    await mapBounded(segments, readsAtOnce, async (segment) => {
      const { key } = segment.object;
      const read = await readSegment(this.#store, segment, this.#functions, this.#options);
      if (read === undefined) throw missing(key);
      if (hasUnknownFields(read)) throw newerRelease(key);
      this.#addTable(read.objects);
    });
  }

  #addTable(table: ObjectTable | null): void {
    for (const object of table?.objects ?? []) {
      if (isHole(object)) continue;
      this.ids.add(object.id);
      const pattern = table?.patterns[object.pattern];
      if (pattern?.whole === true) this.ids.add(idOfLinked(pattern.prefix, this.#functions));
      if (this.watched.size === 0) continue;
      const hash = toHex(object.hash);
      if (this.watched.has(hash)) this.hashes.add(hash);
    }
  }

  #isNew(hash: Uint8Array): boolean {
    const name = toHex(hash);
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }
}

/** Stands for a key that has no id: 16 bytes of its hash. */
export function idOfLinked(key: string, { blake3 }: Pick<ManifestFunctions, 'blake3'>): Uint8Array {
  return blake3(utf8.encode(key)).subarray(0, 16);
}

/**
 * Versions whose data somebody may read: those that the newest root of before `beforeMs` keeps, and all
 * that came later. Where there is no such root, all of them.
 */
export async function* liveVersions(
  store: ObjectStore,
  head: LoadedRoot,
  beforeMs: number,
  functions: ManifestFunctions,
  options: CallOptions,
): AsyncGenerator<LoadedRoot> {
  let kept: Root['kept'] | undefined;
  for await (const loaded of history(store, head, functions, options)) {
    const { version, timeMs } = loaded.root;
    if (kept === undefined && (timeMs <= beforeMs || beginsHere(loaded))) ({ kept } = loaded.root);
    if (kept === undefined || isKept(kept, version)) yield loaded;
    if (kept && version <= kept.from) break;
  }
  for (const version of kept?.also ?? []) {
    if (version < (kept?.from ?? 0)) yield versionOf(store, head, version, functions, options);
  }
}

/** Restored from another place by this version: nobody ever read here what it does not keep. */
function beginsHere({ root: { operations } }: LoadedRoot): boolean {
  return operations.some(({ kinds }) => kinds.includes('restoreTo'));
}

/** Versions above one that was the head, up to another one. */
export async function* versionsSince(
  store: ObjectStore,
  head: LoadedRoot,
  since: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): AsyncGenerator<LoadedRoot> {
  for await (const loaded of history(store, head, functions, options)) {
    if (loaded.root.version > since.root.version) yield loaded;
    else if (equalBytes(loaded.hash, since.hash)) return;
    else break;
  }
  throw changed(since.root.version);
}

/** A version by its number, which a root or a lease says is one. */
export async function versionOf(
  store: ObjectStore,
  head: LoadedRoot,
  version: number,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<LoadedRoot> {
  const loaded = version === head.root.version ? head : await readRoot(store, version, functions, options);
  if (loaded === undefined) throw missing(rootKey(version));
  const { root } = loaded;
  if (root.version === version && equalBytes(root.dataset, head.root.dataset)) return loaded;
  throw changed(version);
}

const repair =
  'Nothing was deleted. Run `nacre repair` to put back the right bytes from a replica or a backup.';

function missing(key: string): NacreError {
  const message = `${key} is missing, so what it refers to is not known`;
  return new NacreError('Corrupt', message, { context: { key }, hint: repair });
}

/** A root that stands in its slot is not the one that it must be. */
export function changed(version: number): NacreError {
  const key = rootKey(version);
  const message = `${key} is another root than before, so what it referred to is not known`;
  return new NacreError('Corrupt', message, { context: { key, version }, hint: repair });
}

function newerRelease(key: string): NacreError {
  const message = `${key} was written by a newer release, and may refer to objects that this one cannot see`;
  return new NacreError('UnsupportedFormat', message, {
    context: { key },
    hint: 'Nothing was deleted. Clean up with the newer release.',
  });
}
