// Arrays that are changed in place, and become one version in the end.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveSelection, type RowSelection } from '../arrays/selection.js';
import { type ChangedRows, ScratchRows, type SteppedRange } from '../arrays/scratch-rows.js';
import { checkRows, type RowsInput } from '../arrays/rows-input.js';
import { sortedOrder } from '../arrays/row-order.js';
import type { WriteTransaction } from '../arrays/write-transaction.js';
import { arrayNotFound } from '../arrays/not-found.js';
import { NacreError } from '../errors.js';
import type { ElementOperation } from '../native/elementwise.js';
import { type Dtype, type TypedArray, viewAs } from '../npy/dtype.js';
import { type Element, elementBytes } from '../npy/element.js';
import { shapeText } from '../npy/shape.js';
import { fileError } from '../storage/local/errors.js';
import { toHex } from '../util/bytes.js';
import { rangeOfAll } from '../util/sorted.js';
import type { Rows } from './array-handle.js';
import type { Environment } from './environment.js';
import type { WriteCall } from './operation.js';

export interface WorkspaceOptions extends WriteCall {
  /**
   * Folder on a disk with room for what is touched of arrays larger than a quarter of `memoryBytes`. Default
   * that of the page cache where the dataset has one, else the system's for temporary files.
   */
  readonly scratch?: string;
}

/** One value for every element, or rows: one for each of those that are changed, or as many as these. */
export type Operand = Element | RowsInput;

type ChosenRows = SteppedRange | { readonly indices: Float64Array };

const none = new Uint8Array(0);

/** Bytes of changed rows that become an object together; of one piece it may be more. */
const replacedBytes = 16 * 2 ** 20;

/**
 * Rows that are changed in place: a whole array, or what `slice()` says of it. Each method does what NumPy's
 * operator in place does, for every dtype: integers wrap around, float16 is rounded once. What NumPy refuses
 * in place is `InvalidArgument`: a quotient or a root of integers, a difference of bools, a fraction for an
 * integer. Of operands that are rows, nobody changes the data before the promise settles.
 *
 * Cost: the rows are read when they are touched first; then that of one pass over them.
 */
export class WorkspaceRows {
  readonly #scratch: ScratchRows;
  readonly #selection: RowSelection;

  /** Use `Workspace.array()`. */
  constructor(scratch: ScratchRows, selection: RowSelection) {
    this.#scratch = scratch;
    this.#selection = selection;
  }

  /** `a += b`. */
  add(operand: Operand): Promise<void> {
    return this.#with('add', operand);
  }

  /** `a -= b`. */
  sub(operand: Operand): Promise<void> {
    return this.#with('subtract', operand);
  }

  /** `a *= b`. */
  mul(operand: Operand): Promise<void> {
    return this.#with('multiply', operand);
  }

  /** `a /= b`; of floats and complex numbers. */
  div(operand: Operand): Promise<void> {
    return this.#with('divide', operand);
  }

  /** `a //= b`, towards minus infinity; of integers 0 where b is. */
  floorDiv(operand: Operand): Promise<void> {
    return this.#with('floor_divide', operand);
  }

  /** `a[:] = b`. */
  fill(operand: Operand): Promise<void> {
    return this.#with('fill', operand);
  }

  /** The smaller of both; NaN where one of them is. */
  minimum(operand: Operand): Promise<void> {
    return this.#with('minimum', operand);
  }

  /** The larger of both; NaN where one of them is. */
  maximum(operand: Operand): Promise<void> {
    return this.#with('maximum', operand);
  }

  neg(): Promise<void> {
    return this.#change('negative', none);
  }

  abs(): Promise<void> {
    return this.#change('absolute', none);
  }

  square(): Promise<void> {
    return this.#change('square', none);
  }

  sqrt(): Promise<void> {
    return this.#change('sqrt', none);
  }

  floor(): Promise<void> {
    return this.#change('floor', none);
  }

  ceil(): Promise<void> {
    return this.#change('ceil', none);
  }

  /** To the nearest whole number, ties to the even one. */
  round(): Promise<void> {
    return this.#change('rint', none);
  }

  async #with(operation: ElementOperation, operand: Operand): Promise<void> {
    const rows = this.#resolved();
    await this.#change(operation, this.#bytesOf(operand, rows), rows);
  }

  async #change(operation: ElementOperation, operand: Uint8Array, rows = this.#resolved()): Promise<void> {
    if ('step' in rows) return this.#scratch.change({ operation, operand, rows });
    sortedOrder(rows.indices, this.#scratch.view.name);
    return this.#scratch.changeEach(operation, operand, rows.indices);
  }

  #resolved(): ChosenRows {
    const { rows, view } = this.#scratch;
    const { step = 1, ...range } = this.#selection;
    if (this.#selection.rows !== undefined || this.#selection.mask !== undefined || !(step >= 1)) {
      const resolved = resolveSelection(this.#selection, rows, view.name);
      return resolved.kind === 'list' ? resolved : { ...resolved, step: 1 };
    }
    const resolved = resolveSelection({ ...range, step: 1 }, rows, view.name);
    if (resolved.kind === 'list' || !Number.isSafeInteger(step))
      throw new NacreError('InvalidArgument', `step is ${String(step)}; it must be a whole number`);
    return { ...resolved, step };
  }

  #bytesOf(operand: Operand, chosen: ChosenRows): Uint8Array {
    const { view } = this.#scratch;
    const { dtype, rowShape } = view.type;
    if (typeof operand !== 'object' || Array.isArray(operand)) return elementBytes(dtype, operand as Element);
    const { bytes, type, rows } = checkRows(operand as RowsInput, dtype);
    const shape = type.scalar ? [] : [rows, ...type.rowShape];
    const count = countOf(chosen);
    const wanted = `${dtype} ${shapeText(rowShape)}`;
    const fits = [rowShape, [1, ...rowShape], [count, ...rowShape]].some(
      (one) => one.length === shape.length && one.every((length, i) => length === shape[i]),
    );
    if (type.dtype === dtype && fits) return bytes;
    throw new NacreError(
      'InvalidArgument',
      `an operand of ${type.dtype} ${shapeText(shape)} does not fit ${count} rows of ${wanted}`,
      {
        context: { array: view.name },
        hint: 'Give one value, one row, or as many rows as are changed, of the same dtype.',
      },
    );
  }

  /** Of the whole array: for those who take what may be a slice. */
  protected get scratch(): ScratchRows {
    return this.#scratch;
  }
}

function countOf(rows: ChosenRows): number {
  return 'step' in rows ? Math.ceil((rows.end - rows.start) / rows.step) : rows.indices.length;
}

/** An array of a workspace. */
export class WorkspaceArray extends WorkspaceRows {
  /** Use `Workspace.array()`. */
  constructor(scratch: ScratchRows) {
    super(scratch, {});
  }

  get name(): string {
    return this.scratch.view.name;
  }

  get dtype(): Dtype {
    return this.scratch.view.type.dtype;
  }

  /** NumPy's shape, rows first; `[]` for a 0-d array. */
  get shape(): readonly number[] {
    const { type } = this.scratch.view;
    return type.scalar ? [] : [this.scratch.rows, ...type.rowShape];
  }

  /** Rows of it by place: a slice, a list in which no row is named twice, or a mask. */
  slice(selection: RowSelection): WorkspaceRows {
    return new WorkspaceRows(this.scratch, selection);
  }

  /**
   * Memory of the rows `[start, end)`, all of them by default: what is written there is written to the array.
   * It has no bytes once the workspace has ended. Errors: `InvalidArgument` for a selection that is no plain
   * range, `ResourceExhausted` for more than JavaScript can address at once.
   */
  async view<A extends TypedArray = TypedArray>(
    range: Pick<RowSelection, 'start' | 'end'> = {},
  ): Promise<Rows<A>> {
    const { scratch } = this;
    const { dtype, rowShape, scalar } = scratch.view.type;
    const resolved = resolveSelection(range, scratch.rows, this.name);
    if (resolved.kind === 'list')
      throw new NacreError('InvalidArgument', 'the rows of a view lie side by side', {
        hint: 'Give start and end; change other rows through slice().',
      });
    const bytes = await scratch.lend(resolved.start, resolved.end);
    const shape = scalar ? [] : [resolved.end - resolved.start, ...rowShape];
    return { data: viewAs(dtype, bytes) as A, shape, dtype };
  }
}

/** What the callback of `workspace()` gets. */
export class Workspace {
  readonly #staged: WriteTransaction;
  readonly #environment: Environment;
  readonly #folder: string;
  readonly #options: WorkspaceOptions;
  readonly #arrays = new Map<string, WorkspaceArray>();
  readonly #scratches: ScratchRows[] = [];

  /** Use `Dataset.workspace()`. */
  constructor(staged: WriteTransaction, environment: Environment, folder: string, options: WorkspaceOptions) {
    this.#staged = staged;
    this.#environment = environment;
    this.#folder = folder;
    this.#options = options;
  }

  /** Names of the arrays. */
  get arrays(): readonly string[] {
    return this.#staged.names;
  }

  /** An array, as it was when the workspace began. `NotFound` with the nearest name when there is none. */
  array(name: string): WorkspaceArray {
    const known = this.#arrays.get(name);
    if (known !== undefined) return known;
    if (!this.#staged.names.includes(name)) throw arrayNotFound(name, this.#staged.names);
    const view = this.#staged.base(name);
    if (view === undefined) throw arrayNotFound(name, this.#staged.names);
    const file = path.join(this.#folder, `${toHex(this.#environment.runtime.randomBytes(12))}.scratch`);
    const { signal } = this.#options;
    const scratch = new ScratchRows(this.#environment, view, file, signal === undefined ? {} : { signal });
    this.#scratches.push(scratch);
    const array = new WorkspaceArray(scratch);
    this.#arrays.set(name, array);
    return array;
  }

  /** Hands over what changed, to be committed; calls that nobody awaited are among it, later ones fail. */
  async finish(): Promise<void> {
    await Promise.all(this.#scratches.map((scratch) => scratch.end()));
    for (const scratch of this.#scratches) {
      await this.#noteLooked(scratch);
      let together: ChangedRows[] = [];
      let size = 0;
      for await (const { indices, bytes } of scratch.changed()) {
        together.push({ indices, bytes: bytes.slice() });
        size += bytes.byteLength;
        if (size < replacedBytes) continue;
        await this.#replace(scratch, together);
        together = [];
        size = 0;
      }
      if (size > 0) await this.#replace(scratch, together);
    }
  }

  async #replace({ view, rowBytes }: ScratchRows, pieces: readonly ChangedRows[]): Promise<void> {
    const { dtype, scalar, rowShape } = view.type;
    const count = pieces.reduce((sum, { indices }) => sum + indices.length, 0);
    const all = { indices: new Float64Array(count), bytes: new Uint8Array(count * rowBytes) };
    let row = 0;
    for (const { indices, bytes } of pieces) {
      all.indices.set(indices, row);
      all.bytes.set(bytes, row * rowBytes);
      row += indices.length;
    }
    const shape = scalar ? [] : [count, ...rowShape];
    // Neighbours need not be looked up one by one.
    const target = rangeOfAll(all.indices) ?? all.indices;
    await this.#staged.replace(view.name, target, { data: viewAs(dtype, all.bytes), shape, dtype });
  }

  async #noteLooked({ view, looked }: ScratchRows): Promise<void> {
    const map = await view.rowMap(this.#options);
    for (const { start, end } of looked.list()) {
      this.#staged.noteRead(view.name, await map.idSetOf(start, end));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#scratches.map((scratch) => scratch.end(true)));
    for (const scratch of this.#scratches) scratch.free();
  }
}

/** Runs the callback of `workspace()` in a transaction. */
export async function inWorkspace(
  staged: WriteTransaction,
  environment: Environment,
  work: (workspace: Workspace) => Promise<void> | void,
  options: WorkspaceOptions,
): Promise<void> {
  const folder = path.resolve(options.scratch ?? environment.cache.folder ?? tmpdir());
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw fileError(cause, 'make', folder);
  });
  const workspace = new Workspace(staged, environment, folder, options);
  try {
    await work(workspace);
    await workspace.finish();
  } finally {
    await workspace.close();
  }
}
