// Work of the native binary off the event loop, in virtual time: its results arrive as events, in an order
// that does not depend on how fast threads were.
import { native, type NativeBinding, type ObjectDigester } from '../../src/native.js';
import { concat } from '../../src/util/bytes.js';
import type { VirtualTime } from './time.js';

type Method = (...args: unknown[]) => unknown;

/** How long a call takes, virtual milliseconds. */
const callMs = 0.01;

/** The time of the simulation that runs now; there is one at a time. */
let current: VirtualTime | undefined;
let wrapped = false;

/** From now on, until the next call, native work belongs to `time`. */
export function nativeWorkIn(time: VirtualTime): void {
  current = time;
  if (wrapped) return;
  wrapped = true;
  const binding = native() as unknown as Record<string, unknown>;
  Object.assign(binding, onTheSpot(native()));
  for (const [name, value] of Object.entries(binding)) {
    if (typeof value !== 'function') continue;
    const { prototype } = value as { prototype?: object };
    const methods = prototype === undefined ? [] : Object.getOwnPropertyNames(prototype);
    if (methods.length > 1) wrapMethods(prototype as Record<string, unknown>, methods);
    else binding[name] = inTurns(value as Method);
  }
}

/**
 * What is called most, as the same sums in this thread: objects are small here, and a thread of its own takes
 * ten times as long to be told of one.
 */
function onTheSpot(binding: NativeBinding): Partial<NativeBinding> {
  const sumsOf = (bytes: Uint8Array, blockBytes: number): Uint32Array =>
    Uint32Array.from({ length: Math.ceil(bytes.byteLength / blockBytes) }, (_, i) =>
      binding.crc32c(bytes.subarray(i * blockBytes, (i + 1) * blockBytes)),
    );
  const digestObject: NativeBinding['digestObject'] = async (pieces, blockBytes) => {
    const bytes = concat(pieces);
    const blocks = sumsOf(bytes, blockBytes);
    return { blake3: binding.blake3(bytes), crc32c: binding.crc32c(bytes), blocks };
  };
  return {
    digestObject,
    createObjectDigester: (blockBytes) => {
      const pieces: Uint8Array[] = [];
      return {
        update: inTurns(async (piece) => void pieces.push(piece as Uint8Array)) as ObjectDigester['update'],
        digest: inTurns(() => digestObject(pieces, blockBytes)) as ObjectDigester['digest'],
        updateFromFile: () => Promise.reject(new Error('there are no files in simulated worlds')),
      };
    },
    verifyBlocks: async (bytes, blockBytes, expected) =>
      sumsOf(bytes, blockBytes).findIndex((sum, i) => sum !== expected[i]),
  };
}

/** Stands in the place of `node:timers/promises` in simulated sources: a turn for others is an event, too. */
export function setImmediate(): Promise<void> {
  const time = current;
  return new Promise((resolve) => {
    if (time === undefined) globalThis.setImmediate(resolve);
    else time.schedule(0, resolve);
  });
}

function wrapMethods(prototype: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (name === 'constructor' || typeof property?.value !== 'function') continue;
    Object.defineProperty(prototype, name, { ...property, value: inTurns(property.value as Method) });
  }
}

function inTurns(call: Method): Method {
  return function (this: unknown, ...args: unknown[]): unknown {
    const result = call.apply(this, args);
    if (!(result instanceof Promise) || current === undefined) return result;
    const time = current;
    const done: Promise<unknown> = result;
    let isDone = false;
    const end = (): void => void (isDone = true);
    done.then(end, end);
    return new Promise((resolve, reject) => {
      time.schedule(callMs, () => {
        const handed = done.then(resolve, reject);
        return isDone ? undefined : handed;
      });
    });
  };
}
