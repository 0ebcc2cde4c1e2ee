// Who looks for damage beside those who write, clean up and mend, and what it is told.
import { environmentOf } from '../../src/dataset/environment.js';
import { scrub, type ScrubOptions } from '../../src/ops/scrub.js';
import type { Record } from './record.js';
import type { Process, World } from './world.js';

/** A scrub of some kind. `quiet`: nothing happens meanwhile, so that a full one has to find all. */
export async function scrubBy(
  world: World,
  record: Record,
  process: Process,
  { quiet }: { readonly quiet: boolean },
): Promise<void> {
  const { wire, runtime, call, draw } = process;
  const invokedMs = world.time.now;
  const before = process.spoiled.length;
  const hurt = quiet ? [...world.bucket.hurt] : undefined;
  const options: ScrubOptions = quiet
    ? {}
    : draw.of<ScrubOptions>([{ mode: 'structure' }, { mode: 'sample', subset: { part: 1, of: 2 } }, {}, {}]);
  const environment = environmentOf(wire, { runtime, cacheDir: false });
  const { damaged, healedElsewhere } = await scrub(environment, { ...options, ...call });
  const spoiled = process.spoiled.slice(before);
  record.scrubs.push({
    ...{ client: process.name, invokedMs, returnedMs: world.time.now, hurt },
    found: [...damaged, ...healedElsewhere].map(({ key, damage }) => ({ key, damage })),
    // Bytes that differ are read a second time before they count as damaged.
    spoiled: new Set(spoiled.filter((key, i) => spoiled.indexOf(key) !== i)),
  });
}
