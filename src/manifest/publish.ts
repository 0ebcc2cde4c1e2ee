// One slot, one body: the create-only PUT that is the commit, and what to believe when its reply is lost or
// odd.
//
// A reply that says "not applied, for certain" ends it with that error. All else (412, 409, 429, 5xx, a lost
// reply) is decided by reading the slot back: our commit id is there: ours; another body is there: lost;
// nothing is there: the same bytes go out again, which cannot do harm, until the deadline. Then the outcome
// is unknown, and nothing is deleted.
import { isNacreError, NacreError } from '../errors.js';
import type { ObjectStore } from '../storage/object-store.js';
import { equalBytes, indexOfBytes } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { rootKey } from './keys.js';
import { getFrame } from './read-checked.js';
import type { LoadedRoot } from './root.js';

export type Published =
  /** `recovered`: known from reading it back, not from a reply. */
  | { readonly outcome: 'committed'; readonly recovered: boolean }
  | { readonly outcome: 'lost'; readonly winner: LoadedRoot }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

export interface PublishEnvironment {
  readonly store: ObjectStore;
  readonly functions: ManifestFunctions;
  readonly runtime: Runtime;
  /** How long an unclear outcome is pursued, milliseconds. */
  readonly deadlineMs: number;
}

/** First and longest pause between two looks at an unclear slot, milliseconds; full jitter between. */
const pauseMs = { first: 50, longest: 2_000 };

/** Throws only when the body was not applied, for certain. Cost: one request when all goes well. */
export async function publishRoot(environment: PublishEnvironment, root: LoadedRoot): Promise<Published> {
  const { store, functions, runtime, deadlineMs } = environment;
  const slot = root.root.version;
  const crc32c = functions.crc32c(root.bytes);
  const end = runtime.monotonic() + deadlineMs;
  let unclear: unknown;
  /**
   * A request whose outcome is not known may have been applied, or may be later; and a refusal may answer the
   * second copy of a request whose first one landed.
   */
  let doubt = false;
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await store.put(rootKey(slot), root.bytes, { condition: 'absent', crc32c });
      if (result.outcome === 'written') return { outcome: 'committed', recovered: attempt > 0 };
      doubt = true;
      unclear ??= new NacreError('Unavailable', `${rootKey(slot)} was refused, and nothing was found there`);
    } catch (error) {
      if (!doubt && isDefinite(error)) throw error;
      doubt = true;
      unclear = error;
    }
    try {
      const found = await readBack(environment, root);
      if (found !== undefined) return found;
    } catch (error) {
      // Damaged on the way or at rest. At rest it must be healed before anybody goes on.
      if (isNacreError(error, 'UnsupportedFormat')) throw error;
      if (attempt > 0 && (await isDamageOfOthers(environment, root))) throw error;
      unclear = error;
    }
    const pause = runtime.random() * Math.min(pauseMs.longest, pauseMs.first * 2 ** attempt);
    if (runtime.monotonic() + pause >= end) return { outcome: 'unknown', cause: unclear };
    await runtime.sleep(pause);
  }
}

async function readBack(environment: PublishEnvironment, root: LoadedRoot): Promise<Published | undefined> {
  const { store, functions } = environment;
  let found: LoadedRoot | undefined;
  try {
    found = await readRoot(store, root.root.version, functions);
  } catch (error) {
    // An unreadable root may be readable in a moment.
    if (isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat')) throw error;
    return undefined;
  }
  if (found === undefined) return undefined;
  return equalBytes(found.root.commitId, root.root.commitId)
    ? { outcome: 'committed', recovered: true }
    : { outcome: 'lost', winner: found };
}

/** Whether what stands in the slot is damaged at rest and not our own root: then ours cannot land. */
async function isDamageOfOthers({ store }: PublishEnvironment, root: LoadedRoot): Promise<boolean> {
  const key = rootKey(root.root.version);
  const read = (): Promise<Uint8Array | undefined> =>
    getFrame((call) => store.get(key, call), 'root', {}).then(
      (body) => body?.bytes,
      () => undefined,
    );
  const [once, again] = [await read(), await read()];
  if (once === undefined || again === undefined || !equalBytes(once, again)) return false;
  return indexOfBytes(once, root.root.commitId) < 0;
}

/** The server said that the request was not applied, or it never left this process. */
function isDefinite(error: unknown): boolean {
  const codes = [
    'PermissionDenied',
    'InvalidArgument',
    'NotFound',
    'ResourceExhausted',
    'Closed',
    'Internal',
  ] as const;
  return codes.some((code) => isNacreError(error, code));
}
