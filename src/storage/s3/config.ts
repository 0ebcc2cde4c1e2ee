// Where an S3 client's settings come from. A profile that the URI names comes first, with its endpoint and
// its region; then the environment; then the default profile, as the AWS command line does it.
import http from 'node:http';
import https from 'node:https';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { NacreError } from '../../errors.js';
import { type SendOptions, sendDirectly } from './direct.js';
import { endpointSetting } from './errors.js';

export type S3Sdk = typeof import('@aws-sdk/client-s3');

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3ClientOptions {
  readonly bucket: string;
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly credentials?: S3Credentials | undefined;
  readonly stallMs: number;
  readonly connectMs: number;
  readonly maxSockets: number;
}

export interface ConfiguredS3 {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
  readonly region: string;
  /** For messages: the endpoint, or the name of the region's own. */
  readonly endpoint: string;
  /** See {@link StoreCapabilities.server}. */
  readonly server: string;
  /** The wire cannot be tampered with: TLS, or this machine. */
  readonly trustedWire: boolean;
}

/** What the SDK would tell the console belongs into errors, or is the user's own choice of profile. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The options of one `client.send`. */
export function sendOptions(signal: AbortSignal | undefined): SendOptions {
  return signal ? { abortSignal: signal } : {};
}

type Setting = 'endpoint' | 'region';

/** Loads the SDK (60 to 100 ms, once a process) and makes a client. No request is sent. */
export async function configureS3(options: S3ClientOptions): Promise<ConfiguredS3> {
  const sdk = await import('@aws-sdk/client-s3');
  const endpoint = options.endpoint ?? (await configured('endpoint', options.profile));
  const url = endpoint === undefined ? undefined : parseEndpoint(endpoint);
  const region =
    options.region ?? (await configured('region', options.profile)) ?? (url ? 'us-east-1' : undefined);
  if (region === undefined) {
    throw new NacreError('InvalidArgument', `no AWS region is set for s3://${options.bucket}`, {
      hint: `Set AWS_REGION, or region in the profile; for another server, ${endpointSetting}.`,
    });
  }
  const agent = { keepAlive: true, noDelay: true, maxSockets: options.maxSockets };
  const config: S3ClientConfig = {
    region,
    ...(url ? { endpoint: url.href } : {}),
    // A name with dots does not fit the certificate of virtual-host addresses, and few servers resolve them.
    forcePathStyle: url !== undefined || options.bucket.includes('.'),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.credentials ? { credentials: options.credentials } : {}),
    // Retries are the wrapper's: it knows which puts may be repeated.
    maxAttempts: 1,
    retryMode: 'standard',
    followRegionRedirects: false,
    // Waiting for `100 Continue` would cost each large body a round trip, and a connection of its own.
    expectContinueHeader: false,
    ...checksumModes(),
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
  return {
    sdk,
    client,
    region,
    endpoint: url?.origin ?? `the S3 endpoint of ${region}`,
    server: serverOf(url),
    trustedWire: url?.protocol !== 'http:' || isLoopback(url.hostname),
  };
}

/** Amazon's buckets have one name space, whichever region, network or address style leads to them. */
function serverOf(url: URL | undefined): string {
  if (url === undefined || /\.amazonaws\.com(\.cn)?$/.test(url.hostname)) return 'https://s3.amazonaws.com';
  return url.origin;
}

/**
 * Checksums only where S3 demands one, unless the environment asks for more: bodies carry our own CRC32C,
 * reads are verified against the manifest, and several servers refuse the SDK's trailing checksums.
 */
function checksumModes(): Pick<S3ClientConfig, 'requestChecksumCalculation' | 'responseChecksumValidation'> {
  const mode = (name: string): 'WHEN_SUPPORTED' | 'WHEN_REQUIRED' =>
    process.env[name]?.toUpperCase() === 'WHEN_SUPPORTED' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return {
    requestChecksumCalculation: mode('AWS_REQUEST_CHECKSUM_CALCULATION'),
    responseChecksumValidation: mode('AWS_RESPONSE_CHECKSUM_VALIDATION'),
  };
}

async function configured(setting: Setting, profile: string | undefined): Promise<string | undefined> {
  const fromEnvironment =
    setting === 'endpoint'
      ? ignoresEndpoints()
        ? undefined
        : process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL']
      : process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'];
  if (profile !== undefined) return (await fromProfile(setting, profile)) ?? fromEnvironment;
  return fromEnvironment || (await fromProfile(setting, process.env['AWS_PROFILE'] || 'default'));
}

const ignoresEndpoints = (): boolean =>
  process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true';

/** A setting of a profile in the shared files; an endpoint may stand in the profile's services section. */
async function fromProfile(setting: Setting, name: string): Promise<string | undefined> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const profile = { ...credentialsFile[name], ...configFile[name] };
  if (setting === 'region') return profile['region'];
  if (ignoresEndpoints() || profile['ignore_configured_endpoint_urls'] === 'true') return undefined;
  const services = profile['services'] === undefined ? {} : configFile[`services.${profile['services']}`];
  return services?.['s3.endpoint_url'] ?? profile['endpoint_url'];
}

function parseEndpoint(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badEndpoint('the S3 endpoint is no URL');
  }
  if (url.username !== '' || url.password !== '') throw badEndpoint('the S3 endpoint holds a user name');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badEndpoint(`the S3 endpoint has the scheme ${url.protocol}// instead of http:// or https://`);
  }
  return url;
}

function badEndpoint(problem: string): NacreError {
  return new NacreError('InvalidArgument', problem, {
    hint: `Write https://host or http://host:port in ${endpointSetting}.`,
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
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
