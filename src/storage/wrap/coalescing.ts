// Turns many small ranges into few GETs and one large range into several parallel ones. A dependent round
// trip to a bucket costs as much as megabytes of transfer, and one connection carries 85-90 MB/s at most.
//
// Slices share memory with the GET that brought them and with each other: read them, do not write to them,
// and copy what is kept for long.
import { NacreError } from '../../errors.js';
import { throwIfAborted } from '../../util/runtime.js';
import { cutRange } from '../keys.js';
import type { ByteRange, CallOptions, ObjectBody, ObjectHead, ObjectStore } from '../object-store.js';
import { forwarding } from './forwarding.js';
import { inParallel } from './parallel.js';
import { planReads, splitRange } from './read-plan.js';

export interface CoalesceOptions {
  /** Default 256 KiB, which one connection carries in 3 ms, less than a request costs. */
  readonly maxGapBytes?: number;
  /** Longest merged GET, and the length of the pieces of a split one. Default 8 MiB (AWS: 8-16 MB). */
  readonly maxGetBytes?: number;
  /** Longer ranges are read in parallel pieces. Default 16 MiB. */
  readonly maxRangeBytes?: number;
}

/** No buffer is longer, so that a longer range means "to the end"; its pieces would be mostly empty. */
const longestSplitBytes = 2 ** 32;

/** Bytes of several ranges of one state of an object. */
interface Reading {
  readonly head: ObjectHead;
  readonly bytes: readonly Uint8Array[];
}

/**
 * `inner` with merged and split range reads; a whole-object get passes as it is. What one call returns is of
 * one state of the object: if it changed meanwhile it is read once more, then the call fails with
 * `Unavailable`.
 */
export function coalescing(inner: ObjectStore, options: CoalesceOptions = {}): ObjectStore {
  const { maxGapBytes = 256 * 1024, maxGetBytes = 8 * 2 ** 20, maxRangeBytes = 16 * 2 ** 20 } = options;

  async function read(key: string, gets: readonly ByteRange[], call: CallOptions, into?: Uint8Array) {
    const reading = await readOnce(key, gets, call, into);
    if (reading !== 'changed') return reading;
    throwIfAborted(call.signal);
    const again = await readOnce(key, gets, call, into);
    if (again !== 'changed') return again;
    throw new NacreError('Unavailable', `${inner.uri}/${key} changed twice while it was read`, {
      hint: 'Read it again when nobody writes it.',
      context: { key },
    });
  }

  async function readOnce(
    key: string,
    gets: readonly ByteRange[],
    call: CallOptions,
    into?: Uint8Array,
  ): Promise<Reading | 'changed' | undefined> {
    const parts = gets.flatMap((get, index) => split(get).map((range) => ({ index, get, range })));
    const bytes: Uint8Array[] = [];
    const heads = await inParallel(
      call.signal,
      parts.map(({ index, get, range }) => async (signal): Promise<ObjectHead | undefined> => {
        const at = range.start - get.start;
        const room = into?.subarray(at, at + range.end - range.start);
        const body = await readExactly(key, range, signal === undefined ? call : { ...call, signal }, room);
        if (body === undefined) return undefined;
        if (into !== undefined) {
          if (body.bytes !== room) into.set(body.bytes, at);
          bytes[index] = into;
        } else if (range.start === get.start && range.end === get.end) bytes[index] = body.bytes;
        else place(body, at, (bytes[index] ??= roomOf(get, body)));
        return { token: body.token, sizeBytes: body.sizeBytes, modifiedMs: body.modifiedMs };
      }),
    );
    const [head] = heads;
    if (heads.some((other) => other?.token !== head?.token || other?.sizeBytes !== head?.sizeBytes))
      return 'changed';
    return head && { head, bytes };
  }

  function split(get: ByteRange): readonly ByteRange[] {
    const length = get.end - get.start;
    return length <= maxRangeBytes || length > longestSplitBytes ? [get] : splitRange(get, maxGetBytes);
  }

  /** A store that cuts a body short says so here, before slices of it are taken for the whole. */
  async function readExactly(key: string, range: ByteRange, call: CallOptions, into?: Uint8Array) {
    const body = await inner.get(key, { ...call, range, ...(into === undefined ? {} : { into }) });
    if (body === undefined) return undefined;
    const expected = cutRange(range, body.sizeBytes).length;
    if (body.bytes.byteLength === expected) return body;
    throw new NacreError(
      'Corrupt',
      `${inner.uri}/${key} [${range.start}, ${range.end}): ${body.bytes.byteLength} bytes, expected ${expected}`,
      { context: { key, ...range, observedBytes: body.bytes.byteLength, expectedBytes: expected } },
    );
  }

  return forwarding(inner, {
    async get(key, call = {}) {
      const { range, into, ...rest } = call;
      if (range === undefined || split(range).length === 1) return inner.get(key, call);
      const reading = await read(key, [range], rest, into);
      return reading && { ...reading.head, bytes: reading.bytes[0] ?? new Uint8Array(0) };
    },
    async getRanges(key, ranges, call = {}) {
      const { gets, holders } = planReads(ranges, { maxGapBytes, maxGetBytes });
      if (gets.length === 0) return (await inner.head(key, call)) && ranges.map(() => new Uint8Array(0));
      const reading = await read(key, gets, call);
      return reading && ranges.map((range, i) => slice(range, gets, reading.bytes, holders[i] ?? -1));
    },
  });
}

function roomOf(get: ByteRange, body: ObjectBody): Uint8Array {
  return new Uint8Array(cutRange(get, body.sizeBytes).length);
}

/** Pieces are copied as they come, so that no more than the whole and what is under way is held. */
function place(body: ObjectBody, offset: number, target: Uint8Array): void {
  // It does not fit only when the object grew meanwhile; then none of this is used.
  if (offset + body.bytes.byteLength <= target.byteLength) target.set(body.bytes, offset);
}

function slice(
  range: ByteRange,
  gets: readonly ByteRange[],
  bytes: readonly Uint8Array[],
  holder: number,
): Uint8Array {
  const get = gets[holder];
  const whole = bytes[holder];
  if (get === undefined || whole === undefined) return new Uint8Array(0);
  if (range.start === get.start && range.end === get.end) return whole;
  return whole.subarray(range.start - get.start, range.end - get.start);
}
