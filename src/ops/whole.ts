// A whole object at hand, to be put somewhere: in memory while it is small, else in a file of this machine
// that is mapped. Read piece by piece, and digested on the way.
import { isNacreError, NacreError } from '../errors.js';
import type { ObjectDigest } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { roomFor } from '../storage/wrap/verified.js';
import { inOrderAhead } from '../util/ahead.js';
import { type ByteSource, equalBytes } from '../util/bytes.js';
import { digesterOf, digestObject, rethrow, type StreamOptions } from './digest.js';
import type { ReadEnvironment } from './environment.js';
import type { Rooms } from './rooms.js';
import { defaultHeldBytes, Spool } from './spool.js';

const defaultPieceBytes = 8 * 2 ** 20;

export interface WholeOptions extends CallOptions, Pick<StreamOptions, 'pieceBytes' | 'pace' | 'onBytes'> {
  /** How long it should be: spares a request, and what goes on for longer is `Corrupt`. */
  readonly sizeBytes?: number;
  /** Longer ones go to a file. Default 32 MiB. */
  readonly heldBytes?: number;
  /** Memory for what is held, where its length is known. Default fresh memory. */
  readonly rooms?: Rooms;
}

export interface Whole {
  readonly bytes: ByteSource;
  readonly digest: ObjectDigest;
  /** State of the key that they are of; undefined where it changed meanwhile. */
  readonly token: string | undefined;
  /** They are needed no more. */
  readonly release: () => void;
  /** The same, and no request has them any more: their memory serves the next object. */
  readonly reuse: () => void;
}

/** Undefined when there is no such key. Cost: a request for each 8 MiB, and one more. */
export async function readWholeObject(
  environment: ReadEnvironment,
  key: string,
  blockBytes: number,
  { sizeBytes, heldBytes = defaultHeldBytes, rooms, ...options }: WholeOptions,
): Promise<Whole | undefined> {
  const length = sizeBytes ?? (await environment.store.head(key, callOptions(options)))?.sizeBytes;
  if (length === undefined) return undefined;
  const most = sizeBytes ?? Number.POSITIVE_INFINITY;
  const call = {
    pieceBytes: defaultPieceBytes,
    ...options,
    blockBytes,
    ...(sizeBytes === undefined ? {} : { expectedBytes: sizeBytes }),
  };
  if (length > heldBytes) return spool(environment, key, most, call);
  if (sizeBytes !== undefined && sizeBytes > 0) return hold(environment, key, sizeBytes, call, rooms);
  const pieces: Uint8Array[] = [];
  let read = 0;
  const onPiece = async (piece: Uint8Array): Promise<void> => {
    read += piece.byteLength;
    checkLength(key, read, most);
    pieces.push(piece);
  };
  const streamed = await digestObject(environment, key, { ...call, onPiece });
  return streamed && { ...streamed, bytes: pieces, release: nothing, reuse: nothing };
}

function nothing(): void {}

/** Pieces of one object asked for at once. */
const piecesAhead = 4;

/** An object whose length is known: its pieces arrive where they belong. */
async function hold(
  environment: ReadEnvironment,
  key: string,
  sizeBytes: number,
  options: StreamOptions & { readonly pieceBytes: number },
  rooms: Rooms | undefined,
): Promise<Whole | undefined> {
  const { pieceBytes, blockBytes, pace, onBytes, signal } = options;
  // When it fails the pieces ahead are still written there: it is not given back.
  const memory = rooms?.take(sizeBytes) ?? roomFor({ start: 0, end: sizeBytes });
  const room = memory.subarray(0, sizeBytes);
  const digester = digesterOf(environment, blockBytes);
  const starts = Array.from({ length: Math.ceil(sizeBytes / pieceBytes) }, (_, i) => i * pieceBytes);
  const read = async (start: number) => {
    const into = room.subarray(start, start + pieceBytes);
    await pace?.(into.byteLength);
    const range = { start, end: start + into.byteLength };
    const body = await environment.store.get(key, { ...callOptions(options), range, into });
    return body && { into, body };
  };
  let token: string | undefined;
  let isSame = true;
  for await (const piece of inOrderAhead(starts, piecesAhead, read, signal)) {
    if (piece === undefined) return undefined;
    const { into, body } = piece;
    if (body.sizeBytes !== sizeBytes || body.bytes.byteLength !== into.byteLength)
      throw new NacreError('Corrupt', `${key} has ${body.sizeBytes} bytes, not ${sizeBytes}`, {
        context: { key, sizeBytes: body.sizeBytes },
      });
    if (body.bytes.buffer !== into.buffer) into.set(body.bytes);
    token ??= body.token;
    isSame &&= token === body.token;
    await digester.update(into).catch(rethrow);
    onBytes?.(into.byteLength);
  }
  const digest = await digester.digest().catch(rethrow);
  const reuse = (): void => rooms?.giveBack(memory);
  return { bytes: room, digest, token: isSame ? token : undefined, release: nothing, reuse };
}

/** The bytes of that hash, read twice when they are hurt on their way; undefined where they are not there. */
export async function readRight(
  environment: ReadEnvironment,
  { key, blockBytes, hash }: { readonly key: string; readonly blockBytes: number; readonly hash: Uint8Array },
  options: WholeOptions,
): Promise<Whole | undefined> {
  for (let read = 0; read < 2; read++) {
    const whole = await readWholeObject(environment, key, blockBytes, options).catch((error: unknown) => {
      if (isNacreError(error, 'Corrupt')) return 'wrong' as const;
      throw error;
    });
    if (whole === 'wrong') continue;
    if (whole === undefined || equalBytes(whole.digest.blake3, hash)) return whole;
    whole.reuse();
  }
  return undefined;
}

/** What is longer than it should be is not held. */
function checkLength(key: string, read: number, most: number): void {
  if (read <= most) return;
  throw new NacreError('Corrupt', `${key} is longer than the ${most} bytes that it should have`, {
    context: { key, sizeBytes: most },
  });
}

async function spool(
  environment: ReadEnvironment,
  key: string,
  most: number,
  options: StreamOptions,
): Promise<Whole | undefined> {
  const spooled = await Spool.open(environment, Number.POSITIVE_INFINITY);
  try {
    const onPiece = async (piece: Uint8Array): Promise<void> => {
      checkLength(key, spooled.length + piece.byteLength, most);
      await spooled.write(piece);
    };
    const read = await digestObject(environment, key, { ...options, onPiece });
    if (read === undefined) return undefined;
    const { bytes, release } = spooled.finish();
    return { ...read, bytes, release, reuse: release };
  } finally {
    await spooled.close();
  }
}
