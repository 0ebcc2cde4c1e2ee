// A file of torch.save from arrays: the zip form, with a dict of names to contiguous tensors, which
// torch.load(FILE, weights_only=True) reads. It has what PyTorch 2.3 knows; uint16, uint32 and uint64 are not
// in releases before that. No clock is in it and nothing random: the same arrays are the same bytes.
import { NacreError } from '../../../errors.js';
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { concat, utf8 } from '../../../util/bytes.js';
import { halfPair, quoted } from '../../../util/text.js';
import type { ArrayToWrite, ArrayWriter } from '../array-file.js';
import { bytesOfArray, shapeOfArray, sizeOfArray } from '../pieces.js';
import { type MemberToWrite, zipBytes } from '../zip-writer.js';
import { torchDtypes } from './dtypes.js';
import { maxNameChars, maxTensors } from './walk.js';

/** The folder in the zip file, which torch.save calls so where it writes to no path. */
const folder = 'archive';
/** Of the form. */
const version = '3\n';
/** Storages begin at multiples of it, so that they can be mapped. */
const alignBytes = 64;

/**
 * Streams the file. Memory: the pickle, some 200 bytes an array, and the pieces. Errors: `InvalidArgument`
 * for no arrays, two of one name, a name that no text of Python is, or rows that are not as many as said.
 */
export const writeTorch: ArrayWriter = (arrays, options) => {
  checkNames(arrays);
  const pickle = pickleOf(arrays);
  const members: MemberToWrite[] = [
    member('data.pkl', pickle),
    member('byteorder', utf8.encode('little')),
    ...arrays.map((array, key) => storageMember(array, key, options)),
    member('version', utf8.encode(version)),
  ];
  return zipBytes(members, { alignBytes });
};

function member(name: string, bytes: Uint8Array): MemberToWrite {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { name: `${folder}/${name}`, sizeBytes: bytes.byteLength, pieces };
}

function storageMember(array: ArrayToWrite, key: number, options: CallOptions): MemberToWrite {
  return {
    name: `${folder}/data/${key}`,
    sizeBytes: sizeOfArray(array),
    pieces: () => bytesOfArray(array, options),
  };
}

function checkNames(arrays: readonly ArrayToWrite[]): void {
  if (arrays.length === 0) throw refused('there is no array to write', 'Name at least one.');
  if (arrays.length > maxTensors)
    throw refused(`${arrays.length} arrays are more than ${maxTensors}`, 'Write them into several files.');
  const names = new Set<string>();
  for (const { array } of arrays) {
    if (names.has(array))
      throw refused(`two arrays have the name ${quoted(array, 80)}`, 'Rename one of them.');
    names.add(array);
    if (halfPair.test(array))
      throw refused(`the name ${quoted(array, 80)} has half a surrogate pair`, 'Choose another name.');
    if (array.length > maxNameChars)
      throw refused(
        `a name of ${array.length} characters is longer than ${maxNameChars}`,
        'Choose a shorter name.',
      );
  }
}

function refused(what: string, hint: string): NacreError {
  return new NacreError('InvalidArgument', what, { hint });
}

/** A pickle of protocol 2 without a memo: nothing in it is in two places. */
function pickleOf(arrays: readonly ArrayToWrite[]): Uint8Array {
  const pieces: Uint8Array[] = [Uint8Array.of(0x80, 2), ascii('}(')];
  for (const [key, array] of arrays.entries()) pieces.push(text(array.array), ...tensor(array, key));
  pieces.push(ascii('u.'));
  return concat(pieces);
}

/** `_rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())`; v3 has a dtype, and bytes. */
function tensor(array: ArrayToWrite, key: number): Uint8Array[] {
  const { dtype } = array.type;
  const shape = shapeOfArray(array);
  const { itemBytes } = dtypes[dtype];
  const storage = storageOf(dtype);
  const length = sizeOfArray(array) / (storage === undefined ? 1 : itemBytes);
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((count, n) => count * Math.max(n, 1), 1),
  );
  return [
    global('torch._utils', storage === undefined ? '_rebuild_tensor_v3' : '_rebuild_tensor_v2'),
    ascii('(('),
    text('storage'),
    storage === undefined ? global('torch.storage', 'UntypedStorage') : global('torch', storage),
    text(String(key)),
    text('cpu'),
    integer(length),
    ascii('tQ'),
    integer(0),
    tuple(shape),
    tuple(strides),
    Uint8Array.of(0x89),
    global('collections', 'OrderedDict'),
    ascii(')R'),
    ...(storage === undefined ? [global('torch', dtype)] : []),
    ascii('tR'),
  ];
}

/** Every dtype has one of its name in PyTorch. */
function storageOf(dtype: Dtype): string | undefined {
  return torchDtypes.get(dtype)?.storage;
}

function ascii(letters: string): Uint8Array {
  return utf8.encode(letters);
}

function global(module: string, name: string): Uint8Array {
  return ascii(`c${module}\n${name}\n`);
}

function text(value: string): Uint8Array {
  const bytes = utf8.encode(value);
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, 'X'.charCodeAt(0));
  head.setUint32(1, bytes.byteLength, true);
  return concat([new Uint8Array(head.buffer), bytes]);
}

/** The shortest of BININT1, BININT2, BININT and LONG1, as Python chooses. */
function integer(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(10));
  const done = (code: number, length: number): Uint8Array => {
    view.setUint8(0, code);
    return new Uint8Array(view.buffer, 0, 1 + length);
  };
  if (value < 2 ** 31) view.setUint32(1, value, true);
  if (value < 2 ** 8) return done(0x4b, 1);
  if (value < 2 ** 16) return done(0x4d, 2);
  if (value < 2 ** 31) return done(0x4a, 4);
  // The eighth byte of a number up to 2^53 is free for the sign.
  view.setUint8(1, 8);
  view.setBigInt64(2, BigInt(value), true);
  return done(0x8a, 9);
}

function tuple(values: readonly number[]): Uint8Array {
  if (values.length === 0) return ascii(')');
  return concat([ascii('('), ...values.map(integer), ascii('t')]);
}
