// What tests of backups share: a source and a backup in memory, each run as a process of its own.
import { environmentOf, type Environment } from '../../../src/dataset/environment.js';
import type { NacreError } from '../../../src/errors.js';
import { type BackupOptions, type BackupReport, createBackup } from '../../../src/ops/backup/create.js';
import { type ForgetOptions, type ForgetReport, forgetBackups } from '../../../src/ops/backup/forget.js';
import { type BackupList, listBackups } from '../../../src/ops/backup/list.js';
import type { ReadEnvironment } from '../../../src/ops/environment.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { int32, type World } from '../../dataset/world.js';

export interface Pair {
  readonly source: World;
  readonly backup: World;
}

export interface RunOptions {
  readonly from?: ObjectStore;
  readonly to?: ObjectStore;
  readonly others?: readonly World[];
  readonly warnings?: NacreError[];
}

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

export function backedUp(
  { source, backup }: Pair,
  { from, to, others = [], warnings, ...options }: RunOptions & BackupOptions = {},
): Promise<BackupReport> {
  const open = async (): Promise<ReadEnvironment[]> => others.map((other) => environment(other));
  return createBackup(environment(source, from), environment(backup, to, warnings), open, options);
}

export function forgotten(
  backup: World,
  { to, ...options }: Pick<RunOptions, 'to'> & ForgetOptions,
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
