// What upkeep works with; put together in the composition root.
import type { Journals } from '../cache/journals.js';
import type { NacreError } from '../errors.js';
import type { ManifestFunctions } from '../manifest/functions.js';
import type { NativeBinding } from '../native.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { Runtime } from '../util/runtime.js';

/** A store whose objects are read whole, to be checked or copied. */
export interface ReadEnvironment {
  readonly store: ObjectStore;
  readonly functions: ManifestFunctions;
  readonly native: NativeBinding;
  readonly runtime: Runtime;
  /** The file of a key, where objects are files of this machine: digests then read them without a copy. */
  readonly localPath?: (key: string) => string;
}

export interface UpkeepEnvironment extends ReadEnvironment {
  /** Bytes of objects held in memory at once. */
  readonly memoryBytes: number;
  /** Where a scrub notes what it verified; absent where there is no cache folder. */
  readonly scrubs?: Journals;
  readonly warn?: (warning: NacreError) => void;
}
