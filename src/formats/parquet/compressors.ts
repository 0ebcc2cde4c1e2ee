// What the pages of Parquet files are compressed by.
import type { Compressors } from 'hyparquet';
import { compressors as others } from 'hyparquet-compressors';
import { decompressLz4Block } from '../attributes/lz4.js';

/** The library's own takes a block of nothing for a damaged one. */
export const compressors: Compressors = { ...others, LZ4_RAW: decompressLz4Block };
