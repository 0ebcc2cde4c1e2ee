// The objects of versions on their way from the source to the destination: each once, only what is not there,
// and none that differs from its hash.
//
// Ids are remembered, not objects: whatever a version that was copied before has is not asked for again. A
// version that is copied while the one before it still is may rest on that one's objects: its root comes
// later.
import PQueue from 'p-queue';
import { isNacreError, NacreError } from '../../errors.js';
import { isLinkedKey, rootKey } from '../../manifest/keys.js';
import type { ObjectTable } from '../../manifest/message.js';
import { asHealed, isHole, resolveObject, type StoredObject } from '../../manifest/objects.js';
import { readSegment, segmentsOf } from '../../manifest/references.js';
import type { LoadedRoot } from '../../manifest/root.js';
import { unpackBlockSums } from '../../manifest/upload.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import { equalBytes } from '../../util/bytes.js';
import { IdSet } from '../../util/id-set.js';
import { throwIfAborted } from '../../util/runtime.js';
import { digestObject, isDiskFailure, pieceBytesOf } from '../digest.js';
import type { ReadEnvironment, UpkeepEnvironment } from '../environment.js';
import type { Pace } from '../scrub/pace.js';
import { Rooms } from '../rooms.js';
import { readRight, type Whole } from '../whole.js';
import { createOnly, type Placing } from './placing.js';

/** Objects on their way at once. */
const atOnce = 8;

/**
 * Of longer ones half as many, and of these again half are read, each by several requests: so one is sent
 * while the next comes, and both places have work all the time.
 */
const longBytes = 4 * 2 ** 20;
const longAtOnce = 4;
const longReadsAtOnce = 2;

/** Shorter ones are put: a copy by the server and a look at it are a request more. */
const leastCopied = 2 ** 20;
/** Of one request. */
const mostCopied = 5 * 2 ** 30;

/** Memory for them: what does not fit goes by a file. */
const mostHeldBytes = 2 ** 30;

export interface Counts {
  objects: number;
  bytes: number;
  /** What was there already. */
  presentObjects: number;
  presentBytes: number;
  /** Of these what was read and compared. */
  verifiedObjects: number;
  /** What was there and wrong, and was replaced. */
  mendedObjects: number;
  /** Bytes of objects that are known to be copied, or were. */
  plannedBytes: number;
}

export interface ObjectsOptions {
  readonly verify: boolean;
  readonly pace: Pace;
  readonly call: CallOptions;
  /** Other places that may have the right bytes, opened when they are needed. */
  readonly others: (object: StoredObject) => Promise<readonly ReadEnvironment[]>;
  /** Whether the source still keeps a version, by a look now. */
  readonly isStillKept: (version: number) => Promise<boolean>;
  readonly onBytes: (counts: Counts) => void;
  /** How they are put. Default create-only. */
  readonly placing?: Placing;
  /** What to do again when the source has been mended, for messages: 'replicate'. */
  readonly verb: string;
}

/** The source expired a version, and cleaned up, while it was copied: what is kept is looked at anew. */
export class SourceMovedOn extends Error {}

/** Rounds that may be begun anew. */
const mostRestarts = 20;

/**
 * Begins `work` anew where it ends with what `tooOften` has a `Conflict` for, which is thrown when that
 * happens all the time. Other failures are handed on.
 */
export async function withRestarts<T>(
  work: () => Promise<T>,
  tooOften: (error: unknown) => NacreError | undefined,
): Promise<T> {
  for (let restart = 0; ; restart++) {
    try {
      return await work();
    } catch (error) {
      const conflict = tooOften(error);
      if (conflict === undefined) throw error;
      if (restart === mostRestarts) throw conflict;
    }
  }
}

/** Of a source that never stands still; `verb` as in 'Replicate again'. */
export function movesTooFast(error: unknown, verb: string): NacreError | undefined {
  if (!(error instanceof SourceMovedOn)) return undefined;
  return new NacreError('Conflict', 'the source expires versions faster than they are copied', {
    hint: `${verb} again, or clean up the source with a longer grace.`,
  });
}

interface Right {
  readonly whole: Whole;
  /** They are what the source has under the key itself. */
  readonly isOwn: boolean;
}

export class Objects {
  readonly counts: Counts = {
    ...{ objects: 0, bytes: 0, presentObjects: 0, presentBytes: 0 },
    ...{ verifiedObjects: 0, mendedObjects: 0, plannedBytes: 0 },
  };
  readonly #source: ReadEnvironment;
  readonly #destination: UpkeepEnvironment;
  readonly #options: ObjectsOptions;
  readonly #placing: Placing;
  readonly #seen: IdSet;
  readonly #short = new PQueue({ concurrency: atOnce });
  readonly #long = new PQueue({ concurrency: longAtOnce });
  readonly #longReads = new PQueue({ concurrency: longReadsAtOnce });
  readonly #rooms: Rooms;
  /** That the source lacks right bytes of an object: once, since a disk that fails has many. */
  #hasWarned = false;

  /** `seen`: ids of what is there, to which is added what comes. */
  constructor(source: ReadEnvironment, destination: UpkeepEnvironment, seen: IdSet, options: ObjectsOptions) {
    this.#seen = seen;
    this.#source = source;
    this.#rooms = new Rooms(longAtOnce, source.native);
    this.#destination = destination;
    this.#options = options;
    this.#placing = options.placing ?? createOnly(destination, options.call);
  }

  /** All of a version counts as there. Cost: one request for each segment. */
  async know(loaded: LoadedRoot): Promise<void> {
    const groups = this.unseen(loaded);
    while ((await groups.next()).done !== true);
  }

  /** Everything that a version needs and the destination lacks. */
  async copyAll(loaded: LoadedRoot): Promise<void> {
    for await (const objects of this.unseen(loaded)) {
      await mapBounded(objects, atOnce, (object) => {
        const queue = object.sizeBytes > longBytes ? this.#long : this.#short;
        return queue.add(() => this.#copy(object, loaded.root.version));
      });
    }
  }

  /** Objects that no version before had, in groups: those of the root, then those of each segment. */
  async *unseen(loaded: LoadedRoot): AsyncGenerator<StoredObject[]> {
    const { functions, store } = this.#source;
    const { root } = loaded;
    const table = root.objects;
    const segments = segmentsOf(loaded).filter(({ reference }) => {
      const entry = table?.objects[reference.object];
      return entry !== undefined && !this.#seen.has(entry.id);
    });
    yield this.#takeUnseen(table, rootKey(root.version));
    for (const segment of segments) {
      const { key } = segment.object;
      // From wherever it is whole: it was copied just now, where it was not there before.
      const read =
        (await readSegment(store, segment, functions, this.#options.call).catch(ofCorrupt)) ??
        (await readSegment(this.#destination.store, segment, functions, this.#options.call));
      if (read === undefined) throw new NacreError('Corrupt', `${key} is missing`, { context: { key } });
      yield this.#takeUnseen(read.objects, key);
    }
  }

  #takeUnseen(table: ObjectTable | null, what: string): StoredObject[] {
    return (table?.objects ?? []).flatMap((object, slot) => {
      if (isHole(object) || this.#seen.has(object.id)) return [];
      this.#seen.add(object.id);
      return [resolveObject(table, slot, what)];
    });
  }

  async #copy(object: StoredObject, version: number): Promise<void> {
    const { key, sizeBytes } = object;
    const { store } = this.#destination;
    const { call, verify, onBytes } = this.#options;
    throwIfAborted(call.signal);
    const there = await store.head(key, call);
    // Under a key of somebody's own anything may be; others have random ids.
    const isCompared = verify || isLinkedKey(key);
    const isRight = there?.sizeBytes === sizeBytes && (!isCompared || (await this.#isRight(object)));
    if (isRight && (await this.#placing.mayShare(object, there))) {
      this.counts.presentObjects += 1;
      this.counts.presentBytes += sizeBytes;
      return;
    }
    this.counts.plannedBytes += sizeBytes;
    const read = (): Promise<Right> => this.#rightBytes(object, version);
    const { whole, isOwn } = await (sizeBytes > longBytes ? this.#longReads.add(read) : read());
    try {
      const isWrong = there !== undefined && !isRight;
      const made = isOwn && there === undefined ? await this.#copyWithin(object, whole) : 'not';
      const isPut =
        made === 'right' || (made === 'not' && !isWrong && (await this.#placing.put(object, whole, there)));
      if (!isPut) await this.#replace(object, whole);
      this.counts.objects += 1;
    } catch (error) {
      whole.release();
      throw error;
    }
    whole.reuse();
    onBytes(this.counts);
  }

  /**
   * By the server, where both places are of one: the state that was read just now, whose bytes are right.
   * What it made is compared by the checksum that it says, else by reading it.
   */
  async #copyWithin(object: StoredObject, { token, digest }: Whole): Promise<'right' | 'wrong' | 'not'> {
    const { key, sizeBytes } = object;
    const { copies } = this.#destination.store;
    const { placing, call } = this.#options;
    const isOne = sizeBytes >= leastCopied && sizeBytes <= mostCopied && placing === undefined;
    if (!isOne || token === undefined || isLinkedKey(key)) return 'not';
    if (copies?.reaches(this.#source.store) !== true) return 'not';
    const made = await copies.copy(key, { store: this.#source.store, key, token }, call);
    if (made.outcome === 'refused') return 'not';
    const isRight = made.crc32c === undefined ? await this.#isRight(object) : made.crc32c === digest.crc32c;
    return isRight ? 'right' : 'wrong';
  }

  /** Compares what is at the destination. */
  async #isRight({ key, sizeBytes, blockBytes, hash }: StoredObject): Promise<boolean> {
    const { pace, call } = this.#options;
    this.counts.verifiedObjects += 1;
    const reading = digestObject(this.#destination, key, {
      ...call,
      blockBytes,
      expectedBytes: sizeBytes,
      pieceBytes: pace.pieceBytes(pieceBytesOf(this.#destination)),
      pace: (bytes) => pace.take(bytes, call.signal),
    });
    const read = await reading.catch((error: unknown) => {
      if (isDiskFailure(error)) return undefined;
      throw error;
    });
    return read !== undefined && equalBytes(read.digest.blake3, hash);
  }

  async #replace(object: StoredObject, whole: Whole): Promise<void> {
    await this.#placing.replace(object, whole);
    this.counts.mendedObjects += 1;
  }

  /** From the source, read again where they are wrong or healed elsewhere, then from other replicas. */
  async #rightBytes(object: StoredObject, version: number): Promise<Right> {
    const { isStillKept, others, call } = this.#options;
    // What could not be put back under its own key there comes to stand under it here.
    const own = await this.#readFrom(this.#source, object);
    if (own !== undefined) return { whole: own, isOwn: true };
    const healed = await this.#readFrom(this.#source, asHealed(object));
    if (healed !== undefined) return { whole: healed, isOwn: false };
    if (!(await isStillKept(version))) throw new SourceMovedOn();
    const { key } = object;
    const asked = [this.#source.store.uri];
    for (const other of await others(object)) {
      asked.push(other.store.uri);
      const whole = await this.#readFrom(other, object).catch((error: unknown) => {
        throwIfAborted(call.signal);
        this.#destination.warn?.(notAsked(other.store.uri, error));
        return undefined;
      });
      if (whole === undefined) continue;
      if (!this.#hasWarned) this.#destination.warn?.(cameFrom(other.store.uri, this.#source.store.uri, key));
      this.#hasWarned = true;
      return { whole, isOwn: false };
    }
    throw new NacreError('Corrupt', `${key}, which version ${version} needs, is damaged or missing`, {
      context: { key, version, asked },
      hint: `Mend the source with \`nacre repair\`, then ${this.#options.verb} again: what was copied stays.`,
    });
  }

  async #readFrom(place: ReadEnvironment, object: StoredObject): Promise<Whole | undefined> {
    const { pace, call, onBytes } = this.#options;
    const held = Math.min(this.#destination.memoryBytes, mostHeldBytes) / atOnce;
    // What was read in vain, too, while it is not known.
    let read = 0;
    const whole = await readRight(place, object, {
      ...call,
      sizeBytes: object.sizeBytes,
      heldBytes: Math.floor(held),
      ...(object.sizeBytes > longBytes && { rooms: this.#rooms }),
      pieceBytes: pace.pieceBytes(8 * 2 ** 20),
      pace: (bytes) => pace.take(bytes, call.signal),
      onBytes: (bytes) => {
        read += bytes;
        this.counts.bytes += bytes;
        onBytes(this.counts);
      },
    }).catch((error: unknown) => {
      this.counts.bytes -= read;
      read = 0;
      if (isDiskFailure(error)) return undefined;
      throw error;
    });
    this.counts.bytes += (whole === undefined ? 0 : object.sizeBytes) - read;
    if (whole !== undefined) this.#compareSums(object, whole);
    return whole;
  }

  /** The bytes are those that were written; sums that say otherwise are wrong in every copy. */
  #compareSums({ key, blocks }: StoredObject, { digest }: Whole): void {
    if (!(blocks instanceof Uint8Array)) return;
    const sums = unpackBlockSums(blocks);
    const isSame = sums.length === digest.blocks.length && sums.every((sum, i) => sum === digest.blocks[i]);
    if (isSame) return;
    const message = `${key} has the right hash, and other block sums than the manifest says`;
    this.#destination.warn?.(new NacreError('Corrupt', message, { context: { key } }));
  }
}

function ofCorrupt(error: unknown): undefined {
  if (!isNacreError(error, 'Corrupt')) throw error;
  return undefined;
}

function cameFrom(uri: string, source: string, key: string): NacreError {
  return new NacreError(
    'Corrupt',
    `${source}: ${key} is damaged or missing; its right bytes came from ${uri}`,
    {
      context: { key, uri },
      hint: '`nacre scrub` names all that is damaged, and `nacre repair` mends it.',
    },
  );
}

function notAsked(uri: string, cause: unknown): NacreError {
  return new NacreError('Unavailable', `${uri} could not be asked for right bytes`, {
    cause,
    context: { uri },
  });
}
