// Where requests go, beside where the SDK sends them, and who sends them under which settings.
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeText } from '../../src/storage/s3/sign.js';
import { targetOf, usesPathStyle } from '../../src/storage/s3/target.js';
import { seedOf } from '../query/random.js';

/** Where the SDK sends a HEAD. */
async function sdkTarget(bucket: string, region: string, url: URL | undefined, key: string) {
  let sent = { protocol: '', hostname: '', port: undefined as number | undefined, path: '', host: '' };
  const client = new S3Client({
    region,
    ...(url ? { endpoint: url.href } : {}),
    forcePathStyle: usesPathStyle({ bucket, url }),
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: typeof sent & { headers: Record<string, string> }) => {
        const { protocol, hostname, port, path, headers } = request;
        sent = { protocol, hostname, port, path, host: headers['host'] ?? '' };
        throw new Error('sent');
      },
    } as never,
  });
  await expect(client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).rejects.toThrow('sent');
  return sent;
}

const seed = seedOf('NACRE_SEED');

test(`a request goes where the SDK would send it (NACRE_SEED=${seed})`, async () => {
  const bucket = fc
    .string({ minLength: 3, maxLength: 12, unit: fc.constantFrom(...'abz09-._AB'.split('')) })
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]+[A-Za-z0-9]$/.test(name) && !name.includes('..'));
  const region = fc.constantFrom(
    'us-east-1',
    'eu-central-1',
    'us-gov-west-1',
    'cn-north-1',
    'ap-southeast-7',
  );
  const endpoint = fc.option(
    fc.constantFrom(
      'http://127.0.0.1:9000',
      'http://[::1]:9000/',
      'https://minio.example',
      'https://h.example:443',
      'http://h.example:80/base/',
      'https://H.example:8443/a/b%20c',
    ),
    { nil: undefined },
  );
  const segment = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
  const awkward = fc.constantFrom('a b', "+~!'()*", '%20', 'é&=?#', ':@;,$', '日本');
  const key = fc
    .array(fc.oneof(segment, awkward), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.map((name) => name.replaceAll('/', 'x').replace(/^\.+$/, 'dots')).join('/'));
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(bucket, region, endpoint, key, async (bucket, region, endpoint, key) => {
      const url = endpoint === undefined ? undefined : new URL(endpoint);
      const target = targetOf({ bucket, region, url });
      if (target === undefined) return;
      compared++;
      const theirs = await sdkTarget(bucket, region, url, key);
      const path = target.path + key.split('/').map(escapeText).join('/');
      const { hostname } = theirs;
      const { protocol, host } = target;
      expect({ protocol, host, path, port: target.port, hostname: target.hostname }).toEqual({
        ...theirs,
        port: theirs.port,
        hostname: hostname.replace(/^\[|\]$/g, ''),
      });
    }),
    { seed, numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(150);
});

test.each([
  ['a directory bucket', 'name--usw2-az1--x-s3', 'us-west-2', undefined],
  ['an alias of an access point', 'name-metadata-a1b2c3-s3alias', 'us-west-2', undefined],
  ['capitals in a name that would be a host', 'Name', 'us-west-2', undefined],
  ['a partition of its own', 'bucket', 'us-iso-east-1', undefined],
  ['a pseudo-region', 'bucket', 'fips-us-east-1', undefined],
  ['a region that is none', 'bucket', 'aws-global', new URL('http://h')],
  ['an endpoint with a query', 'bucket', 'us-east-1', new URL('http://h/?a')],
] as const)('the SDK is asked about %s', (_, bucket, region, url) => {
  expect(targetOf({ bucket, region, url })).toBeUndefined();
});
