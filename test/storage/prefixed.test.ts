import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/storage/memory.js';
import { prefixed } from '../../src/storage/prefixed.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { conformance } from './conformance.js';

conformance('a prefix of a place in memory', async () => ({
  store: prefixed(new MemoryStore('prefixed', systemRuntime), 'deep/down'),
  another: async () => prefixed(new MemoryStore('prefixed', systemRuntime), 'deep/down'),
  dispose: async () => {},
}));

test('a prefixed store sees its own keys only, under their short names', async () => {
  const whole = new MemoryStore('', systemRuntime);
  const part = prefixed(whole, 'a');
  await whole.put('a/inside', new Uint8Array(1));
  await whole.put('a-outside', new Uint8Array(1));
  await whole.put('ab/outside', new Uint8Array(1));
  expect((await part.list()).entries.map((entry) => entry.key)).toEqual(['inside']);
  await part.put('more', new Uint8Array(2));
  expect((await whole.head('a/more'))?.sizeBytes).toBe(2);
  expect(part.uri).toBe('memory://unnamed/a');
  expect(() => prefixed(whole, '../up')).toThrow(/segment/);
});
