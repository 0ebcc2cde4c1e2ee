// Where an S3 store's endpoint, region and credentials come from, seen in the requests that it sends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openS3, type S3Location, type S3Options } from '../../src/storage/s3.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { crc32c } from '../support/crc32c.js';
import { type TinyServer, tinyServer } from '../support/tiny-server.ts';

interface Seen {
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

let server: TinyServer;
let seen: Seen[];
let folder: string;

beforeEach(async () => {
  seen = [];
  server = await tinyServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    response.writeHead(200, { etag: '"e"', 'content-length': 0 }).end();
  });
  folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-aws-'));
  for (const name of Object.keys(process.env).filter((name) => name.startsWith('AWS_')))
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  configFile('');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await server.close();
});

/** The SDK reads each file once a process, so that every test has files of its own. */
function configFile(text: string): void {
  const file = path.join(folder, 'config');
  writeFileSync(file, text.replaceAll('<endpoint>', server.endpoint));
  vi.stubEnv('AWS_CONFIG_FILE', file);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
}

/** One put through a store opened so; what arrived, with the key and region that signed it. */
async function put(location: Partial<S3Location> = {}, options: Partial<S3Options> = {}) {
  const store = await openS3(
    { bucket: 'bucket', prefix: 'p', ...location },
    { runtime: systemRuntime, ...options },
  );
  const body = new Uint8Array([1, 2, 3]);
  await store.put('key', body, { crc32c: crc32c(body), condition: 'absent' });
  await store.close();
  const [{ url, headers } = { url: '', headers: {} as http.IncomingHttpHeaders }] = seen;
  const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  return { url, headers, key, region };
}

const keys = (name: string): string => `aws_access_key_id = ${name}\naws_secret_access_key = secret\n`;

describe('settings', () => {
  test('come from the environment: endpoint, keys, and us-east-1 when no region is set', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'ENVKEY');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    expect(await put()).toMatchObject({ key: 'ENVKEY', region: 'us-east-1' });
    expect(seen[0]?.url).toMatch(/^\/bucket\/p\/key(\?|$)/);
  });

  test('of the profile that the location names come before the environment', async () => {
    configFile(`[profile lab]\nregion = lab-1\nendpoint_url = <endpoint>\n${keys('LABKEY')}`);
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_REGION', 'env-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'ENVKEY');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    expect(await put({ profile: 'lab' })).toMatchObject({ key: 'LABKEY', region: 'lab-1' });
  });

  test('of the default profile come after the environment, and its services section is read', async () => {
    configFile(
      `[default]\nregion = file-1\nservices = local\nendpoint_url = http://127.0.0.1:1\n${keys('FILEKEY')}\n` +
        '[services local]\ns3 =\n  endpoint_url = <endpoint>\n',
    );
    vi.stubEnv('AWS_REGION', 'env-1');
    expect(await put()).toMatchObject({ key: 'FILEKEY', region: 'env-1' });
  });

  test('handed over in code come before all others', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:1');
    const credentials = { accessKeyId: 'CODEKEY', secretAccessKey: 'secret', sessionToken: 'token' };
    const sent = await put({}, { endpoint: server.endpoint, region: 'code-1', credentials });
    expect(sent).toMatchObject({ key: 'CODEKEY', region: 'code-1' });
    expect(sent.headers['x-amz-security-token']).toBe('token');
  });
});

describe('a put', () => {
  const credentials = { accessKeyId: 'KEY', secretAccessKey: 'secret' };

  test('carries its CRC32C and its condition in headers, and the body as it is', async () => {
    const { headers } = await put({}, { endpoint: server.endpoint, credentials });
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32c(new Uint8Array([1, 2, 3])));
    expect(headers).toMatchObject({
      'x-amz-checksum-crc32c': sum.toString('base64'),
      'if-none-match': '*',
      'content-length': '3',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['x-amz-trailer']).toBeUndefined();
    expect(headers.expect).toBeUndefined();
  });

  test('is signed with the hash of its body when it carries no checksum', async () => {
    const store = await openS3(
      { bucket: 'b.c', prefix: '' },
      { runtime: systemRuntime, endpoint: server.endpoint, credentials },
    );
    await store.put('key', new Uint8Array([1, 2, 3]));
    await store.close();
    expect(seen[0]?.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(seen[0]?.headers['x-amz-checksum-crc32']).toBeUndefined();
  });

  test('carries the checksum of the SDK when the environment asks for it', async () => {
    vi.stubEnv('AWS_REQUEST_CHECKSUM_CALCULATION', 'when_supported');
    const store = await openS3(
      { bucket: 'bucket', prefix: '' },
      { runtime: systemRuntime, endpoint: server.endpoint, credentials },
    );
    await store.put('key', new Uint8Array([1, 2, 3]));
    await store.close();
    expect(seen[0]?.headers['x-amz-checksum-crc32']).toBeTypeOf('string');
  });
});

describe('the server of a bucket', () => {
  const serverAt = async (endpoint: string | undefined, location: Partial<S3Location> = {}) => {
    const store = await openS3(
      { bucket: 'bucket', prefix: '', ...location },
      { runtime: systemRuntime, region: 'eu-central-1', ...(endpoint === undefined ? {} : { endpoint }) },
    );
    await store.close();
    return store.capabilities.server;
  };

  test("is Amazon's for every region, network and style", async () => {
    const endpoints = [
      undefined,
      'https://s3.eu-central-1.amazonaws.com',
      'https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com:443',
      'https://s3.cn-north-1.amazonaws.com.cn',
    ];
    for (const endpoint of endpoints) expect(await serverAt(endpoint)).toBe('https://s3.amazonaws.com');
  });

  test('is written in one way: lower case, without path and without the own port of the scheme', async () => {
    expect(await serverAt('HTTPS://MinIO.Example:443/')).toBe('https://minio.example');
    expect(await serverAt('http://Other:9000/x')).toBe('http://other:9000');
    expect(await serverAt('https://amazonaws.com.example')).toBe('https://amazonaws.com.example');
  });

  test('is that of the settings which the client takes', async () => {
    configFile('[profile mine]\nendpoint_url = http://mine:9000\n');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://variable:9000');
    expect(await serverAt(undefined)).toBe('http://variable:9000');
    expect(await serverAt(undefined, { profile: 'mine' })).toBe('http://mine:9000');
    vi.stubEnv('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'true');
    expect(await serverAt(undefined, { profile: 'mine' })).toBe('https://s3.amazonaws.com');
  });
});
