// A history on its way to another place, bytes unchanged: version by version in ascending order, the objects
// of a version that is wanted, then its root. What becomes of a root when it is there (a hint that follows, a
// lease that is kept) is the sink's.
//
// The history ends at any version of the source, not at its newest one alone: that root's hash is what the
// chain of parents must lead up to. Voids are copied with it, since they take up their slots.
import { NacreError } from '../../errors.js';
import { readRoot } from '../../manifest/head.js';
import { rootKey } from '../../manifest/keys.js';
import { type LoadedRoot, voidReason } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import { inOrderAhead } from '../../util/ahead.js';
import { mapBounded } from '../../util/bounded.js';
import { equalBytes } from '../../util/bytes.js';
import type { OwnSignal } from '../../storage/wrap/parallel.js';
import type { ReadEnvironment } from '../environment.js';
import type { Objects } from './objects.js';

/** Versions whose roots are held at once. */
const chunkVersions = 16;

/** Where roots go. */
export interface HistorySink {
  /** Whether these bytes stand in the slot; false where nothing does, an error where something else does. */
  hasRoot(version: number, bytes: Uint8Array): Promise<boolean>;
  putRoot(version: number, bytes: Uint8Array): Promise<void>;
  /** Told of each slot that is there, ascending; `newest` is the newest version up to it that is no void. */
  passed(newest: LoadedRoot | undefined): Promise<void>;
}

export interface HistoryCopy {
  readonly source: ReadEnvironment;
  /** The last version that is copied. */
  readonly head: LoadedRoot;
  /** The newest version that is there already, known to be one of the source's; undefined for none. */
  readonly there: LoadedRoot | undefined;
  /** Looks at the slots up to `there`, too. */
  readonly verify: boolean;
  /** Whether the objects of a version come, or its root alone. */
  readonly isWanted: (version: number) => boolean;
  readonly objects: Objects;
  readonly sink: HistorySink;
  /** A root of the source; default by its key. Undefined where there is none. */
  readonly readRoot?: (version: number, call: CallOptions) => Promise<LoadedRoot | undefined>;
  /** A root as those above it name it, where its slot holds what looks like a void; undefined for a void. */
  readonly namedRoot?: (version: number, call: CallOptions) => Promise<LoadedRoot | undefined>;
  /** What to do again when the source has been mended, for messages: 'replicate'. */
  readonly verb: string;
  readonly onVersion?: ((done: number, total: number) => void) | undefined;
}

/**
 * Gives how many roots came. When it fails nothing is under way any more, and `own` has fired.
 *
 * Cost: a GET and a PUT a version, and those of the objects. Errors: `Corrupt` where the roots do not lead up
 * to `head`, and those of the objects and the sink.
 */
export async function copyHistory(copy: HistoryCopy, own: OwnSignal): Promise<number> {
  const underWay = new Set<Promise<void>>();
  const copyObjects = async (loaded: LoadedRoot): Promise<void> => {
    const copying = copy.objects.copyAll(loaded);
    underWay.add(copying);
    await copying.finally(() => underWay.delete(copying));
  };
  try {
    return await copyVersions(copy, copyObjects, own.signal);
  } catch (error) {
    own.abort(error);
    await Promise.allSettled(underWay);
    throw error;
  }
}

/** A slot of the source. */
interface Slot {
  readonly loaded: LoadedRoot;
  readonly slot: number;
  readonly isVoid: boolean;
}

async function copyVersions(
  copy: HistoryCopy,
  copyObjects: (loaded: LoadedRoot) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  const { source, head, there, verify, isWanted, sink, onVersion } = copy;
  const last = head.root.version;
  const before = there?.root.version ?? 0;
  const first = verify ? 1 : before + 1;
  let current = verify ? undefined : there;
  let came = 0;
  for (let start = first; start <= last; start += chunkVersions) {
    const slots = await slotsOf(copy, start, Math.min(last + 1, start + chunkVersions), current, { signal });
    const work = async (one: Slot): Promise<Slot> => {
      if (!one.isVoid && isWanted(one.slot)) await copyObjects(one.loaded);
      return one;
    };
    for await (const { slot, loaded, isVoid } of inOrderAhead(slots, chunkVersions, work, signal)) {
      const isThere = slot <= before && (await sink.hasRoot(slot, loaded.bytes));
      if (!isThere) {
        await sink.putRoot(slot, loaded.bytes);
        came += 1;
      }
      if (!isVoid) current = loaded;
      await sink.passed(current);
      onVersion?.(slot + 1 - first, last + 1 - first);
    }
  }
  if (current === undefined || !equalBytes(current.hash, head.hash))
    throw anotherHistory(source.store.uri, last, copy.verb);
  return came;
}

/** Roots of `[start, end)` as they stand, and which of them are void. */
async function slotsOf(
  { source: { store, functions }, readRoot: read, namedRoot, verb }: HistoryCopy,
  start: number,
  end: number,
  before: LoadedRoot | undefined,
  call: CallOptions,
): Promise<Slot[]> {
  const numbers = Array.from({ length: end - start }, (_, i) => start + i);
  const roots = await mapBounded(numbers, chunkVersions, (slot) =>
    read === undefined ? readRoot(store, slot, functions, call) : read(slot, call),
  );
  let current = before;
  const slots: Slot[] = [];
  for (const [i, inSlot] of roots.entries()) {
    const slot = start + i;
    if (inSlot === undefined) throw missingRoot(store.uri, slot, verb);
    const follows = ({ root }: LoadedRoot): boolean =>
      current === undefined || voidReason(root, slot, current) === undefined;
    const named = follows(inSlot) ? undefined : await namedRoot?.(slot, call);
    const loaded = named !== undefined && follows(named) ? named : inSlot;
    const isVoid = !follows(loaded);
    if (!isVoid) current = loaded;
    slots.push({ slot, loaded, isVoid });
  }
  return slots;
}

function missingRoot(uri: string, version: number, verb: string): NacreError {
  const key = rootKey(version);
  return new NacreError('Corrupt', `${uri}: ${key} is missing`, {
    context: { key, version },
    hint: `Mend the source with \`nacre repair\`, then ${verb} again: what was copied stays.`,
  });
}

/** The roots that were read do not lead to the one that they should. */
function anotherHistory(uri: string, version: number, verb: string): NacreError {
  return new NacreError('Corrupt', `${uri}: its versions do not lead up to version ${version}`, {
    context: { version },
    hint: `Look at the source with \`nacre scrub\`, then ${verb} again.`,
  });
}
