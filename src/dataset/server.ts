// Which server a bucket is on: the same address may name a bucket on each of two servers, and a copy from one
// to the other must be seen as one. From the same settings as the clients take their endpoint; no request.
import type { StoreLocation } from '../storage/uri.js';

type Variables = Readonly<Record<string, string | undefined>>;
type Profiles = (name: string) => Promise<Readonly<Record<string, string | undefined>>>;

const amazon = 'https://s3.amazonaws.com';
const google = 'https://storage.googleapis.com';

/** `scheme://host:port` in lower case, or undefined where the address says it all: a folder, memory. */
export async function serverOf(
  location: StoreLocation,
  variables: Variables = process.env,
  profiles: Profiles = sharedProfile,
): Promise<string | undefined> {
  if (location.scheme === 'gs') return originOf(variables['STORAGE_EMULATOR_HOST'] || google);
  if (location.scheme !== 's3') return undefined;
  const origin = originOf((await s3Endpoint(location.profile, variables, profiles)) ?? amazon);
  // Amazon's buckets have one name space, whichever region, network or address style leads to them.
  return /\.amazonaws\.com(\.cn)?(:\d+)?$/.test(origin ?? '') ? amazon : origin;
}

async function s3Endpoint(
  profile: string | undefined,
  variables: Variables,
  profiles: Profiles,
): Promise<string | undefined> {
  if (variables['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  const general = variables['AWS_ENDPOINT_URL_S3'] || variables['AWS_ENDPOINT_URL'];
  if (profile === undefined && general) return general;
  const settings = await profiles(profile ?? (variables['AWS_PROFILE'] || 'default'));
  if (settings['ignore_configured_endpoint_urls'] === 'true') return general;
  return settings['endpoint_url'] ?? general;
}

/** A profile of the shared files, with the endpoint of its services section. */
async function sharedProfile(name: string): Promise<Record<string, string | undefined>> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const profile = { ...credentialsFile[name], ...configFile[name] };
  const services = profile['services'] === undefined ? {} : configFile[`services.${profile['services']}`];
  const endpoint = services?.['s3.endpoint_url'] ?? profile['endpoint_url'];
  return { ...profile, ...(endpoint === undefined ? {} : { endpoint_url: endpoint }) };
}

function originOf(text: string): string | undefined {
  const address = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  // What is no address is refused when the store is opened.
  return URL.canParse(address) ? new URL(address).origin : undefined;
}
