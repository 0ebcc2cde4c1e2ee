// Which reader and which writer a file of arrays gets: by its ending, else by how it begins. Each is loaded
// when it is needed.
import { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { endingOf, twoEndingsOf } from '../ending.js';
import { writeStream } from '../npy-writer.js';
import { openAccess, type OpenAccessOptions, type RandomAccess, sha256Of } from '../random-access.js';
import type {
  ArrayReader,
  ArrayToWrite,
  ArrayWriter,
  AttributesBeside,
  FileArray,
  LeftOut,
  OpenedArrays,
  ReadArraysOptions,
  WriteArraysOptions,
} from './array-file.js';
import { checkReadOptions } from './read-options.js';

import {
  type FolderArrays,
  type FolderFormat,
  folderFormatOfName,
  folderFormats,
  isFolderFormat,
  marksOf,
  openFolder,
  writeFolderArrays,
  writtenFolders,
} from './folder.js';
import { sizeOfArray } from './pieces.js';

/** Formats that are one file. */
type FileFormat =
  | 'npy'
  | 'npz'
  | 'safetensors'
  | 'torch'
  | 'arrow'
  | 'parquet'
  | 'hdf5'
  | 'csv'
  | 'tsv'
  | 'raw'
  | 'zarr.zip';
export type ArrayFileFormat = FileFormat | FolderFormat;

export interface ArrayFileOptions extends OpenAccessOptions, ReadArraysOptions {
  /** Default: as the name ends; where that tells nothing, as the file begins. */
  readonly format?: ArrayFileFormat;
}

/** A file of arrays. */
export interface ArrayFile {
  /** As messages name it. */
  readonly name: string;
  readonly format: ArrayFileFormat;
  /** Of a folder those of its arrays, as their shapes take them. */
  readonly sizeBytes: number;
  /** Whether opening the same name again gives the same bytes; a pipe gives them once. */
  readonly reopens: boolean;
  readonly arrays: readonly FileArray[];
  /** Columns of single values beside the rows, where the file has some. */
  readonly attributes?: AttributesBeside;
  /** What the file holds beside and is no array of numbers: texts and records of HDF5. */
  readonly left?: readonly LeftOut[];
  /**
   * SHA-256 of the file. Of a folder, over all files that its arrays are read from, metadata and chunks,
   * array by array: key, zero byte, length as text, zero byte, bytes. Cost: one read of it.
   */
  hash(options?: CallOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}

const formatOfEnding: Readonly<Record<string, FileFormat>> = {
  npy: 'npy',
  npz: 'npz',
  safetensors: 'safetensors',
  pt: 'torch',
  pth: 'torch',
  arrow: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  parquet: 'parquet',
  h5: 'hdf5',
  hdf5: 'hdf5',
  h5ad: 'hdf5',
  hdf: 'hdf5',
  csv: 'csv',
  tsv: 'tsv',
  'zarr.zip': 'zarr.zip',
};

const readers: Readonly<Record<FileFormat, () => Promise<ArrayReader>>> = {
  npy: async () => (await import('./npy.js')).readNpy,
  npz: async () => (await import('./npz.js')).readNpz,
  safetensors: async () => (await import('./safetensors.js')).readSafetensors,
  torch: async () => (await import('./torch.js')).readTorch,
  arrow: async () => (await import('./arrow.js')).readArrow,
  parquet: async () => (await import('./parquet.js')).readParquet,
  hdf5: async () => (await import('./hdf5.js')).readHdf5,
  csv: async () => (await import('./text.js')).readCsv,
  tsv: async () => (await import('./text.js')).readTsv,
  raw: async () => (await import('./raw.js')).readRaw,
  'zarr.zip': async () => (await import('./zarr-zip.js')).readZarrZip,
};

const writers: Readonly<Partial<Record<FileFormat, () => Promise<ArrayWriter>>>> = {
  npy: async () => (await import('./npy.js')).writeNpy,
  npz: async () => (await import('./npz.js')).writeNpz,
  safetensors: async () => (await import('./safetensors.js')).writeSafetensors,
  torch: async () => (await import('./torch.js')).writeTorch,
  arrow: async () => (await import('./arrow.js')).writeArrow,
  parquet: async () => (await import('./parquet.js')).writeParquet,
  hdf5: async () => (await import('./hdf5/write.js')).writeHdf5,
  csv: async () => (await import('./text.js')).writeCsv,
  tsv: async () => (await import('./text.js')).writeTsv,
  raw: async () => (await import('./raw.js')).writeRaw,
  'zarr.zip': async () => (await import('./zarr-zip.js')).writeZarrZip,
};

/** Formats that a file of arrays can have. */
export const arrayFileFormats = [...(Object.keys(readers) as FileFormat[]), ...folderFormats];

/** Those that hold attributes beside arrays. */
const withAttributes: readonly ArrayFileFormat[] = ['arrow', 'parquet'];

/** What `holdsAttributes()` of `src/formats.ts` does. */
export function holdsAttributes(format: ArrayFileFormat): boolean {
  return withAttributes.includes(format);
}

/** What `openArrayFile()` of `src/formats.ts` does. */
export async function openArrayFile(name: string, options: ArrayFileOptions = {}): Promise<ArrayFile> {
  const asked = options.format === undefined ? fileFormatOfName(name) : checkFormat(options.format);
  const folder = await openFolder(name, asked, options);
  if (folder !== undefined) {
    try {
      checkReadOptions(name, folder.format, options);
    } catch (error) {
      await folder.close();
      throw error;
    }
    return new OpenedArrayFolder(folder);
  }
  const access = await openAccess(name, options);
  try {
    const format = (asked as FileFormat | undefined) ?? (await formatOfBytes(access, options));
    checkReadOptions(access.name, format, options);
    const read = await readers[format]();
    return new OpenedFile(access, format, await read(access, options));
  } catch (error) {
    await access.close();
    throw error;
  }
}

/** What `writeArrayFile()` of `src/formats.ts` does. */
export async function writeArrayFile(
  name: string,
  arrays: readonly ArrayToWrite[],
  options: WriteArraysOptions & { readonly format?: ArrayFileFormat } = {},
): Promise<number> {
  const format = options.format === undefined ? formatOfName(name) : checkFormat(options.format);
  if (format === undefined) throw noFormat(`${name} has no ending that tells its format`, name);
  if (options.attributes !== undefined && !holdsAttributes(format))
    throw new NacreError('InvalidArgument', `${format} files have no attributes beside their arrays`, {
      context: { file: name },
      hint: `Of these are ${withAttributes.join(' and ')}.`,
    });
  const written = isFolderFormat(format) ? await writeFolderArrays(name, format, arrays, options) : undefined;
  if (written !== undefined) return written;
  const writer = isFolderFormat(format) ? undefined : writers[format];
  if (writer === undefined)
    throw new NacreError('UnsupportedFormat', `${format} files are read, and not written`, {
      context: { file: name },
      hint: `Written are ${[...Object.keys(writers), ...writtenFolders].join(', ')}.`,
    });
  const write = await writer();
  return writeStream(name, write(arrays, options));
}

class OpenedFile implements ArrayFile {
  readonly format: ArrayFileFormat;
  readonly #access: RandomAccess;
  readonly #opened: OpenedArrays;

  constructor(access: RandomAccess, format: ArrayFileFormat, opened: OpenedArrays) {
    this.#access = access;
    this.#opened = opened;
    this.format = format;
    if (opened.attributes !== undefined) this.attributes = opened.attributes;
    if (opened.left !== undefined) this.left = opened.left;
  }

  readonly attributes?: AttributesBeside;
  readonly left?: readonly LeftOut[];

  get name(): string {
    return this.#access.name;
  }

  get sizeBytes(): number {
    return this.#access.sizeBytes;
  }

  get reopens(): boolean {
    return this.#access.reopens;
  }

  get arrays(): readonly FileArray[] {
    return this.#opened.arrays;
  }

  hash(options: CallOptions = {}): Promise<Uint8Array> {
    return sha256Of(this.#access, options);
  }

  async close(): Promise<void> {
    await this.#opened.close();
    await this.#access.close();
  }
}

class OpenedArrayFolder implements ArrayFile {
  readonly name: string;
  readonly format: FolderFormat;
  readonly sizeBytes: number;
  readonly reopens = true;
  readonly arrays: readonly FileArray[];
  readonly #folder: FolderArrays;

  constructor(folder: FolderArrays) {
    const { name, format, arrays } = folder;
    this.name = name;
    this.format = format;
    this.arrays = arrays;
    this.sizeBytes = arrays.reduce((total, array) => total + sizeOfArray(array), 0);
    this.#folder = folder;
  }

  hash(options: CallOptions = {}): Promise<Uint8Array> {
    return this.#folder.hash(options);
  }

  close(): Promise<void> {
    return this.#folder.close();
  }
}

function checkFormat(format: string): ArrayFileFormat {
  const known = arrayFileFormats.find((one) => one === format);
  if (known !== undefined) return known;
  throw noFormat(`there is no format '${format}' of arrays`);
}

function noFormat(what: string, file?: string): NacreError {
  return new NacreError('InvalidArgument', what, {
    ...(file !== undefined && { context: { file } }),
    hint: `Formats are ${arrayFileFormats.join(', ')}; name one, or a file that ends in .npy, .npz, .pt or so.`,
  });
}

/** By the ending of a name; undefined where that tells nothing. */
export function formatOfName(name: string): ArrayFileFormat | undefined {
  return folderFormatOfName(name) ?? fileFormatOfName(name);
}

function fileFormatOfName(name: string): FileFormat | undefined {
  const ending = [twoEndingsOf(name), endingOf(name)].find((one) => Object.hasOwn(formatOfEnding, one));
  return ending === undefined ? undefined : formatOfEnding[ending];
}

async function formatOfBytes(access: RandomAccess, options: CallOptions): Promise<FileFormat> {
  if (access.sizeBytes === 0) {
    const hint = 'What should have written it failed, or has not ended.';
    throw new NacreError('InvalidArgument', `${access.name}: the file is empty`, {
      context: { file: access.name },
      hint,
    });
  }
  const start = await access.read(0, Math.min(64, access.sizeBytes), options);
  const text = Buffer.from(start).toString('latin1');
  if (text.startsWith('\u0093NUMPY')) return 'npy';
  if (/^[^]{8}\{\s*"/.test(text)) return 'safetensors';
  if (text.startsWith('\u0089HDF\r\n\u001a\n')) return 'hdf5';
  if (text.startsWith('PAR1')) return 'parquet';
  // A file of Arrow, and a stream.
  if (text.startsWith('ARROW1') || text.startsWith('\u00ff\u00ff\u00ff\u00ff')) return 'arrow';
  // A pickle, of the legacy form of PyTorch.
  if (start[0] === 0x80 && (start[1] ?? 0) <= 5) return 'torch';
  if (text.startsWith('PK')) {
    return formatOfZip(access, options);
  }
  throw noFormat(`neither the name of ${access.name} nor how it begins tells its format`, access.name);
}

async function formatOfZip(access: RandomAccess, options: CallOptions): Promise<FileFormat> {
  const { readZipDirectory } = await import('./zip.js');
  const entries = await readZipDirectory(access, { ...options, lastOfName: true });
  const names = entries.map(({ name }) => name);
  if (names.some((name) => /(^|\/)data\.pkl$/.test(name))) return 'torch';
  // At the top, or below one folder.
  const marks = marksOf('zarr');
  const isZarr = names.some((name) => marks.includes(name.replace(/^[^/]*\//, '')));
  return isZarr ? 'zarr.zip' : 'npz';
}
