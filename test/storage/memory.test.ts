import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/storage/memory.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { conformance } from './conformance.js';

conformance('memory', async () => ({
  store: new MemoryStore('conformance', systemRuntime),
  another: async () => new MemoryStore('conformance', systemRuntime),
  dispose: async () => {},
}));

test('stores of one name share a place, also after both were closed', async () => {
  const first = new MemoryStore('shared', systemRuntime);
  await first.put('key', new Uint8Array([1]));
  await first.close();
  const second = new MemoryStore('shared', systemRuntime);
  expect((await second.get('key'))?.bytes).toEqual(new Uint8Array([1]));
});

test('a store without a name is alone', async () => {
  const first = new MemoryStore('', systemRuntime);
  await first.put('key', new Uint8Array([1]));
  expect(await new MemoryStore('', systemRuntime).get('key')).toBeUndefined();
  expect(await new MemoryStore('unnamed', systemRuntime).get('key')).toBeUndefined();
});

test('times are those of the runtime', async () => {
  const store = new MemoryStore('', { ...systemRuntime, now: () => 12_345 });
  await store.put('key', new Uint8Array(3));
  expect(await store.head('key')).toMatchObject({ modifiedMs: 12_345, sizeBytes: 3 });
  expect(store.timeMs()).toBe(12_345);
});
