// The history of hostile settings: the number is that of the list in docs/format.md. Lifecycle rules and
// policies are those of real servers, as far as they keep them; storage classes, replication and conditions
// on If-None-Match, which none of them knows, come as Amazon documents them.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { doctor, examine, type Finding } from '../../src/ops/doctor.js';
import { settingChecks } from '../../src/ops/doctor/settings.js';
import { NacreError } from '../../src/errors.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { int32, values } from '../dataset/world.js';
import { assumeRole } from '../support/servers/assume-role.js';
import { server, serversUnderTest, type TestServer } from '../support/servers/index.js';
import { parseStoreUri } from '../../src/storage/uri.js';
import { failure } from '../support/failure.js';
import { tinyServer, type TinyServer } from '../support/tiny-server.js';

const has = (name: string): boolean => (serversUnderTest() as string[]).includes(name);
const prefix = 'team/data';

let clients: S3Client[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const client of clients.splice(0)) client.destroy();
});

interface Opened {
  readonly client: S3Client;
  readonly Bucket: string;
  readonly found: TestServer;
}

async function bucketOn(name: 'minio' | 'versitygw'): Promise<Opened> {
  const found = await server(name);
  const Bucket = await found.bucket();
  const { endpoint } = found;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: found });
  clients.push(client);
  for (const [key, value] of Object.entries(found.env)) vi.stubEnv(key, value);
  return { client, Bucket, found };
}

async function finding(Bucket: string, check: string): Promise<Finding | undefined> {
  return (await doctor(`s3://${Bucket}/${prefix}`)).findings.find((one) => one.check === check);
}

const loss = (text: RegExp) => ({
  verdict: 'failed',
  detail: expect.stringMatching(text) as string,
});

describe.runIf(has('minio'))('history 25: on MinIO', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await bucketOn('minio');
  });

  const rule = async (more: Partial<LifecycleRule>): Promise<void> => {
    const Rules: LifecycleRule[] = [{ ID: 'tidy', Status: 'Enabled', ...more }];
    const { client, Bucket } = opened;
    const LifecycleConfiguration = { Rules };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  };

  test('a bucket without any says so, and all is well', async () => {
    const { findings } = await doctor(`s3://${opened.Bucket}/${prefix}`);
    const settings = findings.filter(({ check }) => (settingChecks as readonly string[]).includes(check));
    expect(settings.map(({ check, verdict }) => [check, verdict])).toEqual(
      settingChecks.map((check) => [check, 'ok']),
    );
  });

  test.each([
    ['of the whole bucket', { Filter: { Prefix: '' }, Expiration: { Days: 30 } }],
    ['of a folder above', { Filter: { Prefix: 'team/' }, Expiration: { Days: 1 } }],
    ['of old versions alone', { Filter: { Prefix: `${prefix}/versions/` }, Expiration: { Days: 90 } }],
    ['from a day on', { Filter: { Prefix: '' }, Expiration: { Date: new Date('2030-01-01T00:00:00Z') } }],
  ])('a lifecycle rule that deletes keys, %s, is told with what to change', async (_, more) => {
    await rule(more);
    const found = await finding(opened.Bucket, 'lifecycle');
    expect(found).toMatchObject(loss(/'tidy' removes objects .* (days old|on 2030-01-01)\. .*nacre expire/));
  });

  test.each([
    ['of another prefix', { Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } }],
    ['that is off', { Status: 'Disabled' as const, Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
    ['of tagged objects', { Filter: { Tag: { Key: 'tmp', Value: '1' } }, Expiration: { Days: 1 } }],
    [
      'of noncurrent versions',
      { Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: 9 } },
    ],
  ])('one %s does no harm', async (_, more) => {
    await rule(more);
    expect(await finding(opened.Bucket, 'lifecycle')).toMatchObject({ verdict: 'ok' });
  });

  test('a policy that denies commits, or the hint, is told by its name', async () => {
    const { client, Bucket } = opened;
    const deny = async (Sid: string, key: string): Promise<void> => {
      const Resource = `arn:aws:s3:::${Bucket}/${key}`;
      const Statement = [{ Sid, Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource }];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    };
    await deny('frozen', '*');
    expect(await finding(Bucket, 'bucket policy')).toMatchObject(loss(/'frozen' .*no commit lands/));
    await deny('no-hint', `${prefix}/latest`);
    expect(await finding(Bucket, 'bucket policy')).toMatchObject({
      verdict: 'warning',
      detail: expect.stringMatching(/'no-hint' .*latest/) as string,
    });
  });

  test('versions that nobody removes are told, until a rule does', async () => {
    const { client, Bucket } = opened;
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    expect(await finding(Bucket, 'versioning')).toMatchObject({
      verdict: 'warning',
      detail: expect.stringMatching(/noncurrent/) as string,
    });
    await rule({ Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } });
    expect(await finding(Bucket, 'versioning')).toMatchObject({ verdict: 'ok' });
  });

  test('what the credentials may not read is not known, and named', async () => {
    const { Bucket, found } = opened;
    await rule({ Filter: { Prefix: '' }, Expiration: { Days: 1 } });
    const actions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'];
    const writer = await assumeRole(found, actions);
    vi.stubEnv('AWS_ACCESS_KEY_ID', writer.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', writer.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', writer.sessionToken);
    const { findings } = await doctor(`s3://${Bucket}/${prefix}`);
    const of = (check: string) => findings.find((one) => one.check === check);
    const unknown = (right: string) => ({
      verdict: 'skipped',
      detail: expect.stringMatching(`not known.*${right}`) as string,
    });
    expect(of('lifecycle')).toMatchObject(unknown('s3:GetLifecycleConfiguration'));
    expect(of('bucket policy')).toMatchObject(unknown('s3:GetBucketPolicy'));
    expect(of('replication')).toMatchObject(unknown('s3:GetReplicationConfiguration'));
  });
});

test.runIf(has('versitygw'))(
  'history 25: on versitygw what the server does not keep is not known',
  async () => {
    const { Bucket } = await bucketOn('versitygw');
    expect(await finding(Bucket, 'lifecycle')).toMatchObject({ verdict: 'skipped' });
    expect(await finding(Bucket, 'bucket policy')).toMatchObject({ verdict: 'ok' });
  },
);

describe('history 25: as Amazon answers', () => {
  let answering: TinyServer;
  afterEach(() => answering.close());

  /** Nothing works on this server but the settings: all else is for other tests. */
  async function settings(answers: Readonly<Record<string, string>>): Promise<Map<string, Finding>> {
    answering = await tinyServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const asked = Object.keys(answers).find((name) => url.searchParams.has(name));
      response.statusCode = asked === undefined ? 404 : 200;
      response.end(answers[asked ?? ''] ?? '<Error><Code>NoSuchBucketPolicy</Code></Error>');
    });
    vi.stubEnv('AWS_ENDPOINT_URL_S3', answering.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const { readBucketSettings } = await import('../../src/storage/s3/settings.js');
    const { findingsOf } = await import('../../src/ops/doctor/settings.js');
    const found = findingsOf(await readBucketSettings({ bucket: 'b', prefix }), 's3');
    return new Map(found.map((one) => [one.check, one]));
  }

  test('a rule that moves objects to an archive class', async () => {
    const transition = (kind: string): string => {
      const to = `<Transition><Days>90</Days><StorageClass>${kind}</StorageClass></Transition>`;
      const rule = `<ID>cold</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>${to}`;
      return `<LifecycleConfiguration><Rule>${rule}</Rule></LifecycleConfiguration>`;
    };
    const found = await settings({ lifecycle: transition('DEEP_ARCHIVE') });
    expect(found.get('lifecycle')).toMatchObject(loss(/'cold' moves objects to DEEP_ARCHIVE.*GLACIER_IR/));
    await answering.close();
    const readable = await settings({ lifecycle: transition('GLACIER_IR') });
    expect(readable.get('lifecycle')).toMatchObject({ verdict: 'ok' });
  });

  test('objects that are in an archive class already', async () => {
    const object = (key: string, kind: string) =>
      `<Contents><Key>${prefix}/${key}</Key><Size>1</Size><StorageClass>${kind}</StorageClass></Contents>`;
    const objects = object('a', 'GLACIER') + object('b', 'STANDARD');
    const list = `<ListBucketResult><IsTruncated>false</IsTruncated>${objects}</ListBucketResult>`;
    const found = await settings({ 'list-type': list });
    expect(found.get('storage class')).toMatchObject(loss(/1 of 2 objects are in GLACIER.*restore-object/));
  });

  test('of many objects those that were not looked at are not said to be readable', async () => {
    const object = `<Contents><Key>${prefix}/a</Key><Size>1</Size></Contents>`;
    const list = `<ListBucketResult><IsTruncated>true</IsTruncated>${object.repeat(1_000)}</ListBucketResult>`;
    const found = await settings({ 'list-type': list });
    expect(found.get('storage class')).toMatchObject({
      verdict: 'ok',
      detail: expect.stringMatching(/the first 1,000 objects .*others were not looked at/) as string,
    });
  });

  test('a rule that is answered in both forms is of the prefix that one of them names', async () => {
    const filter = '<Prefix></Prefix><Filter><Prefix>logs/</Prefix></Filter>';
    const rule = `<ID>logs</ID><Status>Enabled</Status>${filter}<Expiration><Days>1</Days></Expiration>`;
    const found = await settings({
      lifecycle: `<LifecycleConfiguration><Rule>${rule}</Rule></LifecycleConfiguration>`,
    });
    expect(found.get('lifecycle')).toMatchObject({ verdict: 'ok' });
  });

  test('an examination that is ended while settings are read ends, and says nothing of them', async () => {
    const controller = new AbortController();
    answering = await tinyServer(() => controller.abort());
    vi.stubEnv('AWS_ENDPOINT_URL_S3', answering.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const { settingsOf } = await import('../../src/ops/doctor/settings.js');
    const asked = settingsOf(parseStoreUri(`s3://bucket/${prefix}`), { signal: controller.signal });
    expect((await failure(asked)).code).toBe('Aborted');
  });

  test('a policy that demands If-None-Match', async () => {
    const Condition = { Null: { 's3:if-none-match': 'true' } };
    const Statement = [
      { Sid: 'new', Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: '*', Condition },
    ];
    const found = await settings({ policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
    expect(found.get('bucket policy')).toMatchObject(loss(/'new' .*If-None-Match.*latest, leases/));
  });

  test('a replication by the server, which brings versions before their data', async () => {
    const where = '<Destination><Bucket>arn:aws:s3:::far</Bucket></Destination>';
    const rule = `<Status>Enabled</Status><Filter><Prefix>team/</Prefix></Filter>${where}`;
    const replication = `<ReplicationConfiguration><Rule>${rule}</Rule></ReplicationConfiguration>`;
    const found = await settings({ replication });
    expect(found.get('replication')).toMatchObject({
      verdict: 'warning',
      detail: expect.stringMatching(/far.*nacre replicate/) as string,
    });
  });
});

test('history 25: where only new keys may be written, commits land, and doctor names what is refused', async () => {
  const onlyNew = () => {
    const inner = new MemoryStore('only-new', systemRuntime);
    return forwarding(inner, {
      async put(key, body, options = {}) {
        if (options.condition !== 'absent') throw new NacreError('PermissionDenied', `403 for ${key}`);
        return inner.put(key, body, options);
      },
    });
  };
  const dataset = await openStoreDataset(onlyNew(), { create: true, cacheDir: false });
  for (let row = 0; row < 3; row++)
    await dataset.write(async (tx) => {
      if (row === 0) await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(row));
    });
  await dataset.close();
  const reader = await openStoreDataset(onlyNew(), { cacheDir: false });
  expect(await values(reader)).toEqual([0, 1, 2]);
  await reader.close();
  const { findings } = await examine(onlyNew(), systemRuntime);
  expect(findings.find(({ check }) => check === 'compare-and-swap')).toMatchObject({
    verdict: 'failed',
    code: 'PermissionDenied',
  });
});
