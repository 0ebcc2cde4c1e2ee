// Where an S3 store's settings come from, and by which way its reads go. A profile that the URI names comes
// first, with its endpoint and its region; then the environment; then the default profile, as the AWS command
// line does it. Where keys and address are settled without the SDK, reads are signed here and the SDK is
// loaded by the first request of another kind.
import { NacreError } from '../../errors.js';
import type { Runtime } from '../../util/runtime.js';
import {
  checksumMode,
  environmentCredentials,
  fromEnvironment,
  hasSpecialSettings,
  ignoresEndpoints,
  type Setting,
  sharedFiles,
  variable,
} from './environment.js';
import { endpointSetting } from './errors.js';
import { type S3Reads, SdkReads } from './reads.js';
import type { LoadedSdk } from './sdk.js';
import type { S3Credentials } from './sign.js';
import { SignedReads } from './signed-reads.js';
import { targetOf, usesPathStyle } from './target.js';

export interface S3ClientOptions {
  readonly bucket: string;
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly credentials?: S3Credentials | undefined;
  readonly runtime: Runtime;
  readonly stallMs: number;
  readonly connectMs: number;
  readonly maxSockets: number;
  /** Sees the `Date` of each answer. */
  readonly observe?: (date: string | undefined) => void;
}

export interface ConfiguredS3 {
  readonly region: string;
  /** For messages: the endpoint, or the name of the region's own. */
  readonly endpoint: string;
  /** See {@link StoreCapabilities.server}. */
  readonly server: string;
  /** The wire cannot be tampered with: TLS, or this machine. */
  readonly trustedWire: boolean;
  readonly reads: S3Reads;
  /** The SDK and a client of it; loads it when called for the first time (60 to 100 ms, once a process). */
  load(): Promise<LoadedSdk>;
  close(): Promise<void>;
}

/** No request is sent. Loads the SDK unless keys and address are settled without it. */
export async function configureS3(options: S3ClientOptions): Promise<ConfiguredS3> {
  const { bucket, profile, runtime, connectMs, stallMs, observe = () => {} } = options;
  const files = sharedFiles();
  const find = async (setting: Setting): Promise<string | undefined> =>
    options[setting] ?? (await configured(setting, profile, files));
  const endpoint = await find('endpoint');
  const url = endpoint === undefined ? undefined : parseEndpoint(endpoint);
  const region = (await find('region')) ?? (url ? 'us-east-1' : undefined);
  if (region === undefined) {
    throw new NacreError('InvalidArgument', `no AWS region is set for s3://${bucket}`, {
      hint: `Set AWS_REGION, or region in the profile; for another server, ${endpointSetting}.`,
    });
  }
  const plain = profile === undefined && !variable('AWS_PROFILE') && !hasSpecialSettings(files);
  const validates = checksumMode('AWS_RESPONSE_CHECKSUM_VALIDATION') === 'WHEN_SUPPORTED';
  const credentials = options.credentials ?? (plain ? environmentCredentials() : undefined);
  const target = plain && !validates ? targetOf({ bucket, region, url }) : undefined;

  const { maxSockets } = options;
  const pathStyle = usesPathStyle({ bucket, url });
  const clientOptions = { region, url, pathStyle, profile, credentials, maxSockets, connectMs, stallMs };
  let loading: Promise<LoadedSdk> | undefined;
  const load = (): Promise<LoadedSdk> => {
    loading ??= import('./sdk-client.js').then(({ makeClient }) => makeClient(clientOptions, observe));
    return loading;
  };
  let reads: S3Reads;
  if (target === undefined || credentials === undefined) {
    await load();
    reads = new SdkReads(bucket, load);
  } else {
    reads = new SignedReads({ target, region, credentials, runtime, connectMs, stallMs, observe });
  }
  return {
    region,
    endpoint: url?.origin ?? `the S3 endpoint of ${region}`,
    server: serverOf(url),
    trustedWire: url?.protocol !== 'http:' || isLoopback(url.hostname),
    reads,
    load,
    close: async () => {
      reads.close();
      // Its connections end with it.
      (await loading?.catch(() => undefined))?.client.destroy();
    },
  };
}

/** Amazon's buckets have one name space, whichever region, network or address style leads to them. */
function serverOf(url: URL | undefined): string {
  if (url === undefined || /\.amazonaws\.com(\.cn)?$/.test(url.hostname)) return 'https://s3.amazonaws.com';
  return url.origin;
}

async function configured(
  setting: Setting,
  profile: string | undefined,
  files: string | undefined,
): Promise<string | undefined> {
  const found = fromEnvironment(setting);
  if (profile !== undefined) return (await fromProfile(setting, profile)) ?? found;
  if (found !== undefined || files === '') return found;
  return fromProfile(setting, variable('AWS_PROFILE') ?? 'default');
}

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
