// Failures below HTTP, in the words of the person who can mend them. What a status code means is for each
// store to say.
import { NacreError } from '../errors.js';

export interface Place {
  /** What was being done, for the message: `GetObject of s3://bucket/key`. */
  readonly what: string;
  /** `scheme://host:port` that was spoken to, without credentials. */
  readonly endpoint: string;
  /** Where a user sets the endpoint. */
  readonly setting: string;
}

const unresolved = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'];
const unreachable = ['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'EADDRNOTAVAIL'];
const broken = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];
const tlsCode = /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$)/;

/** The typed error for a request that got no whole answer, or undefined when the cause is another one. */
export function networkError(error: unknown, place: Place): NacreError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const { what, endpoint, setting } = place;
  const unavailable = (problem: string, hint: string, retryable = true): NacreError =>
    new NacreError('Unavailable', `${what} failed: ${problem}`, {
      cause: error,
      hint,
      retryable,
      context: { endpoint, ...(code === '' ? {} : { systemCode: code }) },
    });

  if (unresolved.includes(code)) {
    return unavailable(
      `the host of ${endpoint} has no address (${code})`,
      `Check the name in ${setting}, and that DNS answers.`,
    );
  }
  if (code === 'ECONNREFUSED') {
    return unavailable(
      `nothing listens at ${endpoint}`,
      `Start the server, or correct the address in ${setting}.`,
    );
  }
  if (unreachable.includes(code)) {
    return unavailable(`${endpoint} cannot be reached (${code})`, 'Check the network, VPN and firewall.');
  }
  // Before timeouts: the AWS SDK gives a broken connection that name too.
  if (broken.includes(code) || code.startsWith('HPE_')) {
    return unavailable(`the connection to ${endpoint} broke (${code})`, 'Try again; check the network.');
  }
  if (error.name === 'TimeoutError' || code === 'ETIMEDOUT') {
    return unavailable(`${endpoint} stalled: no byte came for too long`, 'Try again; check the network.');
  }
  if (tlsCode.test(code)) {
    // A certificate does not become another one by trying again.
    return unavailable(
      `the TLS handshake with ${endpoint} failed (${code})`,
      `Use the certificate's host name in ${setting}; name a private authority in NODE_EXTRA_CA_CERTS; ` +
        'use http:// for a server without TLS.',
      false,
    );
  }
  return undefined;
}

/** `Retry-After` in milliseconds: seconds, or a date compared with the answer's own `Date`. */
export function retryAfterMs(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const wait = Date.parse(value) - Date.parse(headers['date'] ?? '');
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
