// A transform by a sample of the rows of an array.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { Epoch } from '../manifest/message.js';
import type { NewObject } from '../manifest/objects.js';
import { type CodeTransform, fromNative, type ScanDtype } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { untilAborted } from '../util/runtime.js';
import type { BuildJournal } from './build-journal.js';
import { makeTransform, writeEpoch } from './epoch.js';
import type { OnProgress } from './progress.js';
import type { Sample } from './sample.js';

export interface TrainedTransform {
  readonly transform: CodeTransform;
  /** Those of an epoch. */
  readonly fields: Pick<Epoch, 'dimensions' | 'coordinates' | 'seed' | 'mean' | 'basis' | 'trainingRows'>;
}

/** Cost: up to some seconds, of many dimensions; a signal leaves it to its end on the pool. */
export async function trainTransform(
  { native, runtime }: Pick<ArrayEnvironment, 'native' | 'runtime'>,
  dtype: ScanDtype,
  dimensions: number,
  sample: Sample,
  { signal }: CallOptions,
): Promise<TrainedTransform> {
  const random = runtime.randomBytes(8);
  const seed = Number(new DataView(random.buffer, random.byteOffset).getBigUint64(0) >> 11n);
  const training = native.trainCodes(dtype, dimensions, sample.bytes, seed).catch((error: unknown) => {
    throw fromNative(error);
  });
  const fields = { ...(await untilAborted(training, signal)), dimensions, seed, trainingRows: sample.rows };
  return { transform: makeTransform({ native }, fields), fields };
}

export interface Training {
  readonly dtype: ScanDtype;
  readonly dimensions: number;
  readonly onProgress: OnProgress | undefined;
}

/** How rows are coded where there are no lists: trained, up, and noted. */
export async function trainEpoch(
  environment: ArrayEnvironment,
  view: ArrayView,
  sample: Sample,
  { dtype, dimensions, onProgress }: Training,
  { journal, ...extent }: { journal: BuildJournal; rows: number; endRowId: number },
  options: CallOptions,
): Promise<{ readonly transform: CodeTransform; readonly seed: number; readonly epoch: NewObject }> {
  onProgress?.(0, 1, 'train');
  const { transform, fields } = await trainTransform(environment, dtype, dimensions, sample, options);
  const epoch = await writeEpoch(environment, view.entry.id, fields, options);
  await journal.noteTrained({ epoch, ...extent });
  onProgress?.(1, 1, 'train');
  return { transform, seed: fields.seed, epoch };
}
