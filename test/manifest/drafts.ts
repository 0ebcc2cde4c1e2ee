// Roots and transactions made by hand, for tests of the pure parts: objects are named, never stored.
import { manifestFunctions } from '../../src/dataset/environment.js';
import { partitionPattern, segmentPattern } from '../../src/manifest/keys.js';
import { RootDraft } from '../../src/manifest/draft.js';
import { make, v1 } from '../../src/manifest/message.js';
import type { NewObject } from '../../src/manifest/objects.js';
import { decodeRoot, encodeRoot, type LoadedRoot } from '../../src/manifest/root.js';
import { emptySetHash } from '../../src/manifest/set-hash.js';
import type { ArrayType, Change, PartitionDraft, Transaction } from '../../src/manifest/transaction.js';
import { native } from '../../src/native.js';
import { fromHex } from '../../src/util/bytes.js';
import { FakeRuntime } from '../support/fake-runtime.js';

export const functions = manifestFunctions(native());
export const runtime = new FakeRuntime({ seed: 7 });

export const int32Type: ArrayType = { dtype: 4, rowShape: [], scalar: false };

/** The id of an array that the tests know by a letter. */
export function arrayId(letter: string): string {
  return letter.charCodeAt(0).toString(16).repeat(16);
}

/** Bytes before the first row of the partitions made here. */
const dataOffset = 128;

export function object(array: string, sizeBytes: number): NewObject {
  return {
    pattern: partitionPattern(fromHex(array) ?? new Uint8Array()),
    id: runtime.randomBytes(16),
    sizeBytes,
    hash: runtime.randomBytes(32),
    crc32c: 1,
    blocks: new Uint8Array(4 * Math.ceil(sizeBytes / 65_536)),
  };
}

export function partition(array: string, rows: number): PartitionDraft {
  return { object: object(array, dataOffset + 4 * rows), rows, dataOffset };
}

/** A row set in an object of its own. */
export function setObject(set: Uint8Array): NewObject {
  return {
    pattern: segmentPattern,
    id: runtime.randomBytes(16),
    sizeBytes: set.byteLength,
    hash: functions.blake3(set),
    crc32c: functions.crc32c(set),
    blocks: new Uint8Array(4 * Math.ceil(set.byteLength / 65_536)),
  };
}

export function rowSet(...ids: number[]): Uint8Array {
  return functions.rowSets.fromSorted(Float64Array.from(ids));
}

export const change = {
  create: (array: string, name: string, type = int32Type): Change => ({ kind: 'create', array, name, type }),
  append: (array: string, rows: number): Change => ({
    kind: 'append',
    array,
    rows,
    content: { partitions: [partition(array, rows)] },
  }),
  replace: (array: string, ...ids: number[]): Change => ({
    kind: 'replace',
    array,
    rows: { set: rowSet(...ids) },
    partitions: [{ ...partition(array, ids.length), rowIds: { set: rowSet(...ids) } }],
  }),
  drop: (array: string, ...ids: number[]): Change => ({ kind: 'drop', array, rows: { set: rowSet(...ids) } }),
  dropArray: (array: string): Change => ({ kind: 'dropArray', array }),
  dropIndex: (array: string): Change => ({ kind: 'dropIndex', array, of: 1 }),
  /** An attribute of whole numbers; every row has null. */
  addAttribute: (array: string, name: string): Change => ({
    ...{ kind: 'setAttributes', array, rows: { set: rowSet() }, partitions: [] },
    attributes: [{ name, type: 2 }],
  }),
  setAttributes: (array: string, name: string, ...ids: number[]): Change => ({
    ...{ kind: 'setAttributes', array, rows: { set: rowSet(...ids) } },
    partitions: [
      {
        ...partition(array, ids.length),
        columns: [make(v1.Column, { attribute: 0, type: 2 })],
        rowIds: { set: rowSet(...ids) },
      },
    ],
    attributes: [{ name, type: 2 }],
  }),
  dropAttribute: (array: string, name: string, id?: number): Change => ({
    ...{ kind: 'dropAttribute', array },
    attribute: { name, type: 2, ...(id === undefined ? {} : { id }) },
  }),
  /** Of the rows from one id on. */
  indexAttribute: (array: string, name: string, firstRowId: number, rows: number, id?: number): Change => {
    const segment = { object: object(array, 100), firstRowId, rows, directoryBytes: 50 };
    const attribute = { name, type: 2, ...(id === undefined ? {} : { id }) };
    return {
      kind: 'indexAttribute',
      array,
      index: { attribute, adds: false, rows: firstRowId + rows, segments: [segment] },
    };
  },
  /** Of rows that the transaction appends, and of rows that segments with these hashes have. */
  extendAttributeIndex: (
    array: string,
    name: string,
    firstRow: number,
    rows: number,
    merges: readonly {
      readonly taken: Uint8Array[];
      readonly firstRowId: number;
      readonly rows: number;
    }[] = [],
  ): Change => ({
    ...{ kind: 'extendAttributeIndex', array, attribute: { name, type: 2 } },
    segments: rows === 0 ? [] : [{ object: object(array, 100), firstRow, rows, directoryBytes: 50 }],
    merges: merges.map(({ taken, ...covered }) => ({
      taken,
      segment: { object: object(array, 100), ...covered, directoryBytes: 50 },
    })),
  }),
  dropAttributeIndex: (array: string, name: string, id?: number): Change => ({
    ...{ kind: 'dropAttributeIndex', array },
    attribute: { name, type: 2, ...(id === undefined ? {} : { id }) },
  }),
  setKey: (array: string, name: string | undefined): Change => ({
    ...{ kind: 'setKey', array, attribute: name === undefined ? undefined : { name, type: 2 } },
  }),
  /** Of the file that holds these rows, the first of which has the id 0. */
  compact: (array: string, file: PartitionDraft, rows: number): Change => {
    const made = partition(array, rows);
    const { object: written, dataOffset: offset } = made;
    return {
      ...{ kind: 'compact', array, columns: false, segments: [], written: [{ start: 0, end: rows }] },
      takes: { partitions: [file.object.id], segments: [] },
      entries: [{ object: written, partition: make(v1.Partition, { rows, dataOffset: offset }) }],
    };
  },
  rename: (array: string, name: string): Change => ({ kind: 'rename', array, name }),
};

export function transaction(
  changes: readonly Change[],
  fields: Partial<Transaction> & { readonly baseVersion: number },
): Transaction {
  return { id: runtime.randomBytes(16), exactlyOnce: false, reads: new Map(), ...fields, changes };
}

export function firstRoot(): LoadedRoot {
  return encodeRoot(
    make(v1.Root, {
      dataset: runtime.randomBytes(16),
      lineage: runtime.randomBytes(16),
      version: 1,
      timeMs: runtime.now(),
      commitId: runtime.randomBytes(16),
      setHash: emptySetHash,
      kept: make(v1.Kept, { from: 1 }),
    }),
    functions,
  );
}

/** The next root with these transactions in it, as it is read back. */
export function nextRoot(parent: LoadedRoot, ...transactions: Transaction[]): LoadedRoot {
  const version = parent.root.version + 1;
  const draft = new RootDraft(parent, version, functions);
  for (const each of transactions) draft.apply(each);
  const root = draft.build({ commitId: runtime.randomBytes(16), timeMs: runtime.now() });
  return decodeRoot(encodeRoot(root, functions).bytes, `version ${version}`, functions);
}
