// Blocks of an object that a reader needs, by its checksums.

/** Blocks that are wanted and not checked yet. */
export class BlockSet {
  readonly #checked: Uint8Array;
  readonly #blockBytes: number;
  readonly #wanted = new Set<number>();

  constructor(checked: Uint8Array, blockBytes: number) {
    this.#checked = checked;
    this.#blockBytes = blockBytes;
  }

  get isEmpty(): boolean {
    return this.#wanted.size === 0;
  }

  /** The blocks of the bytes `[start, end)`. */
  add(start: number, end: number): void {
    for (let block = Math.floor(start / this.#blockBytes); block * this.#blockBytes < end; block++) {
      if (this.#checked[block] === 0) this.#wanted.add(block);
    }
  }

  addRows(rows: Float64Array, offset: number, rowBytes: number): void {
    for (let i = 0; i < rows.length; i++) {
      const start = offset + (rows[i] ?? 0) * rowBytes;
      this.add(start, start + rowBytes);
    }
  }

  /** Half-open runs of neighbours, each of so many blocks at most. */
  runs(limit: number): [number, number][] {
    const runs: [number, number][] = [];
    for (const block of Float64Array.from(this.#wanted).sort()) {
      const last = runs.at(-1);
      if (last !== undefined && last[1] === block && block - last[0] < limit) last[1]++;
      else runs.push([block, block + 1]);
    }
    return runs;
  }
}
