// A backup as its objects' keys name it: what is not under its own key is looked for where it is. Read only:
// nothing is written through it, so that each write says for itself where it goes.
import { NacreError } from '../../errors.js';
import type { Moved } from '../../manifest/moved.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { forwarding } from '../../storage/wrap/forwarding.js';
import type { ReadEnvironment } from '../environment.js';

/** Without requests. `moved` may change meanwhile. Closing it closes nothing. */
export function mapped(store: ObjectStore, moved: Moved): ObjectStore {
  const {
    versioned: _,
    copies: __,
    ...rest
  } = forwarding(store, {
    get: (key, options) => store.get(moved.placeOf(key), options),
    getRanges: (key, ranges, options) => store.getRanges(moved.placeOf(key), ranges, options),
    head: (key, options) => store.head(moved.placeOf(key), options),
    put: (key) => Promise.reject(readOnly(store, key)),
    delete: ([key = '']) => Promise.reject(readOnly(store, key)),
    close: () => Promise.resolve(),
  });
  return rest;
}

/** The same of all that reads it. */
export function mappedEnvironment<E extends ReadEnvironment>(environment: E, moved: Moved): E {
  const { localPath } = environment;
  return {
    ...environment,
    store: mapped(environment.store, moved),
    ...(localPath === undefined ? {} : { localPath: (key: string) => localPath(moved.placeOf(key)) }),
  };
}

function readOnly({ uri }: ObjectStore, key: string): NacreError {
  return new NacreError('PermissionDenied', `${uri} is a backup: ${key} is not to be written`, {
    context: { uri, key },
    hint: 'Restore it into an empty prefix with `nacre backup restore`, and write there.',
  });
}
