// The three outcomes of a commit, what decides between them, and how an unknown one is settled.
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { rootKey } from '../../src/manifest/keys.js';
import { calls, type Fault, type FaultPlan, nth, plans, type StoreCall } from '../support/faulty-store.js';
import { failure } from '../support/failure.js';
import { Gate, int32, type Member, values, type World, worldWith } from './world.js';

const roots = /^versions\//;
const rootPut = calls('put', roots);
let world: World;
afterEach(() => world.close());

const status = (code: number): Fault => ({ kind: 'error', code: 'Unavailable', status: code });

/** A fault that can be turned on and off while a handle is open. */
class Switch {
  on = false;
  readonly plan: FaultPlan;

  constructor(match: (call: StoreCall) => boolean, fault: Fault) {
    this.plan = (call) => (this.on && match(call) ? fault : undefined);
  }
}

const append = (member: Member, ...rows: number[]) =>
  member.dataset.write((tx) => tx.append('a', int32(...rows)));

describe('a commit', () => {
  test('that is answered is committed', async () => {
    world = await worldWith(1, 2);
    expect(await append(await world.open(), 3)).toEqual({ version: 3, recovered: false });
    expect(await world.read()).toEqual([1, 2, 3]);
  });

  const ambiguous: readonly (readonly [string, Fault, boolean])[] = [
    ['whose reply is lost', { kind: 'loseReply' }, true],
    ['whose request is lost', { kind: 'drop' }, true],
    ['that arrives twice in a row, the second one refused', { kind: 'duplicate' }, true],
    ['that is answered with 429', status(429), true],
    ['that is answered with 409', status(409), true],
    ['that is answered with 503', status(503), true],
    ['that is answered with 500', status(500), true],
  ];
  for (const [what, fault, recovered] of ambiguous) {
    test(`${what} is there once, and reported as committed`, async () => {
      world = await worldWith(1);
      const writer = await world.open({ plan: nth(rootPut, 1, fault) });
      expect(await append(writer, 2)).toEqual({ version: 3, recovered });
      expect(writer.store.injected.get(fault.kind)).toBe(1);
      expect(await world.read()).toEqual([1, 2]);
    });
  }

  test('that fails five times in a row and then lands is committed', async () => {
    world = await worldWith(1);
    const writer = await world.open({ plan: nth(rootPut, 1, status(503), 5) });
    expect(await append(writer, 2)).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('whose reply is lost and whose slot cannot be read for a while is found in the end', async () => {
    world = await worldWith(1);
    const slot = calls('get', new RegExp(rootKey(3)));
    const plan = plans(nth(rootPut, 1, { kind: 'loseReply' }), nth(slot, 2, status(503), 25));
    expect(await append(await world.open({ plan }), 2)).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('that another writer built upon before it was read back is found', async () => {
    world = await worldWith(1);
    const other = await world.open();
    let follow: Promise<unknown> | undefined;
    const plan: FaultPlan = (call) => {
      // The reply is lost; the retry of the read-back comes after the other writer went on.
      if (rootPut(call) && call.index > 0 && follow === undefined) {
        follow = Promise.resolve();
        return { kind: 'loseReply' };
      }
      return undefined;
    };
    const writer = await world.open({ plan });
    const [mine] = await Promise.all([append(writer, 2), append(other, 3)]);
    expect(mine.version).toBeGreaterThan(2);
    expect((await world.read()).toSorted()).toEqual([1, 2, 3]);
  });

  const definite: readonly (readonly [string, Fault])[] = [
    ['PermissionDenied', { kind: 'error', code: 'PermissionDenied', status: 403 }],
    ['NotFound', { kind: 'error', code: 'NotFound', status: 404 }],
    ['ResourceExhausted', { kind: 'error', code: 'ResourceExhausted', status: 413 }],
  ];
  for (const [code, fault] of definite) {
    test(`that is answered with ${code} fails with it, and nothing is committed`, async () => {
      world = await worldWith(1);
      const writer = await world.open({ plan: nth(rootPut, 1, fault) });
      expect((await failure(append(writer, 2))).code).toBe(code);
      expect(await world.read()).toEqual([1]);
      expect(await append(writer, 3)).toEqual({ version: 3, recovered: false });
    });
  }

  test('refused for certain after a lost reply is still found', async () => {
    world = await worldWith(1);
    const plan = plans(
      nth(rootPut, 1, { kind: 'late' }),
      nth(rootPut, 2, { kind: 'error', code: 'PermissionDenied', status: 403 }),
    );
    const writer = await world.open({ plan });
    expect(await append(writer, 2)).toEqual({ version: 3, recovered: true });
    await writer.store.applyLate();
    expect(await world.read()).toEqual([1, 2]);
  });

  test('whose slot was taken is rebased with the rows that it has uploaded already', async () => {
    world = await worldWith(1);
    const [first, second] = [await world.open(), await world.open()];
    await second.dataset.version();
    await append(first, 2);
    second.trace.clear();
    expect(await append(second, 3)).toEqual({ version: 4, recovered: false });
    const uploads = second.trace.entries.filter(({ method, key }) => method === 'put' && /^arrays/.test(key));
    expect(uploads).toHaveLength(1);
    expect(await world.read()).toEqual([1, 2, 3]);
  });

  for (const behind of [1, 2, 3, 4, 5, 6, 7, 17, 18, 40]) {
    test(`of a writer that is ${behind} versions behind takes the next slot`, async () => {
      world = await worldWith(0);
      const late = await world.open();
      await late.dataset.version();
      const ahead = await world.open();
      const rows = Array.from({ length: behind }, (_, i) => i + 1);
      for (const row of rows) await append(ahead, row);
      expect(await append(late, -1)).toEqual({ version: 3 + behind, recovered: false });
      expect(await world.slots()).toEqual(Array.from({ length: 3 + behind }, (_, i) => i + 1));
      expect(await world.read()).toEqual([0, ...rows, -1]);
    });
  }

  for (const what of ['request', 'reply'] as const) {
    test(`whose ${what} is on its way while the handle is refreshed past it leaves no gap`, async () => {
      world = await worldWith(0);
      const gate = new Gate(roots, what);
      const [other, writer] = [await world.open(), await world.open({ gate })];
      await writer.dataset.version();
      gate.shut();
      const slow = append(writer, 1);
      await gate.arrived();
      for (const row of [2, 3, 4, 5]) await append(other, row);
      await writer.dataset.refresh();
      const next = append(writer, 6);
      await gate.idle();
      gate.open();
      expect((await slow).version).toBe(what === 'reply' ? 3 : 7);
      expect((await next).version).toBe(what === 'reply' ? 8 : 8);
      expect(await world.slots()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect((await world.read()).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    });
  }

  test('of many transactions of one handle at once has no member that waits for ever', async () => {
    world = await worldWith();
    const writer = await world.open();
    const rows = Array.from({ length: 200 }, (_, i) => i);
    const versions = await Promise.all(
      rows.map(async (row) => {
        // Microtasks apart, so that some join while a group ends.
        for (let turn = 0; turn < row % 23; turn++) await Promise.resolve();
        return (await writer.dataset.write((tx) => tx.create(`array ${row}`, { dtype: 'int32' }))).version;
      }),
    );
    expect(versions).toHaveLength(200);
    expect((await world.head()).root.arrays).toHaveLength(201);
  });
});

describe('an unknown outcome', () => {
  /** A writer whose root PUT gets `fault` for as long as the writer asks, and its token. */
  async function unknown(fault: Fault): Promise<{ writer: Member; token: string; lift: () => void }> {
    world = await worldWith(1);
    const gate = new Switch(rootPut, fault);
    const writer = await world.open({ plan: gate.plan });
    gate.on = true;
    const error = await failure(append(writer, 2));
    expect(error.code).toBe('CommitUnknown');
    expect(error.message).toContain('not known');
    expect(error.hint).toContain('nacre settle');
    const { token } = error.context;
    return { writer, token: String(token), lift: () => (gate.on = false) };
  }

  test('deletes nothing, and is open while its slot is free', async () => {
    const { token, writer } = await unknown({ kind: 'late' });
    expect(await world.keys('arrays/')).toHaveLength(2);
    const other = await world.open();
    expect(await other.dataset.settle(token)).toEqual({ outcome: 'open' });
    expect(await writer.dataset.settle(token)).toEqual({ outcome: 'open' });
    expect(await world.read()).toEqual([1]);
  });

  test('is committed once the late request has landed', async () => {
    const { token, writer } = await unknown({ kind: 'late' });
    await writer.store.applyLate();
    const other = await world.open();
    expect(await other.dataset.settle(token)).toEqual({ outcome: 'committed', version: 3 });
    expect(await values(other.dataset)).toEqual([1, 2]);
  });

  test('is found under versions that were built upon it', async () => {
    const { token, writer } = await unknown({ kind: 'late' });
    await writer.store.applyLate();
    const other = await world.open();
    for (const row of [3, 4, 5, 6, 7]) await append(other, row);
    expect(await other.dataset.settle(token)).toEqual({ outcome: 'committed', version: 3 });
    expect(await (await world.open()).dataset.settle(token, { fence: true })).toEqual({
      outcome: 'committed',
      version: 3,
    });
  });

  test('did not land when its slot holds another version', async () => {
    const { token, writer } = await unknown({ kind: 'late' });
    const other = await world.open();
    await append(other, 3);
    expect(await other.dataset.settle(token)).toEqual({ outcome: 'not-committed' });
    await writer.store.applyLate();
    expect(await other.dataset.settle(token)).toEqual({ outcome: 'not-committed' });
    expect(await world.read()).toEqual([1, 3]);
  });

  test('can be fenced: the late request loses for ever, and nothing else changes', async () => {
    const { token, writer } = await unknown({ kind: 'late' });
    const other = await world.open();
    expect(await other.dataset.settle(token, { fence: true })).toEqual({ outcome: 'not-committed' });
    await writer.store.applyLate();
    expect(await other.dataset.settle(token)).toEqual({ outcome: 'not-committed' });
    expect(await world.read()).toEqual([1]);
    expect((await world.head()).root).toMatchObject({ version: 3, operations: [] });
    expect(await append(other, 3)).toEqual({ version: 4, recovered: false });
    expect(await world.read()).toEqual([1, 3]);
  });

  test('is committed when the late request wins the race against its fence', async () => {
    const { token, writer } = await unknown({ kind: 'late' });
    const plan: FaultPlan = (call) => {
      if (rootPut(call)) void writer.store.applyLate();
      return undefined;
    };
    const other = await world.open({ plan });
    expect(await other.dataset.settle(token, { fence: true })).toEqual({ outcome: 'committed', version: 3 });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('leaves the handle usable: the next commit takes the slot, or finds the late one there', async () => {
    const { token, writer, lift } = await unknown({ kind: 'late' });
    lift();
    await append(writer, 3);
    await writer.store.applyLate();
    expect(await writer.dataset.settle(token)).toEqual({ outcome: 'not-committed' });
    expect(await world.read()).toEqual([1, 3]);
  });

  test('whose fence has an unknown outcome itself is told as such', async () => {
    const { token } = await unknown({ kind: 'late' });
    const other = await world.open({ plan: nth(rootPut, 1, status(503), Number.POSITIVE_INFINITY) });
    expect((await failure(other.dataset.settle(token, { fence: true }))).code).toBe('Unavailable');
  });

  test('of a group gives each member a token of its own', async () => {
    world = await worldWith(1);
    const gate = new Switch(rootPut, { kind: 'late' });
    const writer = await world.open({ plan: gate.plan });
    await writer.dataset.version();
    gate.on = true;
    const errors = await Promise.all([2, 3, 4].map((row) => failure(append(writer, row))));
    const tokens = new Set(errors.map(({ context }) => String(context['token'])));
    expect(tokens.size).toBe(3);
    gate.on = false;
    await writer.store.applyLate();
    const other = await world.open();
    const settled = await Promise.all([...tokens].map((token) => other.dataset.settle(token)));
    const rows = await world.read();
    expect(settled.filter(({ outcome }) => outcome === 'committed')).toHaveLength(rows.length - 1);
  });

  test('of another dataset is refused by name', async () => {
    const { token } = await unknown({ kind: 'late' });
    await world.close();
    world = await worldWith(1);
    const { dataset } = await world.open();
    const other = token.replace(/^nacre1\.[0-9a-f]{32}/, `nacre1.${'0'.repeat(32)}`);
    expect(await failure(dataset.settle(other))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(dataset.settle('nacre1.zz'))).toMatchObject({ code: 'InvalidArgument' });
  });

  test('is what a damaged answer to the read-back makes of a lost reply, not a failure', async () => {
    world = await worldWith(1);
    const slot = calls('get', new RegExp(rootKey(3)));
    const plan = plans(
      nth(rootPut, 1, { kind: 'loseReply' }),
      nth(slot, 2, { kind: 'flipBit', bit: 999 }, 3),
    );
    expect(await append(await world.open({ plan }), 2)).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1, 2]);
  });
});

describe('a signal', () => {
  test('that fired before ends the write, and nothing is committed', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    const write = dataset.write((tx) => tx.append('a', int32(2)), { signal: AbortSignal.abort() });
    expect((await failure(write)).code).toBe('Aborted');
    expect(await world.read()).toEqual([1]);
  });

  test('that fires in the callback ends the write, and nothing is committed', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    const controller = new AbortController();
    const write = dataset.write(
      async (tx) => {
        await tx.append('a', int32(2));
        controller.abort();
      },
      { signal: controller.signal },
    );
    expect((await failure(write)).code).toBe('Aborted');
    expect(await world.read()).toEqual([1]);
  });

  test('that fires while the root is on its way makes the outcome unknown, and it can be settled', async () => {
    world = await worldWith(1);
    const controller = new AbortController();
    const plan: FaultPlan = (call) => {
      if (!rootPut(call)) return undefined;
      queueMicrotask(() => controller.abort());
      return { kind: 'delay', ms: 100 };
    };
    const writer = await world.open({ plan });
    const error = await failure(
      writer.dataset.write((tx) => tx.append('a', int32(2)), { signal: controller.signal }),
    );
    expect(error.code).toBe('CommitUnknown');
    await writer.dataset.close();
    const other = await world.open();
    expect(await other.dataset.settle(String(error.context['token']))).toEqual({
      outcome: 'committed',
      version: 3,
    });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('that fires while the root is on its way ends the chase: a lost slot is not followed', async () => {
    world = await worldWith(1);
    const gate = new Gate(roots);
    const [other, writer] = [await world.open(), await world.open({ gate })];
    await writer.dataset.version();
    gate.shut();
    const controller = new AbortController();
    const { signal } = controller;
    const write = failure(writer.dataset.write((tx) => tx.append('a', int32(2)), { signal }));
    await gate.arrived();
    await append(other, 3);
    controller.abort();
    const error = await write;
    expect(error.code).toBe('CommitUnknown');
    // What settle says now must stay true for ever.
    expect(await other.dataset.settle(String(error.context['token']))).toEqual({ outcome: 'not-committed' });
    gate.open();
    await writer.dataset.close();
    expect(await world.read()).toEqual([1, 3]);
  });

  test('that fires while the transaction waits for its group ends it for certain', async () => {
    world = await worldWith(1);
    const gate = new Gate(roots);
    const writer = await world.open({ gate });
    await append(writer, 2);
    gate.shut();
    const first = append(writer, 3);
    await gate.arrived();
    const controller = new AbortController();
    const { signal } = controller;
    const second = failure(writer.dataset.write((tx) => tx.append('a', int32(4)), { signal }));
    await gate.idle();
    controller.abort();
    expect((await second).code).toBe('Aborted');
    gate.open();
    await first;
    await writer.dataset.close();
    expect(await world.read()).toEqual([1, 2, 3]);
  });

  test('may serve any number of writes', async () => {
    world = await worldWith();
    const writer = await world.open();
    const { signal } = new AbortController();
    for (let row = 0; row < 15; row++)
      await writer.dataset.write((tx) => tx.append('a', int32(row)), { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('a group that is too much for one root', () => {
  test('goes into several, and none of it is refused', async () => {
    world = await worldWith(...Array.from({ length: 60_000 }, (_, i) => i));
    const { dataset } = await world.open();
    // Scattered rows, so that each set takes its full space in the root.
    const idsOf = (part: number) => Array.from({ length: 900 }, (_, i) => 2 * (900 * part + i));
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, part) => dataset.write((tx) => tx.drop('a', { ids: idsOf(part) }))),
    );
    const versions = new Set(results.map(({ version }) => version));
    expect(versions.size).toBeGreaterThan(1);
    expect(versions.size).toBeLessThan(30);
    expect((await dataset.info()).arrays['a']?.shape).toEqual([60_000 - 30 * 900]);
  });
});
