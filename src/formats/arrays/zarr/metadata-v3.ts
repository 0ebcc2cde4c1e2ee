// Version 3 of Zarr: `zarr.json` of an array (https://zarr-specs.readthedocs.io, core specification 3.1, and
// the codecs of github.com/zarr-developers/zarr-extensions that are read).
import { type Dtype, dtypes, isDtype } from '../../../npy/dtype.js';
import { bloscStage, crc32cStage, gzipStage, lz4Stage, type Stage, zlibStage, zstdStage } from './codecs.js';
import { fillBytes } from './fill.js';
import type { ChunkEncoding, ShardLayout, ZarrInfo } from './info.js';
import {
  checkShape,
  countsOf,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  shown,
  textOf,
} from './json.js';
import { filterOf } from './metadata-v2.js';
import { damagedZarr, unsupportedZarr, type ZarrPlace } from './problem.js';

/** All members that are understood; others may be passed over only where they say so. */
const members: ReadonlySet<string> = new Set([
  'zarr_format',
  'node_type',
  'shape',
  'data_type',
  'chunk_grid',
  'chunk_key_encoding',
  'fill_value',
  'codecs',
  'attributes',
  'storage_transformers',
  'dimension_names',
]);

const compressors: Readonly<Record<string, Stage>> = {
  gzip: gzipStage,
  zstd: zstdStage,
  blosc: bloscStage,
  crc32c: crc32cStage,
  'numcodecs.gzip': gzipStage,
  'numcodecs.zlib': zlibStage,
  'numcodecs.zstd': zstdStage,
  'numcodecs.lz4': lz4Stage,
  'numcodecs.blosc': bloscStage,
};

interface Named {
  readonly name: string;
  readonly configuration: JsonObject;
}

/** Errors: `InvalidArgument`, and `UnsupportedFormat` for data types, grids, keys and codecs by name. */
export function infoOfV3(metadata: JsonObject, place: ZarrPlace): ZarrInfo {
  checkMembers(metadata, place);
  const dtype = dtypeOf(metadata['data_type'], place);
  const { itemBytes } = dtypes[dtype];
  const shape = countsOf(metadata['shape'], 'shape', 0, place);
  const outer = chunkShapeOf(metadata['chunk_grid'], shape.length, place);
  checkShape(shape, itemBytes, place);
  checkShape(outer, itemBytes, place);
  const codecs = listOf(metadata['codecs'], 'codecs', place).map((one) => named(one, 'a codec', place));
  const [first, ...others] = codecs;
  const isSharded = first?.name === 'sharding_indexed';
  if (isSharded && others.length > 0)
    throw unsupportedZarr(
      place,
      `has the codec ${shown(others[0]?.name)} around its shards, which is not read`,
      'Write it with codecs inside of the shards.',
    );
  const sharding = isSharded ? shardingOf(first.configuration, outer, place) : undefined;
  return {
    place,
    dtype,
    shape,
    chunkShape: sharding?.chunkShape ?? outer,
    fill: fillBytes(dtype, metadata['fill_value'], place),
    keyOf: keysOf(metadata['chunk_key_encoding'], place),
    encoding: encodingOf(sharding?.codecs ?? codecs, shape.length, dtype, place),
    ...(sharding !== undefined && { shards: sharding.layout }),
  };
}

function checkMembers(metadata: JsonObject, place: ZarrPlace): void {
  if (metadata['zarr_format'] !== 3)
    throw damagedZarr(place, `has the zarr_format ${shown(metadata['zarr_format'])} in zarr.json, not 3`);
  for (const [name, value] of Object.entries(metadata)) {
    if (members.has(name) || (isObject(value) && value['must_understand'] === false)) continue;
    throw unsupportedZarr(
      place,
      `has ${shown(name)} in its metadata, which is not understood`,
      'Write it without this extension.',
    );
  }
  const transformers = metadata['storage_transformers'];
  if (transformers !== undefined && listOf(transformers, 'storage_transformers', place).length > 0)
    throw unsupportedZarr(place, 'has a storage transformer', 'Write it without one.');
}

function named(value: Json | undefined, what: string, place: ZarrPlace): Named {
  if (typeof value === 'string') return { name: value, configuration: {} };
  const object = objectOf(value, what, place);
  return {
    name: textOf(object['name'], `the name of ${what}`, place),
    configuration:
      object['configuration'] === undefined ? {} : objectOf(object['configuration'], what, place),
  };
}

function dtypeOf(value: Json | undefined, place: ZarrPlace): Dtype {
  const { name } = named(value, 'data_type', place);
  if (isDtype(name)) return name;
  throw unsupportedZarr(
    place,
    `is of the data type ${shown(name)}, which is not stored (bool, integers, floats and complex numbers are)`,
    'Convert it to numbers, or open the other arrays one by one: FOLDER/NAME.',
  );
}

function chunkShapeOf(value: Json | undefined, axes: number, place: ZarrPlace): readonly number[] {
  const { name, configuration } = named(value, 'chunk_grid', place);
  if (name !== 'regular')
    throw unsupportedZarr(place, `has the chunk grid ${shown(name)}`, 'Write it in chunks of one shape.');
  const shape = countsOf(configuration['chunk_shape'], 'chunk_shape', 1, place);
  if (shape.length === axes) return shape;
  throw damagedZarr(place, `has ${axes} axes, and chunks of ${shape.length}`);
}

function keysOf(value: Json | undefined, place: ZarrPlace): ZarrInfo['keyOf'] {
  const { name, configuration } = named(value, 'chunk_key_encoding', place);
  if (name !== 'default' && name !== 'v2')
    throw unsupportedZarr(
      place,
      `has the chunk key encoding ${shown(name)}`,
      'Write it with the default one.',
    );
  const separator = configuration['separator'] ?? (name === 'v2' ? '.' : '/');
  if (separator !== '.' && separator !== '/')
    throw damagedZarr(place, `has metadata that lie: separator is ${shown(separator)}, neither . nor /`);
  if (name === 'default') return (coordinates) => ['c', ...coordinates].join(separator);
  return (coordinates) => (coordinates.length === 0 ? '0' : coordinates.join(separator));
}

function shardingOf(
  configuration: JsonObject,
  shard: readonly number[],
  place: ZarrPlace,
): {
  readonly chunkShape: readonly number[];
  readonly codecs: readonly Named[];
  readonly layout: ShardLayout;
} {
  const chunkShape = countsOf(configuration['chunk_shape'], 'chunk_shape of sharding_indexed', 1, place);
  const chunks = shard.map((length, axis) => length / (chunkShape[axis] ?? 0));
  if (chunkShape.length !== shard.length || !chunks.every(Number.isInteger))
    throw damagedZarr(
      place,
      `has shards of [${shard.join(', ')}], and chunks of [${chunkShape.join(', ')}] in them`,
    );
  const codecs = (key: string): Named[] =>
    listOf(configuration[key], key, place).map((one) => named(one, 'a codec', place));
  const [numbers, sum, ...more] = codecs('index_codecs');
  if (numbers?.name !== 'bytes' || more.length > 0 || (sum !== undefined && sum.name !== 'crc32c'))
    throw unsupportedZarr(
      place,
      'has shards with another index than bytes and crc32c',
      'Write it with these.',
    );
  const indexAt = configuration['index_location'] ?? 'end';
  if (indexAt !== 'start' && indexAt !== 'end')
    throw damagedZarr(place, `has metadata that lie: index_location is ${shown(indexAt)}`);
  return {
    chunkShape,
    codecs: codecs('codecs'),
    layout: {
      chunks,
      indexAt,
      indexBigEndian: isBigEndian(numbers, 8, place),
      indexChecked: sum !== undefined,
    },
  };
}

function isBigEndian({ configuration }: Named, itemBytes: number, place: ZarrPlace): boolean {
  const { endian } = configuration;
  if (endian === 'little' || endian === 'big') return endian === 'big';
  if (endian === undefined && itemBytes === 1) return false;
  throw damagedZarr(place, `has metadata that lie: endian is ${shown(endian)}, neither little nor big`);
}

/** Codecs of arrays, then one that makes bytes of numbers, then those of bytes. */
function encodingOf(codecs: readonly Named[], axes: number, dtype: Dtype, place: ZarrPlace): ChunkEncoding {
  let order: number[] = Array.from({ length: axes }, (_, axis) => axis);
  const stages: Stage[] = [];
  let numbers: Named | undefined;
  for (const codec of codecs) {
    if (codec.name === 'transpose' && numbers === undefined && stages.length === 0) {
      const by = countsOf(codec.configuration['order'], 'order of transpose', 0, place);
      if (by.length !== axes || new Set(by).size !== axes || by.some((axis) => axis >= axes))
        throw damagedZarr(place, `has metadata that lie: transpose by [${by.join(', ')}]`);
      order = by.map((axis) => order[axis] as number);
    } else if (codec.name === 'bytes' && numbers === undefined) numbers = codec;
    else stages.push(...stagesOf(codec, dtype, numbers === undefined, codecs, place));
  }
  if (numbers === undefined) throw damagedZarr(place, 'has no codec that makes bytes of numbers');
  const bigEndian = dtypes[dtype].swapBytes > 1 && isBigEndian(numbers, dtypes[dtype].swapBytes, place);
  return { order, bigEndian, stages };
}

function stagesOf(
  { name, configuration }: Named,
  dtype: Dtype,
  ofNumbers: boolean,
  codecs: readonly Named[],
  place: ZarrPlace,
): readonly Stage[] {
  const compressor = Object.hasOwn(compressors, name) ? compressors[name] : undefined;
  if (compressor !== undefined && !ofNumbers) return [compressor];
  const bytes = codecs.find((one) => one.name === 'bytes');
  const id = /^numcodecs\.(delta|bitround|shuffle)$/.exec(name)?.[1];
  if (id !== undefined && ofNumbers === (id !== 'shuffle')) {
    const bigEndian = bytes?.configuration['endian'] === 'big';
    const stages = filterOf({ ...configuration, id }, dtype, bigEndian, place);
    if (stages !== undefined) return stages;
  }
  throw unsupportedZarr(
    place,
    `has the codec ${shown(name)}, which is not read${compressor === undefined ? '' : ' there'}`,
    `Write it with bytes, transpose, sharding_indexed and ${Object.keys(compressors).slice(0, 4).join(', ')}.`,
  );
}
