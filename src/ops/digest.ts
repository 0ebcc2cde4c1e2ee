// Digests of whole objects, read piece by piece: of a bucket by ranges, the next one while one is digested;
// of a folder by the pool that digests, without a copy. No object is held whole.
import { isNacreError, NacreError } from '../errors.js';
import { fromNative, type ObjectDigest, type ObjectDigester } from '../native.js';
import { defaultBlockBytes } from '../manifest/objects.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ReadEnvironment } from './environment.js';
import type { Rooms } from './rooms.js';

/** Bytes of a piece of a bucket's: long enough that a request costs little beside it; two are held. */
const rangeBytes = 8 * 2 ** 20;

/** Of a file: none is held, and after each there is a look at signal and pace. */
const stretchBytes = 32 * 2 ** 20;

/** Pieces of shorter objects cost little in fresh memory. */
const leastShared = 2 ** 20;

/** The piece that a whole object is read by. */
export function pieceBytesOf({ localPath }: ReadEnvironment): number {
  return localPath === undefined ? rangeBytes : stretchBytes;
}

export interface StreamOptions extends CallOptions {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** How long the object should be, for the pace. */
  readonly expectedBytes?: number;
  /** Largest piece. Default 8 MiB, of files 32 MiB. */
  readonly pieceBytes?: number;
  /** Waits until so many bytes may be read. */
  readonly pace?: (bytes: number) => Promise<void>;
  /** Memory for pieces of known length that nobody is handed. Default fresh memory. */
  readonly rooms?: Rooms;
  /** Gets each piece in its order, before the next one is asked for. */
  readonly onPiece?: (piece: Uint8Array) => Promise<void>;
  readonly onBytes?: (bytes: number) => void;
}

export interface Streamed {
  readonly digest: ObjectDigest;
  readonly sizeBytes: number;
  /** State of the key that the bytes are of; undefined where it changed while they were read. */
  readonly token: string | undefined;
}

/** Undefined when there is no such key. Cost: one request for each 8 MiB. */
export async function digestObject(
  environment: ReadEnvironment,
  key: string,
  options: StreamOptions,
): Promise<Streamed | undefined> {
  const digester = digesterOf(environment, options.blockBytes);
  const isFile = environment.localPath !== undefined && options.onPiece === undefined;
  const read = await (isFile ? readFile : readRanges)(environment, key, digester, options);
  return read && { ...read, digest: await digester.digest().catch(rethrow) };
}

async function readFile(
  { localPath, store }: ReadEnvironment,
  key: string,
  digester: ObjectDigester,
  options: StreamOptions,
): Promise<Omit<Streamed, 'digest'> | undefined> {
  const before = await store.head(key, callOptions(options));
  if (before === undefined) return undefined;
  const { sizeBytes, token } = before;
  const path = localPath?.(key) ?? '';
  const { pieceBytes: most = stretchBytes, pace, onBytes, signal } = options;
  for (let start = 0; start < sizeBytes; start += most) {
    throwIfAborted(signal);
    const end = Math.min(sizeBytes, start + most);
    await pace?.(end - start);
    const read = await digester.updateFromFile(path, start, end).catch((error: unknown) => {
      const cause = fromNative(error);
      if (cause.code === 'NotFound') return undefined;
      throw cause.code === 'Unavailable' ? diskFailure(key, cause) : cause;
    });
    if (read === undefined) return undefined;
    onBytes?.(read);
    if (read < end - start) break;
  }
  const after = await store.head(key, callOptions(options));
  return after && { sizeBytes, token: after.token === token ? token : undefined };
}

/** The first piece tells how long the object is. */
async function readRanges(
  { store }: ReadEnvironment,
  key: string,
  digester: ObjectDigester,
  options: StreamOptions,
): Promise<Omit<Streamed, 'digest'> | undefined> {
  const { pieceBytes: most = rangeBytes, pace, onPiece, onBytes, expectedBytes } = options;
  const rooms = onPiece === undefined && (expectedBytes ?? 0) >= leastShared ? options.rooms : undefined;
  const memory = rooms && [rooms.take(most), rooms.take(most)];
  const ask = async (start: number, end: number) => {
    await pace?.(Math.min(end - start, expectedBytes ?? most));
    const bytes = Math.min(end, expectedBytes ?? 0) - start;
    // Of two pieces one is digested while the next comes.
    const into = bytes > 0 ? memory?.[(start / most) % 2]?.subarray(0, bytes) : undefined;
    return store.get(key, { ...callOptions(options), range: { start, end }, ...(into && { into }) });
  };
  const first = await ask(0, most);
  if (first === undefined) return undefined;
  const { sizeBytes, token } = first;
  let isSame = true;
  let next: ReturnType<typeof ask> = Promise.resolve(first);
  for (let start = 0; start === 0 || start < sizeBytes; start += most) {
    const body = await next;
    if (body === undefined) return undefined;
    const after = start + most;
    if (after < sizeBytes) {
      next = ask(after, Math.min(sizeBytes, after + most));
      // Whoever waits for it hears of its failure; an earlier one comes first.
      next.catch(() => undefined);
    }
    isSame &&= body.token === token;
    await digester.update(body.bytes).catch(rethrow);
    await onPiece?.(body.bytes);
    onBytes?.(body.bytes.byteLength);
  }
  for (const room of memory ?? []) rooms?.giveBack(room);
  return { sizeBytes, token: isSame ? token : undefined };
}

function diskFailure(key: string, cause: NacreError): NacreError {
  const hint = 'Check the disk (dmesg, smartctl).';
  return new NacreError('Unavailable', cause.message, { cause, hint, context: { key, disk: true } });
}

/** Whether a disk failed to read a file, where it will fail again. */
export function isDiskFailure(error: unknown): boolean {
  if (!isNacreError(error, 'Unavailable')) return false;
  return error.context['disk'] === true || error.context['errno'] === 'EIO';
}

export function rethrow(error: unknown): never {
  throw fromNative(error);
}

/** Blocks that no release makes have no sums to be compared with: the whole tells. */
export function digesterOf({ native }: ReadEnvironment, blockBytes: number): ObjectDigester {
  try {
    return native.createObjectDigester(blockBytes % 64 === 0 ? blockBytes : defaultBlockBytes);
  } catch (error) {
    throw fromNative(error);
  }
}
