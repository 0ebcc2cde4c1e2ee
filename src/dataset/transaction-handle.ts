// What the callback of write() gets.
import type { RowSource } from '../arrays/row-source.js';
import type { RowsInput } from '../arrays/rows-input.js';
import type { RowSelection } from '../arrays/selection.js';
import type { CreateOptions, RowTarget, WriteTransaction } from '../arrays/write-transaction.js';
import { viewAs } from '../npy/dtype.js';
import type { Rows } from './array-handle.js';

/** Changes that become one version. Use it inside the callback of `write()` only, and await every call. */
export class TransactionHandle {
  readonly #staged: WriteTransaction;

  constructor(staged: WriteTransaction) {
    this.#staged = staged;
  }

  /** Names of the arrays as the transaction sees them. */
  get arrays(): readonly string[] {
    return this.#staged.names;
  }

  /** Makes an empty array. `AlreadyExists` when the name is taken. */
  async create(name: string, options: CreateOptions): Promise<void> {
    this.#staged.create(name, options);
  }

  /** Adds rows at the end. `NotFound` with the nearest name when there is no such array. */
  async append(name: string, rows: RowsInput): Promise<void> {
    await this.#staged.append(name, rows);
  }

  /** Adds the rows of a file or another source piece by piece; makes the array when there is none. */
  async appendFrom(name: string, source: RowSource): Promise<void> {
    await this.#staged.appendFrom(name, source);
  }

  /**
   * Puts new content in the place of rows: by logical index, `{ ids }`, or `{ all: true }`. They keep their
   * ids.
   */
  async replace(name: string, target: RowTarget, rows: RowsInput): Promise<void> {
    await this.#staged.replace(name, target, rows);
  }

  /**
   * Takes rows out: by logical index, `{ ids }`, or `{ all: true }`. Later rows move up; ids are never used
   * again.
   */
  async drop(name: string, target: RowTarget): Promise<void> {
    await this.#staged.drop(name, target);
  }

  /** Takes the whole array out. */
  async dropArray(name: string): Promise<void> {
    this.#staged.dropArray(name);
  }

  /** Gives the array another name; no data moves. */
  async rename(name: string, to: string): Promise<void> {
    this.#staged.rename(name, to);
  }

  /**
   * Rows as the transaction sees them, its own changes included. What it reads and another changes is a
   * conflict.
   */
  async read(name: string, selection: RowSelection = {}): Promise<Rows> {
    const { bytes, rows, type } = await this.#staged.read(name, selection);
    return {
      data: viewAs(type.dtype, bytes),
      shape: type.scalar ? [] : [rows, ...type.rowShape],
      dtype: type.dtype,
    };
  }
}
