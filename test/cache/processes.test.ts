// Real processes on one folder: side by side, one after the other, and killed at any moment.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { beforeAll, describe, expect, test } from 'vitest';
import { cacheInfo, cacheVerify } from '../../src/cache/maintenance.js';
import { randomOf } from './content.js';
import { binary, expectBytes, knownPage, openCache, scratch, sourceOf } from './support.js';
import type { WorkerOptions } from './worker.js';

const root = path.resolve(import.meta.dirname, '../..');
let worker = '';

beforeAll(async () => {
  const outDir = scratch();
  await build({
    configFile: false,
    root,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: path.join(import.meta.dirname, 'worker.ts'),
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { output: { entryFileNames: 'worker.mjs' } },
    },
  });
  worker = path.join(outDir, 'worker.mjs');
});

function start(options: WorkerOptions, more: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [worker, JSON.stringify(options)], {
    ...more,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NACRE_NATIVE_PATH: path.join(root, 'dist/nacre.node'), ...more.env },
  });
}

interface Outcome {
  readonly hits: number;
  readonly misses: number;
  readonly stored: number;
  readonly damaged: number;
  readonly evicted: number;
  readonly diskErrors: number;
  readonly folder: string;
  readonly warnings: readonly string[];
}

/** The counters that the process prints at its end; it ends well only when every byte was right. */
async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let last = '';
  child.stdout?.on('data', (text: Buffer) => {
    last += text.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  return JSON.parse(last.trim().split('\n').at(-1) ?? '') as Outcome;
}

const quiet = { together: 4, loud: false, lengths: [900, 5000, 40_000, 80_000] };

describe('one process after another', () => {
  test('finds what the one before it loaded', async () => {
    const folder = scratch();
    const options = { ...quiet, folder, budgetBytes: 2 ** 30, pages: 32, reads: 200 };
    const first = await outcomeOf(start({ ...options, seed: 1 }));
    expect(first).toMatchObject({ misses: 32, stored: 32, damaged: 0, diskErrors: 0, warnings: [] });
    const second = await outcomeOf(start({ ...options, seed: 2 }));
    expect(second).toMatchObject({ misses: 0, stored: 0, damaged: 0, diskErrors: 0, warnings: [] });
    expect(second.hits).toBeGreaterThan(100);
  });
});

describe('a process with a home that it cannot write, as in a serverless function', () => {
  test('keeps its pages in a folder of its own in the temporary one', async () => {
    const [home, temporary] = [path.join(scratch(), 'home'), scratch()];
    mkdirSync(home, { mode: 0o555 });
    chmodSync(path.dirname(home), 0o755);
    chmodSync(temporary, 0o1777);
    chmodSync(path.dirname(worker), 0o755);
    const isRoot = process.geteuid?.() === 0;
    const env = { HOME: home, TMPDIR: temporary, NACRE_CACHE_DIR: '', XDG_CACHE_HOME: '', NACRE_CACHE: '' };
    const options = { ...quiet, budgetBytes: 2 ** 30, pages: 8, reads: 16, seed: 1 };
    const user = isRoot ? 65_534 : (process.geteuid?.() as number);
    const outcome = await outcomeOf(start(options, isRoot ? { env, uid: user } : { env }));
    expect(outcome).toMatchObject({ stored: 8, warnings: [] });
    expect(outcome.folder).toBe(path.join(temporary, `nacre-${user}`));
    expect(await cacheInfo(outcome.folder)).toMatchObject({ pages: 8 });
  });
});

describe('four processes at one time', () => {
  test('read right bytes from one folder that holds a quarter of their pages', async () => {
    const folder = scratch();
    const pages = 1000;
    const total = Array.from({ length: pages }, (_, seed) => quiet.lengths[seed % 4] as number);
    const budgetBytes = Math.ceil(total.reduce((sum, length) => sum + length, 0) / 4);
    const children = [1, 2, 3, 4].map((seed) =>
      start({ ...quiet, folder, budgetBytes, pages, reads: 1000, seed }),
    );
    const ended = { yes: false };
    const outcomes = Promise.all(children.map(outcomeOf)).finally(() => {
      ended.yes = true;
    });
    let most = 0;
    while (!ended.yes) {
      most = Math.max(most, (await cacheInfo(folder)).sizeBytes);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ damaged: 0, diskErrors: 0, warnings: [] });
      expect(outcome.hits).toBeGreaterThan(0);
      expect(outcome.evicted).toBeGreaterThan(0);
    }
    expect((await cacheInfo(folder)).sizeBytes).toBeLessThanOrEqual(budgetBytes);
    // Counted while files come and go, so a little too much.
    expect(most).toBeLessThanOrEqual(1.25 * budgetBytes);
    expect(await cacheVerify(folder, binary)).toMatchObject({ damagedPages: 0 });
  });
});

describe('a process that is killed while it fills', () => {
  test('leaves a folder that gives right bytes, ten times over', async () => {
    const folder = scratch();
    const next = randomOf(7);
    const options: WorkerOptions = {
      folder,
      budgetBytes: 2 ** 30,
      pages: 500,
      lengths: [2 ** 20, 3 * 2 ** 20 + 5, 70_000, 2000],
      reads: 500,
      together: 4,
      seed: 0,
      loud: true,
    };
    let unfinished = 0;
    for (let round = 0; round < 10; round++) {
      const child = start({ ...options, seed: round });
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      let left = 3 + (next() % 12);
      lines.on('line', () => {
        left--;
        if (left === 0) child.kill('SIGKILL');
      });
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      expect([code, signal]).toEqual([null, 'SIGKILL']);
      const info = await cacheInfo(folder);
      unfinished = info.unfinished;
      expect(info.pages).toBeGreaterThan(0);
      // Whatever the moment was, no page is visible that is not whole.
      expect(await cacheVerify(folder, binary)).toMatchObject({ pages: info.pages, damagedPages: 0 });
    }
    console.info(`ten kills left ${unfinished} unfinished files`);
    const cache = openCache(folder, { budgetBytes: options.budgetBytes });
    for (let seed = 0; seed < 100; seed++) {
      const known = knownPage(seed, options.lengths[seed % 4] as number);
      expectBytes(await cache.read(known.page, sourceOf(known)), known);
    }
    await cache.close();
    expect(cache.counters()).toMatchObject({ damaged: 0, diskErrors: 0 });
  });
});
