// The objects of a place as any other tool sees and copies them: through the file system, the vendor's
// own SDK, or plain HTTP, with none of the product's code.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { server } from './index.ts';

export interface RawObjects {
  /** Keys below the place, sorted. */
  list(): Promise<string[]>;
  get(key: string): Promise<Uint8Array>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** The objects below a URI of `openTestStore`. */
export async function rawObjects(
  uri: string,
  name: 'folder' | 'minio' | 'versitygw' | 'gcs',
): Promise<RawObjects> {
  if (name === 'folder') return folderObjects(fileURLToPath(uri));
  const [, bucket = '', prefix = ''] = /^\w+:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  return name === 'gcs' ? gcsObjects(bucket, prefix) : s3Objects(name, bucket, prefix);
}

function folderObjects(root: string): RawObjects {
  return {
    list: async () =>
      existsSync(root)
        ? readdirSync(root, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => path.posix.join(path.relative(root, entry.parentPath), entry.name))
            .sort()
        : [],
    get: async (key) => readFileSync(path.join(root, key)),
    put: async (key, bytes) => {
      mkdirSync(path.dirname(path.join(root, key)), { recursive: true });
      writeFileSync(path.join(root, key), bytes);
    },
    close: () => undefined,
  };
}

async function s3Objects(name: 'minio' | 'versitygw', Bucket: string, prefix: string): Promise<RawObjects> {
  const { S3Client, GetObjectCommand, PutObjectCommand, paginateListObjectsV2 } = await import(
    '@aws-sdk/client-s3'
  );
  const { endpoint, accessKeyId, secretAccessKey } = await server(name);
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  return {
    list: async () => {
      const keys: string[] = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: `${prefix}/` }))
        for (const { Key = '' } of page.Contents ?? []) keys.push(Key.slice(prefix.length + 1));
      return keys.sort();
    },
    get: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${prefix}/${key}` }));
      if (Body === undefined) throw new Error(`${key} has no body`);
      return Body.transformToByteArray();
    },
    put: async (key, bytes) => {
      await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}/${key}`, Body: bytes }));
    },
    close: () => client.destroy(),
  };
}

async function gcsObjects(bucket: string, prefix: string): Promise<RawObjects> {
  const { endpoint } = await server('gcs');
  const ask = async (url: string, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(`${endpoint}${url}`, init);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const place = `storage/v1/b/${bucket}/o`;
  return {
    list: async () => {
      const keys: string[] = [];
      for (let token = ''; ; ) {
        const query = new URLSearchParams({
          prefix: `${prefix}/`,
          ...(token === '' ? {} : { pageToken: token }),
        });
        const page = (await (await ask(`/${place}?${query.toString()}`)).json()) as {
          items?: { name: string }[];
          nextPageToken?: string;
        };
        for (const item of page.items ?? []) keys.push(item.name.slice(prefix.length + 1));
        token = page.nextPageToken ?? '';
        if (token === '') return keys.sort();
      }
    },
    get: async (key) => {
      const answer = await ask(`/${place}/${encodeURIComponent(`${prefix}/${key}`)}?alt=media`);
      return new Uint8Array(await answer.arrayBuffer());
    },
    put: async (key, bytes) => {
      const query = new URLSearchParams({ uploadType: 'media', name: `${prefix}/${key}` });
      await ask(`/upload/${place}?${query.toString()}`, { method: 'POST', body: Buffer.from(bytes) });
    },
    close: () => undefined,
  };
}
