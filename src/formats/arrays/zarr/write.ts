// Zarr, version 3, as this product writes it: a group with its arrays and their metadata consolidated, each
// array in chunks of whole rows, stored as they are with their CRC32C behind them.
//
// Numbers are not compressed: rows of floats become little shorter by it, and chunks can be told from damaged
// ones by their sums all the same. Zarr of Python, zarrita and others read it.
import { rowBytesOf } from '../../../arrays/row-type.js';
import { NacreError } from '../../../errors.js';
import { dtypes } from '../../../npy/dtype.js';
import { arrayBytes } from '../../../npy/shape.js';
import { checkForeignKey } from '../../../storage/keys.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { compareText, halfPair, quoted } from '../../../util/text.js';
import type { ArrayToWrite } from '../array-file.js';
import type { FolderFile, FolderWriter } from '../folder-writer.js';
import { RowsTaken, shapeOfArray } from '../pieces.js';
import { crc32cOf } from './codecs.js';
import { mostChunkBytes } from './info.js';

/** About: it is a whole number of rows. Writers and readers of Zarr on buckets like some MiB. */
const chunkBytes = 8 * 2 ** 20;

interface Metadata {
  readonly [name: string]: unknown;
}

/**
 * Files of a Zarr group, in the order in which they are written; the group itself comes last, so that what is
 * there opens for nobody before it is whole. One array whose name is '' is written without a group.
 *
 * Errors: `InvalidArgument` for two arrays of one name, one within another, and names that are no path below
 * the folder; for rows of more than 512 MiB, and rows that are not as many as said.
 */
export const writeZarr: FolderWriter = (arrays, options) => {
  const alone = arrays.length === 1 && arrays[0]?.array === '';
  if (!alone) checkNames(arrays.map(({ array }) => array));
  for (const array of arrays) checkRows(array);
  return files(
    [...arrays].sort((a, b) => compareText(a.array, b.array)),
    alone,
    options,
  );
};

async function* files(
  arrays: readonly ArrayToWrite[],
  alone: boolean,
  options: CallOptions,
): AsyncGenerator<FolderFile> {
  const members: Record<string, Metadata> = Object.create(null) as Record<string, Metadata>;
  for (const array of arrays) {
    const prefix = alone ? '' : `${array.array}/`;
    yield* chunksOf(array, prefix, options);
    const metadata = metadataOf(array);
    for (const group of groupsAbove(array.array)) members[group] ??= groupMetadata;
    if (alone) {
      yield jsonFile('zarr.json', metadata);
      return;
    }
    members[array.array] = metadata;
  }
  const paths = Object.keys(members).sort(compareText);
  for (const path of paths) yield jsonFile(`${path}/zarr.json`, members[path] ?? {});
  const metadata = Object.fromEntries(paths.map((path) => [path, members[path]]));
  yield jsonFile('zarr.json', {
    ...groupMetadata,
    consolidated_metadata: { kind: 'inline', must_understand: false, metadata },
  });
}

const groupMetadata: Metadata = { zarr_format: 3, node_type: 'group', attributes: {} };

/** Its rows in a chunk. */
function chunkRowsOf({ type, rows }: ArrayToWrite): number {
  const rowBytes = rowBytesOf(type);
  return Math.max(1, Math.min(rows, rowBytes === 0 ? 1 : Math.floor(chunkBytes / rowBytes)));
}

function metadataOf(array: ArrayToWrite): Metadata {
  const { dtype, rowShape, scalar } = array.type;
  const { kind, swapBytes } = dtypes[dtype];
  const chunkShape = scalar ? [] : [chunkRowsOf(array), ...rowShape.map((length) => Math.max(1, length))];
  return {
    zarr_format: 3,
    node_type: 'array',
    shape: shapeOfArray(array),
    data_type: dtype,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunkShape } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: kind === 'bool' ? false : kind === 'complex' ? [0, 0] : 0,
    codecs: [
      swapBytes === 1 ? { name: 'bytes' } : { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'crc32c' },
    ],
    attributes: {},
    storage_transformers: [],
  };
}

async function* chunksOf(
  array: ArrayToWrite,
  prefix: string,
  options: CallOptions,
): AsyncGenerator<FolderFile> {
  const { rowShape, scalar } = array.type;
  const rowBytes = rowBytesOf(array.type);
  const rows = new RowsTaken(array, options);
  try {
    const chunkRows = chunkRowsOf(array);
    // Of rows of nothing there is nothing to be written.
    const end = rowBytes === 0 ? 0 : array.rows;
    for (let at = 0; at < end; at += chunkRows) {
      const some = Math.min(chunkRows, array.rows - at);
      const bytes = await rows.take(some);
      // A chunk is always whole; behind the last row are zeros.
      const rest = new Uint8Array((chunkRows - some) * rowBytes);
      const whole = rest.byteLength === 0 ? bytes : Buffer.concat([bytes, rest]);
      const sum = Buffer.alloc(4);
      sum.writeUInt32LE(crc32cOf(whole));
      const place = scalar ? [] : [at / chunkRows, ...rowShape.map(() => 0)];
      yield { key: `${prefix}${['c', ...place].join('/')}`, pieces: [whole, sum] };
    }
    await rows.end();
  } finally {
    await rows.close();
  }
}

function jsonFile(key: string, content: Metadata): FolderFile {
  return { key, pieces: [new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`)] };
}

/** `a` and `a/b` of `a/b/c`. */
function groupsAbove(path: string): string[] {
  const names = path.split('/');
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'));
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const flaw = flawOf(name);
    if (flaw !== undefined) throw refused(name, flaw);
    if (seen.has(name)) throw refused(name, 'is there twice');
    seen.add(name);
  }
  for (const name of names)
    for (const group of groupsAbove(name))
      if (seen.has(group)) throw refused(name, `lies within the array ${quoted(group, 80)}`);
}

function flawOf(name: string): string | undefined {
  try {
    checkForeignKey(name);
  } catch {
    return 'has a name that is no path below a folder';
  }
  if (/[\p{Cc}\\]/u.test(name) || halfPair.test(name)) return 'has a name that file systems do not take';
  // The format keeps these for itself; the last one is a file of a group.
  if (name.split('/').some((part) => part.startsWith('__') || part === 'zarr.json'))
    return 'has a name that Zarr keeps for itself';
  return undefined;
}

function checkRows({ array, type, rows }: ArrayToWrite): void {
  arrayBytes(type.dtype, [rows, ...type.rowShape]);
  if (rowBytesOf(type) > mostChunkBytes)
    throw refused(array, `has rows of ${rowBytesOf(type)} bytes, at most ${mostChunkBytes} are written`);
}

function refused(array: string, what: string): NacreError {
  return new NacreError('InvalidArgument', `the array ${quoted(array, 80)} ${what}`, {
    context: { array },
    hint: 'Choose another name, or write it as .npy.',
  });
}
