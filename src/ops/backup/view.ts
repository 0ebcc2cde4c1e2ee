// A point as the dataset that it is of: a store to be read, in which the point's version is the newest one.
// So whatever reads, checks or copies a dataset does so with a point.
//
// Its hint is made of the point; roots above the version are not there; what was moved is found where it is.
import { NacreError } from '../../errors.js';
import { encodeHint, readHint } from '../../manifest/hint.js';
import { hintKey, versionOfRootKey } from '../../manifest/keys.js';
import { Moved } from '../../manifest/moved.js';
import { listPoints, type StoredPoint } from '../../manifest/points.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { forwarding } from '../../storage/wrap/forwarding.js';
import { cutRange } from '../../storage/keys.js';
import type { UpkeepEnvironment } from '../environment.js';
import { mappedEnvironment } from './mapped.js';
import { nameOfPoint } from './names.js';
import { rootOfHash } from './states.js';

export interface PointView<E extends UpkeepEnvironment = UpkeepEnvironment> {
  readonly stored: StoredPoint;
  readonly head: LoadedRoot;
  readonly moved: Moved;
  /** The dataset as the point has it. */
  readonly environment: E;
  /** The backup itself. */
  readonly backup: E;
}

/** Cost: one request. Errors: `Corrupt` where nobody has the root. */
export async function viewPoint<E extends UpkeepEnvironment>(
  backup: E,
  stored: StoredPoint,
  call: CallOptions,
): Promise<PointView<E>> {
  const { point, key } = stored;
  const moved = Moved.decode(point, key);
  const { version, rootHash: hash } = point;
  const head = await rootOfHash(backup, moved, { version, hash }, call);
  if (head === undefined) throw lostRoot(backup.store.uri, version, stored);
  const mapped = mappedEnvironment(backup, moved);
  const environment = { ...mapped, store: asDataset(mapped.store, head, moved, backup) };
  return { stored, head, moved, environment, backup };
}

/**
 * A place of right bytes: of backups the newest point, anything else as it is. Cost: up to three requests.
 */
export async function asSource<E extends UpkeepEnvironment>(place: E, call: CallOptions): Promise<E> {
  const { store, functions } = place;
  if ((await readHint(store, functions, call)).problem !== 'absent') return place;
  const newest = (await listPoints(store, functions, call)).points.at(-1);
  return newest === undefined ? place : (await viewPoint(place, newest, call)).environment;
}

/** `store` up to a version, with a hint that names it. */
function asDataset(
  store: ObjectStore,
  head: LoadedRoot,
  moved: Moved,
  { functions }: UpkeepEnvironment,
): ObjectStore {
  const hint = encodeHint(store, head, functions, 'primary');
  const state = { token: 'point', sizeBytes: hint.byteLength, modifiedMs: head.root.timeMs };
  const isThere = (key: string): boolean => (versionOfRootKey(key) ?? 0) <= head.root.version;
  return forwarding(store, {
    async get(key, options = {}) {
      if (key !== hintKey) return isThere(key) ? store.get(key, options) : undefined;
      const { offset, length } = cutRange(options.range, hint.byteLength);
      return { ...state, bytes: hint.slice(offset, offset + length) };
    },
    head: async (key, options) =>
      key === hintKey ? state : isThere(key) ? store.head(key, options) : undefined,
    list: async (options) => {
      const { entries, next } = await store.list(options);
      return { entries: entries.filter(({ key }) => isThere(key) && moved.placeOf(key) === key), next };
    },
  });
}

export function lostRoot(uri: string, version: number, { key }: StoredPoint): NacreError {
  return new NacreError('Corrupt', `${uri}: nobody has the root of version ${version}`, {
    context: { uri, point: nameOfPoint(key), version },
    hint: 'Another point, or a replica, may have it.',
  });
}
