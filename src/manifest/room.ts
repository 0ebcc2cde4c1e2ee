// Room in a root that grows full: entries move into segments, operation ids into an object, beside the
// uploads of the next commit. What was prepared and no longer fits, could not be made, or is older than a
// clean-up that may delete it, is given up.
import type { RootDraft } from './draft.js';
import { isFenced } from './fences.js';
import { type Fold, prepareFold } from './fold.js';
import { bestFolds, type FoldPlan, planFolds } from './fold-plan.js';
import type { LoadedRoot } from './root.js';
import { planSpill, prepareSpill, type Spill } from './spill.js';
import type { UploadEnvironment } from './upload.js';
import { equalBytes } from '../util/bytes.js';

interface Begun {
  readonly plan: FoldPlan;
  readonly fold: Promise<Fold>;
}

export class Room {
  readonly #environment: UploadEnvironment;
  #folds: readonly Begun[] = [];
  #spill: Promise<Spill> | undefined;
  /** The head when the older one of both was begun. */
  #since: number | undefined;

  constructor(environment: UploadEnvironment) {
    this.#environment = environment;
  }

  /** Uploads what the next commit on this head should move. */
  prepare(head: LoadedRoot): void {
    // Made anew rather than compared with the plan: a segment costs less than the plan's list.
    if (this.#since !== undefined && isFenced(head.root, this.#since)) this.committed();
    if (this.#folds.length === 0) this.#startFolds(head, planFolds(head));
    const plan = this.#spill === undefined ? planSpill(head.root) : undefined;
    if (plan === undefined) return;
    this.#since ??= head.root.version;
    this.#spill = prepareSpill(this.#environment, head.root, plan);
    // Whoever commits next sees its error.
    this.#spill.catch(() => undefined);
  }

  /** Whether there was one that is not under way. */
  #startFolds({ root }: LoadedRoot, plans: readonly FoldPlan[]): boolean {
    const more = plans.filter((plan) => !this.#folds.some((begun) => isOfSame(begun.plan, plan)));
    if (more.length === 0) return false;
    this.#since ??= root.version;
    const begun = more.map((plan) => ({ plan, fold: prepareFold(this.#environment, root, plan) }));
    for (const { fold } of begun) fold.catch(() => undefined);
    this.#folds = [...this.#folds, ...begun];
    return true;
  }

  /** Moves into the draft of a root after `head` what is ready for it. */
  async apply(draft: RootDraft, head: LoadedRoot): Promise<void> {
    this.prepare(head);
    const [folds, spill] = [this.#folds, this.#spill];
    try {
      for (const begun of folds)
        if (!draft.fold(await begun.fold)) this.#folds = this.#folds.filter((one) => one !== begun);
      if (spill !== undefined && !draft.spill(await spill)) this.#spill = undefined;
    } catch (error) {
      this.committed();
      throw error;
    }
  }

  /**
   * Folds whatever frees anything, for a change that has no room otherwise; false when nothing more can go.
   */
  make(head: LoadedRoot): boolean {
    return this.#startFolds(head, bestFolds(head.root, 1, Infinity));
  }

  /** What was prepared is in a root now. */
  committed(): void {
    this.#folds = [];
    this.#spill = undefined;
    this.#since = undefined;
  }
}

/** Whether two plans are of the same kind of entries of one array: only one of them can be. */
function isOfSame(a: FoldPlan, b: FoldPlan): boolean {
  return equalBytes(a.array.id, b.array.id) && a.columns === b.columns && a.overrides === b.overrides;
}
