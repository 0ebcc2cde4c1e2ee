// Where a GCS client's endpoint and credentials come from. No request is sent here.
import type { Storage } from '@google-cloud/storage';
import { NacreError } from '../../errors.js';
import { endpointSetting } from './errors.js';

export interface ConfiguredGcs {
  readonly storage: Storage;
  /** `https://storage.googleapis.com`, no slash at the end. */
  readonly endpoint: string;
  /** Finds the credentials and renews their token when it is used up; the library asks the same source. */
  readonly authorize: () => Promise<void>;
  readonly stallMs: number;
}

/** Loads the library, once a process, and makes a client. */
export async function configureGcs(options: {
  readonly endpoint: string | undefined;
  readonly anonymous: boolean | undefined;
  readonly stallMs: number;
}): Promise<ConfiguredGcs> {
  const emulator = process.env['STORAGE_EMULATOR_HOST'] || undefined;
  const anonymous = options.anonymous ?? (options.endpoint === undefined && emulator !== undefined);
  const endpoint = parseEndpoint(options.endpoint ?? emulator ?? 'https://storage.googleapis.com');
  const { Storage } = await import('@google-cloud/storage');
  const storage = new Storage({
    // Only an endpoint other than the library's own spelling of it can be asked without credentials.
    apiEndpoint: `${endpoint}/`,
    useAuthWithCustomEndpoint: !anonymous,
    // Retries are the wrapper's: it knows which puts may be repeated.
    retryOptions: { autoRetry: false, maxRetries: 0 },
  });
  // Else it is the text of STORAGE_EMULATOR_HOST as it stands, whatever endpoint is asked for.
  storage.baseUrl = `${endpoint}/storage/v1`;
  return {
    storage,
    endpoint,
    stallMs: options.stallMs,
    authorize: async () => {
      if (!anonymous) await storage.authClient.getRequestHeaders();
    },
  };
}

function parseEndpoint(text: string): string {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    throw badEndpoint('the GCS endpoint is no URL');
  }
  if (url.username !== '' || url.password !== '') throw badEndpoint('the GCS endpoint holds a user name');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badEndpoint(`the GCS endpoint has the scheme ${url.protocol}// instead of http:// or https://`);
  }
  return url.origin + url.pathname.replace(/\/(storage\/v1\/?)?$/, '');
}

function badEndpoint(problem: string): NacreError {
  return new NacreError('InvalidArgument', problem, {
    hint: `Write http://host:port in ${endpointSetting}, or leave it unset for Google's own.`,
  });
}
