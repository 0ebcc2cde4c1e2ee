// Epochs as scans read them: once, for all who want one at the same time.
import { expect, test } from 'vitest';
import { readEpoch, writeEpoch } from '../../src/ann/epoch.js';
import { environmentOf } from '../../src/dataset/environment.js';
import { objectKey } from '../../src/manifest/keys.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { systemRuntime } from '../../src/util/runtime.js';

test('a reader who gives up leaves the epoch to the others who wait for it', async () => {
  const environment = environmentOf(new MemoryStore('epochs', systemRuntime), { cacheDir: false });
  const nothing = new Uint8Array(0);
  const fields = { dimensions: 3, coordinates: 32, seed: 1, mean: new Uint8Array(12), basis: nothing };
  const written = await writeEpoch(environment, new Uint8Array(16), { ...fields, trainingRows: 0 }, {});
  const object = { ...written, key: objectKey(written.pattern, written.id), blockBytes: 65_536 };
  const impatient = new AbortController();
  const one = readEpoch(environment, object, 3, { signal: impatient.signal });
  const other = readEpoch(environment, object, 3, {});
  impatient.abort();
  await expect(one).rejects.toMatchObject({ code: 'Aborted' });
  expect((await other).listBytes(0)).toBe(0);
  expect(await readEpoch(environment, object, 3, {})).toBe(await other);
  await expect(readEpoch(environment, { ...object, hash: new Uint8Array(32) }, 3, {})).rejects.toMatchObject({
    code: 'Corrupt',
  });
});
