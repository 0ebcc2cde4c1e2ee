// Keys below a folder in byte order. A folder sorts as its name with the slash that its keys go on with,
// since `a-b` comes before `a/b`. Memory is bounded by windows: of each folder on the way down to the current
// key, the next few thousand names are held. Every page reads the folders on its way anew, so that it shows
// what is there now; a page of a folder of n entries costs n directory entries and a stat a key.
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { throwIfAborted } from '../../util/runtime.js';
import { keyLimitBytes } from '../keys.js';
import type { ListEntry } from '../object-store.js';
import { errnoOf, fileError } from './errors.js';

const windowNames = 2048;
const statsAtOnce = 16;
const legalName = /^[a-z0-9._-]+$/;

export interface Walk {
  readonly root: string;
  readonly prefix: string;
  readonly after: string;
  readonly hidden: ReadonlySet<string>;
  readonly signal: AbortSignal | undefined;
}

/** Keys in order, from the folder on that `folder` (empty, or ending in a slash) names. */
export async function* keysBelow(walk: Walk, folder: string): AsyncGenerator<string> {
  let window = await nextNames(walk, folder, '');
  while (window.length > 0) {
    for (const name of window)
      if (name.endsWith('/')) yield* keysBelow(walk, name);
      else yield name;
    window = window.length < windowNames ? [] : await nextNames(walk, folder, window.at(-1) as string);
  }
}

/** The first names of `folder` after `bar` that the walk needs, as keys; those of folders end in a slash. */
async function nextNames(walk: Walk, folder: string, bar: string): Promise<string[]> {
  let names: string[] = [];
  let last: string | undefined;
  try {
    for await (const entry of await opendir(path.join(walk.root, folder), { bufferSize: 256 })) {
      throwIfAborted(walk.signal);
      if (!(entry.isFile() || entry.isDirectory()) || !legalName.test(entry.name)) continue;
      const name = folder + entry.name + (entry.isDirectory() ? '/' : '');
      if (
        name.length >= keyLimitBytes ||
        name <= bar ||
        (last !== undefined && name > last) ||
        !isWanted(walk, name)
      )
        continue;
      names.push(name);
      if (names.length < 2 * windowNames) continue;
      names = names.sort().slice(0, windowNames);
      last = names.at(-1);
    }
  } catch (error) {
    // A folder may go while it is listed.
    if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw fileError(error, 'list', folder);
  }
  return names.sort().slice(0, windowNames);
}

function isWanted({ prefix, after, hidden }: Walk, name: string): boolean {
  if (name.endsWith('/'))
    return (
      (name.startsWith(prefix) || prefix.startsWith(name)) &&
      (name > after || after.startsWith(name)) &&
      !hidden.has(name.slice(0, -1))
    );
  return name.startsWith(prefix) && name > after && !hidden.has(name);
}

/** Size and time of each key that is still there. */
export async function entriesOf(root: string, keys: readonly string[]): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  for (let at = 0; at < keys.length; at += statsAtOnce) {
    const some = keys.slice(at, at + statsAtOnce);
    const states = await Promise.all(some.map((key) => lstat(path.join(root, key)).catch(() => undefined)));
    some.forEach((key, i) => {
      const state = states[i];
      if (state?.isFile())
        entries.push({ key, sizeBytes: state.size, modifiedMs: Math.floor(state.mtimeMs) });
    });
  }
  return entries;
}
