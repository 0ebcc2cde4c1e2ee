// Segments of lists as they are searched: the directory of each, read once.
import type { CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { Kept } from '../arrays/kept.js';
import { uncheckedReads } from '../arrays/pages.js';
import { NacreError } from '../errors.js';
import { fromNative } from '../native.js';
import type { IvfQuantizer, IvfSegment } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';

/**
 * By the hash of the segment and where its rows begin: 8 bytes for each list. Two segments of equal rows are
 * equal, and not of the same rows.
 */
const directories = new Kept<Uint8Array>(256);

const segments = new WeakMap<Uint8Array, IvfSegment>();

/** Where the lists of a segment lie, to be opened when the centroids are there. Cost: one request, once. */
export function readDirectory(
  environment: ArrayEnvironment,
  list: CodeList,
  options: CallOptions,
): Promise<Uint8Array> {
  const name = `${toHex(list.part.object.hash)} ${list.firstRowId}`;
  return directories.get(environment, name, () => load(environment, list), options);
}

async function load(
  { store, pages, functions }: ArrayEnvironment,
  { part, head }: CodeList,
): Promise<Uint8Array> {
  const { key } = part.object;
  const { bytes: length, crc } = head ?? { bytes: 0, crc: 0 };
  const range = { start: 0, end: length };
  const [found] = length === 0 ? [] : await uncheckedReads(store, pages.read.bind(pages))(part, [range], {});
  const bytes = found ?? new Uint8Array(0);
  if (length > 0 && functions.crc32c(bytes) === crc) return bytes;
  throw new NacreError('Corrupt', `the directory of ${key} is not what its checksum says`, {
    context: { key, damage: 'checksum' },
  });
}

/** A segment by its directory. */
export function openSegment(
  { native }: ArrayEnvironment,
  quantizer: IvfQuantizer,
  directory: Uint8Array,
  { part, firstRowId, rows }: CodeList,
): IvfSegment {
  const known = segments.get(directory);
  if (known !== undefined) return known;
  let opened: IvfSegment;
  try {
    opened = native.openIvfSegment(quantizer, directory, firstRowId, rows);
  } catch (error) {
    throw fromNative(error);
  }
  const { key, sizeBytes } = part.object;
  if (opened.bytes() !== sizeBytes) {
    throw new NacreError('Corrupt', `${key} has ${sizeBytes} bytes, its lists ${opened.bytes()}`, {
      context: { key, expected: opened.bytes(), observed: sizeBytes },
    });
  }
  segments.set(directory, opened);
  return opened;
}

/**
 * The bytes of lists, in their order, where they are mapped or from the store; not checked, since each has a
 * checksum. Cost: one wave.
 */
export async function readLists(
  { store, pages }: ArrayEnvironment,
  { part }: CodeList,
  segment: IvfSegment,
  lists: Uint32Array,
  options: CallOptions,
): Promise<Uint8Array[]> {
  const bounds = segment.ranges(lists);
  const here = pages.lendObject?.(part);
  here?.wereRead(bounds);
  const ranges = Array.from(lists, (_, i) => ({
    start: defined(bounds[2 * i], 'start'),
    end: defined(bounds[2 * i + 1], 'end'),
  }));
  if (here !== undefined) return ranges.map(({ start, end }) => here.bytes.subarray(start, end));
  const wanted = ranges.filter(({ start, end }) => end > start);
  const read = uncheckedReads(store, pages.read.bind(pages));
  const found = wanted.length === 0 ? [] : await read(part, wanted, options);
  let next = 0;
  return ranges.map(({ start, end }) => (end > start ? defined(found[next++], 'list') : new Uint8Array(0)));
}
