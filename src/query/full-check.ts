// A certificate against the rows alone: every live row is scored, and every number that codes have of a row
// is worked out from it again.
import { untilAborted } from '../util/runtime.js';
import { type CertificateClaims, fromExact, toExact } from './certificate.js';
import { type CertifiedArray, vectorsOf } from './certify.js';
import { type CodedRows, codeRowsOf } from './coded.js';
import {
  type Asked,
  type Ground,
  liveRowsOf,
  loadedAhead,
  marginOf,
  openGround,
  partsOf,
  type ProofOptions,
  typed,
} from './proof.js';
import { keysOf, resultsOf, Turns } from './scan.js';
import { rowBytesOf } from '../arrays/row-type.js';

/** Bytes of rows that one call works on, times its queries: a caller who leaves waits for no more. */
const pieceBytes = 4 * 2 ** 20;

/** What is wrong with a certificate whose claims were replayed, or undefined. */
export async function checkFully(
  at: CertifiedArray,
  claims: CertificateClaims,
  options: ProofOptions,
): Promise<string | undefined> {
  const vectors = vectorsOf(claims);
  const { environment, view } = at;
  const asked: Asked = { environment, view, metric: claims.metric, k: claims.k, vectors };
  const thresholds = new Float64Array(vectors.count).fill(Number.NaN);
  const how = { method: claims.read.method, tier: 'scalar' } as const;
  const ground = await openGround(asked, thresholds, how, options);
  for await (const [list, codes] of loadedAhead(
    asked,
    ground.coded?.lists ?? [],
    (one) => one.list.part,
    options,
  )) {
    const fault = await checkList(asked, ground, list, codes, options);
    if (fault !== undefined) return fault;
  }
  const { scan } = ground;
  for await (const [part, bytes] of loadedAhead(asked, ground.plain, (one) => one.part, options)) {
    const rows = bytes.subarray(part.part.dataOffset);
    for (const [piece, first] of piecesOf(asked, rows)) {
      const ids = part.rowIds?.slice(first, first + piece.byteLength / rowBytesOf(view.type));
      const scored = typed(() =>
        scan.scoreEvery(vectors.values, piece, part.firstRowId + first, ids, part.dead),
      );
      await untilAborted(scored, options.signal);
    }
    options.onRows?.(liveRowsOf(environment, part));
  }
  return compare(claims, ground, options.signal);
}

/** The rows of a list with their codes, every number of them. */
async function checkList(
  asked: Asked,
  ground: Ground,
  list: CodedRows,
  codes: Uint8Array,
  options: ProofOptions,
): Promise<string | undefined> {
  const certifier = ground.coded?.certifier;
  const { key } = list.list.part.object;
  for await (const [part, bytes] of loadedAhead(asked, partsOf(ground, list), (one) => one.part, options)) {
    for (const [piece, first] of piecesOf(asked, bytes.subarray(part.part.dataOffset))) {
      const place = part.firstRowId + first - list.list.firstRowId;
      const checked = typed(async () => certifier?.check(codeRowsOf(list, codes), piece, place));
      const found = await untilAborted(checked, options.signal);
      if (found !== undefined && found.count > 0)
        return `the codes in ${key} are wrong: of the row with the id ${found.row ?? '?'}, ${found.what ?? '?'}`;
    }
    options.onRows?.(liveRowsOf(asked.environment, part));
  }
  return undefined;
}

/** Whole rows in pieces, with the number of their first one. */
function* piecesOf({ view, vectors }: Asked, rows: Uint8Array): Generator<[Uint8Array, number]> {
  const rowBytes = rowBytesOf(view.type);
  const step = Math.max(1, Math.floor(pieceBytes / (rowBytes * Math.max(1, vectors.count))));
  for (let first = 0; first * rowBytes < rows.byteLength; first += step)
    yield [rows.subarray(first * rowBytes, (first + step) * rowBytes), first];
}

/** The best of all rows against the claims. */
async function compare(
  { results }: CertificateClaims,
  { scan, wanted }: Ground,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const hits = results.length * (wanted + 1);
  const { counts, ids, scores } = await resultsOf(scan, hits);
  const keys = await keysOf(scan, hits);
  const turns = new Turns(signal);
  for (const [q, { answer, proof }] of results.entries()) {
    const first = q * (wanted + 1);
    const found = counts[q] ?? 0;
    await turns.after(found);
    if (Math.min(found, wanted) !== answer.ids.length) return `query ${q} has another number of rows`;
    for (const [i, id] of answer.ids.entries()) {
      if (ids[first + i] === id && toExact(scores[first + i] ?? Number.NaN) === answer.scores[i]) continue;
      return `row ${i} of query ${q} is not the one with the id ${id} and the score ${answer.scores[i] ?? '?'}`;
    }
    if (proof.kthKey === null || found <= wanted) continue;
    const margin = marginOf(fromExact(proof.kthKey), undefined, keys[first + wanted]);
    if (margin !== null && proof.margin !== null && fromExact(margin) < fromExact(proof.margin))
      return `a row outside of the answer to query ${q} is nearer than its margin`;
  }
  return undefined;
}
