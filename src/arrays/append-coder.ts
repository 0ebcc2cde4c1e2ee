// What codes rows while they are appended; the indexes themselves are above this room.
import type { Change } from '../manifest/transaction.js';
import type { ArrayView } from './array-view.js';
import type { WriteOptions } from './write-options.js';

/** Codes the rows that a transaction appends to one array: its indexes cover them from the commit on. */
export interface AppendCoder {
  /**
   * Takes the rows of whole partitions, of which `firstRow` is counted among those that the transaction
   * appends. They stay as they are until this resolves, which waits for the rows before them.
   */
  add(rows: Uint8Array, firstRow: number): Promise<void>;
  /** Some of the rows that were announced do not come, so that none is committed: nobody waits for them. */
  stop(): void;
  /** What the codes of so many rows are to the manifest, once all of them came. */
  finish(rows: number): Promise<readonly Change[]>;
}

/** Undefined where no index takes up rows as they are appended. */
export type CoderOf = (view: ArrayView) => AppendCoder | undefined;

/** Of a transaction. */
export interface StagedOptions extends WriteOptions {
  readonly coderOf?: CoderOf | undefined;
}

/** What the codes of all appended rows are to the manifest; it does not wait for the rows themselves. */
export async function finishCoders(
  arrays: readonly { readonly coder: AppendCoder | undefined; readonly appendedRows: number }[],
): Promise<Change[]> {
  const changes = arrays.map(async ({ coder, appendedRows }) => coder?.finish(appendedRows) ?? []);
  return (await Promise.all(changes)).flat();
}
