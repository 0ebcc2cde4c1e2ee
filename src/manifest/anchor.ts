// Whether the history that a writer builds on still stands in the store.
//
// A commit reads nothing, so a writer whose prefix was put back to an earlier state would go on from a
// version that is gone. One root of its history is therefore compared with its slot, beside the uploads of
// the first commit and again once a minute: a request, no wave.
import type { ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import type { LoadedRoot } from './root.js';
import { putBack } from './walk.js';

/** Pause between two looks, milliseconds: seldom beside the commits of a busy writer. */
const intervalMs = 60_000;

interface Place {
  readonly version: number;
  readonly hash: Uint8Array;
}

export class Anchor {
  readonly #environment: AnchorEnvironment;
  #head: Place;
  /**
   * What the next check compares: the head as it was at the check before. The head itself proves nothing, a
   * late commit would have put it there.
   */
  #compared: Place;
  #checkedMs = 0;
  #check: Promise<void> | undefined;

  constructor(environment: AnchorEnvironment, head: LoadedRoot, jumped: boolean) {
    this.#environment = environment;
    this.#head = placeOf(head);
    this.#compared = linkOf(head, jumped);
  }

  /** A newer head; `jumped` when it was found without a look at the roots before it. */
  moved(head: LoadedRoot, jumped = false): void {
    this.#head = placeOf(head);
    if (!jumped) return;
    this.#compared = linkOf(head, jumped);
    this.#check = undefined;
  }

  /** `Corrupt` when a root of our history is absent or another one: a commit must not build on it. */
  check(): Promise<void> {
    const now = this.#environment.runtime.monotonic();
    if (this.#check !== undefined && now - this.#checkedMs < intervalMs) return this.#check;
    const place = this.#compared;
    this.#checkedMs = now;
    this.#check = this.#compare(place).catch((error: unknown) => {
      // A store that did not answer may answer the next transaction, and damage may be healed by then.
      this.#check = undefined;
      this.#compared = place;
      throw error;
    });
    this.#compared = this.#head;
    return this.#check;
  }

  async #compare({ version, hash }: Place): Promise<void> {
    const { store, functions } = this.#environment;
    const found = await readRoot(store, version, functions);
    if (found === undefined || !equalBytes(found.hash, hash)) throw putBack(version, found === undefined);
  }
}

interface AnchorEnvironment {
  readonly store: ObjectStore;
  readonly functions: ManifestFunctions;
  readonly runtime: Runtime;
}

function placeOf({ root, hash }: LoadedRoot): Place {
  return { version: root.version, hash };
}

/** A head that the hint named is compared itself; one that was read from its slot, by its parent. */
function linkOf(head: LoadedRoot, jumped: boolean): Place {
  return (jumped ? head.root.parent : null) ?? placeOf(head);
}
