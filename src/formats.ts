// Files in and out, each verb loaded when it is called.
import type { RowType } from './arrays/row-type.js';
import type { ArrayToWrite, WriteArraysOptions } from './formats/arrays/array-file.js';
import type { ArrayFile, ArrayFileFormat, ArrayFileOptions } from './formats/arrays/open.js';
import type { AttributeFile, AttributeFileOptions } from './formats/attributes/open.js';
import type { NpyFile } from './formats/npy-file.js';
import type { RowPieces } from './formats/npy-writer.js';
import type { OpenAccessOptions } from './formats/random-access.js';
import type { Certificate } from './query/certificate.js';
import type { CallOptions } from './storage/object-store.js';

/**
 * Opens a .npy file (1.0, 2.0, 3.0; C or Fortran order; either byte order) for reading row by row. `name` is
 * a path, an `s3://`, `gs://` or `file://` URI, or `-` for standard input, which is copied to the temporary
 * folder first, like every pipe.
 *
 * Cost: two reads; on a bucket two requests, then one for each 8 MiB. Errors: `NotFound`,
 * `PermissionDenied`, `InvalidArgument` for a file that is malformed or is not as long as it says,
 * `UnsupportedFormat` for a dtype that is not stored; `Conflict` when the file changes while it is read.
 */
export async function openNpyFile(name: string, options: OpenAccessOptions = {}): Promise<NpyFile> {
  return (await import('./formats/npy-file.js')).openNpyFile(name, options);
}

/**
 * Writes `rows` rows as the bytes that `np.save` writes, and says how many bytes that were. `-` is standard
 * output. An existing file is replaced at the end, so that whoever reads it sees the old or the new one.
 *
 * Errors: `InvalidArgument` when the pieces are not as many rows as said, or for a folder; `NotFound`,
 * `PermissionDenied`, `ResourceExhausted` (disk full): the target is then as it was.
 */
export async function writeNpyFile(
  name: string,
  type: RowType,
  rows: number,
  pieces: RowPieces,
  options: CallOptions = {},
): Promise<number> {
  return (await import('./formats/npy-writer.js')).writeNpyFile(name, type, rows, pieces, options);
}

/**
 * Opens a file of arrays: `.npy`, `.npz`, `.safetensors`, PyTorch (`.pt`, `.pth`, of which nothing is ever
 * run), Arrow (`.arrow`, `.feather`, `.ipc`), Parquet, HDF5 (`.h5`, `.hdf5`, `.h5ad`), a Zarr in a zip file
 * (`.zarr.zip`), CSV or TSV; raw numbers with `format: 'raw'`, `dtype` and `rowShape`. `name` is as for
 * `openNpyFile()`; `format` says what a file with another ending is, else it is told by how the file begins.
 * A folder is opened where it is a Zarr (`.zarr`) or of NumPack (`.npk`); one in a bucket has that ending or
 * a slash, or `format` says so. Of each array `array` is the name that the file has for it (undefined in
 * `.npy`, text and raw numbers), `type` and `rows` are known, and rows are read piece by piece:
 * `tx.appendFrom(name, array)` takes them.
 *
 * Of Arrow and Parquet columns of lists of one length are arrays, and what stands beside them `attributes`;
 * without such a column each column of numbers is an array. bfloat16, which NumPy does not have, is read as
 * float32, and `stored` says so.
 *
 * Text is one array of rows × columns, float64 unless `dtype` says otherwise; a number in it that is none, or
 * that the dtype does not hold, is refused with `context.line` and `field` once its row is read.
 *
 * Cost: the headers, of text one pass over it; on a bucket a few requests, then one for each 8 MiB. Errors:
 * `NotFound`, `PermissionDenied`; `InvalidArgument` for what is malformed, and `UnsupportedFormat` for what is
 * not stored, with file and array; `Conflict` when the file changes while it is read.
 */
export async function openArrayFile(name: string, options: ArrayFileOptions = {}): Promise<ArrayFile> {
  return (await import('./formats/arrays/open.js')).openArrayFile(name, options);
}

/**
 * The format of arrays that a file has by the ending of its name, whether there is such a file or not;
 * undefined where the ending tells nothing.
 */
export async function arrayFileFormatOf(name: string): Promise<ArrayFileFormat | undefined> {
  return (await import('./formats/arrays/open.js')).formatOfName(name);
}

/** Whether files of the format hold attributes of rows beside arrays: `writeArrayFile()` takes them then. */
export async function holdsAttributes(format: ArrayFileFormat): Promise<boolean> {
  return (await import('./formats/arrays/open.js')).holdsAttributes(format);
}

/**
 * Writes arrays to a file of a format of `openArrayFile()`, by the ending of its name or `format`, and says
 * how many bytes that were: one array to `.npy`, text and raw numbers, arrays of the same rows to Arrow and
 * Parquet, with `attributes` beside them. Rows go through piece by piece; the same arrays give the same
 * bytes. `-` is standard output, with
 * `format`. An existing file is replaced at the end; a Zarr is a new folder. Errors: as `writeNpyFile()`;
 * `InvalidArgument` for what the format cannot hold, by name; `AlreadyExists` for a folder that holds
 * something.
 */
export async function writeArrayFile(
  name: string,
  arrays: readonly ArrayToWrite[],
  options: WriteArraysOptions & { readonly format?: ArrayFileFormat } = {},
): Promise<number> {
  return (await import('./formats/arrays/open.js')).writeArrayFile(name, arrays, options);
}

/**
 * A certificate from a file: a path, an `s3://`, `gs://` or `file://` URI, or `-` for standard input. Its
 * fields are checked, its claims are not: see `Dataset.verify()`.
 *
 * Errors: `NotFound`, `PermissionDenied`; `InvalidArgument` for what is no certificate, or longer than
 * 64 MiB; `UnsupportedFormat` for one of a later release.
 */
export async function readCertificate(name: string, options: OpenAccessOptions = {}): Promise<Certificate> {
  return (await import('./formats/certificate-file.js')).readCertificate(name, options);
}

/**
 * Writes a certificate as JSON, and says how many bytes that were. `-` is standard output; an existing file
 * is replaced at the end. Errors: as `writeNpyFile()`.
 */
export async function writeCertificate(name: string, certificate: Certificate): Promise<number> {
  return (await import('./formats/certificate-file.js')).writeCertificate(name, certificate);
}

/**
 * Opens a file of row attributes: JSON lines (`.jsonl`, `.ndjson`), CSV below a line of names (`.csv`,
 * `.tsv`), Arrow (`.arrow`, `.ipc`, `.feather`; files and streams) or Parquet (`.parquet`). `name` is as for
 * `openNpyFile()`; `format` says what a file with another ending is.
 *
 * Types are those of the file. Of JSON lines and CSV they are found in the values: whole numbers are `int`
 * as long as all are and int64 has them, numbers `float`, `true` and `false` `bool`, lists of strings (JSON)
 * `strings`, all else `string`. What an attribute of nulls alone has is `string`. In CSV an empty field is
 * null, and numbers with zeros in front, a plus, or more digits than a float64 has, are text. `types` asks
 * for others: text as `timestamp`, whole numbers as `float`, in CSV any; only then is a number rounded; so
 * does `known`, of attributes that an array has. Dates of Arrow and Parquet are their midnight, and instants
 * without a zone are in UTC.
 *
 * Cost: JSON lines and CSV are read twice, once to open them. Memory: some MiB; of Arrow and Parquet a batch
 * or a row group, or some pages of one of more than 64 MiB that has a page index. Errors: `NotFound`,
 * `PermissionDenied`; `InvalidArgument` for what is malformed, with `context.file`, and where it is known
 * `line` or `row` (of rows, from 0 on) and `attribute`; `UnsupportedFormat` for a column that is of no type
 * of an attribute; `Conflict` when the file changes while it is read.
 */
export async function openAttributeFile(
  name: string,
  options: AttributeFileOptions = {},
): Promise<AttributeFile> {
  return (await import('./formats/attributes/open.js')).openAttributeFile(name, options);
}
