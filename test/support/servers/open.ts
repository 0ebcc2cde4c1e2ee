// Opens any of the stores under test in a fresh place, for suites that run the same test on all of them.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { type Runtime, systemRuntime } from '../../../src/util/runtime.js';
import { type StoreName, server } from './index.ts';

export interface TestStore {
  readonly name: StoreName;
  readonly store: ObjectStore;
  /** Names the place for the command line and for other processes, given `env`. */
  readonly uri: string;
  /** Environment that a process needs to open `uri`; credentials and endpoint of the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Address of the server behind the store, for a proxy before it; undefined for folder and memory. */
  readonly endpoint: string | undefined;
  /** A second, independent client of the same place, through `endpoint` (a proxy) if one is given. */
  another(options?: { readonly endpoint?: string }): Promise<ObjectStore>;
  /** Closes every client opened here and removes what can be removed. */
  dispose(): Promise<void>;
}

export interface TestStoreOptions {
  readonly runtime?: Runtime;
  /** Largest body that goes in one request, on S3. */
  readonly singlePutBytes?: number;
  /** Size of a part of a larger one, on S3. */
  readonly partBytes?: number;
  /** On which a silent connection is given up. */
  readonly stallMs?: number;
}

export async function openTestStore(name: StoreName, options: TestStoreOptions = {}): Promise<TestStore> {
  const { runtime = systemRuntime } = options;
  if (name === 'folder') return openFolder(runtime);
  const label = randomBytes(6).toString('hex');
  if (name === 'memory') {
    const { MemoryStore } = await import('../../../src/storage/memory.js');
    const open = async (): Promise<ObjectStore> => new MemoryStore(label, runtime);
    return assemble({ name, uri: `memory://${label}`, env: {}, endpoint: undefined }, open);
  }
  const found = await server(name);
  const location = { bucket: await found.bucket(), prefix: `data/${label}` };
  const scheme = name === 'gcs' ? 'gs' : 's3';
  const place = { name, uri: `${scheme}://${location.bucket}/${location.prefix}`, env: found.env };
  return assemble({ ...place, endpoint: found.endpoint }, async (endpoint = found.endpoint) => {
    if (name === 'gcs') {
      const { openGcs } = await import('../../../src/storage/gcs.js');
      return openGcs(location, { ...options, runtime, endpoint, anonymous: true });
    }
    const { openS3 } = await import('../../../src/storage/s3.js');
    return openS3(location, { ...options, runtime, endpoint, credentials: found });
  });
}

/** What a process needs to open the store through another endpoint: that of a proxy before its server. */
export function envThrough({ env, endpoint }: TestStore, other: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value === endpoint ? other : value]),
  );
}

async function openFolder(runtime: Runtime): Promise<TestStore> {
  const { LocalStore } = await import('../../../src/storage/local.js');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-folder-'));
  const root = path.join(folder, 'data');
  const place = { name: 'folder' as const, uri: pathToFileURL(root).href, env: {}, endpoint: undefined };
  const opened = await assemble(place, async () => new LocalStore(root, runtime));
  return {
    ...opened,
    dispose: async () => {
      await opened.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function assemble(
  place: Pick<TestStore, 'name' | 'uri' | 'env' | 'endpoint'>,
  open: (endpoint?: string) => Promise<ObjectStore>,
): Promise<TestStore> {
  const clients: ObjectStore[] = [];
  const another = async (options: { readonly endpoint?: string } = {}): Promise<ObjectStore> => {
    const store = await open(options.endpoint);
    clients.push(store);
    return store;
  };
  const store = await another();
  return {
    ...place,
    store,
    another,
    dispose: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
