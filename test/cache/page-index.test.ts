// Room in the cache's folder: what one write makes is there for another only once the files are gone.
import { expect, test } from 'vitest';
import { KeptMappings } from '../../src/cache/kept-mappings.js';
import { MappedFiles } from '../../src/cache/mapped.js';
import type { PageFolder } from '../../src/cache/page-folder.js';
import { PageIndex } from '../../src/cache/page-index.js';
import { Residency } from '../../src/cache/residency.js';
import { settledRuntime } from './support.js';

const block = 4096;

test('a write waits for the removals of others whose room it takes', async () => {
  const sizes = new Map([
    ['large', 5 * block],
    ['small', block],
  ]);
  const removals: (() => void)[] = [];
  const folder = {
    async *list() {
      yield* sizes.keys();
    },
    state: (name: string) => {
      const sizeBytes = sizes.get(name);
      const times = { modifiedMs: 0, changedMs: 0 };
      return sizeBytes && { identity: name, regular: true, sizeBytes, ...times };
    },
    touch: () => undefined,
    remove: (name: string) =>
      new Promise<void>((resolve) => {
        removals.push(() => {
          sizes.delete(name);
          resolve();
        });
      }),
  };
  const native = { freeBuffer: () => undefined };
  const mapped = new MappedFiles(native);
  const kept = new KeptMappings(0, new Residency(0, () => undefined), () => undefined);
  const index = new PageIndex(
    folder as unknown as PageFolder,
    6 * block,
    { ...settledRuntime, random: () => 1e9 },
    () => undefined,
    { mapped, kept },
  );
  for (const name of sizes.keys()) {
    const state = folder.state(name);
    if (state !== 0 && state !== undefined) index.use(name, state, 'unchecked');
  }
  const admitted: string[] = [];
  const first = index.admit(block).then((fits) => admitted.push(`first ${fits}`));
  const second = index.admit(block).then((fits) => admitted.push(`second ${fits}`));
  await new Promise(setImmediate);
  expect(removals, 'the large one goes, and makes room for both').toHaveLength(1);
  expect(admitted).toEqual([]);
  removals[0]?.();
  await Promise.all([first, second]);
  expect(admitted.toSorted()).toEqual(['first true', 'second true']);
});
