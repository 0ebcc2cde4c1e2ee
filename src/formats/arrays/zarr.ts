// Zarr, versions 2 and 3: an array is a folder with metadata and one object for each chunk, or for many; a
// group is a folder of arrays and groups. Chunks are read by src/formats/arrays/zarr/rows.ts, written by
// src/formats/arrays/zarr/write.ts.
//
// What is in a group is taken from its consolidated metadata where it has them; else its folders are listed.
// Names and shapes are whatever somebody wrote: names that leave the folder are refused, shapes that no array
// can have, too.
import { checkForeignKey } from '../../storage/keys.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import type { FolderAccess, FolderReader, OpenedFolder } from './folder.js';
import { gridOf } from './zarr/box.js';
import { Decoders } from './zarr/decoders.js';
import type { ZarrInfo } from './zarr/info.js';
import { isObject, type JsonObject, objectOf, parseMetadata, shown } from './zarr/json.js';
import { infoOfV2 } from './zarr/metadata-v2.js';
import { infoOfV3 } from './zarr/metadata-v3.js';
import { damagedZarr, unsupportedZarr, type ZarrPlace } from './zarr/problem.js';
import { ZarrRows } from './zarr/rows.js';

/** Of one array or group. */
const mostMetadataBytes = 64 * 2 ** 20;
/** Arrays and groups of one folder. */
const mostNodes = 100_000;
const mostDepth = 64;
/** Metadata that are read side by side. */
const nodesAtOnce = 8;

/** An array as its metadata have it, not yet checked. */
interface Node {
  /** '' for the folder itself. */
  readonly path: string;
  /** Files that were read to know of it. */
  readonly files: readonly string[];
  readonly version: 2 | 3;
  readonly metadata: JsonObject;
}

/**
 * Opens the folder of a Zarr: an array, which has no name then, or a group, whose arrays are named by their
 * paths below it, `images/train`, in order of these. Of version 2 compressors zlib, gzip, zstd, blosc and lz4
 * and filters delta (of integers), shuffle, bitround and crc32c are read, of version 3 bytes, transpose,
 * gzip, zstd, blosc, crc32c and sharding_indexed; CRC32Cs are compared. A chunk that is not there is the fill
 * value.
 *
 * Cost: at most four reads for an array or a group with consolidated metadata; for one without two for each
 * that is below it, and of a bucket a LIST. Rows: one read for each chunk, of shards one for each chunk and
 * two for the index. Memory: what is asked for, and 256 MiB of chunks, of which one is 512 MiB at most.
 * Errors: `NotFound` where there is no Zarr; `InvalidArgument` for what is malformed, and `UnsupportedFormat`
 * for what is not read or not stored, by name, with `context.file` and `context.array`; `ResourceExhausted`
 * for chunks that are too large.
 */
export const readZarr: FolderReader = async (access, options) => {
  const nodes = await nodesOf(access, options);
  nodes.sort((a, b) => (a.path < b.path ? -1 : 1));
  const infos = nodes.map((node) => infoOf(access, node));
  const decoders = new Decoders();
  const arrays = nodes.map(({ path }, i) => {
    return new ZarrRows(access, prefixOf(path), infos[i] as ZarrInfo, decoders);
  });
  return {
    arrays,
    *files() {
      for (const [i, { path, files }] of nodes.entries()) {
        yield* files;
        yield* chunkKeys(prefixOf(path), infos[i] as ZarrInfo);
      }
    },
    close: async () => {
      await Promise.all(arrays.map((array) => array.close()));
      decoders.close();
    },
  } satisfies OpenedFolder;
};

function prefixOf(path: string): string {
  return path === '' ? '' : `${path}/`;
}

function infoOf(access: FolderAccess, { path, version, metadata }: Node): ZarrInfo {
  const place = { file: access.name, array: path };
  return version === 2 ? infoOfV2(metadata, place) : infoOfV3(metadata, place);
}

/** Of chunks, or of shards, there or not. */
function* chunkKeys(prefix: string, { shape, chunkShape, shards, keyOf }: ZarrInfo): Generator<string> {
  const counts = shape.map((length, axis) => {
    const chunk = (chunkShape[axis] as number) * (shards?.chunks[axis] ?? 1);
    return Math.ceil(length / chunk);
  });
  for (const coordinates of gridOf(counts)) yield prefix + keyOf(coordinates);
}

async function nodesOf(access: FolderAccess, options: CallOptions): Promise<Node[]> {
  const place = { file: access.name, array: '' };
  const [v3, consolidated, array, group] = await Promise.all(
    ['zarr.json', '.zmetadata', '.zarray', '.zgroup'].map((key) => read(access, key, place, options)),
  );
  if (v3 !== undefined) return nodesOfV3(access, v3, place, options);
  if (array !== undefined) return [{ path: '', files: ['.zarray'], version: 2, metadata: array }];
  if (consolidated !== undefined) return consolidatedV2(consolidated, place);
  if (group !== undefined) return walk(access, 2, options);
  throw damagedZarr(place, 'holds none of zarr.json, .zarray, .zgroup and .zmetadata, so it is no Zarr');
}

async function nodesOfV3(
  access: FolderAccess,
  metadata: JsonObject,
  place: ZarrPlace,
  options: CallOptions,
): Promise<Node[]> {
  const files = ['zarr.json'];
  if (kindOfV3(metadata, place) === 'array') return [{ path: '', files, version: 3, metadata }];
  const consolidated = metadata['consolidated_metadata'];
  if (consolidated === undefined || consolidated === null) return walk(access, 3, options);
  const members = objectOf(consolidated, 'consolidated_metadata', place)['metadata'];
  const nodes = Object.entries(objectOf(members, 'the consolidated metadata', place));
  checkCount(nodes.length, place);
  return nodes.flatMap(([path, value]) => {
    const child = { ...place, array: checkPath(path, place) };
    const node = objectOf(value, 'the consolidated metadata', child);
    return kindOfV3(node, child) === 'array' ? [{ path, files, version: 3 as const, metadata: node }] : [];
  });
}

function kindOfV3(metadata: JsonObject, place: ZarrPlace): 'array' | 'group' {
  const { zarr_format: format, node_type: kind } = metadata;
  if (format !== 3) throw damagedZarr(place, `has the zarr_format ${shown(format)} in zarr.json, not 3`);
  if (kind === 'array' || kind === 'group') return kind;
  throw damagedZarr(place, `has metadata that lie: node_type is ${shown(kind)}, neither array nor group`);
}

function consolidatedV2(consolidated: JsonObject, place: ZarrPlace): Node[] {
  if (consolidated['zarr_consolidated_format'] !== 1)
    throw unsupportedZarr(
      place,
      `has the zarr_consolidated_format ${shown(consolidated['zarr_consolidated_format'])}, only 1 is read`,
      'Take .zmetadata away, so that the folders are listed.',
    );
  const members = Object.entries(objectOf(consolidated['metadata'], 'metadata of .zmetadata', place));
  checkCount(members.length, place);
  return members.flatMap(([key, value]) => {
    const path = /^(?:(.*)\/)?\.zarray$/s.exec(key)?.[1];
    if (path === undefined) return [];
    checkPath(path, place);
    const metadata = objectOf(value, key, { ...place, array: path });
    return [{ path, files: ['.zmetadata'], version: 2 as const, metadata }];
  });
}

/** Arrays below a group, level by level, found in its folders. */
async function walk(access: FolderAccess, version: 2 | 3, options: CallOptions): Promise<Node[]> {
  const nodes: Node[] = [];
  let groups = [''];
  let seen = 0;
  for (let depth = 0; groups.length > 0; depth++) {
    const place = { file: access.name, array: '' };
    if (depth > mostDepth) throw damagedZarr(place, `has groups more than ${mostDepth} deep`);
    const below: string[] = [];
    for (const group of groups) {
      const names = await access.folders(group, mostNodes, options);
      seen += names.length;
      checkCount(seen, place);
      const paths = names.map((name) => `${prefixOf(group)}${name}`);
      const found = await mapBounded(paths, nodesAtOnce, (path) => nodeAt(access, path, version, options));
      for (const [i, node] of found.entries())
        if (node === 'group') below.push(paths[i] as string);
        else if (node !== undefined) nodes.push(node);
    }
    groups = below;
  }
  return nodes;
}

/** Undefined for a folder that is neither. */
async function nodeAt(
  access: FolderAccess,
  path: string,
  version: 2 | 3,
  options: CallOptions,
): Promise<Node | 'group' | undefined> {
  const place = { file: access.name, array: path };
  if (version === 3) {
    const key = `${path}/zarr.json`;
    const metadata = await read(access, key, place, options);
    if (metadata === undefined) return undefined;
    return kindOfV3(metadata, place) === 'group' ? 'group' : { path, files: [key], version, metadata };
  }
  const key = `${path}/.zarray`;
  const metadata = await read(access, key, place, options);
  if (metadata !== undefined) return { path, files: [key], version, metadata };
  return (await access.sizeOf(`${path}/.zgroup`, options)) === undefined ? undefined : 'group';
}

async function read(
  access: FolderAccess,
  key: string,
  place: ZarrPlace,
  options: CallOptions,
): Promise<JsonObject | undefined> {
  const body = await access.get(key, { ...options, range: { start: 0, end: mostMetadataBytes } });
  if (body === undefined) return undefined;
  if (body.sizeBytes > mostMetadataBytes)
    throw damagedZarr(
      place,
      `has a ${key} of ${body.sizeBytes} bytes, ${mostMetadataBytes} at most are read`,
    );
  const metadata = parseMetadata(body.bytes, key, place);
  return isObject(metadata) ? metadata : {};
}

function checkPath(path: string, place: ZarrPlace): string {
  try {
    checkForeignKey(path);
  } catch (cause) {
    throw damagedZarr(place, `has metadata of ${shown(path)}, which is no name of an array`, cause);
  }
  return path;
}

function checkCount(count: number, place: ZarrPlace): void {
  if (count > mostNodes) throw damagedZarr(place, `has more than ${mostNodes} arrays and groups`);
}
