// The first version of a dataset.
import { publishRoot, type PublishEnvironment } from './publish.js';
import { make, v1 } from './message.js';
import { encodeRoot, type LoadedRoot } from './root.js';
import { emptySetHash } from './set-hash.js';
import { NacreError } from '../errors.js';
import { storeNowMs } from '../storage/store-time.js';

/**
 * Publishes an empty version 1. When another process made one first, that one is given and `created` is
 * false.
 */
export async function createDataset(
  environment: PublishEnvironment,
): Promise<{ readonly head: LoadedRoot; readonly created: boolean }> {
  const { functions, runtime, store } = environment;
  const root = encodeRoot(
    make(v1.Root, {
      dataset: runtime.randomBytes(16),
      lineage: runtime.randomBytes(16),
      version: 1,
      timeMs: storeNowMs(environment),
      commitId: runtime.randomBytes(16),
      operations: [make(v1.Operation, { id: runtime.randomBytes(16), kinds: ['createDataset'] })],
      setHash: emptySetHash,
      kept: make(v1.Kept, { from: 1 }),
    }),
    functions,
  );
  const published = await publishRoot(environment, root);
  switch (published.outcome) {
    case 'committed':
      return { head: root, created: true };
    case 'lost':
      return { head: published.winner, created: false };
    case 'unknown':
      throw new NacreError('Unavailable', `${store.uri}: whether the dataset was created is not known`, {
        cause: published.cause,
        hint: 'Try again: creating it twice does no harm.',
      });
  }
}
