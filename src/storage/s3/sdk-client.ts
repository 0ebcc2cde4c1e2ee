// The SDK's client. Whoever imports this file loads the SDK: 60 to 100 ms, once a process.
import http from 'node:http';
import https from 'node:https';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import * as sdk from '@aws-sdk/client-s3';
import { sendDirectly } from './direct.js';
import { checksumMode } from './environment.js';
import type { LoadedSdk } from './sdk.js';
import type { S3Credentials } from './sign.js';

export interface SdkClientOptions {
  readonly region: string;
  readonly url: URL | undefined;
  readonly pathStyle: boolean;
  readonly profile: string | undefined;
  /** Default: the SDK's chain. */
  readonly credentials: S3Credentials | undefined;
  readonly maxSockets: number;
  readonly connectMs: number;
  readonly stallMs: number;
}

/** What the SDK would tell the console belongs into errors, or is the user's own choice of profile. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** `observe` sees the `Date` of each answer. No request is sent. */
export function makeClient(
  options: SdkClientOptions,
  observe: (date: string | undefined) => void,
): LoadedSdk {
  const agent = { keepAlive: true, noDelay: true, maxSockets: options.maxSockets };
  const config: S3ClientConfig = {
    region: options.region,
    ...(options.url ? { endpoint: options.url.href } : {}),
    forcePathStyle: options.pathStyle,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.credentials ? { credentials: options.credentials } : {}),
    // Retries are the wrapper's: it knows which puts may be repeated.
    maxAttempts: 1,
    retryMode: 'standard',
    followRegionRedirects: false,
    // Waiting for `100 Continue` would cost each large body a round trip, and a connection of its own.
    expectContinueHeader: false,
    requestChecksumCalculation: checksumMode('AWS_REQUEST_CHECKSUM_CALCULATION'),
    responseChecksumValidation: checksumMode('AWS_RESPONSE_CHECKSUM_VALIDATION'),
    logger: silent,
    requestHandler: {
      httpAgent: new http.Agent(agent),
      httpsAgent: new https.Agent(agent),
      connectionTimeout: options.connectMs,
      // Counts silence in both directions, so that a slow body passes and a stalled one does not.
      socketTimeout: options.stallMs,
    },
  };
  const client = quietly(() => new sdk.S3Client(config));
  // A checksum of the answer is made by the SDK, from the body that it hands on.
  if (config.responseChecksumValidation === 'WHEN_REQUIRED') sendDirectly(client, options);
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      observe(headers?.['date']);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'nacreStoreClock' },
  );
  return { sdk, client };
}

/**
 * The SDK warns each process on Node 20 of a later release of itself, on the user's stderr. Ours is pinned.
 */
function quietly<T>(make: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
