// Records of replicas, kept at their source: where each is and how far it has come. Nothing is decided by
// them; they tell `status` what lags, and whoever looks for right bytes where to ask.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { mapBounded } from '../util/bounded.js';
import { equalBytes, utf8 } from '../util/bytes.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { isIdBelow, replicaKey, replicaPrefix } from './keys.js';
import { decode, encode, make, type Replica, v1 } from './message.js';
import { readFrame } from './read-checked.js';
import { checkFeatures, type LoadedRoot } from './root.js';
import { listPages } from '../storage/list-pages.js';

/** One record a place: its key follows from the address. */
function keyOf({ uri, capabilities }: ObjectStore, functions: ManifestFunctions): string {
  const place = utf8.encode(`${uri}\n${capabilities.server ?? ''}`);
  return replicaKey(functions.blake3(place).subarray(0, 16));
}

/** Says at the source that `replica` has `head`. Cost: one GET, and one PUT where it said something else. */
export async function recordReplica(
  source: ObjectStore,
  replica: ObjectStore,
  head: LoadedRoot,
  nowMs: number,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<void> {
  const key = keyOf(replica, functions);
  const found = await source.get(key, options);
  const before = found === undefined ? undefined : recordIn(found.bytes, key, functions);
  if (before !== undefined && equalBytes(before.rootHash, head.hash)) return;
  const record = make(v1.Replica, {
    dataset: head.root.dataset,
    uri: replica.uri,
    server: replica.capabilities.server ?? '',
    version: head.root.version,
    rootHash: head.hash,
    timeMs: nowMs,
  });
  const bytes = encodeFrame('replica', encode(v1.Replica, record), functions);
  const condition = found === undefined ? 'absent' : { token: found.token };
  // Refused: another replication to the same place has just written it.
  await source.put(key, bytes, { ...options, condition, crc32c: functions.crc32c(bytes) });
}

/** Undefined for what cannot be read. */
function recordIn(bytes: Uint8Array, key: string, functions: ManifestFunctions): Replica | undefined {
  try {
    return decodeRecord(bytes, key, functions);
  } catch (error) {
    if (isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat')) return undefined;
    throw error;
  }
}

function decodeRecord(bytes: Uint8Array, key: string, functions: ManifestFunctions): Replica {
  const record = decode(v1.Replica, decodeFrame('replica', bytes, key, functions), key);
  checkFeatures(record.requiredFeatures, key);
  return record;
}

/** Replicas read side by side. */
const atOnce = 16;

/**
 * The replicas of a dataset, by address. A record that cannot be read is left out, and told of. Cost: a LIST,
 * and a GET each.
 */
export async function listReplicas(
  store: ObjectStore,
  dataset: Uint8Array,
  functions: ManifestFunctions,
  options: CallOptions & { readonly warn?: ((warning: NacreError) => void) | undefined } = {},
): Promise<Replica[]> {
  const { warn, ...call } = options;
  const keys: string[] = [];
  for await (const page of listPages(store, { ...call, prefix: replicaPrefix }))
    for (const { key } of page) if (isIdBelow(replicaPrefix, key)) keys.push(key);
  const records = await mapBounded(keys, atOnce, async (key) => {
    try {
      return await readFrame(store, key, 'replica', call, (bytes) => decodeRecord(bytes, key, functions));
    } catch (error) {
      if (!isNacreError(error, 'Corrupt') && !isNacreError(error, 'UnsupportedFormat')) throw error;
      warn?.(error);
      return undefined;
    }
  });
  return records
    .filter((record) => record !== undefined)
    .filter((record) => equalBytes(record.dataset, dataset))
    .toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
}
