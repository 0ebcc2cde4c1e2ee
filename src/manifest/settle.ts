// The token of a commit whose outcome is unknown, and what became of it.
import { NacreError } from '../errors.js';
import type { CallOptions } from '../storage/object-store.js';
import { equalBytes, fromHex, toHex } from '../util/bytes.js';
import { RootDraft } from './draft.js';
import { advance, readRoot } from './head.js';
import { type PublishEnvironment, publishRoot } from './publish.js';
import { encodeRoot, type LoadedRoot } from './root.js';
import { storeNowMs } from '../storage/store-time.js';

export interface CommitToken {
  readonly dataset: Uint8Array;
  /** The version that the commit tried to become. */
  readonly slot: number;
  readonly operation: Uint8Array;
}

export function encodeToken({ dataset, slot, operation }: CommitToken): string {
  return `nacre1.${toHex(dataset)}.${slot}.${toHex(operation)}`;
}

export function decodeToken(text: string): CommitToken {
  const [, dataset, slot, operation] =
    /^nacre1\.([0-9a-f]{32})\.([1-9]\d{0,15})\.([0-9a-f]{32})$/.exec(text.trim()) ?? [];
  if (dataset === undefined || slot === undefined || operation === undefined) {
    throw new NacreError('InvalidArgument', `'${text.slice(0, 80)}' is no commit token`, {
      hint: 'Pass the token exactly as the failed command printed it; it begins with nacre1.',
    });
  }
  return {
    dataset: fromHex(dataset) ?? new Uint8Array(),
    slot: Number(slot),
    operation: fromHex(operation) ?? new Uint8Array(),
  };
}

export type Settled =
  | { readonly outcome: 'committed'; readonly version: number }
  /** It did not land and never will: its slot is taken by another body. */
  | { readonly outcome: 'not-committed' }
  /** Its slot is still free and `fence` was not asked for: the request may yet arrive. */
  | { readonly outcome: 'open' };

/**
 * Looks for the operation from its slot to the head. When the slot is free and `fence` is set, an empty
 * version is published there, after which the lost request can no longer win. Never sends the old body again.
 */
export async function settle(
  environment: PublishEnvironment,
  head: LoadedRoot,
  token: CommitToken,
  options: CallOptions & { readonly fence?: boolean } = {},
): Promise<Settled> {
  const { store, functions, runtime } = environment;
  if (!equalBytes(token.dataset, head.root.dataset)) {
    throw new NacreError('InvalidArgument', 'the token belongs to another dataset', {
      context: { dataset: toHex(head.root.dataset), token: toHex(token.dataset) },
    });
  }
  for (;;) {
    const { head: newest, freeSlot } = await advance(store, head, functions, options);
    const found = await findOperation(environment, token, newest, options);
    if (found !== undefined) return { outcome: 'committed', version: found };
    if (token.slot < freeSlot) return { outcome: 'not-committed' };
    // What has come there since may be the commit itself: look again.
    if ((await readRoot(store, token.slot, functions, options)) !== undefined) continue;
    if (options.fence !== true) return { outcome: 'open' };
    const stamp = { commitId: runtime.randomBytes(16), timeMs: storeNowMs(environment) };
    const empty = encodeRoot(new RootDraft(newest, token.slot, functions).build(stamp), functions);
    const published = await publishRoot(environment, empty);
    if (published.outcome === 'committed') return { outcome: 'not-committed' };
    if (published.outcome === 'unknown') throw unsettled(token, published.cause);
    // Somebody took the slot in this moment, perhaps the lost request itself: look again.
  }
}

async function findOperation(
  { store, functions }: PublishEnvironment,
  token: CommitToken,
  head: LoadedRoot,
  options: CallOptions,
): Promise<number | undefined> {
  let current: LoadedRoot | undefined = head;
  while (current !== undefined && current.root.version >= token.slot) {
    if (current.root.operations.some((operation) => equalBytes(operation.id, token.operation))) {
      return current.root.version;
    }
    const parent: LoadedRoot['root']['parent'] = current.root.parent;
    current = parent === null ? undefined : await readRoot(store, parent.version, functions, options);
  }
  return undefined;
}

function unsettled(token: CommitToken, cause: unknown): NacreError {
  return new NacreError('Unavailable', `whether version ${token.slot} was taken is still not known`, {
    cause,
    hint: 'Settle again when the store answers.',
  });
}
