// Which pages of mapped files lie in memory by our doing: as many as fit a budget, since fetching one from
// its file again costs more than scanning it. What was not touched for longest is given back first, in
// stretches of 8 MiB. What is larger than the budget stays until the next thing is touched.
//
// Counts what readers say that they touch, which is what the kernel maps for them, or more.
import { LRUCache } from 'lru-cache';

/** A mapped file that stays mapped. */
export interface KeptMapping {
  /** Of all mappings of a residency. */
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Bytes of it that were touched and not given back. */
  readonly counted: { touchedBytes: number };
}

interface Stretch {
  readonly bytes: Uint8Array;
  readonly touched: number;
  readonly of: KeptMapping['counted'];
}

/** What is given back together. */
const stretchBytes = 8 * 2 ** 20;

/** What the kernel maps around one byte that is touched: a huge page, where the file's own are as large. */
const touchedBytes = 2 * 2 ** 20;

export class Residency {
  readonly #budgetBytes: number;
  readonly #givePagesBack: (bytes: Uint8Array) => void;
  readonly #stretches = new LRUCache<string, Stretch>({
    // The order and the sum are kept by lru-cache; #makeRoom holds the budget, which leaves the last one.
    maxSize: Number.MAX_SAFE_INTEGER,
    sizeCalculation: ({ touched }) => touched,
  });
  /**
   * Mappings all of which is in memory and was touched since, in that order: what it costs to note it of each
   * stretch is only spent when something else is touched, or has to go.
   */
  readonly #again = new Set<KeptMapping>();
  #heldBytes = 0;
  #mappings = 0;

  constructor(budgetBytes: number, givePagesBack: (bytes: Uint8Array) => void) {
    this.#budgetBytes = budgetBytes;
    this.#givePagesBack = givePagesBack;
  }

  /** Of what was touched, and of what is held. */
  get bytes(): number {
    return this.#stretches.calculatedSize + this.#heldBytes;
  }

  /** Counts what is touched of a mapping from now on. */
  add(bytes: Uint8Array): KeptMapping {
    return { id: this.#mappings++, bytes, counted: { touchedBytes: 0 } };
  }

  /** Bytes `[start, end)` are about to be read. */
  touch(mapping: KeptMapping, start: number, end: number): void {
    const { byteLength } = mapping.bytes;
    if (start === 0 && end === byteLength && this.isWhole(mapping)) {
      // To the end of the order.
      this.#again.delete(mapping);
      this.#again.add(mapping);
      return;
    }
    this.#noteAgain();
    for (const { at, wanted } of stretchesOf(byteLength, start, end))
      this.#touch(mapping, at, Math.max(touchedBytes, wanted));
    this.#makeRoom();
  }

  /** Rows that begin at `offset` are about to be read, or were just now. */
  touchRows(mapping: KeptMapping, offset: number, rowBytes: number, rows: Float64Array): void {
    const { byteLength } = mapping.bytes;
    if (rows.length * Math.max(rowBytes, touchedBytes) >= byteLength) {
      this.touch(mapping, 0, byteLength);
      return;
    }
    this.#noteAgain();
    // Rows of one stretch are counted together: its place in the order costs more than the sum.
    const wanted = new Map<number, number>();
    for (let i = 0; i < rows.length; i++) {
      const start = offset + (rows[i] ?? 0) * rowBytes;
      const last = Math.floor((start + rowBytes - 1) / stretchBytes);
      for (let at = Math.floor(start / stretchBytes); at <= last; at++)
        wanted.set(at, (wanted.get(at) ?? 0) + Math.max(touchedBytes, Math.min(rowBytes, stretchBytes)));
    }
    for (const [at, bytes] of wanted) this.#touch(mapping, at, bytes);
    this.#makeRoom();
  }

  #noteAgain(): void {
    for (const { id, bytes } of this.#again)
      for (const { at } of stretchesOf(bytes.byteLength, 0, bytes.byteLength))
        this.#stretches.get(nameOf(id, at));
    this.#again.clear();
  }

  #touch({ id, bytes, counted }: KeptMapping, at: number, wanted: number): void {
    const [first, last] = [at * stretchBytes, Math.min((at + 1) * stretchBytes, bytes.byteLength)];
    const name = nameOf(id, at);
    const known = this.#stretches.peek(name);
    const touched = Math.min(last - first, (known?.touched ?? 0) + wanted);
    // `get` moves it to the front, as `set` does.
    if (known?.touched === touched) {
      this.#stretches.get(name);
      return;
    }
    counted.touchedBytes += touched - (known?.touched ?? 0);
    this.#stretches.set(name, { bytes: bytes.subarray(first, last), touched, of: counted });
  }

  /** Whether all of a mapping is in memory, as far as is known. */
  isWhole({ bytes, counted }: KeptMapping): boolean {
    return counted.touchedBytes === bytes.byteLength;
  }

  /** Whether all of `[start, end)` is in memory, as far as is known. */
  isTouched(mapping: KeptMapping, start: number, end: number): boolean {
    if (this.isWhole(mapping)) return true;
    const { id, bytes } = mapping;
    for (const { at, wanted } of stretchesOf(bytes.byteLength, start, end))
      if ((this.#stretches.peek(nameOf(id, at))?.touched ?? 0) < wanted) return false;
    return true;
  }

  /** Whether all of a mapping may stay in memory. */
  fits({ bytes }: KeptMapping): boolean {
    return bytes.byteLength <= this.#budgetBytes;
  }

  /** Gives all of a mapping back. */
  drop(mapping: KeptMapping): void {
    const { id, bytes, counted } = mapping;
    this.#again.delete(mapping);
    for (const { at } of stretchesOf(bytes.byteLength, 0, bytes.byteLength))
      this.#stretches.delete(nameOf(id, at));
    counted.touchedBytes = 0;
    this.#givePagesBack(bytes);
  }

  /** Makes room for other memory, which is in use until the function that this returns is called. */
  hold(bytes: number): () => void {
    this.#heldBytes += bytes;
    this.#makeRoom();
    let held = bytes;
    return () => {
      this.#heldBytes -= held;
      held = 0;
    };
  }

  #makeRoom(): void {
    const least = this.#heldBytes > 0 ? 0 : 1;
    if (this.bytes > this.#budgetBytes) this.#noteAgain();
    while (this.bytes > this.#budgetBytes && this.#stretches.size > least) {
      const [oldest] = this.#stretches.rkeys();
      const stretch = oldest === undefined ? undefined : this.#stretches.peek(oldest);
      if (oldest === undefined || stretch === undefined) return;
      this.#stretches.delete(oldest);
      stretch.of.touchedBytes -= stretch.touched;
      this.#givePagesBack(stretch.bytes);
    }
  }
}

function nameOf(id: number, at: number): string {
  return `${id} ${at}`;
}

/** The stretches of a mapping that hold `[start, end)`, by their numbers, and how much each holds of it. */
function* stretchesOf(
  byteLength: number,
  start: number,
  end: number,
): Generator<{ at: number; wanted: number }> {
  for (let at = Math.floor(start / stretchBytes); at * stretchBytes < end; at++) {
    const [first, last] = [at * stretchBytes, Math.min((at + 1) * stretchBytes, byteLength)];
    yield { at, wanted: Math.min(end, last) - Math.max(start, first) };
  }
}
