// How an object comes to stand where a copy puts it. Replication and restore put what is absent, take what is
// there in its size for right, and replace what is wrong; a destination whose objects are locked may ask more
// of what is there, and put it in another way.
import { NacreError } from '../../errors.js';
import { isLinkedKey } from '../../manifest/keys.js';
import type { StoredObject } from '../../manifest/objects.js';
import type { CallOptions, ObjectHead } from '../../storage/object-store.js';
import type { ReadEnvironment } from '../environment.js';
import { putBack } from '../repair/mend.js';
import type { Whole } from '../whole.js';

export interface Placing {
  /** Whether what is there, of the right size, will do as it is. Else the object is put. */
  mayShare(object: StoredObject, there: ObjectHead): Promise<boolean>;
  /**
   * Puts the right bytes; `there` is what was seen before, of the right size where it was not to be shared.
   * False where something else is there by now, which then is replaced.
   */
  put(object: StoredObject, whole: Whole, there: ObjectHead | undefined): Promise<boolean>;
  /** Puts them in the place of what is wrong. Throws where that is not to be. */
  replace(object: StoredObject, whole: Whole): Promise<void>;
}

/** Create-only; what is wrong is replaced, and kept in quarantine. */
export function createOnly(destination: ReadEnvironment, call: CallOptions): Placing {
  const { store } = destination;
  const putRight = async (object: StoredObject, { bytes }: Whole): Promise<void> => {
    const mended = await putBack(destination, object, bytes, call);
    if (mended.outcome !== 'left') return;
    throw new NacreError('Corrupt', `${object.key} is wrong at the destination, and ${mended.reason}`, {
      context: { key: object.key, uri: store.uri },
    });
  };
  return {
    mayShare: () => Promise.resolve(true),
    async put(object, whole) {
      const { key, sizeBytes, crc32c } = object;
      const { bytes } = whole;
      // No random id says whose bytes came to be there meanwhile: they are compared.
      if (isLinkedKey(key)) {
        await putRight(object, whole);
        return true;
      }
      const put = await store.put(key, bytes, { ...call, condition: 'absent', uniqueKey: true, crc32c });
      return put.outcome === 'written' || (await store.head(key, call))?.sizeBytes === sizeBytes;
    },
    replace: putRight,
  };
}
