// Rows of a binary file: batches of columns, one of which is in memory at a time.
import type { Attribute, Column } from '../../attributes/column.js';
import { joinColumns } from '../../attributes/join.js';
import { sliceColumn } from '../../attributes/slice.js';
import type { AttributeSource } from '../../attributes/source.js';
import type { CallOptions } from '../../storage/object-store.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { RandomAccess } from '../random-access.js';
import { castColumn, checkCast, columnOfValues } from './cells.js';
import { checkNames, checkTypes, type Types, typeAsked } from './problem.js';
import { checkRange } from './text-rows.js';

/** Of a batch in memory, as far as the file says. */
export const mostBatchBytes = 2 ** 30;

/** As the file has it. */
export interface FileAttribute extends Attribute {
  /** All is null, so that any type will do. */
  readonly isNull?: boolean;
}

export interface Batches {
  readonly attributes: readonly FileAttribute[];
  /** Rows of each batch. */
  readonly rows: readonly number[];
  /** The columns of a batch, whose first row is `firstRow`; asked for in ascending order, each once. */
  load(batch: number, firstRow: number, options: CallOptions): Promise<readonly Column[]>;
}

export class BatchRows implements AttributeSource {
  readonly name: string;
  readonly rows: number;
  readonly attributes: readonly Attribute[];
  readonly #access: RandomAccess;
  readonly #batches: Batches;
  #next = 0;
  /** The batch that `#next` lies in. */
  #batch = 0;
  #firstRow = 0;
  #columns: readonly Column[] | undefined;

  constructor(access: RandomAccess, batches: Batches, types: Types) {
    this.name = access.name;
    this.#access = access;
    this.#batches = batches;
    this.rows = batches.rows.reduce((sum, rows) => sum + rows, 0);
    const names = batches.attributes.map(({ name }) => name);
    checkNames(this.name, names);
    checkTypes(this.name, types, names);
    this.attributes = batches.attributes.map(({ name, type, isNull = false }) => {
      const asked = typeAsked(types, name) ?? type;
      if (!isNull) checkCast(this.name, name, type, asked);
      return { name, type: asked };
    });
  }

  async read(start: number, end: number, options: CallOptions = {}): Promise<readonly Column[]> {
    checkRange(this, start, end, this.#next);
    const parts: (readonly Column[])[] = [];
    for (let at = start; at < end; ) {
      throwIfAborted(options.signal);
      const columns = await this.#at(at, options);
      const first = at - this.#firstRow;
      const last = Math.min(end - this.#firstRow, this.#batches.rows[this.#batch] ?? 0);
      parts.push(columns.map((column) => sliceColumn(column, first, last)));
      at += last - first;
      this.#next = at;
    }
    return this.attributes.map(({ name, type }, i) =>
      parts.length === 0
        ? columnOfValues(name, type, [])
        : joinColumns(parts.flatMap((columns) => columns[i] ?? [])),
    );
  }

  /** The batch in which the row lies. */
  async #at(row: number, options: CallOptions): Promise<readonly Column[]> {
    for (;;) {
      const rows = this.#batches.rows[this.#batch] ?? 0;
      if (row < this.#firstRow + rows) break;
      this.#columns = undefined;
      this.#batch++;
      this.#firstRow += rows;
    }
    if (this.#columns !== undefined) return this.#columns;
    const loaded = await this.#batches.load(this.#batch, this.#firstRow, options);
    this.#columns = this.attributes.map(({ name, type }, i) => {
      const column = loaded[i] ?? columnOfValues(name, type, []);
      if (this.#batches.attributes[i]?.isNull === true) {
        return columnOfValues(
          name,
          type,
          Array.from({ length: column.rows }, () => null),
        );
      }
      return castColumn({ file: this.name, attribute: name, firstRow: this.#firstRow }, column, type);
    });
    return this.#columns;
  }

  close(): Promise<void> {
    this.#columns = undefined;
    return this.#access.close();
  }
}
