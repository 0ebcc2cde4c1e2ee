import { expect, test } from 'vitest';
import { isNacreError } from '../../../src/errors.js';
import type { ObjectStore, StateToken } from '../../../src/storage/object-store.js';
import { utf8 } from '../../../src/util/bytes.js';
import { systemRuntime } from '../../../src/util/runtime.js';
import { bytes, freshKey, type Get, type Place, text, written } from './support.js';

const racers = 32;
const rounds = 10;

export function conditions(store: Get<ObjectStore>): void {
  test('create-only writes once; then it is refused and the first body stays', async () => {
    const key = freshKey();
    const token = written(await store().put(key, bytes('first'), { condition: 'absent' }));
    expect(await store().put(key, bytes('second'), { condition: 'absent' })).toEqual({ outcome: 'refused' });
    expect(await store().get(key)).toMatchObject({ bytes: bytes('first'), token });
  });

  test('create-only is refused when the same body is there already', async () => {
    const key = freshKey();
    await store().put(key, bytes('same'), { condition: 'absent' });
    expect((await store().put(key, bytes('same'), { condition: 'absent' })).outcome).toBe('refused');
  });

  test('compare-and-swap with the current token writes, and gives the next token', async () => {
    const key = freshKey();
    let token = written(await store().put(key, bytes('0')));
    for (let i = 1; i <= 5; i++) {
      const next = written(await store().put(key, bytes(String(i)), { condition: { token } }));
      expect(next).not.toBe(token);
      token = next;
    }
    expect(await store().get(key)).toMatchObject({ bytes: bytes('5'), token });
  });

  test('compare-and-swap with a token from get or head writes', async () => {
    const key = freshKey();
    await store().put(key, bytes('0'));
    const got = await store().get(key, { range: { start: 0, end: 1 } });
    written(await store().put(key, bytes('1'), { condition: { token: got?.token ?? '' } }));
    const head = await store().head(key);
    written(await store().put(key, bytes('2'), { condition: { token: head?.token ?? '' } }));
    expect(await text(store(), key)).toBe('2');
  });

  test('compare-and-swap with a stale token is refused, even when the body would not change', async () => {
    const key = freshKey();
    const stale = written(await store().put(key, bytes('old')));
    const token = written(await store().put(key, bytes('new')));
    expect((await store().put(key, bytes('other'), { condition: { token: stale } })).outcome).toBe('refused');
    expect((await store().put(key, bytes('new'), { condition: { token: stale } })).outcome).toBe('refused');
    expect(await store().get(key)).toMatchObject({ bytes: bytes('new'), token });
  });

  test('compare-and-swap with the token of another key is refused', async () => {
    const key = freshKey();
    const foreign = written(await store().put(freshKey(), bytes('of another key')));
    await store().put(key, bytes('mine'));
    expect((await store().put(key, bytes('x'), { condition: { token: foreign } })).outcome).toBe('refused');
    expect(await text(store(), key)).toBe('mine');
  });

  test('compare-and-swap on a key that is not there is refused and makes nothing', async () => {
    const key = freshKey();
    const foreign = written(await store().put(freshKey(), bytes('elsewhere')));
    expect((await store().put(key, bytes('x'), { condition: { token: foreign } })).outcome).toBe('refused');
    const gone = written(await store().put(key, bytes('here')));
    await store().delete([key]);
    expect((await store().put(key, bytes('x'), { condition: { token: gone } })).outcome).toBe('refused');
    expect(await store().get(key)).toBeUndefined();
  });
}

type Outcome = 'written' | 'refused' | 'unclear';
type Condition = 'absent' | { readonly token: StateToken };

/** A put asked again while the store is busy; `unclear` when an earlier, lost attempt may have landed. */
async function racingPut(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  condition: Condition,
): Promise<Outcome> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const { outcome } = await store.put(key, body, { condition });
      return outcome === 'refused' && attempt > 0 ? 'unclear' : outcome;
    } catch (error) {
      if (!isNacreError(error, 'Unavailable')) throw error;
      await systemRuntime.sleep(10 * (attempt + 1));
    }
  }
  return 'unclear';
}

/** Races on one key through two clients. The stored body names the winner; nobody else may be told it won. */
async function race({ store, other }: Place, key: string, condition: Condition): Promise<string> {
  const outcomes = await Promise.all(
    Array.from({ length: racers }, (_, i) =>
      racingPut(i % 2 === 0 ? store : other, key, bytes(`racer ${i}`), condition),
    ),
  );
  const stored = await text(store, key);
  const winner = Number(/^racer (\d+)$/.exec(stored ?? '')?.[1]);
  const told = outcomes.flatMap((outcome, i) => (outcome === 'written' ? [i] : []));
  const fair = told.length === 0 ? outcomes[winner] === 'unclear' : told.length === 1 && told[0] === winner;
  return fair ? 'one winner' : `stored is ${stored}; told to have won: ${told.join(', ')}`;
}

const oneWinnerEachRound: readonly string[] = Array.from({ length: rounds }, () => 'one winner');

export function races(place: Get<Place>): void {
  test(`of ${racers} racers that create one key exactly one wins, and its body is stored`, async () => {
    const verdicts: string[] = [];
    for (let round = 0; round < rounds; round++)
      verdicts.push(await race(place(), freshKey('race'), 'absent'));
    expect(verdicts).toEqual(oneWinnerEachRound);
  });

  test(`of ${racers} racers that swap one key exactly one wins, and its body is stored`, async () => {
    const key = freshKey('race');
    const verdicts: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const token = written(await place().store.put(key, bytes(`round ${round}`)));
      verdicts.push(await race(place(), key, { token }));
    }
    expect(verdicts).toEqual(oneWinnerEachRound);
  });

  test('a counter raised by compare-and-swap from two clients loses no step', async () => {
    const { store, other } = place();
    const key = freshKey('counter');
    await store.put(key, bytes('0;'));
    const steps = 10;
    const worker = async (client: ObjectStore, id: number): Promise<void> => {
      for (let step = 0; step < steps; ) {
        const now = await client.get(key);
        if (now === undefined) throw new Error('the counter is gone');
        // Each step leaves a mark of its own, so that one whose reply was lost is found again.
        const mark = `${id}.${step}`;
        const [count = '', marks = ''] = utf8.decode(now.bytes).split(';');
        const done = marks.split(',').includes(mark);
        const next = bytes(`${Number(count) + 1};${marks},${mark}`);
        if (done || (await racingPut(client, key, next, { token: now.token })) === 'written') step++;
      }
    };
    await Promise.all([store, other, store, other].map(worker));
    expect((await text(store, key))?.split(';')[0]).toBe(String(4 * steps));
  });
}
