// A replica that becomes a primary.
//
// First an empty version of a lineage of its own, then the hint that says so: a process that ends between
// the two leaves a replica whose history has left its source's, which replication sees by the version's
// hash, and which can be promoted again.
import { isNacreError, NacreError } from '../errors.js';
import { Committer } from '../manifest/commit.js';
import { advance, newestRoot } from '../manifest/head.js';
import { checkRestored, type HintState, readHint, writeHint } from '../manifest/hint.js';
import { unmarkReplica, withRole } from '../manifest/replica-mark.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { adoptCopy } from './adopt.js';
import type { Environment } from './environment.js';
import { committed, identityOf, operationOf, type WriteCall } from './operation.js';

export interface PromoteOptions extends CallOptions, Pick<WriteCall, 'author' | 'host' | 'message'> {
  /** Told of the version that the replica ends at before anything is written; what it throws ends it. */
  readonly onPlan?: (version: number) => Promise<void> | void;
}

export interface Promoted {
  readonly uri: string;
  /** The last version that it has of its source. */
  readonly replicated: number;
  /** The first one of its own. */
  readonly version: number;
}

/** Looks at the hint while a replication moves it. */
const attempts = 10;

export async function promote(environment: Environment, options: PromoteOptions): Promise<Promoted> {
  const { store, functions, runtime, deadlineMs, warn } = environment;
  const call = callOptions(options);
  const hint = await readHint(store, functions, call);
  checkRestored(hint, store.uri);
  const { head: newest, freeSlot } = await newestOf(environment, hint, call);
  const known = await withRole(store, hint, newest, functions, call);
  checkReplica(known, store.uri);
  const { head, lineage } = await adoptCopy(environment, hint, newest, warn, call);
  const replicated = head.root.version;
  await options.onPlan?.(replicated);
  const newLineage = { after: head.root.lineage, lineage };
  const onHead = (): void => undefined;
  const committer = new Committer(
    { store, functions, runtime, deadlineMs, onHead, newLineage },
    head,
    freeSlot,
  );
  const message = options.message ?? 'promote this replica';
  const done = { changes: [], reads: new Map<string, Uint8Array>(), history: [{ kind: 'promote' }] } as const;
  const transaction = operationOf(identityOf({}, runtime), replicated, done, { ...options, message });
  const { version } = committed(await committer.submit(transaction, options.signal), store.uri);
  await takeHint(environment, committer.head, hint, call);
  await unmarkReplica(store, committer.head, functions, call).catch((error: unknown) => {
    // It is a primary all the same; without its hint it would take no writes.
    if (!isNacreError(error, 'PermissionDenied')) throw error;
    warn?.(error);
  });
  return { uri: store.uri, replicated: committer.head.root.parent?.version ?? replicated, version };
}

async function newestOf(
  { store, functions }: Environment,
  { head, problem }: HintState,
  call: CallOptions,
): Promise<{ readonly head: LoadedRoot; readonly freeSlot: number }> {
  if (head !== undefined && problem === undefined) return advance(store, head, functions, call);
  const found = await newestRoot(store, functions, call);
  if (found !== undefined) return found;
  throw new NacreError('NotFound', `there is no dataset at ${store.uri}`, { context: { uri: store.uri } });
}

function checkReplica({ role, problem, origin }: HintState, uri: string): void {
  if (problem !== 'elsewhere' && role === 'replica') return;
  const [what, hint] =
    problem === 'elsewhere'
      ? [
          `is a copy of ${origin?.home ?? 'an unknown place'} that another tool made`,
          'Write to it: the first write makes it a dataset of its own.',
        ]
      : problem === 'damaged'
        ? ['has a damaged hint, so whether it is a replica is not known', 'Mend it with `nacre repair`.']
        : ['is a primary already', 'It takes writes as it is.'];
  throw new NacreError('InvalidArgument', `${uri} ${what}`, { context: { uri }, hint });
}

/** A replication may move the hint meanwhile; from the version on it cannot go further. */
async function takeHint(
  { store, functions }: Environment,
  head: LoadedRoot,
  before: HintState,
  call: CallOptions,
): Promise<void> {
  let hint = before;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const token = await writeHint(store, head, hint.token, functions, call);
    if (token !== undefined) return;
    hint = await readHint(store, functions, call);
    if (hint.problem === undefined && hint.role === 'primary') return;
  }
  throw new NacreError('Unavailable', `${store.uri}/latest could not be written`, {
    context: { uri: store.uri, version: head.root.version },
    hint: 'Promote it again: the version that makes it a primary is there.',
  });
}
