// The form of torch.save since 1.6: a zip file of `<name>/data.pkl`, `<name>/byteorder`, `<name>/version`,
// and a member `<name>/data/<key>` for each storage.
import { malformed, quote, unsupported } from '../../../npy/problem.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { untilAborted } from '../../../util/runtime.js';
import type { RandomAccess } from '../../random-access.js';
import { readZipDirectory, type ZipEntry } from '../zip.js';
import { openMember } from '../zip-members.js';
import type { OpenedTorch } from './opened.js';
import { maxPickleBytes, unpickle } from './unpickle.js';

/** Of the form: 3 since 2020; more than 10 is not read by PyTorch either. */
const maxVersion = 10;
const maxMarkBytes = 64;

export async function openZipForm(access: RandomAccess, options: CallOptions): Promise<OpenedTorch> {
  const source = access.name;
  const entries = new Map((await readZipDirectory(access, options)).map((entry) => [entry.name, entry]));
  const folder = folderOf(entries, source);
  const version = await readMark(access, entries.get(`${folder}/version`), options);
  if (version !== undefined && !(/^\d{1,4}$/.test(version) && Number(version) >= 1))
    throw malformed(source, `its version is ${quote(version)}, expected a number`);
  if (version !== undefined && Number(version) > maxVersion)
    throw unsupported(
      source,
      `it has version ${version} of the form; 1 to ${maxVersion} are read`,
      saveAgain,
    );
  const byteOrder = (await readMark(access, entries.get(`${folder}/byteorder`), options)) ?? 'little';
  if (byteOrder !== 'little' && byteOrder !== 'big')
    throw malformed(source, `its byte order is ${quote(byteOrder)}, expected little or big`);
  const pickle = entries.get(`${folder}/data.pkl`);
  const bytes = await readWhole(access, pickle, maxPickleBytes, options);
  const place = `${source}: data.pkl`;
  const read = unpickle(bytes, place);
  if ('needBytes' in read) throw malformed(place, `the pickle ends after ${bytes.byteLength} bytes`);
  if (read.length !== bytes.byteLength)
    throw malformed(place, `the pickle ends at byte ${read.length} of ${bytes.byteLength}`);

  const opened = new Map<string, Promise<RandomAccess>>();
  const entryOf = (key: string): ZipEntry | undefined => entries.get(`${folder}/data/${key}`);
  return {
    value: read.value,
    byteOrder,
    sizeOf: (key) => entryOf(key)?.sizeBytes,
    open(key, call) {
      // One read, of which others may have need: nobody's signal ends it for them.
      const member = opened.get(key) ?? openMember(access, entryOf(key) as ZipEntry, source, {});
      opened.set(key, member);
      // One that failed may be asked for again.
      member.catch(() => opened.delete(key));
      return untilAborted(member, call.signal);
    },
    async close() {
      const members = await Promise.allSettled(opened.values());
      for (const member of members) if (member.status === 'fulfilled') await member.value.close();
    },
  };
}

const saveAgain = 'Save the tensors with torch.save(model.state_dict(), FILE).';

function folderOf(entries: ReadonlyMap<string, ZipEntry>, source: string): string {
  const folders = [...entries.keys()].flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? []);
  const [folder] = folders;
  if (folder === undefined)
    throw malformed(source, 'it is a zip file without data.pkl, so no file of torch.save', {
      hint: saveAgain,
    });
  if (folders.length > 1)
    throw malformed(source, `it has data.pkl in ${folders.length} folders, expected one`, {
      hint: saveAgain,
    });
  if (entries.has(`${folder}/constants.pkl`))
    throw unsupported(source, 'it is a TorchScript program, of torch.jit.save', saveAgain);
  return folder;
}

/** A small text on its own. */
async function readMark(
  access: RandomAccess,
  entry: ZipEntry | undefined,
  options: CallOptions,
): Promise<string | undefined> {
  if (entry === undefined) return undefined;
  const bytes = await readWhole(access, entry, maxMarkBytes, options);
  return new TextDecoder().decode(bytes).trim();
}

/** Read whole, its CRC-32 is compared. */
async function readWhole(
  access: RandomAccess,
  entry: ZipEntry | undefined,
  most: number,
  options: CallOptions,
): Promise<Uint8Array> {
  if (entry === undefined) return new Uint8Array(0);
  if (entry.sizeBytes > most)
    throw unsupported(
      access.name,
      `${quote(entry.name)} has ${entry.sizeBytes} bytes, at most ${most} are read`,
      'Save the tensors alone, without the values beside them.',
    );
  const member = await openMember(access, entry, access.name, options);
  try {
    return await member.read(0, entry.sizeBytes, options);
  } finally {
    await member.close();
  }
}
