// Takes the body of an answer off the wire: whole, of the length announced, or a typed error.
import { Readable } from 'node:stream';
import { NacreError } from '../errors.js';
import { abortedError, onAbort, throwIfAborted } from '../util/runtime.js';
import type { ByteRange } from './object-store.js';

/** An empty stream, for those who want one: the bytes have arrived, where they were asked for. */
export class PlacedBody extends Readable {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super({ read: () => this.push(null) });
    this.bytes = bytes;
  }
}

/** A stream of bytes that have arrived, for those who need no stream as well. */
export class HeldBody extends Readable {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super({
      read: () => {
        this.push(bytes);
        this.push(null);
      },
    });
    this.bytes = bytes;
  }
}

/** One body is held in memory, so an answer that announces more is not begun. */
export const largestBodyBytes = 4 * 2 ** 30;

export interface BodyExpectation {
  /** By `Content-Length`; undefined when the server did not say. */
  readonly lengthBytes: number | undefined;
  /** For messages: the URI of the object. */
  readonly uri: string;
  readonly signal?: AbortSignal | undefined;
  /** Used when it is as long as the body. */
  readonly into?: Uint8Array | undefined;
}

/**
 * Reads `body` to its end. A body that is cut short or runs over is `Unavailable` (`truncated`, `overlong`),
 * since another try may bring it whole; errors of the connection are thrown as they come.
 */
export async function readBody(body: Readable, expected: BodyExpectation): Promise<Uint8Array> {
  const { lengthBytes, uri, signal, into } = expected;
  if (body instanceof PlacedBody) return body.bytes;
  const refuse = (error: NacreError): never => {
    body.on('error', () => {});
    body.destroy();
    throw error;
  };
  if (lengthBytes !== undefined && lengthBytes > largestBodyBytes) {
    refuse(
      new NacreError('ResourceExhausted', `${uri} has ${lengthBytes} bytes, more than one read may hold`, {
        context: { uri, sizeBytes: lengthBytes, limitBytes: largestBodyBytes },
        hint: 'Read it in ranges.',
      }),
    );
  }
  if (signal?.aborted) refuse(abortedError(signal));
  const ended = onAbort(signal, () => void body.destroy());
  try {
    return lengthBytes === undefined
      ? await collect(body)
      : await fill(body, roomFor(lengthBytes, into), uri);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    ended();
  }
}

/** Not zeroed, since every byte is written before it is handed out; not pooled, so that it can be kept. */
export function roomFor(lengthBytes: number, into?: Uint8Array): Uint8Array {
  return into?.byteLength === lengthBytes ? into : new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);
}

function fill(body: Readable, bytes: Uint8Array, uri: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const lengthBytes = bytes.byteLength;
    let received = 0;
    body.on('data', (chunk: Uint8Array) => {
      if (received + chunk.byteLength <= lengthBytes) bytes.set(chunk, received);
      received += chunk.byteLength;
      if (received > lengthBytes) body.destroy();
    });
    const end = (error?: Error): void => {
      if (received === lengthBytes) resolve(bytes);
      else if (received > lengthBytes) reject(wrongLength('overlong', uri, received, lengthBytes));
      else if (error && !isCut(error)) reject(error);
      else reject(wrongLength('truncated', uri, received, lengthBytes));
    };
    body.on('end', () => end());
    body.on('close', () => end());
    body.on('error', end);
  });
}

function collect(body: Readable): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    body.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    body.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
    body.on('close', () => reject(new NacreError('Unavailable', 'the answer was cut before its end')));
    body.on('error', reject);
  });
}

/** Node's word for a connection that ended before the announced length. */
function isCut(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET' && error.message === 'aborted';
}

/** A body of another length than was announced or asked for. */
export function wrongLength(
  problem: 'truncated' | 'overlong',
  uri: string,
  receivedBytes: number,
  expectedBytes: number,
): NacreError {
  return new NacreError(
    'Unavailable',
    `the answer for ${uri} is ${problem}: ${receivedBytes} bytes came, ${expectedBytes} were announced`,
    { context: { uri, problem, receivedBytes, expectedBytes } },
  );
}

/** What came, cut to what was asked for: a server may ignore the range and send everything. */
export function cutToRange(
  bytes: Uint8Array,
  contentRange: string | undefined,
  range: ByteRange | undefined,
  uri: string,
): { bytes: Uint8Array; sizeBytes: number } {
  const parsed = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? '');
  if (!range || !parsed) {
    return { bytes: range ? bytes.slice(range.start, range.end) : bytes, sizeBytes: bytes.byteLength };
  }
  const sizeBytes = Number(parsed[3]);
  const expected = Math.min(range.end, sizeBytes) - range.start;
  if (Number(parsed[1]) !== range.start || bytes.byteLength < expected) {
    throw wrongLength('truncated', uri, bytes.byteLength, expected);
  }
  return { bytes: bytes.subarray(0, expected), sizeBytes };
}

/** Big-endian, base64, as S3's headers and GCS's metadata want it. */
export function base64Crc(crc32c: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c);
  return bytes.toString('base64');
}
