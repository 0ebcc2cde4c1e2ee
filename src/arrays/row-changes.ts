// The rows that a transaction appends, replaces and drops, on their way to objects. Small appends and
// replaces are held in memory, all of them together up to a bound (src/arrays/staged-rows.ts); larger ones go
// up as they come.
import { type Change, type PartitionDraft, pendingRowId, type RowSetDraft } from '../manifest/transaction.js';
import { draftRowSet } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import { appendPieces, type InlineRoom } from './append-changes.js';
import type { BackgroundUploads } from './background-uploads.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf } from './row-type.js';
import type { PendingArray } from './pending-array.js';
import { replaceRows } from './replace-changes.js';
import { isAscending } from '../util/sorted.js';
import { sortedOrder, uniqueSorted } from './row-order.js';
import type { RowSource } from './row-source.js';
import type { RowsWriter } from './rows-writer.js';

/** Appends and replaces up to this many bytes are held. */
const smallBytes = 4 * 2 ** 20;

/** A tail is written when it has so many bytes, or a partition's worth of them. */
const tailBytes = 16 * 2 ** 20;

/** Changes in the order in which they were made; each may wait for its uploads. */
export type Changes = ((room: InlineRoom) => Promise<readonly Change[]>)[];

export class RowChanges {
  readonly #environment: ArrayEnvironment;
  readonly #writer: RowsWriter;
  readonly #uploads: BackgroundUploads;
  readonly #changes: Changes;
  readonly #options: CallOptions;
  /** Arrays of which something is held. */
  readonly #staging = new Set<PendingArray>();
  /** Replaced rows are written one set after the other: the last one wins. */
  #writing: Promise<void> = Promise.resolve();

  constructor(
    environment: ArrayEnvironment,
    writer: RowsWriter,
    uploads: BackgroundUploads,
    changes: Changes,
    options: CallOptions,
  ) {
    this.#environment = environment;
    this.#writer = writer;
    this.#uploads = uploads;
    this.#changes = changes;
    this.#options = options;
  }

  /** Adds rows at the end; `apart` where something else is written of these very rows. */
  async append(array: PendingArray, bytes: Uint8Array, rows: number, apart: boolean): Promise<void> {
    if (apart || bytes.byteLength > smallBytes || array.type.scalar || bytes.byteLength === 0) {
      await this.#appendApart(array, bytes, rows);
      return;
    }
    // Rows are in the order in which the calls begin: nothing is waited for while there is room.
    const full = this.#full(bytes.byteLength);
    if (full !== undefined) await full;
    const tail = this.#tailOf(array);
    tail.add(bytes, rows);
    array.appendStaged(rows);
    const partitionBytes = this.#writer.rowsPerPartition(array) * rowBytesOf(array.type);
    if (tail.sizeBytes >= Math.min(tailBytes, partitionBytes)) this.#endTail(array);
  }

  /** What who changes faster than rows go up waits for. */
  #full(bytes: number): Promise<void> | undefined {
    const room = this.#uploads.reserve(bytes);
    if (room !== undefined) this.flush().catch(nothing);
    return room;
  }

  async #appendApart(array: PendingArray, bytes: Uint8Array, rows: number): Promise<void> {
    this.#endTail(array);
    const firstRow = array.appendedRows;
    if (bytes.byteLength > smallBytes) {
      const partitions = this.#writer.writeBytes(array, bytes, rows, firstRow);
      this.#uploads.add(partitions);
      this.#note(array, rows, partitions);
      await partitions;
      return;
    }
    const { begun, stored } = this.#uploads.start(bytes.byteLength, () =>
      this.#writer.writeBytes(array, bytes.slice(), rows, firstRow),
    );
    this.#note(array, rows, stored);
    await begun;
  }

  /** Adds the rows of a source, whose partitions are promised. */
  appendFrom(array: PendingArray, source: RowSource): Promise<readonly PartitionDraft[]> {
    this.#endTail(array);
    const partitions = this.#writer.writeSource(array, source, array.appendedRows);
    this.#uploads.add(partitions);
    this.#note(array, source.rows, partitions);
    return partitions;
  }

  /** Adds files of rows that are there already. Indexes do not take these up: nobody has read their rows. */
  appendStored(array: PendingArray, files: readonly PartitionDraft[]): void {
    this.#endTail(array);
    array.coder?.stop();
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    this.#note(array, rows, Promise.resolve(files));
  }

  #note(array: PendingArray, rows: number, partitions: Promise<readonly PartitionDraft[]>): void {
    array.append(rows, partitions);
    this.#noteAppend(array, rows, () => partitions);
    // Codes of the rows after them would be waited for without end.
    partitions.catch(() => array.coder?.stop());
  }

  #noteAppend(array: PendingArray, rows: number, partitions: () => Promise<readonly PartitionDraft[]>): void {
    if (rows === 0) return;
    this.#changes.push(async (room) => {
      const pieces = await appendPieces(this.#environment, await partitions(), room, this.#options);
      return pieces.map((piece): Change => ({ kind: 'append', array: array.id, ...piece }));
    });
  }

  #tailOf(array: PendingArray): ReturnType<PendingArray['beginTail']> {
    const open = array.staged?.tail;
    if (open !== undefined) return open;
    const tail = array.beginTail((bytes, rows) => {
      const partitions = this.#writer.writeBytes(array, bytes, rows, tail.firstRow);
      this.#uploads.add(partitions, bytes.byteLength);
      partitions.catch(() => array.coder?.stop());
      return partitions;
    });
    this.#staging.add(array);
    this.#noteAppend(array, 1, () => tail.seal());
    return tail;
  }

  /** What is appended later does not follow it. The failure of an upload is thrown in the end. */
  #endTail(array: PendingArray): void {
    array.staged?.tail?.seal().catch(() => undefined);
  }

  /** Puts new content in the place of rows; a row that is named twice is `InvalidArgument`. */
  async replace(array: PendingArray, ids: Float64Array, bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength > smallBytes || bytes.byteLength === 0) {
      await this.settle(array);
      await this.#write(array, ids, bytes);
      return;
    }
    if (!isAscending(ids)) sortedOrder(ids, array.name);
    const full = this.#full(bytes.byteLength);
    if (full !== undefined) await full;
    const staged = array.stage();
    this.#staging.add(array);
    const before = staged.sizeBytes;
    staged.replace(ids, bytes);
    this.#uploads.release(bytes.byteLength - (staged.sizeBytes - before));
  }

  async #write(array: PendingArray, ids: Float64Array, bytes: Uint8Array): Promise<void> {
    const written = this.#writing.then(() =>
      replaceRows(this.#environment, this.#writer, array, ids, bytes, this.draftSet),
    );
    this.#writing = written.then(nothing, nothing);
    this.#uploads.add(written);
    this.#changes.push(async () => [await written]);
    await written;
  }

  /** Takes rows out. */
  async drop(array: PendingArray, dropped: Float64Array): Promise<void> {
    const ids = uniqueSorted(dropped);
    if (ids.length === 0) return;
    const { rowSets } = this.#environment.functions;
    // A replaced row counts as replaced, for who changes it meanwhile, also where it is dropped then.
    if (array.staged?.replaces(ids) === true) await this.settle(array);
    const settled = rowSets.fromSorted(ids.filter((id) => id < pendingRowId));
    const pending = rowSets.fromSorted(ids.filter((id) => id >= pendingRowId));
    array.drop(rowSets.union(settled, pending));
    for (const set of [settled, pending]) {
      if (rowSets.count(set) === 0) continue;
      const change: Change = { kind: 'drop', array: array.id, rows: await this.draftSet(set) };
      this.#changes.push(() => Promise.resolve([change]));
    }
  }

  /** Writes all that is held. */
  async flush(): Promise<void> {
    for (const array of [...this.#staging]) await this.settle(array);
  }

  /** Writes what is held of an array. */
  async settle(array: PendingArray): Promise<void> {
    const { staged } = array;
    if (staged === undefined || !this.#staging.delete(array)) return;
    this.#endTail(array);
    const replaced = staged.takeReplaced();
    const { ids, bytes } = replaced.sorted();
    try {
      if (ids.length > 0) await this.#write(array, ids, bytes);
    } finally {
      staged.written(replaced);
      this.#uploads.release(replaced.rows.sizeBytes);
    }
  }

  readonly draftSet = async (set: Uint8Array): Promise<RowSetDraft> => {
    const { rowSets } = this.#environment.functions;
    const hasPending = rowSets.count(rowSets.slice(set, pendingRowId, Number.MAX_SAFE_INTEGER)) > 0;
    return hasPending ? { set } : draftRowSet(this.#environment, set, this.#options);
  };
}

function nothing(): void {}
