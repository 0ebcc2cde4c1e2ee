// The directory of a zip file, by position: what .npz and PyTorch's files are made of.
//
// A reader of our own, since the ones to be had either trust what they read (entries over each other, two of
// one name, sizes that lie, ends that two programs see in two places), or want the whole file. The directory
// is small and bounded here, and must say one thing only: it ends where the end record begins, has as many
// entries as that says, and no two of them share a byte or a name. Names are names: nothing is ever written
// by one, and those that would lead out of a folder are refused all the same. What is not read: encryption,
// disks, bytes before the zip.
//
// Layout: APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3. Inside:
// src/formats/arrays/zip-members.ts.
import { NacreError } from '../../errors.js';
import { malformed, unsupported } from '../../npy/problem.js';
import type { CallOptions } from '../../storage/object-store.js';
import { quoted } from '../../util/text.js';
import type { RandomAccess } from '../random-access.js';
import { checkDirectorySum } from './zip-comment.js';
import { checkEntryName, entryName } from './zip-names.js';

export interface ZipEntry {
  /** Relative, by `/`; unique in its file. */
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  /** Of what comes out. */
  readonly sizeBytes: number;
  /** In the file; the same for a stored entry. */
  readonly packedBytes: number;
  readonly crc32: number;
  /** Where its local header begins. */
  readonly offset: number;
  /** Where something else begins: nothing of the entry lies there or behind. */
  readonly limit: number;
  /** The name as the file has it, which the local header repeats. */
  readonly nameBytes: Uint8Array;
}

/** More than 200,000 entries of usual names; no file of arrays has so many. */
export const maxDirectoryBytes = 16 * 2 ** 20;
export const localHeaderBytes = 30;
export const endBytes = 22;
export const locatorBytes = 20;
export const end64Bytes = 56;
export const entryBytes = 46;
const maxCommentBytes = 0xffff;
/** In place of a number that stands in a zip64 field. */
export const instead16 = 0xffff;
export const instead32 = 0xffff_ffff;
export const zip64Id = 1;
/** A match of 258 bytes takes two bits at least. */
const maxInflation = 1032;

export const signatures = {
  local: 0x04034b50,
  entry: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
  descriptor: 0x08074b50,
} as const;

const otherMethods: ReadonlyMap<number, string> = new Map([
  [9, 'deflate64'],
  [12, 'bzip2'],
  [14, 'lzma'],
  [93, 'zstd'],
  [95, 'xz'],
  [99, 'AES encryption'],
]);

export interface DirectoryOptions extends CallOptions {
  /** Of several entries of one name the last one counts, as for Python; otherwise they are refused. */
  readonly lastOfName?: boolean;
}

/**
 * The entries of a zip file in the order of their bytes, without those of folders. Cost: one read of 64 KiB
 * at the end, and one more for what of the directory, or of zip64, is not in them.
 *
 * Errors: `InvalidArgument` for a file that is none, is cut or says two things; `UnsupportedFormat` for what
 * is encrypted, compressed otherwise, or a directory of more than 16 MiB.
 */
export async function readZipDirectory(access: RandomAccess, options: DirectoryOptions): Promise<ZipEntry[]> {
  const tail = await readTail(access, options);
  const { offset, sizeBytes, entries: expected, comment } = await findDirectory(access, tail, options);
  const directory = await tail.read(offset, sizeBytes);
  const entries: Listed[] = [];
  const source = access.name;
  checkDirectorySum(directory, comment, source);
  for (let at = 0; at < directory.byteLength; ) {
    const entry = readEntry(directory, at, { source, fileBytes: offset });
    entries.push(entry);
    at += entry.length;
  }
  if (entries.length !== expected)
    throw malformed(source, `the directory has ${entries.length} entries, its end says ${expected}`);
  return withoutOverlap(entries, offset, source, options.lastOfName === true);
}

interface Directory {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly entries: number;
}

/** The last bytes of a file, which are read once. */
interface Tail {
  readonly bytes: Uint8Array;
  /** From the bytes that are here, or from the file. */
  read(position: number, length: number): Promise<Uint8Array>;
}

async function readTail(access: RandomAccess, options: CallOptions): Promise<Tail> {
  const length = Math.min(access.sizeBytes, endBytes + maxCommentBytes);
  const start = access.sizeBytes - length;
  const bytes = await access.read(start, length, options);
  return {
    bytes,
    read: async (position, count) =>
      position >= start
        ? bytes.subarray(position - start, position - start + count)
        : access.read(position, count, options),
  };
}

async function findDirectory(
  access: RandomAccess,
  tail: Tail,
  options: CallOptions,
): Promise<Directory & { readonly comment: Uint8Array }> {
  const source = access.name;
  const tailStart = access.sizeBytes - tail.bytes.byteLength;
  const at = findEnd(tail.bytes);
  if (at === undefined) throw await notZip(access, options);
  const view = viewOf(tail.bytes.subarray(at));
  const end = tailStart + at;
  const named: Directory = {
    entries: view.getUint16(10, true),
    sizeBytes: view.getUint32(12, true),
    offset: view.getUint32(16, true),
  };
  const large = await readEnd64(access.name, end, tail);
  const needsLarge =
    named.entries === instead16 || named.sizeBytes === instead32 || named.offset === instead32;
  if (needsLarge && large === undefined)
    throw malformed(source, 'the end of the zip file says that a zip64 record stands before it; none does');
  const disks = [view.getUint16(4, true), view.getUint16(6, true)];
  const entriesHere = view.getUint16(8, true);
  if (disks.some((disk) => disk !== 0 && !(large !== undefined && disk === instead16)))
    throw unsupported(source, 'it is one of several parts of a zip file', 'Join the parts: zip -s 0.');
  if (entriesHere !== named.entries)
    throw malformed(source, `the end says ${entriesHere} entries, and ${named.entries} of them`);
  const directory = large === undefined ? named : agreed(named, large, source);
  const directoryEnd = large?.at ?? end;
  if (directory.offset + directory.sizeBytes !== directoryEnd)
    throw malformed(
      source,
      `the directory of ${directory.sizeBytes} bytes at ${directory.offset} does not end at ${directoryEnd}, ` +
        'where its end record begins',
      { hint: 'The file is cut, or something was put before the zip file in it: make it again.' },
    );
  if (directory.sizeBytes > maxDirectoryBytes)
    throw unsupported(
      source,
      `the directory has ${directory.sizeBytes} bytes, at most ${maxDirectoryBytes} are read`,
      'Save fewer arrays into one file; a Zarr in fewer chunks, or unpacked.',
    );
  return { ...directory, comment: tail.bytes.subarray(at + endBytes) };
}

/** The end record in the last bytes: the one whose comment goes to the end. Two that do are none. */
function findEnd(tail: Uint8Array): number | undefined {
  const view = viewOf(tail);
  const found: number[] = [];
  for (let at = tail.byteLength - endBytes; at >= 0; at--) {
    if (view.getUint32(at, true) !== signatures.end) continue;
    if (at + endBytes + view.getUint16(at + 20, true) === tail.byteLength) found.push(at);
  }
  return found.length === 1 ? found[0] : undefined;
}

async function notZip(access: RandomAccess, options: CallOptions): Promise<NacreError> {
  const start = await access.read(0, Math.min(4, access.sizeBytes), options);
  const begins = start.byteLength === 4 && viewOf(start).getUint32(0, true) === signatures.local;
  return begins
    ? malformed(
        access.name,
        'the zip file begins as one, but its end record is not there, or is not one only',
        {
          hint: 'The file is cut: make it again.',
        },
      )
    : malformed(access.name, 'this is no zip file', {
        hint: 'Save the arrays with np.savez or np.savez_compressed; a Zarr with zip -r.',
      });
}

interface LargeDirectory extends Directory {
  readonly at: number;
}

/** The zip64 record before the end, where there is one. */
async function readEnd64(source: string, end: number, tail: Tail): Promise<LargeDirectory | undefined> {
  if (end < locatorBytes + end64Bytes) return undefined;
  const locator = viewOf(await tail.read(end - locatorBytes, locatorBytes));
  if (locator.getUint32(0, true) !== signatures.locator) return undefined;
  const at = large(locator, 8, source);
  if (locator.getUint32(4, true) !== 0 || locator.getUint32(16, true) > 1)
    throw unsupported(source, 'it is one of several parts of a zip file', 'Join the parts: zip -s 0.');
  const room = end - locatorBytes - at;
  if (room < end64Bytes)
    throw malformed(source, `the zip64 record is said to be at ${at}, where it has no room`);
  const record = viewOf(await tail.read(at, end64Bytes));
  if (record.getUint32(0, true) !== signatures.end64 || large(record, 4, source) + 12 !== room)
    throw malformed(source, `at ${at} there is no zip64 record of ${room} bytes`);
  const [entries, ofAll] = [large(record, 24, source), large(record, 32, source)];
  if (entries !== ofAll || record.getUint32(16, true) !== 0 || record.getUint32(20, true) !== 0)
    throw unsupported(source, 'it is one of several parts of a zip file', 'Join the parts: zip -s 0.');
  return { at, entries, sizeBytes: large(record, 40, source), offset: large(record, 48, source) };
}

/** Both say the same, where the small one says anything. */
function agreed(small: Directory, large: LargeDirectory, source: string): Directory {
  const same =
    (small.entries === instead16 || small.entries === large.entries) &&
    (small.sizeBytes === instead32 || small.sizeBytes === large.sizeBytes) &&
    (small.offset === instead32 || small.offset === large.offset);
  if (same) return large;
  throw malformed(source, 'the end of the zip file and its zip64 record say two things of the directory');
}

type Listed = Omit<ZipEntry, 'limit'> & { readonly length: number };

interface Place {
  readonly source: string;
  /** Where the directory begins: entries lie before. */
  readonly fileBytes: number;
}

function readEntry(directory: Uint8Array, at: number, { source, fileBytes }: Place): Listed {
  const view = viewOf(directory.subarray(at));
  const byte = fileBytes + at;
  if (view.byteLength < entryBytes || view.getUint32(0, true) !== signatures.entry)
    throw malformed(source, `the directory has no entry at byte ${byte}`);
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
    view.getUint16(field, true),
  ) as [number, number, number];
  const length = entryBytes + nameLength + extraLength + commentLength;
  if (length > view.byteLength)
    throw malformed(source, `the entry at byte ${byte} goes over the end of the directory`);
  const nameBytes = directory.subarray(at + entryBytes, at + entryBytes + nameLength);
  const flags = view.getUint16(8, true);
  const name = entryName(nameBytes, flags, source);
  const extra = directory.subarray(at + entryBytes + nameLength, at + entryBytes + nameLength + extraLength);
  const fail = (what: string): NacreError => entryProblem(source, name, what);
  checkFlags(flags, source, name);
  const sizes = readSizes(view, extra, fail);
  checkEntryName(name, source);
  const method = methodOf(view.getUint16(10, true), source, name);
  const { sizeBytes, packedBytes, offset, disk } = sizes;
  if (disk !== 0) throw fail(`is said to be in part ${disk} of several`);
  if (offset + localHeaderBytes + nameLength + packedBytes > fileBytes)
    throw fail(`of ${packedBytes} bytes at ${offset} does not lie before the directory at ${fileBytes}`);
  if (method === 'stored' && sizeBytes !== packedBytes)
    throw fail(`is stored in ${packedBytes} bytes and said to have ${sizeBytes}`);
  if (sizeBytes > packedBytes * maxInflation)
    throw fail(`is said to have ${sizeBytes} bytes, which no ${packedBytes} bytes inflate to`);
  return { name, method, sizeBytes, packedBytes, crc32: view.getUint32(16, true), offset, nameBytes, length };
}

function readSizes(
  view: DataView,
  extra: Uint8Array,
  fail: (what: string) => NacreError,
): { sizeBytes: number; packedBytes: number; offset: number; disk: number } {
  const small = [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)];
  const disk = view.getUint16(34, true);
  const wanted = small.filter((value) => value === instead32).length;
  const field = zip64Field(extra, fail);
  if (wanted === 0 && disk !== instead16) return sized(small, disk);
  const view64 = field === undefined ? undefined : viewOf(field);
  if (view64 === undefined || view64.byteLength < 8 * wanted + (disk === instead16 ? 4 : 0))
    throw fail('is said to have its sizes in a zip64 field, which is not there or too short');
  let at = 0;
  const values = small.map((value) => {
    if (value !== instead32) return value;
    const big = Number(view64.getBigUint64(at, true));
    at += 8;
    if (big > Number.MAX_SAFE_INTEGER) throw fail(`has a size or a place of ${big} bytes`);
    return big;
  });
  return sized(values, disk === instead16 ? view64.getUint32(at, true) : disk);
}

function sized(values: readonly number[], disk: number): ReturnType<typeof readSizes> {
  const [sizeBytes = 0, packedBytes = 0, offset = 0] = values;
  return { sizeBytes, packedBytes, offset, disk };
}

/** The zip64 field among extra fields. Less than a field behind the last is padding, as some tools write. */
export function zip64Field(extra: Uint8Array, fail: (what: string) => NacreError): Uint8Array | undefined {
  const view = viewOf(extra);
  let found: Uint8Array | undefined;
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > extra.byteLength) throw fail('has an extra field that goes over its end');
    if (view.getUint16(at, true) === zip64Id) {
      if (found !== undefined) throw fail('has two zip64 fields');
      found = extra.subarray(at + 4, end);
    }
    at = end;
  }
  return found;
}

function checkFlags(flags: number, source: string, name: string): void {
  // Encrypted; encrypted strongly; the directory masked.
  if ((flags & 0x2041) !== 0)
    throw refusedEntry(source, name, 'is encrypted', 'Unpack it with its password, and save it without one.');
  if ((flags & 0x20) !== 0) throw refusedEntry(source, name, 'is a patch', 'Make the file again.');
}

function methodOf(code: number, source: string, name: string): ZipEntry['method'] {
  if (code === 0) return 'stored';
  if (code === 8) return 'deflated';
  const method = otherMethods.get(code) ?? `method ${code}`;
  throw refusedEntry(
    source,
    name,
    `is compressed by ${method}; stored and deflated ones are read`,
    'Save the arrays with np.savez or np.savez_compressed; a Zarr with zip -r.',
  );
}

/** The entry keeps the rules, but is of a kind that is not read. */
export function refusedEntry(source: string, name: string, what: string, hint: string): NacreError {
  const context = { file: source, entry: name };
  return new NacreError('UnsupportedFormat', `${source}: the entry ${quoted(name, 80)} ${what}`, {
    context,
    hint,
  });
}

/** Says of each where the next thing begins. Refuses two on one byte; of one name, too, or takes the last. */
function withoutOverlap(
  entries: readonly Listed[],
  end: number,
  source: string,
  lastOfName: boolean,
): ZipEntry[] {
  const counts = new Map<string, number>();
  for (const { name, offset } of entries) {
    if (counts.has(name) && !lastOfName) throw entryProblem(source, name, 'is in the directory twice');
    counts.set(name, offset);
  }
  const sorted = [...entries].sort((a, b) => a.offset - b.offset);
  return sorted
    .map(({ length: _, ...entry }, i): ZipEntry => {
      const limit = sorted[i + 1]?.offset ?? end;
      if (entry.offset + localHeaderBytes + entry.nameBytes.byteLength + entry.packedBytes > limit)
        throw entryProblem(
          source,
          entry.name,
          `goes over the beginning of ${quoted(sorted[i + 1]?.name ?? '', 80)}`,
        );
      return { ...entry, limit };
    })
    .filter(({ name, sizeBytes, offset }) => {
      if (!name.endsWith('/')) return counts.get(name) === offset;
      if (sizeBytes !== 0) throw entryProblem(source, name, 'is a folder, and has bytes');
      return false;
    });
}

/** The file breaks the rules of the format at an entry. */
export function entryProblem(source: string, name: string, what: string, cause?: unknown): NacreError {
  return malformed(source, `the entry ${quoted(name, 80)} ${what}`, {
    context: { file: source, entry: name },
    hint: 'The file is damaged, or was made to mislead: make it again.',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function large(view: DataView, at: number, source: string): number {
  const value = Number(view.getBigUint64(at, true));
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  throw malformed(source, `the zip64 record has the size or place ${value}`);
}
