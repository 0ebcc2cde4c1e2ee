// What of the SDK the rest of the store works with. Only types of it are imported here: the SDK itself comes
// with `sdk-client.ts`.
import type { S3Client } from '@aws-sdk/client-s3';
import type { SendOptions } from './direct.js';

export interface LoadedSdk {
  readonly sdk: typeof import('@aws-sdk/client-s3');
  readonly client: S3Client;
}

/** The options of one `client.send`. */
export function sendOptions(signal: AbortSignal | undefined): SendOptions {
  return signal ? { abortSignal: signal } : {};
}
