// What an S3 server's refusals mean here. Every answer that is not a success passes through `s3Error` once,
// and leaves with a code that says what the caller does next. The server's own error object stays behind:
// some servers put the access key or the signed text into it.
import { type ErrorCode, type ErrorDetails, isNacreError, NacreError } from '../../errors.js';
import { abortedError } from '../../util/runtime.js';
import { networkError, retryAfterMs } from '../http-errors.js';

export interface S3Call {
  /** `GetObject of s3://bucket/key`. */
  readonly what: string;
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string;
  readonly signal?: AbortSignal | undefined;
}

/** The parts of an SDK error that matter; every one may be missing. */
interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string } & {
    readonly clockSkewCorrected?: boolean;
  };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly Code?: string;
  readonly Region?: string;
  readonly $fault?: string;
}

export const endpointSetting = 'AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or endpoint_url of the profile';

const badDigest = [
  'BadDigest',
  'InvalidDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  'XMinioContentChecksumMismatch',
];
const wrongRegion = [
  'PermanentRedirect',
  'TemporaryRedirect',
  'Redirect',
  'IllegalLocationConstraintException',
];
const badCredentials = [
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'InvalidTokenId',
  'InvalidSecurity',
  // versitygw, with status 404.
  'XAdminUserNotFound',
];
const expired = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'];
const storageFull = ['XMinioStorageFull', 'QuotaExceeded', 'XMinioAdminBucketQuotaExceeded'];

/** Status codes at which the server, not the request, is at fault: another try may succeed. */
const temporary = [408, 409, 425, 429, 499];

export interface RefusedAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body: S3's `<Error>`, or whatever stands between here and there has to say. */
  readonly text: string;
  readonly clockSkewCorrected: boolean;
}

/** An answer that is no success in the shape of an SDK error, for {@link s3Error}. */
export function answeredError({ statusCode, headers, text, clockSkewCorrected }: RefusedAnswer): Error {
  const [, said = ''] = /<Error[\s>](.*)/s.exec(text) ?? [];
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]{1,1000})</${name}>`).exec(said)?.[1]?.trim();
  const [code, region] = [element('Code'), element('Region')];
  return Object.assign(new Error(unescaped(element('Message') ?? '')), {
    name: code ?? 'UnknownError',
    ...(code === undefined ? {} : { Code: code }),
    ...(region === undefined ? {} : { Region: region }),
    $metadata: { httpStatusCode: statusCode, requestId: headers['x-amz-request-id'], clockSkewCorrected },
    $response: { headers },
  });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '');
}

/** The HTTP status of an SDK error, 0 when no answer came. */
export function statusOf(error: unknown): number {
  return (error as ServiceError).$metadata?.httpStatusCode ?? 0;
}

/** The server's own error code, `''` when it gave none: a HEAD answer has no body to hold one. */
export function serverCode(error: unknown): string {
  const { name = '', Code } = error as Partial<ServiceError>;
  const code = Code ?? name;
  // What the SDK makes of a status without a code.
  return ['NotFound', 'Unknown', 'UnknownError', 'Error', String(statusOf(error))].includes(code) ? '' : code;
}

/** The typed error for a failed S3 call; one that is typed already is handed on. */
export function s3Error(error: unknown, call: S3Call): NacreError {
  if (call.signal?.aborted) return abortedError(call.signal);
  if (isNacreError(error)) return error;
  const status = statusOf(error);
  if (status === 0) return noAnswer(error, call);
  const service = error as ServiceError;
  const code = serverCode(error);
  const headers = service.$response?.headers ?? {};
  const make = (as: ErrorCode, problem: string, details: ErrorDetails = {}): NacreError =>
    new NacreError(as, `${call.what} failed: ${problem}`, {
      ...details,
      context: {
        endpoint: call.endpoint,
        status,
        ...(code === '' ? {} : { serverCode: code }),
        ...(service.$metadata?.requestId ? { requestId: service.$metadata.requestId } : {}),
        ...details.context,
      },
    });

  if (code === 'NoSuchBucket') return noSuchBucket(call);
  if (badDigest.includes(code)) {
    return make('Corrupt', `the body that arrived differs from its checksum (${code})`, { retryable: true });
  }
  if (wrongRegion.includes(code) || (status >= 300 && status < 400) || service.Region) {
    const right = service.Region ?? headers['x-amz-bucket-region'];
    return make('InvalidArgument', redirected(call, status, right), {
      hint: right
        ? `Set AWS_REGION=${right}, or region in the profile.`
        : `Correct the address in ${endpointSetting}, or the region in AWS_REGION.`,
    });
  }
  return refusal(make, service, code, status) ?? fault(make, service, code, status, headers);
}

/** A bucket that is not there. */
export function noSuchBucket({ what, bucket, endpoint }: S3Call): NacreError {
  return new NacreError('NotFound', `${what} failed: there is no bucket ${bucket} at ${endpoint}`, {
    context: { bucket, endpoint },
    hint: 'Create the bucket, or correct its name or the endpoint.',
  });
}

type Make = (as: ErrorCode, problem: string, details?: ErrorDetails) => NacreError;

/** Answers about who is asking. */
function refusal(make: Make, service: ServiceError, code: string, status: number): NacreError | undefined {
  if (code === 'RequestTimeTooSkewed') {
    // The signer has learnt the server's time from the answer and signs with it from now on.
    const retryable = service.$metadata?.clockSkewCorrected === true;
    return make(retryable ? 'Unavailable' : 'PermissionDenied', 'the clock of this machine is wrong', {
      hint: 'Set the clock (NTP): a request is refused when its time is more than 15 minutes off.',
    });
  }
  if (expired.includes(code)) {
    return make('PermissionDenied', `the credentials have expired (${code})`, {
      hint: 'Get new ones (`aws sso login`, or a new session token) and run the command again.',
    });
  }
  if (badCredentials.includes(code)) {
    return make('PermissionDenied', `the server does not know these credentials (${code})`, {
      hint: 'Check the access key, its secret and its session token, and that they belong to this endpoint.',
    });
  }
  if (code === 'InvalidObjectState') {
    return make('Unavailable', 'the object is archived (Glacier) and cannot be read now', {
      hint: 'Restore it from the archive, and take such a lifecycle rule off the prefix.',
      retryable: false,
    });
  }
  if (status !== 401 && status !== 403) return undefined;
  return make('PermissionDenied', `access denied (${code || status})`, {
    hint:
      'Reading needs s3:GetObject and s3:ListBucket, writing s3:PutObject. Without s3:ListBucket on the bucket, ' +
      'S3 answers 403 also for a key that is not there.',
  });
}

/** Answers about the request or the server. */
function fault(
  make: Make,
  service: ServiceError,
  code: string,
  status: number,
  headers: Readonly<Record<string, string>>,
): NacreError {
  const said = `${code || 'status'} ${status}${service.message ? `: ${service.message}` : ''}`;
  if (status === 413 || status === 507 || storageFull.includes(code) || code === 'EntityTooLarge') {
    return make('ResourceExhausted', `the store has no room for it (${said})`);
  }
  if (status === 501 || code === 'NotImplemented') {
    return make('InvalidArgument', `the server does not support the request (${said})`, {
      hint: 'Nacre needs conditional writes (If-None-Match, If-Match); `nacre doctor` tests a store for them.',
    });
  }
  const slow = code === 'SlowDown' || code === 'RequestTimeout' || code === 'TooManyRequests';
  if (slow || status >= 500 || status < 300 || temporary.includes(status)) {
    const wait = retryAfterMs(headers);
    const details = wait === undefined ? {} : { context: { retryAfterMs: wait } };
    return make('Unavailable', `the store is busy or failing (${said})`, details);
  }
  return make(status === 404 ? 'NotFound' : 'InvalidArgument', `the server refused the request (${said})`);
}

function redirected(call: S3Call, status: number, right: string | undefined): string {
  if (right && right !== call.region) {
    return `the bucket ${call.bucket} is in region ${right}, not in ${call.region}`;
  }
  return `${call.endpoint} redirects elsewhere (${status}), and redirects are not followed`;
}

/** No answer, or one that could not be read. */
function noAnswer(error: unknown, call: S3Call): NacreError {
  const network = networkError(error, { ...call, setting: endpointSetting });
  if (network) return network;
  const { name = '', message = '' } = error as Partial<Error>;
  if (/Credentials?ProviderError|TokenProviderError/.test(name) || /credential/i.test(name)) {
    return new NacreError('PermissionDenied', `${call.what} failed: there are no usable AWS credentials`, {
      cause: error,
      hint:
        'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with ?profile=NAME, or sign in ' +
        '(`aws sso login`).',
    });
  }
  if ('$response' in (error as object) || '$responseBodyText' in (error as object)) {
    return new NacreError('Unavailable', `${call.what} failed: the answer could not be read`, {
      hint: `Check that an S3 server answers at ${call.endpoint}.`,
      context: { endpoint: call.endpoint },
    });
  }
  if (/InvalidBucketName|validate.*bucket/i.test(name + message)) {
    return new NacreError('InvalidArgument', `${call.what} failed: ${message}`, { cause: error });
  }
  return new NacreError('Internal', `${call.what} failed: ${message}`, { cause: error });
}
