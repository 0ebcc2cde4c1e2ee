// What tests of replication share: a source and a destination in memory, as processes of their own see them.
import { environmentOf, type Environment } from '../../src/dataset/environment.js';
import { promote, type Promoted } from '../../src/dataset/promote.js';
import type { ReadEnvironment } from '../../src/ops/environment.js';
import { replicate, type ReplicateOptions, type ReplicateReport } from '../../src/ops/replicate.js';
import type { NacreError } from '../../src/errors.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import type { World } from '../dataset/world.js';

export interface Pair {
  readonly source: World;
  readonly destination: World;
}

/** Where a copy goes from and to, other than to the bare stores, and who else may have right bytes. */
export interface Places {
  readonly from?: ObjectStore;
  readonly to?: ObjectStore;
  readonly others?: readonly World[];
  readonly warnings?: NacreError[];
}

export type RunOptions = Places & ReplicateOptions;

export function environment(
  world: World,
  store: ObjectStore = world.bare,
  warnings?: NacreError[],
): Environment {
  return environmentOf(store, {
    cacheDir: false,
    runtime: world.runtime,
    ...(warnings === undefined ? {} : { onWarning: (warning) => warnings.push(warning) }),
  });
}

export function replicated(
  { source, destination }: Pair,
  { from, to, others = [], warnings, ...options }: RunOptions = {},
): Promise<ReplicateReport> {
  const open = async (): Promise<ReadEnvironment[]> => others.map((other) => environment(other));
  return replicate(environment(source, from), environment(destination, to, warnings), open, options);
}

export function promoted(world: World, store?: ObjectStore): Promise<Promoted> {
  return promote(environment(world, store), {});
}

/** Everything that a place has of a history, by key: roots and objects, without what is its own. */
export async function content(world: World): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of await world.keys()) {
    if (!/^(versions|arrays|segments|indexes)\//.test(key)) continue;
    found.set(key, Buffer.from((await world.bare.get(key))?.bytes ?? []).toString('hex'));
  }
  return found;
}
