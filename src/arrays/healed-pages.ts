// Mapped files, and where one of them is damaged or missing the store, by checked reads that ask whoever
// else has the right bytes. Nothing is asked for while all is well, and only what fails its check is read
// so: a map of damaged blocks is damaged at each read, until somebody mends it.
//
// What is lent at once, unchecked, is not lent where it is known to be damaged: who finds it wrong says so
// (doubt.ts) and reads by the other ways.
import { isNacreError } from '../errors.js';
import type { ByteRange, CallOptions, ObjectStore } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
import { isDoubted } from './doubt.js';
import type { MappedPages } from './mapped-pages.js';
import type { Lent, LentObject, LentRows, Pages } from './pages.js';
import type { Part, Picked, PlacedPart } from './runs.js';

export class HealedPages implements Pages {
  readonly #mapped: MappedPages;
  readonly #checked: Pages;

  readonly #store: ObjectStore;

  /** `checked`: the same store without a map. */
  constructor(mapped: MappedPages, checked: Pages, store: ObjectStore) {
    this.#mapped = mapped;
    this.#checked = checked;
    this.#store = store;
  }

  isAtHand(): boolean {
    return this.#mapped.isAtHand();
  }

  isMapped(part: Part): boolean {
    return this.#mapped.isMapped(part);
  }

  prepare(part: Part): void {
    this.#mapped.prepare(part);
  }

  read(part: Part, ranges: readonly ByteRange[], options: CallOptions = {}): Promise<Uint8Array[]> {
    return this.#either(
      () => this.#mapped.read(part, ranges, options),
      () => this.#checked.read(part, ranges, options),
      options,
    );
  }

  readInto(part: Part, range: ByteRange, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    return this.#either(
      () => this.#mapped.readInto(part, range, target, options),
      () => this.#checked.readInto(part, range, target, options),
      options,
    );
  }

  gather(pick: Picked, rowBytes: number, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    return this.#either(
      () => this.#mapped.gather(pick, rowBytes, target, options),
      () => this.#checked.gather(pick, rowBytes, target, options),
      options,
    );
  }

  /** Checked, too, where the bytes are missing, cut or in doubt. */
  gatherUnchecked(
    pick: Picked,
    rowBytes: number,
    target: Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    if (isDoubted(this.#store, pick.part)) return this.gather(pick, rowBytes, target, options);
    return this.#either(
      () => this.#mapped.gatherUnchecked(pick, rowBytes, target, options),
      () => this.#checked.gather(pick, rowBytes, target, options),
      options,
    );
  }

  lend(part: Part, range: ByteRange, options: CallOptions = {}): Promise<Lent> {
    return this.#either(
      () => this.#mapped.lend(part, range, options),
      () => this.#checked.lend(part, range, options),
      options,
    );
  }

  /** Undefined also for what is missing or cut: waiting for it tells. */
  lendNow(part: Part, range: ByteRange): Lent | undefined {
    return orNothing(() => this.#mapped.lendNow(part, range));
  }

  lendRows(parts: readonly PlacedPart[], rowBytes: number): LentRows | undefined {
    if (parts.some(({ part }) => isDoubted(this.#store, part))) return undefined;
    return orNothing(() => this.#mapped.lendRows(parts, rowBytes));
  }

  lendObject(part: Part): LentObject | undefined {
    if (isDoubted(this.#store, part)) return undefined;
    return orNothing(() => this.#mapped.lendObject(part));
  }

  whole(part: Part, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#either(
      () => this.#mapped.whole(part, options),
      () => this.#checked.whole(part, options),
      options,
    );
  }

  async #either<T>(first: () => Promise<T>, second: () => Promise<T>, { signal }: CallOptions): Promise<T> {
    try {
      return await first();
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
      throwIfAborted(signal);
      try {
        return await second();
      } catch (failure) {
        // That nobody has it says no more than the first look did.
        throw isNacreError(failure, 'Corrupt') ? error : failure;
      }
    }
  }
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNacreError(error, 'Corrupt')) return undefined;
    throw error;
  }
}
