// Arrays that lie in a folder of many files, as those of Zarr and NumPack do. The folder may be on this
// machine, or the objects below a prefix of a bucket.
//
// Names in such a folder are chosen by others, and stand in files that may lie: a key that would leave the
// folder is refused before anything is opened (`checkForeignKey`), a symbolic link below it is not followed.
import { stat } from 'node:fs/promises';
import { NacreError } from '../../errors.js';
import type { CallOptions, GetOptions, ObjectBody } from '../../storage/object-store.js';
import { parseStoreUri } from '../../storage/uri.js';
import { mapBounded } from '../../util/bounded.js';
import { endingOf } from '../ending.js';
import type { OpenAccessOptions } from '../random-access.js';
import type { ArrayToWrite, OpenedArrays } from './array-file.js';
import { changedFile, openFolderAccess } from './folder-access.js';
import { type FolderWriter, writeFolder } from './folder-writer.js';

/** Files of a folder by their keys below it. */
export interface FolderAccess {
  /** As messages name it: the path or the URI. */
  readonly name: string;
  /** Every call costs a request. */
  readonly remote: boolean;
  /** As of an ObjectStore: undefined where there is no such file; a range is cut where the file ends. */
  get(key: string, options?: GetOptions): Promise<ObjectBody | undefined>;
  /** Its bytes; undefined where there is no such file. */
  sizeOf(key: string, options?: CallOptions): Promise<number | undefined>;
  /**
   * Names of the folders directly in the folder `key` ('' is the whole), in order. Cost in a bucket: one LIST
   * for each, and for each object beside them. Errors: `ResourceExhausted` for more than `most`.
   */
  folders(key: string, most: number, options?: CallOptions): Promise<string[]>;
  close(): Promise<void>;
}

/** What a folder holds, opened: what describes it was read and checked, rows were not. */
export interface OpenedFolder extends OpenedArrays {
  /** Keys of all files that the arrays are read from, there or not, always in the same order. */
  files(): Iterable<string>;
}

/** Errors: as those of an ArrayReader. */
export type FolderReader = (access: FolderAccess, options: CallOptions) => Promise<OpenedFolder>;

/** Formats whose arrays lie in a folder. */
export const folderFormats = ['zarr', 'npk'] as const;
export type FolderFormat = (typeof folderFormats)[number];

const readers: Readonly<Record<FolderFormat, () => Promise<FolderReader>>> = {
  zarr: async () => (await import('./zarr.js')).readZarr,
  npk: async () => (await import('./npk.js')).readNpk,
};

const writers: Readonly<Partial<Record<FolderFormat, () => Promise<FolderWriter>>>> = {
  zarr: async () => (await import('./zarr/write.js')).writeZarr,
};

/** Formats of folders that are written. */
export const writtenFolders = Object.keys(writers) as readonly FolderFormat[];

/** What tells the format of a folder whose name does not. */
const marks: readonly (readonly [string, FolderFormat])[] = [
  ['zarr.json', 'zarr'],
  ['.zgroup', 'zarr'],
  ['.zarray', 'zarr'],
  ['.zmetadata', 'zarr'],
  ['metadata.npkm', 'npk'],
];

/** Names of files that say that a folder is of that format. */
export function marksOf(format: FolderFormat): string[] {
  return marks.flatMap(([mark, of]) => (of === format ? [mark] : []));
}

/** A folder, and the format of its arrays. */
export interface FolderArrays extends OpenedFolder {
  readonly name: string;
  readonly format: FolderFormat;
  hash(options?: CallOptions): Promise<Uint8Array>;
}

export function isFolderFormat(format: string | undefined): format is FolderFormat {
  return folderFormats.some((one) => one === format);
}

/** What the ending of a name says. */
export function folderFormatOfName(name: string): FolderFormat | undefined {
  const ending = endingOf(name.replace(/\/+$/, ''));
  return isFolderFormat(ending) ? ending : undefined;
}

/**
 * Opens `name` where it is a folder: a local one, or in a bucket a prefix that ends in a slash or `.zarr`
 * or `.npk`, or has a format of a folder. Undefined where it is none, and a file is to be opened.
 */
export async function openFolder(
  name: string,
  asked: string | undefined,
  options: OpenAccessOptions,
): Promise<FolderArrays | undefined> {
  const format = isFolderFormat(asked) ? asked : folderFormatOfName(name);
  if (!(await isFolder(name, asked, format))) {
    if (format === undefined) return undefined;
    throw new NacreError('InvalidArgument', `${name} is no folder, and arrays of ${format} lie in one`, {
      context: { file: name },
      hint: 'Name the folder; of an archive unpack it first, or call a zip file of a Zarr .zarr.zip.',
    });
  }
  if (asked !== undefined && !isFolderFormat(asked))
    throw new NacreError('InvalidArgument', `${name} is a folder, and ${asked} is a format of files`, {
      context: { file: name },
      hint: 'Name the files in it, for example with a wildcard.',
    });
  const access = await openFolderAccess(name, options);
  try {
    const found = format ?? (await formatOfFiles(access, options));
    const opened = await (await readers[found]())(access, options);
    return new Opened(access, found, opened);
  } catch (error) {
    await access.close();
    throw error;
  }
}

/** Writes a folder of arrays; undefined for a format of which none is written. */
export async function writeFolderArrays(
  name: string,
  format: FolderFormat,
  arrays: readonly ArrayToWrite[],
  options: CallOptions,
): Promise<number | undefined> {
  const write = await writers[format]?.();
  return write && writeFolder(name, write(arrays, options), options);
}

async function isFolder(
  name: string,
  asked: string | undefined,
  format: FolderFormat | undefined,
): Promise<boolean> {
  if (name === '-') return false;
  const location = parseStoreUri(name);
  if (location.scheme === 'memory') return false;
  if (location.scheme !== 'file') return format !== undefined || (asked === undefined && name.endsWith('/'));
  const state = await stat(location.path).catch(() => undefined);
  // One that is not there: who opens it says so.
  return state === undefined ? format !== undefined : state.isDirectory();
}

async function formatOfFiles(access: FolderAccess, options: CallOptions): Promise<FolderFormat> {
  const found = await Promise.all(marks.map(([key]) => access.sizeOf(key, options)));
  const mark = marks.find((_, i) => found[i] !== undefined);
  if (mark !== undefined) return mark[1];
  throw new NacreError('InvalidArgument', `${access.name} is a folder without arrays that are read`, {
    context: { file: access.name },
    hint: 'A Zarr holds zarr.json, .zgroup or .zarray, a NumPack metadata.npkm; files are named one by one.',
  });
}

/** One read. */
const pieceBytes = 8 * 2 ** 20;
/** First pieces that are read side by side. */
const filesAtOnce = 8;

class Opened implements FolderArrays {
  readonly name: string;
  readonly format: FolderFormat;
  readonly arrays: OpenedFolder['arrays'];
  readonly #access: FolderAccess;
  readonly #opened: OpenedFolder;

  constructor(access: FolderAccess, format: FolderFormat, opened: OpenedFolder) {
    this.#access = access;
    this.#opened = opened;
    this.name = access.name;
    this.format = format;
    this.arrays = opened.arrays;
  }

  files(): Iterable<string> {
    return this.#opened.files();
  }

  /**
   * SHA-256 over all files that the arrays are read from, in the order of {@link OpenedFolder.files}: of each
   * that is there its key, a zero byte, its length as decimal text, a zero byte, its bytes. Cost: reads them.
   */
  async hash(options: CallOptions = {}): Promise<Uint8Array> {
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    for (const keys of inGroups(this.files(), filesAtOnce)) {
      const range = { start: 0, end: pieceBytes };
      const first = await mapBounded(keys, filesAtOnce, (key) =>
        this.#access.get(key, { ...options, range }),
      );
      for (const [i, body] of first.entries()) {
        if (body === undefined) continue;
        const key = keys[i] as string;
        hash.update(`${key}\0${body.sizeBytes}\0`);
        hash.update(body.bytes);
        for (let at = body.bytes.byteLength; at < body.sizeBytes; at += pieceBytes) {
          const end = Math.min(body.sizeBytes, at + pieceBytes);
          const next = await this.#access.get(key, { ...options, range: { start: at, end } });
          if (next?.token !== body.token) throw changedFile(this.#access, key);
          hash.update(next.bytes);
        }
      }
    }
    return new Uint8Array(hash.digest());
  }

  async close(): Promise<void> {
    await this.#opened.close();
    await this.#access.close();
  }
}

function* inGroups<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
