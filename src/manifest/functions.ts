// What the manifest needs from native code, handed in as values: this room must also run where no binary can.

/** Sets of row ids, serialised as 64-bit portable roaring bitmaps. Malformed bytes raise `Corrupt`. */
export interface RowSetFunctions {
  readonly fromSorted: (ids: Float64Array) => Uint8Array;
  /** Of the ids from `first` on, those whose bits are set, the least significant of a byte first. */
  readonly fromBits: (first: number, bits: Uint8Array) => Uint8Array;
  /** All of `[start, end)`. */
  readonly range: (start: number, end: number) => Uint8Array;
  readonly toSorted: (set: Uint8Array) => Float64Array;
  /** Start and end of each run of members that follow each other, one run after the other. */
  readonly runs: (set: Uint8Array) => Float64Array;
  readonly count: (set: Uint8Array) => number;
  readonly union: (a: Uint8Array, b: Uint8Array) => Uint8Array;
  readonly intersection: (a: Uint8Array, b: Uint8Array) => Uint8Array;
  readonly difference: (a: Uint8Array, b: Uint8Array) => Uint8Array;
  /** Members in `[start, end)`. */
  readonly slice: (set: Uint8Array, start: number, end: number) => Uint8Array;
}

export interface ManifestFunctions {
  /** BLAKE3, 32 bytes. */
  readonly blake3: (bytes: Uint8Array) => Uint8Array;
  readonly crc32c: (bytes: Uint8Array) => number;
  readonly rowSets: RowSetFunctions;
}
