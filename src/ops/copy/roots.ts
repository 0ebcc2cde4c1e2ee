// Roots of a history as bytes in their slots at another place.
import { isNacreError, NacreError } from '../../errors.js';
import { rootKey } from '../../manifest/keys.js';
import { getFrame } from '../../manifest/read-checked.js';
import { decodeRoot } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import { equalBytes } from '../../util/bytes.js';
import type { ReadEnvironment } from '../environment.js';

/** Attempts at a root or the hint where a PUT was not answered. */
export const attempts = 6;
export const pauseMs = 200;

export interface RootSlotsOptions {
  readonly call: CallOptions;
  /** What to do where a slot holds bytes that are no root. */
  readonly mendHint: string;
  /** What is thrown where another root stands in a slot. */
  readonly differing: (version: number) => NacreError;
}

export class RootSlots {
  readonly #environment: ReadEnvironment;
  readonly #options: RootSlotsOptions;

  constructor(environment: ReadEnvironment, options: RootSlotsOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  /**
   * The bytes of a root into their slot. Whoever sends them sends the same ones, so a PUT whose outcome is
   * not known is sent again. `Conflict` where another root stands there.
   */
  async putRoot(version: number, bytes: Uint8Array): Promise<void> {
    const { store, functions, runtime } = this.#environment;
    const { call } = this.#options;
    const key = rootKey(version);
    const crc32c = functions.crc32c(bytes);
    for (let attempt = 1; ; attempt++) {
      try {
        const put = await store.put(key, bytes, { ...call, condition: 'absent', crc32c });
        if (put.outcome === 'written') return;
        if (await this.hasRoot(version, bytes)) return;
      } catch (error) {
        if (!isNacreError(error, 'Unavailable') || attempt === attempts) throw error;
      }
      if (attempt === attempts)
        throw new NacreError('Unavailable', `${store.uri}: ${key} was refused, and nothing is there`);
      await runtime.sleep(pauseMs * attempt * runtime.random(), call.signal);
    }
  }

  /**
   * Whether these bytes stand in the slot; false where nothing does. `Conflict` where another root does,
   * `Corrupt` where that is none.
   */
  async hasRoot(version: number, bytes: Uint8Array): Promise<boolean> {
    const { store, functions } = this.#environment;
    const { call, mendHint, differing } = this.#options;
    const key = rootKey(version);
    const read = async (): Promise<Uint8Array | undefined> =>
      (await getFrame((options) => store.get(key, options), 'root', call))?.bytes;
    let found = await read();
    // It may have been hurt on its way.
    if (found !== undefined && !equalBytes(found, bytes)) found = await read();
    if (found === undefined) return false;
    if (equalBytes(found, bytes)) return true;
    try {
      decodeRoot(found, key, functions);
    } catch (cause) {
      if (!isNacreError(cause, 'Corrupt')) throw cause;
      throw new NacreError('Corrupt', `${store.uri}: ${cause.message}`, {
        cause,
        context: { key, version, uri: store.uri },
        hint: mendHint,
      });
    }
    throw differing(version);
  }
}
