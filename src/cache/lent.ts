// A page for a reader who does not write into it: others may have the same bytes.

export interface LentPage {
  readonly bytes: Uint8Array;
  /** To be told before bytes `[start, end)` are read. */
  readonly touch: (start: number, end: number) => void;
  /** The same of rows that begin at `offset`. */
  readonly touchRows: (offset: number, rowBytes: number, rows: Float64Array) => void;
  /** The reader needs them no more: memory that nobody else has is free on return. */
  readonly done: () => void;
}

/** One that its reader alone has: what is touched of it is nobody's concern. */
export function ownPage(bytes: Uint8Array, done: () => void): LentPage {
  return { bytes, touch: () => undefined, touchRows: () => undefined, done };
}
