// Ages rest on the store's clock alone; that of this machine is compared with it, and told where it is off.
import { NacreError } from '../errors.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { Runtime } from '../util/runtime.js';

/** A clock further off than this is reported, milliseconds. */
export const clockSkewMs = 5 * 60_000;

export interface Clocks {
  readonly store: ObjectStore;
  readonly runtime: Runtime;
  readonly warn?: (warning: NacreError) => void;
}

/** The store's time, after its first answer. Warns where the local clock is off. */
export function storeTimeMs({ store, runtime, warn }: Clocks): number {
  const local = runtime.now();
  const time = store.timeMs() ?? local;
  const skewMs = local - time;
  if (Math.abs(skewMs) > clockSkewMs) {
    const which = skewMs > 0 ? 'ahead of' : 'behind';
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    warn?.(
      new NacreError('InvalidArgument', `the clock of this machine is ${seconds} s ${which} the store's`, {
        context: { skewMs },
        hint: "Ages are counted by the store's clock; set this one (NTP), since requests may be refused.",
      }),
    );
  }
  return time;
}
