// Which arrays have an index that takes up rows as they are appended.
import type { CoderOf } from '../arrays/append-coder.js';
import type { ArrayView } from '../arrays/array-view.js';
import { v1 } from '../manifest/message.js';
import { codedDimensions, scanDtype } from '../query/scan.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Environment } from './environment.js';

const kind = v1.IndexKind.INDEX_KIND_IVF;

/** Undefined where none of the arrays has one. */
export async function appendCoders(
  environment: Environment,
  views: readonly ArrayView[],
  { signal }: CallOptions,
): Promise<CoderOf | undefined> {
  if (!views.some(({ entry }) => entry.indexes.some((index) => index.kind === kind))) return undefined;
  const { AppendCodes } = await import('../ann/append-codes.js');
  return (view) => {
    const index = view.index(kind);
    if (index === undefined || index.lists.length === 0) return undefined;
    const scanned = { name: view.name, type: view.type };
    const of = { dtype: scanDtype(scanned), dimensions: codedDimensions(scanned) };
    return new AppendCodes(environment, view, index, of, signal === undefined ? {} : { signal });
  };
}
