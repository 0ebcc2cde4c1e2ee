// HDF5: the datasets of numbers of all groups, by their paths. The file is read by Nacre itself, range by
// range, so that it may lie in a bucket, and never leads to another file: external links, external storage
// and virtual datasets are not followed. What is no array of numbers is left out, and said.
import { isNacreError, type NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { printable, quoted } from '../../util/text.js';
import type { RandomAccess } from '../random-access.js';
import type { ArrayReader, LeftOut } from './array-file.js';
import { damaged, Hdf5Bytes, nowhere, unread } from './hdf5/bytes.js';
import { type Dataset, readDataset } from './hdf5/dataset.js';
import { readMessages, readSuperblock } from './hdf5/header.js';
import { type Link, linksOf, maxLinks } from './hdf5/links.js';
import { Hdf5Rows } from './hdf5/rows.js';

/**
 * Opens an HDF5 file: superblocks 0 to 3, groups old and new, contiguous, compact and chunked datasets, all
 * indexes of chunks, the filters deflate, shuffle, fletcher32 and lzf. Integers, floats, bools as h5py writes
 * them, complex numbers as records of `r` and `i`; either byte order. Arrays are in the order of the links,
 * `group/name` each; a dataset with two names is there twice, a group with two names once. A soft link to a
 * dataset is another name of it.
 *
 * Checksums of headers, indexes and chunks are compared where the file has them. Cost: a few reads an object,
 * of blocks of 64 KiB that are kept (4 MiB); the list of a dataset's chunks when its rows are first read.
 *
 * Errors: `InvalidArgument` for what is damaged; `UnsupportedFormat` where no array is left, for the first of
 * what was left out.
 */
export const readHdf5: ArrayReader = async (access, options) => {
  const file = new Hdf5Bytes(access);
  const found = await walk(file, access, await readSuperblock(file, options), options);
  const { arrays, left } = found;
  const [first] = left;
  if (arrays.length === 0 && first !== undefined) {
    const others = left.length > 1 ? ` (and ${left.length - 1} others)` : '';
    throw unread(access.name, `holds no array of numbers${others}: ${first.why}`, 'Arrays are of numbers.');
  }
  const close = async (): Promise<void> => {
    await Promise.all(arrays.map((array) => array.close()));
  };
  return { arrays, ...(left.length > 0 && { left }), close };
};

interface Found {
  readonly arrays: Hdf5Rows[];
  readonly left: LeftOut[];
}

async function walk(
  file: Hdf5Bytes,
  access: RandomAccess,
  root: number,
  options: CallOptions,
): Promise<Found> {
  const [arrays, left]: [Hdf5Rows[], LeftOut[]] = [[], []];
  const datasets = new Map<string, Dataset>();
  const groups = new Set<number>();
  const soft: { readonly name: string; readonly target: string }[] = [];
  const fullName = (name: string): string => `${access.name}: ${printable(name)}`;
  const waiting: { readonly name: string; readonly link: Link }[] = [
    { name: '', link: { name: '', address: root } },
  ];
  let seen = 0;
  const leave = (name: string, what: string, hint: string): void => {
    left.push({ array: name, why: unread(fullName(name), what, hint).message });
  };
  const add = (name: string, dataset: Dataset): void => {
    arrays.push(new Hdf5Rows(file, name, fullName(name), dataset));
    datasets.set(name, dataset);
  };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, link } = next;
    if (link.path !== undefined) {
      soft.push({ name, target: pathOf(name, link.path) });
      continue;
    }
    if (link.address === undefined || link.address === nowhere) {
      leave(name, 'is a link to another file, and those are not followed', 'Copy what it leads to: h5copy.');
      continue;
    }
    if (groups.has(link.address)) continue;
    const messages = await readMessages(file, link.address, options);
    const dataset = await leavingOut(name, left, () => readDataset(file, fullName(name), messages, options));
    if (dataset === 'left') continue;
    if (dataset !== undefined) {
      await leavingOut(name, left, () => add(name, dataset));
      continue;
    }
    groups.add(link.address);
    const links = await linksOf(file, messages, options);
    seen += links.length;
    if (seen > maxLinks) throw unread(access.name, 'has more than 100,000 links', 'Write several files.');
    const below = links.map((one) => ({ name: join(access.name, name, one.name), link: one }));
    waiting.push(...below.reverse());
  }
  for (const { name, target } of soft) {
    const dataset = datasets.get(target);
    if (dataset !== undefined) add(name, dataset);
    else leave(name, `leads to ${quoted(target)}, which is no array that is read`, 'Link to an array.');
  }
  checkNames(access.name, arrays);
  return { arrays, left };
}

function join(file: string, group: string, name: string): string {
  if (name === '' || name.includes('/')) throw damaged(file, `a link has the name ${quoted(name)}`);
  return group === '' ? name : `${group}/${name}`;
}

/** Where a soft link leads, from the root on. */
function pathOf(name: string, path: string): string {
  const parts = path.startsWith('/') ? [] : name.split('/').slice(0, -1);
  return [...parts, ...path.split('/')].filter((part) => part !== '' && part !== '.').join('/');
}

function checkNames(file: string, arrays: readonly Hdf5Rows[]): void {
  const names = new Set<string>();
  for (const { array } of arrays) {
    if (names.has(array)) throw damaged(file, `there are two links of the name ${quoted(array)}`);
    names.add(array);
  }
}

/** `left` for what is not read; what is damaged is thrown. */
async function leavingOut<T>(name: string, left: LeftOut[], work: () => T | Promise<T>): Promise<T | 'left'> {
  try {
    return await work();
  } catch (error) {
    if (!isNacreError(error) || error.code !== 'UnsupportedFormat') throw error;
    left.push({ array: name, why: (error satisfies NacreError).message });
    return 'left';
  }
}
