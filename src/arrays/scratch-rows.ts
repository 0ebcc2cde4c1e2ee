// The rows of one array where they are changed in place, filled from the dataset piece by piece as they are
// first touched: in a file without a name, of memory, or of the disk where the array is larger than a part of
// the budget. Pages of that are written to the disk as the system needs memory: an array may be larger than
// it. A process that is killed leaves nothing. Pieces are mapped one by one: V8 takes mappings for memory,
// and collects garbage for large ones.
import type { ElementOperation } from '../native/elementwise.js';
import type { ScratchFile } from '../native/files.js';
import { NacreError } from '../errors.js';
import { fromNative } from '../native.js';
import { dtypes } from '../npy/dtype.js';
import type { CallOptions } from '../storage/object-store.js';
import { Intervals } from '../util/intervals.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ArrayView } from './array-view.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf } from './row-type.js';
import { readRuns } from './reader.js';

/** Rows of a range, every `step`-th of them. */
export interface SteppedRange {
  readonly start: number;
  readonly end: number;
  /** At least 1. */
  readonly step: number;
}

export interface Change {
  readonly operation: ElementOperation;
  /** One element, one row, or as many rows as are changed; empty for an operation without one. */
  readonly operand: Uint8Array;
  readonly rows: SteppedRange;
}

/** A piece of the rows that changed. */
export interface ChangedRows {
  /** Logical indices, ascending. */
  readonly indices: Float64Array;
  /** Valid until the next piece is asked for. */
  readonly bytes: Uint8Array;
}

/** Bytes of the rows that are read, mapped and compared together; at least one row. */
const unitBytes = 256 * 1024;

/** Units that stay mapped, at most: a process may have some 65,000 mappings. */
const mostMapped = 4_096;

/** From so many bytes on rows are changed off the event loop: before that it takes longer to ask. */
const laterBytes = 128 * 1024;

interface Unit {
  readonly first: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

export class ScratchRows {
  readonly view: ArrayView;
  readonly rows: number;
  readonly rowBytes: number;
  /** Rows that were looked at, by whatever came of it. */
  readonly looked = new Intervals();
  readonly #environment: ArrayEnvironment;
  readonly #file: ScratchFile;
  readonly #options: CallOptions;
  readonly #unitRows: number;
  readonly #mostMapped: number;
  /** Least recently used first. */
  readonly #mapped = new Map<number, Unit>();
  readonly #filled = new Set<number>();
  readonly #written = new Set<number>();
  readonly #lent: Uint8Array[] = [];
  /** Calls are done one after the other, in the order in which they came. */
  #last: Promise<unknown> = Promise.resolve();
  /** Pieces of rows that were changed. */
  #changes = 0;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  #dropped = false;

  /** `path`: where a file may be made; nobody has it. */
  constructor(environment: ArrayEnvironment, view: ArrayView, path: string, options: CallOptions) {
    this.#environment = environment;
    this.view = view;
    this.rows = view.liveRows;
    this.rowBytes = rowBytesOf(view.type);
    this.#options = options;
    this.#unitRows = Math.max(1, Math.floor(unitBytes / Math.max(1, this.rowBytes)));
    const share = Math.floor(environment.memoryBytes / 4 / (this.#unitRows * this.rowBytes || 1));
    this.#mostMapped = Math.max(1, Math.min(mostMapped, share));
    const bytes = this.rows * this.rowBytes;
    const isSmall = bytes <= environment.memoryBytes / 4;
    this.#file = typed(() => environment.native.createScratchFile(path, bytes, isSmall));
  }

  /** The memory of the rows `[first, first + rows)`. `ResourceExhausted` for want of room on the disk. */
  #bytesOf(first: number, rows: number): Uint8Array {
    return typed(() => this.#file.map(first * this.rowBytes, rows * this.rowBytes));
  }

  /** Changes rows in place. One that fails half way fails the workspace. */
  change(change: Change): Promise<void> {
    const operand = this.#apart(change.operand);
    return this.#inTurn(() => this.#change({ ...change, operand }));
  }

  /** A copy of what is lent itself: it may be what is changed. */
  #apart(operand: Uint8Array): Uint8Array {
    const own = this.#lent.some((bytes) => bytes.buffer === operand.buffer);
    return own ? operand.slice() : operand;
  }

  async #change({ operation, operand, rows: { start, end, step } }: Change): Promise<void> {
    const { native } = this.#environment;
    const { dtype } = this.view.type;
    if (start >= end || this.rowBytes === 0) return;
    const { itemBytes } = dtypes[dtype];
    const rowItems = this.rowBytes / itemBytes;
    const isOfRows = operand.byteLength > Math.max(itemBytes, this.rowBytes);
    if (operation !== 'fill') this.looked.add(start, end);
    let first = start;
    let done = 0;
    for (const unit of this.#unitsOf(start, end)) {
      const unitEnd = Math.min(end, (unit + 1) * this.#unitRows);
      if (first >= unitEnd) continue;
      throwIfAborted(this.#options.signal);
      const over = operation === 'fill' && step === 1 ? { start: first, end: unitEnd } : undefined;
      const found = this.#unitAt(unit) ?? (await this.#fill(unit, over));
      const from = (first - found.first) * this.rowBytes;
      const target = found.bytes.subarray(from, (unitEnd - found.first) * this.rowBytes);
      const count = Math.ceil((unitEnd - first) / step);
      const own = isOfRows ? operand.subarray(done * this.rowBytes, (done + count) * this.rowBytes) : operand;
      const asked = [operation, dtype, target, own, rowItems, step] as const;
      try {
        if (target.byteLength < laterBytes) native.changeRows(...asked);
        else await native.changeRowsLater(...asked);
      } catch (error) {
        throw fromNative(error);
      }
      this.#written.add(unit);
      this.#changes++;
      done += count;
      first += count * step;
    }
  }

  /** The same of rows one by one, each with its row of the operand where that has more than one. */
  changeEach(operation: ElementOperation, given: Uint8Array, indices: Float64Array): Promise<void> {
    const operand = this.#apart(given);
    const isOfRows = operand.byteLength > Math.max(dtypes[this.view.type.dtype].itemBytes, this.rowBytes);
    return this.#inTurn(async () => {
      for (let i = 0; i < indices.length; i++) {
        const start = indices[i] ?? 0;
        const own = isOfRows ? operand.subarray(i * this.rowBytes, (i + 1) * this.rowBytes) : operand;
        await this.#change({ operation, operand: own, rows: { start, end: start + 1, step: 1 } });
      }
    });
  }

  /** The memory of the rows `[start, end)`, which may be written to until the workspace ends. */
  lend(start: number, end: number): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      for (const unit of this.#unitsOf(start, end)) {
        if (this.#unitAt(unit) === undefined) await this.#fill(unit);
        this.#written.add(unit);
      }
      this.looked.add(start, end);
      const bytes = this.#bytesOf(start, end - start);
      this.#lent.push(bytes);
      return bytes;
    });
  }

  /** Once it has ended: rows that differ from those of the dataset, by pieces. Cost: another read of them. */
  async *changed(): AsyncGenerator<ChangedRows> {
    const { native } = this.#environment;
    if (this.#failure !== undefined) throw this.#failure.error;
    const room = new Uint8Array(this.#written.size === 0 ? 0 : this.#unitRows * this.rowBytes);
    for (const number of [...this.#written].sort((a, b) => a - b)) {
      throwIfAborted(this.#options.signal);
      const unit = this.#unitAt(number) ?? this.#map(number);
      const before = room.subarray(0, unit.bytes.byteLength);
      await this.#read(unit.first, unit.rows, before);
      const found = await native.changedRows(before, unit.bytes, this.rowBytes).catch((error: unknown) => {
        throw fromNative(error);
      });
      if (found.length === 0) continue;
      const bytes = found.length === unit.rows ? unit.bytes : this.#gathered(unit, found);
      yield { indices: found.map((row) => unit.first + row), bytes };
    }
  }

  #gathered(unit: Unit, rows: Float64Array): Uint8Array {
    const bytes = new Uint8Array(rows.length * this.rowBytes);
    for (let i = 0; i < rows.length; i++) {
      const start = (rows[i] ?? 0) * this.rowBytes;
      bytes.set(unit.bytes.subarray(start, start + this.rowBytes), i * this.rowBytes);
    }
    return bytes;
  }

  /**
   * Takes no more calls, and waits for those there are, or for the one under way, where the others are
   * dropped: native threads may be at the memory.
   */
  async end(drop = false): Promise<void> {
    this.#ended = true;
    this.#dropped ||= drop;
    await this.#last;
  }

  /**
   * Takes all memory back, once all that are together have ended: one may have what another lent as its
   * operand. What was lent has no bytes afterwards.
   */
  free(): void {
    const { native } = this.#environment;
    const all = [...this.#lent, ...[...this.#mapped.values()].map(({ bytes }) => bytes)];
    for (const buffer of new Set(all.map((bytes) => bytes.buffer)))
      if (buffer.byteLength > 0) native.freeBuffer(buffer);
    this.#mapped.clear();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const closed = (): NacreError => new NacreError('Closed', 'the workspace has ended');
    if (this.#ended) return Promise.reject(closed());
    const done = this.#last.then(async () => {
      if (this.#dropped) throw closed();
      const before = this.#changes;
      try {
        return await work();
      } catch (error) {
        // What was changed by then does not become part of a version.
        if (this.#changes > before) this.#failure ??= { error };
        throw error;
      }
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  #unitsOf(start: number, end: number): Iterable<number> {
    const unitRows = this.#unitRows;
    return (function* units() {
      for (let unit = Math.floor(start / unitRows); unit * unitRows < end; unit++) yield unit;
    })();
  }

  /** The unit where it is filled, and mapped now. */
  #unitAt(unit: number): Unit | undefined {
    const found = this.#mapped.get(unit);
    if (found === undefined) return this.#filled.has(unit) ? this.#map(unit) : undefined;
    if (this.#mapped.size > this.#mostMapped / 2) {
      this.#mapped.delete(unit);
      this.#mapped.set(unit, found);
    }
    return found;
  }

  #map(unit: number): Unit {
    const first = unit * this.#unitRows;
    const rows = Math.min(this.#unitRows, this.rows - first);
    const bytes = this.#bytesOf(first, rows);
    const [oldest] = this.#mapped;
    if (oldest !== undefined && this.#mapped.size >= this.#mostMapped) {
      this.#mapped.delete(oldest[0]);
      this.#environment.native.freeBuffer(oldest[1].bytes.buffer);
    }
    const mapped = { first, rows, bytes };
    this.#mapped.set(unit, mapped);
    return mapped;
  }

  /** Reads the rows of the unit, unless all of them are written over. */
  async #fill(unit: number, over?: { readonly start: number; readonly end: number }): Promise<Unit> {
    const mapped = this.#map(unit);
    const { first, rows, bytes } = mapped;
    const isOver = over !== undefined && over.start <= first && over.end >= first + rows;
    if (!isOver) await this.#read(first, rows, bytes);
    this.#filled.add(unit);
    return mapped;
  }

  async #read(first: number, rows: number, into: Uint8Array): Promise<void> {
    const map = await this.view.rowMap(this.#options);
    const runs = await map.runsOfRange(first, first + rows);
    const { pages } = this.#environment;
    await readRuns(runs, this.rowBytes, () => into, pages, { ...this.#options, once: true });
  }
}

function typed<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}
