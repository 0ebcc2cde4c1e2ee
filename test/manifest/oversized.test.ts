// Objects of the manifest that are longer than any of their kind: damage, and never held.
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { open, repair, replicate, status } from '../../src/index.js';
import { hintKey, restoringKey, rootKey } from '../../src/manifest/keys.js';
import { failure } from '../support/failure.js';

const options = { cacheDir: false } as const;
/** Sparse: it takes no room. */
const longBytes = 20 * 2 ** 30;

let scratch: string;
let folder: string;
beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'nacre-oversized-'));
  folder = path.join(scratch, 'dataset');
  const dataset = await open(folder, { ...options, create: true });
  for (let version = 2; version <= 4; version++)
    await dataset.write((tx) => tx.create(`array-${version}`, { dtype: 'int32' }));
  await dataset.close();
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const lengthen = (key: string): Promise<void> => truncate(path.join(folder, key), longBytes);

test('a hint is damaged, and decides nothing: the dataset opens, takes writes and is mended', async () => {
  await lengthen(hintKey);
  const dataset = await open(folder, options);
  expect(await dataset.version()).toBe(4);
  await dataset.close();
  expect(await status(folder, options)).toMatchObject({ version: 4, hint: 'damaged' });
  expect(await repair(folder, options)).toMatchObject({ isWhole: true, steps: [{ key: hintKey }] });
  await lengthen(hintKey);
  const writer = await open(folder, options);
  await writer.write((tx) => tx.create('more', { dtype: 'int32' }));
  await writer.close();
  expect(await status(folder, options)).toMatchObject({ version: 5, hint: 'right' });
});

test('a root is damaged: it is named, and mended from a copy', async () => {
  const copy = path.join(scratch, 'copy');
  await replicate(folder, copy, options);
  await lengthen(rootKey(3));
  const dataset = await open(folder, options);
  expect(await failure(dataset.at({ version: 3 }))).toMatchObject({
    code: 'Corrupt',
    context: { key: rootKey(3) },
  });
  await dataset.close();
  const { damagedRoots } = await status(folder, options);
  expect(damagedRoots).toBe(1);
  // The bad bytes are kept, whatever they take: these are too many for a test.
  await truncate(path.join(folder, rootKey(3)), 2 ** 21);
  const { steps } = await repair(folder, { ...options, sources: [copy] });
  expect(steps).toMatchObject([{ key: rootKey(3), outcome: 'mended', from: expect.anything() as string }]);
});

test('what says of a restore under way is damaged', async () => {
  await rm(path.join(folder, hintKey));
  const file = path.join(folder, restoringKey);
  await writeFile(file, '');
  await truncate(file, longBytes);
  expect(await failure(open(folder, options))).toMatchObject({ code: 'Corrupt' });
});
