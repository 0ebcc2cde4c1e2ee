// Uploads behind a transaction's back. Each holds a copy of its rows until it is stored, so they are
// bounded by bytes: who would go beyond waits, in turn, until earlier ones have ended.

/** Copies that are held at once, bytes: enough to fill a fast line, and small beside a function's memory. */
const heldBytesLimit = 64 * 2 ** 20;

export class BackgroundUploads {
  /** Uploads that have not ended, those included that have not begun. */
  readonly #open = new Set<Promise<void>>();
  readonly #waiting: { readonly bytes: number; readonly admit: () => void }[] = [];
  #heldBytes = 0;
  #failure: { readonly cause: unknown } | undefined;

  /**
   * Begins at once when there is room, else in turn. `upload` copies before it waits for anything: once
   * `begun` resolves, which it always does, the caller's rows are its own again.
   */
  start<T>(bytes: number, upload: () => Promise<T>): { begun: Promise<void>; stored: Promise<T> } {
    const admitted = this.#admit(bytes);
    const stored = admitted === undefined ? upload() : admitted.then(() => this.#unlessFailed(upload));
    this.add(stored, bytes);
    return { begun: admitted ?? Promise.resolve(), stored };
  }

  /** An upload of rows that the caller holds; or of a copy of so many bytes. */
  add(upload: Promise<unknown>, bytes = 0): void {
    const ended = upload
      .catch((cause: unknown) => {
        // Thrown by finish(); until then it must not count as unhandled.
        this.#failure ??= { cause };
      })
      .then(() => {
        this.#open.delete(ended);
        this.#release(bytes);
      });
    this.#open.add(ended);
  }

  /** Room for so many bytes that an upload takes over later; undefined where it is there at once. */
  reserve(bytes: number): Promise<void> | undefined {
    return this.#admit(bytes);
  }

  /** Room that was reserved. */
  release(bytes: number): void {
    this.#release(bytes);
  }

  #admit(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) {
      return new Promise((admit) => this.#waiting.push({ bytes, admit }));
    }
    this.#heldBytes += bytes;
    return undefined;
  }

  #hasRoom(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= heldBytesLimit;
  }

  #release(bytes: number): void {
    this.#heldBytes -= bytes;
    for (
      let [next] = this.#waiting;
      next !== undefined && this.#hasRoom(next.bytes);
      [next] = this.#waiting
    ) {
      this.#waiting.shift();
      this.#heldBytes += next.bytes;
      next.admit();
    }
  }

  async #unlessFailed<T>(upload: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.cause;
    return upload();
  }

  /** Resolves when all have ended, whatever became of them. */
  async settled(): Promise<void> {
    await Promise.all(this.#open);
  }

  /** Resolves when all are stored; throws the first failure otherwise. */
  async finish(): Promise<void> {
    await this.settled();
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}
