// Row sets in messages: inline while they are small, else objects of their own.
import type { RowSetFunctions } from './functions.js';
import { make, type RowSet, v1 } from './message.js';
import { pendingRowId } from './transaction.js';

/** Row sets up to this many bytes stand in the root itself. */
export const inlineRowSetBytes = 2_048;

type Place = { readonly inline: Uint8Array } | { readonly object: number };

export function rowSetMessage(set: Uint8Array, place: Place, rowSets: RowSetFunctions): RowSet {
  const runs = rowSets.runs(set);
  return make(v1.RowSet, { ...place, count: rowSets.count(set), start: runs[0] ?? 0, end: runs.at(-1) ?? 0 });
}

/** The set itself when it stands in the message. */
export function inlineBytes(message: RowSet): Uint8Array | undefined {
  // A member of a oneof that another member took is null, unlike other fields that are absent.
  const inline = message.inline as Uint8Array | null;
  return inline !== null && inline.byteLength > 0 ? inline : undefined;
}

/** Gives provisional ids their number: row i of what the transaction appends gets `base + i`. */
export function resolvePending(set: Uint8Array, base: number, rowSets: RowSetFunctions): Uint8Array {
  if ((rowSets.runs(set).at(-1) ?? 0) <= pendingRowId) return set;
  const ids = rowSets.toSorted(set);
  return rowSets.fromSorted(ids.map((id) => (id < pendingRowId ? id : id - pendingRowId + base)));
}

/** Joins the inline sets among disjoint ones while the result stays inline; the others stay as they are. */
export function mergeInline(sets: readonly RowSet[], rowSets: RowSetFunctions): RowSet[] {
  const out: RowSet[] = [];
  let joined: Uint8Array | undefined;
  for (const set of sets) {
    const bytes = inlineBytes(set);
    if (bytes === undefined) {
      out.push(set);
      continue;
    }
    const union: Uint8Array = joined === undefined ? bytes : rowSets.union(joined, bytes);
    if (joined !== undefined && union.byteLength > inlineRowSetBytes) out.push(set);
    else joined = union;
  }
  if (joined !== undefined) out.push(rowSetMessage(joined, { inline: joined }, rowSets));
  return out;
}
