// Tries out a prefix: whether the store keeps what commits rest on, with these credentials, from here.
//
// Everything is tried on scratch keys below `leases/`, which are removed at the end; nothing of a dataset is
// read or written. The bare backend is tried, without retries, so that what the store does shows.
import { isNacreError, type NacreError } from '../errors.js';
import { deleteAll } from '../storage/delete-all.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { openStore } from '../storage/open.js';
import { parseStoreUri } from '../storage/uri.js';
import { ownSignal } from '../storage/wrap/parallel.js';
import { toHex } from '../util/bytes.js';
import { type Runtime, systemRuntime } from '../util/runtime.js';
import { type Finding, latencyText, type Probe, type Tried } from './doctor/finding.js';
import { raceProbes } from './doctor/races.js';
import { rightProbes } from './doctor/rights.js';
import { settingsOf } from './doctor/settings.js';
import { speedProbes } from './doctor/speed.js';

export type { Finding } from './doctor/finding.js';

export interface DoctorOptions extends CallOptions {
  /** Also a body that goes in parts: some 64 MiB up and down. Default false. */
  readonly full?: boolean;
  /** Called as each check ends. */
  readonly onFinding?: (finding: Finding) => void;
}

export interface Diagnosis {
  readonly uri: string;
  readonly findings: readonly Finding[];
  /** Reads work with these credentials. */
  readonly canRead: boolean;
  /** Writes work with these credentials. */
  readonly canWrite: boolean;
  /** Exactly one of many racing writers wins: several writers are safe. */
  readonly manyWriters: boolean;
}

/**
 * Tries the place that a URI names. Cost: some 450 small requests and 8 MiB each way; with `full` 64 MiB more
 * each way. Errors: `NotFound` (no bucket), `Unavailable`, `InvalidArgument`, `Aborted`; all else is a
 * finding.
 */
export async function doctor(uri: string, options: DoctorOptions = {}): Promise<Diagnosis> {
  const location = parseStoreUri(uri);
  const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
  const store = await openStore(location, { ...call, runtime: systemRuntime });
  // The probes race on the bare backend, each request with listeners of its SDK.
  const own = options.signal && ownSignal(options.signal);
  try {
    const diagnosis = await examine(store, systemRuntime, own ? { ...options, signal: own.signal } : options);
    const settings = await settingsOf(location, call);
    for (const finding of settings) options.onFinding?.(finding);
    return { ...diagnosis, findings: [...diagnosis.findings, ...settings] };
  } finally {
    own?.release();
    await store.close();
  }
}

/** The checks that need nothing but a store. */
export async function examine(
  store: ObjectStore,
  runtime: Runtime,
  options: DoctorOptions = {},
): Promise<Diagnosis> {
  const id = toHex(runtime.randomBytes(8));
  const used = new Set<string>();
  const tried: Tried = {
    store,
    runtime,
    signal: options.signal,
    full: options.full ?? false,
    key(name) {
      const key = `leases/doctor-${id}-${name}`;
      used.add(key);
      return key;
    },
    latencies: { get: [], put: [] },
  };
  const findings: Finding[] = [];
  const add = (finding: Finding): void => {
    findings.push(finding);
    options.onFinding?.(finding);
  };
  try {
    for (const probe of [...rightProbes, ...raceProbes, ...speedProbes])
      add(await run(probe, tried, findings));
    add(latencyText(tried.latencies));
  } catch (error) {
    await cleanUp(store, used).catch(() => undefined);
    throw error;
  }
  const left = await cleanUp(store, used).catch((error: unknown) => error);
  const ok = (name: string): boolean => findings.some((one) => one.check === name && one.verdict === 'ok');
  // Of credentials that may not delete, that was said.
  if (isNacreError(left) && ok('remove')) add(notCleanedUp(left, id));
  return {
    uri: store.uri,
    findings,
    canRead: ok('read'),
    canWrite: ok('create'),
    manyWriters: ok('create race') && ok('replace race'),
  };
}

async function run(probe: Probe, tried: Tried, before: readonly Finding[]): Promise<Finding> {
  const { check, needs } = probe;
  const broken = needs?.find((need) => !before.some((one) => one.check === need && one.verdict === 'ok'));
  if (broken !== undefined) return { check, verdict: 'skipped', detail: `it needs '${broken}'` };
  try {
    return { check, ...(await probe.run(tried)) };
  } catch (error) {
    const known = isNacreError(error) ? error : undefined;
    if (known === undefined || known.code === 'Aborted') throw error;
    // Nothing can be tried where nothing answers.
    if (check === 'read' && known.code !== 'PermissionDenied') throw error;
    return { check, verdict: 'failed', detail: detailOf(known), code: known.code };
  }
}

function detailOf({ message, hint }: NacreError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

function notCleanedUp(error: NacreError, id: string): Finding {
  const detail = `keys that were tried out stay: remove leases/doctor-${id}-*. ${error.message}`;
  return { check: 'clean-up', verdict: 'warning', detail };
}

/** Without the caller's signal: an interrupted run leaves nothing behind either. */
async function cleanUp(store: ObjectStore, used: ReadonlySet<string>): Promise<void> {
  await deleteAll(store, [...used]);
}
