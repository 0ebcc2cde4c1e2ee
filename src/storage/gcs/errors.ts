// What the refusals of Google Cloud Storage mean here.
import { type ErrorCode, type ErrorDetails, isNacreError, NacreError } from '../../errors.js';
import { abortedError } from '../../util/runtime.js';
import { networkError, retryAfterMs } from '../http-errors.js';

export interface GcsCall {
  /** `get of gs://bucket/key`. */
  readonly what: string;
  /** Of the object, or of the store. */
  readonly uri: string;
  readonly bucket: string;
  readonly endpoint: string;
  readonly signal?: AbortSignal | undefined;
}

/** An answer other than success, its body read. */
export interface GcsRefusal {
  readonly status: number;
  readonly headers: Headers;
  readonly reason: string;
  readonly message: string;
}

export const endpointSetting = 'STORAGE_EMULATOR_HOST';

const rateLimits = ['rateLimitExceeded', 'userRateLimitExceeded', 'backendError', 'internalError'];
const temporary = [408, 409, 425, 429, 499];

type Headers = Readonly<Record<string, string | undefined>>;

/** Thrown for an answer that the library does not judge itself. */
export class RefusedError extends Error {
  readonly response: Pick<GcsRefusal, 'headers'> & { readonly statusCode: number; readonly body: unknown };

  constructor(statusCode: number, headers: Headers, body: string) {
    super(`status ${statusCode}`);
    this.response = { statusCode, headers, body };
  }
}

/** The answer that `error` is about, or undefined when there was none. */
export function refusalOf(error: unknown): GcsRefusal | undefined {
  const { response } = error as Partial<RefusedError>;
  if (response?.statusCode === undefined) return undefined;
  const { statusCode: status, headers } = response;
  const body = parsed(response.body);
  if (typeof body === 'string') return { status, headers, reason: '', message: body.slice(0, 200).trim() };
  const told = (body as ErrorBody | undefined)?.error;
  return { status, headers, reason: told?.errors?.[0]?.reason ?? '', message: told?.message ?? '' };
}

interface ErrorBody {
  readonly error?: {
    readonly message?: string;
    readonly errors?: readonly { readonly reason?: string }[];
  };
}

/** JSON as the API sends it, or the text of whatever answered. */
function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return body ?? undefined;
  try {
    return (JSON.parse(body) as unknown) ?? undefined;
  } catch {
    return body;
  }
}

/** The typed error for a refusal. */
export function gcsError({ status, headers, reason, message }: GcsRefusal, call: GcsCall): NacreError {
  const said = `${reason || 'status'} ${status}${message === '' ? '' : `: ${message}`}`;
  const make = (as: ErrorCode, problem: string, details: ErrorDetails = {}): NacreError =>
    new NacreError(as, `${call.what} failed: ${problem}`, {
      ...details,
      context: {
        endpoint: call.endpoint,
        status,
        ...(reason === '' ? {} : { serverCode: reason }),
        ...details.context,
      },
    });

  if (status === 400 && /crc32c|md5|checksum/i.test(message)) {
    return make('Corrupt', `the body that arrived differs from its checksum (${said})`, { retryable: true });
  }
  if (status >= 500 || status < 300 || temporary.includes(status) || rateLimits.includes(reason)) {
    const wait = retryAfterMs(headers);
    const details = wait === undefined ? {} : { context: { retryAfterMs: wait } };
    return make('Unavailable', `the store is busy or failing (${said})`, details);
  }
  if (status === 401) {
    return make('PermissionDenied', `the credentials are missing, wrong or expired (${said})`, {
      hint: 'Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.',
    });
  }
  if (status === 403) {
    return make('PermissionDenied', `access denied (${said})`, {
      hint:
        'Reading needs storage.objects.get and storage.objects.list, writing storage.objects.create (and ' +
        'delete, to overwrite). Without the list right GCS answers 403 also for an object that is not there.',
    });
  }
  if (status === 404) return noSuchBucket(call);
  if (status === 413 || status === 507) {
    return make('ResourceExhausted', `the store has no room for it (${said})`);
  }
  return make('InvalidArgument', `the server refused the request (${said})`);
}

export function noSuchBucket({ what, bucket, endpoint }: GcsCall): NacreError {
  return new NacreError('NotFound', `${what} failed: there is no bucket ${bucket} at ${endpoint}`, {
    context: { bucket, endpoint },
    hint: 'Create the bucket, or correct its name or the endpoint.',
  });
}

/** The typed error for a call that got no answer, or no credentials to ask with. */
export function gcsFailure(error: unknown, call: GcsCall): NacreError {
  if (call.signal?.aborted) return abortedError(call.signal);
  if (isNacreError(error)) return error;
  const { type = '' } = error as { readonly type?: string };
  if (/redirect/.test(type)) {
    return new NacreError('InvalidArgument', `${call.what} failed: ${call.endpoint} redirects without end`, {
      cause: error,
      context: { endpoint: call.endpoint },
      hint: `Correct the address in ${endpointSetting}.`,
    });
  }
  if (type === 'invalid-json') return unreadable(call);
  const gaveUp = type === 'request-timeout';
  const cause = gaveUp ? Object.assign(new Error('no answer came'), { name: 'TimeoutError' }) : error;
  const network = networkError(cause, { ...call, setting: endpointSetting });
  if (network) return network;
  const message = error instanceof Error ? error.message : String(error);
  return new NacreError('Internal', `${call.what} failed: ${message}`, { cause: error });
}

/** An answer of success that a GCS server would not give. */
export function unreadable({ what, endpoint }: GcsCall): NacreError {
  return new NacreError('Unavailable', `${what} failed: the answer could not be read`, {
    hint: `Check that a GCS server answers at ${endpoint}.`,
    context: { endpoint },
  });
}

/** The typed error for credentials that cannot be found or renewed. */
export function noCredentials(error: unknown, call: GcsCall): NacreError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (/^(E[A-Z]+|EAI_[A-Z]+)$/.test(code)) {
    return new NacreError('Unavailable', `${call.what} failed: no token could be fetched (${code})`, {
      cause: error,
      hint: "Check that this machine reaches Google's token service, or that of your identity provider.",
    });
  }
  return new NacreError('PermissionDenied', `${call.what} failed: there are no usable Google credentials`, {
    cause: error,
    hint: 'Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.',
  });
}
