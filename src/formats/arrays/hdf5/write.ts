// HDF5 out, in one pass: all headers first, whose sizes follow from names and shapes, then the numbers of one
// array behind the other, as they are.
//
// Superblock and headers are of version 2, which HDF5 reads from 1.8 (2008) on: those before, with tables of
// symbols, have no checksum of a name, a shape or an address. Links stand in the header of their group,
// however many: heaps and trees of them, which HDF5 makes beyond eight, are faster to search and no more.
// The superblock says where the file ends, so that readers refuse one that was cut. No clock is in it.
import { NacreError } from '../../../errors.js';
import { arrayBytes } from '../../../npy/shape.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { concat, utf8 } from '../../../util/bytes.js';
import { halfPair, quoted } from '../../../util/text.js';
import type { ArrayToWrite, ArrayWriter } from '../array-file.js';
import { bytesOfArray, shapeOfArray, sizeOfArray } from '../pieces.js';
import {
  datasetHeader,
  groupHeader,
  groupHeaderBytes,
  maxNameBytes,
  superblock,
  superblockBytes,
} from './encode.js';
import { maxLinks } from './links.js';

/** Numbers begin at multiples of it, so that they can be mapped. */
const alignBytes = 64;
/** As headers of HDF5 do. */
const headerAlignBytes = 8;
/** Of headers that are written at once. */
const pieceBytes = 2 ** 20;
/** HDF5 holds the header of a group whole, 32 MiB at most. */
const maxGroupBytes = 16 * 2 ** 20;
/** Of one object a header has 65,536 messages at most that are read; two of a group are no links. */
const maxMembers = 65_000;

/** A group by the names of its members, in order. */
interface Group {
  readonly kind: 'group';
  readonly members: Map<string, Group | Leaf>;
}

interface Leaf {
  readonly kind: 'array';
  readonly array: ArrayToWrite;
}

/**
 * The bytes of an HDF5 file: a contiguous dataset for each array, in groups where names have slashes. Bools
 * are enums of `FALSE` and `TRUE`, complex numbers records of `r` and `i`, as h5py has them. Numbers begin at
 * multiples of 64 bytes, and nothing is packed.
 *
 * Memory: the headers, some 200 bytes an array, and the pieces. Errors: `InvalidArgument` for two arrays of
 * one name, one within another, names that are no path, more members of a group than are read (65,000, or
 * 16 MiB of names), and rows that are not as many as said.
 */
export const writeHdf5: ArrayWriter = (arrays, options) => {
  const root = treeOf(arrays);
  return stream(root, options);
};

function treeOf(arrays: readonly ArrayToWrite[]): Group {
  const root: Group = { kind: 'group', members: new Map() };
  let links = 0;
  for (const array of arrays) {
    const { array: name, type, rows } = array;
    arrayBytes(type.dtype, [rows, ...type.rowShape]);
    const flaw = flawOf(name);
    if (flaw !== undefined) throw refused(name, flaw);
    const path = name.split('/');
    const last = path.pop() as string;
    let group = root;
    for (const part of path) {
      let next = group.members.get(part);
      if (next?.kind === 'array')
        throw refused(name, `lies within the array ${quoted(next.array.array, 80)}`);
      if (next === undefined) {
        next = { kind: 'group', members: new Map() };
        group.members.set(part, next);
        links++;
      }
      group = next;
    }
    const there = group.members.get(last);
    if (there?.kind === 'array') throw refused(name, 'is there twice');
    if (there !== undefined) throw refused(name, 'has the name of a group that others lie in');
    group.members.set(last, { kind: 'array', array });
    links++;
  }
  if (links > maxLinks)
    throw tooMany(`${links} arrays and groups are more than ${maxLinks}, which are read of a file`);
  return root;
}

function flawOf(name: string): string | undefined {
  if (halfPair.test(name)) return 'has half a surrogate pair in its name';
  if (name.includes('\0')) return 'has a zero byte in its name, which ends one in HDF5';
  const parts = name.split('/');
  if (parts.includes('')) return 'has a name with an empty part, which no path of HDF5 has';
  if (parts.includes('.') || parts.includes('..')) return 'has a name with a dot for a part';
  if (parts.some((part) => utf8.encode(part).byteLength > maxNameBytes))
    return `has a name of more than ${maxNameBytes} bytes`;
  return undefined;
}

function refused(array: string, what: string): NacreError {
  return new NacreError('InvalidArgument', `the array ${quoted(array, 80)} ${what}`, {
    context: { array },
    hint: 'Choose another name, or write it as .npy.',
  });
}

function tooMany(what: string): NacreError {
  return new NacreError('InvalidArgument', what, { hint: 'Write the arrays into several files.' });
}

/** Where things begin in the file. */
interface Places {
  readonly headers: ReadonlyMap<Group | Leaf, number>;
  readonly data: ReadonlyMap<Leaf, number>;
  readonly leaves: readonly Leaf[];
  readonly headersEnd: number;
  readonly endBytes: number;
}

function placesOf(objects: readonly (Group | Leaf)[]): Places {
  const headers = new Map<Group | Leaf, number>();
  const data = new Map<Leaf, number>();
  let at = superblockBytes;
  for (const object of objects) {
    at = aligned(at, headerAlignBytes);
    headers.set(object, at);
    at += headerBytes(object);
  }
  const headersEnd = at;
  const leaves = objects.filter((object): object is Leaf => object.kind === 'array');
  for (const leaf of leaves) {
    const bytes = sizeOfArray(leaf.array);
    if (bytes === 0) continue;
    at = aligned(at, alignBytes);
    data.set(leaf, at);
    at += bytes;
  }
  return { headers, data, leaves, headersEnd, endBytes: at };
}

function aligned(at: number, by: number): number {
  return by * Math.ceil(at / by);
}

/** Groups before what is in them; without a call for each level, which names could make too deep. */
function objectsOf(root: Group): (Group | Leaf)[] {
  const objects: (Group | Leaf)[] = [root];
  for (let i = 0; i < objects.length; i++) {
    const object = objects[i] as Group | Leaf;
    if (object.kind === 'group') for (const member of object.members.values()) objects.push(member);
  }
  return objects;
}

function headerBytes(object: Group | Leaf): number {
  if (object.kind === 'array') return leafHeader(object, 0).byteLength;
  const bytes = groupHeaderBytes([...object.members.keys()]);
  if (object.members.size > maxMembers || bytes > maxGroupBytes)
    throw tooMany(`a group of ${object.members.size} members and ${bytes} bytes of names is too large`);
  return bytes;
}

function leafHeader({ array }: Leaf, address: number | undefined): Uint8Array {
  return datasetHeader(array.type.dtype, shapeOfArray(array), sizeOfArray(array), address);
}

/** From the beginning to the first number, in pieces of about `pieceBytes`. */
function* headersOf(objects: readonly (Group | Leaf)[], places: Places): Generator<Uint8Array> {
  const { headers, data, endBytes } = places;
  const addressOf = (object: Group | Leaf): number => headers.get(object) as number;
  let waiting = [superblock(addressOf(objects[0] as Group), endBytes)];
  let [at, waitingBytes] = [superblockBytes, superblockBytes];
  for (const object of objects) {
    const header =
      object.kind === 'array'
        ? leafHeader(object, data.get(object))
        : groupHeader([...object.members].map(([name, member]) => [name, addressOf(member)] as const));
    const gap = addressOf(object) - at;
    waiting.push(new Uint8Array(gap), header);
    at += gap + header.byteLength;
    waitingBytes += gap + header.byteLength;
    if (waitingBytes < pieceBytes) continue;
    yield concat(waiting);
    [waiting, waitingBytes] = [[], 0];
  }
  yield concat(waiting);
}

async function* stream(root: Group, options: CallOptions): AsyncGenerator<Uint8Array> {
  const objects = objectsOf(root);
  const places = placesOf(objects);
  let at = places.headersEnd;
  yield* headersOf(objects, places);
  for (const leaf of places.leaves) {
    const place = places.data.get(leaf) ?? at;
    if (place > at) yield new Uint8Array(place - at);
    // Of no rows, too: that none come is compared.
    yield* bytesOfArray(leaf.array, options);
    at = place + sizeOfArray(leaf.array);
  }
}
