// Who looks for damage, and puts back the right bytes from the copy elsewhere.
import { environmentOf } from '../../src/dataset/environment.js';
import { repair } from '../../src/ops/repair.js';
import type { Client } from './client.js';
import { scrubBy } from './scrubber.js';
import type { Process, World } from './world.js';

export async function mend(client: Client, process: Process): Promise<void> {
  const { bucket } = client.world;
  if (process.draw.chance(0.4)) {
    const { world, record } = client;
    await client.tolerant('scrub', process, () => scrubBy(world, record, process, { quiet: false }));
    return;
  }
  copyTo(client.world);
  const before = [...bucket.hurt];
  const sinceMs = client.world.storeMs();
  await client.tolerant('repair', process, async () => {
    // Without the copy some of it comes from parity, where the dataset has any.
    const { mended } = await repairBy(process, process.draw.chance(0.3) ? 'parity' : 'mirror');
    // What was mended may be hurt again before the repair ends.
    const again = bucket.changes.filter(({ by, atMs }) => by === '' && atMs >= sinceMs).map(({ key }) => key);
    const left = mended.filter((key) => before.includes(key) && bucket.hurt.has(key) && !again.includes(key));
    for (const key of left) client.record.unmended.push({ client: client.name, key });
  });
}

/** Reads every byte that kept versions need, and mends what is hurt. */
export async function repairBy(
  process: Process,
  from: 'mirror' | 'parity' = 'mirror',
): Promise<{ isWhole: boolean; mended: string[] }> {
  const connect = { runtime: process.runtime, cacheDir: false } as const;
  const [environment, source] = [
    environmentOf(process.wire, connect),
    environmentOf(process.mirror, connect),
  ];
  const sources = from === 'mirror' ? [{ ...source, name: 'mirror' }] : [];
  const { isWhole, steps } = await repair(environment, sources, process.call);
  const mended = steps.filter(({ outcome }) => outcome === 'mended').map(({ key }) => key);
  return { isWhole, mended };
}

/** The copy elsewhere gets what came since, as it was written first. */
export function copyTo(world: World): void {
  const { dataset: bucket, mirror } = world.buckets;
  for (const [key, bytes] of bucket.first) {
    const isCopied = /^(versions|arrays|segments|indexes)\//.test(key);
    if (isCopied && !mirror.objects.has(key)) mirror.put(key, bytes, '', world.startMs - 60_000);
  }
}
