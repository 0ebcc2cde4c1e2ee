// Datasets as commands meet them: there, not there, to be made, at an older version.
import {
  type Attribute,
  type CreateOptions,
  type Dataset,
  isNacreError,
  NacreError,
  open,
  type TransactionHandle,
  type VersionReference,
} from '../index.js';
import type { Session } from './session.js';

/** The dataset, or undefined when there is none; anything else that is wrong is thrown. */
export async function find(session: Session, uri: string): Promise<Dataset | undefined> {
  try {
    return await session.open(uri);
  } catch (error) {
    // A bucket that is missing names itself; a dataset that is missing names its address.
    if (isNacreError(error, 'NotFound') && error.context['uri'] !== undefined) return undefined;
    throw error;
  }
}

/**
 * Refuses what no dataset takes (a name, a dtype, a shape, an attribute), before anything is written: the
 * engine's own checks, on a dataset in memory. `attributes` are those that arrays have in the end, whether
 * these are to be made or there; `work` comes on top, in a transaction of its own.
 */
export async function rehearse(
  create: ReadonlyMap<string, CreateOptions>,
  attributes: ReadonlyMap<string, readonly Attribute[]> = new Map(),
  work: (tx: TransactionHandle) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const nowhere = await open('memory://', { create: true, cacheDir: false });
  try {
    await nowhere.write(async (tx) => {
      for (const [name, options] of create) await tx.create(name, options);
      for (const [array, list] of attributes) {
        if (!create.has(array)) await tx.create(array, { dtype: 'int8' });
        for (const { name, type } of list) await tx.addAttribute(array, name, type);
      }
    });
    await nowhere.write(work);
  } finally {
    await nowhere.close();
  }
}

/** The dataset at a version; the newest when none is given. */
export async function openAt(
  session: Session,
  uri: string,
  at: VersionReference | undefined,
): Promise<Dataset> {
  const dataset = await session.open(uri);
  return at === undefined ? dataset : dataset.at(at, { signal: session.signal });
}

/** Refuses to go on when the newest version is not the one that the caller saw. */
export async function checkVersion(
  session: Session,
  dataset: Dataset,
  expected: number | undefined,
): Promise<void> {
  if (expected === undefined) return;
  const observed = await dataset.version({ signal: session.signal });
  if (observed === expected) return;
  throw new NacreError('Conflict', `${dataset.uri} is at version ${observed}, not ${expected}`, {
    context: { expected, observed },
    hint: 'See what changed with `nacre log`, then decide again.',
  });
}
