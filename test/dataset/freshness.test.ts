// No answer is older than what was acknowledged before the handle was opened or refreshed, whatever the hint
// says; and what that costs, request by request.
import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { LocalStore } from '../../src/storage/local.js';
import { systemRuntime } from '../../src/util/runtime.js';
import type { FaultPlan } from '../support/faulty-store.js';
import { failure } from '../support/failure.js';
import type { Trace } from '../support/recording-store.js';
import { filled, int32, type Member, values, World, worldWith } from './world.js';

let world: World;
/** Long beside what a digest takes, so that uploads and the look at the head overlap. */
const latencyMs = 150;
afterEach(() => world?.close());

const append = (member: Member, ...rows: number[]) =>
  member.dataset.write((tx) => tx.append('a', int32(...rows)));

function cost({ entries }: Trace): { requests: number; lists: number; waves: number } {
  const counted = entries.filter(({ wave }) => wave > 0);
  return {
    requests: counted.length,
    lists: counted.filter(({ method }) => method === 'list').length,
    waves: Math.max(0, ...counted.map(({ wave }) => wave)),
  };
}

describe('a handle that is opened after an acknowledgement', () => {
  test('never answers older, in memory, the hint held back at any distance', async () => {
    world = await worldWith(0);
    const writer = await world.open();
    await append(writer, 1);
    await writer.dataset.close();
    const release = await world.holdHint();
    const ahead = await world.open();
    for (let row = 2; row <= 60; row++) {
      await append(ahead, row);
      await release();
      const { dataset } = await world.open({ create: false });
      expect((await values(dataset)).at(-1)).toBe(row);
      expect(await dataset.version()).toBe(row + 2);
      await dataset.close();
      await release();
    }
  });

  test('never answers older, on a folder, the hint held back', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'nacre-fresh-'));
    try {
      const open = () =>
        openStoreDataset(new LocalStore(folder, systemRuntime), { create: true, cacheDir: false });
      const writer = await open();
      await writer.write((tx) => tx.create('a', { dtype: 'int32' }));
      await writer.close();
      const bare = new LocalStore(folder, systemRuntime);
      const hint = (await bare.get(hintKey))?.bytes ?? new Uint8Array();
      const ahead = await open();
      for (let row = 0; row < 40; row++) {
        await ahead.write((tx) => tx.append('a', int32(row)));
        await bare.put(hintKey, hint);
        const reader = await open();
        expect((await values(reader)).at(-1)).toBe(row);
        await reader.close();
      }
      await ahead.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('throws away what it read on an old hint, results and errors alike', async () => {
    world = await worldWith(1, 2, 3);
    const release = await world.holdHint();
    const writer = await world.open();
    await writer.dataset.write(async (tx) => {
      await tx.rename('a', 'b');
      await tx.replace('b', [0], int32(9));
    });
    await writer.dataset.close();
    await release();
    const reader = await world.open({ create: false });
    // The array is there by the hint, and not by the head.
    expect((await failure(reader.dataset.array('a').read())).code).toBe('NotFound');
    await release();
    const other = await world.open({ create: false });
    // By the hint it is not there.
    expect(await values(other.dataset, 'b')).toEqual([9, 2, 3]);
  });

  test('stays at its version until it is refreshed', async () => {
    world = await worldWith(1);
    const [reader, writer] = [await world.open(), await world.open()];
    expect(await values(reader.dataset)).toEqual([1]);
    await append(writer, 2);
    expect(await values(reader.dataset)).toEqual([1]);
    expect(await reader.dataset.refresh()).toBe(3);
    expect(await values(reader.dataset)).toEqual([1, 2]);
  });

  test('serves two reads at once when the caller of the first gives up', async () => {
    world = await worldWith(1, 2);
    const plan: FaultPlan = ({ method, key }) =>
      method === 'get' && key === rootKey(3) ? { kind: 'delay', ms: 500 } : undefined;
    const { dataset } = await world.open({ create: false, plan });
    const controller = new AbortController();
    const first = failure(dataset.array('a').read({ signal: controller.signal }));
    const second = dataset.array('a').read();
    controller.abort();
    expect((await first).code).toBe('Aborted');
    expect(Array.from((await second).data as Int32Array)).toEqual([1, 2]);
  });

  test('that lost the race to create looks for what the winner committed since', async () => {
    world = await worldWith(5);
    await world.close();
    // A listing and a hint that show nothing yet: the first slot is found taken when it is created.
    let blind = true;
    const plan: FaultPlan = ({ method }) =>
      blind && method === 'list' ? { kind: 'staleList', puts: 9 } : undefined;
    await world.bare.delete([hintKey]);
    const roots = await Promise.all([1, 2].map(async (version) => world.bare.get(rootKey(version))));
    await world.bare.delete([rootKey(1), rootKey(2)]);
    const opening = world.open({
      plan: (call) => {
        if (call.method === 'put' && call.key === rootKey(1)) {
          for (const [i, root] of roots.entries())
            if (root !== undefined) void world.bare.put(rootKey(i + 1), root.bytes);
        }
        return plan(call);
      },
    });
    const { dataset } = await opening;
    blind = false;
    expect(await values(dataset)).toEqual([5]);
  });
});

describe('what it costs', () => {
  test('to open: two requests and no LIST', async () => {
    world = await worldWith(1);
    const { dataset, trace } = await world.open({ create: false, latencyMs });
    await dataset.version();
    expect(cost(trace)).toMatchObject({ requests: 2, lists: 0 });
  });

  test('to open with a hint 1,000 versions back: at most six requests, one of them a LIST', async () => {
    world = await worldWith(1);
    const release = await world.holdHint();
    for (let i = 0; i < 1_000; i++) await world.plantNext({});
    await release();
    const { dataset, trace } = await world.open({ create: false, latencyMs });
    expect(await dataset.version()).toBe(1_002);
    const { requests, lists } = cost(trace);
    expect(requests).toBeLessThanOrEqual(6);
    expect(lists).toBe(1);
  });

  test('to open and read 100 rows: at most three requests in two waves', async () => {
    world = await worldWith(...Array.from({ length: 1_000 }, (_, i) => i));
    const { dataset, trace } = await world.open({ create: false, latencyMs });
    await dataset.array('a').read({ start: 300, end: 400 });
    expect(cost(trace)).toEqual({ requests: 3, lists: 0, waves: 2 });
  });

  test('to append on a handle that has read: at most three requests in two waves', async () => {
    world = await worldWith(1);
    const member = await world.open({ latencyMs });
    await member.dataset.version();
    member.trace.clear();
    await append(member, 2);
    expect(cost(member.trace)).toEqual({ requests: 3, lists: 0, waves: 2 });
  });

  test('to append again: two requests in two waves', async () => {
    world = await worldWith(1);
    const member = await world.open({ latencyMs });
    await append(member, 2);
    await world.runtime.advance(10_000);
    member.trace.clear();
    await append(member, 3);
    expect(cost(member.trace)).toEqual({ requests: 2, lists: 0, waves: 2 });
  });
});

describe('the worked trace', () => {
  /** Compares with the fixture; `NACRE_UPDATE_FIXTURES=1` writes it anew. */
  function expectFixture(name: string, lines: readonly string[]): void {
    const file = path.join(import.meta.dirname, '..', 'manifest', 'fixtures', name);
    const text = `${lines.join('\n')}\n`;
    if (process.env['NACRE_UPDATE_FIXTURES'] === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  }

  test('of one commit and of one cold read is as it was written down', async () => {
    world = await filled(
      new World(1, 'trace'),
      Array.from({ length: 500 }, (_, i) => i),
    );
    const writer = await world.open({ latencyMs });
    await append(writer, ...Array.from({ length: 100 }, (_, i) => i));
    while (writer.trace.entries.at(-1)?.outcome !== 'written') await setTimeout(20);
    expectFixture('commit.trace', writer.trace.lines());
    const reader = await world.open({ create: false, latencyMs });
    await reader.dataset.array('a').read({ start: 480, end: 580 });
    expectFixture('cold-read.trace', reader.trace.lines());
  });
});
