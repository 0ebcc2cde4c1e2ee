// The form of torch.save before 1.6, which `_use_new_zipfile_serialization=False` still writes: five pickles
// after each other (magic number, protocol, what the machine was, the object, the keys of the storages), then
// of each key 8 bytes with the number of elements and the elements, always little endian.
import { malformed, quote, unsupported } from '../../../npy/problem.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { mapBounded } from '../../../util/bounded.js';
import type { RandomAccess, ReadOptions } from '../../random-access.js';
import { torchDtypes } from './dtypes.js';
import type { OpenedTorch } from './opened.js';
import { type Unpickled, unpickle } from './unpickle.js';
import type { Storage } from './values.js';

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
const firstBytes = 64 * 2 ** 10;
const lengthBytes = 8;
const parallelReads = 8;

const saveAgain = 'Save the tensors again with torch.save.';

interface Range {
  readonly position: number;
  readonly sizeBytes: number;
}

export async function openLegacyForm(access: RandomAccess, options: CallOptions): Promise<OpenedTorch> {
  const source = access.name;
  const window = new Window(access, options);
  const magic = await window.pickle('magic number');
  if (magic.value !== magicNumber)
    throw malformed(source, 'it begins with a pickle, but not with that of torch.save', { hint: saveAgain });
  const protocol = await window.pickle('protocol');
  if (protocol.value !== protocolVersion)
    throw unsupported(source, 'it has another protocol than 1001 of the legacy form', saveAgain);
  await window.pickle('system');
  const { value, storages } = await window.pickle('object');
  const keys = keysOf(await window.pickle('keys'), storages, source);
  const ranges = await placeStorages(access, window.at, keys, storages, options);
  return {
    value,
    byteOrder: 'little',
    sizeOf: (key) => ranges.get(key)?.sizeBytes,
    open: (key) => Promise.resolve(new Part(access, ranges.get(key) as Range)),
    close: () => Promise.resolve(),
  };
}

/** Pickles after each other, read from memory that grows to what they need. */
class Window {
  /** Where the next one begins in the file. */
  at = 0;
  readonly #access: RandomAccess;
  readonly #options: CallOptions;
  #start = 0;
  #bytes = new Uint8Array(0);

  constructor(access: RandomAccess, options: CallOptions) {
    this.#access = access;
    this.#options = options;
  }

  async pickle(what: string): Promise<Unpickled> {
    const { name, sizeBytes } = this.#access;
    for (;;) {
      const at = this.at;
      const read = unpickle(this.#bytes.subarray(at - this.#start), `${name}: ${what}`, sizeBytes - at);
      if (!('needBytes' in read)) {
        this.at = at + read.length;
        return read;
      }
      const length = Math.max(firstBytes, 2 * this.#bytes.byteLength, read.needBytes);
      const take = Math.min(length, sizeBytes - at);
      this.#bytes = new Uint8Array(await this.#access.read(at, take, this.#options));
      this.#start = at;
    }
  }
}

function keysOf({ value }: Unpickled, storages: ReadonlyMap<string, Storage>, source: string): string[] {
  const isList = typeof value === 'object' && value !== null && value.kind === 'list';
  const keys = isList ? value.items.filter((item) => typeof item === 'string') : [];
  if (!isList || keys.length !== value.items.length)
    throw malformed(source, 'the keys of its storages are no list of texts', { hint: saveAgain });
  if (new Set(keys).size !== keys.length)
    throw malformed(source, 'a key is among those of its storages twice', { hint: saveAgain });
  const foreign = keys.find((key) => !storages.has(key));
  if (foreign !== undefined)
    throw malformed(source, `storage ${quote(foreign)} is in it and nothing refers to it`, {
      hint: saveAgain,
    });
  return keys;
}

async function placeStorages(
  access: RandomAccess,
  start: number,
  keys: readonly string[],
  storages: ReadonlyMap<string, Storage>,
  options: CallOptions,
): Promise<Map<string, Range>> {
  const { name: source, sizeBytes: fileBytes } = access;
  const ranges = new Map<string, Range>();
  const lengths: { readonly key: string; readonly at: number; readonly length: number }[] = [];
  let at = start;
  for (const key of keys) {
    const { length, dtype } = storages.get(key) as Storage;
    const unit = dtype === undefined ? 1 : torchDtypes.get(dtype)?.itemBytes;
    if (unit === undefined)
      throw unsupported(
        source,
        `storage ${quote(key)} of torch.${dtype} is not stored`,
        'Save tensor.dequantize().',
      );
    const end = at + lengthBytes + length * unit;
    if (end > fileBytes)
      throw malformed(
        source,
        `storage ${quote(key)} of ${length} elements ends at byte ${end}, the file has ${fileBytes}`,
        { hint: 'The file is cut or damaged: save it again with torch.save.' },
      );
    lengths.push({ key, at, length });
    ranges.set(key, { position: at + lengthBytes, sizeBytes: length * unit });
    at = end;
  }
  if (at !== fileBytes)
    throw malformed(source, `it goes on for ${fileBytes - at} bytes behind its last storage`, {
      hint: 'If several objects were saved into one file, save each into a file of its own.',
    });
  await mapBounded(lengths, parallelReads, async ({ key, at: position, length }) => {
    const bytes = await access.read(position, lengthBytes, options);
    const observed = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes).getBigInt64(0, true);
    if (observed !== BigInt(length))
      throw malformed(
        source,
        `storage ${quote(key)} is said to have ${length} elements, and ${observed} where it is`,
        {
          hint: 'The file is damaged or was made to mislead: save it again with torch.save.',
        },
      );
  });
  return ranges;
}

/** One storage; it closes nothing. */
class Part implements RandomAccess {
  readonly name: string;
  readonly sizeBytes: number;
  readonly remote: boolean;
  readonly reopens: boolean;
  readonly #access: RandomAccess;
  readonly #position: number;

  constructor(access: RandomAccess, { position, sizeBytes }: Range) {
    this.name = access.name;
    this.sizeBytes = sizeBytes;
    this.remote = access.remote;
    this.reopens = access.reopens;
    this.#access = access;
    this.#position = position;
  }

  read(position: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
    return this.#access.read(this.#position + position, length, options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
