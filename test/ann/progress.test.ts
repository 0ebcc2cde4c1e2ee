// What a build tells of its phases, and that a signal ends it in each of them.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildPhase, type Dataset, type IndexOptions, open } from '../../src/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-progress-'));
const dimensions = 16;
const rows = 6000;
let dataset: Dataset;

beforeAll(async () => {
  dataset = await open(path.join(folder, 'data'), { create: true, cacheDir: false });
  const data = Float32Array.from({ length: rows * dimensions }, (_, i) => ((i * 7919) % 1009) / 100);
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', { data, shape: [rows, dimensions] });
  });
});

afterAll(async () => {
  await dataset.close();
  rmSync(folder, { recursive: true, force: true });
});

const phasesOf: Readonly<Record<IndexOptions['type'], readonly BuildPhase[]>> = {
  exact: ['sample', 'train', 'code'],
  ivf: ['sample', 'train', 'code', 'calibrate'],
  hnsw: ['sample', 'train', 'link', 'calibrate', 'link'],
};

describe.each(Object.keys(phasesOf) as IndexOptions['type'][])('a build of type %s', (type) => {
  test('goes through its phases, each from little to all', async () => {
    const told: { readonly phase: BuildPhase; readonly steps: [done: number, total: number][] }[] = [];
    const onProgress = (done: number, total: number, phase: BuildPhase): void => {
      if (told.at(-1)?.phase !== phase) told.push({ phase, steps: [] });
      told.at(-1)?.steps.push([done, total]);
    };
    await dataset.array('e').index({ type, onProgress });
    expect(told.map(({ phase }) => phase)).toEqual(phasesOf[type]);
    for (const { phase, steps } of told) {
      expect(new Set(steps.map(([, total]) => total)).size, phase).toBe(1);
      const done = steps.map(([count]) => count);
      expect(done, phase).toEqual([...done].sort((a, b) => a - b));
    }
    // A graph is linked without the rows that it is measured by, and then with them.
    for (const phase of new Set(phasesOf[type])) {
      const [done, total] = told.findLast((one) => one.phase === phase)?.steps.at(-1) ?? [];
      expect(done, phase).toBe(total);
    }
  });

  const each = [...new Set(phasesOf[type])];

  test.each(each)('ends in the phase %s, and nothing is seen of it', async (phase) => {
    const version = await dataset.version();
    const controller = new AbortController();
    const later: BuildPhase[] = [];
    const onProgress = (_: number, __: number, now: BuildPhase): void => {
      if (controller.signal.aborted) later.push(now);
      else if (now === phase) controller.abort();
    };
    const building = dataset.array('e').index({ type, onProgress, signal: controller.signal });
    await expect(building).rejects.toMatchObject({ code: 'Aborted' });
    // Pieces of a sample are read side by side.
    expect(later.filter((now) => now !== phase)).toEqual([]);
    expect(await dataset.refresh()).toBe(version);
  });
});
