import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNacreError, type NacreError } from '../../src/errors.js';
import { formatStoreUri, parseStoreUri, type StoreLocation } from '../../src/storage/uri.js';

test.each<[string, StoreLocation]>([
  ['s3://bucket', { scheme: 's3', bucket: 'bucket', prefix: '' }],
  ['s3://bucket/', { scheme: 's3', bucket: 'bucket', prefix: '' }],
  ['s3://bucket/a/b', { scheme: 's3', bucket: 'bucket', prefix: 'a/b' }],
  ['s3://bucket/a/b//', { scheme: 's3', bucket: 'bucket', prefix: 'a/b' }],
  ['S3://bucket/Year=2026/My Data', { scheme: 's3', bucket: 'bucket', prefix: 'Year=2026/My Data' }],
  ['s3://my.bucket-1/p?profile=dev', { scheme: 's3', bucket: 'my.bucket-1', prefix: 'p', profile: 'dev' }],
  ['s3://bucket?profile=a%20b', { scheme: 's3', bucket: 'bucket', prefix: '', profile: 'a b' }],
  ['s3://bucket--use1-az4--x-s3/p', { scheme: 's3', bucket: 'bucket--use1-az4--x-s3', prefix: 'p' }],
  ['s3://bucket/a..b/...', { scheme: 's3', bucket: 'bucket', prefix: 'a..b/...' }],
  ['s3://bucket/R&D key files', { scheme: 's3', bucket: 'bucket', prefix: 'R&D key files' }],
  ['gs://bucket_1/a/', { scheme: 'gs', bucket: 'bucket_1', prefix: 'a' }],
  ['file:///data/set/', { scheme: 'file', path: '/data/set' }],
  ['file://localhost/data', { scheme: 'file', path: '/data' }],
  ['file:///data/my%20set', { scheme: 'file', path: '/data/my set' }],
  ['/data/set//', { scheme: 'file', path: '/data/set' }],
  ['set', { scheme: 'file', path: '/work/here/set' }],
  ['../set', { scheme: 'file', path: '/work/set' }],
  ['.', { scheme: 'file', path: '/work/here' }],
  ['données/\u{1f41a}?#', { scheme: 'file', path: '/work/here/données/\u{1f41a}?#' }],
  ['memory://', { scheme: 'memory', name: '' }],
  ['memory://scratch/', { scheme: 'memory', name: 'scratch' }],
  ['memory://a/b', { scheme: 'memory', name: 'a/b' }],
])('%s names one place', (text, expected) => {
  expect(parseStoreUri(text, { cwd: '/work/here' })).toEqual(expected);
});

test.each([
  '',
  '\0',
  '/data/a\0b',
  's3://',
  's3:///prefix',
  's3:/bucket/prefix',
  's3:bucket',
  's3://b',
  's3://bucket..name/p',
  's3://-bucket/p',
  's3://buck\u00e9t/p',
  `s3://${'b'.repeat(64)}/p`,
  's3://arn:aws:s3:us-east-1:123456789012:accesspoint/mine',
  's3://localhost:9000/bucket',
  's3://192.168.0.1/bucket',
  's3://bucket%2Fprefix',
  's3://bucket/a%2Fb',
  's3://bucket/../other',
  's3://bucket/a/../b',
  's3://bucket/a/./b',
  's3://bucket/a//b',
  's3://bucket/a\\b',
  's3://bucket/a\0b',
  's3://bucket/a\nb',
  's3://bucket/caf\u00e9',
  's3://bucket/cafe\u0301',
  's3://bucket/\u{1f41a}',
  `s3://bucket/${'p'.repeat(769)}`,
  's3://bucket/p#version',
  's3://bucket/p?region=eu-west-1',
  's3://bucket/p?profile=a&profile=b',
  's3://bucket/p?profile=',
  's3://bucket/p?profile=a/b',
  's3://bucket/p?x?profile=a',
  'gs://bucket/p?profile=a',
  'file://host/data',
  'file:///a%2Fb',
  'file:///a?b',
  'file:data',
  'memory://a//b',
  'memory://a?b',
  'https://bucket.s3.amazonaws.com/prefix',
  'hdfs://host/path',
])('%j is refused with what to do instead', (text) => {
  const error = refusal(text);
  expect(error.code).toBe('InvalidArgument');
  expect(error.hint).toMatch(/.{10,}/);
});

const secret = 'hunter2XYZZY';
test.each([
  `s3://user:${secret}@bucket/prefix`,
  `s3://user:${secret}/more@bucket/prefix`,
  `s3:/user:${secret}@bucket/prefix`,
  `s3://${secret}@bucket/prefix`,
  `s3://AKIAIOSFODNN7EXAMPLE:${secret}@bucket/p`,
  `s3://bucket/p?token=${secret}`,
  `s3://bucket/p?profile=a&secret_access_key=${secret}`,
  `s3://bucket/p?X-Amz-Signature=${secret}`,
  `gs://bucket/p?access_token=${secret}`,
  `https://user:${secret}@host/path`,
  `file://user:${secret}@host/path`,
  `memory://name?token=${secret}`,
])('a secret in a URI is refused and not repeated', (text) => {
  const error = refusal(text);
  expect(error.code).toBe('InvalidArgument');
  expect(JSON.stringify([error.message, error.hint, error.context, String(error.cause)])).not.toContain(
    secret,
  );
});

test('what is parsed and formatted is the same place, whatever the text', () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]$/).filter((text) => !text.includes('..'));
  const segment = fc
    .stringMatching(/^[A-Za-z0-9 !$&'()*+,\-.:;=@_]{1,12}$/)
    .filter((text) => !['.', '..'].includes(text) && !/(AKIA|ASIA)/.test(text));
  const prefix = fc.array(segment, { maxLength: 5 }).map((segments) => segments.join('/'));
  const bucketed = fc.record({
    scheme: fc.constantFrom('s3' as const, 'gs' as const),
    bucket: name.filter((text) => !/^\d+(\.\d+){3}$/.test(text)),
    prefix,
  });
  const file = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const location = fc.oneof(
    bucketed,
    file.map((text) => parseStoreUri(`/${text}`)),
  );
  fc.assert(
    fc.property(location, (place) => {
      expect(parseStoreUri(formatStoreUri(place))).toEqual(place);
    }),
  );
});

test('any text at all is a place or a typed refusal', () => {
  const start = fc.constantFrom(
    '',
    's3://',
    'gs://',
    'file://',
    'memory://',
    's3://bucket/',
    's3://bucket/?',
  );
  fc.assert(
    fc.property(start, fc.string({ unit: 'binary' }), (head, tail) => {
      expect(['a place', 'InvalidArgument']).toContain(outcome(head + tail));
    }),
  );
});

function outcome(text: string): string {
  try {
    parseStoreUri(text);
    return 'a place';
  } catch (error) {
    return isNacreError(error) ? error.code : String(error);
  }
}

function refusal(text: string): NacreError {
  try {
    parseStoreUri(text);
  } catch (error) {
    if (isNacreError(error)) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}
