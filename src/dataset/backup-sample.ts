// Whether a restore works: a part of the rows of a point is restored into a folder of this machine, read
// there as from any dataset, and compared with what the point itself reads.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NacreError } from '../errors.js';
import type { StoredPoint } from '../manifest/points.js';
import { nameOfPoint } from '../ops/backup/names.js';
import { sampleStore } from '../ops/backup/sample.js';
import { viewPoint } from '../ops/backup/view.js';
import { LocalStore } from '../storage/local.js';
import type { CallOptions } from '../storage/object-store.js';
import { ownSignal } from '../storage/wrap/parallel.js';
import { equalBytes } from '../util/bytes.js';
import type { Dataset } from './dataset.js';
import { type Environment, environmentOf } from './environment.js';
import { openStoreDataset } from './open.js';

export interface RestoreSample {
  readonly point: string;
  /** Rows that were restored and compared, of so many. */
  readonly rows: number;
  readonly ofRows: number;
  /** Objects that were restored for it. */
  readonly objects: number;
  readonly bytes: number;
  /** Arrays of which rows differ. */
  readonly differing: readonly string[];
}

/** Places in an array from which rows are taken. */
const runsOfArray = 4;

/** Cost: two requests a version; objects whole that have rows of the sample. */
export async function restoreSample(
  backup: Environment,
  stored: StoredPoint,
  fraction: number,
  options: CallOptions,
): Promise<RestoreSample> {
  if (!(fraction > 0 && fraction <= 1))
    throw new NacreError('InvalidArgument', `${fraction} is no part of the rows`, {
      hint: 'Give a number above 0 and up to 1: 0.01 for 1 %.',
    });
  const own = ownSignal(options.signal);
  const folder = await mkdtemp(path.join(tmpdir(), 'nacre-restore-'));
  const { runtime } = backup;
  const place = environmentOf(new LocalStore(path.join(folder, 'dataset'), runtime), {
    cacheDir: false,
    runtime,
  });
  const opened: Dataset[] = [];
  try {
    const view = await viewPoint(backup, stored, { signal: own.signal });
    const sample = await sampleStore(view, place, own);
    const connect = { cacheDir: false, runtime, signal: own.signal } as const;
    const [restored, point] = [
      await openStoreDataset(sample.store, connect),
      await openStoreDataset(sample.point, connect),
    ];
    opened.push(restored, point);
    const compared = await compareRows(restored, point, fraction, () => runtime.random(), own.signal);
    return { point: nameOfPoint(stored.key), ...compared, ...sample.counts };
  } finally {
    for (const dataset of opened) await dataset.close();
    own.release();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareRows(
  restored: Dataset,
  point: Dataset,
  fraction: number,
  random: () => number,
  signal: AbortSignal,
): Promise<Pick<RestoreSample, 'rows' | 'ofRows' | 'differing'>> {
  const { arrays } = await point.info({ signal });
  let [rows, ofRows] = [0, 0];
  const differing: string[] = [];
  for (const [name, { shape }] of Object.entries(arrays)) {
    const count = shape[0] ?? 1;
    ofRows += count;
    for (const { start, end } of runsOf(count, fraction, random)) {
      const range = shape.length === 0 ? { signal } : { start, end, signal };
      const [one, other] = [await restored.array(name).read(range), await point.array(name).read(range)];
      rows += end - start;
      const isSame = equalBytes(bytesOf(one.data), bytesOf(other.data));
      if (!isSame && !differing.includes(name)) differing.push(name);
    }
  }
  return { rows, ofRows, differing };
}

/** Stretches of so many rows in all, at least one, here and there. */
function runsOf(
  count: number,
  fraction: number,
  random: () => number,
): { readonly start: number; readonly end: number }[] {
  if (count === 0) return [];
  const wanted = Math.max(1, Math.ceil(count * fraction));
  const runs = Math.min(runsOfArray, wanted);
  const part = (of: number, i: number): number => Math.floor((of * i) / runs);
  return Array.from({ length: runs }, (_, i) => {
    const length = part(wanted, i + 1) - part(wanted, i);
    const [first, end] = [part(count, i), part(count, i + 1)];
    const start = first + Math.floor(random() * (end - first - length + 1));
    return { start, end: start + length };
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
