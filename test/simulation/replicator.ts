// Who copies the dataset elsewhere, version by version, and who reads that copy meanwhile.
import { environmentOf } from '../../src/dataset/environment.js';
import type { Dataset } from '../../src/dataset/dataset.js';
import { promote } from '../../src/dataset/promote.js';
import { isNacreError } from '../../src/errors.js';
import { hintKey } from '../../src/manifest/keys.js';
import { replicate, type ReplicateOptions } from '../../src/ops/replicate.js';
import { isKept, logOf } from './checker/oracle.js';
import type { Client } from './client.js';
import type { Record } from './record.js';
import { bank, unlessMissing, valuesOf } from './rows.js';
import type { Process, World } from './world.js';

export function copyElsewhere(client: Client, process: Process, what: number): Promise<void> {
  return what < 0.55 ? copy(client, process) : readCopy(client, process);
}

async function copy(client: Client, process: Process): Promise<void> {
  const { draw } = process;
  const options = { verify: draw.chance(0.1), register: draw.chance(0.7) };
  await client.tolerant('replicate', process, () =>
    replicateBy(client.world, client.record, process, options),
  );
}

/** Brings the replica up to the newest version. */
export async function replicateBy(
  world: World,
  record: Record,
  process: Process,
  options: ReplicateOptions,
): Promise<void> {
  const connect = { runtime: process.runtime, cacheDir: false } as const;
  const [source, destination] = [process.wire, process.replica].map((wire) => environmentOf(wire, connect));
  if (source === undefined || destination === undefined) return;
  const { version } = await replicate(source, destination, async () => [], {
    ...options,
    ...process.call,
  });
  record.copied.push({ version, returnedMs: world.time.now });
}

/** Whatever version the replica is at, it opens, and what it reads is right. */
async function readCopy(client: Client, process: Process): Promise<void> {
  const { world, record, name } = client;
  // Until there is a hint it has not begun.
  if (!world.buckets.replica.objects.has(hintKey)) return;
  const since = Math.max(0, ...record.copied.map(({ version }) => version));
  const array = process.draw.of([bank.name, 'a', 'b']);
  await client.tolerant('read the replica', process, async () => {
    const beganMs = world.time.now;
    let dataset: Dataset | undefined;
    let at = Number.POSITIVE_INFINITY;
    try {
      dataset = await process.open({}, process.replica);
      at = await dataset.version();
      const { rows } = valuesOf(await unlessMissing(dataset.array(array).read(process.call)));
      at = await dataset.version();
      const row = { client: name, array, version: undefined, values: rows, ids: undefined, since };
      record.copyReads.push({ ...row, returnedMs: world.time.now });
    } catch (error) {
      const kept = logOf(world.bucket).at(-1)?.root.kept ?? null;
      const isBroken = isNacreError(error, 'Corrupt') || isNacreError(error, 'NotFound');
      // It is on its way past versions that are no longer kept, and has their roots alone.
      if (isBroken && !isKept(kept, at)) return;
      if (isBroken && process.spoiledMs < beganMs)
        record.copyBroken.push({ client: name, what: error.message });
      throw error;
    } finally {
      await dataset?.close();
    }
  });
}

/** The replica becomes a primary, takes a write, and is no replica of its source any more. */
export async function failOver(world: World, record: Record, process: Process): Promise<void> {
  const connect = { runtime: process.runtime, cacheDir: false } as const;
  const { replicated, version } = await promote(environmentOf(process.replica, connect), {});
  const dataset = await process.open({}, process.replica);
  await dataset.write((tx) => tx.drop(bank.name, [0]));
  await dataset.close();
  const again = replicateBy(world, record, process, {});
  const isRefused = await again.then(
    () => false,
    (error: unknown) => isNacreError(error, 'InvalidArgument') || isNacreError(error, 'Conflict'),
  );
  record.promoted = { replicated, version, isRefused };
}
