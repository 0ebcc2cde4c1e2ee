// The public surface. Everything else is internal. What a function needs is loaded by its first call:
// compiling the engine takes as long as a request to a bucket.
export { type ErrorCode, type ErrorContext, type ErrorDetails, isNacreError, NacreError } from './errors.js';
export type { ArrayHandle, NearestOptions, ReadOptions, Rows, RowSelection } from './dataset/array-handle.js';
export type { Dataset, VersionReference } from './dataset/dataset.js';
export type { ArrayInfo, AttributeIndexInfo, DatasetInfo, IndexInfo } from './dataset/info.js';
export type { OperationInfo, PartitionInfo, VersionInfo } from './dataset/info.js';
export { open, type OpenOptions } from './dataset/open.js';
export type { WriteCall, WriteResult } from './dataset/operation.js';
export type { Verification, VerifyOptions } from './dataset/verify.js';
export type {
  AttributeIndexOptions,
  DropAttributeIndexOptions,
  DropIndexOptions,
  ExactIndexOptions,
  IndexOptions,
  IvfIndexOptions,
  TransactionHandle,
} from './dataset/transaction-handle.js';
export type { AttributeIndexReport, NotIndexed } from './arrays/attribute-index-builder.js';
export type { RowsInput } from './arrays/rows-input.js';
export type { RowSource } from './arrays/row-source.js';
export type { AppendOptions, CreateOptions, RowTarget } from './arrays/write-transaction.js';
export type { GivenAttributes } from './arrays/attribute-changes.js';
export type { AttributeValues } from './attributes/values.js';
export type { AttributeValue, RowAttributes } from './query/attributes.js';
export { and, col, type Condition, type FilterValue, not, or } from './query/filter/col.js';
export type { Filter } from './query/filter/filter.js';
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
export type { Settled } from './manifest/settle.js';
export { openAttributeFile, openNpyFile, readCertificate } from './formats.js';
export { writeCertificate, writeNpyFile } from './formats.js';
export type { Attribute, AttributeType, Column } from './attributes/column.js';
export type { AttributeSource } from './attributes/source.js';
export type { AttributeFile, AttributeFileFormat } from './formats/attributes/open.js';
export type { AttributeFileOptions } from './formats/attributes/open.js';
export type { FileRows, NpyFile } from './formats/npy-file.js';
export type { RowPieces } from './formats/npy-writer.js';
export type { RowType } from './arrays/partition-writer.js';
export type { MeterCounts } from './storage/wrap/meter.js';
export { cache, doctor } from './ops.js';
export type { CacheOptions, CacheState } from './ops/cache.js';
export type { CacheCleared, CacheVerified, DamagedPage } from './cache/maintenance.js';
export type { Diagnosis, DoctorOptions, Finding } from './ops/doctor.js';
