import type { Runtime } from '../util/runtime.js';
import { throwIfAborted } from '../util/runtime.js';
import { StoreClock } from './http-clock.js';
import type { ObjectStore } from './object-store.js';
import { configureS3 } from './s3/config.js';
import type { S3Credentials } from './s3/sign.js';
import { S3Store } from './s3/store.js';

export type { S3Credentials } from './s3/sign.js';

export interface S3Location {
  readonly bucket: string;
  /** Where the store's root is inside the bucket; no slash at either end; '' for the bucket itself. */
  readonly prefix: string;
  /** A profile of the AWS configuration files; its endpoint and region come with it. */
  readonly profile?: string | undefined;
}

export interface S3Options {
  readonly runtime: Runtime;
  readonly signal?: AbortSignal;
  /**
   * Default: of the profile that the location names, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, default profile.
   */
  readonly endpoint?: string;
  /** Default: as for the endpoint (AWS_REGION); `us-east-1` when an endpoint is set and no region is. */
  readonly region?: string;
  /** Default: the SDK's chain (environment, profile, SSO, web identity, container, instance). */
  readonly credentials?: S3Credentials;
  /** Largest body that goes in one request. Default 64 MiB. */
  readonly singlePutBytes?: number;
  /** Size of a part of a larger body; at least 5 MiB on S3. Default 16 MiB. */
  readonly partBytes?: number;
  /** A connection on which no byte moves for so long is given up. Default 20 s. */
  readonly stallMs?: number;
  /** Default 10 s. */
  readonly connectMs?: number;
  /** `get` and `head` take any key. Default false. */
  readonly foreignKeys?: boolean;
  /** Connections of the SDK at most, idle ones included. Default 256. */
  readonly maxSockets?: number;
}

/**
 * Opens a prefix of a bucket on S3 or a server that speaks its protocol. Sends no request: a wrong bucket,
 * region or key shows at the first call to the store.
 *
 * With static credentials, from `credentials` or the environment, and an address that takes no profile to
 * find, `get` and `head` are signed and sent without the SDK, and the first call of another kind loads it (60
 * to 100 ms, once a process). Otherwise it is loaded here: for a profile, credentials of a file or a role,
 * dual-stack and FIPS addresses, access points, directory buckets, and checksums of answers.
 *
 * Errors: `InvalidArgument` for an endpoint that is no URL, or no region.
 */
export async function openS3(location: S3Location, options: S3Options): Promise<ObjectStore> {
  throwIfAborted(options.signal);
  const clock = new StoreClock(options.runtime);
  const configured = await configureS3({
    runtime: options.runtime,
    observe: (date) => clock.observe(date),
    bucket: location.bucket,
    profile: location.profile,
    endpoint: options.endpoint,
    region: options.region,
    credentials: options.credentials,
    stallMs: options.stallMs ?? 20_000,
    connectMs: options.connectMs ?? 10_000,
    maxSockets: options.maxSockets ?? 256,
  });
  throwIfAborted(options.signal);
  return new S3Store(configured, location, {
    runtime: options.runtime,
    clock,
    foreignKeys: options.foreignKeys ?? false,
    singlePutBytes: options.singlePutBytes ?? 64 << 20,
    partBytes: options.partBytes ?? 16 << 20,
  });
}
