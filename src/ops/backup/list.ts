// What points a backup has.
import { listPoints, type StoredPoint } from '../../manifest/points.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { ReadEnvironment } from '../environment.js';
import { type LockMode, lockModeOf } from './lock.js';
import { nameOfPoint } from './names.js';

export interface BackupPoint {
  /** Names it: its time, and an id. */
  readonly point: string;
  /** When it was begun, by the backup's clock, ISO 8601. */
  readonly time: string;
  /** The version of the dataset, and when that was committed. */
  readonly version: number;
  readonly versionTime: string;
  readonly label: string;
  /** The address that it was taken from. */
  readonly source: string;
  readonly arrays: number;
  readonly rows: number;
  /** What came with it: the objects that no point before had. */
  readonly newObjects: number;
  readonly newBytes: number;
  /** Nobody deletes it, and what it needs, before then. */
  readonly lockedUntil?: string;
  readonly lockMode?: LockMode;
}

export interface BackupList {
  readonly uri: string;
  /** The newest first. */
  readonly points: readonly BackupPoint[];
  /** What should be a point and cannot be read. */
  readonly unreadable: readonly { readonly point: string; readonly reason: string }[];
}

/** Cost: a LIST for each 1,000 points, and a GET each. */
export async function listBackups(
  { store, functions }: ReadEnvironment,
  options: CallOptions = {},
): Promise<BackupList> {
  const { points, unreadable } = await listPoints(store, functions, options);
  return {
    uri: store.uri,
    points: points.map(pointInfo).toReversed(),
    unreadable: unreadable.map(({ key, error }) => ({ point: nameOfPoint(key), reason: error.message })),
  };
}

export function pointInfo({ key, point }: StoredPoint): BackupPoint {
  const mode = lockModeOf(point);
  return {
    ...{ point: nameOfPoint(key), time: isoText(point.madeMs) },
    ...{ version: point.version, versionTime: isoText(point.rootTimeMs) },
    ...{ label: point.label, source: point.uri, arrays: point.arrays, rows: point.rows },
    ...{ newObjects: point.newObjects, newBytes: point.newBytes },
    ...(mode === undefined ? {} : { lockedUntil: isoText(point.lockUntilMs), lockMode: mode }),
  };
}

function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
