// Builds files of torch.save opcode by opcode, good and bad ones alike, without the code under test.
import { type EntryParts, type ZipParts, zipFile } from './zip-file.js';

export type PicklePart = string | Uint8Array | readonly PicklePart[];

/** Texts have one character a byte. */
export function bytesOfParts(...parts: readonly PicklePart[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(part, 'latin1');
      return part instanceof Uint8Array ? Buffer.from(part) : bytesOfParts(...part);
    }),
  );
}

/** A pickle of protocol 2, STOP included. */
export function pickle(...parts: readonly PicklePart[]): Buffer {
  return bytesOfParts('\x80\x02', ...parts, '.');
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

export function text(value: string): PicklePart {
  const bytes = Buffer.from(value);
  return ['X', u32(bytes.length), bytes];
}

/** LONG1, which takes any integer. */
export function int(value: number | bigint): PicklePart {
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(BigInt(value));
  if (BigInt(value) < 0n) bytes[8] = 0xff;
  return ['\x8a\x09', bytes];
}

export function global(module: string, name: string): PicklePart {
  return `c${module}\n${name}\n`;
}

export function tuple(...parts: readonly PicklePart[]): PicklePart {
  return ['(', ...parts, 't'];
}

export function ints(values: readonly (number | bigint)[]): PicklePart {
  return tuple(...values.map(int));
}

export interface TensorParts {
  readonly type?: PicklePart;
  readonly key?: string;
  /** Of the storage; default: as much as the shape. */
  readonly length?: number | bigint;
  readonly offset?: number | bigint;
  readonly shape?: readonly (number | bigint)[];
  readonly stride?: readonly (number | bigint)[];
  /** Behind the length, in the legacy form. */
  readonly view?: PicklePart;
  readonly metadata?: PicklePart;
}

export const orderedDict: PicklePart = [global('collections', 'OrderedDict'), ')R'];

export function storage({ type, key = '0', length = 6, view }: TensorParts = {}): PicklePart {
  return [
    tuple(
      text('storage'),
      type ?? global('torch', 'FloatStorage'),
      text(key),
      text('cpu'),
      int(length),
      ...(view === undefined ? [] : [view]),
    ),
    'Q',
  ];
}

/** A tensor of 2 x 3 float32 unless said otherwise. */
export function tensor(parts: TensorParts = {}): PicklePart {
  const shape = parts.shape ?? [2, 3];
  const stride =
    parts.stride ?? shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => Number(a) * Number(b), 1));
  return [
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      storage(parts),
      int(parts.offset ?? 0),
      ints(shape),
      ints(stride),
      '\x89',
      orderedDict,
      ...(parts.metadata === undefined ? [] : [parts.metadata]),
    ),
    'R',
  ];
}

export function dict(...pairs: readonly (readonly [PicklePart, PicklePart])[]): PicklePart {
  return ['}(', ...pairs.flat(), 'u'];
}

/** 0, 1, 2 … as float32. */
export function floats(count = 6): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer);
}

export interface TorchZipParts extends ZipParts {
  readonly storages?: Readonly<Record<string, Uint8Array | Omit<EntryParts, 'name'>>>;
  readonly byteOrder?: string;
  readonly version?: string;
  readonly more?: readonly EntryParts[];
  readonly pickle?: Omit<EntryParts, 'name'>;
}

/** The zip form around a pickle. */
export function torchZip(object: Uint8Array, parts: TorchZipParts = {}): Uint8Array {
  const { storages = { '0': floats() }, byteOrder = 'little', version = '3\n', more = [] } = parts;
  return zipFile(
    [
      { bytes: object, ...parts.pickle, name: 'archive/data.pkl' },
      { name: 'archive/byteorder', bytes: Buffer.from(byteOrder) },
      ...Object.entries(storages).map(([key, value]) => ({
        ...(value instanceof Uint8Array ? { bytes: value } : value),
        name: `archive/data/${key}`,
      })),
      { name: 'archive/version', bytes: Buffer.from(version) },
      ...more,
    ],
    parts,
  );
}

export interface LegacyParts {
  readonly magic?: PicklePart;
  readonly protocol?: PicklePart;
  readonly keys?: PicklePart;
  /** In the order of the file: what the file says of their elements, and their bytes. */
  readonly storages?: readonly { readonly length: number | bigint; readonly bytes: Uint8Array }[];
}

/** The legacy form around a pickle. */
export function legacyFile(object: Uint8Array, parts: LegacyParts = {}): Buffer {
  const { storages = [{ length: 6, bytes: floats() }] } = parts;
  return bytesOfParts(
    pickle(parts.magic ?? '\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19'),
    pickle(parts.protocol ?? 'M\xe9\x03'),
    pickle(dict([text('little_endian'), '\x88'])),
    object,
    pickle(parts.keys ?? ['](', text('0'), 'e']),
    ...storages.map(({ length, bytes }) => [u64(BigInt.asUintN(64, BigInt(length))), bytes]),
  );
}

/** A dict of one tensor. */
export function named(parts?: TensorParts): Buffer {
  return pickle(dict([text('w'), tensor(parts)]));
}
