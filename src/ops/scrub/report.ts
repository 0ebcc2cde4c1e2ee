// Findings in the words of the dataset.
import { isNacreError } from '../../errors.js';
import type { HintState } from '../../manifest/hint.js';
import { healedKey, hintKey, rootKey } from '../../manifest/keys.js';
import type { Root } from '../../manifest/message.js';
import { listReplicas } from '../../manifest/replicas.js';
import type { CallOptions } from '../../storage/object-store.js';
import { defined } from '../../util/assert.js';
import { toHex } from '../../util/bytes.js';
import type { UpkeepEnvironment } from '../environment.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { ObjectDamage } from './check.js';
import { describeObject } from './describe.js';
import type { DamagedObject, DamageKind, ObjectRole } from './finding.js';
import type { RootDamage, RootSource } from './roots.js';
import { type Survey, type Surveyed, type SurveyedRoot, versionsOf } from './survey.js';

export type HintReport = 'right' | 'stale' | 'absent' | 'damaged' | 'elsewhere';

export function hintReport({ hint, head }: Pick<Survey, 'hint' | 'head'>): HintReport {
  if (hint.problem !== undefined) return hint.problem;
  return hint.head?.root.version === head.root.version ? 'right' : 'stale';
}

export function damagedHint(hint: HintState): DamagedObject[] {
  if (hint.problem !== 'damaged') return [];
  return [{ key: hintKey, kind: 'hint', damage: 'blocks', versions: [] }];
}

const ofRoot: Readonly<Record<RootDamage, DamageKind>> = {
  missing: 'missing',
  damaged: 'blocks',
  other: 'other',
};

export function damagedRoot({ version, hash, damage, from }: SurveyedRoot): DamagedObject {
  const healed = hash && healedKey(hash);
  return {
    ...{ key: rootKey(version), kind: 'root', damage: ofRoot[damage] },
    versions: [{ from: version, to: version }],
    ...(hash === undefined ? {} : { hash: toHex(hash) }),
    ...(healed !== undefined && from === healed ? { healed } : {}),
  };
}

/** Cost: a request or two for each of them. */
export async function damagedObjects(
  environment: UpkeepEnvironment,
  found: Survey,
  damage: ReadonlyMap<Surveyed, ObjectDamage>,
  healed: ReadonlySet<Surveyed>,
  sources: readonly RootSource[],
): Promise<Map<Surveyed, DamagedObject>> {
  const hasObserved = [...damage.values()].some(({ observed }) => observed !== undefined);
  const keys = new Map<string, string>();
  if (hasObserved) for (const { object } of found.objects.values()) keys.set(toHex(object.hash), object.key);
  const described = new Map<Surveyed, DamagedObject>();
  const rootOf = lastRoot(found);
  const inOrder = [...damage].toSorted(([a], [b]) => (a.object.key < b.object.key ? -1 : 1));
  for (const [one, what] of inOrder) {
    const { key, sizeBytes, hash, blockBytes } = one.object;
    const role = await roleOf(environment, rootOf, one, what, sources);
    const holds = what.observed === undefined ? undefined : keys.get(what.observed);
    const { kind, observedBytes, blocks } = what;
    const isOther = holds !== undefined && holds !== key;
    described.set(one, {
      ...role,
      key,
      damage: isOther ? 'other' : kind,
      versions: versionsOf(one),
      sizeBytes,
      hash: toHex(hash),
      ...(healed.has(one) ? { healed: healedKey(hash) } : {}),
      ...(observedBytes === undefined ? {} : { observedBytes }),
      ...(blocks === undefined || isOther ? {} : { blocks, blockBytes }),
      ...(isOther ? { holds } : {}),
    });
  }
  return described;
}

/** Roots of kept versions; the last one is at hand, since most damage is of the newest. */
function lastRoot({ roots, hashes }: Survey): (version: number) => Promise<LoadedRoot | undefined> {
  let last: { readonly version: number; readonly loaded: LoadedRoot | undefined } | undefined;
  return async (version) => {
    if (last?.version !== version) {
      const { loaded } = await roots.at({ version, hash: defined(hashes.get(version), 'hash') });
      last = { version, loaded };
    }
    return last.loaded;
  };
}

async function roleOf(
  { store, functions }: UpkeepEnvironment,
  rootOf: (version: number) => Promise<LoadedRoot | undefined>,
  one: Surveyed,
  damage: ObjectDamage,
  sources: readonly RootSource[],
): Promise<ObjectRole> {
  const loaded = await rootOf(defined(versionsOf(one).at(-1), 'a version').to);
  if (loaded === undefined) return { kind: 'unknown' };
  const stores = [store, ...sources.map((source) => source.store)];
  return describeObject(one, damage, loaded, stores, functions);
}

/** Replicas that were told of at the place; none where that cannot be read. Cost: a LIST, a GET for each. */
export async function knownCopies(
  { store, functions }: UpkeepEnvironment,
  { dataset }: Pick<Root, 'dataset'>,
  call: CallOptions,
): Promise<string[]> {
  try {
    return (await listReplicas(store, dataset, functions, call)).map(({ uri }) => uri);
  } catch (error) {
    if (!isNacreError(error) || error.code === 'Aborted') throw error;
    return [];
  }
}

/** Whether everything that kept versions need is known. */
export function isKnown({ damagedRoots, objects }: Survey): boolean {
  if (damagedRoots.some(({ from }) => from === undefined)) return false;
  return [...objects.values()].every(({ segment }) => segment !== 'lost');
}
