// What the environment says about S3, where the SDK would look, and whether the files of AWS could say more.
// Nothing here loads the SDK.
import { readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { S3Credentials } from './sign.js';

export type Setting = 'endpoint' | 'region';

/** Empty variables are as good as none. */
export function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

export const ignoresEndpoints = (): boolean =>
  variable('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS')?.toLowerCase() === 'true';

export function fromEnvironment(setting: Setting): string | undefined {
  if (setting === 'region') return variable('AWS_REGION') ?? variable('AWS_DEFAULT_REGION');
  if (ignoresEndpoints()) return undefined;
  return variable('AWS_ENDPOINT_URL_S3') ?? variable('AWS_ENDPOINT_URL');
}

/**
 * The keys in the environment, where the SDK's chain would take them and never look again: no profile is
 * chosen, and they do not expire.
 */
export function environmentCredentials(): S3Credentials | undefined {
  const accessKeyId = variable('AWS_ACCESS_KEY_ID');
  const secretAccessKey = variable('AWS_SECRET_ACCESS_KEY');
  const sessionToken = variable('AWS_SESSION_TOKEN');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  if (variable('AWS_CREDENTIAL_EXPIRATION') !== undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/**
 * Checksums only where S3 demands one, unless the environment asks for more: bodies carry our own CRC32C,
 * reads are verified against the manifest, and several servers refuse the SDK's trailing checksums.
 */
export function checksumMode(name: string): 'WHEN_SUPPORTED' | 'WHEN_REQUIRED' {
  return variable(name)?.toUpperCase() === 'WHEN_SUPPORTED' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
}

/**
 * What changes where or how requests are sent, and what is left to the SDK for that: a variable that is set,
 * or a line of a file.
 */
const special = [
  'use_dualstack_endpoint',
  'use_fips_endpoint',
  'auth_scheme_preference',
  'sigv4a_signing_region_set',
  'disable_clock_skew_correction',
];

/** Whether one of the rarer settings is there, in the environment or in `files`, or could be. */
export function hasSpecialSettings(files: string | undefined): boolean {
  if (files === undefined) return true;
  return special.some((name) => variable(`AWS_${name.toUpperCase()}`) !== undefined || files.includes(name));
}

/**
 * Both files of settings, as one text; '' where there is nothing to read, as the SDK has it. Undefined where
 * one is a pipe: that can be read once, by the SDK.
 */
export function sharedFiles(): string | undefined {
  const texts = [
    textOf(variable('AWS_CONFIG_FILE') ?? '~/.aws/config'),
    textOf(variable('AWS_SHARED_CREDENTIALS_FILE') ?? '~/.aws/credentials'),
  ];
  return texts.includes(undefined) ? undefined : texts.join('\n').trim();
}

/** At once: they are small, most of the time not there, and the first request waits for them. */
function textOf(name: string): string | undefined {
  const file = name.startsWith('~/') ? path.join(homeFolder(), name.slice(2)) : name;
  try {
    const kind = statSync(file);
    if (kind.isFIFO()) return undefined;
    return kind.isFile() ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

/** In the order in which the SDK looks. */
function homeFolder(): string {
  const { HOME, USERPROFILE, HOMEPATH, HOMEDRIVE = `C:${path.sep}` } = process.env;
  return HOME || USERPROFILE || (HOMEPATH ? `${HOMEDRIVE}${HOMEPATH}` : os.homedir());
}
