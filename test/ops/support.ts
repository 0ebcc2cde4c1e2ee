// What tests of upkeep share.
import { setImmediate } from 'node:timers/promises';
import type { WriteCall, WriteResult } from '../../src/dataset/operation.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { newestRoot } from '../../src/manifest/head.js';
import { history } from '../../src/manifest/history.js';
import { isKept } from '../../src/manifest/history-draft.js';
import { dataPrefixes, objectKey, segmentPattern } from '../../src/manifest/keys.js';
import { readSegment, rootObjects, segmentObjects, segmentsOf } from '../../src/manifest/references.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { functions, type Member, values, type World } from '../dataset/world.js';
import { goingUp } from '../support/going-up.js';

export const dayMs = 24 * 3_600_000;

/** Keys below the data folders, by LIST. */
export async function dataKeys(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of dataPrefixes) {
    for (let after: string | undefined; ; ) {
      const page = await store.list({ prefix, ...(after === undefined ? {} : { after }) });
      keys.push(...page.entries.map(({ key }) => key));
      if (page.next === undefined) break;
      after = page.next;
    }
  }
  return keys;
}

/** Keys of objects that kept versions refer to, by the slow walk that clean-up does not use. */
export async function neededKeys(store: ObjectStore): Promise<Set<string>> {
  const needed = new Set<string>();
  const newest = await newestRoot(store, functions);
  if (newest === undefined) throw new Error('there is no dataset');
  const { kept } = newest.head.root;
  for await (const loaded of history(store, newest.head, functions)) {
    if (!isKept(kept, loaded.root.version)) continue;
    for (const { key } of rootObjects(loaded)) needed.add(key);
    for (const segment of segmentsOf(loaded)) {
      const read = await readSegment(store, segment, functions);
      if (read === undefined) throw new Error(`${segment.object.key} is missing`);
      for (const { key } of segmentObjects(read, segment.object.key)) needed.add(key);
    }
  }
  return needed;
}

/** Keys below the data folders that no kept version refers to. */
export async function orphanKeys(world: World): Promise<string[]> {
  const needed = await neededKeys(world.bare);
  return (await dataKeys(world.bare)).filter((key) => !needed.has(key));
}

/** Keys that kept versions refer to and that are not there. */
export async function missingKeys(world: World): Promise<string[]> {
  const present = new Set(await dataKeys(world.bare));
  return [...(await neededKeys(world.bare))].filter((key) => !present.has(key));
}

/** Puts an object that nobody refers to, as an upload leaves that was given up. */
export async function orphan(world: World): Promise<string> {
  const key = objectKey(segmentPattern, world.runtime.randomBytes(16));
  await world.bare.put(key, new Uint8Array(100));
  return key;
}

/** What every kept version reads, by its number. */
export async function reads(world: World, array = 'a'): Promise<Map<number, number[]>> {
  const all = new Map<number, number[]>();
  const { root } = await world.head();
  const { dataset } = await world.open({ create: false });
  for (let version = 1; version <= root.version; version++) {
    if (!isKept(root.kept, version)) continue;
    const then = await dataset.at({ version });
    const { arrays } = await then.info();
    if (Object.hasOwn(arrays, array)) all.set(version, await values(then, array));
  }
  return all;
}

/** A write whose data is up and whose commit waits until it is told to go on. */
export interface Stalled {
  resume(): Promise<WriteResult>;
}

/** `work` uploads something; only its first run is stalled. */
export async function stalled(
  world: World,
  { dataset }: Member,
  work: (tx: TransactionHandle) => Promise<void>,
  options: WriteCall = {},
): Promise<Stalled> {
  const before = (await dataKeys(world.bare)).length;
  let [goOn, tellUploaded] = [(): void => undefined, (): void => undefined];
  const told = new Promise<void>((resolve) => (goOn = resolve));
  const uploaded = new Promise<void>((resolve) => (tellUploaded = resolve));
  const outcome = dataset.write(async (tx) => {
    await work(goingUp(tx));
    while ((await dataKeys(world.bare)).length === before) await setImmediate();
    tellUploaded();
    await told;
  }, options);
  // Whoever resumes it hears of its failure.
  outcome.catch(tellUploaded);
  await uploaded;
  return {
    resume() {
      goOn();
      return outcome;
    },
  };
}
