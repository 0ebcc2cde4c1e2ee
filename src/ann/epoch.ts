// How the rows of an array become codes: trained once, kept as an object, read by every scan.
import { NacreError } from '../errors.js';
import { indexPattern } from '../manifest/keys.js';
import { decodeFrame, encodeFrame } from '../manifest/frame.js';
import { decode, encode, type Epoch, make, v1 } from '../manifest/message.js';
import type { NewObject, StoredObject } from '../manifest/objects.js';
import { readObject } from '../manifest/read-checked.js';
import { checkFeatures } from '../manifest/root.js';
import { describeObject, uploadObject } from '../manifest/upload.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { Kept } from '../arrays/kept.js';
import { type CodeTransform, fromNative } from '../native.js';
import type { Centroids, IvfQuantizer } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';

/** How the rows of an array become codes, and where there are lists, which rows each holds. */
export interface Coding {
  readonly transform: CodeTransform;
  readonly quantizer: IvfQuantizer | undefined;
  readonly seed: number;
}

/** By the hash of the epoch: making one costs up to some milliseconds. */
const codings = new Kept<Coding>(64);

/** Uploads an epoch. */
export async function writeEpoch(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  fields: Pick<Epoch, 'dimensions' | 'coordinates' | 'seed' | 'mean' | 'basis' | 'trainingRows'> &
    Partial<Pick<Epoch, 'centroidScales' | 'centroidSteps'>>,
  options: CallOptions,
): Promise<NewObject> {
  const body = encode(v1.Epoch, make(v1.Epoch, fields));
  const bytes = encodeFrame('epoch', body, environment.functions);
  const object = describeObject(indexPattern(arrayId), bytes, environment);
  await uploadObject(environment.store, object, bytes, options);
  return object;
}

/** The transform of an epoch. Cost: one request, the first time. */
export async function readEpoch(
  environment: ArrayEnvironment,
  object: StoredObject,
  dimensions: number,
  options: CallOptions,
): Promise<CodeTransform> {
  return (await readCoding(environment, object, dimensions, options)).transform;
}

/** What an epoch holds. Cost: one request, the first time. */
export function readCoding(
  environment: ArrayEnvironment,
  object: StoredObject,
  dimensions: number,
  options: CallOptions,
): Promise<Coding> {
  return codings.get(environment, toHex(object.hash), () => load(environment, object, dimensions), options);
}

/** What an epoch of lists holds: `Corrupt` for one without centroids. */
export async function readListCoding(
  environment: ArrayEnvironment,
  object: StoredObject,
  dimensions: number,
  options: CallOptions,
): Promise<Coding & { readonly quantizer: IvfQuantizer }> {
  const { quantizer, ...coding } = await readCoding(environment, object, dimensions, options);
  if (quantizer !== undefined) return { ...coding, quantizer };
  const { key } = object;
  throw new NacreError('Corrupt', `${key} has no centroids`, { context: { key } });
}

async function load(
  environment: ArrayEnvironment,
  object: StoredObject,
  dimensions: number,
): Promise<Coding> {
  const bytes = await readObject(environment.store, object, environment.functions);
  const { key } = object;
  const epoch = decode(v1.Epoch, decodeFrame('epoch', bytes, key, environment.functions), key);
  checkFeatures(epoch.requiredFeatures, key);
  if (epoch.dimensions !== dimensions || epoch.mean.byteLength !== 4 * dimensions) {
    throw new NacreError(
      'Corrupt',
      `${key} is of ${epoch.dimensions} dimensions, the array of ${dimensions}`,
      {
        context: { key, expected: dimensions, observed: epoch.dimensions },
      },
    );
  }
  const transform = makeTransform(environment, epoch);
  const { centroidScales: scales, centroidSteps: steps } = epoch;
  const { seed } = epoch;
  if (scales.byteLength === 0) return { transform, quantizer: undefined, seed };
  return { transform, quantizer: await makeQuantizer(environment, transform, { scales, steps }), seed };
}

export async function makeQuantizer(
  { native }: ArrayEnvironment,
  transform: CodeTransform,
  centroids: Centroids,
): Promise<IvfQuantizer> {
  return native.createIvfQuantizer(transform, centroids).catch((error: unknown) => {
    throw fromNative(error);
  });
}

export function makeTransform(
  { native }: Pick<ArrayEnvironment, 'native'>,
  { seed, mean, basis }: Pick<Epoch, 'seed' | 'mean' | 'basis'>,
): CodeTransform {
  try {
    return native.createCodeTransform({ seed, mean, basis });
  } catch (error) {
    throw fromNative(error);
  }
}
