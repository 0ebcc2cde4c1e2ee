// What is lost at the end, to see whether it comes back from parity alone, though a clean-up took members of
// its groups before.
import type { Dataset } from '../../src/dataset/dataset.js';
import { environmentOf } from '../../src/dataset/environment.js';
import { showParity } from '../../src/ops/parity.js';
import { findParity } from '../../src/ops/parity/groups.js';
import { repair } from '../../src/ops/repair.js';
import { functions, leasesIn, logOf } from './checker/oracle.js';
import { ages, cover } from './maintainer.js';
import type { Record } from './record.js';
import type { Process, World } from './world.js';

/**
 * When all is quiet: all is covered, versions expire and are cleaned up, then as many objects of each group
 * are hurt as it has of parity. What does not come back of them, or is not covered, is a violation.
 */
export async function loseAndMend(
  world: World,
  record: Record,
  process: Process,
  dataset: Dataset,
): Promise<void> {
  if (!(logOf(world.bucket).at(-1)?.root.hasParity ?? false)) return;
  const { wire, runtime } = process;
  const environment = environmentOf(wire, { runtime, cacheDir: false });
  const isWrong = (key: string): void => void record.unmended.push({ client: process.name, key });
  const checkCovered = async (when: string): Promise<void> => {
    const { arrays } = await showParity(environment);
    if (arrays.some(({ notCoveredObjects }) => notCoveredObjects > 0)) isWrong(`not covered ${when}`);
  };
  await cover(process);
  await checkCovered('by an update');
  await process.runtime.sleep(ages.minAgeMs + 60_000);
  await expire(world, record, process, dataset);
  // What is held by a lease, that of a clean-up which died among them, stays in its group until that is over.
  const heldMs = Math.max(0, ...leasesIn(world.bucket).map(({ untilMs }) => untilMs - world.storeMs()));
  await process.runtime.sleep(Math.max(2 * ages.graceMs, heldMs + 60_000) + 60_000);
  await dataset.gc({ graceMs: ages.graceMs });
  await checkCovered('after a clean-up');
  const { groups } = await findParity(process.wire, undefined, functions, {});
  const lost = new Set<string>();
  for (const { members } of groups) {
    const keys = members.map(({ key }) => key).filter((key) => world.bucket.objects.has(key));
    while (keys.length > 0) {
      const [key = ''] = keys.splice(process.draw.below(keys.length), 1);
      // It may be in several groups.
      const isTooMuch = groups.some((group) => {
        const own = group.members.filter((one) => one.key === key || lost.has(one.key));
        return own.some((one) => one.key === key) && own.length > group.shards.length;
      });
      if (isTooMuch || lost.has(key)) continue;
      lost.add(key);
      hurt(world, process, key);
    }
  }
  await repair(environment, []);
  for (const key of lost) if (world.bucket.hurt.has(key)) isWrong(key);
}

/** A bit rots, or the object is lost. */
function hurt(world: World, { draw }: Process, key: string): void {
  const { bucket } = world;
  const bytes = bucket.objects.get(key)?.bytes;
  if (bytes === undefined) return;
  const at = draw.below(bytes.byteLength);
  const flipped = bytes.with(at, (bytes[at] ?? 0) ^ (1 << draw.below(8)));
  bucket.damage(key, draw.chance(0.5) ? flipped : undefined, world.storeMs());
}

async function expire(world: World, record: Record, process: Process, dataset: Dataset): Promise<void> {
  const invokedMs = world.time.now;
  const base = await dataset.version();
  const { minAgeMs } = ages;
  const { version, expired } = await dataset.expire({ keepLast: 1, minAgeMs, message: 'last-expiry' });
  if (expired.length === 0) return;
  record.attempts.push({
    ...{ id: 'last-expiry', client: process.name, invokedMs, base, verbs: [], version },
    ...{ once: undefined, token: undefined, outcome: 'committed', returnedMs: world.time.now },
    ...{ upkeep: { kind: 'expire', minAgeMs }, collected: false },
  });
}
