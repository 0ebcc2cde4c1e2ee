// Rows of a file of text: gone through once to learn types and rows, and once more to read them.
import type { Attribute, Column } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import type { Value } from '../../attributes/values.js';
import { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { assert } from '../../util/assert.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { RandomAccess } from '../random-access.js';
import { columnOfValues } from './cells.js';

/** What the first pass learned. */
export interface Learned {
  readonly rows: number;
  readonly attributes: readonly Attribute[];
}

export class TextRows implements AttributeSource {
  readonly name: string;
  readonly rows: number;
  readonly attributes: readonly Attribute[];
  readonly #access: RandomAccess;
  readonly #values: AsyncGenerator<readonly Value[]>;
  #next = 0;

  /** `values` are those of the rows, in the order of the attributes and as their types have them. */
  constructor(access: RandomAccess, learned: Learned, values: AsyncGenerator<readonly Value[]>) {
    this.name = access.name;
    this.rows = learned.rows;
    this.attributes = learned.attributes;
    this.#access = access;
    this.#values = values;
  }

  async read(start: number, end: number, { signal }: CallOptions = {}): Promise<readonly Column[]> {
    checkRange(this, start, end, this.#next);
    const values: Value[][] = this.attributes.map(() => []);
    for (; this.#next < end; this.#next++) {
      throwIfAborted(signal);
      const row = await this.#values.next();
      assert(row.done !== true, 'both passes see the same rows');
      if (this.#next < start) continue;
      for (const [i, column] of values.entries()) column.push(row.value[i] ?? null);
    }
    return this.attributes.map(({ name, type }, i) => columnOfValues(name, type, values[i] ?? []));
  }

  async close(): Promise<void> {
    await this.#values.return(undefined);
    await this.#access.close();
  }
}

/** Rows are in the file, and not before those that were read. */
export function checkRange(source: AttributeSource, start: number, end: number, next: number): void {
  const isThere = Number.isInteger(start) && Number.isInteger(end) && start <= end && end <= source.rows;
  if (isThere && start >= next) return;
  const what = `${source.name}: rows ${start} to ${end} of ${source.rows}, with ${next} read`;
  throw new NacreError('InvalidArgument', what, {
    context: { file: source.name, start, end },
    hint: 'Rows of a file are read in ascending order, each once.',
  });
}
