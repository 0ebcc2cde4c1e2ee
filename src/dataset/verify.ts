// Whether a certificate is right at its version, and whether its answer still is: two questions with two
// answers. A version that is gone, or damage, leaves the first one open; it makes no certificate wrong.
import { isNacreError, type NacreError } from '../errors.js';
import { rootAt } from '../manifest/locate.js';
import type { LoadedRoot } from '../manifest/root.js';
import {
  type Certificate,
  type CertificateClaims,
  type Difference,
  differencesOf,
  parseCertificate,
  toExact,
} from '../query/certificate.js';
import { hashOf } from '../query/canonical.js';
import { type CertifiedArray, replay, vectorsOf } from '../query/certify.js';
import { plainly } from '../query/plan.js';
import { executeNearest, type Hit } from '../query/execute.js';
import { checkFully } from '../query/full-check.js';
import { dimensionsOf, Turns } from '../query/scan.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import type { Environment } from './environment.js';
import { Snapshot } from './snapshot.js';

export interface VerifyOptions extends CallOptions {
  /**
   * Scores every row again, and works out every number of the codes from the rows. Default false: the pass
   * that the certificate rests on is made again.
   */
  readonly full?: boolean;
  /** Told how many rows were gone over. */
  readonly onProgress?: (scannedRows: number, totalRows: number) => void;
}

export interface Verification {
  /**
   * Whether every claim holds at the version of the certificate; `unverifiable` where what it speaks of
   * cannot be read here.
   */
  readonly verdict: 'right' | 'wrong' | 'unverifiable';
  /** Why it is not right. */
  readonly reason?: string;
  /** Claims that are not what was found, the first 20. */
  readonly differences: readonly Difference[];
  /** Whether the newest version gives the same rows, by their ids, with the same scores. */
  readonly now: 'yes' | 'no' | 'unknown';
  readonly version: number;
  /** The newest version. */
  readonly headVersion: number;
  readonly full: boolean;
}

/** What `verify()` of a dataset does; `head` is the newest version. */
export async function verifyCertificate(
  environment: Environment,
  head: LoadedRoot,
  input: unknown,
  { full = false, onProgress, ...options }: VerifyOptions,
): Promise<Verification> {
  const certificate = parseCertificate(input);
  const { claims, hash } = certificate;
  const about = { version: claims.version, headVersion: head.root.version, full, differences: [] };
  if ((await hashOf(claims, options.signal)) !== hash)
    return { ...about, verdict: 'wrong', reason: 'the hash is not that of the claims', now: 'unknown' };
  const dataset = toHex(head.root.dataset);
  if (dataset !== claims.dataset) {
    const reason = `it speaks of the dataset ${claims.dataset}, and here is ${dataset}`;
    return { ...about, verdict: 'unverifiable', reason, now: 'unknown' };
  }
  const [passes, headRows] = [full ? 2 : 1, arrayOf(environment, head, claims)?.view.liveRows ?? 0];
  const total = passes * claims.liveRows + headRows;
  let done = 0;
  const onRows = (rows: number): void => onProgress?.(Math.min((done += rows), total), total);
  const found = await verdictOf(environment, head, certificate, full, { ...options, onRows });
  const isHead = found.verdict === 'right' && claims.version === head.root.version;
  const now = isHead ? 'yes' : await stillRight(environment, head, claims, options);
  onProgress?.(total, total);
  return { ...about, ...found, now };
}

type Verdict = Pick<Verification, 'verdict' | 'reason' | 'differences'>;

const right: Verdict = { verdict: 'right', differences: [] };

async function verdictOf(
  environment: Environment,
  head: LoadedRoot,
  { claims, hash }: Certificate,
  full: boolean,
  options: CallOptions & { readonly onRows: (rows: number) => void },
): Promise<Verdict> {
  const wrong = (reason: string, differences: readonly Difference[] = []): Verdict => {
    return { verdict: 'wrong', reason, differences };
  };
  try {
    const { store, functions } = environment;
    const loaded = await rootAt({ store, functions, head }, claims.version, options);
    if (toHex(loaded.hash) !== claims.root) {
      const reason = `version ${claims.version} here is another one: its root differs`;
      return { verdict: 'unverifiable', reason, differences: [] };
    }
    const at = arrayOf(environment, loaded, claims);
    if (at === undefined) return wrong(`version ${claims.version} has no array with the id that it names`);
    // Before anything rests on them.
    const facts = differencesOf(factsOf(claims), factsOf(at));
    if (facts.length > 0) return wrong('the array is not what it claims', facts);
    const found = await replay(at, claims, options);
    // Which ones differ is only looked for where some do: that goes through all of them at once.
    const isSame = (await hashOf(found, options.signal)) === hash;
    const differences = isSame ? [] : differencesOf(claims, found);
    if (differences.length > 0) return wrong('what it claims is not what was found', differences);
    const fault = full ? await checkFully(at, claims, options) : undefined;
    return fault === undefined ? right : wrong(fault);
  } catch (error) {
    if (isNacreError(error, 'InvalidArgument')) return wrong(error.message);
    if (!leavesOpen(error)) throw error;
    return { verdict: 'unverifiable', reason: error.message, differences: [] };
  }
}

/** What says that the thing is not here; anything else (a lost connection, missing rights) is thrown. */
function leavesOpen(error: unknown): error is NacreError {
  return (['Corrupt', 'NotFound', 'Expired', 'UnsupportedFormat'] as const).some((code) =>
    isNacreError(error, code),
  );
}

/** The array by its id: a name can come to mean another one. */
function arrayOf(
  environment: Environment,
  loaded: LoadedRoot,
  { array }: CertificateClaims,
): CertifiedArray | undefined {
  const entry = loaded.root.arrays.find(({ id }) => toHex(id) === array.id);
  if (entry === undefined) return undefined;
  return { environment, loaded, view: new Snapshot(environment, loaded).array(entry.name) };
}

/** What a certificate says of its array, and what an array is. */
function factsOf(from: CertificateClaims | CertifiedArray): unknown {
  if ('view' in from) {
    const { view } = from;
    const { dtype, rowShape } = view.type;
    const array = { name: view.name, id: view.id, dtype, rowShape };
    return { array, liveRows: view.liveRows, queries: { dimensions: dimensionsOf(view) } };
  }
  const { array, liveRows, queries } = from;
  return { array, liveRows, queries: { dimensions: queries.dimensions } };
}

/** Whether the same question gets the same answer at the newest version; rows may have moved. */
async function stillRight(
  environment: Environment,
  head: LoadedRoot,
  claims: CertificateClaims,
  options: CallOptions,
): Promise<Verification['now']> {
  const { metric, k, results, array } = claims;
  try {
    const at = arrayOf(environment, head, claims);
    if (at === undefined) return 'no';
    if (dimensionsOf(at.view) !== claims.queries.dimensions) return 'no';
    const plan = { array: array.name, metric, limit: k, offset: 0, ...plainly };
    const lists = await executeNearest(environment, at.view, plan, vectorsOf(claims), options);
    const turns = new Turns(options.signal);
    for (const [q, { answer }] of results.entries()) {
      const hits = lists[q] ?? [];
      const isSame = ({ id, score }: Hit, i: number): boolean =>
        id === answer.ids[i] && toExact(score) === answer.scores[i];
      if (hits.length !== answer.ids.length || !hits.every(isSame)) return 'no';
      await turns.after(hits.length);
    }
    return 'yes';
  } catch (error) {
    if (!leavesOpen(error) && !isNacreError(error, 'InvalidArgument')) throw error;
    return 'unknown';
  }
}
