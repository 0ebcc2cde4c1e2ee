// The public surface. Everything else is internal. What a function needs is loaded by its first call:
// compiling the engine takes as long as a request to a bucket.
export { type ErrorCode, type ErrorContext, type ErrorDetails, isNacreError, NacreError } from './errors.js';
export type { ArrayHandle, AtOptions, NearestOptions } from './dataset/array-handle.js';
export type { ReadOptions, Rows, RowSelection } from './dataset/array-handle.js';
export type { Dataset } from './dataset/dataset.js';
export type { ArrayInfo, AttributeIndexInfo, DatasetInfo, IndexInfo, ModifiedInfo } from './dataset/info.js';
export type { OperationInfo, PartitionInfo, VersionInfo } from './dataset/info.js';
export type { Operand, Workspace, WorkspaceArray } from './dataset/workspace.js';
export type { WorkspaceOptions, WorkspaceRows } from './dataset/workspace.js';
export type { Lease, LeaseOptions } from './dataset/lease.js';
export type { ArrayDifference, Difference, DiffOptions } from './dataset/diff.js';
export type { RestoreResult } from './dataset/planned.js';
export type { TagInfo, TagOptions, TagResult } from './dataset/tags.js';
export { open, type OpenOptions } from './dataset/open.js';
export type { Durability } from './storage/local/durability.js';
export type { WriteCall, WriteResult } from './dataset/operation.js';
export type { Verification, VerifyOptions } from './dataset/verify.js';
export type { BuildPhase } from './ann/progress.js';
export type { DropIndexOptions, IndexOptions, TransactionHandle } from './dataset/transaction-handle.js';
export type { ExactIndexOptions, HnswIndexOptions, IvfIndexOptions } from './dataset/transaction-handle.js';
export type { AttributeIndexOptions, DropAttributeIndexOptions } from './dataset/transaction-handle.js';
export type { AttributeIndexReport, NotIndexed } from './arrays/attribute-index-builder.js';
export type { RowsInput } from './arrays/rows-input.js';
export type { RowSource } from './arrays/row-source.js';
export type { AppendOptions, CreateOptions, RowTarget } from './arrays/write-options.js';
export type { Upserted } from './arrays/upsert.js';
export type { GivenAttributes } from './arrays/attribute-changes.js';
export type { AttributeValues } from './attributes/values.js';
export type { AttributeValue, RowAttributes } from './query/attributes.js';
export { and, col, type Condition, type FilterValue, not, or } from './query/filter/col.js';
export type { Filter } from './query/filter/filter.js';
export type { ByKeyOptions, Key, KeyedRow } from './query/by-key.js';
export type { RowHit, RowQuery } from './query/rows.js';
export type { Certificate, CertificateClaims, ExactNumber } from './query/certificate.js';
export type { CertifyOptions } from './query/certify.js';
export type { Hit } from './query/execute.js';
export { type Metric, scoreOrder } from './query/metric.js';
export type { Aggregate, Measure, Measures } from './query/aggregate.js';
export type { QueryAnalysis } from './query/analysis.js';
export type { DistanceRange, NearestQuery } from './query/nearest.js';
export type { Precision } from './query/precision.js';
export { search, type SearchHit, type SearchOptions } from './query/search.js';
export type { QueryVectors, StoredRow } from './query/vectors.js';
export type { Dtype, TypedArray } from './npy/dtype.js';
export type { Element } from './npy/element.js';
export type { Settled } from './manifest/settle.js';
export { parseVersion, type VersionReference } from './manifest/version-reference.js';
export { arrayFileFormatOf, openArrayFile, openAttributeFile, openNpyFile } from './formats.js';
export { readCertificate } from './formats.js';
export { holdsAttributes, writeArrayFile, writeCertificate, writeNpyFile } from './formats.js';
export type {
  ArrayToWrite,
  AttributesBeside,
  FileArray,
  LeftOut,
  WriteArraysOptions,
} from './formats/arrays/array-file.js';
export type { ArrayFile, ArrayFileFormat, ArrayFileOptions } from './formats/arrays/open.js';
export type { Attribute, AttributeType, Column } from './attributes/column.js';
export type { AttributeSource } from './attributes/source.js';
export type { AttributeFile, AttributeFileFormat } from './formats/attributes/open.js';
export type { AttributeFileOptions } from './formats/attributes/open.js';
export type { FileRows, NpyFile } from './formats/npy-file.js';
export type { RowPieces } from './formats/npy-writer.js';
export type { RowType } from './arrays/row-type.js';
export type { HedgeOptions } from './storage/wrap/hedge-policy.js';
export type { MeterCounts } from './storage/wrap/meter.js';
export { cache, doctor } from './ops.js';
export { pack, type PackOptions, type PackReport } from './dataset/pack.js';
export {
  linkable,
  parity,
  promote,
  repair,
  replicate,
  restoreTo,
  scrub,
  status,
  unpack,
} from './dataset/by-address.js';
export { updateParity } from './dataset/by-address.js';
export type { ParityPolicy } from './manifest/parity.js';
export type { NotEncoded, ParityCover, ParityReport } from './ops/parity.js';
export type { ParityUpdateOptions, ParityUpdateReport } from './ops/parity.js';
export { backup } from './dataset/backups.js';
export type { RestoreBackupOptions, RestoreBackupReport } from './dataset/backups.js';
export type { VerifyOptions as VerifyBackupOptions } from './dataset/backups.js';
export type { RestoreSample } from './dataset/backup-sample.js';
export type { ScheduledBackup, ScheduleOptions } from './dataset/backups.js';
export type { RepairFrom, UpkeepConnection } from './dataset/by-address.js';
export type { PassedOver, RepairOptions, RepairReport, RepairStep } from './ops/repair.js';
export type { DamagedObject, DamageKind, ObjectRole, RowIds, ScrubMode, ScrubOptions } from './ops/scrub.js';
export type { HintReport, ScrubReport, Subset, Unreferenced, VersionRange } from './ops/scrub.js';
export type { LinkableObject, Linked, LinkOptions } from './ops/link.js';
export type { ReplicateOptions, ReplicateReport } from './ops/replicate.js';
export type { BackupOptions, BackupReport } from './ops/backup/create.js';
export type { BackupList, BackupPoint } from './ops/backup/list.js';
export type { ForgetOptions, ForgetReport } from './ops/backup/forget.js';
export type { BackupDamage, BackupVerification } from './ops/backup/verify.js';
export type { LockMode } from './ops/backup/lock.js';
export type { RetentionRules } from './util/retention.js';
export type { Promoted, PromoteOptions } from './dataset/promote.js';
export type { RestoreToOptions, RestoreToReport } from './dataset/restore-to.js';
export type { LastScrub, ReplicaStatus, Running, Status, StatusOptions } from './ops/status.js';
export type { CacheOptions, CacheState } from './ops/cache.js';
export type { CacheCleared, CacheVerified, DamagedPage } from './cache/maintenance.js';
export type { CompactedArray, CompactOptions, CompactReport } from './ops/compact.js';
export type { ExpireOptions, ExpireReport, Retained, RetentionRule } from './ops/expire.js';
export type { GcOptions, GcReport } from './ops/gc.js';
export type { Diagnosis, DoctorOptions, Finding } from './ops/doctor.js';
