// A body larger than one request: parts in parallel, then one conditional Complete that makes the object
// appear. Parts travel under the SHA-256 of the request signature, so that a damaged one is refused.
//
// A Complete whose answer is lost, or which finds no such upload (an earlier copy of the request may have
// done it), is decided by reading the object back: the upload put a random id into its metadata. Where that
// does not show our id, the outcome is unknown, and `Unavailable` says so.
import { NacreError } from '../../errors.js';
import { type ByteSource, byteLength, concat, toHex } from '../../util/bytes.js';
import type { Runtime } from '../../util/runtime.js';
import { mapBounded } from '../../util/bounded.js';
import type { PutResult } from '../object-store.js';

import { type S3Call, s3Error, serverCode, statusOf } from './errors.js';
import { type LoadedSdk, sendOptions } from './sdk.js';
import type { LockParameters } from './versions.js';

/** Parts of one body under way at a time; each holds a copy only where it spans pieces of the body. */
const parallelParts = 4;
/** The protocol's own limit. */
const mostParts = 10_000;
const uploadIdKey = 'nacre-upload';

/** Of the object that the parts become. */
export interface PartsHeaders extends Partial<LockParameters> {
  readonly ContentType: string;
  readonly CacheControl?: string;
}

export interface PartsRequest extends LoadedSdk {
  readonly target: PartsHeaders & { readonly Bucket: string; readonly Key: string };
  readonly conditionHeaders: { readonly IfNoneMatch?: string; readonly IfMatch?: string };
  readonly body: ByteSource;
  readonly partBytes: number;
  readonly runtime: Runtime;
  readonly signal: AbortSignal | undefined;
  /** For messages, by operation. Throws when the call was aborted or the store closed. */
  readonly call: (operation: string) => S3Call;
  /** Whether a failure says that the condition did not hold. */
  readonly isRefusal: (error: unknown) => boolean;
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

/** Costs parts + 2 requests in at least 3 waves; on failure one more, to drop what was uploaded. */
export async function putInParts(request: PartsRequest): Promise<PutResult> {
  const { sdk, client, target, runtime } = request;
  const ownId = toHex(runtime.randomBytes(16));
  const begin = request.call('CreateMultipartUpload');
  const created = await client
    .send(
      new sdk.CreateMultipartUploadCommand({ ...target, Metadata: { [uploadIdKey]: ownId } }),
      sendOptions(request.signal),
    )
    .catch((error: unknown) => {
      throw s3Error(error, begin);
    });
  if (!created.UploadId) throw new NacreError('Unavailable', `${begin.what} was answered without an id`);
  const upload = { Bucket: target.Bucket, Key: target.Key, UploadId: created.UploadId };
  try {
    const parts = await sendParts(request, upload);
    const result = await complete(request, upload, parts, ownId);
    if (result.outcome === 'refused') await dropUpload(request, upload);
    return result;
  } catch (error) {
    await dropUpload(request, upload);
    throw error;
  }
}

async function sendParts(
  request: PartsRequest,
  upload: Upload,
): Promise<{ ETag: string; PartNumber: number }[]> {
  const { sdk, client, body } = request;
  const size = byteLength(body);
  const partBytes = Math.max(request.partBytes, Math.ceil(size / mostParts));
  const starts = Array.from({ length: Math.ceil(size / partBytes) }, (_, i) => i * partBytes);
  return mapBounded(starts, parallelParts, async (start, index) => {
    const PartNumber = index + 1;
    const call = request.call(`UploadPart ${PartNumber}`);
    const Body = concat(slice(body, start, Math.min(start + partBytes, size)));
    try {
      const answer = await client.send(
        new sdk.UploadPartCommand({ ...upload, PartNumber, Body }),
        sendOptions(request.signal),
      );
      return { ETag: answer.ETag ?? '', PartNumber };
    } catch (error) {
      throw s3Error(error, call);
    }
  });
}

async function complete(
  request: PartsRequest,
  upload: Upload,
  Parts: { ETag: string; PartNumber: number }[],
  ownId: string,
): Promise<PutResult> {
  const { sdk, client } = request;
  const call = request.call('CompleteMultipartUpload');
  const command = new sdk.CompleteMultipartUploadCommand({
    ...upload,
    ...request.conditionHeaders,
    MultipartUpload: { Parts },
  });
  try {
    const answer = await client.send(command, sendOptions(request.signal));
    if (answer.ETag) return { outcome: 'written', token: answer.ETag };
    throw new NacreError('Unavailable', `${call.what} was answered without an ETag`);
  } catch (error) {
    if (request.isRefusal(error)) return { outcome: 'refused' };
    const gone = statusOf(error) === 404 && serverCode(error) === 'NoSuchUpload';
    const failure = gone
      ? new NacreError('Unavailable', `${call.what} failed: the server no longer knows the upload`)
      : s3Error(error, call);
    if (failure.code !== 'Unavailable') throw failure;
    const token = await readBack(request, ownId);
    if (token !== undefined) return { outcome: 'written', token };
    throw failure;
  }
}

/** The token of the object if this upload made it; undefined when it did not, or nobody can say. */
async function readBack(request: PartsRequest, ownId: string): Promise<string | undefined> {
  const { sdk, client, target, body } = request;
  try {
    const head = await client.send(
      new sdk.HeadObjectCommand({ Bucket: target.Bucket, Key: target.Key }),
      sendOptions(request.signal),
    );
    const ours = head.Metadata?.[uploadIdKey] === ownId && head.ContentLength === byteLength(body);
    return ours ? head.ETag : undefined;
  } catch {
    return undefined;
  }
}

/** Best effort, also when the caller has given up; lifecycle rules collect what is left. */
async function dropUpload({ sdk, client }: PartsRequest, upload: Upload): Promise<void> {
  await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
}

/** Views of `[start, end)` of the body; no byte is copied. */
function slice(body: ByteSource, start: number, end: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  let offset = 0;
  for (const piece of body instanceof Uint8Array ? [body] : body) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, piece.byteLength);
    if (from < to) out.push(piece.subarray(from, to));
    offset += piece.byteLength;
  }
  return out;
}
