// What tests of a restore into another place share.
import { restoreTo, type RestoreToOptions, type RestoreToReport } from '../../src/dataset/restore-to.js';
import type { NacreError } from '../../src/errors.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import type { World } from '../dataset/world.js';
import { environment, type Pair } from './replicate-world.js';

export interface RunOptions extends RestoreToOptions {
  readonly from?: ObjectStore;
  readonly to?: ObjectStore;
  readonly others?: readonly World[];
  readonly warnings?: NacreError[];
}

export function restored(
  { source, destination }: Pair,
  { from, to, others = [], warnings, ...options }: RunOptions = {},
): Promise<RestoreToReport> {
  const open = async () => others.map((other) => environment(other));
  return restoreTo(environment(source, from), environment(destination, to, warnings), open, options);
}
