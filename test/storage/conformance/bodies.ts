import { beforeAll, expect, test } from 'vitest';
import { native, type ObjectDigest } from '../../../src/native.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { crc32c } from '../../support/crc32c.js';
import { bytes, codeOfError, freshKey, type Get, minuteMs, noise, text, written } from './support.js';

/** Parts are exercised when the opener sets `singlePutBytes` to this or less. */
const largestPartsTest = 32 << 20;

export function readsAndWrites(store: Get<ObjectStore>): void {
  test('a stored body comes back with its size, its token and a sane time', async () => {
    const key = freshKey();
    const body = noise(1000);
    const token = written(await store().put(key, body));
    const got = await store().get(key);
    expect(got?.bytes).toEqual(body);
    expect(got).toMatchObject({ token, sizeBytes: 1000 });
    expect(await store().head(key)).toMatchObject({ token, sizeBytes: 1000, modifiedMs: got?.modifiedMs });
    expect(Math.abs((got?.modifiedMs ?? 0) - Date.now())).toBeLessThan(5 * minuteMs);
  });

  test('a key that is not there is an answer: undefined from get, head and getRanges', async () => {
    const key = freshKey();
    expect(await store().get(key)).toBeUndefined();
    expect(await store().get(key, { range: { start: 0, end: 1 } })).toBeUndefined();
    expect(await store().head(key)).toBeUndefined();
    expect(await store().getRanges(key, [{ start: 0, end: 1 }])).toBeUndefined();
  });

  test('a second put replaces the body at once, and the token with it', async () => {
    const key = freshKey();
    const first = written(await store().put(key, bytes('first')));
    const second = written(await store().put(key, bytes('second')));
    expect(second).not.toBe(first);
    expect(await text(store(), key)).toBe('second');
    expect((await store().head(key))?.token).toBe(second);
    expect((await store().get(key, { range: { start: 0, end: 2 } }))?.token).toBe(second);
  });

  test('an object can be empty', async () => {
    const key = freshKey();
    const token = written(await store().put(key, new Uint8Array(0)));
    expect(await store().get(key)).toMatchObject({ bytes: new Uint8Array(0), sizeBytes: 0, token });
    expect(await store().head(key)).toMatchObject({ sizeBytes: 0, token });
    expect(written(await store().put(freshKey(), []))).toBeTypeOf('string');
  });

  test('a body in pieces is stored as one, empty pieces and views into larger buffers included', async () => {
    const key = freshKey();
    const whole = noise(5000);
    const pieces = [whole.subarray(0, 10), new Uint8Array(0), whole.subarray(10, 4000), whole.subarray(4000)];
    await store().put(key, pieces);
    expect((await store().get(key))?.bytes).toEqual(whole);
  });

  test('bytes handed out and bytes taken in belong to the caller', async () => {
    const key = freshKey();
    const body = bytes('unchanged');
    await store().put(key, body);
    body.fill(0);
    (await store().get(key))?.bytes.fill(0);
    expect(await text(store(), key)).toBe('unchanged');
  });

  test('content type, cache control and a right checksum are accepted', async () => {
    const key = freshKey();
    const body = noise(777);
    const result = await store().put(key, body, {
      contentType: 'application/x-npy',
      cacheControl: 'no-store',
      crc32c: crc32c(body),
      uniqueKey: true,
    });
    expect(result.outcome).toBe('written');
    expect((await store().get(key))?.bytes).toEqual(body);
  });

  test('a wrong checksum is refused with nothing stored, or ignored by a store that says it does not compare', async () => {
    const key = freshKey();
    const body = noise(777);
    const wrong = (crc32c(body) ^ 1) >>> 0;
    const outcome = await store()
      .put(key, body, { crc32c: wrong })
      .then((result) => result.outcome, codeOfError);
    const compares = store().capabilities.checksOnPut;
    expect(outcome).toBe(compares ? 'Corrupt' : 'written');
    expect((await store().get(key))?.bytes).toEqual(compares ? undefined : body);
  });

  test('a store that digests what it puts says the same of it as the digest alone, others say nothing', async () => {
    const { digestsOnPut = false } = store().capabilities;
    // Around the 2 MiB that one thread takes, and around a block.
    for (const size of [0, 1, 65_535, 65_537, (2 << 20) - 128, (2 << 20) + 1, (6 << 20) + 77]) {
      const whole = noise(size);
      const pieces = [whole.subarray(0, 128), new Uint8Array(0), whole.subarray(128)];
      const key = freshKey();
      const taken: ObjectDigest[] = [];
      const digest = { blockBytes: 65_536, take: (made: ObjectDigest) => taken.push(made) };
      expect((await store().put(key, pieces, { condition: 'absent', digest })).outcome).toBe('written');
      // toEqual goes element by element, for a minute: servers close connections that idle so long.
      expect(Buffer.from(whole).equals((await store().get(key))?.bytes ?? Buffer.of())).toBe(true);
      expect(taken).toEqual(digestsOnPut ? [await native().digestObject([whole], 65_536)] : []);
    }
  });

  test('a deleted key is gone at once, and can be made again', async () => {
    const key = freshKey();
    await store().put(key, bytes('one'));
    await store().delete([key]);
    expect(await store().get(key)).toBeUndefined();
    expect(await store().head(key)).toBeUndefined();
    expect((await store().put(key, bytes('two'), { condition: 'absent' })).outcome).toBe('written');
    expect(await text(store(), key)).toBe('two');
  });

  test('one delete takes many keys, and keys that are not there', async () => {
    const under = freshKey('many');
    const count = Math.min(25, store().capabilities.deleteBatch - 1);
    const made = Array.from({ length: count }, (_, i) => `${under}/${i}`);
    await Promise.all(made.map((key) => store().put(key, bytes(key))));
    const keep = freshKey('keep');
    await store().put(keep, bytes('kept'));
    await store().delete([...made, `${under}/never-there`]);
    await store().delete(made.slice(0, 1));
    await store().delete([]);
    expect((await store().list({ prefix: under })).entries).toEqual([]);
    expect(await text(store(), keep)).toBe('kept');
  });
}

export function ranges(store: Get<ObjectStore>): void {
  const body = noise(10_000);
  const size = body.length;
  let key = '';
  beforeAll(async () => {
    key = freshKey('ranged');
    await store().put(key, body);
  });

  test.each([
    ['the first byte', 0, 1],
    ['the middle', 3333, 6667],
    ['the last byte', size - 1, size],
    ['all of it', 0, size],
    ['a range past the end, cut at the end', size - 5, size + 5],
    ['a range that starts at the end', size, size + 1],
    ['a range that starts past the end', size + 10, size + 20],
    ['an empty range', 5, 5],
  ])('a ranged get gives %s', async (_label, start, end) => {
    const got = await store().get(key, { range: { start, end } });
    expect(got?.bytes).toEqual(body.slice(start, end));
    expect(got?.sizeBytes).toBe(size);
    expect(got?.token).toBe((await store().head(key))?.token);
  });

  test('a range of an empty object is empty', async () => {
    const empty = freshKey();
    await store().put(empty, new Uint8Array(0));
    expect(await store().get(empty, { range: { start: 0, end: 10 } })).toMatchObject({
      bytes: new Uint8Array(0),
      sizeBytes: 0,
    });
    expect(await store().getRanges(empty, [{ start: 0, end: 10 }])).toEqual([new Uint8Array(0)]);
  });

  test('getRanges answers in the order asked for: unsorted, overlapping, doubled, adjacent, far apart', async () => {
    const asked = [
      { start: 9000, end: 9100 },
      { start: 0, end: 100 },
      { start: 50, end: 150 },
      { start: 0, end: 100 },
      { start: 150, end: 200 },
      { start: size - 1, end: size + 100 },
      { start: size + 1, end: size + 2 },
      { start: 7, end: 7 },
    ];
    const got = await store().getRanges(key, asked);
    expect(got).toEqual(asked.map(({ start, end }) => body.slice(start, end)));
    expect(await store().getRanges(key, [])).toEqual([]);
  });
}

export function largeBodies(store: Get<ObjectStore>): void {
  const size = (): number => {
    const single = store().capabilities.singlePutBytes;
    return single <= largestPartsTest ? 2 * single + 12_345 : (9 << 20) + 12_345;
  };

  test('a body larger than one request goes in parts and comes back whole and in ranges', async () => {
    const key = freshKey('large');
    const body = noise(size());
    const third = Math.floor(body.length / 3);
    const token = written(
      await store().put(key, [body.subarray(0, third), body.subarray(third)], { crc32c: crc32c(body) }),
    );
    const got = await store().get(key);
    expect(got?.token).toBe(token);
    expect(got?.sizeBytes).toBe(body.length);
    expect(Buffer.compare(got?.bytes ?? new Uint8Array(0), body)).toBe(0);
    const cut = { start: third - 100, end: third + 100 };
    expect(await store().getRanges(key, [cut])).toEqual([body.slice(cut.start, cut.end)]);
    await store().delete([key]);
  });

  test('conditions hold for a body that goes in parts', async () => {
    const key = freshKey('large');
    const first = noise(size());
    const second = noise(size());
    const token = written(await store().put(key, first, { condition: 'absent' }));
    expect((await store().put(key, second, { condition: 'absent' })).outcome).toBe('refused');
    expect((await store().head(key))?.token).toBe(token);
    const next = written(await store().put(key, second, { condition: { token } }));
    expect((await store().put(key, first, { condition: { token } })).outcome).toBe('refused');
    const got = await store().get(key);
    expect(got?.token).toBe(next);
    expect(Buffer.compare(got?.bytes ?? new Uint8Array(0), second)).toBe(0);
    await store().delete([key]);
  });

  test('a body that goes in parts and is refused leaves a missing key missing', async () => {
    const key = freshKey('large');
    const foreign = written(await store().put(freshKey(), bytes('elsewhere')));
    const result = await store().put(key, noise(size()), { condition: { token: foreign } });
    expect(result.outcome).toBe('refused');
    expect(await store().head(key)).toBeUndefined();
  });
}
