// Plans of forget, in a backup: what may be deleted at any time from now on. A point that is begun after a
// plan was written refers to nothing that it lists, under that key; docs/rfcs/0016-backup.md says why that is
// enough.
import { NacreError } from '../errors.js';
import { listPages } from '../storage/list-pages.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { mapBounded } from '../util/bounded.js';
import { idBytes, IdSet } from '../util/id-set.js';
import { decodeFrame, encodeFrame } from './frame.js';
import { checkPattern, isIdBelow, planKey, planPrefix, rootKey, versionOfRootKey } from './keys.js';
import { decode, encode, make, v1 } from './message.js';
import { idOfObjectKey } from './moved.js';
import type { PlannedGroup } from './plan.js';
import { readFrame } from './read-checked.js';
import { checkFeatures } from './root.js';
import type { UploadEnvironment } from './upload.js';
import { fromHex } from '../util/bytes.js';

export interface Planned {
  readonly groups: readonly PlannedGroup[];
  /** Versions of roots under their own keys. */
  readonly roots: readonly number[];
}

/** Gives the key. Cost: one PUT. */
export async function writeForgetPlan(
  { store, functions, runtime }: UploadEnvironment,
  { groups, roots }: Planned,
  timeMs: number,
  options: CallOptions,
): Promise<string> {
  const objects = groups.map(({ pattern, ids }) =>
    make(v1.PlannedObjects, { pattern: make(v1.KeyPattern, pattern), ids }),
  );
  const plan = make(v1.ForgetPlan, { timeMs, objects, roots: [...roots] });
  const bytes = encodeFrame('forget plan', encode(v1.ForgetPlan, plan), functions);
  const key = planKey(runtime.randomBytes(idBytes));
  const condition = { condition: 'absent', uniqueKey: true, crc32c: functions.crc32c(bytes) } as const;
  await store.put(key, bytes, { ...options, ...condition });
  return key;
}

/** What plans list: keys that are not to be referred to. */
export class Doomed {
  readonly #ids = new IdSet();
  readonly #roots = new Set<string>();

  has(key: string): boolean {
    if (this.#roots.has(key)) return true;
    const id = fromHex(idOfObjectKey(key) ?? '');
    return id !== undefined && id.byteLength === idBytes && this.#ids.has(id);
  }

  /**
   * Of the plans that are there. Cost: a LIST, and a GET a plan. Errors: `Corrupt` for one that is damaged.
   */
  static async read(
    { store, functions }: Pick<UploadEnvironment, 'store' | 'functions'>,
    options: CallOptions,
  ): Promise<Doomed> {
    const doomed = new Doomed();
    const keys = (await listPlans(store, options)).map(({ key }) => key);
    await mapBounded(keys, 4, (key) =>
      readFrame(store, key, 'forget plan', options, (bytes) => {
        const plan = decode(v1.ForgetPlan, decodeFrame('forget plan', bytes, key, functions), key);
        checkFeatures(plan.requiredFeatures, key);
        for (const { pattern, ids } of plan.objects) {
          // What is linked is never deleted: no plan lists it.
          if (pattern === null || pattern.whole || ids.byteLength % idBytes !== 0) throw invalid(key);
          checkPattern(pattern, key);
          for (let at = 0; at < ids.byteLength; at += idBytes) doomed.#ids.add(ids, at);
        }
        for (const version of plan.roots) {
          if (versionOfRootKey(rootKey(version)) !== version) throw invalid(key);
          doomed.#roots.add(rootKey(version));
        }
      }),
    );
    return doomed;
  }
}

/** Plans, and when they were written. Cost: a LIST. */
export async function listPlans(
  store: ObjectStore,
  options: CallOptions,
): Promise<{ readonly key: string; readonly modifiedMs: number }[]> {
  const plans: { key: string; modifiedMs: number }[] = [];
  for await (const page of listPages(store, { ...options, prefix: planPrefix }))
    for (const { key, modifiedMs } of page) if (isIdBelow(planPrefix, key)) plans.push({ key, modifiedMs });
  return plans;
}

function invalid(key: string): NacreError {
  return new NacreError('Corrupt', `${key} is no valid plan of forget`, { context: { key } });
}
