// Room in a root that grows full: entries move into a segment, operation ids into an object, beside the
// uploads of the next commit. What was prepared and no longer fits, could not be made, or is older than a
// clean-up that may delete it, is given up.
import type { RootDraft } from './draft.js';
import { isFenced } from './fences.js';
import { type Fold, prepareFold } from './fold.js';
import { bestFold, type FoldPlan, planFold } from './fold-plan.js';
import type { LoadedRoot } from './root.js';
import { planSpill, prepareSpill, type Spill } from './spill.js';
import type { UploadEnvironment } from './upload.js';

export class Room {
  readonly #environment: UploadEnvironment;
  #fold: Promise<Fold> | undefined;
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
    if (this.#fold === undefined) this.#startFold(head, planFold(head));
    const plan = this.#spill === undefined ? planSpill(head.root) : undefined;
    if (plan === undefined) return;
    this.#since ??= head.root.version;
    this.#spill = prepareSpill(this.#environment, head.root, plan);
    // Whoever commits next sees its error.
    this.#spill.catch(() => undefined);
  }

  #startFold({ root }: LoadedRoot, plan: FoldPlan | undefined): void {
    if (plan === undefined) return;
    this.#since ??= root.version;
    this.#fold = prepareFold(this.#environment, root, plan);
    this.#fold.catch(() => undefined);
  }

  /** Moves into the draft of a root after `head` what is ready for it. */
  async apply(draft: RootDraft, head: LoadedRoot): Promise<void> {
    this.prepare(head);
    const [fold, spill] = [this.#fold, this.#spill];
    try {
      if (fold !== undefined && !draft.fold(await fold)) this.#fold = undefined;
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
    if (this.#fold !== undefined) return false;
    this.#startFold(head, bestFold(head.root, 0));
    return this.#fold !== undefined;
  }

  /** What was prepared is in a root now. */
  committed(): void {
    this.#fold = undefined;
    this.#spill = undefined;
    this.#since = undefined;
  }
}
