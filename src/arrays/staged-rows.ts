// Rows of one array that a transaction holds in memory: what small appends and replaces brought, until it is
// worth an object, or the transaction ends. Thousands of small changes so cost what copying them does.
//
// Appended rows lie one after the other in a tail, which ends when it is sealed: it is then written as any
// append. Replaced rows that are in the tail are changed there; others lie beside, by their ids.
import type { PartitionDraft } from '../manifest/transaction.js';
import { pendingRowId } from '../manifest/transaction.js';

/** Bytes that a tail begins with. */
const firstBytes = 64 * 1024;

/** Rows, one after the other, in memory that grows. */
class GrowingRows {
  readonly rowBytes: number;
  rows = 0;
  #bytes = new Uint8Array(0);

  constructor(rowBytes: number) {
    this.rowBytes = rowBytes;
  }

  get sizeBytes(): number {
    return this.rows * this.rowBytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.sizeBytes);
  }

  add(bytes: Uint8Array, rows: number): void {
    const start = this.sizeBytes;
    const needed = start + bytes.byteLength;
    if (needed > this.#bytes.byteLength) {
      const more = new Uint8Array(Math.max(firstBytes, needed, 2 * this.#bytes.byteLength));
      more.set(this.bytes);
      this.#bytes = more;
    }
    this.#bytes.set(bytes, start);
    this.rows += rows;
  }

  row(at: number): Uint8Array {
    return this.#bytes.subarray(at * this.rowBytes, (at + 1) * this.rowBytes);
  }
}

/** Writes the rows of a tail; called once. */
export type Seal = (bytes: Uint8Array, rows: number) => Promise<readonly PartitionDraft[]>;

/** Appended rows; they are one append. */
export class Tail {
  /** Among the rows that the transaction appends. */
  readonly firstRow: number;
  readonly #rows: GrowingRows;
  readonly #seal: Seal;
  #partitions: Promise<readonly PartitionDraft[]> | undefined;

  constructor(firstRow: number, rowBytes: number, seal: Seal) {
    this.firstRow = firstRow;
    this.#rows = new GrowingRows(rowBytes);
    this.#seal = seal;
  }

  get rows(): number {
    return this.#rows.rows;
  }

  get sizeBytes(): number {
    return this.#rows.sizeBytes;
  }

  get isOpen(): boolean {
    return this.#partitions === undefined;
  }

  add(bytes: Uint8Array, rows: number): void {
    this.#rows.add(bytes, rows);
  }

  /** The memory of a row by its id; undefined where it is of another, or the tail is written. */
  find(id: number): Uint8Array | undefined {
    const row = id - pendingRowId - this.firstRow;
    return this.isOpen && row >= 0 && row < this.rows ? this.#rows.row(row) : undefined;
  }

  /** Its partitions; it takes no more rows, and none of it changes. */
  seal(): Promise<readonly PartitionDraft[]> {
    this.#partitions ??= this.#seal(this.#rows.bytes, this.rows);
    return this.#partitions;
  }
}

/** Rows that take the place of others, by their ids. */
export class Replaced {
  readonly rows: GrowingRows;
  readonly #at = new Map<number, number>();

  constructor(rowBytes: number) {
    this.rows = new GrowingRows(rowBytes);
  }

  find(id: number): Uint8Array | undefined {
    const at = this.#at.get(id);
    return at === undefined ? undefined : this.rows.row(at);
  }

  set(id: number, row: Uint8Array): void {
    const known = this.find(id);
    if (known !== undefined) {
      known.set(row);
      return;
    }
    this.#at.set(id, this.rows.rows);
    this.rows.add(row, 1);
  }

  /** In the order of their ids. */
  sorted(): { readonly ids: Float64Array; readonly bytes: Uint8Array } {
    const { rowBytes } = this.rows;
    const ids = Float64Array.from(this.#at.keys()).sort();
    const bytes = new Uint8Array(ids.length * rowBytes);
    for (const [i, id] of ids.entries()) bytes.set(this.find(id) ?? new Uint8Array(0), i * rowBytes);
    return { ids, bytes };
  }
}

export class StagedRows {
  readonly #rowBytes: number;
  #tail: Tail | undefined;
  #replaced: Replaced;
  /** What is being written, and read here until it is, oldest first. */
  readonly #leaving = new Set<Replaced>();

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes;
    this.#replaced = new Replaced(rowBytes);
  }

  /** The tail that takes rows. */
  get tail(): Tail | undefined {
    return this.#tail?.isOpen === true ? this.#tail : undefined;
  }

  begin(firstRow: number, seal: Seal): Tail {
    this.#tail = new Tail(firstRow, this.#rowBytes, seal);
    return this.#tail;
  }

  /** Bytes of rows that are held. */
  get sizeBytes(): number {
    return (this.tail?.sizeBytes ?? 0) + this.#replaced.rows.sizeBytes;
  }

  /** One row for each id; no id is there twice. */
  replace(ids: Float64Array, bytes: Uint8Array): void {
    const rowBytes = this.#rowBytes;
    const { tail } = this;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? 0;
      const row = bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
      const known = tail?.find(id);
      if (known === undefined) this.#replaced.set(id, row);
      else known.set(row);
    }
  }

  #find(id: number): Uint8Array | undefined {
    let found = this.tail?.find(id) ?? this.#replaced.find(id);
    if (found === undefined) for (const leaving of this.#leaving) found = leaving.find(id) ?? found;
    return found;
  }

  /** Copies rows that are held to their places in the target; the places of all others. */
  copy(ids: Float64Array, target: Uint8Array): number[] {
    const others: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const row = this.#find(ids[i] ?? 0);
      if (row === undefined) others.push(i);
      else target.set(row, i * this.#rowBytes);
    }
    return others;
  }

  /** Whether one of the rows has a replacement that nobody writes yet. */
  replaces(ids: Float64Array): boolean {
    return this.#replaced.rows.rows > 0 && ids.some((id) => this.#replaced.find(id) !== undefined);
  }

  /** What was replaced, to be written: it is read here until `written` says that it is. */
  takeReplaced(): Replaced {
    const taken = this.#replaced;
    this.#replaced = new Replaced(this.#rowBytes);
    this.#leaving.add(taken);
    return taken;
  }

  written(replaced: Replaced): void {
    this.#leaving.delete(replaced);
  }
}
