export declare const rowLength: number;
export declare function rowCount(writer: number, operation: number): number;
export declare function rowsOf(
  writer: number,
  operation: number,
  count?: number,
): { readonly data: Int32Array; readonly shape: readonly number[] };
export declare function randomOf(seed: number): () => number;
