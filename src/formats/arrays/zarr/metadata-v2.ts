// Version 2 of Zarr: `.zarray` (https://zarr-specs.readthedocs.io, storage specification version 2).
import { NacreError } from '../../../errors.js';
import { parseDescr } from '../../../npy/descr.js';
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import {
  bloscStage,
  crc32cStage,
  deltaStage,
  gzipStage,
  isInteger,
  lz4Stage,
  shuffleStage,
  type Stage,
  zlibStage,
  zstdStage,
} from './codecs.js';
import { fillBytes } from './fill.js';
import type { ZarrInfo } from './info.js';
import { checkShape, countsOf, type JsonObject, listOf, objectOf, shown, textOf } from './json.js';
import { damagedZarr, unsupportedZarr, type ZarrPlace } from './problem.js';

const compressors: Readonly<Record<string, Stage>> = {
  zlib: zlibStage,
  gzip: gzipStage,
  zstd: zstdStage,
  blosc: bloscStage,
  lz4: lz4Stage,
};

/** Errors: `InvalidArgument`, and `UnsupportedFormat` for dtypes, filters and compressors by name. */
export function infoOfV2(metadata: JsonObject, place: ZarrPlace): ZarrInfo {
  if (metadata['zarr_format'] !== 2)
    throw damagedZarr(place, `has the zarr_format ${shown(metadata['zarr_format'])} in .zarray, not 2`);
  const { dtype, byteOrder } = dtypeOf(metadata, place);
  const shape = countsOf(metadata['shape'], 'shape', 0, place);
  const chunks = countsOf(metadata['chunks'], 'chunks', 0, place);
  if (chunks.length !== shape.length)
    throw damagedZarr(place, `has ${shape.length} axes, and chunks of ${chunks.length}`);
  // Some writers give an axis of nothing chunks of nothing.
  if (chunks.some((length, axis) => length === 0 && shape[axis] !== 0))
    throw damagedZarr(place, 'has chunks without a row');
  const chunkShape = chunks.map((length) => Math.max(1, length));
  const { itemBytes } = dtypes[dtype];
  checkShape(shape, itemBytes, place);
  checkShape(chunkShape, itemBytes, place);
  const axes = shape.map((_, axis) => axis);
  const stages = [
    ...filtersOf(metadata['filters'], dtype, byteOrder === 'big', place),
    ...compressorOf(metadata['compressor'], place),
  ];
  return {
    place,
    dtype,
    shape,
    chunkShape,
    fill: fillBytes(dtype, metadata['fill_value'], place),
    keyOf: keysBy(metadata['dimension_separator'] ?? '.', place),
    encoding: {
      order: orderOf(metadata['order'], place) === 'F' ? axes.reverse() : axes,
      bigEndian: byteOrder === 'big',
      stages,
    },
  };
}

function dtypeOf(metadata: JsonObject, place: ZarrPlace): ReturnType<typeof parseDescr> {
  const text = metadata['dtype'];
  if (typeof text !== 'string')
    throw unsupportedZarr(
      place,
      `is of the dtype ${shown(text)}, a structured one, which is not stored`,
      'Save each field on its own.',
    );
  try {
    return parseDescr(place.file, text, 0);
  } catch (cause) {
    if (!(cause instanceof NacreError)) throw cause;
    if (cause.code !== 'UnsupportedFormat')
      throw damagedZarr(place, `has a dtype that is none: ${text}`, cause);
    const hint = 'Save it as numbers, or open the other arrays one by one: FOLDER/NAME.';
    throw unsupportedZarr(place, `is of the dtype ${shown(text)}, which is not stored`, hint);
  }
}

function orderOf(value: JsonObject[string], place: ZarrPlace): 'C' | 'F' {
  if (value === 'C' || value === 'F') return value;
  throw damagedZarr(place, `has metadata that lie: order is ${shown(value)}, neither C nor F`);
}

function keysBy(separator: JsonObject[string], place: ZarrPlace): ZarrInfo['keyOf'] {
  if (separator !== '.' && separator !== '/')
    throw damagedZarr(
      place,
      `has metadata that lie: dimension_separator is ${shown(separator)}, neither . nor /`,
    );
  return (coordinates) => (coordinates.length === 0 ? '0' : coordinates.join(separator));
}

function compressorOf(value: JsonObject[string], place: ZarrPlace): Stage[] {
  if (value === null || value === undefined) return [];
  const id = textOf(objectOf(value, 'compressor', place)['id'], 'the id of the compressor', place);
  const found = Object.hasOwn(compressors, id) ? compressors[id] : undefined;
  if (found !== undefined) return [found];
  throw unsupportedZarr(
    place,
    `is compressed by ${shown(id)}, which is not read`,
    `Write it with one of ${Object.keys(compressors).join(', ')}, or none.`,
  );
}

function filtersOf(
  value: JsonObject[string],
  dtype: Dtype,
  bigEndian: boolean,
  place: ZarrPlace,
): readonly Stage[] {
  if (value === null || value === undefined) return [];
  return listOf(value, 'filters', place).flatMap((one) => {
    const filter = objectOf(one, 'a filter', place);
    const found = filterOf(filter, dtype, bigEndian, place);
    if (found !== undefined) return found;
    throw unsupportedZarr(
      place,
      `has the filter ${shown(filter['id'])}${filter['id'] === 'delta' ? ' with these settings' : ''}, ` +
        'which is not read',
      'Write it without this filter.',
    );
  });
}

/** Undefined for one that is not read. */
export function filterOf(
  filter: JsonObject,
  dtype: Dtype,
  bigEndian: boolean,
  place: ZarrPlace,
): readonly Stage[] | undefined {
  const { id } = filter;
  // Rounds numbers on their way in, and leaves them alone on their way out.
  if (id === 'bitround') return [];
  if (id === 'crc32c') return [crc32cStage];
  if (id === 'shuffle') {
    const [bytes = 4] = countsOf([filter['elementsize'] ?? 4], 'elementsize', 1, place);
    if (bytes > 256) throw damagedZarr(place, `has metadata that lie: elementsize is ${bytes}`);
    return [shuffleStage(bytes)];
  }
  const isOwn = (value: JsonObject[string]): boolean =>
    value === undefined || value === null || value === dtype || value === dtypes[dtype].descr;
  if (id !== 'delta' || !isInteger(dtype) || bigEndian) return undefined;
  return isOwn(filter['dtype']) && isOwn(filter['astype']) ? [deltaStage(dtype)] : undefined;
}
