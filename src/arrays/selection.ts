// What users may ask for, resolved to logical indices by NumPy's rules.
import { NacreError } from '../errors.js';

/**
 * Rows by place: all, a half-open range with a step, a list (negative counts from the end, repeats
 * allowed), or a mask.
 */
export interface RowSelection {
  /** Default 0, or the last row when the step is negative. */
  readonly start?: number;
  /** Default the end, or before the first row when the step is negative. */
  readonly end?: number;
  /** Default 1; not 0. */
  readonly step?: number;
  readonly rows?: ArrayLike<number>;
  /** For each row whether it is wanted: true or false, or 1 or 0, as rows of a bool array are read. */
  readonly mask?: ArrayLike<boolean | number>;
}

/** The ways to select, of which one is used. */
export const selectors = ['start', 'end', 'step', 'rows', 'mask'] as const;

export type ResolvedSelection =
  | { readonly kind: 'range'; readonly start: number; readonly end: number }
  | { readonly kind: 'list'; readonly indices: Float64Array };

/**
 * A slice is cut at the ends, as in NumPy; a listed index past them is `InvalidArgument`, and so is a mask of
 * another length.
 */
export function resolveSelection(selection: RowSelection, rows: number, array: string): ResolvedSelection {
  const { start, end, step = 1, rows: list, mask } = selection;
  checkOneWay(selection);
  if (list !== undefined) return { kind: 'list', indices: resolveIndices(list, rows, array) };
  if (mask !== undefined) return { kind: 'list', indices: indicesOfMask(mask, rows, array) };
  for (const [name, value] of Object.entries({ start, end, step })) {
    if (value === undefined || Number.isSafeInteger(value)) continue;
    throw new NacreError('InvalidArgument', `${name} is ${String(value)}; it must be a whole number`);
  }
  if (step === 0) throw new NacreError('InvalidArgument', 'the step of a slice must not be 0');
  const clip = (value: number | undefined, low: number, high: number, missing: number): number =>
    value === undefined ? missing : Math.min(Math.max(value < 0 ? value + rows : value, low), high);
  if (step === 1) {
    const from = clip(start, 0, rows, 0);
    return { kind: 'range', start: from, end: Math.max(from, clip(end, 0, rows, rows)) };
  }
  const [from, to] =
    step > 0
      ? [clip(start, 0, rows, 0), clip(end, 0, rows, rows)]
      : [clip(start, -1, rows - 1, rows - 1), clip(end, -1, rows - 1, -1)];
  const count = Math.max(0, Math.ceil((to - from) / step));
  return { kind: 'list', indices: Float64Array.from({ length: count }, (_, i) => from + i * step) };
}

/** The logical indices of a selection, in its order. */
export function indicesOf(resolved: ResolvedSelection): Float64Array {
  if (resolved.kind === 'list') return resolved.indices;
  const { start, end } = resolved;
  const indices = new Float64Array(end - start);
  for (let i = 0; i < indices.length; i++) indices[i] = start + i;
  return indices;
}

function checkOneWay({ start, end, step, rows, mask }: RowSelection): void {
  const isSlice = start !== undefined || end !== undefined || step !== undefined;
  if (Number(isSlice) + Number(rows !== undefined) + Number(mask !== undefined) <= 1) return;
  throw new NacreError('InvalidArgument', 'rows are selected in more than one way', {
    hint: 'Give a list (rows), a mask, or start, end and step.',
  });
}

function indicesOfMask(mask: ArrayLike<boolean | number>, rows: number, array: string): Float64Array {
  if (mask.length !== rows) {
    throw new NacreError(
      'InvalidArgument',
      `the mask has ${mask.length} values, '${array}' has ${rows} rows`,
      {
        context: { array, expected: rows, observed: mask.length },
        hint: 'A mask says of each row whether it is wanted.',
      },
    );
  }
  let count = 0;
  for (let i = 0; i < rows; i++) if (isWanted(mask[i], i)) count++;
  const indices = new Float64Array(count);
  for (let i = 0, at = 0; i < rows; i++) if (isWanted(mask[i], i)) indices[at++] = i;
  return indices;
}

function isWanted(value: boolean | number | undefined, row: number): boolean {
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw new NacreError('InvalidArgument', `the mask holds ${String(value)} for row ${row}`, {
    context: { row },
    hint: 'Values are true and false, or 1 and 0; a list of rows goes into `rows`.',
  });
}

/** Indices within `[0, rows)`, a copy; negative ones count from the end. */
export function resolveIndices(list: ArrayLike<number>, rows: number, array: string): Float64Array {
  const indices = copyOf(list);
  for (let i = 0; i < indices.length; i++) {
    const asked = indices[i] ?? Number.NaN;
    const index = asked < 0 ? asked + rows : asked;
    // NaN equals nothing.
    if (!(index >= 0 && index < rows && Math.floor(asked) === asked)) throw outOfRange(list[i], rows, array);
    if (index !== asked) indices[i] = index;
  }
  return indices;
}

/** A loop of its own for what is no list of doubles: one loop over every kind would be slow for all. */
function copyOf(list: ArrayLike<number>): Float64Array {
  if (list instanceof Float64Array) return list.slice();
  const copy = new Float64Array(list.length);
  for (let i = 0; i < copy.length; i++) {
    const asked = list[i];
    copy[i] = typeof asked === 'number' ? asked : Number.NaN;
  }
  return copy;
}

function outOfRange(asked: unknown, rows: number, array: string): NacreError {
  return new NacreError(
    'InvalidArgument',
    `row ${String(asked)} is not in array '${array}' of ${rows} rows`,
    {
      context: {
        array,
        row: typeof asked === 'number' && Number.isFinite(asked) ? asked : String(asked),
        rows,
      },
      hint:
        rows === 0
          ? 'The array is empty.'
          : `Rows go from 0 to ${rows - 1}, or from -${rows} to -1 from the end.`,
    },
  );
}
