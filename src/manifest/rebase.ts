// Which transactions can follow which versions: the table of the commit protocol, as one pure function.
//
//   mine \ theirs   append   replace      drop         drop array   rename
//   append          both     both         both         conflict     both
//   replace         both     same row: C  same row: C  conflict     both
//   drop            both     same row: C  both         conflict     both
//   drop array      conflict conflict     conflict     both         both
//   rename          both     both         both         conflict     conflict
//   create          one name and type: theirs is used; another type: conflict
//   rows I read     both     same row: C  same row: C  conflict     both
//   index           both     both         both         conflict     both         (index: conflict)
//   drop index      as index; to all others it is as index, too; so are indexes of attributes
//   codes of rows that are appended go with these, and come to nothing where theirs changed the index; so do
//   segments of indexes of attributes, where theirs took the index away; who makes one segment of several is
//   as index to theirs
//   set key         as append and set attributes of any row: conflict; set key: conflict; drop, rename: both
//   append, set or drop attributes, where theirs set the key: conflict. The keys of rows that both append are
//   compared apart from this table, since they stand in columns: see KeyClaim
//   set parity: both to all, but set parity: conflict
//   restore: all to theirs, but append without attributes to an array whose key is as before: conflict; mine
//   follows its base alone
//   compact: both to all theirs, but drop array and restore: conflict; what it takes must all be there still,
//   which is looked at apart from this table. Of files of base rows it is as index to theirs
//   attributes of rows that are appended go with these, attributes that are set are as replace; attributes by
//   name are looked up again by whoever makes the root
import { NacreError } from '../errors.js';
import type { ManifestFunctions } from './functions.js';
import { touchesIndexes } from './compaction.js';
import type { ArrayId, Change, Transaction } from './transaction.js';
import { pendingRowId } from './transaction.js';

/** What happened to one array in one version; row sets are loaded. */
export interface ArrayEffects {
  readonly id: ArrayId;
  readonly created: boolean;
  readonly dropped: boolean;
  readonly renamed: boolean;
  readonly indexed: boolean;
  readonly keyed: boolean;
  readonly paritySet: boolean;
  /** It is as it was at an earlier version. */
  readonly restored: boolean;
  readonly appendedRows: number;
  readonly replaced: Uint8Array | undefined;
  readonly removed: Uint8Array | undefined;
}

export interface Effects {
  readonly version: number;
  readonly arrays: readonly ArrayEffects[];
}

/** Throws `Conflict` when the transaction cannot follow one of the versions that landed since it began. */
export function checkRebase(
  transaction: Transaction,
  landed: readonly Effects[],
  functions: ManifestFunctions,
  nameOf: (array: ArrayId) => string,
): void {
  for (const effects of landed) {
    for (const theirs of effects.arrays) {
      const clash =
        transaction.changes
          .map((mine) => clashOf(mine, theirs, functions))
          .find((found) => found !== undefined) ?? clashOfReads(transaction, theirs, functions);
      if (clash === undefined) continue;
      throw new NacreError(
        'Conflict',
        `version ${effects.version} ${clash} of array '${nameOf(theirs.id)}'`,
        {
          context: { version: effects.version, array: nameOf(theirs.id) },
          hint: 'Read again and repeat the change; `retries` in write() does so by itself.',
        },
      );
    }
  }
}

function clashOf(mine: Change, theirs: ArrayEffects, functions: ManifestFunctions): string | undefined {
  if (mine.array !== theirs.id) return undefined;
  if (theirs.dropped && mine.kind !== 'dropArray') return 'dropped the whole';
  if (theirs.restored && !goesWithAppend(mine)) return 'put back an earlier state';
  switch (mine.kind) {
    case 'create':
    case 'renameAttribute':
    case 'extendIndex':
    case 'extendAttributeIndex':
    case 'compact':
      return undefined;
    case 'append':
    case 'appendAttributes':
    case 'dropAttribute':
      return theirs.keyed ? 'changed the key' : undefined;
    case 'setKey':
      if (theirs.keyed) return 'changed the key';
      if (mine.attribute === undefined) return undefined;
      // What is true of the rows of the base need not be of these.
      return theirs.appendedRows > 0 || !isNone(theirs.replaced, functions) ? 'changed rows' : undefined;
    case 'setParity':
      return theirs.paritySet ? 'changed the parity' : undefined;
    case 'replace':
    case 'setAttributes':
      if (theirs.keyed && mine.kind === 'setAttributes') return 'changed the key';
      if (overlaps(mine.rows.set, theirs.replaced, functions)) return 'replaced the same rows';
      if (overlaps(mine.rows.set, theirs.removed, functions)) return 'dropped rows that are to be replaced';
      return undefined;
    case 'drop':
      return overlaps(mine.rows.set, theirs.replaced, functions)
        ? 'replaced rows that are to be dropped'
        : undefined;
    case 'dropArray':
      // Whoever dropped it too agrees, whatever they did to its rows before.
      if (theirs.dropped) return undefined;
      return theirs.appendedRows > 0 || theirs.replaced !== undefined || theirs.removed !== undefined
        ? 'changed rows'
        : undefined;
    case 'rename':
      return theirs.renamed ? 'changed the name' : undefined;
    case 'index':
    case 'dropIndex':
    case 'indexAttribute':
    case 'dropAttributeIndex':
      return theirs.indexed ? 'changed an index or the files' : undefined;
  }
}

/** What is added to the end of an array, whatever rows are before it. */
function goesWithAppend({ kind }: Change): boolean {
  return kind === 'append' || kind === 'extendIndex' || kind === 'extendAttributeIndex';
}

function clashOfReads(
  transaction: Transaction,
  theirs: ArrayEffects,
  functions: ManifestFunctions,
): string | undefined {
  const reads = transaction.reads.get(theirs.id);
  if (reads === undefined) return undefined;
  if (theirs.dropped) return 'dropped the whole';
  if (theirs.restored) return 'put back an earlier state';
  return overlaps(reads, theirs.replaced, functions) || overlaps(reads, theirs.removed, functions)
    ? 'changed rows that this transaction read'
    : undefined;
}

function isNone(set: Uint8Array | undefined, functions: ManifestFunctions): boolean {
  return set === undefined || functions.rowSets.count(set) === 0;
}

function overlaps(mine: Uint8Array, theirs: Uint8Array | undefined, functions: ManifestFunctions): boolean {
  if (theirs === undefined) return false;
  return functions.rowSets.count(functions.rowSets.intersection(mine, theirs)) > 0;
}

/** What a transaction came to: its changes, and of a restore the arrays that it changed. */
export type AppliedChange =
  | Change
  | { readonly kind: 'restored'; readonly array: ArrayId; readonly keyed: boolean };

/** The effects of a transaction as it was applied, for those that come after it. */
export function effectsOf(
  changes: readonly AppliedChange[],
  version: number,
  functions: ManifestFunctions,
): Effects {
  const arrays = new Map<ArrayId, ArrayEffects>();
  const none: Omit<ArrayEffects, 'id'> = {
    created: false,
    dropped: false,
    renamed: false,
    indexed: false,
    keyed: false,
    paritySet: false,
    restored: false,
    appendedRows: 0,
    replaced: undefined,
    removed: undefined,
  };
  const settled = (set: Uint8Array): Uint8Array => functions.rowSets.slice(set, 0, pendingRowId);
  const join = (a: Uint8Array | undefined, b: Uint8Array): Uint8Array =>
    a === undefined ? settled(b) : functions.rowSets.union(a, settled(b));
  for (const change of changes) {
    const before = arrays.get(change.array) ?? { id: change.array, ...none };
    const after = (): ArrayEffects => {
      switch (change.kind) {
        case 'create':
          return { ...before, created: true };
        case 'append':
          return { ...before, appendedRows: before.appendedRows + change.rows };
        case 'appendAttributes':
        case 'dropAttribute':
        case 'renameAttribute':
          return before;
        case 'replace':
        case 'setAttributes':
          return { ...before, replaced: join(before.replaced, change.rows.set) };
        case 'setKey':
          return { ...before, keyed: true };
        case 'setParity':
          return { ...before, paritySet: true };
        case 'restored':
          return { ...before, restored: true, keyed: before.keyed || change.keyed };
        case 'drop':
          return { ...before, removed: join(before.removed, change.rows.set) };
        case 'dropArray':
          return { ...before, dropped: true };
        case 'rename':
          return { ...before, renamed: true };
        case 'index':
        case 'dropIndex':
        case 'indexAttribute':
        case 'dropAttributeIndex':
          return { ...before, indexed: true };
        case 'extendIndex':
        case 'extendAttributeIndex':
          return change.merges.length === 0 ? before : { ...before, indexed: true };
        case 'compact':
          return touchesIndexes(change) ? { ...before, indexed: true } : before;
      }
    };
    arrays.set(change.array, after());
  }
  return { version, arrays: [...arrays.values()] };
}

/**
 * The transaction with rows taken out of its drops that a version since then dropped already, so that the
 * dropped sets of an array stay disjoint and its counts right; and without segments that it made of several,
 * where a version put the array back: they may leave out rows that were gone and are there again.
 */
export function withoutLandedDrops(
  transaction: Transaction,
  landed: readonly Effects[],
  functions: ManifestFunctions,
): { readonly transaction: Transaction; readonly shrunk: readonly Change[] } {
  const { rowSets } = functions;
  const shrunk: Change[] = [];
  const restored = new Set(
    landed.flatMap(({ arrays }) => arrays.filter((array) => array.restored).map(({ id }) => id)),
  );
  const changes = transaction.changes.map((change) => {
    const isExtension = change.kind === 'extendIndex' || change.kind === 'extendAttributeIndex';
    if (isExtension && restored.has(change.array)) return { ...change, merges: [] };
    if (change.kind !== 'drop') return change;
    let set = change.rows.set;
    for (const { removed } of landed
      .flatMap((effects) => effects.arrays)
      .filter((array) => array.id === change.array)) {
      if (removed !== undefined) set = rowSets.difference(set, removed);
    }
    if (rowSets.count(set) === rowSets.count(change.rows.set)) return change;
    const smaller = { ...change, rows: { set } };
    shrunk.push(smaller);
    return smaller;
  });
  return { transaction: { ...transaction, changes }, shrunk };
}
