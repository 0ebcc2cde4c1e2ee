// What a bucket policy that denies would do to a dataset in it.
import { describe, expect, test } from 'vitest';
import { policyDangers } from '../../src/storage/s3/bucket-policy.js';

const bucket = 'b';
const prefix = 'team/data';

const dangers = (statement: object, at = prefix) =>
  policyDangers(
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', ...statement }] }),
    bucket,
    at,
  );

const put = { Action: 's3:PutObject', Resource: 'arn:aws:s3:::b/*' };
const missing = { Null: { 's3:if-none-match': 'true' } };

describe('a statement that demands If-None-Match', () => {
  // As https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html has it.
  test('of every PUT refuses what is overwritten by If-Match, and parts of uploads', () => {
    const found = dangers({ Sid: 'OnlyNew', ...put, Condition: missing });
    expect(found).toMatchObject([
      { kind: 'limit', text: expect.stringMatching(/'OnlyNew' .*latest, leases\/, replicas\//) as string },
      { kind: 'loss', text: expect.stringMatching(/large objects/) as string },
    ]);
    expect(found?.[1]?.change).toMatch(/ObjectCreationOperation/);
  });

  test('of whole objects alone lets parts through', () => {
    const Condition = { ...missing, Bool: { 's3:ObjectCreationOperation': 'true' } };
    expect(dangers({ ...put, Condition })).toMatchObject([{ kind: 'limit' }]);
  });

  test('of versions and data alone, as it should be, does no harm', () => {
    const Resource = ['versions', 'arrays', 'segments', 'indexes'].map((one) => `arn:aws:s3:::b/*/${one}/*`);
    const Condition = { ...missing, Bool: { 's3:ObjectCreationOperation': 'true' } };
    expect(dangers({ ...put, Resource, Condition })).toEqual([]);
  });
});

test('one that demands If-Match of every PUT lets no commit land', () => {
  const Condition = { null: { 'S3:If-Match': true } };
  expect(dangers({ ...put, Condition })).toMatchObject([{ kind: 'loss' }]);
});

test.each([
  ['all', { Action: '*', Resource: '*' }, ['loss', 'loss', 'limit', 'loss']],
  ['puts of roots', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::b/*/versions/*' }, ['loss']],
  ['puts of roots by their ending', { ...put, Resource: 'arn:aws:s3:::b/*.root' }, ['loss']],
  ['puts of attributes by their ending', { ...put, Resource: 'arn:aws:s3:::b/*.arrow' }, ['loss']],
  ['puts in China', { ...put, Resource: 'arn:aws-cn:s3:::b/*' }, ['loss', 'limit']],
  [
    'all but the prefix, in GovCloud',
    { ...put, NotResource: 'arn:aws-us-gov:s3:::b/team/*', Resource: undefined },
    [],
  ],
  ['puts of the hint', { Action: 's3:Put*', Resource: 'arn:aws:s3:::b/team/dat?/latest' }, ['limit']],
  ['reads', { Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::b/*'] }, ['loss']],
  ['lists', { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::b' }, ['loss']],
  ['all but reads', { NotAction: ['s3:GetObject', 's3:ListBucket'], Resource: '*' }, ['loss', 'limit']],
  ['all but the prefix', { ...put, Resource: undefined, NotResource: 'arn:aws:s3:::b/team/*' }, []],
  ['removals', { Action: 's3:DeleteObject', Resource: '*' }, []],
  ['another bucket', { ...put, Resource: 'arn:aws:s3:::other/*' }, []],
  ['another prefix', { ...put, Resource: 'arn:aws:s3:::b/team/data2/*' }, []],
  ['plain HTTP', { ...put, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }, []],
  ['what it allows', { ...put, Effect: 'Allow' }, []],
])('a statement about %s', (_, statement, kinds) => {
  expect(dangers(statement)?.map(({ kind }) => kind)).toEqual(kinds);
});

test('whom it is about is said', () => {
  expect(dangers({ ...put, Principal: { AWS: ['arn:a', 'arn:b'] } })?.[0]?.text).toMatch(/arn:a, arn:b/);
  expect(dangers({ ...put, Principal: undefined, NotPrincipal: 'arn:c' })?.[0]?.text).toMatch(
    /all but arn:c/,
  );
});

test('a policy that is none is not known, and patterns end in time', () => {
  expect(policyDangers('{', bucket, prefix)).toBeUndefined();
  expect(policyDangers('{}', bucket, prefix)).toEqual([]);
  expect(dangers({ ...put, Resource: `arn:aws:s3:::b/${'*a'.repeat(20_000)}` })).toEqual([]);
  expect(dangers(put, '')).toHaveLength(2);
});
