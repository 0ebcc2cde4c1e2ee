// Rows out: partitions made, checksummed and uploaded, a few at a time.
//
// The digest runs off the event loop; the upload is create-only under a random key. How many partitions are
// under way at once follows from the memory budget, so a stream of any length keeps within it.
import PQueue from 'p-queue';
import { type KeyPattern, partitionPattern } from '../manifest/keys.js';
import type { PartitionDraft } from '../manifest/transaction.js';
import { encodeHeader } from '../npy/header.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ArrayEnvironment } from './environment.js';
import type { RowType } from './row-type.js';
import { uploadLarge } from './upload-large.js';

/** Default size of a partition: large enough that requests are few, small enough to repair and to retry. */
export const defaultPartitionBytes = 64 * 2 ** 20;

/** Each holds its bytes; a server on few cores takes more of them at once more slowly. */
const uploadsAtOnce = 6;

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
