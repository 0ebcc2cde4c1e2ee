// What the arrays room works with; put together once, in the composition root.
import type { Journals } from '../cache/journals.js';
import type { NacreError } from '../errors.js';
import type { ManifestFunctions } from '../manifest/functions.js';
import type { NativeBinding } from '../native.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { Runtime } from '../util/runtime.js';
import type { Pages } from './pages.js';

export interface ArrayEnvironment {
  readonly store: ObjectStore;
  readonly native: NativeBinding;
  readonly functions: ManifestFunctions;
  readonly runtime: Runtime;
  readonly pages: Pages;
  /** Bytes of row data that one operation holds at most, besides the result that the caller asked for. */
  readonly memoryBytes: number;
  /** The environment whose memory of what was read it shares; absent for one of its own. */
  readonly sharesWith?: ArrayEnvironment;
  /** Where long work notes how far it is; absent where there is no cache folder. */
  readonly journals?: Journals;
  /** Told of damage that does not fail a call, such as that of an index. */
  readonly warn?: (warning: NacreError) => void;
}
