// Rows out: partitions made, checksummed and uploaded, a few at a time.
//
// The digest runs off the event loop; the upload is create-only under a random key. How many partitions are
// under way at once follows from the memory budget, so a stream of any length keeps within it.
import PQueue from 'p-queue';
import { NacreError } from '../errors.js';
import { type KeyPattern, objectKey, partitionPattern } from '../manifest/keys.js';
import { defaultBlockBytes, type NewObject } from '../manifest/objects.js';
import type { PartitionDraft } from '../manifest/transaction.js';
import { packBlockSums, uploadDigested, uploadObject } from '../manifest/upload.js';
import { fromNative, type ObjectDigest } from '../native.js';
import { type Dtype, dtypes } from '../npy/dtype.js';
import { encodeHeader } from '../npy/header.js';
import type { CallOptions } from '../storage/object-store.js';
import { byteLength } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ArrayEnvironment } from './environment.js';

export interface RowType {
  readonly dtype: Dtype;
  readonly rowShape: readonly number[];
  readonly scalar: boolean;
}

/** Default size of a partition: large enough that requests are few, small enough to repair and to retry. */
export const defaultPartitionBytes = 64 * 2 ** 20;

/** Each holds its bytes; a server on few cores takes more of them at once more slowly. */
const uploadsAtOnce = 6;

export function rowBytesOf({ dtype, rowShape }: Pick<RowType, 'dtype' | 'rowShape'>): number {
  return rowShape.reduce((product, length) => product * length, dtypes[dtype].itemBytes);
}

/** Rows of one partition of about `partitionBytes`; at least one, and all when rows have no bytes. */
export function rowsPerPartition(rowBytes: number, partitionBytes: number): number {
  return rowBytes === 0 ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.floor(partitionBytes / rowBytes));
}

export class PartitionWriter {
  readonly #environment: ArrayEnvironment;
  readonly #pattern: KeyPattern;
  readonly #type: RowType;
  readonly #queue: PQueue;
  readonly #options: CallOptions;
  readonly #done: Promise<PartitionDraft>[] = [];
  #failure: unknown;

  constructor(
    environment: ArrayEnvironment,
    arrayId: Uint8Array,
    type: RowType,
    partitionBytes: number,
    options: CallOptions = {},
  ) {
    this.#environment = environment;
    this.#pattern = partitionPattern(arrayId);
    this.#type = type;
    this.#options = options;
    // Beside these one partition is being filled, and another's worth is not yet collected or a copy that a
    // store sends from.
    const inMemory = Math.floor(environment.memoryBytes / partitionBytes) - 2;
    const concurrency = Math.max(1, Math.min(uploadsAtOnce, inMemory));
    this.#queue = new PQueue({ concurrency });
  }

  /**
   * Takes one partition of whole rows, which must not change until `finish`. Resolves when there is room for
   * the next one; what goes wrong with an upload is thrown by a later call. Once it is stored, and its bytes
   * are no longer needed, `stored` is told.
   */
  async add(rowBytes: Uint8Array, rows: number, stored?: () => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const upload = this.#queue.add(() => this.#upload(rowBytes, rows));
    upload.then(stored, (error: unknown) => {
      this.#failure ??= error;
      this.#queue.clear();
    });
    this.#done.push(upload);
    await this.#queue.onSizeLessThan(1);
  }

  /** The partitions in the order in which they were added, all of them stored. */
  async finish(): Promise<PartitionDraft[]> {
    // The queue is cleared on failure, and what waited in it never settles: the first failure is the answer.
    await this.#queue.onIdle();
    if (this.#failure !== undefined) throw this.#failure;
    return Promise.all(this.#done);
  }

  async #upload(rowBytes: Uint8Array, rows: number): Promise<PartitionDraft> {
    const { dtype, rowShape, scalar } = this.#type;
    throwIfAborted(this.#options.signal);
    const header = encodeHeader(dtype, scalar ? [] : [rows, ...rowShape]);
    const object = await uploadLarge(this.#environment, this.#pattern, [header, rowBytes], this.#options);
    return { object, rows, dataOffset: header.byteLength };
  }
}

/**
 * Digests an object off the event loop, and uploads it under a random key; a store that can does both at
 * once. `blockBytes` default 64 KiB.
 */
export async function uploadLarge(
  { native, runtime, store }: ArrayEnvironment,
  pattern: KeyPattern,
  pieces: readonly Uint8Array[],
  options: CallOptions,
  blockBytes?: number,
): Promise<NewObject> {
  const id = runtime.randomBytes(16);
  const describe = (digest: ObjectDigest): NewObject => ({
    ...{ pattern, id, sizeBytes: byteLength(pieces) },
    ...{ hash: digest.blake3, crc32c: digest.crc32c, blocks: packBlockSums(digest.blocks) },
    ...(blockBytes === undefined ? {} : { blockBytes }),
  });
  const block = blockBytes ?? defaultBlockBytes;
  const digestHere = (): Promise<ObjectDigest> =>
    native.digestObject(pieces, block).catch((error: unknown) => {
      throw fromNative(error);
    });
  if (store.capabilities.digestsOnPut === true) {
    const key = objectKey(pattern, id);
    const digest = await uploadDigested(store, key, pieces, { ...options, blockBytes: block });
    return describe(digest ?? (await digestHere()));
  }
  const object = describe(await digestHere());
  await uploadObject(store, object, pieces, options);
  return object;
}

/** Refuses rows that do not fit the array, naming both. */
export function checkRowType(array: string, expected: RowType, observed: RowType): void {
  const text = ({ dtype, rowShape, scalar }: RowType): string =>
    scalar ? `a 0-d ${dtype}` : `${dtype} rows of shape [${rowShape.join(', ')}]`;
  const same =
    expected.dtype === observed.dtype &&
    expected.scalar === observed.scalar &&
    expected.rowShape.length === observed.rowShape.length &&
    expected.rowShape.every((length, axis) => length === observed.rowShape[axis]);
  if (same) return;
  throw new NacreError(
    'InvalidArgument',
    `array '${array}' holds ${text(expected)}, the data is ${text(observed)}`,
    {
      context: { array, expected: text(expected), observed: text(observed) },
      hint: 'Convert the data (in NumPy: data.astype(…).reshape(…)), or put it into another array.',
    },
  );
}
