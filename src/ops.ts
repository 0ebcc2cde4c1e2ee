// Upkeep, each verb loaded when it is called: whoever reads and writes does not pay for it.
import type { CacheCleared, CacheVerified, VerifyOptions } from './cache/maintenance.js';
import type { CacheOptions, CacheState } from './ops/cache.js';
import type { Diagnosis, DoctorOptions } from './ops/doctor.js';

/** Tries out a place: credentials, races, ranges, checksums, clocks, speed. See {@link Diagnosis}. */
export async function doctor(uri: string, options: DoctorOptions = {}): Promise<Diagnosis> {
  return (await import('./ops/doctor.js')).doctor(uri, options);
}

/** The page cache on this machine. */
export const cache = {
  /** What it holds. Cost: one look a page. */
  async info(options: CacheOptions = {}): Promise<CacheState> {
    return (await import('./ops/cache.js')).info(options);
  },
  /** Removes every page; safe beside running processes. */
  async clear(options: CacheOptions = {}): Promise<CacheCleared> {
    return (await import('./ops/cache.js')).clear(options);
  },
  /** Compares every page with its checksum. Cost: reads the whole cache. */
  async verify(options: CacheOptions & VerifyOptions = {}): Promise<CacheVerified> {
    return (await import('./ops/cache.js')).verify(options);
  },
};
