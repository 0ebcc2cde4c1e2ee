// An object larger than the memory budget, such as a graph: checked window by window, and out of memory again
// once its reader is done.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const mebibyte = 2 ** 20;
const memoryBytes = 16 * mebibyte;
const sizeBytes = 10 * memoryBytes;
/** What the runtime itself grows by: code, garbage not yet collected. */
const slackBytes = 64 * mebibyte;

interface Said {
  readonly checked: number;
  readonly touched: readonly number[];
  readonly after: readonly number[];
  readonly right: boolean;
}

// The peak of a process is read where Linux tells it.
test.skipIf(process.platform !== 'linux').each(['mapped', 'cached'])(
  'an object of ten times the memory budget, %s, is checked within the budget',
  async (kind) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nacre-large-object-'));
    try {
      const child = path.join(import.meta.dirname, 'large-object-child.mjs');
      const options = JSON.stringify({ kind, folder, sizeBytes, memoryBytes });
      const run = () => promisify(execFile)(process.execPath, [child, options]);
      // The process that fills a cache holds what it loads.
      if (kind === 'cached') await run();
      const { stdout } = await run();
      const { checked, touched, after, right } = JSON.parse(stdout) as Said;
      expect(right).toBe(true);
      expect(checked).toBeLessThanOrEqual(memoryBytes + slackBytes);
      // What is touched is in memory, and only then.
      expect(Math.min(...touched)).toBeGreaterThan(sizeBytes / 2);
      expect(Math.max(...after)).toBeLessThanOrEqual(memoryBytes + slackBytes);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
