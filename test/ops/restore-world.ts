// What tests of a restore into another place share.
import { restoreTo, type RestoreToOptions, type RestoreToReport } from '../../src/dataset/restore-to.js';
import { environment, type Pair, type Places } from './replicate-world.js';

export function restored(
  { source, destination }: Pair,
  { from, to, others = [], warnings, ...options }: Places & RestoreToOptions = {},
): Promise<RestoreToReport> {
  const open = async () => others.map((other) => environment(other));
  return restoreTo(environment(source, from), environment(destination, to, warnings), open, options);
}
