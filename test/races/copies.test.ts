// A quiet dataset can be copied by any tool, and opens where it went; and an import holds no more memory
// than it was given.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { open as openFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Dataset, open } from '../../src/index.js';
import { encodeHeader } from '../../src/npy/header.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { findRclone, rcloneCopy, s3Remote } from '../support/rclone.mjs';
import { server, type ServerName } from '../support/servers/index.ts';
import { openTestStore } from '../support/servers/open.ts';
import { rawObjects } from '../support/servers/raw-objects.ts';
import { rowsOf } from './content.mjs';
import {
  all,
  bytesOf,
  makePlace,
  onEach,
  operationsIn,
  patience,
  type Place,
  sharedStores,
  start,
} from './support.ts';

/** Appends in many versions, a replace and a drop. */
async function fill(place: Place): Promise<void> {
  const ds = await place.open();
  for (let operation = 0; operation < 20; operation++) {
    await ds.write((tx) => tx.append('rows', rowsOf(0, operation)));
  }
  await ds.write(async (tx) => {
    await tx.append('twins', rowsOf(1, 0, 100));
    await tx.replace('twins', [3, 50], rowsOf(2, 0, 2));
    await tx.drop('twins', [10, 11, 12, 99]);
  });
  await ds.close();
}

/** Everything that can be read of a dataset but its address: every version's arrays and every row. */
async function contentOf(ds: Dataset): Promise<unknown> {
  const versions: unknown[] = [];
  for await (const version of ds.log()) {
    const then = await ds.at({ version: version.version });
    const { uri: _, arrays, ...info } = await then.info();
    const rows: Record<string, unknown> = {};
    for (const name of Object.keys(arrays)) {
      const { data, shape } = await then.array(name).read();
      rows[name] = [shape, Buffer.from(bytesOf(data)).toString('base64')];
    }
    versions.push({ version, info, arrays: { ...arrays }, rows });
  }
  return versions;
}

/**
 * The copy reads as the original does and takes a write; the original does not notice. Operations of
 * the copy.
 */
async function expectTwin(original: Dataset, copy: Dataset): Promise<string[]> {
  const before = await contentOf(original);
  expect(await contentOf(copy)).toEqual(before);
  const version = await copy.version();
  expect(await copy.write((tx) => tx.append('rows', rowsOf(0, 20)))).toMatchObject({ version: version + 1 });
  await original.refresh();
  expect(await contentOf(original)).toEqual(before);
  return operationsIn(copy, 'rows');
}

onEach(sharedStores, 'a dataset on', (name) => {
  test('copied object by object to another prefix reads bit for bit the same, and takes writes', async () => {
    const place = await makePlace(name, ['rows', 'twins']);
    const target = await openTestStore(name);
    try {
      await fill(place);
      const [from, to] = await Promise.all([place.uri, target.uri].map((uri) => rawObjects(uri, name)));
      if (from === undefined || to === undefined) throw new Error('no objects');
      const keys = await from.list();
      expect(keys.length).toBeGreaterThan(40);
      for (const key of keys) await to.put(key, await from.get(key));
      from.close();
      to.close();
      const original = await place.open();
      const copy = await openStoreDataset(target.store, { cacheDir: false });
      expect(await expectTwin(original, copy)).toHaveLength(21);
      await original.close();
    } finally {
      await target.dispose();
      await place.dispose();
    }
  });
});

onEach(['folder'], 'a dataset in a', (name) => {
  test('copied by `cp -r` reads bit for bit the same, and takes writes', async () => {
    const place = await makePlace(name, ['rows', 'twins']);
    const target = mkdtempSync(path.join(tmpdir(), 'nacre-copy-'));
    try {
      await fill(place);
      cpSync(fileURLToPath(place.uri), path.join(target, 'copy'), { recursive: true });
      const original = await place.open();
      const copy = await open(path.join(target, 'copy'), { cacheDir: false });
      expect(await expectTwin(original, copy)).toHaveLength(21);
      await Promise.all([original.close(), copy.close()]);
    } finally {
      rmSync(target, { recursive: true, force: true });
      await place.dispose();
    }
  });
});

const rclone = findRclone();

onEach(['minio', 'versitygw'], 'a dataset on', (name) => {
  test.skipIf(rclone === undefined)(
    'copied by `rclone copy` to another bucket, and to a folder, reads bit for bit the same',
    async () => {
      const place = await makePlace(name, ['rows', 'twins']);
      const [bucket, folder] = [await openTestStore(name), mkdtempSync(path.join(tmpdir(), 'nacre-rclone-'))];
      try {
        await fill(place);
        const at = await server(name as ServerName);
        const from = s3Remote(at, place.uri);
        rcloneCopy(rclone ?? '', from, s3Remote(at, bucket.uri));
        rcloneCopy(rclone ?? '', from, path.join(folder, 'copy'));
        const original = await place.open();
        for (const copy of [
          await openStoreDataset(bucket.store, { cacheDir: false }),
          await open(path.join(folder, 'copy'), { cacheDir: false }),
        ]) {
          expect(await expectTwin(original, copy)).toHaveLength(21);
          await copy.close();
        }
        await original.close();
      } finally {
        rmSync(folder, { recursive: true, force: true });
        await bucket.dispose();
        await place.dispose();
      }
    },
  );
});

const mebibyte = 2 ** 20;

/**
 * A .npy file of float32 rows of 1 KiB that has holes: each 1,024th row begins with its own number plus
 * one, the rest is zero.
 */
async function writeSparse(file: string, rows: number): Promise<void> {
  const header = encodeHeader('float32', [rows, 256]);
  const handle = await openFile(file, 'w');
  await handle.write(header);
  await handle.truncate(header.byteLength + 1024 * rows);
  for (let row = 0; row < rows; row += 1024) {
    await handle.write(bytesOf(Float32Array.of(row + 1)), 0, 4, header.byteLength + 1024 * row);
  }
  await handle.close();
}

onEach(['folder', 'minio'], 'an import to', (name) => {
  // The peak of a process is read where Linux tells it.
  test.skipIf(process.platform !== 'linux')(
    'of a file far larger than its memory keeps within its memory',
    async () => {
      const place = await makePlace(name, []);
      const folder = mkdtempSync(path.join(tmpdir(), 'nacre-import-'));
      try {
        const rows = (process.env['NACRE_NIGHTLY'] === undefined ? 1 : 4) * 2 ** 20;
        const file = path.join(folder, 'big.npy');
        await writeSparse(file, rows);
        const memoryBytes = 256 * mebibyte;
        const [lines] = await all([
          start<{ idle: number; peak: number }>(place, 'imports', { file, memoryBytes }),
        ]);
        const { idle, peak } = lines?.[0] ?? { idle: 0, peak: Infinity };
        const text = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`;
        console.info(
          `${name}: imported ${text((await stat(file)).size)} within ${text(memoryBytes)}: ` +
            `${text(peak)} at most, ${text(idle)} before`,
        );
        // What the runtime itself grows by (code, sockets, garbage not yet collected) is not the import's.
        expect(peak - idle).toBeLessThanOrEqual(memoryBytes + 64 * mebibyte);
        const ds = await place.open();
        expect(await ds.array('big').shape()).toEqual([rows, 256]);
        const marked = Array.from({ length: rows / 1024 }, (_, i) => 1024 * i);
        for (let at = 0; at < marked.length; at += 128) {
          const { data } = await ds.array('big').read({ rows: marked.slice(at, at + 128) });
          for (let i = 0; i < data.length; i++) {
            const expected = i % 256 === 0 ? 1024 * (at + i / 256) + 1 : 0;
            if (data[i] !== expected) throw new Error(`element ${i} of ${at} is ${String(data[i])}`);
          }
        }
        await ds.close();
      } finally {
        rmSync(folder, { recursive: true, force: true });
        await place.dispose();
      }
    },
    patience,
  );
});
