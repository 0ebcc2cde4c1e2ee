// What the binary has for changing rows in place.
import type { Dtype } from '../npy/dtype.js';

/** NumPy's names of what is done with each element, and, of the first ones, with one of an operand. */
export const binaryOperations = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'floor_divide',
  'minimum',
  'maximum',
  'fill',
] as const;
export const unaryOperations = ['negative', 'absolute', 'square', 'sqrt', 'floor', 'ceil', 'rint'] as const;

export type BinaryOperation = (typeof binaryOperations)[number];
export type UnaryOperation = (typeof unaryOperations)[number];
export type ElementOperation = BinaryOperation | UnaryOperation;

export interface ElementwiseBinding {
  /**
   * Changes every `step`-th row of the target, of `rowItems` elements each. The operand is one element for
   * all, one row for each of them, or as many rows as are changed; empty for an operation without one. As
   * NumPy in place: integers wrap around; `InvalidArgument` for what has no meaning for the dtype.
   */
  changeRows(
    operation: ElementOperation,
    dtype: Dtype,
    target: Uint8Array,
    operand: Uint8Array,
    rowItems: number,
    step: number,
  ): void;
  /** The same off the event loop: until the promise settles nobody touches target or operand. */
  changeRowsLater(
    operation: ElementOperation,
    dtype: Dtype,
    target: Uint8Array,
    operand: Uint8Array,
    rowItems: number,
    step: number,
  ): Promise<void>;
  /** Which rows of two blocks of rows differ in a byte, ascending; off the event loop. */
  changedRows(before: Uint8Array, after: Uint8Array, rowBytes: number): Promise<Float64Array>;
}
