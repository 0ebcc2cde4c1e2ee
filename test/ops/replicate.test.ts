// Replication: only what is missing, checked on the way, so that the destination opens at every moment at a
// version of the source; and whatever else stands there is refused, by name.
import type { NacreError } from '../../src/errors.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readHint } from '../../src/manifest/hint.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { listReplicas } from '../../src/manifest/replicas.js';
import { status } from '../../src/ops/status.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { filled, functions, int32, values, World, worldWith } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, type FaultPlan, faulty, nth } from '../support/faulty-store.js';
import { recording, Trace } from '../support/recording-store.js';
import { content, environment, type Pair, promoted, replicated } from './replicate-world.js';
import { dayMs, missingKeys } from './support.js';

let source: World;
let destination: World;
let pair: Pair;

async function append(world: World, ...rows: number[]): Promise<void> {
  const { dataset } = await world.open({ create: false });
  for (const row of rows) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
}

beforeEach(async () => {
  source = await worldWith(0, 1, 2);
  await append(source, 3, 4, 5);
  destination = new World(2);
  pair = { source, destination };
});
afterEach(async () => {
  await source.close();
  await destination.close();
});

describe('bad input', () => {
  test('a source that is empty, a destination that is the source, or lies in it', async () => {
    const empty = await failure(replicated({ source: new World(7), destination }));
    expect(empty).toMatchObject({ code: 'NotFound' });
    const same = await failure(replicated({ source, destination: source }));
    expect(same).toMatchObject({ code: 'InvalidArgument' });
    const within = new World(8, `${source.name}/copy`);
    expect(await failure(replicated({ source, destination: within }))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(/inside/) as string,
    });
    expect(await within.keys()).toEqual([]);
  });

  test('a destination with another dataset, or with a primary of the same one, is refused as it is', async () => {
    const stranger = await filled(new World(3), [9]);
    const before = await content(stranger);
    const error = await failure(replicated({ source, destination: stranger }));
    expect(error).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(/another/) as string,
    });
    expect(await content(stranger)).toEqual(before);
    await replicated(pair);
    const back = await failure(replicated({ source: destination, destination: source }));
    expect(back).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(/primary/) as string,
    });
  });

  test('a copy that another tool made, and a damaged hint, are refused by name', async () => {
    for (const key of await source.keys())
      await destination.bare.put(key, (await source.bare.get(key))?.bytes ?? new Uint8Array());
    const foreign = await failure(replicated(pair));
    expect(foreign).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(/copy/) as string,
    });
    await destination.bare.put(hintKey, new Uint8Array(100));
    expect(await failure(replicated(pair))).toMatchObject({ code: 'Corrupt', context: { key: hintKey } });
  });

  test('a destination that has a version more than the source is named by that version', async () => {
    const before = await source.holdHint();
    await append(source, 6);
    await replicated(pair);
    await source.bare.delete([rootKey(6)]);
    await before();
    expect(await failure(replicated(pair))).toMatchObject({ code: 'Conflict', context: { version: 6 } });
    expect(await destination.slots()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a replica takes no writes and no clean-up until it is promoted', async () => {
    await replicated(pair);
    const { dataset } = await destination.open({ create: false });
    const refused = { code: 'PermissionDenied' };
    expect(await failure(dataset.write((tx) => tx.append('a', int32(9))))).toMatchObject(refused);
    expect(await failure(dataset.gc())).toMatchObject(refused);
    expect(await failure(dataset.expire({ keepLast: 1 }))).toMatchObject(refused);
    const { root } = await destination.head();
    const token = `nacre1.${Buffer.from(root.dataset).toString('hex')}.${root.version + 1}.${'ab'.repeat(16)}`;
    expect(await failure(dataset.settle(token, { fence: true }))).toMatchObject(refused);
    expect(await dataset.settle(token)).toEqual({ outcome: 'open' });
    await dataset.close();
    expect(await readHint(destination.bare, functions)).toMatchObject({ role: 'replica' });
  });
});

describe('what is copied', () => {
  test('every version, bytes unchanged, once', async () => {
    const report = await replicated(pair);
    expect(report).toMatchObject({ version: 5, versions: 5, objects: 4, presentObjects: 0 });
    expect(await content(destination)).toEqual(await content(source));
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
    await append(source, 6, 7);
    expect(await replicated(pair)).toMatchObject({ version: 7, versions: 2, objects: 2, presentObjects: 0 });
    expect(await content(destination)).toEqual(await content(source));
    expect(await destination.keys('leases/')).toEqual([]);
  });

  test('large manifests with their segments, and a version that is void', async () => {
    const { dataset } = await source.open();
    for (let row = 6; row < 420; row++) await dataset.write((tx) => tx.append('a', int32(row)));
    await dataset.close();
    expect((await source.keys('segments/')).length).toBeGreaterThan(0);
    const head = await source.head();
    const stranger = await (await filled(new World(9), [1])).head();
    await source.plant(stranger.root, head.root.version + 1);
    await append(source, 1_000);
    await replicated(pair);
    expect(await content(destination)).toEqual(await content(source));
    expect(await destination.read()).toEqual(await source.read());
  });

  test('of versions that expired their roots alone', async () => {
    const { dataset } = await source.open();
    await dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(50));
    });
    await source.runtime.advance(3 * dayMs);
    await dataset.expire({ keepLast: 1 });
    await source.runtime.advance(3 * dayMs);
    expect((await dataset.gc()).deleted).toBe(4);
    await dataset.close();
    const report = await replicated(pair);
    expect(report).toMatchObject({ versions: (await source.slots()).length, objects: 1 });
    expect(await destination.slots()).toEqual(await source.slots());
    expect(await missingKeys(destination)).toEqual([]);
    expect(await destination.read()).toEqual([50]);
  });

  test('what is there in its size is not copied again; verify reads it, and replaces what is wrong', async () => {
    await replicated(pair);
    const [first = '', second = ''] = await destination.keys('arrays/');
    await destination.flip(first);
    await destination.bare.put(second, new Uint8Array(3));
    expect(await replicated(pair)).toMatchObject({ objects: 0, versions: 0 });
    const report = await replicated(pair, { verify: true });
    expect(report).toMatchObject({ objects: 2, mendedObjects: 2, presentObjects: 2, verifiedObjects: 3 });
    expect(await content(destination)).toEqual(await content(source));
    expect((await destination.keys('quarantine/')).length).toBe(4);
  });

  test('verify puts back a root that is missing and names one that is damaged', async () => {
    await replicated(pair);
    await destination.bare.delete([rootKey(2)]);
    expect(await replicated(pair, { verify: true })).toMatchObject({ versions: 1 });
    await destination.flip(rootKey(3));
    const error = await failure(replicated(pair, { verify: true }));
    expect(error).toMatchObject({ code: 'Corrupt', context: { key: rootKey(3), version: 3 } });
  });
});

describe('what is damaged at the source', () => {
  test('is read again, then taken from another replica', async () => {
    const flip = nth(calls('get', /^arrays/), 1, { kind: 'flipBit', bit: 900 });
    await replicated(pair, { from: faulty(source.bare, flip, source.runtime) });
    expect(await content(destination)).toEqual(await content(source));
    const whole = await content(source);
    const [key = ''] = await source.keys('arrays/');
    await source.flip(key);
    const third = { source, destination: new World(4) };
    const warnings: NacreError[] = [];
    const report = await replicated(third, { others: [new World(5), destination], warnings });
    expect(await content(third.destination)).toEqual(whole);
    expect(warnings).toMatchObject([{ code: 'Corrupt', context: { key, uri: destination.bare.uri } }]);
    // What was read in vain is none of what came.
    expect(report.bytes).toBe(
      (await replicated({ source, destination: new World(6) }, { from: destination.bare })).bytes,
    );
  });

  test('and nowhere right is named, and not written; versions before it are there', async () => {
    const [key = ''] = await source.keys('arrays/');
    await source.flip(key);
    const error = await failure(replicated(pair));
    expect(error).toMatchObject({ code: 'Corrupt', context: { key } });
    expect(await destination.keys()).not.toContain(key);
    expect(await destination.keys('leases/')).toEqual([]);
    expect(await missingKeys(destination)).toEqual([]);
  });
});

describe('requests', () => {
  const traced = async (options = {}): Promise<string[]> => {
    const [from, to] = [new Trace(), new Trace()];
    await replicated(pair, {
      from: recording(source.bare, from),
      to: recording(destination.bare, to),
      ...options,
    });
    return [...from.lines(), ...to.lines()];
  };

  test('with nothing new there are four, and three that leave no record', async () => {
    await replicated(pair);
    expect(await traced()).toHaveLength(4);
    expect(await traced({ register: false })).toHaveLength(3);
  });

  test('with nothing new and both hints far behind there are eight', async () => {
    await append(source, 6);
    await replicated(pair);
    const behind = [await source.holdHint(), await destination.holdHint()];
    await append(source, ...Array.from({ length: 150 }, (_, i) => i));
    await replicated(pair);
    for (const putBack of behind) await putBack();
    expect(await traced()).toHaveLength(8);
    expect((await traced()).length).toBeLessThanOrEqual(8);
  });
});

describe('the record at the source', () => {
  test('is written when it changes, tells status how far the replica is behind, and may be refused', async () => {
    await replicated(pair);
    const records = await listReplicas(source.bare, (await source.head()).root.dataset, functions);
    expect(records).toMatchObject([{ uri: destination.bare.uri, version: 5 }]);
    expect((await status(environment(source))).replicas).toMatchObject([{ lagVersions: 0, lagMs: 0 }]);
    await append(source, 6, 7);
    await source.runtime.advance(90_000);
    const { replicas, role } = await status(environment(source));
    expect({ role, replicas }).toMatchObject({ role: 'primary', replicas: [{ version: 5, lagVersions: 2 }] });
    expect(replicas[0]?.lagMs).toBeGreaterThanOrEqual(90_000);
    expect((await status(environment(destination))).role).toBe('replica');
    const refuse = nth(calls('put', /^replicas/), 1, {
      kind: 'error',
      code: 'PermissionDenied',
      status: 403,
    });
    const warnings: never[] = [];
    await replicated(pair, { from: faulty(source.bare, refuse, source.runtime), warnings });
    expect(warnings).toMatchObject([{ code: 'PermissionDenied' }]);
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await replicated(pair);
    expect((await status(environment(source))).replicas).toMatchObject([{ version: 7, lagVersions: 0 }]);
  });
});

describe('killed at a request', () => {
  /** From one request on none is answered, at either place; that one is perhaps applied. */
  async function run(end: number, kind: 'drop' | 'loseReply'): Promise<{ isDone: boolean; to: World }> {
    const to = new World(100 + end);
    let sent = 0;
    const plan: FaultPlan = () => {
      sent += 1;
      if (sent < end) return undefined;
      return sent === end && kind === 'loseReply' ? { kind } : { kind: 'error', code: 'Aborted' };
    };
    const stores = { from: faulty(source.bare, plan), to: faulty(to.bare, plan) };
    const isDone = await replicated({ source, destination: to }, stores).then(
      () => sent < end,
      () => false,
    );
    return { isDone, to };
  }

  test.each(['drop', 'loseReply'] as const)(
    '(%s) and run again it is complete, and nothing is copied twice',
    async (kind) => {
      for (let end = 1; ; end++) {
        const { isDone, to } = await run(end, kind);
        if (isDone) {
          expect(end).toBeGreaterThan(30);
          break;
        }
        // What is there opens, whole, at a version of the source.
        const slots = await to.slots();
        expect(slots).toEqual(slots.map((_, i) => i + 1));
        if (slots.length > 0) expect(await missingKeys(to)).toEqual([]);
        const before = new Set(await to.keys('arrays/'));
        const trace = new Trace();
        await replicated({ source, destination: to }, { to: recording(to.bare, trace) });
        const again = trace.entries.filter(({ method, key }) => method === 'put' && before.has(key));
        expect(again, `${kind} at ${end}`).toEqual([]);
        expect(await content(to)).toEqual(await content(source));
        expect(await readHint(to.bare, functions)).toMatchObject({ role: 'replica', problem: undefined });
        expect(await to.read()).toEqual([0, 1, 2, 3, 4, 5]);
        await to.close();
      }
    },
  );
});

describe('meanwhile at the source', () => {
  test('commits go on: the destination gets a version of before, and the next round the rest', async () => {
    const { dataset } = await source.open();
    let rows = 0;
    const busy = forwarding(source.bare, {
      get: async (key, options) => {
        const body = await source.bare.get(key, options);
        if (key.startsWith('arrays/') && rows < 3)
          await dataset.write((tx) => tx.append('a', int32(60 + rows++)));
        return body;
      },
    });
    expect(await replicated(pair, { from: busy })).toMatchObject({ version: 5 });
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
    await replicated(pair);
    expect(rows).toBeGreaterThan(0);
    expect(await destination.read()).toEqual(await source.read());
    await dataset.close();
  });

  test('a clean-up takes what a version needed while that is copied: it goes on with what is kept', async () => {
    const { dataset } = await source.open();
    await dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(50));
    });
    await source.runtime.advance(3 * dayMs);
    let cleaned = false;
    const busy = forwarding(source.bare, {
      get: async (key, options) => {
        if (key.startsWith('arrays/') && !cleaned) {
          cleaned = true;
          await dataset.expire({ keepLast: 1, minAgeMs: 0 });
          await source.runtime.advance(1);
          await dataset.gc({ graceMs: 0 });
        }
        return source.bare.get(key, options);
      },
    });
    await replicated(pair, { from: busy });
    expect(cleaned).toBe(true);
    expect(await destination.slots()).toEqual(await source.slots());
    expect(await missingKeys(destination)).toEqual([]);
    expect(await destination.read()).toEqual([50]);
    await dataset.close();
  });
});

describe('a watch', () => {
  test('goes on, past a store that does not answer for a while, until its signal fires', async () => {
    const end = new AbortController();
    const versions: number[] = [];
    const warnings: never[] = [];
    let refused = 0;
    const flaky = faulty(
      destination.bare,
      () => (versions.length === 1 && refused++ < 40 ? { kind: 'error', code: 'Unavailable' } : undefined),
      destination.runtime,
    );
    const watching = failure(
      replicated(pair, {
        ...{ watch: true, intervalMs: 1_000, signal: end.signal, to: flaky, warnings },
        onRound: ({ version }) => versions.push(version),
      }),
    );
    while (versions.length < 1) await destination.runtime.advance(100);
    await append(source, 6);
    while (versions.filter((version) => version === 6).length < 2) await destination.runtime.advance(1_000);
    end.abort();
    expect(await watching).toMatchObject({ code: 'Aborted' });
    // Rounds go by while the version is made.
    expect(versions[0]).toBe(5);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(warnings.length).toBeGreaterThan(0);
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('promote', () => {
  test('gives a primary with a lineage of its own; a place that is no replica is refused', async () => {
    await replicated(pair);
    const before = await destination.head();
    expect(await promoted(destination)).toEqual({ uri: destination.bare.uri, replicated: 5, version: 6 });
    const { root } = await destination.head();
    expect(root.operations).toMatchObject([{ kinds: ['promote'] }]);
    expect(root.lineage).not.toEqual(before.root.lineage);
    await append(destination, 70);
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5, 70]);
    expect(await failure(promoted(destination))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(promoted(source))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(promoted(new World(11)))).toMatchObject({ code: 'NotFound' });
  });

  test('killed between the version and the hint, it is promoted again, and replication stops', async () => {
    await replicated(pair);
    const refuse = nth(calls('put', /^latest/), 1, { kind: 'error', code: 'PermissionDenied' }, Infinity);
    const dying = faulty(destination.bare, refuse, destination.runtime);
    expect((await failure(promoted(destination, dying))).code).toBe('PermissionDenied');
    await append(source, 6);
    expect(await failure(replicated(pair))).toMatchObject({ code: 'Conflict', context: { version: 6 } });
    await promoted(destination);
    await append(destination, 70);
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5, 70]);
    expect(await values((await source.open()).dataset)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
