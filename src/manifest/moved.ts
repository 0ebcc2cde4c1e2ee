// What of a backup is not under its own key: something else stood there, or its lock could not be put off.
import { NacreError } from '../errors.js';
import { concat, fromHex, toHex } from '../util/bytes.js';
import { idBytes } from '../util/id-set.js';
import {
  checkPattern,
  isLinkedKey,
  linkedPattern,
  movedPattern,
  objectKey,
  rootKey,
  versionOfRootKey,
} from './keys.js';
import { linkMarks } from './features.js';
import { make, type Point, v1 } from './message.js';
import { patternMessage } from './objects.js';

const objectForm = /^(.+\/)([0-9a-f]{32})(\.[a-z0-9]{1,16})?$/;

/** Keys of a dataset, and where in the backup what belongs under them is. */
export class Moved {
  readonly #places = new Map<string, string>();

  get size(): number {
    return this.#places.size;
  }

  placeOf(key: string): string {
    return this.#places.get(key) ?? key;
  }

  /** Says where it is from now on. */
  set(key: string, place: string): void {
    this.#places.set(key, place);
  }

  /** Keys, and where what belongs there is. */
  entries(): Iterable<[string, string]> {
    return this.#places.entries();
  }

  copy(): Moved {
    const copy = new Moved();
    for (const [key, place] of this.#places) copy.set(key, place);
    return copy;
  }

  /** As a point says it. */
  encode(): Pick<Point, 'moved' | 'movedRoots'> & Partial<Pick<Point, 'requiredFeatures'>> {
    const groups = new Map<
      string,
      { prefix: string; suffix: string; ids: Uint8Array[]; places: Uint8Array[] }
    >();
    const movedRoots: Point['movedRoots'][number][] = [];
    const linked: Point['moved'][number][] = [];
    for (const [key, place] of this.#places) {
      const placeId = fromHex(place.slice(movedPattern.prefix.length)) ?? new Uint8Array();
      const version = versionOfRootKey(key);
      if (version !== undefined) {
        movedRoots.push(make(v1.MovedRoot, { version, id: placeId }));
        continue;
      }
      if (isLinkedKey(key)) {
        const pattern = patternMessage(linkedPattern(key));
        // The id is no part of the key: any stands for it.
        linked.push(make(v1.MovedObjects, { pattern, ids: placeId, places: placeId }));
        continue;
      }
      const [, prefix = '', id = '', suffix = ''] = objectForm.exec(key) ?? [];
      const name = `${prefix}*${suffix}`;
      const group = groups.get(name) ?? { prefix, suffix, ids: [], places: [] };
      groups.set(name, group);
      group.ids.push(fromHex(id) ?? new Uint8Array());
      group.places.push(placeId);
    }
    const moved = Array.from(groups.values(), ({ prefix, suffix, ids, places }) =>
      make(v1.MovedObjects, {
        pattern: patternMessage({ prefix, suffix }),
        ids: concat(ids),
        places: concat(places),
      }),
    );
    return { moved: [...moved, ...linked], movedRoots, ...linkMarks(linked.length > 0) };
  }

  /** `Corrupt` naming `what` for what leads out of a dataset's own folders, or is not whole. */
  static decode({ moved, movedRoots }: Pick<Point, 'moved' | 'movedRoots'>, what: string): Moved {
    const all = new Moved();
    const fail = (): never => {
      throw new NacreError('Corrupt', `${what} does not say where its objects are`, {
        context: { key: what },
      });
    };
    for (const { pattern, ids, places } of moved) {
      if (pattern === null || ids.byteLength !== places.byteLength || ids.byteLength % idBytes !== 0)
        return fail();
      checkPattern(pattern, what);
      for (let at = 0; at < ids.byteLength; at += idBytes) {
        const place = objectKey(movedPattern, places.subarray(at, at + idBytes));
        all.set(objectKey(pattern, ids.subarray(at, at + idBytes)), place);
      }
    }
    for (const { version, id } of movedRoots) {
      if (version < 1 || id.byteLength !== idBytes) return fail();
      all.set(rootKey(version), objectKey(movedPattern, id));
    }
    return all;
  }
}

/** The id of an object's key, whatever stands around it; undefined where there is none. */
export function idOfObjectKey(key: string): string | undefined {
  return objectForm.exec(key)?.[2];
}

/** A place of its own for something that cannot be under its key. */
export function newPlace(random: (length: number) => Uint8Array): string {
  return `${movedPattern.prefix}${toHex(random(idBytes))}`;
}
