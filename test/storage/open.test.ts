import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/storage/open.js';
import { parseStoreUri } from '../../src/storage/uri.js';
import { bytes, text } from './conformance/support.js';

test('an address opens the store that it names', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-open-'));
  try {
    const store = await openStore(parseStoreUri('set', { cwd: folder }));
    await store.put('key', bytes('x'));
    const again = await openStore(parseStoreUri(`file://${folder}/set/`));
    expect(await text(again, 'key')).toBe('x');
    expect(again.uri).toBe(store.uri);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const store = await openStore(parseStoreUri('memory://open'));
  await store.put('key', bytes('y'));
  expect(await text(await openStore(parseStoreUri('memory://open/')), 'key')).toBe('y');
});

test('a folder opens without the modules that an SDK of a cloud brings in', () => {
  const opened = (location: string): string[] => {
    const script = `
      const { openStore } = await import('./dist/storage/open.js');
      await openStore(${location});
      process.stdout.write(JSON.stringify(process.moduleLoadList));
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: path.resolve(import.meta.dirname, '../..'),
      env: { ...process.env, AWS_REGION: 'us-east-1' },
      encoding: 'utf8',
    });
    return (JSON.parse(stdout) as string[]).filter((name) => /^NativeModule (https|http2|tls)$/.test(name));
  };
  expect(opened(`{ scheme: 'file', path: '/never/made' }`)).toEqual([]);
  expect(opened(`{ scheme: 'memory', name: '' }`)).toEqual([]);
  expect(opened(`{ scheme: 's3', bucket: 'bucket', prefix: '' }`)).not.toEqual([]);
});
