// Whether points can be restored: every byte that they need is read, each once, and compared with its hash.
import { isNacreError, NacreError } from '../../errors.js';
import { listPoints, type StoredPoint } from '../../manifest/points.js';
import type { CallOptions } from '../../storage/object-store.js';
import { callOptions } from '../../storage/wrap/forwarding.js';
import { inOrderAhead } from '../../util/ahead.js';
import { toHex } from '../../util/bytes.js';
import type { UpkeepEnvironment } from '../environment.js';
import {
  checkBytes,
  checkListed,
  type ColdParts,
  type ObjectDamage,
  objectsAhead,
  roomsFor,
} from '../scrub/check.js';
import type { DamagedObject } from '../scrub/finding.js';
import { Pace } from '../scrub/pace.js';
import { damagedObjects, damagedRoot } from '../scrub/report.js';
import { checkSubset, chosen, type Subset } from '../scrub/subset.js';
import { bytesOf, type Survey, type Surveyed, survey } from '../scrub/survey.js';
import { readRight } from '../whole.js';
import { chooseNewest, nameOfPoint, pointOfName } from './names.js';
import { pastPlaces, placesOf } from './states.js';
import { type PointView, viewPoint } from './view.js';

export interface VerifyBackupOptions extends CallOptions {
  /** Names the point. Default the newest one. */
  readonly point?: string;
  /** All points, each object once. Default false. */
  readonly all?: boolean;
  /** Reads a part of the objects alone: see `Subset`. Default all of them. */
  readonly subset?: Subset;
  /** Reads no more than so many bytes in a second. Default no limit. */
  readonly bytesPerSecond?: number;
  /** Versions looked at first, then bytes of objects; of each point in turn. */
  readonly onProgress?: (done: number, total: number, phase: 'versions' | 'bytes') => void;
}

export interface BackupDamage extends DamagedObject {
  /** The newest of the points that need it. */
  readonly point: string;
  /**
   * Whether a restore finds the right bytes elsewhere: they were written over, and the bucket keeps states.
   */
  readonly isRestorable: boolean;
}

export interface BackupVerification {
  readonly uri: string;
  /** Points that were looked at, the newest first. */
  readonly points: readonly string[];
  /** Objects that they need, each once, and their bytes. */
  readonly objects: number;
  readonly sizeBytes: number;
  /** Of these what was read. */
  readonly readObjects: number;
  readonly readBytes: number;
  readonly damaged: readonly BackupDamage[];
}

/**
 * Cost: for each point a LIST for 1,000 objects and a request a version and a segment; the bytes of every
 * object, once. Damage is a finding. Points that are forgotten meanwhile are passed over. Errors: `NotFound`
 * without a point; `Corrupt` where nobody has the root of one.
 */
export async function verifyBackups(
  environment: UpkeepEnvironment,
  options: VerifyBackupOptions = {},
): Promise<BackupVerification> {
  const { store, functions } = environment;
  const { point: name, all = false, subset } = options;
  if (subset !== undefined) checkSubset(subset);
  const call = callOptions(options);
  const { points } = await listPoints(store, functions, call);
  const newest = name === undefined ? chooseNewest(points, store.uri) : pointOfName(points, name, store.uri);
  const verify = new Verify(environment, options, call);
  for (const stored of all ? points.toReversed() : [newest]) await verify.point(stored);
  const report = verify.report();
  if (report.points.length > 0) return report;
  throw new NacreError('NotFound', `${store.uri}: what was to be verified was forgotten meanwhile`, {
    context: { uri: store.uri, point: nameOfPoint(newest.key) },
    hint: '`nacre backup list` shows the points that are left.',
  });
}

class Verify {
  readonly #environment: UpkeepEnvironment;
  readonly #options: VerifyBackupOptions;
  readonly #call: CallOptions;
  readonly #pace: Pace;
  /** Objects and roots that were looked at, by where they are and their hashes. */
  readonly #seen = new Set<string>();
  readonly #points: string[] = [];
  readonly #damaged: BackupDamage[] = [];
  readonly #counts = { objects: 0, sizeBytes: 0, readObjects: 0, readBytes: 0 };

  constructor(environment: UpkeepEnvironment, options: VerifyBackupOptions, call: CallOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#call = { ...call, background: true };
    this.#pace = new Pace(environment.runtime, options.bytesPerSecond);
  }

  report(): BackupVerification {
    const damaged = this.#damaged.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    return { uri: this.#environment.store.uri, points: this.#points, ...this.#counts, damaged };
  }

  async point(stored: StoredPoint): Promise<void> {
    try {
      await this.#look(stored);
    } catch (error) {
      if (!isNacreError(error, 'Corrupt') || (await this.#isThere(stored))) throw error;
    }
  }

  async #look(stored: StoredPoint): Promise<void> {
    const view = await viewPoint(this.#environment, stored, this.#call);
    const past = pastPlaces(this.#environment, view.moved, this.#call);
    const sources = past.map(({ store }) => ({ name: 'a state before', store }));
    const { onProgress } = this.#options;
    const found = await survey(view.environment, {
      ...this.#call,
      sources,
      ...(onProgress && { onVersion: (done, total) => onProgress(done, total, 'versions') }),
    });
    const objects = [...found.objects.values()].filter((one) => this.#isNew(view, one));
    this.#counts.objects += objects.length;
    this.#counts.sizeBytes += bytesOf(objects);
    const { damage } = await checkListed(view.environment.store, objects, this.#call);
    const all = new Map(damage);
    await this.#read(view, objects, all);
    const isDamaged = all.size > 0 || found.damagedRoots.length > 0;
    if (isDamaged && !(await this.#isThere(stored))) {
      this.#passOver(view, all.keys());
      return;
    }
    await this.#describe(view, found, all, sources);
    this.#points.push(nameOfPoint(stored.key));
  }

  /** Damage of a point that is gone is told of those that need the same, and look at it again. */
  #passOver({ moved }: PointView, damaged: Iterable<Surveyed>): void {
    for (const one of damaged) {
      this.#seen.delete(nameOf(moved, one));
      this.#counts.objects -= 1;
      this.#counts.sizeBytes -= one.object.sizeBytes;
    }
  }

  #isNew({ moved }: PointView, one: Surveyed): boolean {
    const name = nameOf(moved, one);
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }

  async #read(
    view: PointView,
    objects: readonly Surveyed[],
    damage: Map<Surveyed, ObjectDamage>,
  ): Promise<void> {
    const { subset, onProgress, signal } = this.#options;
    const there = objects.filter((one) => damage.get(one)?.kind !== 'missing');
    // What has another length is looked at in any case: it may hold another object.
    const drawn = subset === undefined ? there : chosen(there, subset, { verifiedMs: () => undefined });
    const wanted = new Set([...there.filter((one) => damage.has(one)), ...drawn]);
    const total = bytesOf(wanted);
    let done = 0;
    const onBytes = (bytes: number): void => {
      done += bytes;
      onProgress?.(Math.min(done, total), total, 'bytes');
    };
    const ahead = objectsAhead(this.#environment);
    const coldParts: ColdParts = new Map();
    const rooms = roomsFor(this.#environment);
    const check = async (one: Surveyed) => {
      const options = { ...this.#call, coldParts, rooms, pace: this.#pace, onBytes };
      return { one, what: await checkBytes(view.environment, one, options) };
    };
    for await (const { one, what } of inOrderAhead([...wanted], ahead, check, signal)) {
      this.#counts.readObjects += 1;
      this.#counts.readBytes += one.object.sizeBytes;
      if (what !== undefined) damage.set(one, what);
      else if (one.segment === 'lost') damage.set(one, { kind: 'manifest' });
    }
  }

  /** It may have been forgotten meanwhile. */
  async #isThere({ key }: StoredPoint): Promise<boolean> {
    return (await this.#environment.store.head(key, this.#call)) !== undefined;
  }

  async #describe(
    view: PointView,
    found: Survey,
    damage: ReadonlyMap<Surveyed, ObjectDamage>,
    sources: readonly { readonly name: string; readonly store: UpkeepEnvironment['store'] }[],
  ): Promise<void> {
    const point = nameOfPoint(view.stored.key);
    for (const root of found.damagedRoots) {
      const name = `root ${root.version} ${root.hash === undefined ? '' : toHex(root.hash)}`;
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      this.#damaged.push({ ...damagedRoot(root), point, isRestorable: root.from !== undefined });
    }
    for (const [one, what] of await damagedObjects(view.environment, found, damage, new Set(), sources))
      this.#damaged.push({ ...what, point, isRestorable: await this.#isRestorable(view, one) });
  }

  async #isRestorable({ moved }: PointView, { object }: Surveyed): Promise<boolean> {
    for (const place of await placesOf(this.#environment, moved, object, this.#call)) {
      const options = { ...this.#call, sizeBytes: object.sizeBytes };
      const right = await readRight(place, object, options).catch((error: unknown) => {
        if (!isNacreError(error) || error.code === 'Aborted') throw error;
        return undefined;
      });
      right?.release();
      if (right !== undefined) return true;
    }
    return false;
  }
}

/** What an object is seen as: where it is, and which bytes it should have. */
function nameOf(moved: PointView['moved'], { object }: Surveyed): string {
  return `${moved.placeOf(object.key)} ${toHex(object.hash)}`;
}
