// Rows of one array of NumPack: raw numbers in one file, or in several, of which some rows may be dropped.
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { printable } from '../../../util/text.js';
import { checkBools } from '../../npy-file.js';
import type { FileArray } from '../array-file.js';
import type { FolderAccess } from '../folder.js';
import { changedFile } from '../folder-access.js';
import type { LiveRows, Run } from './live-rows.js';
import type { NpkInfo } from './metadata.js';
import { roomOf } from '../../../util/bytes.js';

/** A smaller gap between rows is read through: that costs as much as another read. */
const gapBytes = { local: 32 * 2 ** 10, remote: 2 ** 20 } as const;
/** One read at most, unless one row has more. */
const spanBytes = 8 * 2 ** 20;

/** A file with rows, one after the other. */
export interface Segment {
  readonly key: string;
  /** Of the first one. */
  readonly start: number;
  readonly rows: number;
}

export class NpkRows implements FileArray {
  readonly array: string;
  readonly name: string;
  readonly type: RowType;
  readonly rows: number;
  readonly #access: FolderAccess;
  readonly #segments: readonly Segment[];
  readonly #live: LiveRows | undefined;
  readonly #rowBytes: number;
  readonly #tokens = new Map<string, string>();

  /** `live` is undefined where no row was dropped. */
  constructor(
    access: FolderAccess,
    { name, dtype, shape }: NpkInfo,
    segments: readonly Segment[],
    live: LiveRows | undefined,
  ) {
    const [rows = 0, ...rowShape] = shape;
    this.array = name;
    this.name = `${access.name}: ${printable(name)}`;
    this.type = { dtype, rowShape, scalar: false };
    this.rows = live?.count ?? rows;
    this.#access = access;
    this.#segments = segments;
    this.#live = live;
    this.#rowBytes = rowBytesOf(this.type);
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the array');
    const { into, ...call } = options;
    const length = (end - start) * this.#rowBytes;
    const target = roomOf(into, length);
    if (length === 0) return target;
    const runs = this.#live === undefined ? [{ start, end }] : this.#live.runs(start, end);
    let place = 0;
    for (const span of this.#spans(runs)) {
      throwIfAborted(call.signal);
      const first = span[0]?.start ?? 0;
      const last = span.at(-1)?.end ?? 0;
      const wanted = target.subarray(place, place + (last - first) * this.#rowBytes);
      const whole = span.length === 1;
      const bytes = whole ? wanted : new Uint8Array((last - first) * this.#rowBytes);
      await this.#fill(first, last, bytes, call);
      for (const run of span) {
        const from = (run.start - first) * this.#rowBytes;
        const size = (run.end - run.start) * this.#rowBytes;
        if (!whole) target.set(bytes.subarray(from, from + size), place);
        place += size;
      }
    }
    if (this.type.dtype === 'bool') checkBools(target, start, this.#rowBytes, this.name);
    return target;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Runs that are read in one go. */
  *#spans(runs: Iterable<Run>): Generator<Run[]> {
    const gap = this.#access.remote ? gapBytes.remote : gapBytes.local;
    let span: Run[] = [];
    for (const run of runs) {
      const [first, last] = [span[0], span.at(-1)];
      const goesOn =
        first !== undefined &&
        last !== undefined &&
        (run.start - last.end) * this.#rowBytes <= gap &&
        (run.end - first.start) * this.#rowBytes <= spanBytes;
      if (!goesOn && span.length > 0) {
        yield span;
        span = [];
      }
      span.push(run);
    }
    if (span.length > 0) yield span;
  }

  /** Rows as they lie in the files. */
  async #fill(start: number, end: number, target: Uint8Array, options: ReadRowsOptions): Promise<void> {
    for (const segment of this.#segments) {
      const first = Math.max(start, segment.start);
      const last = Math.min(end, segment.start + segment.rows);
      if (first >= last) continue;
      const part = target.subarray((first - start) * this.#rowBytes, (last - start) * this.#rowBytes);
      const range = {
        start: (first - segment.start) * this.#rowBytes,
        end: (last - segment.start) * this.#rowBytes,
      };
      const body = await this.#access.get(segment.key, { ...options, range, into: part });
      const token = this.#tokens.get(segment.key) ?? body?.token;
      if (body?.bytes.byteLength !== part.byteLength || body.token !== token)
        throw changedFile(this.#access, segment.key);
      this.#tokens.set(segment.key, body.token);
      if (body.bytes.buffer !== part.buffer || body.bytes.byteOffset !== part.byteOffset)
        part.set(body.bytes);
    }
  }
}
