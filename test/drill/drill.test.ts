// The drill: a dataset in MinIO with a replica in GCS, a backup and parity is hurt in every way, with a live
// writer beside; each time a scrub names what is wrong, a repair mends it, and every kept version reads as
// before. At the end the whole primary is deleted, and the last backup restored elsewhere. All of it by the
// commands that the person on call has: `npm run drill` prints them.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Dataset, open } from '../../src/index.js';
import { hintKey } from '../../src/manifest/keys.js';
import { listPages } from '../../src/storage/list-pages.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { everything } from '../ops/damaged-world.js';
import { readImages } from './images.js';
import { serversUnderTest } from '../support/servers/index.ts';
import { openTestStore, type TestStore } from '../support/servers/open.ts';
import { LiveWriter } from './live-writer.js';
import { hurt, type HurtKind, type Target, targetsIn } from './targets.js';

const run = promisify(execFile);
const command = path.resolve(import.meta.dirname, '../../dist/cli/main.js');
const patience = 600_000;

interface Said {
  readonly code: number;
  readonly json: Record<string, unknown>;
}

/** Where everything is. */
interface Stage {
  readonly folder: string;
  readonly primary: TestStore;
  readonly replica: TestStore;
  readonly backup: TestStore;
  readonly elsewhere: TestStore;
  readonly env: Record<string, string>;
}

let stage: Stage;
let before: Map<string, string>;
let lastBefore: number;
let writer: LiveWriter;

/** A command of the person on call; `codes`: those of its exit that are right. */
async function nacre(args: readonly string[], codes: readonly number[] = [0]): Promise<Said> {
  console.log(`$ nacre ${args.join(' ')}`);
  const env = { ...process.env, ...stage.env, NACRE_CACHE_DIR: path.join(stage.folder, 'cache') };
  const all = [command, ...args, '--json'];
  const { code, stdout, stderr } = await run(process.execPath, all, { env, maxBuffer: 2 ** 28 }).then(
    (done) => ({ code: 0, ...done }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  if (!codes.includes(code))
    throw new Error(`nacre ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  return { code, json: stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>) };
}

async function onPrimary<T>(work: (dataset: Dataset) => Promise<T>): Promise<T> {
  const dataset = await open(stage.primary.uri, { cacheDir: false });
  try {
    return await work(dataset);
  } finally {
    await dataset.close();
  }
}

/** Every row and attribute of every kept version, as it was before; versions of the writer come on top. */
async function readsAsBefore(uri: string): Promise<void> {
  const dataset = await open(uri, { cacheDir: false });
  try {
    const now = await everything(dataset, ['train'], lastBefore);
    for (const [what, rows] of before) expect(now.get(what) === rows, what).toBe(true);
  } finally {
    await dataset.close();
  }
}

describe.runIf(serversUnderTest().includes('minio') && serversUnderTest().includes('gcs'))(
  'the drill',
  () => {
    beforeAll(async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'nacre-drill-'));
      const [primary, replica, backup, elsewhere] = [
        await openTestStore('minio'),
        await openTestStore('gcs'),
        await openTestStore('minio'),
        await openTestStore('minio'),
      ];
      const env = { ...primary.env, ...replica.env };
      stage = { folder, primary, replica, backup, elsewhere, env };
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
      await fill();
      writer = await LiveWriter.start(primary.uri);
    }, patience);
    afterAll(async () => {
      await writer?.end();
      for (const place of [stage.primary, stage.replica, stage.backup, stage.elsewhere])
        await place.dispose();
      rmSync(stage.folder, { recursive: true, force: true });
      vi.unstubAllEnvs();
    });

    test(
      'what is at hand: a replica, a backup and parity, all of them whole',
      async () => {
        const { primary, replica, backup } = stage;
        await nacre(['parity', 'set', primary.uri, 'train', '4+2']);
        await nacre(['parity', 'set', primary.uri, 'test', '4+2']);
        await nacre(['parity', 'update', primary.uri]);
        await nacre(['replicate', primary.uri, replica.uri, '--verify']);
        await nacre(['backup', 'create', primary.uri, backup.uri]);
        await nacre(['backup', 'verify', backup.uri, '--restore-sample', '10%']);
        await nacre(['scrub', primary.uri]);
        await nacre(['status', primary.uri]);
      },
      patience,
    );

    test(
      'two partitions are lost, and no copy is asked: parity has them',
      async () => {
        const { primary } = stage;
        const partitions = (await keysOf(primary.store, 'arrays/')).filter((key) => key.endsWith('.npy'));
        const sizes = await Promise.all(
          partitions.map(async (key) => (await primary.store.head(key))?.sizeBytes),
        );
        const large = partitions.filter((_, i) => (sizes[i] ?? 0) > 1_000_000).slice(0, 2);
        expect(large).toHaveLength(2);
        await primary.store.delete(large);
        const scrubbed = await nacre(['scrub', primary.uri], [8]);
        expect(damagedKeys(scrubbed)).toEqual(large.toSorted());
        await nacre(['repair', primary.uri, '--yes']);
        await nacre(['scrub', primary.uri]);
        await readsAsBefore(primary.uri);
      },
      patience,
    );

    test.each(['flip', 'truncate', 'delete', 'swap'] as const)(
      '%s objects of every kind, the newest root and the hint included: named, mended, and read as before',
      async (kind: HurtKind) => {
        const { primary, replica } = stage;
        await writer.pause();
        await nacre(['replicate', primary.uri, replica.uri]);
        const targets: readonly Target[] = await targetsIn(primary.store, 'test');
        await hurt(primary.store, targets, kind);
        writer.resume();
        const scrubbed = await nacre(['scrub', primary.uri], [8]);
        const named = damagedKeys(scrubbed);
        // The writer may have put the hint anew, which is right then.
        for (const { key, name } of targets.filter((one) => one.key !== hintKey))
          expect(named.includes(key), name).toBe(true);
        await nacre(['repair', primary.uri, '--source', replica.uri, '--yes']);
        await nacre(['scrub', primary.uri]);
        await readsAsBefore(primary.uri);
      },
      patience,
    );

    test('the live writer lost nothing that it was told to be there', async () => {
      const count = writer.acknowledged.length;
      await vi.waitUntil(() => writer.acknowledged.length > count + 2, { timeout: 60_000 });
      await writer.pause();
      const rows = await onPrimary(rowsOf);
      for (const row of writer.acknowledged) expect(rows.filter((one) => one === row)).toHaveLength(1);
      console.log(`the writer: ${writer.acknowledged.length} acknowledged, ${writer.refused} refused`);
    });

    test(
      'the whole primary is deleted: the last backup is restored elsewhere, and takes writes',
      async () => {
        const { primary, backup, elsewhere } = stage;
        await nacre(['backup', 'create', primary.uri, backup.uri]);
        await writer.end();
        const keys = await keysOf(primary.store);
        for (let i = 0; i < keys.length; i += 1_000) await primary.store.delete(keys.slice(i, i + 1_000));
        await nacre(['info', primary.uri], [4]);
        await nacre(['backup', 'list', backup.uri]);
        await nacre(['backup', 'restore', backup.uri, elsewhere.uri]);
        await nacre(['scrub', elsewhere.uri]);
        await readsAsBefore(elsewhere.uri);
        const dataset = await open(elsewhere.uri, { cacheDir: false });
        const rows = await rowsOf(dataset);
        for (const row of writer.acknowledged) expect(rows.includes(row)).toBe(true);
        await dataset.write((tx) => tx.append('live', { data: Int32Array.of(-1) }));
        await dataset.close();
      },
      patience,
    );
  },
);

/** Of the array that the live writer writes. */
async function rowsOf(dataset: Dataset): Promise<number[]> {
  const { data } = await dataset.array('live').read();
  return Array.from(data as Int32Array);
}

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of listPages(store, { prefix })) keys.push(...page.map(({ key }) => key));
  return keys;
}

function damagedKeys({ json }: Said): string[] {
  return (json['damaged'] as { key: string }[]).map(({ key }) => key).toSorted();
}

/** MNIST, changed a few times over. */
async function fill(): Promise<void> {
  const images = await readImages();
  const dataset = await open(stage.primary.uri, { create: true, cacheDir: false });
  await dataset.write(async (tx) => {
    await tx.create('train', { dtype: 'uint8', rowShape: [784] });
    await tx.create('test', { dtype: 'uint8', rowShape: [784] });
  });
  await dataset.write((tx) => tx.append('train', images.train), { partitionBytes: 4_000_000 });
  const labels = { label: Array.from(images.testLabels, Number) };
  await dataset.write((tx) => tx.append('test', images.test, { attributes: labels }), {
    partitionBytes: 30_000,
  });
  await dataset.write(async (tx) => {
    await tx.index('test', { attribute: 'label' });
  });
  await dataset.write((tx) => tx.index('test', { type: 'ivf', metric: 'l2' }));
  await dataset.tag('first');
  await dataset.write((tx) =>
    tx.replace('test', [3, 5, 7], { data: new Uint8Array(3 * 784).fill(9), shape: [3, 784] }),
  );
  await dataset.write((tx) => tx.drop('test', [1, 2]));
  await dataset.write((tx) =>
    tx.append('test', { data: images.test.data.subarray(0, 784), shape: [1, 784] }),
  );
  before = await everything(dataset, ['train']);
  lastBefore = await dataset.version();
  await dataset.close();
}
