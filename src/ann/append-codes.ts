// Codes rows while they are appended, so that searches need not read them as they are. Few rows are left as
// they are: a segment of its own costs every query more than they do.
//
// Rows come to the indexes in their order, whatever appends of a transaction go on at once.
import type { AppendCoder } from '../arrays/append-coder.js';
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { v1 } from '../manifest/message.js';
import type { Change } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { exactMaker } from './append-exact.js';
import { type CodedRowType, IndexAppend, type Piece } from './append-index.js';
import { listsMaker } from './append-lists.js';

/** Fewer rows of one transaction are not coded, unless they have more bytes than the other. */
const fewRows = 1024;
const fewBytes = 4 * 2 ** 20;

const makers = [
  { kind: v1.IndexKind.INDEX_KIND_EXACT, make: exactMaker },
  { kind: v1.IndexKind.INDEX_KIND_IVF, make: listsMaker },
];

/** For one transaction; undefined where no index of the array takes rows up. */
export function appendCodes(
  environment: ArrayEnvironment,
  view: ArrayView,
  type: CodedRowType,
  options: CallOptions,
): AppendCoder | undefined {
  const indexes = makers.flatMap(({ kind, make }) => {
    const index = view.index(kind);
    if (index === undefined || index.lists.length === 0) return [];
    const open = () => make(environment, view, index, type, options);
    return [new IndexAppend(environment, view, { kind, epoch: index.epoch, open }, options)];
  });
  return indexes.length === 0 ? undefined : new AppendCodes(rowBytesOf(view.type), indexes);
}

class AppendCodes implements AppendCoder {
  readonly #rowBytes: number;
  readonly #indexes: readonly IndexAppend[];
  /** Who waits for so many rows to be done. */
  readonly #turns = new Map<number, () => void>();
  /** Rows that are done: each piece waits for those before it. */
  #doneRows = 0;
  /** Copies of rows that are too few yet; undefined once they were enough. */
  #waiting: Piece[] | undefined = [];
  #isStopped = false;

  /** All of one array. */
  constructor(rowBytes: number, indexes: readonly IndexAppend[]) {
    this.#rowBytes = rowBytes;
    this.#indexes = indexes;
  }

  async add(bytes: Uint8Array, firstRow: number): Promise<void> {
    if (bytes.byteLength === 0) return;
    await this.#until(firstRow);
    if (this.#isStopped) return;
    const rows = bytes.byteLength / this.#rowBytes;
    try {
      await this.#take({ bytes, rows, firstRow });
    } catch (error) {
      this.stop();
      throw error;
    }
    this.#doneRows = firstRow + rows;
    this.#turns.get(this.#doneRows)?.();
  }

  stop(): void {
    this.#isStopped = true;
    for (const turn of this.#turns.values()) turn();
  }

  async #until(rows: number): Promise<void> {
    if (this.#isStopped || this.#doneRows === rows) return;
    await new Promise<void>((turn) => this.#turns.set(rows, turn));
  }

  async #take(piece: Piece): Promise<void> {
    if (this.#waiting === undefined) return this.#code(piece);
    const pieces = [...this.#waiting, piece];
    const bytes = pieces.reduce((sum, one) => sum + one.bytes.byteLength, 0);
    if (bytes < fewRows * this.#rowBytes && bytes <= fewBytes) {
      this.#waiting.push({ ...piece, bytes: piece.bytes.slice() });
      return;
    }
    this.#waiting = undefined;
    for (const one of pieces) await this.#code(one);
  }

  async #code(piece: Piece): Promise<void> {
    await Promise.all(this.#indexes.map((index) => index.add(piece)));
  }

  async finish(rows: number): Promise<readonly Change[]> {
    await this.#until(rows);
    if (this.#isStopped) return [];
    return (await Promise.all(this.#indexes.map((index) => index.finish()))).flat();
  }
}
