// Making certificates of exact answers, and going over them again.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { isNacreError, NacreError } from '../errors.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { encodeNumbers, hashOf } from './canonical.js';
import {
  type Certificate,
  type CertificateClaims,
  fromExact,
  maxCertificateBytes,
  queriesOf,
} from './certificate.js';
import { executeNearest, type Hit } from './execute.js';
import type { NearestPlan } from './plan.js';
import { type Asked, type Proof, type ProofOptions, prove } from './proof.js';
import { dimensionsOf, Turns } from './scan.js';
import type { ResolvedVectors } from './vectors.js';

export interface CertifyOptions extends CallOptions {
  /** Told how many rows were gone over: those of the search, then those of the proof. */
  readonly onProgress?: (scannedRows: number, totalRows: number) => void;
}

/** An array at the version that a certificate speaks of. */
export interface CertifiedArray {
  readonly environment: ArrayEnvironment;
  readonly loaded: LoadedRoot;
  readonly view: ArrayView;
}

/** What `certify()` of a query does. */
export async function certify(
  at: CertifiedArray,
  plan: NearestPlan,
  vectors: ResolvedVectors,
  { onProgress, ...options }: CertifyOptions,
): Promise<Certificate> {
  const { environment, view } = at;
  const startedMs = environment.runtime.monotonic();
  const k = plan.limit + plan.offset;
  checkSize(Math.min(k, view.liveRows), vectors);
  const total = 2 * view.liveRows;
  const lists = await searched(at, { ...plan, limit: k }, vectors, {
    ...options,
    onProgress: (rows) => onProgress?.(rows, total),
  });
  let rows = view.liveRows;
  const onRows = (count: number): void => onProgress?.(Math.min((rows += count), total), total);
  const asked: Asked = { environment, view, metric: plan.metric, k, vectors };
  const proof = await provedAnew(asked, thresholdsOfHits(plan, lists), { ...options, onRows });
  await checkSame(lists, proof, view.name, options.signal);
  const values = await encodeNumbers(vectors.values, options.signal);
  const claims = claimsOf(at, asked, plan.offset, proof, values.text);
  const hashed = { ...claims, queries: { ...claims.queries, values } };
  const hash = await hashOf(hashed, options.signal);
  const { version: nacre, cpu, threads } = environment.native.scannerInfo();
  return {
    format: 'nacre-certificate',
    formatVersion: 1,
    claims,
    hash,
    made: {
      uri: environment.store.uri,
      time: new Date(environment.runtime.now()).toISOString(),
      nacre,
      cpu,
      threads,
      milliseconds: Math.round(environment.runtime.monotonic() - startedMs),
    },
  };
}

/** Text of a row of an answer, at most: its index, its id and its score. */
const hitBytes = 64;

function checkSize(wanted: number, { count, values }: ResolvedVectors): void {
  const bytes = Math.ceil((values.byteLength * 4) / 3) + count * (500 + hitBytes * wanted) + 2_000;
  if (bytes <= maxCertificateBytes) return;
  throw new NacreError(
    'ResourceExhausted',
    `a certificate of ${count} queries with ${wanted} rows each would have up to ${bytes} bytes`,
    {
      context: { bytes, limit: maxCertificateBytes },
      hint: 'Certify fewer queries at once, or fewer rows.',
    },
  );
}

/** The hits of a search by what rows rank by: for `l2` that is its square. */
function searched(
  { environment, view }: Pick<CertifiedArray, 'environment' | 'view'>,
  plan: NearestPlan,
  vectors: ResolvedVectors,
  options: CertifyOptions,
): Promise<Hit[][]> {
  const metric = plan.metric === 'l2' ? 'l2sq' : plan.metric;
  return executeNearest(environment, view, { ...plan, metric, offset: 0 }, vectors, options);
}

function thresholdsOfHits({ metric }: NearestPlan, lists: readonly (readonly Hit[])[]): Float64Array {
  const sign = metric === 'cosine' || metric === 'dot' ? -1 : 1;
  return Float64Array.from(lists, (hits) => sign * (hits.at(-1)?.score ?? Number.NaN));
}

/** By codes where there are some that are not damaged; the search has told of damage. */
async function provedAnew(asked: Asked, thresholds: Float64Array, options: ProofOptions): Promise<Proof> {
  try {
    return await prove(asked, thresholds, { method: 'codes' }, options);
  } catch (error) {
    if (!isNacreError(error, 'Corrupt')) throw error;
    // Where it is rows that are damaged, this says so.
    return prove(asked, thresholds, { method: 'rows' }, options);
  }
}

/** A search and its proof go different ways to one answer. */
async function checkSame(
  lists: readonly (readonly Hit[])[],
  { results }: Proof,
  array: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const turns = new Turns(signal);
  for (const [q, hits] of lists.entries()) {
    const ids = results[q]?.answer.ids;
    await turns.after(hits.length);
    if (ids?.length === hits.length && hits.every(({ id }, i) => id === ids[i])) continue;
    throw new NacreError('Internal', `the answer to query ${q} on '${array}' and its proof differ`, {
      hint: 'This is a mistake of ours. Please report it, with the data where you can.',
    });
  }
}

function claimsOf(
  { loaded, view }: CertifiedArray,
  { metric, k, vectors }: Asked,
  offset: number,
  proof: Proof,
  values: string,
): CertificateClaims {
  const { dtype, rowShape } = view.type;
  return {
    dataset: toHex(loaded.root.dataset),
    version: loaded.root.version,
    root: toHex(loaded.hash),
    array: { name: view.name, id: view.id, dtype, rowShape: [...rowShape] },
    liveRows: view.liveRows,
    metric,
    k,
    offset,
    queries: { count: vectors.count, dimensions: dimensionsOf(view), values },
    ...proof,
  };
}

/** The queries of claims, as searches take them. */
export function vectorsOf(claims: CertificateClaims): ResolvedVectors {
  return { values: queriesOf(claims), count: claims.queries.count, single: false };
}

/**
 * What the claims would be, worked out again by scalar code: the same where they are right. It takes the keys
 * of the last rows from the claims; with other keys than those of the answer, another one is found.
 */
export async function replay(
  at: CertifiedArray,
  claims: CertificateClaims,
  options: ProofOptions,
): Promise<CertificateClaims> {
  const { environment, view } = at;
  const { metric, k, offset, read } = claims;
  const asked: Asked = { environment, view, metric, k, vectors: vectorsOf(claims) };
  const thresholds = Float64Array.from(claims.results, ({ proof: { kthKey } }) =>
    kthKey === null ? Number.NaN : fromExact(kthKey),
  );
  const proof = await prove(asked, thresholds, { method: read.method, tier: 'scalar' }, options);
  return claimsOf(at, asked, offset, proof, claims.queries.values);
}
