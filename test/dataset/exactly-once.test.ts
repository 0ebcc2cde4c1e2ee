// A write with an identity of its caller's happens once, however often it is asked for.
import { afterEach, describe, expect, test } from 'vitest';
import { calls, type FaultPlan, nth } from '../support/faulty-store.js';
import { failure } from '../support/failure.js';
import type { WriteCall } from '../../src/dataset/operation.js';
import { Gate, int32, type Member, World, worldWith } from './world.js';

const rootPut = calls('put', /^versions\//);
const operationId = '0b0b0b0b-1c1c-4d4d-8e8e-2f2f2f2f2f2f';
const dayMs = 24 * 3600 * 1000;
let world: World;
afterEach(() => world.close());

const append = (member: Member, row: number, options: WriteCall) =>
  member.dataset.write((tx) => tx.append('a', int32(row)), options);

describe('an operation id', () => {
  test('repeated by another process gives the version of the first', async () => {
    world = await worldWith();
    expect(await append(await world.open(), 1, { operationId })).toEqual({ version: 3, recovered: false });
    expect(await append(await world.open(), 2, {})).toEqual({ version: 4, recovered: false });
    expect(await append(await world.open(), 1, { operationId })).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('is the same with and without dashes, in either case', async () => {
    world = await worldWith();
    const writer = await world.open();
    await append(writer, 1, { operationId });
    const plain = operationId.replaceAll('-', '').toUpperCase();
    expect(await append(writer, 1, { operationId: plain })).toEqual({ version: 3, recovered: true });
  });

  test('repeated at once by one handle happens once', async () => {
    world = await worldWith();
    const writer = await world.open();
    const results = await Promise.all([1, 1, 1, 1].map((row) => append(writer, row, { operationId })));
    expect(new Set(results.map(({ version }) => version)).size).toBe(1);
    expect(results.filter(({ recovered }) => recovered)).toHaveLength(3);
    expect(await world.read()).toEqual([1]);
  });

  test('repeated at once by several handles happens once', async () => {
    world = await worldWith();
    const writers = await Promise.all([1, 2, 3, 4].map(() => world.open()));
    const results = await Promise.all(writers.map((writer) => append(writer, 1, { operationId })));
    expect(new Set(results.map(({ version }) => version)).size).toBe(1);
    expect(await world.read()).toEqual([1]);
  });

  test('repeated while the first is on its way, after its caller gave up, happens once', async () => {
    world = await worldWith();
    const gate = new Gate(/^versions\//);
    const writer = await world.open({ gate });
    await writer.dataset.version();
    gate.shut();
    const controller = new AbortController();
    const first = failure(append(writer, 1, { operationId, signal: controller.signal }));
    await gate.arrived();
    controller.abort();
    expect((await first).code).toBe('CommitUnknown');
    const second = append(writer, 1, { operationId });
    await gate.idle();
    gate.open();
    expect(await second).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1]);
  });

  test('repeated after an unknown outcome happens once, whether or not the first landed', async () => {
    for (const lands of [true, false]) {
      world = await worldWith();
      const plan = nth(rootPut, 1, { kind: 'late' }, Number.POSITIVE_INFINITY);
      const writer = await world.open({ plan });
      expect((await failure(append(writer, 1, { operationId }))).code).toBe('CommitUnknown');
      if (lands) await writer.store.applyLate();
      const again = await append(await world.open(), 1, { operationId });
      expect(again).toEqual({ version: 3, recovered: lands });
      await writer.store.applyLate();
      expect(await world.read()).toEqual([1]);
      await world.close();
    }
  });

  test('is recognised by a transaction that is rebased over its own first commit', async () => {
    world = await worldWith();
    const [first, second] = [await world.open(), await world.open()];
    await second.dataset.version();
    await append(first, 1, { operationId });
    expect(await append(second, 1, { operationId })).toEqual({ version: 3, recovered: true });
    expect(await world.read()).toEqual([1]);
  });

  test('is remembered for 7 days and then forgotten', async () => {
    world = await worldWith();
    const writer = await world.open();
    await append(writer, 1, { operationId });
    await world.runtime.advance(7 * dayMs - 60_000);
    await append(writer, 2, {});
    expect(await append(writer, 1, { operationId })).toEqual({ version: 3, recovered: true });
    await world.runtime.advance(2 * 60_000);
    await append(writer, 3, {});
    expect((await world.head()).root.recentOperations).toEqual([]);
  });

  test('of a transaction without changes makes one version', async () => {
    world = await worldWith();
    const writer = await world.open();
    expect(await writer.dataset.write(() => undefined, { operationId })).toEqual({
      version: 3,
      recovered: false,
    });
    expect(await writer.dataset.write(() => undefined, { operationId })).toEqual({
      version: 3,
      recovered: true,
    });
    expect(await writer.dataset.write(() => undefined)).toEqual({ version: 3, recovered: false });
  });

  test('that is none is refused', async () => {
    world = await worldWith();
    const writer = await world.open();
    for (const bad of ['', 'abc', 'g'.repeat(32), '0'.repeat(31), '0'.repeat(33)]) {
      expect((await failure(append(writer, 1, { operationId: bad }))).code).toBe('InvalidArgument');
    }
  });
});

describe('an application sequence', () => {
  const at = (sequence: number, name = 'loader') => ({ application: { name, sequence } });

  test('at or below the last one changes nothing, for ever', async () => {
    world = await worldWith();
    const writer = await world.open();
    await append(writer, 1, at(1));
    await append(writer, 5, at(5));
    await world.runtime.advance(400 * dayMs);
    await append(writer, 100, {});
    expect(await append(await world.open(), 3, at(3))).toEqual({ version: 4, recovered: true });
    expect(await append(await world.open(), 5, at(5))).toEqual({ version: 4, recovered: true });
    expect(await append(await world.open(), 6, at(6))).toEqual({ version: 6, recovered: false });
    expect(await world.read()).toEqual([1, 5, 100, 6]);
  });

  test('of one application says nothing about another', async () => {
    world = await worldWith();
    const writer = await world.open();
    await append(writer, 1, at(7));
    expect(await append(writer, 2, at(1, 'other'))).toEqual({ version: 4, recovered: false });
  });

  test('handed in at once by one handle are all there, each once, and the highest is kept', async () => {
    world = await worldWith();
    const writer = await world.open();
    const rows = [1, 2, 2, 3, 4, 4];
    const results = await Promise.all(rows.map((row) => append(writer, row, at(row))));
    expect(results.filter(({ recovered }) => recovered)).toHaveLength(2);
    expect(await world.read()).toEqual([1, 2, 3, 4]);
    expect((await world.head()).root.applications).toMatchObject([{ name: 'loader', sequence: 4 }]);
  });

  test('that is not 1 or more is refused', async () => {
    world = await worldWith();
    const writer = await world.open();
    for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      expect((await failure(append(writer, 1, at(bad)))).code).toBe('InvalidArgument');
    }
  });
});

describe('a handle whose store failed', () => {
  test('commits again when the store answers again', async () => {
    world = await worldWith();
    let down = false;
    const plan: FaultPlan = (call) =>
      down && call.method === 'get' ? { kind: 'error', code: 'Unavailable', status: 503 } : undefined;
    const writer = await world.open({ plan });
    await writer.dataset.version();
    down = true;
    expect((await failure(append(writer, 1, {}))).code).toBe('Unavailable');
    down = false;
    expect(await append(writer, 1, {})).toEqual({ version: 3, recovered: false });
  });
});
