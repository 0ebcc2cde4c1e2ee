// Who makes backups of the dataset, and who forgets old points beside that.
import { environmentOf } from '../../src/dataset/environment.js';
import { restoreTo } from '../../src/dataset/restore-to.js';
import { createBackup } from '../../src/ops/backup/create.js';
import { forgetBackups } from '../../src/ops/backup/forget.js';
import { chooseNewest } from '../../src/ops/backup/names.js';
import { viewPoint } from '../../src/ops/backup/view.js';
import { listPoints } from '../../src/manifest/points.js';
import type { Client } from './client.js';
import type { Record } from './record.js';
import type { Wire } from './wire.js';
import type { Process } from './world.js';

function at(process: Process, wire: Wire) {
  return environmentOf(wire, { runtime: process.runtime, cacheDir: false });
}

export async function backUp(client: Client, process: Process): Promise<void> {
  await client.tolerant('back up', process, () => backUpBy(client.record, process));
}

export async function backUpBy(record: Record, process: Process): Promise<void> {
  const [source, destination] = [at(process, process.wire), at(process, process.backup)];
  const options = { recheck: process.draw.chance(0.2), ...process.call };
  const { point: name, version } = await createBackup(source, destination, async () => [], options);
  record.points.push({ name, version });
}

export async function forget(client: Client, process: Process): Promise<void> {
  await client.tolerant('forget', process, () => forgetBy(process));
}

/** All but the newest few. */
export async function forgetBy(process: Process): Promise<void> {
  await forgetBackups(at(process, process.backup), {
    keepLast: 1 + process.draw.below(3),
    ...process.call,
  });
}

/** The newest point, where the replica would be. */
export async function restoreBy(process: Process): Promise<void> {
  const from = at(process, process.backup);
  const { points } = await listPoints(from.store, from.functions, {});
  const { environment } = await viewPoint(from, chooseNewest(points, from.store.uri), {});
  await restoreTo(environment, at(process, process.replica), async () => [], process.call);
}
