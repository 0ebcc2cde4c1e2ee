// `replica`: what the hint of a replica says, once more, so that it stays one where the hint is lost: nobody
// writes to it, and a repair does not make a primary of it.
//
// It has the bytes of a hint, is written before the first root comes, and says who the place was then: its
// dataset, its home, its role. Promotion writes it again. Only who has no usable hint asks for it, and what a
// copy brought, or is left of another dataset, says nothing.
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { decodeHint, encodeHint, type HintState, putHint } from './hint.js';
import { replicaMarkKey } from './keys.js';
import { v1 } from './message.js';
import { lookAtFrame } from './read-checked.js';
import type { LoadedRoot } from './root.js';

type Role = HintState['role'];

/** `said`: undefined where it is damaged, or of another place or dataset. */
type Found = Awaited<ReturnType<typeof find>>;

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
  const role = (await find(store, head, functions, options))?.said;
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
  if (found?.said !== 'replica') await write(store, head, 'replica', found, functions, options);
}

/** Of a replica that became a primary. Cost: a GET, and a PUT where there is a mark. */
export async function unmarkReplica(
  store: ObjectStore,
  head: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const found = await find(store, head, functions, options);
  if (found?.said === 'replica') await write(store, head, 'primary', found, functions, options);
}

function find(store: ObjectStore, head: LoadedRoot, functions: ManifestFunctions, options: CallOptions) {
  return lookAtFrame(store, replicaMarkKey, 'hint', options, (bytes): Role | undefined => {
    const { hint } = decodeHint(bytes, replicaMarkKey, functions);
    if (hint.home !== store.uri || !equalBytes(hint.dataset, head.root.dataset)) return undefined;
    return hint.role === v1.Role.ROLE_REPLICA ? 'replica' : 'primary';
  });
}

/** Refused: who does the same was first. */
async function write(
  store: ObjectStore,
  head: LoadedRoot,
  role: Role,
  found: Found,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const bytes = encodeHint(store, head, functions, role);
  await putHint(store, replicaMarkKey, bytes, found?.token, functions, options);
}
