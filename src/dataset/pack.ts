// A dataset as one file, and that one elsewhere again.
import type { RestoreToOptions as CopyOptions } from '../ops/restore.js';
import { at, type UpkeepConnection, withReplicas } from './by-address.js';
import type { Environment } from './environment.js';
import type { RestoreToReport } from './restore-to.js';

export interface PackOptions
  extends Pick<CopyOptions, 'at' | 'only' | 'bytesPerSecond' | 'onProgress' | 'signal'> {}

export interface PackReport extends Omit<RestoreToReport, 'resumed' | 'presentObjects' | 'presentBytes'> {
  /** Of the file. */
  readonly sizeBytes: number;
}

/**
 * Writes a dataset into one file: the history up to a version (default the newest) with the data of the
 * versions that it keeps, or of that one alone (`only`), as `restoreTo()` does, each object compared with its
 * hash. The file is a zip file of objects, not compressed. It opens as a dataset, which is read only:
 * `open(file)`; `unpack()` makes one of it that takes writes, and so does what unpacks zip files.
 *
 * An existing file is replaced at the end; of a pack that fails nothing is left. Cost: that of `restoreTo()`.
 * Errors: `NotFound`, `Expired`; `Corrupt` for what nobody has the right bytes of; `ResourceExhausted` for a
 * full disk, and for more objects than a directory of 16 MiB names, some 150,000.
 */
export function pack(
  source: string,
  file: string,
  options: PackOptions & UpkeepConnection = {},
): Promise<PackReport> {
  return at(source, options, async (from) => {
    const { PackWriter } = await import('../formats/pack/writer.js');
    const { environmentOf } = await import('./environment.js');
    const writer = await PackWriter.create(file, from.runtime);
    const to = environmentOf(writer, { ...options, cacheDir: false });
    try {
      const report = await into(from, to, options);
      return { ...report, sizeBytes: await writer.finish() };
    } finally {
      await to.cache.close();
      await writer.close();
    }
  });
}

async function into(
  from: Environment,
  to: Environment,
  options: PackOptions & UpkeepConnection,
): Promise<Omit<PackReport, 'sizeBytes'>> {
  const { restoreTo } = await import('./restore-to.js');
  const { resumed, presentObjects, presentBytes, ...report } = await withReplicas(
    from,
    to,
    options,
    (openReplicas) => restoreTo(from, to, openReplicas, options),
  );
  return report;
}
