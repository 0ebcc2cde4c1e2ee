// Who else has the right bytes of an object: handed along with the store, so that every read that checks what
// it got (verified.ts, manifest/read-checked.ts) asks them, and none that passes its check does.
import type { ByteRange, CallOptions, ObjectStore } from '../object-store.js';
import { forwarding } from './forwarding.js';

/** Where the right bytes may be had: `healed/<hash>`, a replica. */
export interface HealingSource {
  /** For messages. */
  readonly name: string;
  /**
   * The bytes of a range of the object, or undefined when it has none. They are checked like any other. What
   * it throws makes the reader ask the next source.
   */
  read(range: ByteRange, options: CallOptions): Promise<Uint8Array | undefined>;
}

/** `missing`: there is no such key. `size`: another length than the manifest says. `block`: another sum. */
export type DamageKind = 'missing' | 'size' | 'block';

/** Name under which a second read of the store itself heals: the bytes at rest are right. */
export const reread = 'reread';

export interface Damage {
  readonly key: string;
  readonly kind: DamageKind;
  /** The bytes of the damaged blocks. */
  readonly range: ByteRange;
  /** {@link reread}, or the name of the source that had the right bytes; undefined when nothing had. */
  readonly healedBy: string | undefined;
}

/** An object as the manifest names it. */
export interface NamedObject {
  readonly key: string;
  /** BLAKE3 of the whole object. */
  readonly hash: Uint8Array;
}

export interface Healing {
  /** To be asked in this order, once the store's own bytes failed twice. */
  sourcesOf(object: NamedObject): readonly HealingSource[];
  /** Told of every run of damaged blocks, healed or not. */
  onDamage?(damage: Damage): void;
}

/** The same store without anybody else: for who looks for damage. */
export function withoutHealing(store: ObjectStore): ObjectStore {
  const { healing: _, ...bare } = forwarding(store, {});
  return bare;
}
