// What a test asks for: `storesUnderTest()` to run on each store, `server(name)` for a bare server (its
// endpoint, keys and fresh buckets). `openTestStore` of open.ts opens any of them.
import { randomBytes } from 'node:crypto';
import type { ServerName, StoreName } from './names.ts';

export { type ServerName, type StoreName, storeNames } from './names.ts';

export interface TestServer {
  readonly name: ServerName;
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What a process of its own needs in its environment to use this server. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Makes a fresh, empty bucket and returns its name. `versioned`: it keeps all states of its keys; `locked`:
   * and takes locks. S3 servers only.
   */
  bucket(kind?: 'plain' | 'versioned' | 'locked'): Promise<string>;
}

export interface TestCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * The stores of this run that can be had. A suite for one of them is `describe.runIf(… .includes(name))`,
 * so that a run without it shows the suite as skipped.
 */
export function storesUnderTest(): StoreName[] {
  const ready = process.env['NACRE_TEST_READY'];
  if (ready === undefined) throw new Error('test/global-setup.ts did not run: start the tests with vitest');
  return ready.split(',').filter((name) => name !== '') as StoreName[];
}

/** Every store with every other and itself, for what goes from one place to another. Memory has one place. */
export function storePairs(): (readonly [StoreName, StoreName])[] {
  const names = storesUnderTest().filter((name) => name !== 'memory');
  return names.flatMap((from) => names.map((to) => [from, to] as const));
}

/** Of `storesUnderTest()`, those that are servers. */
export function serversUnderTest(): ServerName[] {
  return storesUnderTest().filter((name) => name !== 'folder' && name !== 'memory');
}

/** The named server, started now if this run has not asked for it before. */
export async function server(name: ServerName): Promise<TestServer> {
  const control = process.env['NACRE_TEST_CONTROL'];
  if (control === undefined) throw new Error(`no ${name}: this run was set up without servers`);
  const answer = await fetch(`${control}/${name}`);
  const found = (await answer.json()) as TestServer & { readonly error?: string };
  if (found.error !== undefined) throw new Error(`no ${name}: ${found.error}`);
  return { ...found, env: environment(found), bucket: (kind) => makeBucket(found, kind) };
}

function environment(found: TestServer): Record<string, string> {
  if (found.name === 'gcs') return { STORAGE_EMULATOR_HOST: found.endpoint };
  return {
    AWS_ENDPOINT_URL_S3: found.endpoint,
    AWS_ACCESS_KEY_ID: found.accessKeyId,
    AWS_SECRET_ACCESS_KEY: found.secretAccessKey,
    AWS_REGION: 'us-east-1',
  };
}

async function makeBucket(
  found: TestServer,
  kind: 'plain' | 'versioned' | 'locked' = 'plain',
): Promise<string> {
  const name = `nacre-${randomBytes(8).toString('hex')}`;
  if (found.name === 'gcs') {
    const answer = await fetch(`${found.endpoint}/storage/v1/b?project=test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    if (!answer.ok) throw new Error(`cannot make a bucket: ${answer.status} ${await answer.text()}`);
    return name;
  }
  const { S3Client, CreateBucketCommand, PutBucketVersioningCommand } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: found.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: found.accessKeyId, secretAccessKey: found.secretAccessKey },
  });
  const Bucket = name;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === 'locked' }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  if (kind === 'versioned')
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  client.destroy();
  return name;
}
