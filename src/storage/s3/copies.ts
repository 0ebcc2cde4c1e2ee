// Objects that the server makes of others: no bytes of them go over the wire. Of one server alone, and with
// the credentials of the destination.
import { checkForeignKey, checkKey } from '../keys.js';
import type { CallOptions, CopyResult, CopySource, ObjectStore, ServerCopies } from '../object-store.js';
import { type S3Call, s3Error, serverCode, statusOf } from './errors.js';
import { type LoadedSdk, sendOptions } from './sdk.js';

export interface S3CopiesOptions {
  readonly server: string | undefined;
  readonly bucket: string;
  /** With its slash; '' for the bucket itself. */
  readonly prefix: string;
  readonly sdk: () => Promise<LoadedSdk>;
  readonly call: (operation: string, signal: AbortSignal | undefined, key?: string) => S3Call;
}

export class S3Copies implements ServerCopies {
  readonly #options: S3CopiesOptions;
  /** The server does not copy, or not for these credentials. */
  #isUnable = false;

  constructor(options: S3CopiesOptions) {
    this.#options = options;
  }

  reaches({ uri, capabilities: { scheme, server } }: ObjectStore): boolean {
    return !this.#isUnable && scheme === 's3' && uri.startsWith('s3://') && server === this.#options.server;
  }

  async copy(key: string, from: CopySource, { signal }: CallOptions = {}): Promise<CopyResult> {
    checkKey(key);
    checkForeignKey(from.key);
    const { bucket, prefix } = this.#options;
    const call = this.#options.call('CopyObject', signal, key);
    const { sdk, client } = await this.#options.sdk();
    const at = { Bucket: bucket, Key: prefix + key };
    const source = `${from.store.uri.slice('s3://'.length)}/${from.key}`;
    const command = new sdk.CopyObjectCommand({
      ...at,
      CopySource: source.split('/').map(encodeURIComponent).join('/'),
      CopySourceIfMatch: from.token,
      IfNoneMatch: '*',
      ChecksumAlgorithm: 'CRC32C',
    });
    try {
      const { CopyObjectResult: made } = await client.send(command, sendOptions(signal));
      const sum = crcOf(made?.ChecksumCRC32C);
      if (sum !== undefined) return { outcome: 'written', crc32c: sum };
      const look = new sdk.HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' });
      const head = await client.send(look, sendOptions(signal));
      return { outcome: 'written', crc32c: crcOf(head.ChecksumCRC32C) };
    } catch (error) {
      const status = statusOf(error) ?? 0;
      if (status === 412 || serverCode(error) === 'NoSuchKey') return { outcome: 'refused' };
      if (![400, 403, 405, 501].includes(status)) throw s3Error(error, call);
      this.#isUnable = true;
      return { outcome: 'refused' };
    }
  }
}

/** Of a whole object: one of its parts is none of it. */
function crcOf(base64: string | undefined): number | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/]{6}==$/.test(base64)) return undefined;
  return Buffer.from(base64, 'base64').readUInt32BE();
}
