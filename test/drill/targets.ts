// What of a dataset is hurt in a drill: one object of each kind, the newest root and the hint.
import { functions } from '../dataset/world.js';
import { readHint } from '../../src/manifest/hint.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { resolveObject } from '../../src/manifest/objects.js';
import type { ObjectStore } from '../../src/storage/object-store.js';

export interface Target {
  readonly name: string;
  readonly key: string;
}

export type HurtKind = 'flip' | 'truncate' | 'delete' | 'swap';

/** Of the array named, which has files, replaced rows, attributes, segments and indexes. */
export async function targetsIn(store: ObjectStore, name: string): Promise<Target[]> {
  const { head } = await readHint(store, functions);
  const array = head?.root.arrays.find((one) => one.name === name);
  if (head === undefined || array === undefined) throw new Error(`there is no ${name}`);
  const { root } = head;
  const [index] = array.indexes;
  const slots: Readonly<Record<string, number | undefined>> = {
    partition: array.partitions.find((one) => one.rowIds === null)?.object,
    override: array.partitions.find((one) => one.rowIds !== null)?.object,
    columns: array.columns[0]?.object,
    segment: array.segments[0]?.object,
    'index epoch': index?.epoch,
    index: index?.segments[0]?.object,
    'attribute index': array.attributeIndexes[0]?.segments[0]?.object,
  };
  const objects = Object.entries(slots).map(([kind, slot]) => {
    if (slot === undefined) throw new Error(`${name} has no ${kind}`);
    return { name: kind, key: resolveObject(root.objects, slot, kind).key };
  });
  // The slot that the newest version is in, whatever the hint says.
  let newest = root.version;
  while ((await store.head(rootKey(newest + 1))) !== undefined) newest += 1;
  return [
    ...objects,
    { name: 'an old root', key: rootKey(2) },
    { name: 'the newest root', key: rootKey(newest) },
    { name: 'the hint', key: hintKey },
  ];
}

/** All at once; of a swap each gets what the next one held. */
export async function hurt(store: ObjectStore, targets: readonly Target[], kind: HurtKind): Promise<void> {
  const bodies = await Promise.all(targets.map(({ key }) => store.get(key)));
  for (const [i, { key }] of targets.entries()) {
    const bytes = bodies[i]?.bytes.slice() ?? new Uint8Array(0);
    const middle = bytes.byteLength >> 1;
    if (kind === 'delete') await store.delete([key]);
    else if (kind === 'truncate') await store.put(key, bytes.subarray(0, bytes.byteLength - 1));
    else if (kind === 'flip') await store.put(key, bytes.with(middle, (bytes[middle] ?? 0) ^ 4));
    else await store.put(key, bodies[(i + 1) % bodies.length]?.bytes ?? new Uint8Array(0));
  }
}
