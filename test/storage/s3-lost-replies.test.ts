// Real servers behind a proxy that loses, delays and falsifies answers: what the bare backends make of it.
import { afterEach, describe, expect, test } from 'vitest';
import { isNacreError, type NacreError } from '../../src/errors.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { type Proxy, type ProxyRule, startProxy } from '../support/proxy.mjs';
import { type ServerName, serversUnderTest } from '../support/servers/index.ts';
import { openTestStore } from '../support/servers/open.ts';
import { noise, text } from './conformance/support.js';

const disposals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

interface Setting {
  /** Through the proxy. */
  readonly store: ObjectStore;
  /** Straight to the server. */
  readonly direct: ObjectStore;
  readonly proxy: Proxy;
}

async function setting(
  name: ServerName,
  rules: readonly ProxyRule[] = [],
  stallMs = 2_000,
): Promise<Setting> {
  const opened = await openTestStore(name, { singlePutBytes: 6 << 20, partBytes: 5 << 20, stallMs });
  disposals.push(() => opened.dispose());
  const proxy = await startProxy(opened.endpoint ?? '');
  disposals.push(() => proxy.close());
  proxy.setRules(rules);
  return { store: await opened.another({ endpoint: proxy.endpoint }), direct: opened.store, proxy };
}

async function failure(call: Promise<unknown>): Promise<NacreError> {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  );
  if (!isNacreError(error)) throw error;
  return error;
}

const write = '^/.*(/key|uploadType=)';
const body = new Uint8Array(Buffer.from('a body'));

for (const name of ['minio', 'versitygw', 'gcs'] as const) {
  describe.runIf(serversUnderTest().includes(name))(`${name} behind a proxy`, () => {
    test('answers through the proxy are those of the server, and each call is counted as it should', async () => {
      const { store, proxy } = await setting(name);
      await store.put('key', body, { condition: 'absent' });
      expect(await text(store, 'key')).toBe('a body');
      expect(
        (
          await store.getRanges('key', [
            { start: 0, end: 1 },
            { start: 2, end: 6 },
          ])
        )?.length,
      ).toBe(2);
      const stats = proxy.takeStats();
      expect([stats.total, stats.connections > 0]).toEqual([4, true]);
      // The ranges are asked for together, and may still pass the proxy one after the other.
      expect([3, 4]).toContain(stats.waves);
      expect(stats.bytesDown).toBeGreaterThanOrEqual(body.length + 5);
    });

    test('a create-only put whose answer is lost is Unavailable and was applied, and its repeat is refused', async () => {
      const { store, direct } = await setting(name, [
        { method: name === 'gcs' ? 'POST' : 'PUT', path: write, times: 1, action: 'cut' },
      ]);
      const error = await failure(store.put('key', body, { condition: 'absent' }));
      expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
      expect(await text(direct, 'key')).toBe('a body');
      expect(await store.put('key', body, { condition: 'absent' })).toEqual({ outcome: 'refused' });
    });

    test('a put that never reached the server is Unavailable, and its repeat writes', async () => {
      const { store, direct } = await setting(name, [{ path: write, times: 1, action: 'drop' }]);
      expect((await failure(store.put('key', body, { condition: 'absent' }))).code).toBe('Unavailable');
      expect(await direct.get('key')).toBeUndefined();
      expect((await store.put('key', body, { condition: 'absent' })).outcome).toBe('written');
    });

    test.each([429, 503, 409])('%i from the way is Unavailable', async (status) => {
      const { store } = await setting(name, [{ action: 'answer', status, headers: { 'retry-after': '3' } }]);
      const calls = [
        () => store.put('key', body),
        () => store.get('key'),
        () => store.list(),
        () => store.delete(['key']),
      ];
      for (const call of calls) {
        const error = await failure(call());
        expect([error.code, error.context['retryAfterMs']]).toEqual(['Unavailable', 3000]);
      }
    });

    test('a body cut short on the way is Unavailable; a flipped bit is for the layer above to find', async () => {
      const { store, direct, proxy } = await setting(name);
      const whole = noise(300_000);
      await direct.put('key', whole);
      proxy.setRules([{ method: 'GET', action: 'truncate' }]);
      expect((await failure(store.get('key'))).code).toBe('Unavailable');
      proxy.setRules([{ method: 'GET', action: 'flip', atByte: 1234 }]);
      const got = await store.get('key');
      const differing = [...(got?.bytes ?? [])].flatMap((byte, i) => (byte === whole[i] ? [] : [i]));
      expect(differing).toEqual([1234]);
    });

    test('a write that the proxy holds back is answered as done and is not there', async () => {
      const { store, direct, proxy } = await setting(name, [{ path: write, action: 'hold' }]);
      expect((await store.put('key', body)).outcome).toBe('written');
      expect(await direct.get('key')).toBeUndefined();
      expect(proxy.rules()[0]).toMatchObject({ matched: 1, fired: 1 });
    });

    test('a slow line delivers everything, though all of it takes longer than silence may', async () => {
      // Bytes come every tenth of a second: a machine that is busy elsewhere for seconds is no silence.
      const { store, direct, proxy } = await setting(name, [], 5_000);
      const whole = noise(5 << 20);
      await direct.put('key', whole);
      proxy.latency({ mbps: 0.8 });
      expect(Buffer.compare((await store.get('key'))?.bytes ?? body, whole)).toBe(0);
    });
  });
}

for (const name of ['minio', 'versitygw'] as const) {
  describe.runIf(serversUnderTest().includes(name))(`parts on ${name} behind a proxy`, () => {
    const complete = 'uploadId=[^&]*$';
    const large = noise((11 << 20) + 5);

    test.each(['absent', undefined] as const)(
      'a Complete whose answer is lost is read back and known as ours (condition: %s)',
      async (condition) => {
        const { store, direct, proxy } = await setting(name, [
          { method: 'POST', path: complete, times: 1, action: 'cut' },
        ]);
        const result = await store.put('key', large, condition ? { condition } : {});
        expect(proxy.rules()[0]?.fired).toBe(1);
        expect(result).toEqual({ outcome: 'written', token: (await direct.head('key'))?.token });
      },
    );

    test('a Complete that never arrived is Unavailable, and nothing of the body is left', async () => {
      const { store, direct } = await setting(name, [
        { method: 'POST', path: complete, times: 1, action: 'drop' },
      ]);
      expect((await failure(store.put('key', large))).code).toBe('Unavailable');
      expect(await direct.head('key')).toBeUndefined();
    });

    test('a Complete that finds no upload, since another writer was first, is never told as written', async () => {
      const { store, direct } = await setting(name, [
        { method: 'POST', path: complete, times: 1, action: 'answer', status: 404, code: 'NoSuchUpload' },
      ]);
      await direct.put('key', body);
      expect((await failure(store.put('key', large, { condition: 'absent' }))).code).toBe('Unavailable');
      expect(await text(direct, 'key')).toBe('a body');
    });

    test('success that carries an error in its body is no success', async () => {
      const error = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>late</Message></Error>';
      const { store, direct } = await setting(name, [
        { method: 'POST', path: complete, times: 1, action: 'answer', status: 200, body: error },
      ]);
      expect((await failure(store.put('key', large))).code).toBe('Unavailable');
      expect(await direct.head('key')).toBeUndefined();
    });

    test('a part that fails fails the put, and the upload is dropped', async () => {
      const { store, direct, proxy } = await setting(name, [
        { method: 'PUT', path: 'partNumber=2', times: 1, action: 'answer', status: 503 },
      ]);
      expect((await failure(store.put('key', large))).code).toBe('Unavailable');
      expect(await direct.head('key')).toBeUndefined();
      expect(proxy.takeStats().requests['DELETE']).toBe(1);
    });
  });
}
