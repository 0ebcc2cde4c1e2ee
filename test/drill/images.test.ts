// The drill goes on without MNIST, and says so.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { readImages } from './images.js';

const folder = mkdtempSync(path.join(tmpdir(), 'nacre-images-'));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test('where MNIST is not at hand as many random images are taken, and that is what is printed', async () => {
  vi.stubEnv('NACRE_DATA', folder);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { train, test: others, testLabels } = await readImages();
  expect([train.shape, others.shape, testLabels.length]).toEqual([[60_000, 784], [10_000, 784], 10_000]);
  const said = warn.mock.calls.map(([line]) => String(line));
  expect(said).toHaveLength(3);
  for (const line of said) expect(line).toMatch(/^NOT ON MNIST: \d+ random rows in place of .* is not there/);
});
