// How objects and roots come to stand in a backup: create-only, under their own keys where those are free and
// no plan of forget lists them; else under `moved/`. What is there is shared where its bytes are as many, no
// plan lists it, and its lock outlasts the point.
import { isNacreError, NacreError } from '../../errors.js';
import type { Doomed } from '../../manifest/forget-plan.js';
import { isLinkedKey, rootKey } from '../../manifest/keys.js';
import { type Moved, newPlace } from '../../manifest/moved.js';
import { getFrame } from '../../manifest/read-checked.js';
import type { StoredObject } from '../../manifest/objects.js';
import type { CallOptions, ObjectHead } from '../../storage/object-store.js';
import { type ByteSource, equalBytes } from '../../util/bytes.js';
import type { HistorySink } from '../copy/history.js';
import type { Placing } from '../copy/placing.js';
import { attempts, pauseMs } from '../copy/roots.js';
import type { ReadEnvironment } from '../environment.js';
import type { Whole } from '../whole.js';
import type { Locks } from './lock.js';

export interface PlacesOptions {
  readonly moved: Moved;
  readonly doomed: Doomed;
  readonly locks: Locks | undefined;
  readonly call: CallOptions;
  /** Called now and then while things are put. */
  readonly keepDraft: () => Promise<void>;
}

export class Places implements Placing, HistorySink {
  readonly #environment: ReadEnvironment;
  readonly #options: PlacesOptions;
  /** Objects and roots that could not be under their own keys, or no longer where they were. */
  movedNow = 0;

  /** `environment`: the backup as it is, without a map over it. */
  constructor(environment: ReadEnvironment, options: PlacesOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  async mayShare({ key }: StoredObject, { lock }: ObjectHead): Promise<boolean> {
    const { moved, doomed, locks } = this.#options;
    const place = moved.placeOf(key);
    if (place === key && isLinkedKey(key)) return false;
    if (doomed.has(place)) return false;
    return locks === undefined || locks.hold(place, lock);
  }

  async put(object: StoredObject, { bytes }: Whole, there: ObjectHead | undefined): Promise<boolean> {
    const { key, crc32c } = object;
    await this.#options.keepDraft();
    if (there === undefined && this.#isFree(key) && (await this.#create(key, bytes, crc32c))) return true;
    await this.#anew(key, bytes, crc32c);
    return true;
  }

  async replace({ key, crc32c }: StoredObject, { bytes }: Whole): Promise<void> {
    await this.#anew(key, bytes, crc32c);
  }

  async hasRoot(version: number, bytes: Uint8Array): Promise<boolean> {
    const place = this.#options.moved.placeOf(rootKey(version));
    const { store } = this.#environment;
    const found = await getFrame((call) => store.get(place, call), 'root', this.#options.call);
    return found !== undefined && equalBytes(found.bytes, bytes);
  }

  async putRoot(version: number, bytes: Uint8Array): Promise<void> {
    const { functions, store } = this.#environment;
    const { moved, doomed, locks, call } = this.#options;
    const key = rootKey(version);
    const crc32c = functions.crc32c(bytes);
    if (this.#isFree(key) && (await this.#createRoot(key, bytes, crc32c))) return;
    const place = moved.placeOf(key);
    if (!doomed.has(place) && (await this.hasRoot(version, bytes))) {
      if (locks === undefined) return;
      if (await locks.hold(place, (await store.head(place, call))?.lock)) return;
    }
    await this.#anew(key, bytes, crc32c);
  }

  passed(): Promise<void> {
    return this.#options.keepDraft();
  }

  /** What is linked is never under its own key: nobody could tell what forget may delete there. */
  #isFree(key: string): boolean {
    const { moved, doomed } = this.#options;
    return !isLinkedKey(key) && moved.placeOf(key) === key && !doomed.has(key);
  }

  /** False where something else is there by now. */
  async #create(key: string, bytes: ByteSource, crc32c: number): Promise<boolean> {
    const { store } = this.#environment;
    const { locks, call } = this.#options;
    const lock = locks === undefined ? {} : { lock: locks.objects };
    const put = { ...call, ...lock, condition: 'absent', uniqueKey: true, crc32c } as const;
    if ((await store.put(key, bytes, put)).outcome === 'refused') return false;
    // Another backup may have been first, with another lock.
    return locks === undefined || locks.hold(key, (await store.head(key, call))?.lock);
  }

  /**
   * The key of a root is no secret: whether what is there is ours is for who compares the bytes, and a PUT
   * that was not answered is sent again.
   */
  async #createRoot(key: string, bytes: Uint8Array, crc32c: number): Promise<boolean> {
    const { store, runtime } = this.#environment;
    const { locks, call } = this.#options;
    const lock = locks === undefined ? {} : { lock: locks.objects };
    const put = { ...call, ...lock, condition: 'absent', crc32c } as const;
    for (let attempt = 1; ; attempt++) {
      try {
        return (await store.put(key, bytes, put)).outcome === 'written';
      } catch (error) {
        if (!isNacreError(error, 'Unavailable') || attempt === attempts) throw error;
        await runtime.sleep(pauseMs * attempt * runtime.random(), call.signal);
      }
    }
  }

  async #anew(key: string, bytes: ByteSource, crc32c: number): Promise<void> {
    const place = newPlace((length) => this.#environment.runtime.randomBytes(length));
    if (!(await this.#create(place, bytes, crc32c)))
      throw new NacreError('Unavailable', `${place} could not be written`, { context: { key, place } });
    this.#options.moved.set(key, place);
    this.movedNow += 1;
  }
}
