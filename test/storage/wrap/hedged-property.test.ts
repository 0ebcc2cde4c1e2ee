// Hedged reads of a store that is slow, fails and changes at random, in virtual time: whatever happens, each
// read tells what the store held while it ran, as the read without hedges would.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNacreError } from '../../../src/errors.js';
import { hedged } from '../../../src/storage/wrap/hedged.js';
import type { Runtime } from '../../../src/util/runtime.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { lingersMs, told, type Way } from '../../support/told-store.js';

const bodyBytes = 4;
const range = { start: 0, end: bodyBytes };

const way: fc.Arbitrary<Way> = fc.record({
  thereMs: fc.nat(300),
  backMs: fc.nat(300),
  ends: fc.oneof(
    { weight: 6, arbitrary: fc.constant('answer' as const) },
    fc.constantFrom('Unavailable' as const, 'PermissionDenied' as const, 'never' as const),
  ),
});

const reads = fc.array(
  fc.record({
    atMs: fc.nat(2000),
    ways: fc.tuple(way, way),
    /** Content at the beginning, undefined for none, and what is put there at a time. */
    before: fc.option(fc.nat(200), { nil: undefined }),
    put: fc.option(fc.record({ atMs: fc.nat(2500), content: fc.nat(200) }), { nil: undefined }),
    /** The caller leaves; at the latest when nothing else would end the read. */
    patienceMs: fc.oneof(fc.constant(10_000), fc.nat(700)),
    shape: fc.constantFrom('whole', 'into', 'ranges'),
  }),
  { minLength: 1, maxLength: 60 },
);
type Read = typeof reads extends fc.Arbitrary<(infer R)[]> ? R : never;

const options = fc.record(
  { afterMs: fc.nat(300), atMost: fc.constantFrom(0.05, 0.3, 1) },
  { requiredKeys: [] },
);

/** How a read ended, and when. */
interface Ended {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly error: unknown;
  /** First byte of what was read, undefined for no such key. */
  readonly content: number | undefined;
  readonly aborted: boolean;
  readonly into: Uint8Array;
  readonly intoThen: Uint8Array;
}

test('a hedged read is a read', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  let hedges = 0;
  await fc.assert(
    fc.asyncProperty(reads, options, fc.nat(), async (all, hedge, seed) => {
      const runtime = new FakeRuntime({ seed });
      const { memory, store, sent } = told(runtime, (key, nth) => all[Number(key)]?.ways[nth - 1] as Way);
      for (const [i, { before }] of all.entries())
        if (before !== undefined) await memory.put(`${i}`, new Uint8Array(bodyBytes).fill(before));
      const subject = hedged(store, store, { ...hedge, runtime });
      const puts = all.map(async ({ put }, i) => {
        if (put === undefined) return;
        await runtime.sleep(put.atMs);
        await memory.put(`${i}`, new Uint8Array(bodyBytes).fill(put.content));
      });
      const ends = await Promise.all(all.map((read, i) => run(runtime, read, subject, `${i}`)));
      await Promise.all(puts);
      await runtime.sleep(10_000);

      const { atMost = 0.05 } = hedge;
      const answered = ends.filter(({ error }) => error === undefined).length;
      expect(sent.length - all.length).toBeLessThanOrEqual(4 + atMost * answered);
      for (const [i, ended] of ends.entries()) {
        const requests = sent.filter(({ key }) => key === `${i}`).length;
        if (requests > 1) hedges += 1;
        expect(requests).toBeLessThanOrEqual(2);
        judge(all[i] as Read, ended, requests);
      }
      expect(runtime.sleeping).toBe(0);
    }),
    { numRuns: 300 },
  );
  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', note);
  // The draws reach what is tested.
  expect(hedges).toBeGreaterThan(300);
});

async function run(
  runtime: Runtime,
  { atMs, patienceMs, shape }: Read,
  store: ReturnType<typeof hedged>,
  key: string,
): Promise<Ended> {
  await runtime.sleep(atMs);
  const beganMs = runtime.monotonic();
  const caller = new AbortController();
  const over = new AbortController();
  const { signal } = caller;
  const patience = runtime.sleep(patienceMs, over.signal).then(() => caller.abort());
  const into = new Uint8Array(bodyBytes);
  const read = async (): Promise<Uint8Array | undefined> => {
    if (shape === 'ranges') return (await store.getRanges(key, [range], { signal }))?.[0];
    return (await store.get(key, shape === 'into' ? { signal, range, into } : { signal }))?.bytes;
  };
  const [settled] = await Promise.allSettled([read()]);
  const endedMs = runtime.monotonic();
  const aborted = signal.aborted;
  over.abort();
  await patience.catch(() => undefined);
  const times = { beganMs, endedMs, aborted, into, intoThen: into.slice() };
  if (settled.status === 'rejected') return { ...times, error: settled.reason, content: undefined };
  const { value } = settled;
  expect(new Set(value ?? [0]).size).toBe(1);
  return { ...times, error: undefined, content: value?.[0] };
}

function judge({ ways: [first, second], before, put, patienceMs }: Read, ended: Ended, requests: number) {
  const { beganMs, endedMs, error, content, aborted, into, intoThen } = ended;
  // Nobody writes there when the read is over.
  expect(into).toEqual(intoThen);
  const tookMs = endedMs - beganMs;
  expect(tookMs).toBeLessThanOrEqual(patienceMs + lingersMs);
  if (error === undefined) {
    // One of the states that the key had while the read ran.
    const states = [
      ...(put === undefined || put.atMs >= beganMs ? [before] : []),
      ...(put !== undefined && put.atMs <= endedMs ? [put.content] : []),
    ];
    expect(states).toContain(content);
    expect([first.ends, ...(requests > 1 ? [second.ends] : [])]).toContain('answer');
  } else {
    expect(isNacreError(error)).toBe(true);
    const { code } = error as { readonly code: string };
    expect(code).toBe(aborted && code === 'Aborted' ? 'Aborted' : first.ends);
    // It failed for a reason that the read without hedges would have had.
    if (!aborted) expect(first.ends).not.toBe('answer');
  }
  // It is over when the first request alone would be, or what the second still does.
  if (first.ends === 'answer') expect(tookMs).toBeLessThanOrEqual(first.thereMs + first.backMs + lingersMs);
}
