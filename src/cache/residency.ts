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
}

interface Stretch {
  readonly bytes: Uint8Array;
  readonly touched: number;
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
    return { id: this.#mappings++, bytes };
  }

  /** Bytes `[start, end)` are about to be read. */
  touch({ id, bytes }: KeptMapping, start: number, end: number): void {
    for (const { name, first, last, wanted } of stretchesOf(id, bytes, start, end)) {
      const before = this.#stretches.peek(name)?.touched ?? 0;
      const touched = Math.min(last - first, before + Math.max(touchedBytes, wanted));
      this.#stretches.set(name, { bytes: bytes.subarray(first, last), touched });
    }
    this.#makeRoom();
  }

  /** Rows that begin at `offset` are about to be read. */
  touchRows(mapping: KeptMapping, offset: number, rowBytes: number, rows: Float64Array): void {
    const { byteLength } = mapping.bytes;
    if (rows.length * Math.max(rowBytes, touchedBytes) >= byteLength) this.touch(mapping, 0, byteLength);
    else {
      for (const row of rows) this.touch(mapping, offset + row * rowBytes, offset + (row + 1) * rowBytes);
    }
  }

  /** Whether all of `[start, end)` is in memory, as far as is known. */
  isTouched({ id, bytes }: KeptMapping, start: number, end: number): boolean {
    for (const { name, wanted } of stretchesOf(id, bytes, start, end))
      if ((this.#stretches.peek(name)?.touched ?? 0) < wanted) return false;
    return true;
  }

  /** Gives all of a mapping back, which is not kept any more. */
  drop({ id, bytes }: KeptMapping): void {
    for (const { name } of stretchesOf(id, bytes, 0, bytes.byteLength)) this.#stretches.delete(name);
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
    while (this.bytes > this.#budgetBytes && this.#stretches.size > least) {
      const [oldest] = this.#stretches.rkeys();
      const stretch = oldest === undefined ? undefined : this.#stretches.peek(oldest);
      if (oldest === undefined || stretch === undefined) return;
      this.#stretches.delete(oldest);
      this.#givePagesBack(stretch.bytes);
    }
  }
}

/** The stretches of a mapping that hold `[start, end)`, and how much each holds of it. */
function* stretchesOf(
  id: number,
  { byteLength }: Uint8Array,
  start: number,
  end: number,
): Generator<{ name: string; first: number; last: number; wanted: number }> {
  for (let at = Math.floor(start / stretchBytes); at * stretchBytes < end; at++) {
    const [first, last] = [at * stretchBytes, Math.min((at + 1) * stretchBytes, byteLength)];
    yield { name: `${id} ${at}`, first, last, wanted: Math.min(end, last) - Math.max(start, first) };
  }
}
