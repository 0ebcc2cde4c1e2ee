import { expect, test } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory.js';
import { chain } from '../../../src/storage/wrap/chain.js';
import { Meter } from '../../../src/storage/wrap/meter.js';
import { readWhole } from '../../../src/storage/wrap/verified.js';
import { systemRuntime } from '../../../src/util/runtime.js';
import { checksumsOf, plainVerifier } from '../../support/checksums.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { calls, faulty, nth, plans } from '../../support/faulty-store.js';
import { conformance } from '../conformance.js';

conformance('memory under all wrappers', async () => {
  const open = () =>
    chain(new MemoryStore('wrapped', systemRuntime), {
      meter: new Meter(),
      coalesce: { maxGapBytes: 3, maxGetBytes: 7, maxRangeBytes: 9 },
      limit: { reads: 2, writes: 2 },
    });
  return { store: open(), another: async () => open(), dispose: async () => {} };
});

test('each GET of a split read is repeated by itself, counted as sent, and checked in the end', async () => {
  const runtime = new FakeRuntime();
  const meter = new Meter({ runtime });
  const memory = new MemoryStore('', runtime);
  const object = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
  await memory.put('object', object);
  const backend = faulty(
    memory,
    plans(
      nth(calls('get'), 2, { kind: 'error', code: 'Unavailable', status: 503, retryAfterMs: 5 }, 3),
      nth(calls('get'), 6, { kind: 'flipBit', bit: 12 }),
    ),
    runtime,
  );
  const store = chain(backend, { meter, runtime, coalesce: { maxGetBytes: 250, maxRangeBytes: 500 } });
  const sums = checksumsOf(object, 100);
  expect(await readWhole(store, 'object', sums, { verifier: plainVerifier })).toEqual(object);
  expect(meter.snapshot()).toMatchObject({
    // Four pieces, three repeats of those that were turned away, one second look at the flipped block.
    requests: { get: 8 },
    retries: 3,
    throttles: 3,
    failures: 3,
    bytesDown: 1100,
  });
});
