// .npz: a zip file of .npy files, as np.savez and np.savez_compressed write them. The entry `a.npy` is the
// array `a`.
//
// What is in an entry is read by the reader of .npy (src/formats/npy-file.ts), what is compared when is said
// in src/formats/arrays/zip-members.ts. Of an array in Fortran order with more than one column the whole
// entry is compared before the first row is given, since its rows are gathered from everywhere: that reads it
// once more. One that is deflated, or in a bucket, is copied to the temporary folder by that.
import { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import { printable, quoted } from '../../util/text.js';
import { isScattered, NpyRows, readNpyHeader } from '../npy-file.js';
import { npyBytes } from '../npy-writer.js';
import { piecesOf, type RandomAccess, type ReadOptions, spool } from '../random-access.js';
import type { ArrayReader, ArrayToWrite, ArrayWriter, OpenedArrays } from './array-file.js';
import { NpyArray } from './npy.js';
import { npySizeOfArray } from './pieces.js';
import { readZipDirectory, refusedEntry, type ZipEntry } from './zip.js';
import { openMember, type ZipMember } from './zip-members.js';
import { checkEntryName } from './zip-names.js';
import { zipBytes } from './zip-writer.js';

const ending = '.npy';
/** Headers that are read side by side. */
const headersAtOnce = 8;

/**
 * Opens a .npz file: stored and deflated entries, zip64, and all that a .npy file may be, 0-d and Fortran
 * order and either byte order included. Arrays are in the order of their bytes.
 *
 * CRC-32s: of an array that is read whole and in order, or is in Fortran order, each byte was compared with
 * it by the time its last rows are given. Rows of a stored array in C order that are read alone are not
 * compared.
 *
 * Cost: the directory (one read; two when it has more than 64 KiB) and two reads an array, eight at once.
 * Memory: the directory (16 MiB at most), and what is asked for. Errors: `InvalidArgument` for what is
 * damaged or says two things, with `context.file` and `context.entry` where it is one entry;
 * `UnsupportedFormat` for what is encrypted, compressed otherwise, of a dtype that is not stored, or no .npy
 * file.
 */
export const readNpz: ArrayReader = async (access, options) => {
  const entries = await readZipDirectory(access, options);
  const opened: NpyArray[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((array) => array.close()));
  };
  try {
    const arrays = await mapBounded(entries, headersAtOnce, async (entry) => {
      const array = await openArray(access, entry, options);
      opened.push(array);
      return array;
    });
    return { arrays, close } satisfies OpenedArrays;
  } catch (error) {
    await close();
    throw error;
  }
};

async function openArray(access: RandomAccess, entry: ZipEntry, options: CallOptions): Promise<NpyArray> {
  const array = entry.name.slice(0, -ending.length);
  if (!entry.name.endsWith(ending) || array === '')
    throw refusedEntry(
      access.name,
      entry.name,
      'is no .npy file, and only those are read',
      `Take it out: zip --delete FILE ${quoted(entry.name, 80)}`,
    );
  const member = await openMember(access, entry, `${access.name}: ${printable(array)}`, options);
  try {
    const header = await readNpyHeader(member, options);
    member.pause();
    const copied = access.remote || entry.method === 'deflated';
    const rows = isScattered(header) ? new Compared(member, copied) : member;
    return new NpyArray(array, new NpyRows(rows, header));
  } catch (error) {
    await member.close();
    throw withEntry(error, access, entry);
  }
}

/** What the reader of .npy says, with where it was found. */
function withEntry(error: unknown, access: RandomAccess, entry: ZipEntry): unknown {
  if (!(error instanceof NacreError) || error.context['entry'] !== undefined) return error;
  const { code, message, context, cause, hint, retryable } = error;
  return new NacreError(code, message, {
    context: { ...context, file: access.name, entry: entry.name },
    cause,
    retryable,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** An entry that is read once from beginning to end, and so compared, before anything of it is given. */
class Compared implements RandomAccess {
  readonly name: string;
  readonly sizeBytes: number;
  readonly remote = false;
  readonly reopens: boolean;
  readonly #member: ZipMember;
  readonly #copied: boolean;
  #ready: Promise<RandomAccess> | undefined;

  constructor(member: ZipMember, copied: boolean) {
    this.#member = member;
    this.#copied = copied;
    this.name = member.name;
    this.sizeBytes = member.sizeBytes;
    this.reopens = member.reopens;
  }

  async read(position: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    if (this.#ready === undefined) {
      const ready = this.#prepare(options);
      this.#ready = ready;
      ready.catch(() => {
        this.#ready = undefined;
      });
    }
    return (await this.#ready).read(position, length, options);
  }

  async #prepare(options: CallOptions): Promise<RandomAccess> {
    const call = options.signal === undefined ? {} : { signal: options.signal };
    const pieces = piecesOf(this.#member, call);
    if (this.#copied) return spool(this.name, pieces, call);
    while ((await pieces.next()).done !== true);
    return this.#member;
  }

  async close(): Promise<void> {
    const ready = await this.#ready?.catch(() => undefined);
    if (ready !== this.#member) await ready?.close();
    await this.#member.close();
  }
}

/**
 * The bytes of a .npz file with stored entries, such as np.savez writes: the same for the same arrays,
 * without a clock. Names become `name.npy`. Checksums stand behind the bytes of each, so that nothing is
 * asked for twice.
 *
 * Errors: `InvalidArgument` for two arrays of one name, a name that leads out of a folder (`..`, an absolute
 * one), and rows that are not as many as said.
 */
export const writeNpz: ArrayWriter = (arrays, options) => {
  const members = arrays.map((array) => ({
    name: memberName(array),
    sizeBytes: npySizeOfArray(array),
    pieces: () => npyBytes(array, options),
  }));
  return zipBytes(members);
};

function memberName({ array }: ArrayToWrite): string {
  if (array === '')
    throw new NacreError('InvalidArgument', 'an array of a .npz file has a name', {
      hint: 'Give the array a name.',
    });
  const name = `${array}${ending}`;
  checkEntryName(name, '.npz');
  return name;
}
