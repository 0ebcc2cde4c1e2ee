// The commands on every store under test, and what they say when a bucket is not as it should be.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hintKeys } from '../races/support.js';
import { dict, npyFile } from '../support/npy-file.js';
import { startProxy } from '../support/proxy.mjs';
import { assumeRole } from '../support/servers/assume-role.ts';
import { server, type ServerName, serversUnderTest, storesUnderTest } from '../support/servers/index.ts';
import { envThrough, openTestStore } from '../support/servers/open.ts';
import { contentOf, numbers, points, saveArrays } from './array-files.js';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();

describe.each(storesUnderTest().filter((name) => name !== 'memory'))('%s', (name) => {
  test('import, append, replace, drop, read, query and log', async () => {
    const place = await openTestStore(name);
    const { uri } = place;
    const options = { env: place.env };
    try {
      const rows = await pairs(path.join(folder, `${name}.npy`), 100);
      const two = await pairs(path.join(folder, `${name}-two.npy`), 2, 9000);
      await answer(['import', uri, 'e', rows, '--partition-size', '256'], options);
      await answer(['append', uri, 'e', rows], options);
      await answer(['replace', uri, 'e', two, '--rows', '5,6'], options);
      await answer(['drop', uri, 'e', '--rows', '0:5'], options);
      const out = path.join(folder, `${name}-out.npy`);
      expect(await answer(['read', uri, 'e', '--out', out], options)).toMatchObject({
        version: 5,
        shape: [195, 2],
      });
      const bytes = await readFile(out);
      const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128));
      expect([...data.subarray(0, 6)]).toEqual([9000, 9001, 9002, 9003, 14, 15]);
      const found = await answer(['query', uri, 'e', '--vector', '[9000, 9001]', '-k', '1'], options);
      expect(found).toMatchObject({ results: [{ hits: [{ row: 0, id: '5', score: 0 }] }] });
      const log = (await answer(['log', uri], options)) as { versions: unknown[] };
      expect(log.versions).toHaveLength(5);
      const loud = await nacre(['info', uri, '-v'], options);
      expect(loud.stderr).toMatch(/^\d+ requests/);
    } finally {
      await place.dispose();
    }
  });

  test('doctor finds a place that is good for many writers', async () => {
    const place = await openTestStore(name);
    try {
      const ended = await nacre(['doctor', place.uri, '--json'], { env: place.env });
      expect([ended.code, ended.json['manyWriters']]).toEqual([0, true]);
      const text = await nacre(['doctor', place.uri], { env: place.env });
      expect(text.stdout.toString()).toContain('good for readers and any number of writers');
    } finally {
      await place.dispose();
    }
  });
});

describe.each(serversUnderTest())('%s', (name) => {
  test('a bucket that is not there is not found, for readers and for writers', async () => {
    const { env } = await server(name);
    const rows = await pairs(path.join(folder, 'rows.npy'), 3);
    const uri = `${name === 'gcs' ? 'gs' : 's3'}://nacre-never-made/data`;
    for (const args of [
      ['info', uri],
      ['import', uri, 'e', rows],
      ['import', uri, 'e', rows, '--dry-run'],
      ['doctor', uri],
    ]) {
      const ended = await nacre([...args, '--json', '--timeout', '60s'], { env });
      expect([args[0], ended.code, ended.error.code]).toEqual([args[0], 4, 'NotFound']);
      expect(ended.error.message).toContain('bucket');
    }
  });

  test('--hedge sends a read again when its answer is late, and -v counts it', async () => {
    const place = await openTestStore(name);
    const proxy = await startProxy(place.endpoint ?? '');
    try {
      const rows = await pairs(path.join(folder, 'hedged.npy'), 3);
      await answer(['import', place.uri, 'e', rows], { env: place.env });
      const env = envThrough(place, proxy.endpoint);
      proxy.setRules([{ method: 'GET', path: hintKeys, action: 'stall', times: 1 }]);
      const ended = await nacre(['info', place.uri, '--hedge', '-v', '--json'], { env });
      expect([ended.code, ended.json]).toMatchObject([0, { arrays: { e: { shape: [3, 2] } } }]);
      expect(ended.stderr).toMatch(/, [1-9] hedged$/m);
      const plain = await nacre(['info', place.uri, '-v'], { env });
      expect([plain.code, plain.stderr]).toEqual([0, expect.not.stringContaining('hedged')]);
    } finally {
      await proxy.close();
      await place.dispose();
    }
  });

  test('files are imported from a bucket, in pieces, and once with --once', async () => {
    const { env } = await server(name);
    const place = await openTestStore(name);
    try {
      const rows = await readFile(await pairs(path.join(folder, 'source.npy'), 2_000_000));
      await place.store.put('source.npy', rows);
      const source = `${place.uri}/source.npy`;
      const uri = path.join(folder, `from-${name}`);
      await answer(['import', uri, 'e', source, '--once'], { env });
      expect(await answer(['import', uri, 'e', source, '--once'], { env })).toMatchObject({
        files: [{ skipped: true }],
      });
      const out = path.join(folder, 'copied.npy');
      await answer(['read', uri, 'e', '--out', out]);
      expect((await readFile(out)).equals(rows)).toBe(true);
      const missing = await nacre(['import', uri, 'e', `${source}x`, '--json'], { env });
      expect([missing.code, missing.error.code]).toEqual([4, 'NotFound']);
    } finally {
      await place.dispose();
    }
  });

  test('a file of several arrays in a bucket is imported, and converted, and exported from there', async () => {
    const { env } = await server(name);
    const place = await openTestStore(name);
    try {
      const arrays = { large: points(1_500_000), small: numbers(3) };
      for (const ending of ['npz', 'safetensors', 'pt']) {
        const file = await saveArrays(path.join(folder, `several-${name}.${ending}`), arrays);
        const expected = await contentOf(file);
        await place.store.put(`several.${ending}`, await readFile(file));
        const source = `${place.uri}/several.${ending}`;
        const out = path.join(folder, `several-${name}-${ending}`);
        await answer(['convert', source, `${out}.npz`], { env });
        expect(await contentOf(`${out}.npz`)).toEqual(expected);
        const uri = `${place.uri}/dataset-${ending}`;
        await answer(['import', uri, '-', source], { env });
        await answer(['export', uri, '--out', `${out}.pt`], { env });
        expect(await contentOf(`${out}.pt`)).toEqual(expected);
      }
      const refused = await nacre([
        'convert',
        path.join(folder, `several-${name}.npz`),
        `${place.uri}/x.npz`,
      ]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('to this machine only')]);
    } finally {
      await place.dispose();
    }
  });
});

/** Puts an object under a name that Nacre would give to none. */
async function putForeign(name: ServerName, bucket: string, key: string, body: Uint8Array): Promise<void> {
  const found = await server(name);
  if (name === 'gcs') {
    const url = `${found.endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(key)}`;
    const answered = await fetch(url, { method: 'POST', body });
    if (!answered.ok) throw new Error(`cannot upload ${key}: ${answered.status}`);
    return;
  }
  const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: found.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: found,
  });
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  client.destroy();
}

describe.each(serversUnderTest())('%s', (name) => {
  test('a file in a bucket may have any name, and be in Fortran order', async () => {
    const found = await server(name);
    const bucket = await found.bucket();
    const key = 'My Data/X_train (1).npy';
    const header = dict("'<i4'", 'True', '(3, 2)');
    const data = new Uint8Array(Int32Array.of(1, 2, 3, 4, 5, 6).buffer);
    await putForeign(name, bucket, key, npyFile({ header, data }));
    const uri = path.join(folder, `foreign-${name}`);
    const source = `${name === 'gcs' ? 'gs' : 's3'}://${bucket}/${key}`;
    const imported = await answer(['import', uri, '-', source], { env: found.env });
    expect(imported).toMatchObject({ created: { arrays: ['X_train (1)'] } });
    const out = path.join(folder, 'foreign.npy');
    await answer(['read', uri, 'X_train (1)', '--out', out]);
    const bytes = await readFile(out);
    expect([...new Int32Array(bytes.buffer.slice(bytes.byteOffset + 128))]).toEqual([1, 4, 2, 5, 3, 6]);
  });
});

// The emulator of GCS knows no credentials.
describe.each(serversUnderTest().filter((name) => name !== 'gcs'))('%s', (name) => {
  test('wrong credentials are a matter of permission', async () => {
    const found = await server(name);
    const bucket = await found.bucket();
    const env = { ...found.env, AWS_SECRET_ACCESS_KEY: 'not-the-secret' };
    for (const command of ['info', 'log']) {
      const ended = await nacre([command, `s3://${bucket}/data`, '--json'], { env });
      expect([command, ended.code, ended.error.code]).toEqual([command, 7, 'PermissionDenied']);
    }
    const doctor = await nacre(['doctor', `s3://${bucket}/data`, '--json'], { env });
    expect([doctor.code, doctor.json['canRead']]).toEqual([7, false]);
  });
});

const onMinio = serversUnderTest().includes('minio');

test.skipIf(!onMinio)(
  'repair by credentials that may not overwrite (minio) heals elsewhere, and all commands know of it',
  async () => {
    const [place, copy] = [await openTestStore('minio'), await openTestStore('minio')];
    try {
      const owner = { env: place.env };
      const rows = await pairs(path.join(folder, 'heal.npy'), 50);
      await answer(['import', place.uri, 'e', rows], owner);
      await answer(['replicate', place.uri, copy.uri], owner);
      const { entries } = await place.store.list({ prefix: 'arrays/' });
      const key = entries[0]?.key ?? '';
      const bytes = (await place.store.get(key))?.bytes.slice() ?? new Uint8Array(0);
      const right = bytes.slice();
      bytes[200] = (bytes[200] ?? 0) ^ 1;
      await place.store.put(key, bytes);
      const prefix = `arn:aws:s3:::${place.uri.slice('s3://'.length)}`;
      const may = ['healed', 'quarantine', 'versions'].map((name) => `${prefix}/${name}/*`);
      const read = { actions: ['s3:GetObject', 's3:ListBucket'], resources: ['arn:aws:s3:::*'] };
      const minio = await server('minio');
      const role = await assumeRole(minio, ['s3:PutObject'], may, [read]);
      const env = {
        ...place.env,
        AWS_ACCESS_KEY_ID: role.accessKeyId,
        AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
        AWS_SESSION_TOKEN: role.sessionToken ?? '',
      };
      const ended = await nacre(['repair', place.uri, '--source', copy.uri, '--yes'], { env });
      expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
      expect(ended.stdout.toString()).toMatch(/healed: its right bytes are at healed\/[0-9a-f]{64}/);
      expect(ended.stdout.toString()).toContain('0 of 1 damaged object mended, 1 healed elsewhere');
      expect((await place.store.get(key))?.bytes).toEqual(bytes);
      const again = await nacre(['repair', place.uri, '--json'], { env });
      expect([again.code, again.json['isWhole']]).toEqual([0, true]);
      expect(again.json['steps']).toMatchObject([{ outcome: 'healed', key }]);
      const scrubbed = await nacre(['scrub', place.uri], { env });
      expect(scrubbed.code).toBe(0);
      expect(scrubbed.stdout.toString()).toMatch(
        /1 object is damaged under the own key, and healed elsewhere/,
      );
      const status = await nacre(['status', place.uri], { env });
      expect(status.stdout.toString()).toMatch(/^healed +1 object of /m);
      const out = path.join(folder, 'heal-out.npy');
      const got = await nacre(['read', place.uri, 'e', '--out', out], { env });
      expect(got.code).toBe(0);
      expect(got.stderr).toContain('a read was answered from healed/');
      expect((await readFile(out)).subarray(128)).toEqual(Buffer.from(right.subarray(128)));
      // Whoever may overwrite needs no copy.
      const plan = await nacre(['repair', place.uri, '--dry-run'], owner);
      expect([plan.code, plan.stdout.toString()]).toEqual([
        0,
        expect.stringContaining('put back from healed/'),
      ]);
      expect((await nacre(['repair', place.uri, '--yes'], owner)).code).toBe(0);
      expect((await place.store.get(key))?.bytes).toEqual(right);
    } finally {
      await place.dispose();
      await copy.dispose();
    }
  },
);
