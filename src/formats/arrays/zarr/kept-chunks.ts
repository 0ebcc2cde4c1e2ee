// Decoded chunks of which rows are still to come: in memory, or where a row of chunks is too much for that,
// in a file of the temporary folder that has no name.
import { isNacreError, NacreError } from '../../../errors.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { inOrderAhead } from '../../../util/ahead.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { type RandomAccess, spool } from '../../random-access.js';
import { gridOf } from './box.js';
import type { ZarrChunks } from './chunks.js';

/** Of one array. */
const keptBytes = 256 * 2 ** 20;
/** Of one row of chunks, whose places in a file are kept. */
const mostSpooled = 2 ** 20;
const decodedAhead = 2;
/** Chunks of the next row, while rows are taken from this one. */
const mostAhead = 16;

/** A part of a chunk: `from` is where its rows begin in `bytes`. */
export interface ChunkRows {
  readonly bytes: Uint8Array;
  readonly from: number;
}

interface Spooled {
  readonly file: RandomAccess;
  /** Where each chunk begins; those that were never written are not there. */
  readonly places: ReadonlyMap<string, number>;
}

/** The file of a row of chunks, open for as long as somebody reads from it. */
interface SpooledRow {
  readonly row: number;
  readonly ready: Promise<Spooled>;
  users: number;
  isOver: boolean;
}

export class KeptChunks {
  readonly #chunks: ZarrChunks;
  readonly #name: string;
  readonly #most: number;
  /** Of a row of chunks, along each axis but the first. */
  readonly #columns: readonly number[];
  readonly #isWide: boolean;
  /** A decoded chunk has its rows one after the other. */
  readonly #hasRows: boolean;
  readonly #kept = new Map<string, Promise<Uint8Array | undefined>>();
  #spooled: SpooledRow | undefined;

  /** `name` is for messages. */
  constructor(chunks: ZarrChunks, name: string, budget = keptBytes) {
    const { shape, chunkShape } = chunks.info;
    this.#chunks = chunks;
    this.#name = name;
    this.#most = Math.max(1, Math.floor(budget / chunks.bytes));
    this.#columns = shape
      .slice(1)
      .map((length, axis) => Math.ceil(length / (chunkShape[axis + 1] as number)));
    this.#isWide = this.#columns.reduce((product, count) => product * count, 1) > this.#most;
    const [rowStride = 0, ...strides] = chunks.strides;
    this.#hasRows = strides.every((stride) => stride <= rowStride);
  }

  /** Rows `[start, end)` of a chunk; `isLast`: it has no more. Undefined for one that was never written. */
  async rows(
    coordinates: readonly number[],
    { start, end, isLast }: { readonly start: number; readonly end: number; readonly isLast: boolean },
    options: CallOptions,
  ): Promise<ChunkRows | undefined> {
    const [stride = 0] = this.#chunks.strides;
    const isWhole = start === 0 && isLast;
    if (this.#isWide && !isWhole) return this.#fromFile(coordinates, start * stride, end * stride, options);
    const bytes = await this.#inMemory(coordinates, isLast, options);
    return bytes && { bytes, from: start * stride };
  }

  /** Begins with chunks that will be asked for next; as many as are kept, and no more than a few. */
  ahead(row: number): void {
    const count = this.#columns.reduce((product, one) => product * one, 1);
    if (count > Math.min(mostAhead, this.#most / 2)) return;
    for (const columns of gridOf(this.#columns)) {
      // No signal: it outlives the call. What goes wrong is met again by who asks for it.
      this.#inMemory([row, ...columns], false, {}).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#kept.clear();
    const spooled = this.#spooled;
    this.#spooled = undefined;
    if (spooled !== undefined) await this.#over(spooled);
  }

  #inMemory(
    coordinates: readonly number[],
    isLast: boolean,
    options: CallOptions,
  ): Promise<Uint8Array | undefined> {
    const key = coordinates.join('/');
    const kept = this.#kept.get(key);
    if (isLast) this.#kept.delete(key);
    if (kept !== undefined) return this.#unlessAborted(kept, coordinates, options);
    const read = this.#chunks.chunk(coordinates, options);
    if (isLast) return read;
    this.#kept.set(key, read);
    read.catch(() => this.#kept.delete(key));
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > this.#most) this.#kept.delete(oldest);
    return read;
  }

  /** Somebody else asked for it first, whose signal is not this caller's. */
  async #unlessAborted(
    kept: Promise<Uint8Array | undefined>,
    coordinates: readonly number[],
    options: CallOptions,
  ): Promise<Uint8Array | undefined> {
    try {
      return await kept;
    } catch (error) {
      if (!isNacreError(error, 'Aborted')) throw error;
      throwIfAborted(options.signal);
      return this.#chunks.chunk(coordinates, options);
    }
  }

  async #fromFile(
    coordinates: readonly number[],
    start: number,
    end: number,
    options: CallOptions,
  ): Promise<ChunkRows | undefined> {
    const [row = 0, ...columns] = coordinates;
    const spooled = this.#rowOf(row, options);
    try {
      const { file, places } = await spooled.ready;
      const place = places.get(columns.join('/'));
      if (place === undefined) return undefined;
      if (this.#hasRows) return { bytes: await file.read(place + start, end - start, options), from: 0 };
      return { bytes: await file.read(place, this.#chunks.bytes, options), from: start };
    } finally {
      spooled.users--;
      if (spooled.isOver) await this.#over(spooled);
    }
  }

  /** One more uses it from now on. */
  #rowOf(row: number, options: CallOptions): SpooledRow {
    const before = this.#spooled;
    if (before?.row === row) {
      before.users++;
      return before;
    }
    const next: SpooledRow = { row, ready: this.#spool(row, options), users: 1, isOver: false };
    next.ready.catch(() => {
      if (this.#spooled === next) this.#spooled = undefined;
    });
    this.#spooled = next;
    // Nothing is lost by a file without a name that cannot be closed.
    if (before !== undefined) this.#over(before).catch(() => undefined);
    return next;
  }

  async #over(spooled: SpooledRow): Promise<void> {
    spooled.isOver = true;
    if (spooled.users === 0) await (await spooled.ready.catch(() => undefined))?.file.close();
  }

  async #spool(row: number, options: CallOptions): Promise<Spooled> {
    const count = this.#columns.reduce((product, one) => product * one, 1);
    if (count > mostSpooled)
      throw new NacreError(
        'ResourceExhausted',
        `${this.#name}: ${count} chunks lie side by side, ${mostSpooled} at most are read`,
        { context: { file: this.#name, chunks: count }, hint: 'Write it in chunks of more columns.' },
      );
    const places = new Map<string, number>();
    const decoded = inOrderAhead(
      [...gridOf(this.#columns)],
      decodedAhead,
      async (columns) => ({ columns, bytes: await this.#chunks.chunk([row, ...columns], options) }),
      options.signal,
    );
    let place = 0;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for await (const { columns, bytes } of decoded) {
        if (bytes === undefined) continue;
        places.set(columns.join('/'), place);
        place += bytes.byteLength;
        yield bytes;
      }
    }
    return { file: await spool(this.#name, pieces(), options), places };
  }
}
