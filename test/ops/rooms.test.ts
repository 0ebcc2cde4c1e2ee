// Memory that objects on their way share: what is read there is read as from memory of its own.
import { describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { digestObject } from '../../src/ops/digest.js';
import { native } from '../../src/native.js';
import { Rooms } from '../../src/ops/rooms.js';
import { readRight, readWholeObject } from '../../src/ops/whole.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { toHex } from '../../src/util/bytes.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { failure } from '../support/failure.js';

const blockBytes = 65_536;
const mebibyte = 2 ** 20;

/** A store whose answers are placed in the memory that comes with a call, where the length is right. */
function placing() {
  const bare = new MemoryStore('', systemRuntime);
  const rooms: ArrayBufferLike[] = [];
  const store = forwarding(bare, {
    get: async (key, options) => {
      const body = await bare.get(key, options);
      const into = options?.into;
      if (body === undefined || into?.byteLength !== body.bytes.byteLength) return body;
      into.set(body.bytes);
      rooms.push(into.buffer);
      return { ...body, bytes: into };
    },
  });
  return { bare, rooms, environment: environmentOf(store, { cacheDir: false }) };
}

function bytesOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = seed + 1; i < length; i += 97) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

describe('rooms', () => {
  test('the shortest that is long enough is handed out, and the shortest goes when there are too many', () => {
    const rooms = new Rooms(2, native());
    const [small, middle, large] = [1, 2, 3].map((n) => rooms.take(n * mebibyte));
    for (const room of [large, small, middle]) rooms.giveBack(room as Uint8Array);
    expect(rooms.take(mebibyte)).toBe(middle);
    expect(rooms.take(mebibyte)).toBe(large);
    expect(rooms.take(mebibyte).byteLength).toBe(mebibyte);
  });

  test('one that is too short makes room for a longer one', () => {
    const rooms = new Rooms(1, native());
    const short = rooms.take(10);
    expect(short.byteLength).toBe(mebibyte);
    rooms.giveBack(short);
    expect(rooms.take(mebibyte + 1).byteLength).toBe(2 * mebibyte);
    expect(rooms.take(1) === short).toBe(false);
  });
});

describe('whole objects', () => {
  test('one after another has its own bytes in the memory of the one before', async () => {
    const { bare, environment } = placing();
    const rooms = new Rooms(1, native());
    const seen = new Set<ArrayBufferLike>();
    for (const [i, length] of [5 * mebibyte, 3 * mebibyte + 1, 5 * mebibyte - 7].entries()) {
      const bytes = bytesOf(length, i);
      await bare.put('a', bytes);
      const options = { sizeBytes: length, pieceBytes: mebibyte, rooms };
      const whole = await readWholeObject(environment, 'a', blockBytes, options);
      if (!(whole?.bytes instanceof Uint8Array)) throw new Error('it is not held');
      expect(Buffer.compare(whole.bytes, bytes)).toBe(0);
      expect(toHex(whole.digest.blake3)).toBe(toHex(environment.functions.blake3(bytes)));
      seen.add(whole.bytes.buffer);
      whole.reuse();
    }
    expect(seen.size).toBe(1);
  });

  test('a room is not handed out again while anything may still come there', async () => {
    const { bare, environment, rooms: used } = placing();
    const rooms = new Rooms(2, native());
    const bytes = bytesOf(2 * mebibyte, 1);
    await bare.put('a', bytes);
    // Its second half is missing: the read ends with the first pieces ahead under way.
    const options = { sizeBytes: 4 * mebibyte, pieceBytes: mebibyte, rooms };
    expect((await failure(readWholeObject(environment, 'a', blockBytes, options))).code).toBe('Corrupt');
    const left = new Set(used);
    const again = await readWholeObject(environment, 'a', blockBytes, {
      ...options,
      sizeBytes: 2 * mebibyte,
    });
    if (!(again?.bytes instanceof Uint8Array)) throw new Error('it is not held');
    expect(left.has(again.bytes.buffer)).toBe(false);
  });

  test('of what differs from its hash the memory serves the second look', async () => {
    const { bare, environment, rooms: used } = placing();
    const bytes = bytesOf(2 * mebibyte, 1);
    await bare.put('a', bytes);
    const wanted = { key: 'a', blockBytes, hash: new Uint8Array(32) };
    const options = { sizeBytes: bytes.byteLength, pieceBytes: mebibyte, rooms: new Rooms(1, native()) };
    expect(await readRight(environment, wanted, options)).toBeUndefined();
    expect(used).toHaveLength(4);
    expect(new Set(used).size).toBe(1);
  });
});

describe('digests', () => {
  test.each([
    ['as long as it should be', 0],
    ['longer', 700_001],
    ['shorter', -700_001],
  ])('an object that is %s has the digest of its bytes', async (_, more) => {
    const { bare, environment, rooms: used } = placing();
    const rooms = new Rooms(2, native());
    for (const [i, length] of [5 * mebibyte, 4 * mebibyte + 3].entries()) {
      const bytes = bytesOf(length + more, i);
      await bare.put('a', bytes);
      const options = { blockBytes, expectedBytes: length, pieceBytes: mebibyte, rooms };
      const read = await digestObject(environment, 'a', options);
      expect(read?.sizeBytes).toBe(bytes.byteLength);
      expect(read?.digest).toEqual(await environment.native.digestObject([bytes], blockBytes));
    }
    expect(new Set(used).size).toBe(2);
  });
});
