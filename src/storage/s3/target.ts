// Where requests about a bucket go: the address that the SDK's rules make of endpoint, region and bucket, for
// the plain cases. The rest (dual stack, FIPS, access points, partitions of their own) is left to the SDK.
import { escapeText } from './sign.js';

export interface S3Target {
  readonly protocol: 'http:' | 'https:';
  /** As node:net takes it: without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number | undefined;
  /** The header. */
  readonly host: string;
  /** Of the bucket, escaped; ends with a slash. */
  readonly path: string;
}

export interface Place {
  readonly bucket: string;
  readonly region: string;
  readonly url: URL | undefined;
}

/** With a server of its own, a region only is a word in the signature. */
const anyRegion = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const amazonRegion = /^(?:(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+|us-gov-[a-z]+-\d+)$/;
const chinaRegion = /^cn-[a-z]+-\d+$/;
/** Directory buckets, access points and tables are named like this, and have rules of their own. */
const specialBucket = /--[a-z0-9]+-s3$|-s3alias$|\.mrap$/;
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Path style: where the user names the server, or the name would not fit the certificate of a subdomain. */
export function usesPathStyle({ bucket, url }: Pick<Place, 'bucket' | 'url'>): boolean {
  return url !== undefined || bucket.includes('.');
}

/** Undefined where only the SDK's rules can say. */
export function targetOf({ bucket, region, url }: Place): S3Target | undefined {
  if (specialBucket.test(bucket) || !anyRegion.test(region) || /fips|^aws-.*global$/i.test(region)) {
    return undefined;
  }
  if (url !== undefined) {
    if (url.search !== '' || url.hash !== '') return undefined;
    const base = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
    return at(url, `${base}${escapeText(bucket)}/`);
  }
  const suffix = chinaRegion.test(region) ? 'amazonaws.com.cn' : 'amazonaws.com';
  if (!bucketName.test(bucket) || (suffix === 'amazonaws.com' && !amazonRegion.test(region)))
    return undefined;
  const host = `s3.${region}.${suffix}`;
  if (usesPathStyle({ bucket, url })) return at(new URL(`https://${host}`), `/${bucket}/`);
  return at(new URL(`https://${bucket}.${host}`), '/');
}

function at(url: URL, path: string): S3Target {
  return {
    protocol: url.protocol === 'http:' ? 'http:' : 'https:',
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    host: url.host,
    path,
  };
}
