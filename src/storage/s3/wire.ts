// Small translations between our calls and what S3 sends and understands.
import { Readable } from 'node:stream';
import { NacreError } from '../../errors.js';
import { type ByteSource, concat } from '../../util/bytes.js';
import type { PutCondition } from '../object-store.js';
import { type S3Call, serverCode, statusOf } from './errors.js';

export function tokenOf(etag: string | undefined, call: S3Call): string {
  if (etag) return etag;
  throw new NacreError('Unavailable', `${call.what} was answered without an ETag`, {
    hint: 'Check what stands between this machine and the store: something removes headers.',
  });
}

export function conditionHeaders(condition: PutCondition | undefined): {
  IfNoneMatch?: string;
  IfMatch?: string;
} {
  if (condition === undefined) return {};
  return condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.token };
}

/** Whether the server says that the condition did not hold. */
export function isRefusal(error: unknown, condition: PutCondition | undefined): boolean {
  if (condition === undefined) return false;
  if (statusOf(error) === 412) return true;
  // If-Match on a key that is not there.
  const code = serverCode(error);
  return condition !== 'absent' && statusOf(error) === 404 && (code === '' || code === 'NoSuchKey');
}

/** A body as the SDK sends it without a copy; it must be told the length. */
export function streamed(body: ByteSource): Uint8Array | Readable {
  if (body instanceof Uint8Array) return body;
  return body.length === 1 ? concat(body) : Readable.from(body);
}

type Next<Args, Result> = (args: Args) => Promise<Result>;

/** Signs the headers and leaves the body to its checksum. */
export function unsignedPayload<Args extends object, Result>(next: Next<Args, Result>): Next<Args, Result> {
  return (args) => {
    const { request } = args as { request?: { headers: Record<string, string> } };
    if (request) request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
    return next(args);
  };
}

/** One key's failure inside a batched delete, in the shape of a failure of its own. */
export function asServiceError(failed: {
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
}): Error {
  const httpStatusCode = failed.Code === 'AccessDenied' ? 403 : 500;
  return Object.assign(new Error(failed.Message ?? ''), {
    name: failed.Code ?? 'InternalError',
    $metadata: { httpStatusCode },
  });
}
