// Reads that hand out checked bytes only. Ranges are widened to whole blocks, each block is compared with its
// CRC32C, and a block that differs is read again (it may have been hurt on the way), then taken from sources
// that heal. What no source has is `Corrupt`: never zeros, never fewer bytes.
//
// The expected sums come from the manifest, as values; the sources come with the store (healing.ts). Nothing
// here writes: putting the right bytes back is the business of repair, which `onDamage` may call for.
import { type ErrorContext, isNacreError, NacreError } from '../../errors.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { ByteRange, CallOptions, ObjectStore } from '../object-store.js';
import {
  type BlockChecksums,
  type BlockVerifier,
  blockBytesRange,
  checkTable,
  damagedBlocks,
  runsOf,
  widen,
} from './blocks.js';
import { callOptions } from './forwarding.js';
import { type Damage, type DamageKind, type HealingSource, reread } from './healing.js';
import { planReads } from './read-plan.js';

export { type Damage, type DamageKind, type HealingSource, reread } from './healing.js';

/** The table may be on its way still: it is then fetched in the same wave as the data. */
export type ExpectedChecksums = Omit<BlockChecksums, 'blocks'> & {
  readonly blocks: Uint32Array | Promise<Uint32Array>;
  /** BLAKE3 of the whole object, by which the store's other sources know it; without it none is asked. */
  readonly hash?: Uint8Array;
  /** What to do about damage of some objects, where it is more than to repair them. */
  readonly hintOf?: (key: string) => string | undefined;
};

const noBlocks = new Uint32Array(0);

export interface VerifyOptions extends CallOptions {
  readonly verifier: BlockVerifier;
  /**
   * Memory for the answer when one range of whole blocks is asked for, as long as it. The result is usually
   * this very array; when it is another one (a store that cannot, a block that was healed), the caller
   * copies.
   */
  readonly into?: Uint8Array;
  /** Asked in this order. Default those that come with the store. */
  readonly sources?: readonly HealingSource[];
  /** Told of every run of damaged blocks, healed or not. */
  readonly onDamage?: (damage: Damage) => void;
}

/**
 * Checked bytes of `ranges` of one object, in the order asked for. Ranges may be empty, overlap and come in
 * any order, but end within the object. Slices share memory: read them, do not write to them.
 *
 * Cost: one `get` or `getRanges` (one wave) of whole blocks while all is well; damage adds a wave for the
 * second read and one for each source. Errors: `Corrupt` with `context.damage` (a {@link DamageKind}), the
 * key, the first bad block and both sums; what the store throws; `InvalidArgument` for a range past the end.
 * An object that is longer than the manifest says is noticed when one stretch of it is read, not with
 * several.
 */
export async function readVerified(
  store: ObjectStore,
  key: string,
  checksums: ExpectedChecksums,
  ranges: readonly ByteRange[],
  options: VerifyOptions,
): Promise<Uint8Array[]> {
  const { blocks } = checksums;
  if (blocks instanceof Uint32Array) checkTable(key, { ...checksums, blocks });
  const { gets, holders } = planReads(
    ranges.map((range) => widen(key, range, checksums)),
    { maxGapBytes: 0, maxGetBytes: Number.POSITIVE_INFINITY },
  );
  const pieces = await new VerifiedRead(store, key, checksums, options).read(gets);
  return ranges.map((range, i) => {
    const holder = holders[i] ?? -1;
    const offset = gets[holder]?.start ?? 0;
    return pieces[holder]?.subarray(range.start - offset, range.end - offset) ?? new Uint8Array(0);
  });
}

/**
 * The whole object, checked; cost and errors as with {@link readVerified}. No request when it has 0 bytes.
 */
export async function readWhole(
  store: ObjectStore,
  key: string,
  checksums: ExpectedChecksums,
  options: VerifyOptions,
): Promise<Uint8Array> {
  const range = { start: 0, end: checksums.sizeBytes };
  const [bytes] = await readVerified(store, key, checksums, [range], options);
  return bytes ?? new Uint8Array(0);
}

/** Memory for a range. Not zeroed: every byte is written, and checked, before it is handed out. */
export function roomFor({ start, end }: ByteRange): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer);
}

class VerifiedRead {
  readonly #expected: ExpectedChecksums;
  readonly #store: ObjectStore;
  readonly #key: string;
  /** With the table, once it is there; the first read goes out without waiting for it. */
  #checksums: BlockChecksums;
  readonly #options: VerifyOptions;
  readonly #again: HealingSource = { name: reread, read: (range) => this.#get(range) };
  #kind: DamageKind = 'block';
  #observedBytes: number | undefined;
  /**
   * Why the second read gave nothing; `Corrupt` is left out, since it says no more than the first read did.
   */
  #rereadError: unknown;

  constructor(store: ObjectStore, key: string, checksums: ExpectedChecksums, options: VerifyOptions) {
    this.#store = store;
    this.#key = key;
    this.#expected = checksums;
    this.#checksums = { ...checksums, blocks: noBlocks };
    this.#options = options;
  }

  /** The bytes of ranges of whole blocks, none of which meet. */
  async read(gets: readonly ByteRange[]): Promise<Uint8Array[]> {
    const [bodies, blocks] = await Promise.all([
      gets.length === 0 ? [] : this.#fetch(gets),
      this.#expected.blocks,
    ]);
    this.#checksums = { ...this.#expected, blocks };
    checkTable(this.#key, this.#checksums);
    return Promise.all(gets.map((get, i) => this.#check(get, bodies[i])));
  }

  /** What the store has, unchecked; nothing where it says itself that it cannot be right. */
  async #fetch(gets: readonly ByteRange[]): Promise<readonly Uint8Array[]> {
    try {
      const [only, ...others] = gets;
      if (only !== undefined && others.length === 0) {
        const body = await this.#get(only, this.#options.into ?? roomFor(only));
        return body === undefined ? [] : [body];
      }
      const pieces = await this.#store.getRanges(this.#key, gets, callOptions(this.#options));
      if (pieces === undefined) this.#kind = 'missing';
      return pieces ?? [];
    } catch (error) {
      if (isNacreError(error, 'Corrupt')) return [];
      throw error;
    }
  }

  async #get(range: ByteRange, into?: Uint8Array): Promise<Uint8Array | undefined> {
    const call = { ...callOptions(this.#options), range };
    const room = into?.byteLength === range.end - range.start ? { into } : {};
    const body = await this.#store.get(this.#key, { ...call, ...room });
    if (body?.sizeBytes === this.#checksums.sizeBytes) return body.bytes;
    this.#kind = body === undefined ? 'missing' : 'size';
    this.#observedBytes = body?.sizeBytes;
    return undefined;
  }

  async #check(range: ByteRange, body: Uint8Array | undefined): Promise<Uint8Array> {
    const damaged = await this.#damagedIn(range, body);
    if (body !== undefined && damaged.length === 0) return body;
    return this.#heal(range, body, damaged);
  }

  /** All blocks when there are no bytes, or not as many as there should be. */
  async #damagedIn(range: ByteRange, bytes: Uint8Array | undefined): Promise<number[]> {
    const first = range.start / this.#checksums.blockBytes;
    if (bytes?.byteLength === range.end - range.start)
      return damagedBlocks(bytes, first, this.#checksums, this.#options.verifier);
    const count = Math.ceil((range.end - range.start) / this.#checksums.blockBytes);
    return Array.from({ length: count }, (_, i) => first + i);
  }

  async #heal(range: ByteRange, body: Uint8Array | undefined, damaged: number[]): Promise<Uint8Array> {
    // A copy: what a store hands out may be its own memory or a mapped file.
    const bytes = new Uint8Array(range.end - range.start);
    if (body?.byteLength === bytes.byteLength) bytes.set(body);
    const sources = this.#options.sources ?? this.#sourcesOfStore();
    // An object that is missing or of another size is no accident of one transfer.
    const asked = this.#kind === 'block' ? [this.#again, ...sources] : sources;
    let left = damaged;
    for (const source of asked) {
      left = await this.#healFrom(source, left, bytes, range.start);
      if (left.length === 0) return bytes;
    }
    this.#report(left, undefined);
    if (this.#rereadError !== undefined) throw this.#rereadError;
    const observed = body?.byteLength === bytes.byteLength ? bytes : undefined;
    throw this.#corrupt(left, observed, range.start, asked);
  }

  #sourcesOfStore(): readonly HealingSource[] {
    const { hash } = this.#expected;
    return (hash && this.#store.healing?.sourcesOf({ key: this.#key, hash })) ?? [];
  }

  /** Puts the right blocks that a source has into `bytes`; returns those that are still wrong. */
  async #healFrom(
    source: HealingSource,
    damaged: readonly number[],
    bytes: Uint8Array,
    offset: number,
  ): Promise<number[]> {
    const { blockBytes } = this.#checksums;
    const left = await Promise.all(
      runsOf(damaged).map(async (run) => {
        const range = blockBytesRange(run.start, run.end, this.#checksums);
        const answer = await this.#ask(source, range);
        const wrong = await this.#damagedIn(range, answer);
        if (answer === undefined || wrong.length === run.end - run.start) return wrong;
        const right = new Set(damaged.filter((block) => block >= run.start && block < run.end));
        for (const block of wrong) right.delete(block);
        for (const block of right) {
          const at = (block - run.start) * blockBytes;
          bytes.set(answer.subarray(at, at + blockBytes), block * blockBytes - offset);
        }
        this.#report([...right], source.name);
        return wrong;
      }),
    );
    return left.flat();
  }

  async #ask(source: HealingSource, range: ByteRange): Promise<Uint8Array | undefined> {
    throwIfAborted(this.#options.signal);
    try {
      return await source.read(range, callOptions(this.#options));
    } catch (error) {
      throwIfAborted(this.#options.signal);
      if (source === this.#again && !isNacreError(error, 'Corrupt')) this.#rereadError = error;
      return undefined;
    }
  }

  #report(blocks: readonly number[], healedBy: string | undefined): void {
    for (const run of runsOf(blocks)) {
      const range = blockBytesRange(run.start, run.end, this.#checksums);
      const damage = { key: this.#key, kind: this.#kind, range, healedBy };
      this.#options.onDamage?.(damage);
      this.#store.healing?.onDamage?.(damage);
    }
  }

  #corrupt(
    damaged: readonly number[],
    bytes: Uint8Array | undefined,
    offset: number,
    asked: readonly HealingSource[],
  ): NacreError {
    const [block = 0] = damaged;
    const { blocks, sizeBytes } = this.#checksums;
    const range = blockBytesRange(block, block + 1, this.#checksums);
    const expected = hex(blocks[block] ?? 0);
    const found = bytes?.subarray(range.start - offset, range.end - offset);
    const observed = found === undefined ? 'none' : hex(this.#options.verifier.crc32c(found));
    const where = `${this.#store.uri}/${this.#key}`;
    const what = {
      missing: `missing object named by the manifest (${sizeBytes} bytes)`,
      size: `${this.#observedBytes} bytes long, the manifest says ${sizeBytes}`,
      block:
        `block ${block} [${range.start}, ${range.end}) has CRC32C ${observed}, the manifest says ${expected}` +
        (damaged.length > 1 ? `; ${damaged.length - 1} more blocks differ` : ''),
    }[this.#kind];
    const context: ErrorContext = {
      key: this.#key,
      damage: this.#kind,
      block,
      ...range,
      expected,
      observed,
      damagedBlocks: damaged.length,
      sourcesAsked: asked.map((source) => source.name),
    };
    return new NacreError('Corrupt', `${where}: ${what}`, {
      context,
      hint:
        this.#expected.hintOf?.(this.#key) ??
        'Run `nacre repair`: it puts the same bytes back from parity, a replica or another copy.',
    });
  }
}

function hex(sum: number): string {
  return (sum >>> 0).toString(16).padStart(8, '0');
}
