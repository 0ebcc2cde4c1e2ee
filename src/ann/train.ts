// A transform by a sample of the rows of an array.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import type { BasePart } from '../arrays/row-map.js';
import type { Epoch } from '../manifest/message.js';
import { type CodeTransform, fromNative, type ScanDtype } from '../native.js';
import { makeTransform } from './epoch.js';
import { type Sample, type SampleOptions, sampleRows } from './sample.js';

export interface TrainedTransform {
  readonly transform: CodeTransform;
  readonly sample: Sample;
  /** Those of an epoch. */
  readonly fields: Pick<Epoch, 'dimensions' | 'coordinates' | 'seed' | 'mean' | 'basis' | 'trainingRows'>;
}

/** Cost: the requests of the sample. */
export async function trainTransform(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  dtype: ScanDtype,
  dimensions: number,
  options: SampleOptions,
): Promise<TrainedTransform> {
  const { native, runtime } = environment;
  const sample = await sampleRows(environment, parts, rowBytesOf(view.type), options);
  const random = runtime.randomBytes(8);
  const seed = Number(new DataView(random.buffer, random.byteOffset).getBigUint64(0) >> 11n);
  const trained = await native.trainCodes(dtype, dimensions, sample.bytes, seed).catch((error: unknown) => {
    throw fromNative(error);
  });
  const fields = { ...trained, dimensions, seed, trainingRows: sample.rows };
  return { transform: makeTransform(environment, fields), sample, fields };
}
