// A point that is being made: first a draft that names its key, at the end the point. Whoever forgets and
// finds a draft that was given up puts a revocation under the key of the point, create-only: so one of the
// two is there, for ever, and both sides know which.
import { isNacreError, NacreError } from '../../errors.js';
import { decodePoint, encodePoint, newPoint, writeDraft } from '../../manifest/points.js';
import { getFrame } from '../../manifest/read-checked.js';
import type { Point } from '../../manifest/message.js';
import type { CallOptions, ObjectLock } from '../../storage/object-store.js';
import { storeNowMs } from '../../storage/store-time.js';
import { equalBytes } from '../../util/bytes.js';
import { attempts, pauseMs } from '../copy/roots.js';
import type { ReadEnvironment } from '../environment.js';

/** For so long nobody takes a draft for given up; a backup that takes longer renews it. */
const draftMs = 24 * 3_600_000;

/** The point was revoked, or its key was taken: another one is begun. */
export class Revoked extends Error {}

export class PointDraft {
  readonly id: string;
  readonly key: string;
  readonly madeMs: number;
  readonly #environment: ReadEnvironment;
  readonly #dataset: Uint8Array;
  readonly #call: CallOptions;
  #renewals = 0;
  #renewMs: number;

  private constructor(environment: ReadEnvironment, dataset: Uint8Array, call: CallOptions) {
    const { runtime } = environment;
    this.#environment = environment;
    this.#dataset = dataset;
    this.#call = call;
    this.madeMs = storeNowMs(environment);
    const { id, key } = newPoint(this.madeMs, (length) => runtime.randomBytes(length));
    this.id = id;
    this.key = key;
    this.#renewMs = this.madeMs + draftMs / 2;
  }

  /** Cost: one PUT. */
  static async begin(
    environment: ReadEnvironment,
    dataset: Uint8Array,
    call: CallOptions,
  ): Promise<PointDraft> {
    const draft = new PointDraft(environment, dataset, call);
    await draft.#write(draft.madeMs);
    return draft;
  }

  /** Renews it when half of its time is over. */
  async keep(): Promise<void> {
    const nowMs = storeNowMs(this.#environment);
    if (nowMs < this.#renewMs) return;
    this.#renewMs = nowMs + draftMs / 2;
    this.#renewals += 1;
    await this.#write(nowMs);
  }

  async #write(nowMs: number): Promise<void> {
    const { store, functions } = this.#environment;
    const what = { id: this.id, renewal: this.#renewals, dataset: this.#dataset, point: this.key };
    const times = { madeMs: this.madeMs, untilMs: Math.ceil(nowMs + draftMs) };
    await writeDraft(store, { ...what, ...times }, functions, this.#call);
  }

  /** Makes the point, not before `point.madeMs`. `Revoked` where it is not to be. Cost: one PUT. */
  async finish(point: Partial<Point>, lock: ObjectLock | undefined): Promise<void> {
    const { store, functions, runtime } = this.#environment;
    const madeMs = Math.ceil(Math.max(this.madeMs, point.madeMs ?? 0));
    const bytes = encodePoint({ ...point, dataset: this.#dataset, madeMs }, functions);
    const held = lock === undefined ? {} : { lock };
    const put = { ...this.#call, ...held, condition: 'absent', crc32c: functions.crc32c(bytes) } as const;
    for (let attempt = 1; ; attempt++) {
      try {
        if ((await store.put(this.key, bytes, put)).outcome === 'written') return;
        const there = await getFrame((call) => store.get(this.key, call), 'point', this.#call);
        if (there !== undefined && equalBytes(there.bytes, bytes)) return;
        if (there !== undefined) throw new Revoked();
      } catch (error) {
        if (!isNacreError(error, 'Unavailable') || attempt === attempts) throw error;
      }
      if (attempt === attempts)
        throw new NacreError('Unavailable', `${this.key} was refused, and nothing is there`);
      await runtime.sleep(pauseMs * attempt * runtime.random(), this.#call.signal);
    }
  }
}

/**
 * Puts a revocation where a point was to be. True where the point will never be there, false where it is.
 * Cost: one PUT, and a GET where something is there.
 */
export async function revoke(
  { store, functions }: ReadEnvironment,
  key: string,
  dataset: Uint8Array,
  call: CallOptions,
): Promise<boolean> {
  const bytes = encodePoint({ dataset, revoked: true }, functions);
  const put = { ...call, condition: 'absent', uniqueKey: true, crc32c: functions.crc32c(bytes) } as const;
  await store.put(key, bytes, put);
  // Whichever came first stands there.
  const there = await getFrame((options) => store.get(key, options), 'point', call);
  if (there === undefined)
    throw new NacreError('Unavailable', `${key} was written, yet there is no such key`);
  return decodePoint(there.bytes, key, functions).revoked;
}
