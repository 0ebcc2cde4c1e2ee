// The names that users can import. A change here is a change of the public surface, for CHANGELOG.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ArrayHandle } from '../src/dataset/array-handle.js';
import { Dataset } from '../src/dataset/dataset.js';
import { TransactionHandle } from '../src/dataset/transaction-handle.js';
import * as nacre from '../src/index.js';
import { NearestQuery } from '../src/query/nearest.js';

test('the values that are exported', () => {
  expect(Object.keys(nacre).toSorted()).toMatchInlineSnapshot(`
    [
      "NacreError",
      "and",
      "cache",
      "col",
      "doctor",
      "isNacreError",
      "not",
      "open",
      "openAttributeFile",
      "openNpyFile",
      "or",
      "parseVersion",
      "promote",
      "readCertificate",
      "repair",
      "replicate",
      "restoreTo",
      "scoreOrder",
      "scrub",
      "search",
      "status",
      "writeCertificate",
      "writeNpyFile",
    ]
  `);
});

test('the types that are exported', () => {
  const source = readFileSync(path.resolve(import.meta.dirname, '../src/index.ts'), 'utf8');
  const names = [...source.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, allTypes, list = '']) =>
    list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => allTypes !== undefined || name.startsWith('type '))
      .map((name) => name.replace(/^type /, '')),
  );
  expect(names.toSorted()).toMatchInlineSnapshot(`
    [
      "Aggregate",
      "AppendOptions",
      "ArrayDifference",
      "ArrayHandle",
      "ArrayInfo",
      "AtOptions",
      "Attribute",
      "AttributeFile",
      "AttributeFileFormat",
      "AttributeFileOptions",
      "AttributeIndexInfo",
      "AttributeIndexOptions",
      "AttributeIndexReport",
      "AttributeSource",
      "AttributeType",
      "AttributeValue",
      "AttributeValues",
      "BuildPhase",
      "ByKeyOptions",
      "CacheCleared",
      "CacheOptions",
      "CacheState",
      "CacheVerified",
      "Certificate",
      "CertificateClaims",
      "CertifyOptions",
      "Column",
      "CompactOptions",
      "CompactReport",
      "CompactedArray",
      "Condition",
      "CreateOptions",
      "DamageKind",
      "DamagedObject",
      "DamagedPage",
      "Dataset",
      "DatasetInfo",
      "Diagnosis",
      "DiffOptions",
      "Difference",
      "DistanceRange",
      "DoctorOptions",
      "DropAttributeIndexOptions",
      "DropIndexOptions",
      "Dtype",
      "ErrorCode",
      "ErrorContext",
      "ErrorDetails",
      "ExactIndexOptions",
      "ExactNumber",
      "ExpireOptions",
      "ExpireReport",
      "FileRows",
      "Filter",
      "FilterValue",
      "Finding",
      "GcOptions",
      "GcReport",
      "GivenAttributes",
      "HedgeOptions",
      "HintReport",
      "Hit",
      "HnswIndexOptions",
      "IndexInfo",
      "IndexOptions",
      "IvfIndexOptions",
      "Key",
      "KeyedRow",
      "LastScrub",
      "Lease",
      "LeaseOptions",
      "Measure",
      "Measures",
      "MeterCounts",
      "Metric",
      "NearestOptions",
      "NearestQuery",
      "NotIndexed",
      "NpyFile",
      "ObjectRole",
      "OpenOptions",
      "OperationInfo",
      "PartitionInfo",
      "PassedOver",
      "Precision",
      "PromoteOptions",
      "Promoted",
      "QueryAnalysis",
      "QueryVectors",
      "ReadOptions",
      "RepairFrom",
      "RepairOptions",
      "RepairReport",
      "RepairStep",
      "ReplicaStatus",
      "ReplicateOptions",
      "ReplicateReport",
      "RestoreResult",
      "RestoreToOptions",
      "RestoreToReport",
      "RowAttributes",
      "RowHit",
      "RowIds",
      "RowPieces",
      "RowQuery",
      "RowSelection",
      "RowSource",
      "RowTarget",
      "RowType",
      "Rows",
      "RowsInput",
      "Running",
      "ScrubMode",
      "ScrubOptions",
      "ScrubReport",
      "SearchHit",
      "SearchOptions",
      "Settled",
      "Status",
      "StatusOptions",
      "StoredRow",
      "Subset",
      "TagInfo",
      "TagOptions",
      "TagResult",
      "TransactionHandle",
      "TypedArray",
      "Unreferenced",
      "UpkeepConnection",
      "Upserted",
      "Verification",
      "VerifyOptions",
      "VersionInfo",
      "VersionRange",
      "VersionReference",
      "WriteCall",
      "WriteResult",
    ]
  `);
});

test('the members of the handles', () => {
  const members = ({ prototype }: { readonly prototype: object }): string[] =>
    Object.getOwnPropertyNames(prototype)
      .filter((name) => name !== 'constructor')
      .toSorted();
  expect({
    cache: Object.keys(nacre.cache).toSorted(),
    Dataset: members(Dataset),
    ArrayHandle: members(ArrayHandle),
    TransactionHandle: members(TransactionHandle),
    NearestQuery: members(NearestQuery),
  }).toMatchInlineSnapshot(`
    {
      "ArrayHandle": [
        "attributes",
        "batches",
        "dropIndex",
        "dtype",
        "ids",
        "index",
        "key",
        "nearest",
        "read",
        "rowsByKey",
        "select",
        "shape",
        "where",
      ],
      "Dataset": [
        "array",
        "at",
        "close",
        "compact",
        "deleteTag",
        "diff",
        "expire",
        "gc",
        "info",
        "lease",
        "log",
        "meter",
        "refresh",
        "repair",
        "restore",
        "restoreTo",
        "scrub",
        "settle",
        "status",
        "tag",
        "tags",
        "uri",
        "verify",
        "version",
        "write",
      ],
      "NearestQuery": [
        "analyze",
        "at",
        "certify",
        "count",
        "distanceRange",
        "ef",
        "exact",
        "explain",
        "fresh",
        "limit",
        "metric",
        "nprobe",
        "offset",
        "precision",
        "recall",
        "select",
        "stream",
        "toArray",
        "where",
      ],
      "TransactionHandle": [
        "addAttribute",
        "append",
        "appendFrom",
        "arrays",
        "create",
        "drop",
        "dropArray",
        "dropAttribute",
        "dropIndex",
        "index",
        "read",
        "rename",
        "renameAttribute",
        "replace",
        "setAttributes",
        "setAttributesFrom",
        "setKey",
        "upsert",
        "upsertFrom",
      ],
      "cache": [
        "clear",
        "info",
        "verify",
      ],
    }
  `);
});

test('importing the package loads no engine: what it needs at once is small', () => {
  const dist = path.resolve(import.meta.dirname, '../dist');
  const loaded = new Map<string, number>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    const text = readFileSync(path.join(dist, file), 'utf8');
    loaded.set(file, text.length);
    const imports = /^(?:import|\} from|export (?:\*|\{).*from)[^\n]*'\.\/([^']+)';$/gm;
    for (const [, name = ''] of text.matchAll(imports)) load(name);
  };
  load('index.js');
  const total = [...loaded.values()].reduce((sum, length) => sum + length, 0);
  expect([...loaded.keys()].length).toBeGreaterThan(1);
  // 29 KB today, 24 of them conditions from code; the engine has some 500.
  expect(total).toBeLessThan(40_000);
});
