/** How many shards of which kind, and the bytes of a stripe of each: a multiple of 64, at most 64 MiB. */
export interface ParityShape {
  readonly data: number;
  readonly parity: number;
  readonly stripe: number;
}

/** Reed–Solomon parity, off the event loop: until a promise settles nobody changes the shards. */
export interface ParityBinding {
  /** The parity of data shards; one that is shorter than the stripe goes on in zeros. */
  encodeParity(shape: ParityShape, data: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /**
   * The shards `wanted`, by their numbers, data first: `present[i]` is the shard `numbers[i]`, at least as
   * many as there are data shards.
   */
  reconstructParity(
    shape: ParityShape,
    present: readonly Uint8Array[],
    numbers: readonly number[],
    wanted: readonly number[],
  ): Promise<Uint8Array[]>;
}
