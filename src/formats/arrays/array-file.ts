// What a reader and a writer of array files are, whatever the format.
import type { RowType } from '../../arrays/row-type.js';
import type { RowSource } from '../../arrays/row-source.js';
import type { Attribute } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import type { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { RowPieces } from '../npy-writer.js';
import type { RandomAccess } from '../random-access.js';

/** One array of a file. Its `name` is for messages: `weights.npz: layer/bias`. */
export interface FileArray extends RowSource {
  /** What the file calls it; undefined where it has no names, as .npy. */
  readonly array: string | undefined;
  /** What its numbers were in the file, where no dtype is that: `bfloat16`, read as float32. */
  readonly stored?: string;
}

/** Columns of single values beside the rows of a file. They are read once: each array takes its own. */
export interface AttributesBeside extends AttributeSource {
  /** A column that is no attribute, which reads throw; `attributes` are then the others. */
  readonly refusal?: NacreError;
  /**
   * The same from the first row on, for an array of the file: attributes that it has are read as the types of
   * `known`. Errors: `InvalidArgument` where that cannot be.
   */
  forArray(known?: readonly Attribute[]): AttributesBeside;
}

/** What lies beside the arrays of a file and is none of numbers. */
export interface LeftOut {
  /** As the file calls it. */
  readonly array: string;
  /** A sentence, with file and array. */
  readonly why: string;
}

/** What a file holds, opened: headers were read and checked, rows were not. */
export interface OpenedArrays {
  /** In the order of the file; no two of one name. */
  readonly arrays: readonly FileArray[];
  /** Columns of single values beside the rows: of as many rows as each array. */
  readonly attributes?: AttributesBeside;
  /** Of a format that holds texts and records, too: what is no array of numbers. */
  readonly left?: readonly LeftOut[];
  /** Closes what it opened itself; the access stays with who opened that. */
  close(): Promise<void>;
}

/** What files of text and of raw numbers do not say by themselves. */
export interface ReadArraysOptions extends CallOptions {
  /**
   * Of text and raw numbers: `float32` or as NumPy has it, `<f4`; `>f4` is big endian. Default of text:
   * `float64`, and whole numbers that it does not hold are refused; raw numbers have none.
   */
  readonly dtype?: string;
  /** Of text: whether the first line has names. Default: whether it has a field that is no number. */
  readonly header?: boolean;
  /** Of raw numbers: the shape of a row. Default: `[]`, an array of one axis. */
  readonly rowShape?: readonly number[];
  /** Of raw numbers: bytes before the first row. Default: 0. */
  readonly offset?: number;
}

/** Errors: `InvalidArgument` for what is malformed, `UnsupportedFormat` for what is not stored, by name. */
export type ArrayReader = (access: RandomAccess, options: ReadArraysOptions) => Promise<OpenedArrays>;

/** An array on its way into a file. */
export interface ArrayToWrite {
  readonly array: string;
  readonly type: RowType;
  readonly rows: number;
  /** Rows in C order, little endian; as many as said. Asked for once, when its turn comes. */
  readonly pieces: () => RowPieces;
}

/** The bytes of a file, in order. Errors: `InvalidArgument` for what the format cannot hold, by name. */
export type ArrayWriter = (
  arrays: readonly ArrayToWrite[],
  options: WriteArraysOptions,
) => AsyncIterable<Uint8Array>;

export interface WriteArraysOptions extends CallOptions {
  /** Columns beside the arrays, of as many rows: of Arrow and Parquet alone. They stay open. */
  readonly attributes?: AttributeSource;
}
