import { expect, test } from 'vitest';
import { failure } from './failure.js';
import { FakeRuntime, seededRandom } from './fake-runtime.js';

test('sleepers wake in order of time, then of their falling asleep, at their time', async () => {
  const runtime = new FakeRuntime();
  const woken: string[] = [];
  const sleep = async (name: string, ms: number): Promise<void> => {
    await runtime.sleep(ms);
    woken.push(`${name} at ${runtime.monotonic()}`);
  };
  await Promise.all([sleep('c', 30), sleep('a', 10), sleep('b', 10), sleep('now', 0)]);
  expect(woken).toEqual(['now at 0', 'a at 10', 'b at 10', 'c at 30']);
});

test('what a woken sleeper starts runs before the next one wakes', async () => {
  const runtime = new FakeRuntime();
  const order: string[] = [];
  const chatty = async (): Promise<void> => {
    await runtime.sleep(10);
    for (let i = 0; i < 100; i++) await Promise.resolve();
    order.push('chatty');
    await runtime.sleep(5);
    order.push('chatty again');
  };
  const quiet = async (ms: number): Promise<void> => {
    await runtime.sleep(ms);
    order.push(`quiet ${ms}`);
  };
  await Promise.all([chatty(), quiet(11), quiet(20)]);
  expect(order).toEqual(['chatty', 'quiet 11', 'chatty again', 'quiet 20']);
});

test('an hour takes no time', async () => {
  const runtime = new FakeRuntime({ startMs: 1000 });
  await runtime.sleep(3_600_000);
  expect(runtime.now()).toBe(3_601_000);
});

test('by hand, time stands until it is moved', async () => {
  const runtime = new FakeRuntime({ advance: 'hand' });
  let awake = 0;
  const loop = async (): Promise<void> => {
    for (;;) {
      await runtime.sleep(10);
      awake += 1;
    }
  };
  void loop();
  await runtime.advance(9);
  expect([awake, runtime.monotonic()]).toEqual([0, 9]);
  await runtime.advance(1);
  expect(awake).toBe(1);
  await runtime.advance(100);
  expect([awake, runtime.monotonic(), runtime.sleeping]).toEqual([11, 110, 1]);
});

test('a signal wakes a sleeper with Aborted and leaves nothing behind', async () => {
  const runtime = new FakeRuntime({ advance: 'hand' });
  const controller = new AbortController();
  const sleeping = failure(runtime.sleep(10, controller.signal));
  controller.abort();
  expect((await sleeping).code).toBe('Aborted');
  expect(runtime.sleeping).toBe(0);
  await expect(runtime.sleep(10, controller.signal)).rejects.toMatchObject({ code: 'Aborted' });
});

test('the same seed draws the same, another seed another', () => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new FakeRuntime({ seed: 3 }).randomBytes(16)).toEqual(new FakeRuntime({ seed: 3 }).randomBytes(16));
});

test('draws are spread evenly over [0, 1)', () => {
  const random = seededRandom(42);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) {
    const bucket = Math.floor(random() * 10);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('processes share time and have clocks and randomness of their own', async () => {
  const runtime = new FakeRuntime({ startMs: 0 });
  const clock = { skewMs: -500 };
  const late = runtime.process(1, clock);
  const early = runtime.process(2);
  await Promise.all([late.sleep(1000), early.sleep(400)]);
  expect([late.now(), early.now(), late.monotonic()]).toEqual([500, 1000, 1000]);
  clock.skewMs = 60_000;
  expect(late.now()).toBe(61_000);
  expect(late.random()).not.toBe(early.random());
});
