// A restore in part: roots as a restore brings them, and objects when somebody reads them, each compared with
// its hash before it is put down.
import { NacreError } from '../../errors.js';
import { encodeHint } from '../../manifest/hint.js';
import { hintKey } from '../../manifest/keys.js';
import type { StoredObject } from '../../manifest/objects.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { forwarding } from '../../storage/wrap/forwarding.js';
import type { OwnSignal } from '../../storage/wrap/parallel.js';
import { IdSet } from '../../util/id-set.js';
import { copyHistory } from '../copy/history.js';
import { Objects } from '../copy/objects.js';
import { RootSlots } from '../copy/roots.js';
import type { ReadEnvironment, UpkeepEnvironment } from '../environment.js';
import { differing } from '../replicate/heads.js';
import { SourceRoots } from '../restore/source-roots.js';
import { Pace } from '../scrub/pace.js';
import { survey } from '../scrub/survey.js';
import { readRight } from '../whole.js';
import { pastPlaces } from './states.js';
import type { PointView } from './view.js';

export interface SampleStore {
  /** What a reader opens: the scratch place, into which comes what it asks for. */
  readonly store: ObjectStore;
  /** The point, each object read from where its right bytes are. */
  readonly point: ObjectStore;
  readonly counts: { objects: number; bytes: number };
}

/** Cost: two requests a version, one a segment. Errors: `Corrupt` for what cannot be restored. */
export async function sampleStore(
  view: PointView,
  scratch: UpkeepEnvironment,
  own: OwnSignal,
): Promise<SampleStore> {
  const call = { signal: own.signal };
  const past = pastPlaces(view.backup, view.moved, call);
  await restoreRoots(view, scratch, past, own);
  const { functions, store } = scratch;
  const hint = encodeHint(store, view.head, functions, 'primary');
  await store.put(hintKey, hint, { ...call, crc32c: functions.crc32c(hint) });
  const found = await survey(view.environment, {
    ...call,
    sources: past.map((place) => ({ name: 'a state before', store: place.store })),
  });
  const objects = new Map([...found.objects.values()].map(({ object }) => [object.key, object]));
  const counts = { objects: 0, bytes: 0 };
  const coming = new Map<string, Promise<ReadEnvironment>>();
  const bring = (key: string): Promise<ReadEnvironment> | undefined => {
    const object = objects.get(key);
    if (object === undefined) return undefined;
    const known = coming.get(key) ?? restoreObject(view, scratch, past, object, call);
    if (!coming.has(key)) {
      counts.objects += 1;
      counts.bytes += object.sizeBytes;
    }
    coming.set(key, known);
    return known;
  };
  return {
    counts,
    store: forwarding(store, {
      get: async (key, options) => {
        await bring(key);
        return store.get(key, options);
      },
      getRanges: async (key, ranges, options) => {
        await bring(key);
        return store.getRanges(key, ranges, options);
      },
    }),
    point: forwarding(view.environment.store, {
      get: async (key, options) => {
        const place = (await bring(key)) ?? view.environment;
        return place.store.get(key, options);
      },
      // A state of a key is read by range after range.
      getRanges: async (key, ranges, options) => {
        const place = (await bring(key)) ?? view.environment;
        const bodies: Uint8Array[] = [];
        for (const range of ranges) {
          const body = await place.store.get(key, { ...options, range });
          if (body === undefined) return undefined;
          bodies.push(body.bytes);
        }
        return bodies;
      },
    }),
  };
}

async function restoreRoots(
  view: PointView,
  scratch: UpkeepEnvironment,
  past: readonly ReadEnvironment[],
  own: OwnSignal,
): Promise<void> {
  const { environment: source, head } = view;
  const call = { signal: own.signal };
  const others = async (): Promise<readonly ReadEnvironment[]> => past;
  const roots = new SourceRoots(source, head, others);
  const slots = new RootSlots(scratch, {
    ...{ call, mendHint: 'Empty it.' },
    differing: (version) => differing(source.store, scratch.store, version),
  });
  const objects = new Objects(source, scratch, new IdSet(), {
    ...{ verify: false, pace: new Pace(scratch.runtime, undefined), call, others, verb: 'restore' },
    isStillKept: () => Promise.resolve(true),
    onBytes: () => undefined,
  });
  const sink = {
    hasRoot: (version: number, bytes: Uint8Array) => slots.hasRoot(version, bytes),
    putRoot: (version: number, bytes: Uint8Array) => slots.putRoot(version, bytes),
    passed: () => Promise.resolve(),
  };
  const readRoot: SourceRoots['read'] = (version, options) => roots.read(version, options);
  const what = { source, head, there: undefined, verify: false, objects, sink, readRoot, verb: 'restore' };
  await copyHistory({ ...what, isWanted: () => false }, own);
}

/** Gives the place whose bytes are the right ones. */
async function restoreObject(
  view: PointView,
  { store }: UpkeepEnvironment,
  past: readonly ReadEnvironment[],
  object: StoredObject,
  call: CallOptions,
): Promise<ReadEnvironment> {
  const { key, crc32c, sizeBytes } = object;
  for (const place of [view.environment, ...past]) {
    const whole = await readRight(place, object, { ...call, sizeBytes });
    if (whole === undefined) continue;
    try {
      await store.put(key, whole.bytes, { ...call, condition: 'absent', uniqueKey: true, crc32c });
    } finally {
      whole.release();
    }
    return place;
  }
  throw new NacreError('Corrupt', `${key} cannot be restored: nobody has the right bytes`, {
    context: { key, uri: view.backup.store.uri },
    hint: 'Another point, or the source, may have them.',
  });
}
