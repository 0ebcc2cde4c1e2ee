import { createHash, createHmac } from 'node:crypto';
import type { TestCredentials, TestServer } from './index.ts';

/**
 * Credentials on MinIO that may do only what the policy allows, for an hour: `AssumeRole` of its STS, signed
 * (AWS Signature Version 4) with the root's key. The other servers have nothing like it.
 */
export async function assumeRole(
  minio: TestServer,
  actions: readonly string[],
  resources: readonly string[] = ['arn:aws:s3:::*'],
  /** What else is allowed. */
  more: readonly { readonly actions: readonly string[]; readonly resources: readonly string[] }[] = [],
): Promise<TestCredentials> {
  const statement = [{ actions, resources }, ...more].map((one) => ({
    ...{ Effect: 'Allow', Action: one.actions, Resource: one.resources },
  }));
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    DurationSeconds: '3600',
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
  }).toString();
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    host: new URL(minio.endpoint).host,
    'x-amz-date': time,
  };
  const answer = await fetch(minio.endpoint, {
    method: 'POST',
    headers: { ...headers, authorization: sign(minio, headers, body, time) },
    body,
  });
  const text = await answer.text();
  const field = (name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(text)?.[1] ?? '';
  if (!answer.ok || field('SessionToken') === '') throw new Error(`AssumeRole: ${answer.status} ${text}`);
  return {
    accessKeyId: field('AccessKeyId'),
    secretAccessKey: field('SecretAccessKey'),
    sessionToken: field('SessionToken'),
  };
}

function sign(minio: TestServer, headers: Record<string, string>, body: string, time: string): string {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = ['POST', '/', '', lines, names.join(';'), sha256(body)].join('\n');
  const scope = [time.slice(0, 8), 'us-east-1', 'sts', 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${minio.secretAccessKey}`);
  const signature = hmac(key, text).toString('hex');
  const credential = `Credential=${minio.accessKeyId}/${scope.join('/')}`;
  return `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}
