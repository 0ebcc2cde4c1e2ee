// Operations that must happen once: whether a root, or a transaction before, has them already.
import { equalBytes } from '../util/bytes.js';
import type { OlderOperations } from './operations.js';
import type { LoadedRoot } from './root.js';
import type { Transaction } from './transaction.js';

/** The version in which an operation that must happen once happened already. Mostly no request. */
export async function committedBefore(
  transaction: Transaction,
  head: LoadedRoot,
  older: OlderOperations,
): Promise<number | undefined> {
  if (!transaction.exactlyOnce) return undefined;
  const { application, id } = transaction;
  if (application === undefined) {
    const recent = head.root.recentOperations.find((operation) => equalBytes(operation.id, id));
    return recent?.version ?? older.find(head.root, id);
  }
  const last = head.root.applications.find((entry) => entry.name === application.name);
  return last !== undefined && application.sequence <= last.sequence ? last.version : undefined;
}

/** Once `first` is committed, `second` counts as committed before. */
export function coversOnce(first: Transaction, second: Transaction): boolean {
  if (!first.exactlyOnce || !second.exactlyOnce) return false;
  if (second.application === undefined) {
    return first.application === undefined && equalBytes(first.id, second.id);
  }
  return (
    first.application?.name === second.application.name &&
    second.application.sequence <= first.application.sequence
  );
}
