// A store whose requests go as they are told: how long each is on its way there and back, and what comes of
// it. It uses all the freedom that a store has with the caller's memory while a call runs.
import { NacreError } from '../../src/errors.js';
import { MemoryStore } from '../../src/storage/memory.js';
import type { CallOptions, GetOptions } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { type Runtime, untilAborted } from '../../src/util/runtime.js';

/** How a request goes: its way to the store, what comes of it, and the way back. */
export interface Way {
  readonly thereMs: number;
  readonly backMs: number;
  readonly ends: 'answer' | 'Unavailable' | 'PermissionDenied' | 'never';
}

/** A request that is aborted may take so long to end, and writes until then. */
export const lingersMs = 3;

export interface Sent {
  readonly key: string;
  readonly atMs: number;
  readonly call: CallOptions;
}

/** A store whose requests go as they are told, by key and number; into memory it writes as bytes come. */
export function told(runtime: Runtime, wayOf: (key: string, nth: number) => Way) {
  const memory = new MemoryStore('', runtime);
  const sent: Sent[] = [];
  async function go<T>(key: string, call: GetOptions, ask: () => Promise<T>): Promise<T> {
    sent.push({ key, atMs: runtime.monotonic(), call });
    const way = wayOf(key, sent.filter((other) => other.key === key).length);
    try {
      await runtime.sleep(way.thereMs, call.signal);
      if (way.ends === 'never') await untilAborted(new Promise(() => undefined), call.signal);
      if (way.ends !== 'answer' && way.ends !== 'never') throw new NacreError(way.ends, 'told so');
      const answer = await ask();
      call.into?.fill(255);
      await runtime.sleep(way.backMs, call.signal);
      return answer;
    } catch (error) {
      if (call.signal?.aborted) await runtime.sleep(lingersMs);
      call.into?.fill(254);
      throw error;
    }
  }
  const store = forwarding(memory, {
    get: (key, call = {}) =>
      go(key, call, () => memory.get(key, call)).then((body) => {
        if (body === undefined || call.into?.byteLength !== body.bytes.byteLength) return body;
        call.into.set(body.bytes);
        return { ...body, bytes: call.into };
      }),
    getRanges: (key, ranges, call = {}) => go(key, call, () => memory.getRanges(key, ranges, call)),
    head: (key, call = {}) => go(key, call, () => memory.head(key, call)),
    list: (call = {}) => go('list', call, () => memory.list(call)),
  });
  return { memory, store, sent };
}
