// Where the cache is and how much it may take, when nobody says: environment, home, temporary folder, free
// disk. Decides only; nothing is made here.
import { accessSync, constants, statfsSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import path from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

const LARGEST_DEFAULT_BYTES = 10 * 2 ** 30;

/**
 * The cache folder, or undefined when the cache is off. `configured` comes first (`false` is off), then
 * `NACRE_CACHE=off`, `NACRE_CACHE_DIR`, `$XDG_CACHE_HOME/nacre`, `~/.cache/nacre`; the system's temporary
 * folder where that home cannot be written, as in a serverless function.
 */
export function cacheFolder(
  configured: string | false | undefined,
  environment: Environment = process.env,
): string | undefined {
  if (configured === false) return undefined;
  if (configured !== undefined) return path.resolve(configured);
  if (environment['NACRE_CACHE']?.toLowerCase() === 'off') return undefined;
  const chosen = environment['NACRE_CACHE_DIR'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const home = homeCache(environment);
  if (home !== undefined && canCreate(home)) return path.join(home, 'nacre');
  return path.join(tmpdir(), `nacre-${process.geteuid?.() ?? userInfo().username}`);
}

/** A quarter of the free disk under `folder`, at most 10 GiB; 10 GiB where the disk does not say. */
export function defaultBudgetBytes(folder: string): number {
  try {
    const disk = statfsSync(nearestFolder(folder));
    return Math.min(LARGEST_DEFAULT_BYTES, Math.floor((disk.bavail * disk.bsize) / 4));
  } catch {
    return LARGEST_DEFAULT_BYTES;
  }
}

function homeCache(environment: Environment): string | undefined {
  const xdg = environment['XDG_CACHE_HOME'];
  // The XDG specification says to ignore a relative path.
  if (xdg !== undefined && path.isAbsolute(xdg)) return xdg;
  const home = environment['HOME'] ?? homedir();
  return path.isAbsolute(home) ? path.join(home, '.cache') : undefined;
}

function canCreate(folder: string): boolean {
  try {
    accessSync(nearestFolder(folder), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folder itself or the nearest one above it that is there. */
function nearestFolder(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      accessSync(at, constants.F_OK);
      return at;
    } catch (error) {
      if (at === path.dirname(at)) throw error;
    }
  }
}
