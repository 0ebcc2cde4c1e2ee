// Operation ids that must not happen twice, as far as a root has no room for them: objects that hold a list,
// and a filter in the root that rules out nearly every id that is not in the list. A commit with an id of its
// own reads none of them, but for one time in a hundred.
import { NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { rootKey } from './keys.js';
import { decode, encode, make, type OperationsRef, type RecentOperation, type Root, v1 } from './message.js';
import { resolveObject } from './objects.js';
import { readObject } from './read-checked.js';
import { checkFeatures } from './root.js';

/** With 10 bits an id and 6 of them set, one id in a hundred that is not there passes. */
const filterBitsPerId = 10;
const filterBitsSet = 6;
/** Beyond 6,500 ids a filter lets more through; beyond 2 bits an id it is not worth its bytes. */
const filterBytesCap = 8_192;
const filteredIds = 4 * filterBytesCap;

export function encodeOperations(
  operations: readonly RecentOperation[],
  functions: ManifestFunctions,
): Uint8Array {
  const body = encode(v1.Operations, make(v1.Operations, { operations }));
  return encodeFrame('operations', body, functions);
}

function decodeOperations(
  bytes: Uint8Array,
  key: string,
  functions: ManifestFunctions,
): readonly RecentOperation[] {
  const list = decode(v1.Operations, decodeFrame('operations', bytes, key, functions), key);
  checkFeatures(list.requiredFeatures, key);
  return list.operations;
}

export function filterOf(operations: readonly RecentOperation[], functions: ManifestFunctions): Uint8Array {
  const { length } = operations;
  if (length > filteredIds) return new Uint8Array(0);
  const filter = new Uint8Array(Math.min(filterBytesCap, Math.ceil((length * filterBitsPerId) / 8)));
  for (const { id } of operations) {
    for (const bit of bitsOf(id, filter, functions))
      filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return filter;
}

function mayHold(filter: Uint8Array, id: Uint8Array, functions: ManifestFunctions): boolean {
  if (filter.byteLength === 0) return true;
  return bitsOf(id, filter, functions).every((bit) => ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0);
}

/** Callers choose ids, and may choose them badly: their hash says which bits are theirs. */
function bitsOf(id: Uint8Array, filter: Uint8Array, functions: ManifestFunctions): number[] {
  const { buffer, byteOffset } = functions.blake3(id);
  const words = new DataView(buffer, byteOffset);
  return Array.from(
    { length: filterBitsSet },
    (_, i) => words.getUint32(4 * i, true) % (8 * filter.byteLength),
  );
}

/** Looks ids up in the objects of roots, each of which is read once. */
export class OlderOperations {
  readonly #store: ObjectStore;
  readonly #functions: ManifestFunctions;
  /** By hash: where the operations of an object were committed, by id. */
  readonly #lists = new Map<string, Promise<ReadonlyMap<string, number>>>();

  constructor(store: ObjectStore, functions: ManifestFunctions) {
    this.#store = store;
    this.#functions = functions;
  }

  /** The version of an operation; undefined when it is in none of the objects. Mostly no request. */
  async find(root: Root, id: Uint8Array, options: CallOptions = {}): Promise<number | undefined> {
    const lists = root.olderOperations
      .filter(({ filter }) => mayHold(filter, id, this.#functions))
      .map((reference) => this.#list(root, reference, options));
    const found = (await Promise.all(lists)).map((list) => list.get(toHex(id)));
    return found.find((version) => version !== undefined);
  }

  #list(root: Root, reference: OperationsRef, options: CallOptions): Promise<ReadonlyMap<string, number>> {
    const key = toHex(resolveObject(root.objects, reference.object, rootKey(root.version)).hash);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = readOperations(this.#store, root, reference, this.#functions, options).then(
      (operations) => new Map(operations.map(({ id, version }) => [toHex(id), version])),
    );
    // One that could not be read may be there the next time.
    list.catch(() => this.#lists.delete(key));
    // Objects are merged into larger ones: those that were read first are gone from the root first.
    const oldest = this.#lists.keys().next().value;
    if (this.#lists.size >= listsKept && oldest !== undefined) this.#lists.delete(oldest);
    this.#lists.set(key, list);
    return list;
  }
}

/** A root names some fifteen at most. */
const listsKept = 32;

/** What an object of older operations holds. Cost: one request. */
export async function readOperations(
  store: ObjectStore,
  root: Root,
  { object: index, count }: OperationsRef,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<readonly RecentOperation[]> {
  const object = resolveObject(root.objects, index, rootKey(root.version));
  const bytes = await readObject(store, object, functions, options);
  const operations = decodeOperations(bytes, object.key, functions);
  if (operations.length === count) return operations;
  throw new NacreError('Corrupt', `${object.key} holds ${operations.length} operations, not ${count}`, {
    context: { key: object.key },
  });
}
