// A search of an array far larger than the memory budget keeps within the budget, wherever the array is.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Hit } from '../../src/index.js';
import { makePlace, onEach } from '../races/support.ts';

const mebibyte = 2 ** 20;
const memoryBytes = 32 * mebibyte;
/** What the runtime itself grows by: code, sockets, garbage not yet collected. */
const slackBytes = 64 * mebibyte;

const dimensions = 1024;
/** 256 MiB, 8 times the budget, in partitions of two windows each. */
const rows = (8 * memoryBytes) / (4 * dimensions);

/** Rows of noise, the same in every run. */
function noise(from: number, count: number): Float32Array {
  let state = from + 1;
  return Float32Array.from({ length: count * dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}

interface Said {
  readonly idle: number;
  readonly peaks: Readonly<Record<string, number>>;
  readonly hits: Readonly<Record<string, readonly Hit[]>>;
}

onEach(['folder', 'minio'], 'a search of an array on', (name) => {
  // The peak of a process is read where Linux tells it.
  test.skipIf(process.platform !== 'linux')(
    'eight times its memory budget holds the budget, with codes and without, cached and not',
    async () => {
      const place = await makePlace(name, []);
      const folder = mkdtempSync(path.join(tmpdir(), 'nacre-search-'));
      try {
        const dataset = await place.open();
        const step = 4096;
        for (const [array, total] of [
          ['small', 1],
          ['large', rows],
        ] as const) {
          await dataset.write(async (tx) => {
            await tx.create(array, { dtype: 'float32', rowShape: [dimensions] });
            for (let at = 0; at < total; at += step) {
              const count = Math.min(step, total - at);
              await tx.append(array, { data: noise(at, count), shape: [count, dimensions] });
            }
          });
          await dataset.array(array).index({ type: 'exact', bits: true });
        }
        const query = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(i));
        const expected = await dataset.array('large').nearest(query, { metric: 'l2' }).limit(3).toArray();
        await dataset.close();
        for (const cacheDir of name === 'folder' ? [false] : [false, path.join(folder, 'cache')]) {
          const options = { uri: place.uri, cacheDir, memoryBytes, dimensions };
          const child = path.join(import.meta.dirname, 'memory-child.mjs');
          const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(options)], {
            env: { ...process.env, ...place.env },
          });
          const { peaks, hits } = JSON.parse(stdout) as Said;
          console.info(`${name}, ${cacheDir === false ? 'no cache' : 'cache'}: ${textOf(peaks)}`);
          expect(hits['l2']).toEqual(expected);
          for (const kind of ['l2 of f8', 'l2 of bits'])
            expect(hits[kind]?.map(({ estimated }) => estimated)).toEqual([true, true, true]);
          for (const peak of Object.values(peaks)) expect(peak).toBeLessThanOrEqual(memoryBytes + slackBytes);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
        await place.dispose();
      }
    },
    120_000,
  );
});

function textOf(peaks: Readonly<Record<string, number>>): string {
  return Object.entries(peaks)
    .map(([metric, peak]) => `${metric} ${Math.round(peak / mebibyte)} MiB`)
    .join(', ');
}
