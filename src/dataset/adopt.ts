// The first write on a prefix that was copied from elsewhere: nobody may build on a version that did not
// come whole.
import { NacreError } from '../errors.js';
import { newestComplete } from '../manifest/closure.js';
import type { HintState } from '../manifest/hint.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Environment } from './environment.js';

export interface Adopted {
  /** The version to build on. */
  readonly head: LoadedRoot;
  /** The copy goes its own way from here. */
  readonly lineage: Uint8Array;
}

/** Cost: a LIST for each 1,000 objects, once in the life of a copy. `Corrupt` when no version is complete. */
export async function adoptCopy(
  environment: Environment,
  hint: HintState,
  newest: LoadedRoot,
  onWarning: ((warning: NacreError) => void) | undefined,
  options: CallOptions = {},
): Promise<Adopted> {
  const { store, functions, runtime } = environment;
  const home = hint.origin?.home ?? (hint.role === 'replica' ? 'its primary' : 'an unknown place');
  const found = await newestComplete(store, newest, functions, options);
  if (found === undefined) {
    throw new NacreError('Corrupt', `${store.uri} is a copy of ${home}, and no version of it is complete`, {
      context: { uri: store.uri, home },
      hint: 'Copy again, with every object under the prefix.',
    });
  }
  for (const { version, missing } of found.incomplete) {
    onWarning?.(
      new NacreError(
        'Corrupt',
        `version ${version} of this copy of ${home} is not complete and is left out`,
        {
          context: { version, missing },
          hint: 'Copy the missing objects from there before you write here.',
        },
      ),
    );
  }
  return { head: found.head, lineage: runtime.randomBytes(16) };
}
