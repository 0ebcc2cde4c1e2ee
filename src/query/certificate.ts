// A certificate as a value: what it claims, and how one that comes from elsewhere is read. No I/O.
// docs/certificates.md has the format.
import { NacreError } from '../errors.js';
import { type Dtype, isDtype } from '../npy/dtype.js';
import type { ScanMetric } from '../native.js';
import { canonical } from './canonical.js';
import { isMetric } from './metric.js';
import {
  choice,
  exactly,
  fail,
  hexadecimal,
  keyOfObject,
  list,
  nullOr,
  objectOf,
  text,
  whole,
} from './certificate-fields.js';

/** A float64 without loss: JSON has no numbers for the others. A zero has no sign. */
export type ExactNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/**
 * Objects of a store, by one digest: SHA-256 of the lines `KEY HASH\n`, ascending, with the hashes that the
 * manifest has.
 */
export interface ObjectSet {
  readonly objects: number;
  /** Rows in them, dropped and replaced ones included. */
  readonly rows: number;
  readonly digest: string;
}

/** What an answer was found in. */
export interface CertifiedReads {
  /** `codes`: rows that codes stand for were bounded by these, others scanned; `rows`: all were scanned. */
  readonly method: 'codes' | 'rows';
  /** The epoch of the codes, with its BLAKE3; null without codes. */
  readonly epoch: { readonly key: string; readonly hash: string } | null;
  readonly lists: ObjectSet;
  /** Every partition that holds live rows. */
  readonly partitions: ObjectSet;
}

export interface CertifiedAnswer {
  /** Logical indices, row ids and scores, best first: `min(k, liveRows)` each. */
  readonly rows: readonly number[];
  readonly ids: readonly number[];
  readonly scores: readonly ExactNumber[];
}

/** Why no other row belongs into an answer. Keys are what rows rank by, smaller ones first. */
export interface CertifiedProof {
  /** Live rows; each was either pruned or refined. */
  readonly scanned: number;
  /** Ruled out by the bound of their codes alone. */
  readonly pruned: number;
  /** Scored, or compared as they are stored. */
  readonly refined: number;
  /** The least lower bound of the keys of all pruned rows; null when none was pruned. */
  readonly bound: ExactNumber | null;
  /** Key and score of the last row of the answer; null without rows. */
  readonly kthKey: ExactNumber | null;
  readonly kthScore: ExactNumber | null;
  /**
   * How much larger than `kthKey` the key of any row outside of the answer is at least; 0 where rows tie
   * and their ids decide, null when all rows are in the answer.
   */
  readonly margin: ExactNumber | null;
}

/** What the hash is of. */
export interface CertificateClaims {
  readonly dataset: string;
  readonly version: number;
  /** BLAKE3 of the root object of the version, to which every object of it is bound. */
  readonly root: string;
  readonly array: {
    readonly name: string;
    readonly id: string;
    readonly dtype: Dtype;
    readonly rowShape: readonly number[];
  };
  readonly liveRows: number;
  readonly metric: ScanMetric;
  /** Rows asked for, those that `offset` passes over included. */
  readonly k: number;
  readonly offset: number;
  /** `values`: float64, little endian, row-major, in base64. */
  readonly queries: { readonly count: number; readonly dimensions: number; readonly values: string };
  readonly read: CertifiedReads;
  /** Of each query. */
  readonly results: readonly { readonly answer: CertifiedAnswer; readonly proof: CertifiedProof }[];
}

/** A certificate of an exact answer; plain data that survives JSON. */
export interface Certificate {
  readonly format: 'nacre-certificate';
  readonly formatVersion: 1;
  readonly claims: CertificateClaims;
  /** SHA-256 of the claims as RFC 8785 writes them. */
  readonly hash: string;
  /** How it came to be; in no hash, and nothing rests on it. */
  readonly made: {
    readonly uri: string;
    /** ISO 8601, UTC. */
    readonly time: string;
    readonly nacre: string;
    readonly cpu: string;
    readonly threads: number;
    readonly milliseconds: number;
  };
}

/** A longer file is no certificate. */
export const maxCertificateBytes = 64 * 2 ** 20;

export function toExact(value: number): ExactNumber {
  if (Number.isFinite(value)) return value + 0;
  return String(value) as ExactNumber;
}

export function fromExact(value: ExactNumber): number {
  return Number(value);
}

function decodeNumbers(encoded: string, count: number, dimensions: number, where: string): Float64Array {
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) fail(where, 'is no base64');
  if (bytes.byteLength !== 8 * count * dimensions) {
    fail(where, `has ${bytes.byteLength} bytes for ${count} queries of ${dimensions} numbers`);
  }
  const values = new Float64Array(count * dimensions);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

/** The queries of a certificate that was checked. */
export function queriesOf({ queries: { count, dimensions, values } }: CertificateClaims): Float64Array {
  return decodeNumbers(values, count, dimensions, 'claims.queries.values');
}

/**
 * A certificate from text, bytes or a value, each field checked; whether its hash and its claims are right is
 * not. Errors: `InvalidArgument` for what is none, `UnsupportedFormat` for one of a later release.
 */
export function parseCertificate(input: unknown): Certificate {
  const value = typeof input === 'string' || input instanceof Uint8Array ? parseJson(input) : input;
  const outer = objectOf(value, 'the certificate');
  if (outer['format'] !== 'nacre-certificate') fail('format', "is not 'nacre-certificate'");
  const formatVersion = whole(outer['formatVersion'], 'formatVersion', 1);
  if (formatVersion !== 1) {
    throw new NacreError('UnsupportedFormat', `this is a certificate of format ${formatVersion}`, {
      context: { formatVersion },
      hint: 'Use a newer release of Nacre.',
    });
  }
  const claims = parseClaims(outer['claims']);
  return {
    format: 'nacre-certificate',
    formatVersion,
    claims,
    hash: hexadecimal(outer['hash'], 'hash', 64),
    made: parseMade(outer['made']),
  };
}

function parseJson(input: string | Uint8Array): unknown {
  const bytes = typeof input === 'string' ? input.length : input.byteLength;
  if (bytes > maxCertificateBytes) fail('the certificate', `is longer than ${maxCertificateBytes} bytes`);
  try {
    const content =
      typeof input === 'string' ? input : new TextDecoder('utf-8', { fatal: true }).decode(input);
    return JSON.parse(content);
  } catch (cause) {
    throw new NacreError('InvalidArgument', 'the certificate is not valid JSON', { cause });
  }
}

/** Every field is named: one that is unknown would be under the hash, and unchecked. */
function parseClaims(value: unknown): CertificateClaims {
  const names = ['dataset', 'version', 'root', 'array', 'liveRows', 'metric', 'k', 'offset', 'queries'];
  const claims = exactly(value, 'claims', [...names, 'read', 'results']);
  const array = exactly(claims['array'], 'claims.array', ['name', 'id', 'dtype', 'rowShape']);
  const queries = exactly(claims['queries'], 'claims.queries', ['count', 'dimensions', 'values']);
  const dtype = array['dtype'];
  if (!isDtype(dtype)) fail('claims.array.dtype', 'is no dtype');
  const metric = claims['metric'];
  if (!isMetric(metric)) fail('claims.metric', 'is no metric');
  const liveRows = whole(claims['liveRows'], 'claims.liveRows', 0);
  const k = whole(claims['k'], 'claims.k', 1, 2 * largestLimit);
  const count = whole(queries['count'], 'claims.queries.count', 0, maxCertificateBytes);
  const dimensions = whole(queries['dimensions'], 'claims.queries.dimensions', 0, 2 ** 30);
  const values = text(queries['values'], 'claims.queries.values');
  decodeNumbers(values, count, dimensions, 'claims.queries.values');
  const wanted = Math.min(k, liveRows);
  return {
    dataset: hexadecimal(claims['dataset'], 'claims.dataset', 32),
    version: whole(claims['version'], 'claims.version', 1),
    root: hexadecimal(claims['root'], 'claims.root', 64),
    array: {
      name: text(array['name'], 'claims.array.name', 200),
      id: hexadecimal(array['id'], 'claims.array.id', 32),
      dtype,
      rowShape: list(array['rowShape'], 'claims.array.rowShape', undefined, (length, at) =>
        whole(length, at, 0),
      ),
    },
    liveRows,
    metric,
    k,
    offset: whole(claims['offset'], 'claims.offset', 0, Math.min(k - 1, largestLimit)),
    queries: { count, dimensions, values },
    read: parseReads(claims['read']),
    results: list(claims['results'], 'claims.results', count, (result, at) => {
      const { answer, proof } = exactly(result, at, ['answer', 'proof']);
      return { answer: parseAnswer(answer, `${at}.answer`, wanted), proof: parseProof(proof, `${at}.proof`) };
    }),
  };
}

/** Of limits and of offsets alike; see `nearest.ts`. */
const largestLimit = 1_000_000;

function parseReads(value: unknown): CertifiedReads {
  const read = exactly(value, 'claims.read', ['method', 'epoch', 'lists', 'partitions']);
  return {
    method: choice(read['method'], 'claims.read.method', ['codes', 'rows'] as const),
    epoch: nullOr(read['epoch'], (epoch) => {
      const { key, hash } = exactly(epoch, 'claims.read.epoch', ['key', 'hash']);
      return {
        key: keyOfObject(key, 'claims.read.epoch.key'),
        hash: hexadecimal(hash, 'claims.read.epoch.hash', 64),
      };
    }),
    lists: parseObjects(read['lists'], 'claims.read.lists'),
    partitions: parseObjects(read['partitions'], 'claims.read.partitions'),
  };
}

function parseObjects(value: unknown, at: string): ObjectSet {
  const { objects, rows, digest } = exactly(value, at, ['objects', 'rows', 'digest']);
  return {
    objects: whole(objects, `${at}.objects`, 0),
    rows: whole(rows, `${at}.rows`, 0),
    digest: hexadecimal(digest, `${at}.digest`, 64),
  };
}

function parseAnswer(value: unknown, at: string, wanted: number): CertifiedAnswer {
  const { rows, ids, scores } = exactly(value, at, ['rows', 'ids', 'scores']);
  return {
    rows: list(rows, `${at}.rows`, wanted, (row, where) => whole(row, where, 0)),
    ids: list(ids, `${at}.ids`, wanted, (id, where) => whole(id, where, 0)),
    scores: list(scores, `${at}.scores`, wanted, exactNumber),
  };
}

function parseProof(value: unknown, at: string): CertifiedProof {
  const counts = ['scanned', 'pruned', 'refined'];
  const proof = exactly(value, at, [...counts, 'bound', 'kthKey', 'kthScore', 'margin']);
  const count = (name: string): number => whole(proof[name], `${at}.${name}`, 0);
  const number = (name: string): ExactNumber | null =>
    nullOr(proof[name], (given) => exactNumber(given, `${at}.${name}`));
  return {
    scanned: count('scanned'),
    pruned: count('pruned'),
    refined: count('refined'),
    bound: number('bound'),
    kthKey: number('kthKey'),
    kthScore: number('kthScore'),
    margin: number('margin'),
  };
}

function exactNumber(value: unknown, at: string): ExactNumber {
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return value;
  return fail(at, "is no number, and not 'NaN', 'Infinity' or '-Infinity'");
}

/** Nothing rests on it: what is missing or odd is left empty. */
function parseMade(value: unknown): Certificate['made'] {
  const made = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const textOf = (name: string): string => {
    const given = Object.hasOwn(made, name) ? made[name] : undefined;
    return typeof given === 'string' && given.length <= 2_000 ? given : '';
  };
  const numberOf = (name: string): number => {
    const given = Object.hasOwn(made, name) ? made[name] : undefined;
    return typeof given === 'number' && Number.isFinite(given) ? given : 0;
  };
  return {
    uri: textOf('uri'),
    time: textOf('time'),
    nacre: textOf('nacre'),
    cpu: textOf('cpu'),
    threads: numberOf('threads'),
    milliseconds: numberOf('milliseconds'),
  };
}

/** One claim that is not what was found. */
export interface Difference {
  /** Such as `results[0].proof.pruned`. */
  readonly claim: string;
  readonly claimed: string;
  readonly found: string;
}

/** More would say nothing new. */
const differencesShown = 20;

/** Where two values differ, in order, the first 20. */
export function differencesOf(claimed: unknown, found: unknown): Difference[] {
  const differences: Difference[] = [];
  const compare = (a: unknown, b: unknown, at: string): void => {
    if (differences.length === differencesShown) return;
    const fields = fieldsOf(a, b);
    if (fields === undefined) {
      if (canonical(a) !== canonical(b)) differences.push({ claim: at, claimed: show(a), found: show(b) });
      return;
    }
    for (const [name, ours, theirs] of fields) {
      const step = Array.isArray(a) ? `[${name}]` : at === '' ? name : `.${name}`;
      compare(ours, theirs, `${at}${step}`);
    }
  };
  compare(claimed, found, '');
  return differences;
}

/** Of two lists of one length, or two objects with the same names. */
function fieldsOf(a: unknown, b: unknown): [string, unknown, unknown][] | undefined {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return undefined;
  if (Array.isArray(a) !== Array.isArray(b)) return undefined;
  const others = new Map(Object.entries(b));
  const fields = Object.entries(a);
  if (fields.length !== others.size || !fields.every(([name]) => others.has(name))) return undefined;
  return fields.map(([name, field]) => [name, field, others.get(name)]);
}

function show(value: unknown): string {
  const all = canonical(value);
  return all.length <= 120 ? all : `${all.slice(0, 117)}…`;
}
