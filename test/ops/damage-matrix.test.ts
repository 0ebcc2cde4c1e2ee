// Objects of every kind are flipped, cut, deleted and swapped: a scrub names each, a repair mends each, and
// every version reads as before.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { functions } from '../dataset/world.js';
import { readHint } from '../../src/manifest/hint.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { resolveObject } from '../../src/manifest/objects.js';
import { inlineBytes } from '../../src/manifest/row-sets.js';
import { storesUnderTest } from '../support/servers/index.ts';
import { Damaged, everything, type Hurt } from './damaged-world.js';

const attributes = (rows: number, first = 0) => ({
  lang: Array.from({ length: rows }, (_, i) => ['de', 'en', 'fr'][(i + first) % 3] ?? ''),
  year: Array.from({ length: rows }, (_, i) => 1990 + ((i + first) % 40)),
});

const vectors = (rows: number) => ({
  data: Float32Array.from({ length: rows * 8 }, (_, i) => Math.sin(i * 1.7)),
  shape: [rows, 8],
});

const numbers = (rows: number, first = 0) => ({
  data: Int32Array.from({ length: rows }, (_, i) => first + i),
});

/** Segments with and without a cold part, indexes of every type, sets of row ids in objects of their own. */
async function fill(dataset: Dataset): Promise<void> {
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [8] });
    await tx.create('n', { dtype: 'int32' });
    await tx.create('wide', { dtype: 'uint8', rowShape: [65_537] });
  });
  await dataset.write(async (tx) => {
    await tx.append('e', vectors(4_096));
    await tx.append('n', numbers(20_000), { attributes: attributes(20_000) });
  });
  await dataset.write((tx) => tx.append('n', numbers(260, 20_000)), { partitionBytes: 8 });
  const wide = { data: new Uint8Array(74 * 17 * 65_537), shape: [74 * 17, 65_537] };
  for (let i = 0; i < wide.data.length; i += 997) wide.data[i] = (i / 997) & 255;
  await dataset.write((tx) => tx.append('wide', wide), { partitionBytes: 17 * 65_537 });
  await dataset.write((tx) => tx.index('e', { type: 'ivf', metric: 'l2' }));
  await dataset.write((tx) => tx.index('e', { type: 'exact', bits: true }));
  await dataset.write(async (tx) => {
    await tx.index('n', { attribute: 'lang' });
  });
  const scattered = Array.from({ length: 3_000 }, (_, i) => 5 * i);
  await dataset.write((tx) => tx.drop('n', { ids: scattered }));
  await dataset.write((tx) => tx.replace('e', [7, 9], vectors(2)));
  await dataset.write((tx) => tx.append('e', vectors(10)));
}

interface Target {
  readonly name: string;
  readonly key: string;
  /** A byte of the part that is meant. */
  readonly at?: number;
  /** What scrub calls it. */
  readonly kind: string;
}

/** One object of each kind that the newest version names, and roots. */
async function targetsOf(world: Damaged): Promise<Target[]> {
  const { head } = await readHint(await world.place.another(), functions);
  if (head === undefined) throw new Error('there is no head');
  const { root } = head;
  const keyOf = (slot: number): string => resolveObject(root.objects, slot, 'head').key;
  const array = (name: string) => {
    const found = root.arrays.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  const [e, n, wide] = [array('e'), array('n'), array('wide')];
  const hot = n.segments[0];
  const cold = wide.segments[0];
  const set = n.dropped.find((one) => inlineBytes(one) === undefined);
  const index = (kind: number) => e.indexes.find((one) => one.kind === kind);
  const bits = index(1)?.segments[0]?.bits;
  const key = (slot: number | undefined): string => keyOf(slot ?? -1);
  return [
    { name: 'partition', kind: 'partition', key: key(e.partitions[0]?.object) },
    { name: 'override', kind: 'partition', key: key(e.partitions.find((one) => one.rowIds)?.object) },
    { name: 'column file', kind: 'columns', key: key(n.columns[0]?.object) },
    { name: 'segment, hot part', kind: 'segment', key: key(hot?.object), at: 20 },
    { name: 'segment, cold part', kind: 'segment', key: key(cold?.object), at: (cold?.headBytes ?? 0) + 5 },
    { name: 'index epoch', kind: 'index epoch', key: key(index(2)?.epoch) },
    { name: 'index list', kind: 'index', key: key(index(2)?.segments[0]?.object) },
    { name: 'index codes', kind: 'index', key: key(index(1)?.segments[0]?.object) },
    { name: 'index bits', kind: 'index bits', key: key(bits?.object) },
    {
      name: 'attribute index',
      kind: 'attribute index',
      key: key(n.attributeIndexes[0]?.segments[0]?.object),
    },
    { name: 'row ids', kind: 'row ids', key: key(set?.object) },
    { name: 'root in the middle', kind: 'root', key: rootKey(5) },
    { name: 'newest root', kind: 'root', key: rootKey(root.version) },
  ];
}

const hurts: readonly Hurt['kind'][] = ['flip', 'truncate', 'delete', 'swap'];

const places = (['folder', 'minio'] as const).filter((name) => storesUnderTest().includes(name));

describe.each(places)('%s', (name) => {
  let world: Damaged;
  let before: Map<string, string>;
  let targets: Target[];
  beforeAll(async () => {
    world = await Damaged.make(name, fill);
    targets = await targetsOf(world);
    const dataset = await world.open();
    before = await everything(dataset, ['wide']);
    await dataset.close();
  });
  afterAll(() => world.dispose());

  test('what is whole is called so', async () => {
    const report = await world.scrub();
    expect(report.damaged).toEqual([]);
    expect(report).toMatchObject({ hint: 'right', version: 11, versions: 11, keptVersions: 11 });
    expect(report.readBytes).toBe(report.sizeBytes);
    expect(report.unreferenced).toEqual({ objects: 0, sizeBytes: 0 });
  });

  test.each(hurts)('%s: each is named, each is mended, and all reads as before', async (kind) => {
    expect(new Set(targets.map(({ key }) => key)).size).toBe(targets.length);
    const original = new Map<string, Uint8Array>();
    for (const { key } of targets) original.set(key, (await world.bytes(key)).slice());
    // Before anything is hurt: each gets what another one held.
    const others = targets.map((_, i) => original.get(targets[(i + 1) % targets.length]?.key ?? ''));
    for (const [i, { key, at }] of targets.entries()) {
      if (kind === 'swap') await world.bare.put(key, others[i] ?? new Uint8Array(0));
      else await world.hurt(key, kind === 'flip' && at !== undefined ? { kind, at } : ({ kind } as Hurt));
    }
    const hurt = new Map(
      await Promise.all(targets.map(async ({ key }) => [key, await world.bare.get(key)] as const)),
    );

    const { damaged } = await world.scrub();
    expect(damaged.map((one) => one.key).toSorted()).toEqual(targets.map(({ key }) => key).toSorted());
    for (const { key, kind: role, name: what } of targets)
      expect({ what, kind: damaged.find((one) => one.key === key)?.kind }).toEqual({ what, kind: role });
    if (kind === 'delete') expect(damaged.every(({ damage }) => damage === 'missing')).toBe(true);
    if (kind === 'flip') expect(damaged.every(({ damage }) => damage === 'blocks')).toBe(true);

    const dry = await world.repair({ dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, isWhole: true });
    expect(dry.steps.every(({ outcome }) => outcome === 'planned')).toBe(true);
    for (const [key, body] of hurt) expect((await world.bare.get(key))?.token).toBe(body?.token);

    const mended = await world.repair();
    expect(mended.steps.filter(({ outcome }) => outcome !== 'mended')).toEqual([]);
    expect(mended.steps).toHaveLength(targets.length);
    for (const { key, quarantine } of mended.steps) {
      expect(await world.bytes(key)).toEqual(original.get(key));
      const bad = hurt.get(key);
      if (bad === undefined) expect(quarantine).toBeUndefined();
      else expect(await world.bytes(quarantine ?? '')).toEqual(bad.bytes);
    }
    expect((await world.scrub()).damaged).toEqual([]);
    const dataset = await world.open();
    expect(await everything(dataset, ['wide'])).toEqual(before);
    await dataset.close();
  });

  test('where overwriting is refused, each is healed elsewhere, and all reads as before', async () => {
    const original = new Map<string, Uint8Array>();
    for (const { key } of targets) original.set(key, (await world.bytes(key)).slice());
    const others = targets.map((_, i) => original.get(targets[(i + 1) % targets.length]?.key ?? ''));
    for (const [i, { key, at }] of targets.entries()) {
      const kind = (['flip', 'truncate', 'swap'] as const)[i % 3] ?? 'flip';
      if (kind === 'swap') await world.bare.put(key, others[i] ?? new Uint8Array(0));
      else await world.hurt(key, kind === 'flip' && at !== undefined ? { kind, at } : { kind });
    }
    const hurt = new Map<string, Uint8Array>();
    for (const { key } of targets) hurt.set(key, (await world.bytes(key)).slice());
    const { steps, isWhole } = await world.repairRefused();
    expect(steps.filter(({ outcome }) => outcome !== 'healed')).toEqual([]);
    expect({ isWhole, steps: steps.length }).toEqual({ isWhole: true, steps: targets.length });
    for (const { key, healed = '', hash } of steps) {
      expect(healed).toBe(`healed/${hash}`);
      expect(await world.bytes(healed)).toEqual(original.get(key));
      expect(await world.bytes(key)).toEqual(hurt.get(key));
    }
    const keys = await world.keys();
    const report = await world.scrub();
    expect(report.damaged).toEqual([]);
    expect(report.healedElsewhere.map(({ key }) => key).toSorted()).toEqual(
      targets.map(({ key }) => key).toSorted(),
    );
    // A second one finds it so, and leaves nothing behind.
    const again = await world.repairRefused({}, []);
    expect(again.steps.every(({ outcome, from, healed }) => outcome === 'healed' && from === healed)).toBe(
      true,
    );
    expect(await world.keys()).toEqual(keys);
    const dataset = await world.open();
    expect(await everything(dataset, ['wide'])).toEqual(before);
    await dataset.close();
    // By credentials that may, and without any copy.
    const mended = await world.repair({}, []);
    expect(mended.steps.filter(({ outcome }) => outcome !== 'mended')).toEqual([]);
    for (const [key, bytes] of original) expect(await world.bytes(key)).toEqual(bytes);
    expect(await world.scrub()).toMatchObject({ damaged: [], healedElsewhere: [] });
  });

  test.each(['flip', 'truncate', 'swap'] as const)('the hint, %s: named, and written anew', async (kind) => {
    await world.hurt(hintKey, kind === 'swap' ? { kind, with: rootKey(5) } : { kind });
    const report = await world.scrub({ mode: 'structure' });
    expect(report.hint).toBe('damaged');
    expect(report.damaged).toMatchObject([{ key: 'latest', kind: 'hint' }]);
    expect((await world.repair({ mode: 'structure' }, [])).isWhole).toBe(true);
    expect(await world.scrub({ mode: 'structure' })).toMatchObject({ hint: 'right', damaged: [] });
  });
});
