// Rows of an array into partitions: of bytes at hand, and of a source piece by piece.
import type { PartitionDraft } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { fromHex } from '../util/bytes.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf } from './row-type.js';
import { PartitionWriter, rowsPerPartition } from './partition-writer.js';
import type { PendingArray } from './pending-array.js';
import type { RowSource } from './row-source.js';

export class RowsWriter {
  readonly #environment: ArrayEnvironment;
  readonly #partitionBytes: number;
  readonly #options: CallOptions;

  constructor(environment: ArrayEnvironment, partitionBytes: number, options: CallOptions) {
    this.#environment = environment;
    this.#partitionBytes = partitionBytes;
    this.#options = options;
  }

  /** Rows of one partition of the array. */
  rowsPerPartition(array: PendingArray): number {
    return rowsPerPartition(rowBytesOf(array.type), this.#partitionBytes);
  }

  writer(array: PendingArray): PartitionWriter {
    const id = defined(fromHex(array.id), 'array id');
    return new PartitionWriter(this.#environment, id, array.type, this.#partitionBytes, this.#options);
  }

  /** `firstRow` is counted among the rows that the transaction appends. */
  async writeBytes(
    array: PendingArray,
    bytes: Uint8Array,
    rows: number,
    firstRow: number,
  ): Promise<readonly PartitionDraft[]> {
    const writer = this.writer(array);
    const rowBytes = rowBytesOf(array.type);
    const step = this.rowsPerPartition(array);
    const codes: (Promise<void> | undefined)[] = [];
    for (let start = 0; start < rows; start += step) {
      const end = Math.min(rows, start + step);
      const partition = bytes.subarray(start * rowBytes, end * rowBytes);
      const coded = array.coder?.add(partition, firstRow + start);
      // Waited for below; until then it must not count as unhandled.
      coded?.catch(() => undefined);
      codes.push(coded);
      await writer.add(partition, end - start);
    }
    const [partitions] = await Promise.all([writer.finish(), ...codes]);
    return partitions;
  }

  async writeSource(
    array: PendingArray,
    source: RowSource,
    firstRow: number,
  ): Promise<readonly PartitionDraft[]> {
    const writer = this.writer(array);
    const step = this.rowsPerPartition(array);
    const rowBytes = rowBytesOf(array.type);
    // What partitions that are stored lay in: fresh memory costs more than the copy that fills it.
    const spare: Uint8Array[] = [];
    for (let start = 0; start < source.rows; start += step) {
      const end = Math.min(source.rows, start + step);
      const into = spare.pop()?.subarray(0, (end - start) * rowBytes);
      const bytes = await source.read(start, end, { ...this.#options, ...(into && { into }) });
      const coded = array.coder?.add(bytes, firstRow + start);
      await Promise.all([writer.add(bytes, end - start, () => spare.push(bytes)), coded]);
    }
    return writer.finish();
  }
}
