// One request without a body by node:http(s), on connections that its agent keeps: with a limit for the
// connecting, and one for the silence on it, and an ear on the caller's signal.
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { abortedError, onAbort } from '../../util/runtime.js';

export interface ExchangeRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
  readonly connectMs: number;
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface ExchangeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** The answer, as soon as its head is there. The signal is not watched from then on; silence is. */
export function exchange(request: ExchangeRequest): Promise<ExchangeAnswer> {
  const { connectMs, stallMs, signal, ...options } = request;
  const secure = request.protocol === 'https:';
  return new Promise((resolve, reject) => {
    let answered: http.IncomingMessage | undefined;
    // Until it is connected; node:http takes the limit off a connection that it keeps.
    const sent = (secure ? https : http).request({ ...options, timeout: connectMs });
    const ended = onAbort(signal, () => void sent.destroy(abortedError(signal)));
    sent.on('socket', (socket) => {
      const patient = (): void => void socket.setTimeout(stallMs);
      if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', patient);
      else patient();
    });
    sent.on('timeout', () => {
      const silence = Object.assign(new Error('no byte came'), { name: 'TimeoutError' });
      (answered ?? sent).destroy(silence);
    });
    sent.on('error', (error) => {
      ended();
      reject(error);
    });
    sent.on('response', (answer) => {
      answered = answer;
      ended();
      const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      resolve({
        statusCode: answer.statusCode ?? 0,
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: answer,
      });
    });
    sent.end();
  });
}

/** The beginning of a body that is a message; what is longer is dropped with its connection. */
export async function messageText(body: Readable, signal: AbortSignal | undefined): Promise<string> {
  const longest = 64 * 1024;
  const ended = onAbort(signal, () => void body.destroy());
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      bytes += piece.byteLength;
      if (bytes > longest) break;
    }
  } finally {
    ended();
  }
  return Buffer.concat(pieces).toString('utf8', 0, longest);
}
