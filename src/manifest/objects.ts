// The table of objects in a root or a segment, and how other messages refer into it.
//
// Indices are stable: a slot keeps its object for as long as this release or any other may refer to it, a
// slot that we gave up is a hole and may be filled again. So an older release can hand on references that it
// does not know.
import { NacreError } from '../errors.js';
import { defined } from '../util/assert.js';
import { hasLinks } from './features.js';
import { checkPattern, healedKey, type KeyPattern, objectKey } from './keys.js';
import { evolve, make, type ObjectRef, type ObjectTable, v1 } from './message.js';

export const defaultBlockBytes = 65_536;

/** An object that is uploaded or about to be; its key is `pattern` with the id between. */
export interface NewObject {
  readonly pattern: KeyPattern;
  readonly id: Uint8Array;
  readonly sizeBytes: number;
  /** BLAKE3 of the whole object. */
  readonly hash: Uint8Array;
  readonly crc32c: number;
  /** CRC32C per block, 4 bytes each, little endian. */
  readonly blocks: Uint8Array;
  /** Bytes of a block. Default 64 KiB. */
  readonly blockBytes?: number;
  /** The entry that it comes from, when it moves from table to table: its unknown fields go along. */
  readonly carried?: ObjectRef;
}

/** An object as readers need it. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly hash: Uint8Array;
  readonly crc32c: number;
  readonly blockBytes: number;
  /** Sums of its blocks, or where they stand in the cold part of the segment that holds this entry. */
  readonly blocks:
    | Uint8Array
    | { readonly coldOffset: number; readonly coldBytes: number; readonly crc32c: number };
}

/** The same object where a repair puts it that may not put it under its own key. */
export function asHealed<T extends Pick<StoredObject, 'key' | 'hash'>>(object: T): T {
  return { ...object, key: healedKey(object.hash) };
}

export function blockCount(sizeBytes: number, blockBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes);
}

export function isHole(object: ObjectRef): boolean {
  return object.id.byteLength === 0;
}

/** The entry in a slot, its numbers checked; `what` names the manifest part in errors. */
export function checkedObject(table: ObjectTable | null, index: number, what: string): ObjectRef {
  const { object } = entryAt(table, index, what);
  return object;
}

/** The entry in a slot of a table whose entries were checked. */
export function presentObject(table: ObjectTable | null, index: number, what: string): ObjectRef {
  const object = table?.objects[index];
  if (object === undefined || isHole(object)) throw absent(index, what);
  return object;
}

function absent(index: number, what: string): NacreError {
  return new NacreError('Corrupt', `${what}: object ${index} is referred to and not there`, {
    context: { what, index },
  });
}

/** The key of the object in a slot. */
export function keyAt(table: ObjectTable | null, index: number, what: string): string {
  const { object, pattern } = entryAt(table, index, what);
  return objectKey(pattern, object.id);
}

/** The object in a slot, its numbers checked; `what` names the manifest part in errors. */
export function resolveObject(table: ObjectTable | null, index: number, what: string): StoredObject {
  const { object, pattern, blockBytes, coldBytes } = entryAt(table, index, what);
  const { sizeBytes, hash, crc32c, blocks, coldOffset, coldCrc32c } = object;
  const isCold = coldBytes > 0;
  return {
    ...{ key: objectKey(pattern, object.id), sizeBytes, hash, crc32c, blockBytes },
    blocks: isCold ? { coldOffset, coldBytes, crc32c: coldCrc32c } : blocks,
  };
}

interface Entry {
  readonly object: ObjectRef;
  readonly pattern: KeyPattern;
  readonly blockBytes: number;
  /** Bytes of its block sums in the cold part; 0 where they stand here. */
  readonly coldBytes: number;
}

function entryAt(table: ObjectTable | null, index: number, what: string): Entry {
  const corrupt = (reason: string): NacreError =>
    new NacreError('Corrupt', `${what}: object ${index} ${reason}`, { context: { what, index } });
  const object = table?.objects[index];
  if (object === undefined || isHole(object)) throw absent(index, what);
  const pattern = table?.patterns[object.pattern];
  if (pattern === undefined) throw corrupt(`has the key pattern ${object.pattern}, which is not there`);
  checkPattern(pattern, what);
  if (object.id.byteLength !== 16) throw corrupt(`has an id of ${object.id.byteLength} bytes`);
  if (object.hash.byteLength !== 32) throw corrupt(`has a hash of ${object.hash.byteLength} bytes`);
  const blockBytes = object.blockBytes === 0 ? defaultBlockBytes : object.blockBytes;
  const tableBytes = 4 * blockCount(object.sizeBytes, blockBytes);
  const inline = object.blocks.byteLength > 0 || tableBytes === 0;
  if (inline && object.blocks.byteLength !== tableBytes) {
    throw corrupt(`has ${object.blocks.byteLength / 4} block sums for ${tableBytes / 4} blocks`);
  }
  return { object, pattern, blockBytes, coldBytes: inline ? 0 : tableBytes };
}

/** A changing copy of a table; `build` gives the new one. */
export class TableBuilder {
  readonly #table: ObjectTable;
  readonly #objects: ObjectRef[];
  readonly #patterns: KeyPattern[];
  readonly #holes: number[] = [];
  /** Objects of each pattern. */
  readonly #uses: number[];

  constructor(table: ObjectTable | null) {
    this.#table = table ?? make(v1.ObjectTable, {});
    this.#objects = [...this.#table.objects];
    this.#patterns = [...this.#table.patterns];
    this.#uses = this.#patterns.map(() => 0);
    for (const [index, object] of this.#objects.entries()) {
      if (isHole(object)) this.#holes.push(index);
      else this.#use(object.pattern, 1);
    }
  }

  #pattern(wanted: KeyPattern): number {
    const index = this.#patterns.findIndex(
      ({ prefix, suffix, whole }) =>
        prefix === wanted.prefix && suffix === wanted.suffix && whole === (wanted.whole ?? false),
    );
    if (index >= 0) return index;
    // The pattern of an array that was dropped makes room, or the table would grow for ever.
    const free = this.#uses.indexOf(0);
    const slot = free < 0 ? this.#patterns.length : free;
    this.#patterns[slot] = patternMessage(wanted);
    this.#uses[slot] = 0;
    return slot;
  }

  #use(pattern: number, by: 1 | -1): void {
    this.#uses[pattern] = (this.#uses[pattern] ?? 0) + by;
  }

  /** Adds an object, its block sums inline, or in the cold part of a segment where `cold` says. */
  add(object: NewObject, cold?: { readonly offset: number; readonly crc32c: number }): number {
    const { id, sizeBytes, hash, crc32c, blocks } = object;
    const entry = evolve(object.carried ?? make(v1.ObjectRef, {}), {
      ...{ pattern: this.#pattern(object.pattern), id, sizeBytes, hash, crc32c },
      blocks: cold === undefined ? blocks : new Uint8Array(0),
      coldOffset: cold?.offset ?? 0,
      coldCrc32c: cold?.crc32c ?? 0,
      blockBytes: object.blockBytes ?? object.carried?.blockBytes ?? 0,
    });
    const index = this.#holes.pop() ?? this.#objects.length;
    this.#objects[index] = entry;
    this.#use(entry.pattern, 1);
    return index;
  }

  /** Gives up a slot. */
  remove(index: number): void {
    const { pattern } = defined(this.#objects[index], 'slot that is given up');
    this.#use(pattern, -1);
    this.#objects[index] = make(v1.ObjectRef, {});
    this.#holes.push(index);
  }

  /** The object that stands in a slot now, without its block sums. */
  objectAt(index: number): NewObject {
    return asNewObject({ objects: this.#objects, patterns: this.#patterns }, index, new Uint8Array(0));
  }

  /** The same with the sums that stand in the table. */
  wholeObjectAt(index: number): NewObject {
    const { blocks } = defined(this.#objects[index], 'object');
    return asNewObject({ objects: this.#objects, patterns: this.#patterns }, index, blocks);
  }

  /** Slots that hold an object. */
  slots(): number[] {
    return this.#objects.flatMap((object, slot) => (isHole(object) ? [] : [slot]));
  }

  /** Whether an object of it is linked. */
  get namesLinks(): boolean {
    return this.#patterns.some(({ whole }) => whole === true) && hasLinks(this.build());
  }

  build(): ObjectTable {
    const objects = this.#objects.slice(0, this.#objects.findLastIndex((object) => !isHole(object)) + 1);
    const used = new Set(objects.filter((object) => !isHole(object)).map(({ pattern }) => pattern));
    // Each linked object has a pattern of its own: those of what is gone would fill the table.
    const patterns = this.#patterns.map((pattern, at) =>
      pattern.whole === true && !used.has(at) ? patternMessage({ prefix: '', suffix: '' }) : pattern,
    );
    const end = patterns.findLastIndex((pattern, at) => used.has(at) || pattern.prefix !== '') + 1;
    return evolve(this.#table, {
      objects,
      patterns: patterns.slice(0, end) as ObjectTable['patterns'],
    });
  }
}

/** The object of a slot as something that can be added to another table. */
export function asNewObject(
  table: { readonly objects: readonly ObjectRef[]; readonly patterns: readonly KeyPattern[] },
  index: number,
  blocks: Uint8Array,
): NewObject {
  const carried = defined(table.objects[index], 'object');
  const pattern = defined(table.patterns[carried.pattern], 'pattern');
  const { id, sizeBytes, hash, crc32c } = carried;
  const { prefix, suffix, whole } = pattern;
  const own = whole === true ? { prefix, suffix, whole } : { prefix, suffix };
  return { pattern: own, id, sizeBytes, hash, crc32c, blocks, carried };
}

export function patternMessage({ prefix, suffix, whole = false }: KeyPattern) {
  return make(v1.KeyPattern, { prefix, suffix, whole });
}

/** Bytes that the key of one object takes up in a table for itself alone: none but of a linked one. */
export function ownKeyBytes(table: ObjectTable | null, slot: number): number {
  const pattern = table?.patterns[table.objects[slot]?.pattern ?? -1];
  return pattern?.whole === true ? pattern.prefix.length : 0;
}
