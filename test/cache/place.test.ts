import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheFolder, defaultBudgetBytes } from '../../src/cache/place.js';
import { scratch } from './support.js';

describe('the folder', () => {
  test('is what was configured, before all else', () => {
    expect(cacheFolder('/some/where', { NACRE_CACHE_DIR: '/else' })).toBe('/some/where');
    expect(cacheFolder('/some/where', { NACRE_CACHE: 'off' })).toBe('/some/where');
    expect(cacheFolder(false, { NACRE_CACHE_DIR: '/else' })).toBeUndefined();
    expect(cacheFolder('here', {})).toBe(path.resolve('here'));
  });

  test('is none with NACRE_CACHE=off, and NACRE_CACHE_DIR else', () => {
    expect(cacheFolder(undefined, { NACRE_CACHE: 'off', NACRE_CACHE_DIR: '/else' })).toBeUndefined();
    expect(cacheFolder(undefined, { NACRE_CACHE: 'OFF' })).toBeUndefined();
    expect(cacheFolder(undefined, { NACRE_CACHE: 'on', NACRE_CACHE_DIR: '/else' })).toBe('/else');
  });

  test('is below XDG_CACHE_HOME, or below the home', () => {
    const home = scratch();
    const xdg = path.join(home, 'xdg');
    expect(cacheFolder(undefined, { HOME: home, XDG_CACHE_HOME: xdg })).toBe(path.join(xdg, 'nacre'));
    expect(cacheFolder(undefined, { HOME: home })).toBe(path.join(home, '.cache/nacre'));
    expect(cacheFolder(undefined, { HOME: home, XDG_CACHE_HOME: '', NACRE_CACHE_DIR: '' })).toBe(
      path.join(home, '.cache/nacre'),
    );
    // The XDG specification: a relative path is invalid and ignored.
    expect(cacheFolder(undefined, { HOME: home, XDG_CACHE_HOME: 'here' })).toBe(
      path.join(home, '.cache/nacre'),
    );
  });

  test('is the user’s own in the temporary folder where the home is no folder', () => {
    const expected = path.join(tmpdir(), `nacre-${process.geteuid?.()}`);
    expect(cacheFolder(undefined, { HOME: '/dev/null' })).toBe(expected);
    expect(cacheFolder(undefined, { HOME: '' })).toBe(expected);
  });
});

describe('the default budget', () => {
  test('is a quarter of the free disk and at most 10 GiB, also before the folder is there', () => {
    const folder = scratch();
    const { bavail, bsize } = statfsSync(folder);
    const budget = defaultBudgetBytes(path.join(folder, 'not/yet/there'));
    expect(budget).toBeLessThanOrEqual(10 * 2 ** 30);
    expect(budget).toBeGreaterThan(Math.min(10 * 2 ** 30, (bavail * bsize) / 8));
  });

  test('is nothing on a disk that has nothing', () => {
    expect(defaultBudgetBytes('/proc/nacre')).toBe(0);
  });
});
