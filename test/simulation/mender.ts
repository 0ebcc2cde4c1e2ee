// Who looks for damage, and puts back the right bytes from the copy elsewhere.
import { environmentOf } from '../../src/dataset/environment.js';
import { repair } from '../../src/ops/repair.js';
import type { Client } from './client.js';
import type { Process, World } from './world.js';

export async function mend(client: Client, process: Process): Promise<void> {
  const { bucket } = client.world;
  copyTo(client.world);
  const before = [...bucket.hurt];
  await client.tolerant('repair', process, async () => {
    const report = await repairBy(process);
    if (!report.isWhole) return;
    const left = before.filter((key) => bucket.hurt.has(key) && report.keys.includes(key));
    for (const key of left) client.record.unmended.push({ client: client.name, key });
  });
}

/** Reads every byte that kept versions need, and mends what is hurt. */
export async function repairBy(process: Process): Promise<{ isWhole: boolean; keys: string[] }> {
  const connect = { runtime: process.runtime, cacheDir: false } as const;
  const [environment, source] = [
    environmentOf(process.wire, connect),
    environmentOf(process.mirror, connect),
  ];
  const { isWhole, steps } = await repair(environment, [{ ...source, name: 'mirror' }]);
  return { isWhole, keys: steps.map(({ key }) => key) };
}

/** The copy elsewhere gets what came since, as it was written first. */
export function copyTo(world: World): void {
  const { dataset: bucket, mirror } = world.buckets;
  for (const [key, bytes] of bucket.first) {
    const isCopied = /^(versions|arrays|segments|indexes)\//.test(key);
    if (isCopied && !mirror.objects.has(key)) mirror.put(key, bytes, '', world.startMs - 60_000);
  }
}
