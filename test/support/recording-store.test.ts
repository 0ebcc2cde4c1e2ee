import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/storage/memory.js';
import { FakeRuntime } from './fake-runtime.js';
import { recording, Trace } from './recording-store.js';

test('a trace reads as one line a request, by wave, without the ids that chance gave', async () => {
  const trace = new Trace();
  const store = recording(new MemoryStore('', new FakeRuntime()), trace);
  const part = 'arrays/0123456789abcdef0123456789abcdef/zyxwvutsrqponmlkjihgfedcba.npy';
  const root = 'versions/99999999999999999998.root';
  await Promise.all([
    store.put(part, new Uint8Array(500), { condition: 'absent', uniqueKey: true }),
    store.get('latest'),
  ]);
  await store.put(root, new Uint8Array(80), { condition: 'absent' });
  await store.put('latest', new Uint8Array(90), { background: true });
  await store.getRanges(part, [
    { start: 0, end: 10 },
    { start: 20, end: 30 },
  ]);
  await store.head(root);
  await store.list({ prefix: 'versions/' });
  await expect(store.get('BAD')).rejects.toThrow('not allowed');
  await store.delete([root]);
  expect(trace.lines()).toEqual([
    'background put latest 90 bytes: written',
    '1 get latest 0 bytes: missing',
    '1 put arrays/<id>/<id>.npy absent 500 bytes: written',
    '2 put versions/99999999999999999998.root absent 80 bytes: written',
    '3 getRanges arrays/<id>/<id>.npy [0,10) [20,30) 20 bytes: found',
    '4 head versions/99999999999999999998.root 0 bytes: found',
    '5 list versions/ 0 bytes: 1 keys',
    '6 get BAD 0 bytes: InvalidArgument',
    '7 delete versions/99999999999999999998.root 0 bytes: done',
  ]);
  trace.clear();
  await store.get('latest');
  expect(trace.lines()).toEqual(['1 get latest 90 bytes: found']);
});
