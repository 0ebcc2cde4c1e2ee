// What the native binary has of texts of numbers.

/** How much of a text was taken from its beginning on. */
export type TextTaken = readonly [rows: number, bytes: number];

export interface TextBinding {
  /**
   * Puts rows of `columns` plain numbers as the bytes of a dtype, a float of 32 or 64 bits or an integer, as
   * many as the target has room for. Spaces and quotes may be around them, and floats be `nan`, `inf` and
   * empty. Stops at the beginning of a row that has anything else, or a number that the dtype does not hold;
   * whole numbers of many digits are left, too.
   */
  parseRows(
    text: Uint8Array,
    delimiter: number,
    columns: number,
    dtype: string,
    target: Uint8Array,
  ): TextTaken;
  /** Lines that are neither empty nor comments; stops at another, and at one without an end. */
  countRows(text: Uint8Array): TextTaken;
}
