// A zip file as the folder that it is of: its entries are found by their keys, and nothing is unpacked to a
// place that a name says.
//
// What is compared of an entry when, src/formats/arrays/zip-members.ts says. Entries stay open for a while:
// their local headers are read once, and a deflated one of which parts are asked for is not inflated from its
// beginning for each of them.
import type { CallOptions, GetOptions, ObjectBody } from '../../storage/object-store.js';
import { throwIfAborted, untilAborted } from '../../util/runtime.js';
import { firstTextFrom } from '../../util/sorted.js';
import { compareText, printable } from '../../util/text.js';
import type { RandomAccess } from '../random-access.js';
import type { FolderAccess } from './folder.js';
import { tooManyEntries } from './folder-access.js';
import { readZipDirectory, type ZipEntry } from './zip.js';
import { openMember, type ZipMember } from './zip-members.js';

/** Stored ones are some numbers each. */
const openStored = 1024;
/** Each may have an inflater, or a copy in a file. */
const openDeflated = 16;

interface Open {
  readonly member: Promise<ZipMember>;
  users: number;
}

/**
 * Opens the zip file; where all of it lies in one folder and `marks`, names of files, are there alone, that
 * folder is meant. Of several entries of one name the last one counts, as for Python, which writes a file of
 * metadata anew by one more. Cost and errors: as `readZipDirectory()`; of an entry one read for its header.
 */
export async function openZipFolder(
  access: RandomAccess,
  marks: readonly string[],
  options: CallOptions,
): Promise<FolderAccess> {
  const entries = await readZipDirectory(access, { ...options, lastOfName: true });
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return new ZipFolder(access, byName, prefixOf(byName, marks));
}

function prefixOf(entries: ReadonlyMap<string, ZipEntry>, marks: readonly string[]): string {
  const [first = ''] = entries.keys();
  const prefix = first.slice(0, first.indexOf('/') + 1);
  const isAll = prefix !== '' && [...entries.keys()].every((name) => name.startsWith(prefix));
  return isAll && marks.some((mark) => entries.has(prefix + mark)) ? prefix : '';
}

class ZipFolder implements FolderAccess {
  readonly name: string;
  readonly remote: boolean;
  readonly #access: RandomAccess;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #prefix: string;
  readonly #open = { stored: new Map<string, Open>(), deflated: new Map<string, Open>() };
  /** In order of their code units, made when a folder is listed. */
  #names: readonly string[] | undefined;

  constructor(access: RandomAccess, entries: ReadonlyMap<string, ZipEntry>, prefix: string) {
    this.name = access.name;
    this.remote = access.remote;
    this.#access = access;
    this.#entries = entries;
    this.#prefix = prefix;
  }

  async get(key: string, { range, into, signal }: GetOptions = {}): Promise<ObjectBody | undefined> {
    const call = signal === undefined ? {} : { signal };
    throwIfAborted(signal);
    const entry = this.#entries.get(this.#prefix + key);
    if (entry === undefined) return undefined;
    const { sizeBytes } = entry;
    const start = Math.min(range?.start ?? 0, sizeBytes);
    const length = Math.max(0, Math.min(range?.end ?? sizeBytes, sizeBytes) - start);
    const bytes = await this.#use(entry, signal, (member) =>
      member.read(start, length, { ...call, ...(into?.byteLength === length && { into }) }),
    );
    return { bytes, token: String(entry.offset), sizeBytes, modifiedMs: 0 };
  }

  sizeOf(key: string, { signal }: CallOptions = {}): Promise<number | undefined> {
    throwIfAborted(signal);
    return Promise.resolve(this.#entries.get(this.#prefix + key)?.sizeBytes);
  }

  /** From one to the next, past all that is below it. */
  folders(key: string, most: number, { signal }: CallOptions = {}): Promise<string[]> {
    throwIfAborted(signal);
    this.#names ??= [...this.#entries.keys()].sort((a, b) => (a < b ? -1 : 1));
    const prefix = this.#prefix + (key === '' ? '' : `${key}/`);
    const found: string[] = [];
    let at = firstTextFrom(this.#names, prefix);
    for (let name = this.#names[at]; name?.startsWith(prefix) === true; name = this.#names[at]) {
      const slash = name.indexOf('/', prefix.length);
      if (slash < 0) {
        at++;
        continue;
      }
      found.push(name.slice(prefix.length, slash));
      if (found.length > most) throw tooManyEntries(this.name, printable(key), most);
      // What follows the slash in order: all names of the folder are below it.
      at = firstTextFrom(this.#names, `${name.slice(0, slash)}0`);
    }
    return Promise.resolve(found.sort(compareText));
  }

  async close(): Promise<void> {
    const open = [...this.#open.stored.values(), ...this.#open.deflated.values()];
    this.#open.stored.clear();
    this.#open.deflated.clear();
    await Promise.all(open.map(closed));
  }

  async #use<T>(
    entry: ZipEntry,
    signal: AbortSignal | undefined,
    use: (member: ZipMember) => Promise<T>,
  ): Promise<T> {
    const open = this.#opened(entry);
    try {
      return await use(await untilAborted(open.member, signal));
    } finally {
      open.users--;
    }
  }

  /** One more uses it from now on. */
  #opened(entry: ZipEntry): Open {
    const all = this.#open[entry.method];
    const there = all.get(entry.name);
    if (there !== undefined) {
      there.users++;
      // The one that was used last is the last one.
      all.delete(entry.name);
      all.set(entry.name, there);
      return there;
    }
    // No signal: others may wait for it, too.
    const member = openMember(this.#access, entry, `${this.name}: ${printable(entry.name)}`, {});
    const open: Open = { member, users: 1 };
    all.set(entry.name, open);
    member.catch(() => {
      if (all.get(entry.name) === open) all.delete(entry.name);
    });
    this.#leaveOld(all, entry.method === 'stored' ? openStored : openDeflated);
    return open;
  }

  #leaveOld(all: Map<string, Open>, most: number): void {
    for (const [name, open] of all) {
      if (all.size <= most) return;
      if (open.users > 0) continue;
      all.delete(name);
      // Nothing is lost by a copy without a name that cannot be closed.
      closed(open).catch(() => undefined);
    }
  }
}

async function closed({ member }: Open): Promise<void> {
  await (await member.catch(() => undefined))?.close();
}
