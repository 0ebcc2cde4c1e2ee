// The writer's side of clean-up: what was uploaded below a fence may be deleted, so a commit above it
// refers to nothing that the fence's plan lists.
//
// A root names the last fence only. The one before is named by the root that stood before that fence's
// version, and so on down, until a fence is as old as the uploads in question. A plan that is missing or
// cannot be read lists everything. Where no fence is newer than the uploads, which is the ordinary commit,
// nothing is asked.
import { isNacreError, NacreError } from '../errors.js';
import type { ObjectStore } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import type { IdSet } from '../util/id-set.js';
import { RootDraft } from './draft.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { rootKey } from './keys.js';
import type { Fence, Root } from './message.js';
import { readPlan } from './plan.js';
import type { LoadedRoot } from './root.js';
import type { Transaction } from './transaction.js';

/** Whether a fence stands between the version at which uploads began and this root. */
export function isFenced({ fence }: Pick<Root, 'fence'>, uploadsSince: number): boolean {
  return fence !== null && fence.version > uploadsSince;
}

/** Plans that are remembered: each takes up to 64 MB, and hardly any commit meets more than one. */
const plansKept = 2;

export class Fences {
  readonly #store: ObjectStore;
  readonly #functions: ManifestFunctions;
  /** By id; undefined for a plan that lists everything. */
  readonly #plans = new Map<string, IdSet | undefined>();

  constructor(store: ObjectStore, functions: ManifestFunctions) {
    this.#store = store;
    this.#functions = functions;
  }

  /**
   * Throws `Conflict` where something that the transaction uploaded is listed by a fence above the version
   * at which it began. Cost: nothing where there is none; else a GET for the last one's plan, three for
   * each before.
   */
  async check(transaction: Transaction, head: LoadedRoot): Promise<void> {
    const { baseVersion, uploadsSince = baseVersion } = transaction;
    const since = Math.min(baseVersion, uploadsSince);
    if (!isFenced(head.root, since)) return;
    // What it comes to on this head, in a draft that nobody publishes.
    const draft = new RootDraft(head, head.root.version + 1, this.#functions);
    draft.apply(transaction);
    const { uploads } = draft;
    if (uploads.length === 0) return;
    for await (const { version, plan } of this.#above(since, head)) {
      const listed = await this.#listed(plan, head);
      const gone = listed === undefined ? uploads : uploads.filter((id) => listed.has(id));
      if (gone.length > 0) throw collected(gone, version);
    }
  }

  /** Fences above a version, the last one first. */
  async *#above(version: number, head: LoadedRoot): AsyncGenerator<Fence> {
    let { fence } = head.root;
    while (fence !== null && fence.version > version) {
      yield fence;
      const { parent } = (await this.#root(fence.version, head)).root;
      fence = parent === null ? null : (await this.#root(parent.version, head)).root.fence;
    }
  }

  async #root(version: number, head: LoadedRoot): Promise<LoadedRoot> {
    if (version === head.root.version) return head;
    const loaded = await readRoot(this.#store, version, this.#functions);
    if (loaded !== undefined) return loaded;
    const key = rootKey(version);
    throw new NacreError('Corrupt', `${key} is missing`, {
      context: { key, version },
      hint: 'Run `nacre repair` to put it back from a replica or a backup.',
    });
  }

  async #listed(plan: Uint8Array, { root }: LoadedRoot): Promise<IdSet | undefined> {
    const name = toHex(plan);
    if (this.#plans.has(name)) return this.#plans.get(name);
    const listed = await readPlan(this.#store, plan, root, this.#functions).catch((error: unknown) => {
      if (isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat')) return undefined;
      throw error;
    });
    const oldest = this.#plans.keys().next().value;
    if (this.#plans.size >= plansKept && oldest !== undefined) this.#plans.delete(oldest);
    this.#plans.set(name, listed);
    return listed;
  }
}

/** Ids that an error names. */
const idsNamed = 10;

function collected(ids: readonly Uint8Array[], fence: number): NacreError {
  const what = ids.length === 1 ? 'an object that was' : `${ids.length} objects that were`;
  return new NacreError(
    'Conflict',
    `${what} uploaded before the clean-up of version ${fence} may be deleted`,
    {
      context: { fence, collected: true, objects: ids.slice(0, idsNamed).map(toHex) },
      hint: 'Run it again, so that it uploads anew; `retries` in write() does so by itself.',
    },
  );
}

/** Whether a conflict says that what was uploaded is gone, so that none of it can be used again. */
export function isCollected(error: NacreError): boolean {
  return error.code === 'Conflict' && error.context['collected'] === true;
}
