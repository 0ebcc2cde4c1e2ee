// `replica`: what the hint of a replica says, once more, so that it stays one where the hint is lost: nobody
// writes to it, and a repair does not make a primary of it.
//
// It has the bytes of a hint, is written before the first root comes, and says who the place was then: its
// dataset, its home, its role. Promotion writes it again. Only who has no usable hint asks for it, and what a
// copy brought, or is left of another dataset, says nothing.
import { isNacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { decodeHint, encodeHint, type HintState } from './hint.js';
import { replicaMarkKey } from './keys.js';
import { v1 } from './message.js';
import { getFrame } from './read-checked.js';
import type { LoadedRoot } from './root.js';

type Role = HintState['role'];

interface Found {
  readonly token: string;
  /** Undefined where it is damaged, or of another place or dataset. */
  readonly role: Role | undefined;
}

/**
 * `hint`, with the role that the mark tells where the hint itself is lost; `head` is what the roots lead to.
 * Costs nothing where there is a hint, else a request, and a second one where what came is damaged.
 */
export async function withRole(
  store: ObjectStore,
  hint: HintState,
  head: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<HintState> {
  if (hint.problem !== 'absent' && hint.problem !== 'damaged') return hint;
  const role = (await find(store, head, functions, options))?.role;
  return role === undefined ? hint : { ...hint, role };
}

/** Of a place to which a replication comes for the first time. Cost: a GET and a PUT. */
export async function markReplica(
  store: ObjectStore,
  head: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const found = await find(store, head, functions, options);
  if (found?.role !== 'replica') await write(store, head, 'replica', found, functions, options);
}

/** Of a replica that became a primary. Cost: a GET, and a PUT where there is a mark. */
export async function unmarkReplica(
  store: ObjectStore,
  head: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const found = await find(store, head, functions, options);
  if (found?.role === 'replica') await write(store, head, 'primary', found, functions, options);
}

async function find(
  store: ObjectStore,
  head: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<Found | undefined> {
  for (let look = 1; ; look++) {
    const body = await getFrame((call) => store.get(replicaMarkKey, call), 'hint', options);
    if (body === undefined) return undefined;
    const { token } = body;
    try {
      const { hint } = decodeHint(body.bytes, replicaMarkKey, functions);
      const isOurs = hint.home === store.uri && equalBytes(hint.dataset, head.root.dataset);
      const role = hint.role === v1.Role.ROLE_REPLICA ? 'replica' : 'primary';
      return { token, role: isOurs ? role : undefined };
    } catch (error) {
      if (!isNacreError(error, 'Corrupt') && !isNacreError(error, 'UnsupportedFormat')) throw error;
      // Bytes may be hurt on their way.
      if (look === 2) return { token, role: undefined };
    }
  }
}

/** Refused: who does the same was first. */
async function write(
  store: ObjectStore,
  head: LoadedRoot,
  role: Role,
  found: Found | undefined,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const bytes = encodeHint(store, head, functions, role);
  await store.put(replicaMarkKey, bytes, {
    ...options,
    condition: found === undefined ? 'absent' : { token: found.token },
    crc32c: functions.crc32c(bytes),
    cacheControl: 'no-store',
  });
}
