// Plans of clean-up: which objects may be deleted once a version names the plan as its fence. A plan is
// written once and never changed, so that every writer above the fence reads the same list.
import { NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import { idBytes, IdSet } from '../util/id-set.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { checkPattern, type KeyPattern, planKey } from './keys.js';
import { decode, encode, make, type Root, v1 } from './message.js';
import { readFrame } from './read-checked.js';
import { checkFeatures, type LoadedRoot } from './root.js';
import type { UploadEnvironment } from './upload.js';

/** Objects whose keys have one pattern. */
export interface PlannedGroup {
  readonly pattern: KeyPattern;
  /** 16 bytes each. */
  readonly ids: Uint8Array;
}

/** Uploads a plan that was made with `head` as the newest version; gives its id. Cost: one PUT. */
export async function writePlan(
  { store, functions, runtime }: UploadEnvironment,
  { root, hash }: LoadedRoot,
  timeMs: number,
  groups: readonly PlannedGroup[],
  options: CallOptions = {},
): Promise<Uint8Array> {
  const objects = groups.map(({ pattern, ids }) =>
    make(v1.PlannedObjects, { pattern: make(v1.KeyPattern, pattern), ids }),
  );
  const { dataset, version } = root;
  const plan = make(v1.Plan, { dataset, version, rootHash: hash, timeMs, objects });
  const bytes = encodeFrame('plan', encode(v1.Plan, plan), functions);
  const id = runtime.randomBytes(idBytes);
  const condition = { condition: 'absent', uniqueKey: true } as const;
  await store.put(planKey(id), bytes, { ...options, ...condition, crc32c: functions.crc32c(bytes) });
  return id;
}

/** Ids that a plan lists; undefined when the plan is missing. Cost: one GET of 16 bytes an object. */
export async function readPlan(
  store: ObjectStore,
  id: Uint8Array,
  { dataset }: Pick<Root, 'dataset'>,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<IdSet | undefined> {
  const key = planKey(id);
  return readFrame(store, key, 'plan', options, (bytes) => {
    const plan = decode(v1.Plan, decodeFrame('plan', bytes, key, functions), key);
    checkFeatures(plan.requiredFeatures, key);
    const fail = (reason: string): never => {
      throw new NacreError('Corrupt', `${key} is no valid plan: ${reason}`, { context: { key } });
    };
    if (!equalBytes(plan.dataset, dataset)) fail('it is of another dataset');
    const listed = new IdSet();
    for (const { pattern, ids } of plan.objects) {
      if (pattern === null) fail('it lists objects without a pattern');
      else checkPattern(pattern, key);
      if (pattern?.whole === true) fail('it lists an object that is linked, which nobody deletes');
      if (ids.byteLength % idBytes !== 0) fail(`it has ${ids.byteLength} bytes of ids`);
      for (let at = 0; at < ids.byteLength; at += idBytes) listed.add(ids, at);
    }
    return listed;
  });
}
