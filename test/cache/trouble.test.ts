// The disk may be full, read-only or no disk at all: the read succeeds, and it is told once.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FolderCache } from '../../src/cache/folder-cache.js';
import { cacheInfo } from '../../src/cache/maintenance.js';
import { openPageCache } from '../../src/cache/page-cache.js';
import type { NacreError } from '../../src/errors.js';
import { type Runtime, systemRuntime } from '../../src/util/runtime.js';
import {
  asOrdinaryUser,
  binary,
  expectBytes,
  fileOf,
  knownPage,
  openCache,
  scratch,
  settledRuntime,
  sourceOf,
} from './support.js';

interface Watched {
  readonly cache: FolderCache;
  readonly warnings: NacreError[];
}

function watch(folder: string, runtime: Runtime = settledRuntime): Watched {
  const warnings: NacreError[] = [];
  return { cache: openCache(folder, { runtime, onWarning: (warning) => warnings.push(warning) }), warnings };
}

async function readAll(cache: FolderCache, pages: number, length: number): Promise<void> {
  for (let seed = 0; seed < pages; seed++) {
    const known = knownPage(seed, length);
    expectBytes(await cache.read(known.page, sourceOf(known)), known);
  }
}

/** Runs `body` in a mounted folder; false, and said, where this machine does not let us mount. */
async function mounted(args: readonly string[], body: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = scratch();
  const mount = spawnSync('mount', [...args, folder], { encoding: 'utf8' });
  if (mount.status !== 0) {
    console.warn(`not tested: mount ${args.join(' ')} is not allowed here (${mount.stderr?.trim()})`);
    return false;
  }
  try {
    await body(folder);
  } finally {
    // Lazily: a mapping that is not collected yet keeps the file system busy.
    spawnSync('umount', ['--lazy', folder]);
  }
  return true;
}

describe('a full disk', () => {
  test.for([1000, 100_000])('costs a warning, and no read of a page of %i bytes', async (length, context) => {
    const ran = await mounted(['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs'], async (folder) => {
      const { cache, warnings } = watch(folder);
      await readAll(cache, Math.ceil(1_500_000 / Math.max(length, 4096)), length);
      const { stored, passed, diskErrors, misses } = cache.counters();
      expect(warnings).toMatchObject([{ code: 'ResourceExhausted', context: { errno: 'ENOSPC' } }]);
      expect(stored).toBeGreaterThan(0);
      expect(passed).toBeGreaterThan(0);
      expect(stored + passed).toBe(misses);
      expect(diskErrors).toBe(1);
      // What fitted is still found, and nothing half written is left.
      const first = knownPage(0, length);
      const source = sourceOf(first);
      expectBytes(await cache.read(first.page, source), first);
      expect(source.loads).toBe(0);
      expect(await cacheInfo(folder)).toMatchObject({ pages: stored, unfinished: 0 });
    });
    if (!ran) context.skip();
  });

  test('is tried again after a minute', async (context) => {
    const ran = await mounted(['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs'], async (folder) => {
      let elapsedMs = 0;
      const runtime: Runtime = {
        ...settledRuntime,
        now: () => settledRuntime.now() + elapsedMs,
        monotonic: () => elapsedMs,
      };
      const filler = path.join(folder, 'filler');
      writeFileSync(filler, new Uint8Array(1_000_000));
      const { cache, warnings } = watch(folder, runtime);
      await readAll(cache, 4, 50_000);
      expect(cache.counters()).toMatchObject({ stored: 0, diskErrors: 1 });
      writeFileSync(filler, '');
      await readAll(cache, 4, 50_000);
      expect(cache.counters().stored).toBe(0);
      elapsedMs += 60_000;
      await readAll(cache, 4, 50_000);
      expect(cache.counters()).toMatchObject({ stored: 4, diskErrors: 1 });
      expect(warnings).toHaveLength(1);
    });
    if (!ran) context.skip();
  });
});

describe('a folder that cannot be written', () => {
  test('mounted read-only still answers from what is there', async (context) => {
    const original = scratch();
    await readAll(openCache(original), 3, 70_000);
    const ran = await mounted(['--bind', '-o', 'ro', original], async (folder) => {
      const { cache, warnings } = watch(folder);
      await readAll(cache, 6, 70_000);
      await readAll(cache, 3, 70_000);
      expect(cache.counters()).toMatchObject({ hits: 6, misses: 3, stored: 0, passed: 3 });
      expect(warnings).toMatchObject([{ code: 'PermissionDenied', context: { errno: 'EROFS' } }]);
    });
    if (!ran) context.skip();
  });

  test.each(['/dev/full', '/dev/null/below', '/proc/nacre', '/sys/nacre'])('at %s', async (folder) => {
    const { cache, warnings } = watch(folder);
    await readAll(cache, 5, 1000);
    await readAll(cache, 5, 100_000);
    expect(cache.counters()).toMatchObject({ hits: 0, misses: 10, stored: 0, passed: 10 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toContain(folder);
    expect(warnings[0]?.hint).toBeDefined();
  });

  test('named by NACRE_CACHE_DIR', async () => {
    const environment = { NACRE_CACHE_DIR: '/dev/full' };
    const cache = openPageCache({ runtime: systemRuntime, native: binary, environment });
    const known = knownPage(1);
    for (let i = 0; i < 2; i++) expectBytes(await cache.read(known.page, sourceOf(known)), known);
    expect(cache.folder).toBe('/dev/full');
  });
});

describe('a folder that is not ours alone', () => {
  test('is not used when others may write in it', async () => {
    const folder = scratch();
    const { cache: first } = watch(folder);
    await readAll(first, 1, 1000);
    chmodSync(path.join(folder, 'v1'), 0o777);
    const { cache, warnings } = watch(folder);
    await readAll(cache, 2, 1000);
    expect(cache.counters()).toMatchObject({ hits: 0, stored: 0, passed: 2 });
    expect(warnings).toMatchObject([{ code: 'PermissionDenied' }]);
  });

  test('is not used when somebody else took its name in a folder for everyone', async (context) => {
    if (process.getuid?.() !== 0) {
      console.warn('not tested: another user’s cache folder (only root can make one)');
      context.skip();
    }
    const everyone = scratch();
    chmodSync(everyone, 0o1777);
    const folder = path.join(everyone, 'nacre');
    mkdirSync(folder);
    chownSync(folder, 12_345, 12_345);
    const { cache, warnings } = watch(folder);
    await readAll(cache, 2, 1000);
    expect(cache.counters()).toMatchObject({ hits: 0, stored: 0, passed: 2 });
    expect(warnings).toMatchObject([{ code: 'PermissionDenied' }]);
    expect(warnings[0]?.message).toContain('another user');
  });

  test('is used in a folder for everyone when it is ours', async () => {
    const everyone = scratch();
    chmodSync(everyone, 0o1777);
    const folder = path.join(everyone, 'nacre');
    const { cache, warnings } = watch(folder);
    await readAll(cache, 2, 1000);
    await readAll(cache, 2, 1000);
    expect(cache.counters()).toMatchObject({ hits: 2, stored: 2 });
    expect(warnings).toEqual([]);
  });
});

describe('an ordinary user', () => {
  test('gets a page whose file cannot be opened from the store, and is told once', async () => {
    await asOrdinaryUser(async (folder) => {
      await readAll(openCache(folder), 1, 1000);
      chmodSync(fileOf(folder, knownPage(0, 1000).page), 0);
      const { cache, warnings } = watch(folder);
      for (let i = 0; i < 3; i++) await readAll(cache, 1, 1000);
      // The load left a file that can be.
      expect(cache.counters()).toMatchObject({ misses: 1, hits: 2, damaged: 0, diskErrors: 1 });
      expect(warnings).toMatchObject([{ code: 'PermissionDenied', context: { errno: 'EACCES' } }]);
    });
  });

  test.each([0o500, 0])('reads on when the folder has mode %i', async (mode) => {
    await asOrdinaryUser(async (folder) => {
      const inside = path.join(folder, 'nacre');
      mkdirSync(inside, { mode });
      const { cache, warnings } = watch(inside);
      await readAll(cache, 3, 1000);
      expect(cache.counters()).toMatchObject({ hits: 0, misses: 3, stored: 0, passed: 3 });
      expect(warnings).toMatchObject([{ code: 'PermissionDenied', context: { errno: 'EACCES' } }]);
    });
  });

  test('has a cache in a folder of its own', async () => {
    await asOrdinaryUser(async (folder) => {
      const { cache, warnings } = watch(folder);
      for (let i = 0; i < 2; i++) await readAll(cache, 2, 100_000);
      expect(cache.counters()).toMatchObject({ stored: 2, hits: 2 });
      expect(warnings).toEqual([]);
    });
  });
});
