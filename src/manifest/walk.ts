// A walk from root to root: which one is the head, and which slots were void.
//
// A root of our dataset that does not follow our head is void, but only while our own roots stand in their
// slots. Where they do not, the prefix was put back to an earlier state and went on from there without us:
// that is damage, and nobody may pass it over from either side.
import { NacreError } from '../errors.js';
import { equalBytes, toHex } from '../util/bytes.js';
import { rootKey } from './keys.js';
import { type LoadedRoot, voidReason } from './root.js';

export class Walk {
  head: LoadedRoot;
  readonly landed: LoadedRoot[] = [];
  readonly #read: (version: number) => Promise<LoadedRoot | undefined>;
  readonly #voids = new Map<number, string>();
  /** The lowest root of our own history that was compared with its slot. */
  #standing: LoadedRoot | undefined;

  constructor(from: LoadedRoot, read: (version: number) => Promise<LoadedRoot | undefined>) {
    this.head = from;
    this.#read = read;
  }

  async step(loaded: LoadedRoot, slot: number): Promise<void> {
    if (voidReason(loaded.root, slot, this.head) === undefined) {
      this.head = loaded;
      this.landed.push(loaded);
      return;
    }
    const { parent } = loaded.root;
    this.#voids.set(slot, toHex(loaded.hash));
    // A stranger's word counts for nothing.
    if (parent === null || !belongs(loaded, slot, this.head)) return;
    const voided = this.#voids.get(parent.version);
    if (voided !== undefined && voided !== toHex(parent.hash)) throw contradicted(parent.version, slot);
    await this.#compareOwn(parent.version);
  }

  /** Our own roots against the store's, from the head down to `version`: no request when that is above it. */
  async #compareOwn(version: number): Promise<void> {
    if (version > this.head.root.version) return;
    this.#standing ??= await this.#standsAt(this.head.root.version, this.head.hash);
    for (;;) {
      const { parent } = this.#standing.root;
      if (parent === null || parent.version < version) return;
      this.#standing = await this.#standsAt(parent.version, parent.hash);
    }
  }

  async #standsAt(version: number, hash: Uint8Array): Promise<LoadedRoot> {
    const found = await this.#read(version);
    if (found !== undefined && equalBytes(found.hash, hash)) return found;
    throw putBack(version, found === undefined);
  }
}

export function belongs({ root }: LoadedRoot, slot: number, head: LoadedRoot): boolean {
  return root.version === slot && equalBytes(root.dataset, head.root.dataset);
}

function contradicted(version: number, child: number): NacreError {
  const key = rootKey(version);
  return new NacreError('Corrupt', `${key} differs from what version ${child} says that it was`, {
    context: { key, version },
    hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
  });
}

/** A root that we know stands no longer in its slot. */
export function putBack(version: number, missing: boolean): NacreError {
  const key = rootKey(version);
  const what = missing ? 'is missing' : 'is another one than before';
  return new NacreError('Corrupt', `${key} ${what}: it was lost, or an earlier state was put back`, {
    context: { key, version },
    hint:
      'Run `nacre repair` when it was lost. When the prefix was put back to an earlier state on purpose, open it ' +
      'again, with `latest` removed.',
  });
}
