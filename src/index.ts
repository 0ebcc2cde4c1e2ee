// The public surface. Everything else is internal. What a function needs is loaded by its first call:
// compiling the engine takes as long as a request to a bucket.
export { type ErrorCode, type ErrorContext, type ErrorDetails, isNacreError, NacreError } from './errors.js';
export type { ArrayHandle, NearestOptions, ReadOptions, Rows, RowSelection } from './dataset/array-handle.js';
export type { Dataset, VersionReference } from './dataset/dataset.js';
export type {
  ArrayInfo,
  DatasetInfo,
  IndexInfo,
  OperationInfo,
  PartitionInfo,
  VersionInfo,
} from './dataset/info.js';
export { open, type OpenOptions } from './dataset/open.js';
export type { WriteCall, WriteResult } from './dataset/operation.js';
export type { Verification, VerifyOptions } from './dataset/verify.js';
export type { DropIndexOptions, IndexOptions, TransactionHandle } from './dataset/transaction-handle.js';
export type { RowsInput } from './arrays/rows-input.js';
export type { RowSource } from './arrays/row-source.js';
export type { CreateOptions, RowTarget } from './arrays/write-transaction.js';
export type { Certificate, CertificateClaims, ExactNumber } from './query/certificate.js';
export type { CertifyOptions } from './query/certify.js';
export type { Hit } from './query/execute.js';
export { type Metric, scoreOrder } from './query/metric.js';
export type { NearestQuery } from './query/nearest.js';
export { search, type SearchHit, type SearchOptions } from './query/search.js';
export type { QueryVectors } from './query/vectors.js';
export type { Dtype, TypedArray } from './npy/dtype.js';
export type { Settled } from './manifest/settle.js';
export { openNpyFile, readCertificate, writeCertificate, writeNpyFile } from './formats.js';
export type { FileRows, NpyFile } from './formats/npy-file.js';
export type { RowPieces } from './formats/npy-writer.js';
export type { RowType } from './arrays/partition-writer.js';
export type { MeterCounts } from './storage/wrap/meter.js';
export { cache, doctor } from './ops.js';
export type { CacheOptions, CacheState } from './ops/cache.js';
export type { CacheCleared, CacheVerified, DamagedPage } from './cache/maintenance.js';
export type { Diagnosis, DoctorOptions, Finding } from './ops/doctor.js';
