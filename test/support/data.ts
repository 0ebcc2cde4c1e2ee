// Real input that lies beside the project and is never copied into it. Where it is missing a test skips and
// says so; a fresh clone elsewhere is no failure.
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');
const told = new Set<string>();

/**
 * The path of a file or folder of the shared data, looked up under `NACRE_DATA`, else `../shared/data` beside
 * the repository. Undefined, with one printed line, where it is not there: that the tests on it are skipped,
 * or what happens instead.
 */
export function dataPath(...parts: string[]): string | undefined {
  return dataPathOr(`SKIPPED: the tests on ${path.join(...parts)}`, ...parts);
}

/** The same for who goes on without it: `instead` says how. */
export function dataPathOr(instead: string, ...parts: string[]): string | undefined {
  const folder = path.resolve(process.env['NACRE_DATA'] ?? path.join(root, '..', 'shared', 'data'));
  const wanted = path.join(folder, ...parts);
  if (existsSync(wanted)) return wanted;
  if (!told.has(wanted)) {
    told.add(wanted);
    console.warn(`${instead}: ${wanted} is not there (set NACRE_DATA)`);
  }
  return undefined;
}
