// Folders of NumPack (`.npk`), read only: `metadata.npkm` (src/formats/arrays/npk/metadata.ts) names a file
// of raw numbers for each array, `data_NAME.npkd`, and `deleted_NAME.npkb` says which of its rows are dropped
// (src/formats/arrays/npk/live-rows.ts). Large arrays of NumPack 0.7 lie in several files, which a JSON file,
// `data_NAME.npkseg`, lists.
import { rowBytesOf } from '../../arrays/row-type.js';
import { checkForeignKey } from '../../storage/keys.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import { compareText, quoted } from '../../util/text.js';
import type { FolderAccess, FolderReader, OpenedFolder } from './folder.js';
import { changedFile } from './folder-access.js';
import { LiveRows } from './npk/live-rows.js';
import { damagedNpk, type NpkInfo, parseNpkMetadata, unsupportedNpk } from './npk/metadata.js';
import { NpkRows, type Segment } from './npk/rows.js';

const metadataKey = 'metadata.npkm';
/** Of metadata, and of a list of files. */
const mostMetadataBytes = 64 * 2 ** 20;
/** Of dropped rows: two billion. */
const mostBitmapBytes = 256 * 2 ** 20;
const bitmapHeaderBytes = 16;
const arraysAtOnce = 8;

/** An array and the files that it is read from. */
interface Found {
  readonly rows: NpkRows;
  readonly files: readonly string[];
}

/**
 * Opens a folder of NumPack. Arrays are in the order of their names; rows that were dropped are passed over.
 *
 * Cost: one read, then two for each array, eight at once. Memory: the metadata, a bit for each row where some
 * were dropped, and what is asked for. Errors: `InvalidArgument` for metadata that are malformed, files that
 * are shorter than their arrays, and names that lead out of the folder; `UnsupportedFormat` for another
 * version, and for what is compressed.
 */
export const readNpk: FolderReader = async (access, options) => {
  const metadata = await readAll(access, metadataKey, undefined, mostMetadataBytes, options);
  if (metadata === undefined) throw damagedNpk(access.name, undefined, `holds no ${metadataKey}`);
  const infos = parseNpkMetadata(metadata, access.name).sort((a, b) => compareText(a.name, b.name));
  const found = await mapBounded(infos, arraysAtOnce, (info) => openArray(access, info, options));
  return {
    arrays: found.map(({ rows }) => rows),
    files: () => [metadataKey, ...found.flatMap(({ files }) => files)],
    close: () => Promise.resolve(),
  } satisfies OpenedFolder;
};

async function openArray(access: FolderAccess, info: NpkInfo, options: CallOptions): Promise<Found> {
  const bitmapKey = `deleted_${info.name}.npkb`;
  for (const key of [info.dataFile, bitmapKey]) checkPath(access, info, key);
  const isListed = info.dataFile.endsWith('.npkseg');
  const segments = isListed
    ? await listedSegments(access, info, options)
    : [{ key: info.dataFile, start: 0, rows: info.shape[0] ?? 0 }];
  for (const segment of segments) await checkSize(access, info, segment, options);
  const live = await liveRows(access, info, bitmapKey, options);
  return {
    rows: new NpkRows(access, info, segments, live),
    files: [...(isListed ? [info.dataFile] : []), ...segments.map(({ key }) => key), bitmapKey],
  };
}

/** A longer one is what an append left that did not end: its rows were never there. */
async function checkSize(
  access: FolderAccess,
  info: NpkInfo,
  { key, rows }: Segment,
  options: CallOptions,
): Promise<void> {
  const expected = rows * rowBytesOf({ dtype: info.dtype, rowShape: info.shape.slice(1) });
  const size = await access.sizeOf(key, options);
  if (size === undefined && expected > 0)
    throw damagedNpk(access.name, info.name, `has no file ${quoted(key, 80)}`);
  if ((size ?? 0) < expected)
    throw damagedNpk(
      access.name,
      info.name,
      `has ${size ?? 0} bytes in ${quoted(key, 80)}, its shape takes ${expected}`,
    );
}

async function listedSegments(access: FolderAccess, info: NpkInfo, options: CallOptions): Promise<Segment[]> {
  const bytes = await readAll(access, info.dataFile, info, mostMetadataBytes, options);
  if (bytes === undefined)
    throw damagedNpk(access.name, info.name, `has no file ${quoted(info.dataFile, 80)}`);
  const list = parseList(access, info, bytes);
  if (list.version !== 1)
    throw unsupportedNpk(access.name, info.name, 'lies in files that are listed in another version than 1');
  const segments: Segment[] = [];
  let start = 0;
  for (const { file: key, rows } of Array.isArray(list.segments) ? (list.segments as Listed[]) : []) {
    if (typeof key !== 'string' || typeof rows !== 'number' || !Number.isSafeInteger(rows) || rows < 0)
      throw damagedNpk(access.name, info.name, `has a list of files that lies, ${quoted(info.dataFile, 80)}`);
    checkPath(access, info, key);
    segments.push({ key, start, rows });
    start += rows;
  }
  if (start === info.shape[0]) return segments;
  throw damagedNpk(access.name, info.name, `has ${info.shape[0] ?? 0} rows, and files of ${start}`);
}

interface Listed {
  readonly file?: unknown;
  readonly rows?: unknown;
}

function parseList(
  access: FolderAccess,
  info: NpkInfo,
  bytes: Uint8Array,
): { readonly version?: unknown; readonly segments?: unknown } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return Object(parsed) as object;
  } catch (cause) {
    throw damagedNpk(access.name, info.name, `has a list of files that is no JSON, ${info.dataFile}`, cause);
  }
}

async function liveRows(
  access: FolderAccess,
  info: NpkInfo,
  key: string,
  options: CallOptions,
): Promise<LiveRows | undefined> {
  const [rows = 0] = info.shape;
  const wordsBytes = 8 * Math.ceil(rows / 64);
  const bytes = await readAll(access, key, info, mostBitmapBytes, options);
  if (bytes === undefined) return undefined;
  if (bytes.byteLength === wordsBytes && rows > 0) return new LiveRows(new Uint8Array(bytes), rows);
  const said =
    bytes.byteLength < bitmapHeaderBytes
      ? undefined
      : new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (bytes.byteLength !== bitmapHeaderBytes + wordsBytes || said !== BigInt(rows))
    throw damagedNpk(
      access.name,
      info.name,
      `has ${rows} rows, and a ${quoted(key, 80)} of ${bytes.byteLength} bytes for ${said ?? 'no'} rows`,
    );
  return new LiveRows(new Uint8Array(bytes.subarray(bitmapHeaderBytes)), rows);
}

/** The whole of a file of at most `most` bytes. */
async function readAll(
  access: FolderAccess,
  key: string,
  info: NpkInfo | undefined,
  most: number,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  const body = await access.get(key, { ...options, range: { start: 0, end: most } });
  if (body === undefined) return undefined;
  if (body.sizeBytes > most)
    throw damagedNpk(
      access.name,
      info?.name,
      `has a ${key} of ${body.sizeBytes} bytes, at most ${most} are read`,
    );
  if (body.bytes.byteLength !== body.sizeBytes) throw changedFile(access, key);
  return body.bytes;
}

function checkPath({ name }: FolderAccess, info: NpkInfo, key: string): void {
  try {
    checkForeignKey(key);
    if (key.includes('\0')) throw new Error('it holds a NUL character');
  } catch (cause) {
    throw damagedNpk(
      name,
      info.name,
      `has a file ${quoted(key, 80)}, which is no name below a folder`,
      cause,
    );
  }
}
