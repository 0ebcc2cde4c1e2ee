// Commits, grouped: while one root is on its way, later transactions wait and then go together into the next.
//
// A committer belongs to one handle. It knows the head, takes transactions, rebases each over what landed
// since it began, and publishes. Each member of a group has its own outcome: one that conflicts leaves the
// group, the others go on.
import { isNacreError, NacreError } from '../errors.js';
import { equalBytes, toHex } from '../util/bytes.js';
import { abortedError, onAbort } from '../util/runtime.js';
import { isCompaction } from './compaction.js';
import { RootDraft } from './draft.js';
import { loadEffects } from './effects.js';
import { Fences } from './fences.js';
import { Anchor } from './anchor.js';
import { advance } from './head.js';
import { rootKey } from './keys.js';
import { Landed } from './landed.js';
import type { ManifestFunctions } from './functions.js';
import type { Root } from './message.js';
import { committedBefore, coversOnce } from './once.js';
import { OlderOperations } from './operations.js';
import { type PublishEnvironment, publishRoot } from './publish.js';
import { checkRebase, type Effects, effectsOf, withoutLandedDrops } from './rebase.js';
import { Room } from './room.js';
import { checkRoot, encodeRoot, type LoadedRoot, rootBounds } from './root.js';
import { encodeToken } from './settle.js';
import type { Transaction } from './transaction.js';
import { draftRowSet } from './upload.js';
import { storeNowMs } from '../storage/store-time.js';

/** What became of a transaction. `unknown` keeps everything and hands out a token for `settle`. */
export type CommitOutcome =
  | { readonly outcome: 'committed'; readonly version: number; readonly recovered: boolean }
  | { readonly outcome: 'conflict'; readonly error: NacreError }
  | { readonly outcome: 'unknown'; readonly token: string; readonly cause: unknown };

export interface CommitEnvironment extends PublishEnvironment {
  /** Called with every new head, own and others'. */
  readonly onHead: (head: LoadedRoot) => void;
  /** On a copied prefix: the first commit goes its own way from the lineage that came along. */
  readonly newLineage?: { readonly after: Uint8Array; readonly lineage: Uint8Array };
}

/** A transaction between `submit` and its outcome. */
interface Waiting {
  readonly transaction: Transaction;
  /** It is settled, or its caller left: it goes into no root that is not on its way already. */
  readonly left: () => boolean;
  /** The slot of the root that is on its way with it. */
  slot: number | undefined;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Members of one group at most: a root has room for so many records. */
const groupLimit = 64;

export class Committer {
  readonly #environment: CommitEnvironment;
  readonly #queue: Waiting[] = [];
  readonly #landed: Landed;
  #head: LoadedRoot;
  #freeSlot: number;
  #running: Promise<void> | undefined;
  readonly #anchor: Anchor;
  readonly #room: Room;
  readonly #older: OlderOperations;
  readonly #fences: Fences;

  /** `jumped`: the head was found without a look at the roots before it. */
  constructor(environment: CommitEnvironment, head: LoadedRoot, freeSlot: number, jumped = false) {
    this.#environment = environment;
    this.#landed = new Landed(environment.store, environment.functions);
    this.#head = head;
    this.#freeSlot = freeSlot;
    this.#anchor = new Anchor(environment, head, jumped);
    this.#room = new Room(environment);
    this.#older = new OlderOperations(environment.store, environment.functions);
    this.#fences = new Fences(environment.store, environment.functions);
  }

  get head(): LoadedRoot {
    return this.#head;
  }

  /** A newer head that a read found. */
  adopt(head: LoadedRoot, freeSlot: number, jumped = false): void {
    if (head.root.version <= this.#head.root.version) return;
    this.#head = head;
    this.#freeSlot = freeSlot;
    this.#anchor.moved(head, jumped);
  }

  /**
   * Work that can go out beside a transaction's uploads: the look at the head, making room in a full root,
   * and what is known of an operation that must happen once.
   */
  prepare(operation?: Uint8Array): void {
    this.#anchor.check().catch(() => undefined);
    this.#room.prepare(this.#head);
    if (operation !== undefined) this.#older.find(this.#head.root, operation).catch(() => undefined);
  }

  /**
   * Commits, or says why not. Throws for what was not applied for certain (no permission, damage, a full
   * store). A signal that fires while a root with the transaction is on its way makes the outcome unknown;
   * at any other time it ends the transaction, which then is not committed.
   */
  submit(transaction: Transaction, signal?: AbortSignal): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      let done = false;
      const settled = (): void => {
        done = true;
        stay();
      };
      const member: Waiting = {
        transaction,
        left: () => done || signal?.aborted === true,
        slot: undefined,
        resolve: (outcome) => (settled(), resolve(outcome)),
        reject: (error) => (settled(), reject(error as Error)),
      };
      const leave = (): void => {
        const cause = abortedError(signal);
        if (member.slot === undefined) member.reject(cause);
        else member.resolve(this.#unknown(member, member.slot, cause));
      };
      const stay = onAbort(signal, leave);
      this.#queue.push(member);
      this.#running ??= this.#drain();
    });
  }

  #unknown({ transaction }: Waiting, slot: number, cause: unknown): CommitOutcome {
    const { dataset } = this.#head.root;
    return { outcome: 'unknown', token: encodeToken({ dataset, slot, operation: transaction.id }), cause };
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const group = this.#queue.splice(0, groupLimit);
        try {
          await this.#anchor.check();
          await this.#commitGroup(group);
        } catch (error) {
          for (const member of group) if (!this.#queue.includes(member)) member.reject(error);
        }
      }
    } finally {
      // In the same turn in which the queue was seen empty: who comes later starts anew.
      this.#running = undefined;
    }
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    let members = group;
    for (;;) {
      const waiting = members.filter((member) => !member.left() && !this.#queue.includes(member));
      const attempt = await this.#makeRoot(waiting).catch((error: unknown) => {
        if (!isNacreError(error, 'ResourceExhausted')) throw error;
        if (waiting.length < 2 && !this.#room.make(this.#head)) throw error;
        return 'too much' as const;
      });
      if (attempt === undefined) return;
      if (attempt === 'too much') {
        // For one root: half of the group waits for the next one; one alone goes on in a root that was
        // folded.
        members = waiting.slice(0, Math.ceil(waiting.length / 2));
        this.#queue.unshift(...waiting.slice(members.length).filter((one) => !this.#queue.includes(one)));
        continue;
      }
      members = attempt.members;
      if (members.some((member) => member.left())) continue;
      const slot = attempt.root.root.version;
      for (const member of members) member.slot = slot;
      const published = await publishRoot(this.#environment, attempt.root);
      switch (published.outcome) {
        case 'committed': {
          this.#room.committed();
          this.#move(attempt.root, slot + 1);
          this.#landed.remember(attempt.effects, attempt.root);
          const { recovered } = published;
          for (const { resolve } of members) resolve({ outcome: 'committed', version: slot, recovered });
          return;
        }
        case 'unknown':
          for (const member of members) member.resolve(this.#unknown(member, slot, published.cause));
          return;
        case 'lost':
          for (const member of members) member.slot = undefined;
          await this.#catchUp(slot, published.winner);
      }
    }
  }

  /**
   * Members that can follow the head, in one root; the others are settled here. Undefined when none is left.
   */
  async #makeRoot(
    group: readonly Waiting[],
  ): Promise<{ root: LoadedRoot; members: readonly Waiting[]; effects: Effects } | undefined> {
    const { functions, runtime } = this.#environment;
    const version = this.#freeSlot;
    const head = this.#head;
    const draft = new RootDraft(head, version, functions);
    // A fold would put what is to be compacted elsewhere, and it makes room itself.
    if (!group.some(({ transaction }) => isCompaction(transaction))) await this.#room.apply(draft, head);
    const members: Waiting[] = [];
    const within: Effects[] = [];
    for (const member of group) {
      const { transaction } = member;
      if (members.some((other) => coversOnce(other.transaction, transaction))) {
        // A repeat beside its original: the next root tells.
        this.#queue.unshift(member);
        continue;
      }
      const earlier = await committedBefore(transaction, this.#head, this.#older);
      if (earlier !== undefined) {
        member.resolve({ outcome: 'committed', version: earlier, recovered: true });
        continue;
      }
      try {
        if (transaction.onlyAtBase === true) checkAtBase(transaction, this.#head, members.length);
        const landed = [...(await this.#landed.between(transaction.baseVersion, this.#head)), ...within];
        checkRebase(transaction, landed, functions, (id) => this.#nameOf(id));
        const taken = await this.#takenKey(transaction, head, members);
        if (taken !== undefined) {
          // For certain, whatever becomes of the members before it.
          member.reject(taken.cause);
          continue;
        }
        const rebased = await this.#rebase(transaction, landed);
        await this.#fences.check(rebased, head);
        const changes = draft.apply(rebased);
        members.push(member);
        within.push(effectsOf(changes, version, functions));
      } catch (error) {
        if (!isNacreError(error, 'Conflict')) throw error;
        // What it clashes with may be a member before it, which may never land: the next root tells.
        if (members.length > 0) this.#queue.unshift(member);
        else member.resolve({ outcome: 'conflict', error });
      }
    }
    if (members.length === 0) return undefined;
    const { newLineage } = this.#environment;
    // Once a commit of anybody has left the lineage of the original, later ones inherit.
    const leaves = newLineage !== undefined && equalBytes(this.#head.root.lineage, newLineage.after);
    const stamp = {
      commitId: runtime.randomBytes(16),
      timeMs: storeNowMs(this.#environment),
      ...(leaves ? { lineage: newLineage.lineage } : {}),
    };
    const root = encodeOwnRoot(draft.build(stamp), functions);
    return { root, members, effects: { version, arrays: within.flatMap((effects) => effects.arrays) } };
  }

  /**
   * Throws `Conflict` when another writer's row, or a member of the group, has a key of the transaction; any
   * other trouble with its keys is that of the transaction alone, and given back.
   */
  async #takenKey(
    { keys = [] }: Transaction,
    head: LoadedRoot,
    members: readonly Waiting[],
  ): Promise<{ readonly cause: unknown } | undefined> {
    try {
      for (const claim of keys) {
        await claim.check(head.root);
        for (const { transaction } of members) {
          for (const other of transaction.keys ?? [])
            if (other.array === claim.array) await claim.checkBeside(other);
        }
      }
      return undefined;
    } catch (cause) {
      if (isNacreError(cause, 'Conflict')) throw cause;
      return { cause };
    }
  }

  async #rebase(transaction: Transaction, landed: readonly Effects[]): Promise<Transaction> {
    const { functions } = this.#environment;
    const { transaction: rebased, shrunk } = withoutLandedDrops(transaction, landed, functions);
    if (shrunk.length === 0) return rebased;
    const changes = rebased.changes.map(async (change) =>
      change.kind === 'drop' && shrunk.includes(change)
        ? { ...change, rows: await draftRowSet(this.#environment, change.rows.set) }
        : change,
    );
    return { ...rebased, changes: await Promise.all(changes) };
  }

  #nameOf(id: string): string {
    return this.#head.root.arrays.find((array) => toHex(array.id) === id)?.name ?? id;
  }

  async #catchUp(lost: number, winner: LoadedRoot): Promise<void> {
    const { store, functions } = this.#environment;
    const slot = this.#freeSlot;
    // A read may have gone past the lost slot meanwhile; then its winner is no news.
    const first = slot === lost ? { first: winner } : {};
    const found = await advance(store, this.#head, functions, { everyVersion: true, slot, ...first });
    for (const loaded of found.landed ?? []) {
      this.#landed.remember(await loadEffects(store, loaded.root, functions), loaded);
    }
    this.#move(found.head, found.freeSlot);
  }

  #move(head: LoadedRoot, freeSlot: number): void {
    this.#freeSlot = Math.max(this.#freeSlot, freeSlot);
    if (head.root.version <= this.#head.root.version) return;
    this.#head = head;
    this.#anchor.moved(head);
    this.#environment.onHead(head);
  }
}

/** Also false when another member of the group goes first: its changes would be in the same version. */
function checkAtBase({ baseVersion }: Transaction, head: LoadedRoot, membersBefore: number): void {
  const { version } = head.root;
  if (version === baseVersion && membersBefore === 0) return;
  throw new NacreError('Conflict', `the newest version is no longer ${baseVersion}`, {
    context: { expected: baseVersion, observed: version },
    hint: 'See what changed with `nacre log`, then decide again.',
  });
}

/** A root is for ever: one that readers would refuse must not take its slot. */
function encodeOwnRoot(root: Root, functions: ManifestFunctions): LoadedRoot {
  try {
    checkRoot(root, rootKey(root.version));
  } catch (cause) {
    throw new NacreError('Internal', `the root of version ${root.version} would not be valid`, { cause });
  }
  const { capBytes } = rootBounds(root);
  const refuse = (sizeBytes: number, cause?: unknown): never => {
    throw new NacreError(
      'ResourceExhausted',
      `the root of version ${root.version} would have ${sizeBytes} bytes`,
      {
        ...(cause === undefined ? {} : { cause }),
        context: { sizeBytes, capBytes, arrays: root.arrays.length },
        hint: 'Put fewer arrays or shorter names into one dataset; where its files are many run `nacre compact`.',
      },
    );
  };
  let loaded: LoadedRoot;
  try {
    loaded = encodeRoot(root, functions);
  } catch (error) {
    if (!isNacreError(error, 'ResourceExhausted')) throw error;
    // Longer than what anybody would read.
    return refuse(Number(error.context['sizeBytes']), error);
  }
  const sizeBytes = loaded.bytes.byteLength;
  return sizeBytes <= capBytes ? loaded : refuse(sizeBytes);
}
