// Which rows of an array a command is about: --rows, --ids, --mask or --all.
import type { Command } from 'commander';
import { type ArrayHandle, NacreError, openNpyFile } from '../index.js';
import { maskedRows, RowMask } from './row-mask.js';
import { shellWord } from './output.js';
import type { Session } from './session.js';
import { invalid } from './values.js';

export interface RowOptions {
  readonly rows?: string;
  readonly ids?: string;
  readonly mask?: string;
  readonly all?: boolean;
}

export type RowChoice =
  | { readonly kind: 'all' }
  /** NumPy's slice: negative ends count from the end, and ends past the array are cut. */
  | { readonly kind: 'slice'; readonly start?: number; readonly end?: number; readonly step?: number }
  | { readonly kind: 'list'; readonly rows: Float64Array }
  | { readonly kind: 'ids'; readonly ids: Float64Array }
  | { readonly kind: 'mask'; readonly mask: RowMask };

/** The chosen rows as a transaction takes them; those of a mask piece by piece, or as a list. */
export type ChosenRows = TakenRows | RowMask;

export type TakenRows = ArrayLike<number> | { readonly ids: ArrayLike<number> } | { readonly all: true };

/** Ids named by a range; more than this is a mistake. */
const largestRange = 100_000_000;

/** Rows read at once to see that their ids are there. */
const idsLookedUp = 1_000;

export const rowsHelp = `R is a range as in NumPy ('0:100', '-10:', '::2'), a list ('3,7,9', where negative ones
count from the end), or a .npy file of integers. A mask is a .npy file of booleans, one for
each row of the array.`;

export function rowOptions(command: Command): Command {
  return command
    .option('--rows <R>', 'rows by their place')
    .option('--ids <R>', 'rows by their ids, which stay while other rows are dropped')
    .option('--mask <file>', 'rows for which a .npy file of booleans says true')
    .option('--all', 'all rows');
}

/** Exactly one of them must be given. */
export async function requireRows(session: Session, options: RowOptions, verb: string): Promise<RowChoice> {
  const choice = await chooseRows(session, options);
  if (choice !== undefined) return choice;
  throw invalid(`which rows to ${verb} is not said`, 'Give --rows R, --ids R, --mask FILE or --all.');
}

/** Undefined when none of them is given. */
export async function chooseRows(session: Session, options: RowOptions): Promise<RowChoice | undefined> {
  const { rows, ids, mask, all } = options;
  const given = [rows, ids, mask, all].filter((option) => option !== undefined);
  if (given.length > 1)
    throw invalid('rows are named in more than one way', 'Give one of --rows, --ids, --mask and --all.');
  if (all === true) return { kind: 'all' };
  if (ids !== undefined) return { kind: 'ids', ids: await parseIds(ids, session.signal) };
  if (mask !== undefined) return { kind: 'mask', mask: await RowMask.read(mask, session.signal) };
  return rows === undefined ? undefined : parseRows(rows, session.signal);
}

async function parseRows(text: string, signal: AbortSignal): Promise<RowChoice> {
  const slice = parseSlice(text);
  if (slice !== undefined) return { kind: 'slice', ...slice };
  return { kind: 'list', rows: parseList(text) ?? (await readIntegers(text, '--rows', signal)) };
}

async function parseIds(text: string, signal: AbortSignal): Promise<Float64Array> {
  const slice = parseSlice(text);
  if (slice === undefined) return parseList(text) ?? readIntegers(text, '--ids', signal);
  const { start = 0, end, step = 1 } = slice;
  if (end === undefined || start < 0 || step < 1 || end - start > largestRange) {
    throw invalid(`'${text}' is no range of ids`, "Write it with its end, such as '0:100'.");
  }
  return Float64Array.from(
    { length: Math.max(0, Math.ceil((end - start) / step)) },
    (_, i) => start + i * step,
  );
}

function parseSlice(text: string): { start?: number; end?: number; step?: number } | undefined {
  const [matched, ...parts] = /^(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?$/.exec(text.trim()) ?? [];
  if (matched === undefined) return undefined;
  const [start, end, step] = parts.map((part) => (part === undefined ? undefined : safeInteger(part)));
  return {
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(step === undefined ? {} : { step }),
  };
}

function parseList(text: string): Float64Array | undefined {
  const trimmed = text.trim();
  if (!/^-?\d+(\s*,\s*-?\d+)*,?$/.test(trimmed)) return undefined;
  return Float64Array.from(trimmed.split(',').filter(Boolean), safeInteger);
}

function safeInteger(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw invalid(`the row ${text.trim()} is beyond what a row can be`, 'Rows and ids are below 2^53.');
}

async function readIntegers(
  text: string,
  option: '--rows' | '--ids',
  signal: AbortSignal,
): Promise<Float64Array> {
  if (!/\.npy$/i.test(text)) {
    throw invalid(
      `'${text}' names no rows`,
      "Write a range ('0:100'), a list ('3,7,9') or a .npy file of integers.",
    );
  }
  const file = await openNpyFile(text, { signal });
  try {
    const { dtype, rowShape, scalar } = file.type;
    if (!/^u?int/.test(dtype) || rowShape.length > 0 || scalar) {
      throw new NacreError('InvalidArgument', `${text} names rows, but is no list of integers`, {
        context: { file: text, dtype },
        hint:
          dtype === 'bool' && option === '--rows'
            ? 'Give a mask by --mask.'
            : 'Save one dimension of integers.',
      });
    }
    return integersOf(dtype, await file.read(0, file.rows, { signal }));
  } finally {
    await file.close();
  }
}

function integersOf(dtype: string, bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = Number(/\d+$/.exec(dtype)?.[0]);
  const signed = dtype.startsWith('int');
  const at = (i: number): number => {
    if (bits === 8) return signed ? view.getInt8(i) : view.getUint8(i);
    if (bits === 16) return signed ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true);
    if (bits === 32) return signed ? view.getInt32(4 * i, true) : view.getUint32(4 * i, true);
    return Number(signed ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
  };
  return Float64Array.from({ length: (8 * bytes.byteLength) / bits }, (_, i) => at(i));
}

/** Places of the chosen rows in an array of `count` rows. */
export function placesOf(choice: Exclude<RowChoice, { kind: 'ids' | 'mask' }>, count: number): Float64Array {
  if (choice.kind === 'list') return choice.rows;
  const { start, end, step } = sliceBounds(choice, count);
  const length = Math.max(0, Math.ceil((end - start) / step));
  return Float64Array.from({ length }, (_, i) => start + i * step);
}

/** NumPy's `slice.indices`. */
export function sliceBounds(
  choice: Extract<RowChoice, { kind: 'all' | 'slice' }>,
  count: number,
): { readonly start: number; readonly end: number; readonly step: number } {
  const { start, end, step = 1 } = choice.kind === 'all' ? {} : choice;
  if (step === 0) throw invalid('the step of a slice must not be 0', "Write '0:100:2' for every second row.");
  const clip = (value: number | undefined, low: number, high: number, missing: number): number =>
    value === undefined ? missing : Math.min(Math.max(value < 0 ? value + count : value, low), high);
  return step > 0
    ? { start: clip(start, 0, count, 0), end: clip(end, 0, count, count), step }
    : { start: clip(start, -1, count - 1, count - 1), end: clip(end, -1, count - 1, -1), step };
}

/** The chosen rows as a transaction takes them, and how many they are; every one was looked up. */
export async function targetOf(
  array: ArrayHandle,
  choice: RowChoice,
  signal: AbortSignal,
): Promise<{ readonly target: ChosenRows; readonly count: number }> {
  const shape = await array.shape({ signal });
  const [count = 1] = shape;
  if (choice.kind === 'mask') {
    choice.mask.check(array.name, shape);
    return { target: choice.mask, count: choice.mask.count };
  }
  if (choice.kind === 'all') return { target: { all: true }, count };
  if (choice.kind === 'ids') return { target: { ids: choice.ids }, count: choice.ids.length };
  const places = placesOf(choice, count);
  return { target: places, count: places.length };
}

/** Fails where a row is not there, as the change itself would; for --dry-run. */
export async function lookUp(array: ArrayHandle, target: ChosenRows, signal: AbortSignal): Promise<void> {
  // A mask was looked at: it has a value for each row.
  if (target instanceof RowMask || 'all' in target) return;
  if (!('ids' in target)) {
    await array.ids({ rows: target, signal });
    return;
  }
  for (let start = 0; start < target.ids.length; start += idsLookedUp) {
    const ids = Array.prototype.slice.call(target.ids, start, start + idsLookedUp) as number[];
    await array.read({ ids, signal });
  }
}

/** For an undo and for messages: the option as it was given. */
export function optionText({ rows, ids, mask }: RowOptions): string {
  if (mask !== undefined) return ` --mask ${shellWord(mask)}`;
  if (rows !== undefined) return ` --rows '${rows}'`;
  return ids === undefined ? '' : ` --ids '${ids}'`;
}

/** The chosen rows in pieces, the last ones first: what is dropped moves those behind it. */
export function* fromTheEnd(target: ChosenRows): Generator<TakenRows> {
  if (!(target instanceof RowMask)) {
    yield target;
    return;
  }
  for (let end = target.count; end > 0; end -= maskedRows)
    yield target.places(Math.max(0, end - maskedRows), end);
}
