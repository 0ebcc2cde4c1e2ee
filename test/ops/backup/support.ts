// What tests of backups share: a source and a backup in memory, each run as a process of its own.
import { type BackupOptions, type BackupReport, createBackup } from '../../../src/ops/backup/create.js';
import { type ForgetOptions, type ForgetReport, forgetBackups } from '../../../src/ops/backup/forget.js';
import { type BackupList, listBackups } from '../../../src/ops/backup/list.js';
import type { ReadEnvironment } from '../../../src/ops/environment.js';
import { int32, type World } from '../../dataset/world.js';
import { environment, type Places } from '../replicate-world.js';

export interface Pair {
  readonly source: World;
  readonly backup: World;
}

export { environment };

export function backedUp(
  { source, backup }: Pair,
  { from, to, others = [], warnings, ...options }: Places & BackupOptions = {},
): Promise<BackupReport> {
  const open = async (): Promise<ReadEnvironment[]> => others.map((other) => environment(other));
  return createBackup(environment(source, from), environment(backup, to, warnings), open, options);
}

export function forgotten(
  backup: World,
  { to, ...options }: Pick<Places, 'to'> & ForgetOptions,
): Promise<ForgetReport> {
  return forgetBackups(environment(backup, to), options);
}

export function listed(backup: World): Promise<BackupList> {
  return listBackups(environment(backup));
}

export async function append(world: World, ...rows: number[]): Promise<void> {
  const { dataset } = await world.open({ create: false });
  for (const row of rows) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
}
