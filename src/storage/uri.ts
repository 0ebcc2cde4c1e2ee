// What a dataset's address means. Pure: nothing is opened, and no message repeats what may be a secret.
//
//   s3://bucket/prefix[?profile=NAME]   gs://bucket/prefix   file:///path   a plain path   memory://name
//
// Credentials have no place in a URI, which ends up in logs, manifests and shell histories.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { NacreError } from '../errors.js';

export type StoreLocation =
  | {
      readonly scheme: 's3';
      readonly bucket: string;
      /** Without slashes at its ends; '' is the whole bucket. */
      readonly prefix: string;
      /** The AWS profile that names credentials, region and endpoint. */
      readonly profile?: string;
    }
  | { readonly scheme: 'gs'; readonly bucket: string; readonly prefix: string }
  /** An absolute path. */
  | { readonly scheme: 'file'; readonly path: string }
  /** '' is a place of its own. */
  | { readonly scheme: 'memory'; readonly name: string };

export type LocationOf<Scheme extends StoreLocation['scheme']> = Extract<StoreLocation, { scheme: Scheme }>;

export interface ParseOptions {
  /** What a relative path is relative to. Default: the working directory. */
  readonly cwd?: string;
}

/** Leaves room for the longest key of a dataset below the 1,024 bytes that stores allow. */
const prefixLimitBytes = 768;

const schemes = 's3://bucket/prefix, gs://bucket/prefix, file:///path, memory://name or a path';

/** Throws `InvalidArgument` for everything that does not name one place without doubt. */
export function parseStoreUri(text: string, options: ParseOptions = {}): StoreLocation {
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) return plainPath(text, options);
  refuseSecrets(rest);
  switch (scheme.toLowerCase()) {
    case 's3':
      return s3(rest);
    case 'gs':
      return { scheme: 'gs', ...bucketAndPrefix('gs', withoutQuery(rest, 'gs')) };
    case 'file':
      return fileUri(`file://${withoutQuery(rest, 'file')}`);
    case 'memory':
      return memory(withoutQuery(rest, 'memory'));
    default:
      throw invalid(`the scheme ${scheme}:// is not one that Nacre stores data in`, `Use ${schemes}.`);
  }
}

/** The URI that `parseStoreUri` reads as this location, without a trailing slash. */
export function formatStoreUri(location: StoreLocation): string {
  if (location.scheme === 'file') return pathToFileURL(location.path).href;
  if (location.scheme === 'memory') return `memory://${location.name}`;
  const { scheme, bucket, prefix } = location;
  const query =
    scheme === 's3' && location.profile !== undefined
      ? `?profile=${encodeURIComponent(location.profile)}`
      : '';
  return `${scheme}://${bucket}${prefix === '' ? '' : `/${prefix}`}${query}`;
}

/**
 * What names name below a place: keys as they are, and for addresses (a scheme, or a path that begins with
 * `/` or a dot) what follows the place. `InvalidArgument` for an address that is not below it.
 */
export function keysBelow(place: string, names: readonly string[], options: ParseOptions = {}): string[] {
  const home = parseStoreUri(place, options);
  return names.map((name) => {
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\/|^\.{0,2}\//.test(name)) return name;
    const key = keyBelow(home, parseStoreUri(name, options));
    if (key !== undefined) return key;
    throw invalid(
      `${quote(name)} is not below ${quote(formatStoreUri(home))}`,
      'Name what lies below the dataset, by its key from there on or by its address.',
    );
  });
}

function keyBelow(home: StoreLocation, location: StoreLocation): string | undefined {
  const pathOf = (one: StoreLocation): string =>
    one.scheme === 'file'
      ? one.path.split(path.sep).join('/')
      : one.scheme === 'memory'
        ? one.name
        : `${one.bucket}/${one.prefix}`;
  const start = `${pathOf(home).replace(/\/+$/, '')}/`;
  const full = pathOf(location);
  return home.scheme === location.scheme && full.startsWith(start) ? full.slice(start.length) : undefined;
}

function s3(rest: string): StoreLocation {
  const [place = '', ...queries] = withoutFragment(rest, 's3').split('?');
  const profile = profileOf(queries.join('?'));
  return { scheme: 's3', ...bucketAndPrefix('s3', place), ...(profile === undefined ? {} : { profile }) };
}

function profileOf(query: string): string | undefined {
  if (query === '') return undefined;
  const entries = [...new URLSearchParams(query)];
  const [name, value = ''] = entries[0] ?? [];
  if (entries.length !== 1 || name !== 'profile')
    throw invalid(
      'an s3:// URI takes one option, profile',
      'Write s3://bucket/prefix?profile=NAME; set all else in that profile of ~/.aws/config.',
    );
  if (!/^[\w.@+ -]{1,128}$/.test(value))
    throw invalid(
      'the profile of an s3:// URI is not a name',
      'Name a profile of ~/.aws/config with letters, digits, space . _ - @ or +.',
    );
  return value;
}

function bucketAndPrefix(scheme: 's3' | 'gs', place: string): { bucket: string; prefix: string } {
  const slash = place.indexOf('/');
  const bucket = slash < 0 ? place : place.slice(0, slash);
  checkBucket(scheme, bucket);
  const prefix = slash < 0 ? '' : place.slice(slash).replace(/^\/|\/+$/g, '');
  checkPrefix(scheme, prefix);
  return { bucket, prefix };
}

function checkBucket(scheme: 's3' | 'gs', bucket: string): void {
  if (bucket === '') throw invalid(`a ${scheme}:// URI needs a bucket`, `Write ${scheme}://bucket/prefix.`);
  if (bucket.includes(':') || /^\d+(\.\d+){3}$/.test(bucket))
    throw invalid(
      `what follows ${scheme}:// is an address, not a bucket name`,
      scheme === 's3'
        ? 'A server’s address goes into AWS_ENDPOINT_URL or into a profile; after s3:// comes the bucket.'
        : 'A server’s address goes into STORAGE_EMULATOR_HOST; after gs:// comes the bucket.',
    );
  const longest = scheme === 's3' ? 63 : 222;
  const legal = /^[A-Za-z0-9][A-Za-z0-9._-]+[A-Za-z0-9]$/;
  if (bucket.length < 3 || bucket.length > longest || !legal.test(bucket) || bucket.includes('..'))
    throw invalid(
      `${quote(bucket)} is not a bucket name`,
      `A bucket name has 3 to ${longest} letters, digits, dots, hyphens or underscores, and no slash.`,
    );
}

/** What both clouds advise for names: printable ASCII without what shells, URIs and tools rewrite. */
const legalPrefix = /^[ !$&'()*+,\-./0-9:;=@A-Z_a-z]*$/;

function checkPrefix(scheme: 's3' | 'gs', prefix: string): void {
  const where = `the prefix of the ${scheme}:// URI, ${quote(prefix)},`;
  if (!legalPrefix.test(prefix))
    throw invalid(
      `${where} holds a character that not every store and tool keeps as it is`,
      'Use letters and digits of ASCII, - _ . = and /; write the prefix as it is, without percent-encoding.',
    );
  if (prefix.length > prefixLimitBytes)
    throw invalid(
      `${where} has ${prefix.length} bytes, more than the ${prefixLimitBytes} that leave room for keys`,
      'Choose a shorter prefix.',
    );
  if (prefix !== '' && prefix.split('/').some((segment) => ['', '.', '..'].includes(segment)))
    throw invalid(`${where} has an empty, . or .. segment`, 'Write the prefix in full, with single slashes.');
}

function fileUri(uri: string): StoreLocation {
  let file: string;
  try {
    file = fileURLToPath(uri);
  } catch (cause) {
    throw new NacreError('InvalidArgument', `${quote(uri)} names no file of this machine`, {
      cause,
      hint: 'Write file:///absolute/path, with %20 for a space, or just the path.',
    });
  }
  return plainPath(file, {});
}

function plainPath(text: string, { cwd }: ParseOptions): StoreLocation {
  if (text === '') throw invalid('the address of a dataset is empty', `Give ${schemes}.`);
  if (text.includes('\0')) throw invalid('a path cannot hold a NUL character', 'Check how the path is made.');
  if (/^(s3|gs|file|memory):/i.test(text))
    throw invalid('the address lacks the two slashes of a URI', `Write ${schemes}.`);
  return { scheme: 'file', path: path.resolve(cwd ?? '.', text) };
}

function memory(rest: string): StoreLocation {
  const name = rest.replace(/\/+$/, '');
  if (!/^[\w.@=+-]*(\/[\w.@=+-]+)*$/.test(name) || name.length > prefixLimitBytes)
    throw invalid(`${quote(name)} is no name for a place in memory`, 'Write memory://name.');
  return { scheme: 'memory', name };
}

/** Before anything is quoted: user:password@, access keys, and options that look like credentials. */
function refuseSecrets(rest: string): void {
  const authority = rest.split(/[/?#]/, 1)[0] as string;
  const query = /[?].*$/s.exec(rest)?.[0] ?? '';
  const names = [...query.matchAll(/[?&]([^=&#]*)/g)].map((match) => match[1] ?? '');
  const secret =
    authority.includes('@') ||
    (authority.includes(':') && rest.includes('@')) ||
    /(?:^|[^A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}/.test(rest) ||
    names.some((name) => /key|token|secret|sig|pass|cred|auth/i.test(name));
  if (secret)
    throw invalid(
      'the URI carries what looks like credentials, and URIs end up in logs',
      'Take them out; credentials come from the environment, a profile (?profile=NAME) or the machine’s role.',
    );
}

function withoutQuery(rest: string, scheme: string): string {
  if (withoutFragment(rest, scheme).includes('?'))
    throw invalid(
      `a ${scheme}:// URI takes no options after a ?`,
      scheme === 'file' ? 'Write a ? in a file name as %3F.' : 'Remove them.',
    );
  return rest;
}

function withoutFragment(rest: string, scheme: string): string {
  if (rest.includes('#'))
    throw invalid(
      `a ${scheme}:// URI has no part after a #`,
      scheme === 'file' ? 'Write a # in a file name as %23.' : 'Remove it; a version is chosen with --at.',
    );
  return rest;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function invalid(message: string, hint: string): NacreError {
  return new NacreError('InvalidArgument', message, { hint });
}
