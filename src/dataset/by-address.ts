// Upkeep by address: the way in where open() fails, since a repair begins with what cannot be opened.
import type { RepairOptions, RepairReport } from '../ops/repair.js';
import type { ScrubOptions, ScrubReport } from '../ops/scrub.js';
import type { Status, StatusOptions } from '../ops/status.js';
import type { Meter } from '../storage/wrap/meter.js';
import type { ConnectOptions, Environment } from './environment.js';

export interface UpkeepConnection extends ConnectOptions {
  /** Gets what counts the requests of each place that is opened. */
  readonly onConnect?: (meter: Meter) => void;
}

/** Sources of a repair, besides what the place itself has. */
export interface RepairFrom extends RepairOptions {
  /** Addresses of replicas or copies of the same dataset, asked in this order. */
  readonly sources?: readonly string[];
}

/** Whether every byte that kept versions need is there and right, by address. As `Dataset.scrub()`. */
export function scrub(uri: string, options: ScrubOptions & UpkeepConnection = {}): Promise<ScrubReport> {
  return at(uri, options, async (environment) =>
    (await import('../ops/scrub.js')).scrub(environment, options),
  );
}

/** How a dataset is, by address. As `Dataset.status()`. */
export function status(uri: string, options: StatusOptions & UpkeepConnection = {}): Promise<Status> {
  return at(uri, options, async (environment) =>
    (await import('../ops/status.js')).status(environment, options),
  );
}

/**
 * Puts damaged and missing objects back, by address: also where the dataset cannot be opened, as long as a
 * root, the hint or a source says what belongs there. As `Dataset.repair()`.
 */
export function repair(uri: string, options: RepairFrom & UpkeepConnection = {}): Promise<RepairReport> {
  return at(uri, options, (environment) => repairFrom(environment, options, options));
}

/** Opens the sources for as long as the repair takes. */
export async function repairFrom(
  environment: Environment,
  { sources = [], ...options }: RepairFrom,
  connect: UpkeepConnection,
): Promise<RepairReport> {
  const { repair: run } = await import('../ops/repair.js');
  const { signal: _, ...others } = connect;
  const connection = { ...others, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const open = (uris: readonly string[], opened: readonly Environment[]): Promise<RepairReport> => {
    const [uri, ...rest] = uris;
    if (uri !== undefined) return at(uri, connection, (source) => open(rest, [...opened, source]));
    const named = opened.map((source) => ({ ...source, name: source.store.uri }));
    return run(environment, named, options);
  };
  return open(sources, []);
}

async function at<T>(
  uri: string,
  options: UpkeepConnection,
  work: (environment: Environment) => Promise<T>,
): Promise<T> {
  const [{ openBackend }, { environmentOf }] = await Promise.all([
    import('./backend.js'),
    import('./environment.js'),
  ]);
  const backend = await openBackend(uri, options);
  let close = (): Promise<void> => backend.close();
  try {
    const environment = environmentOf(backend, options);
    close = async () => {
      await environment.cache.close();
      await environment.store.close();
    };
    options.onConnect?.(environment.meter);
    return await work(environment);
  } finally {
    await close();
  }
}
