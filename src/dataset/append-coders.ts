// Which arrays have an index that takes up rows as they are appended.
import type { CoderOf } from '../arrays/append-coder.js';
import type { ArrayView } from '../arrays/array-view.js';
import { v1 } from '../manifest/message.js';
import { codedDimensions, scanDtype } from '../query/scan.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Environment } from './environment.js';

const growing: readonly number[] = [v1.IndexKind.INDEX_KIND_EXACT, v1.IndexKind.INDEX_KIND_IVF];

/** Undefined where none of the arrays has one. */
export async function appendCoders(
  environment: Environment,
  views: readonly ArrayView[],
  { signal }: CallOptions,
): Promise<CoderOf | undefined> {
  const isGrowing = ({ entry }: ArrayView): boolean =>
    entry.indexes.some(({ kind }) => growing.includes(kind));
  if (!views.some(isGrowing)) return undefined;
  const { appendCodes } = await import('../ann/append-codes.js');
  return (view) => {
    if (!isGrowing(view)) return undefined;
    const scanned = { name: view.name, type: view.type };
    const of = { dtype: scanDtype(scanned), dimensions: codedDimensions(scanned) };
    return appendCodes(environment, view, of, signal === undefined ? {} : { signal });
  };
}
