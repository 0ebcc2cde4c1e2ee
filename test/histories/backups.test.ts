// The histories of backups, on a real server: what credentials that may only add can do, and what locks hold.
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restoreSample } from '../../src/dataset/backup-sample.js';
import { type Environment, environmentOf } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { restoreTo } from '../../src/dataset/restore-to.js';
import { listPoints } from '../../src/manifest/points.js';
import { type BackupOptions, type BackupReport, createBackup } from '../../src/ops/backup/create.js';
import { type ForgetOptions, type ForgetReport, forgetBackups } from '../../src/ops/backup/forget.js';
import { listBackups } from '../../src/ops/backup/list.js';
import { pastPlaces } from '../../src/ops/backup/states.js';
import { verifyBackups } from '../../src/ops/backup/verify.js';
import { viewPoint } from '../../src/ops/backup/view.js';
import { scrub } from '../../src/ops/scrub.js';
import { listPages } from '../../src/storage/list-pages.js';
import { MemoryStore } from '../../src/storage/memory.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { openS3 } from '../../src/storage/s3.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { failure } from '../support/failure.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { int32, values, type World, worldWith } from '../dataset/world.js';
import { assumeRole } from '../support/servers/assume-role.js';
import { server, serversUnderTest, type TestCredentials, type TestServer } from '../support/servers/index.js';

const readAndAdd = ['s3:PutObject', 's3:GetObject', 's3:ListBucket'];
const readStates = ['s3:ListBucketVersions', 's3:GetObjectVersion'];
const locks = ['s3:PutObjectRetention', 's3:GetObjectRetention'];
const minuteMs = 60_000;

interface Vault {
  readonly minio: TestServer;
  readonly bucket: string;
  /** As the owner sees it. */
  readonly owner: ObjectStore;
}

let source: World;
const opened: ObjectStore[] = [];
beforeEach(async () => {
  source = await worldWith(0, 1, 2);
  const { dataset } = await source.open();
  await dataset.write((tx) => tx.append('a', int32(3)));
  await dataset.close();
});
afterEach(async () => {
  await source.close();
  for (const store of opened.splice(0)) await store.close();
});

async function storeOf(
  vault: Omit<Vault, 'owner'>,
  credentials: TestCredentials | TestServer,
): Promise<ObjectStore> {
  const { bucket, minio } = vault;
  const options = { runtime: systemRuntime, endpoint: minio.endpoint, credentials };
  const store = await openS3({ bucket, prefix: 'vault' }, options);
  opened.push(store);
  return store;
}

async function vault(kind: 'versioned' | 'locked'): Promise<Vault> {
  const minio = await server('minio');
  const place = { minio, bucket: await minio.bucket(kind) };
  return { ...place, owner: await storeOf(place, minio) };
}

/** Credentials that may do only this in the bucket. */
async function limited(place: Vault, actions: readonly string[]): Promise<ObjectStore> {
  const resources = [`arn:aws:s3:::${place.bucket}`, `arn:aws:s3:::${place.bucket}/*`];
  return storeOf(place, await assumeRole(place.minio, actions, resources));
}

const environment = (store: ObjectStore): Environment => environmentOf(store, { cacheDir: false });
const here = (): Environment => environmentOf(source.bare, { cacheDir: false, runtime: source.runtime });

const backedUp = (to: ObjectStore, options: BackupOptions = {}): Promise<BackupReport> =>
  createBackup(here(), environment(to), async () => [], options);
const forgotten = (from: ObjectStore, options: ForgetOptions): Promise<ForgetReport> =>
  forgetBackups(environment(from), options);

async function append(...rows: number[]): Promise<void> {
  const { dataset } = await source.open({ create: false });
  for (const row of rows) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
}

let places = 0;

/** Restores the newest point, or a named one, into memory; gives what its newest version reads. */
async function restored(from: ObjectStore, name?: string): Promise<number[]> {
  const backup = environment(from);
  const { points } = await listPoints(backup.store, backup.functions);
  const stored = points.findLast(({ key }) => name === undefined || key.endsWith(name));
  if (stored === undefined) throw new Error('there is no such point');
  const view = await viewPoint(backup, stored, {});
  places += 1;
  const runtime = new FakeRuntime({ seed: places, startMs: Date.now() });
  const to = environmentOf(new MemoryStore(`restored-${places}`, runtime), { cacheDir: false, runtime });
  await restoreTo(view.environment, to, async () => pastPlaces(backup, view.moved, {}), {});
  expect((await scrub(to)).damaged).toEqual([]);
  const dataset = await openStoreDataset(new MemoryStore(`restored-${places}`, runtime), { cacheDir: false });
  const rows = await values(dataset);
  await dataset.close();
  return rows;
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of listPages(store, { prefix: '' })) keys.push(...page.map(({ key }) => key));
  return keys;
}

describe.runIf(serversUnderTest().includes('minio'))(
  'history 10: an append-only credential writes garbage over every key of a versioned bucket',
  () => {
    test('restore finds the good bytes by hash, every point as it was, and new points go on', async () => {
      const place = await vault('versioned');
      const writer = await limited(place, readAndAdd);
      const first = await backedUp(writer);
      await append(4, 5);
      const second = await backedUp(writer);
      expect(second).toMatchObject({ versions: 2, objects: 2, movedObjects: 0 });
      expect((await failure(writer.delete(['points/x', 'points/y']))).code).toBe('PermissionDenied');
      expect((await failure(forgotten(writer, { keepNone: true }))).code).toBe('PermissionDenied');

      const thief = await limited(place, ['s3:PutObject', 's3:ListBucket']);
      for (const key of await keysOf(place.owner)) {
        const { sizeBytes = 0 } = (await place.owner.head(key)) ?? {};
        await thief.put(key, new Uint8Array(sizeBytes).fill(7));
        await thief.put(key, new Uint8Array(3));
      }
      const reader = await limited(place, ['s3:GetObject', 's3:ListBucket', ...readStates]);
      const { points } = await listBackups(environment(reader));
      expect(points.map(({ point }) => point)).toEqual([second.point, first.point]);
      expect(await restored(reader)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await restored(reader, first.point)).toEqual([0, 1, 2, 3]);
      const { damaged } = await verifyBackups(environment(reader));
      // Four objects and five roots.
      expect(damaged.map(({ isRestorable }) => isRestorable)).toEqual(damaged.map(() => true));
      expect(damaged).toHaveLength(9);
      const [, newest] = (await listPoints(reader, here().functions)).points;
      const sample = newest && (await restoreSample(environment(reader), newest, 1, {}));
      expect(sample).toMatchObject({ point: second.point, rows: 6, ofRows: 6, differing: [] });

      // What a backup finds there is not what it needs: it puts it elsewhere, and is whole.
      await append(6);
      const third = await backedUp(writer);
      expect(third.movedObjects).toBeGreaterThan(5);
      expect((await verifyBackups(environment(reader))).damaged).toEqual([]);
      expect(await restored(reader)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      await forgotten(place.owner, { points: [first.point] });
      expect(await restored(reader, second.point)).toEqual([0, 1, 2, 3, 4, 5]);
    }, 60_000);

    test('a point that is written over by a whole one of another content is the one that it was', async () => {
      const place = await vault('versioned');
      const writer = await limited(place, readAndAdd);
      const { point } = await backedUp(writer);
      await append(4);
      const later = await backedUp(writer);
      const body = await place.owner.get(`points/${later.point}`);
      await writer.put(`points/${point}`, body?.bytes ?? new Uint8Array());
      const { points } = await listBackups(environment(place.owner));
      expect(points.map(({ version }) => version)).toEqual([4, 3]);
      expect(await restored(place.owner, point)).toEqual([0, 1, 2, 3]);
    });
  },
);

describe.runIf(serversUnderTest().includes('minio'))(
  'history 11: a locked object is shared by a later point whose lock should last longer',
  () => {
    test('it is never deletable while a point needs it: locks are put off, with every root', async () => {
      const place = await vault('locked');
      const writer = await limited(place, [...readAndAdd, ...locks]);
      await backedUp(writer, { lockMs: 2 * minuteMs });
      const keys = (await keysOf(place.owner)).filter((key) => !key.startsWith('drafts/'));
      const untilOf = async (key: string): Promise<number> =>
        (await place.owner.head(key))?.lock?.untilMs ?? 0;
      const before = await Promise.all(keys.map(untilOf));
      expect(Math.min(...before)).toBeGreaterThan(Date.now());
      await append(4);
      const { lockUntilMs = 0, point } = await backedUp(writer, { lockMs: 60 * minuteMs });
      const { points } = await listPoints(place.owner, here().functions);
      for (const key of await keysOf(place.owner)) {
        if (key.startsWith('drafts/') || key === points[0]?.key) continue;
        expect(await untilOf(key), key).toBeGreaterThanOrEqual(lockUntilMs);
      }
      const report = await forgotten(place.owner, { keepNone: true });
      expect(report).toMatchObject({ forgotten: [], deleted: 0 });
      expect(report.locked).toContain(point);
      const direct = await place.owner.versioned?.deleteForGood(await keysOf(place.owner));
      expect(direct).toEqual(expect.arrayContaining(keys));
      expect(await restored(place.owner)).toEqual([0, 1, 2, 3, 4]);
    }, 60_000);

    test('what rests on a point whose locks last long enough asks for none of them', async () => {
      const place = await vault('locked');
      const writer = await limited(place, [...readAndAdd, ...locks]);
      await backedUp(writer, { lockMs: 60 * minuteMs });
      await append(4);
      const second = await backedUp(writer, { lockMs: 60 * minuteMs });
      expect(second).toMatchObject({ versions: 1, objects: 1, presentObjects: 0, movedObjects: 0 });
    });

    test('where the lock cannot be put off the object is uploaded anew', async () => {
      const place = await vault('locked');
      await backedUp(await limited(place, [...readAndAdd, ...locks]), { lockMs: 2 * minuteMs });
      // The right to lock what it puts, and not what is there.
      const writer = await limited(place, [...readAndAdd, ...locks]);
      const { versioned } = writer;
      if (versioned === undefined) throw new Error('S3 has states');
      const unable = { ...versioned, lock: async () => 'refused' as const };
      Object.defineProperty(writer, 'versioned', { value: unable });
      const second = await backedUp(writer, { lockMs: 60 * minuteMs });
      expect(second).toMatchObject({ objects: 2, movedObjects: 5, presentObjects: 0 });
      expect((await verifyBackups(environment(place.owner))).damaged).toEqual([]);
      expect(await restored(place.owner)).toEqual([0, 1, 2, 3]);
    });

    test('compliance holds against everybody, governance against who has no right of their own', async () => {
      const place = await vault('locked');
      const { point } = await backedUp(place.owner, { lockMs: 2 * minuteMs, lockMode: 'compliance' });
      const { points } = await listBackups(environment(place.owner));
      expect(points).toMatchObject([{ point, lockMode: 'compliance' }]);
      const key = `points/${point}`;
      expect(await place.owner.versioned?.deleteForGood([key])).toEqual([key]);
      const [state] = (await place.owner.versioned?.listVersions({ prefix: key }))?.entries ?? [];
      const { minio, bucket } = place;
      const client = new S3Client({
        ...{ endpoint: minio.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: minio },
      });
      const at = {
        Bucket: bucket,
        Key: `vault/${key}`,
        VersionId: state?.version,
        BypassGovernanceRetention: true,
      };
      await expect(client.send(new DeleteObjectCommand(at))).rejects.toThrow(/WORM|denied/i);
      client.destroy();
    });

    test('a bucket without locks, and a store without any, are refused with a hint', async () => {
      const place = await vault('versioned');
      const bucket = await failure(backedUp(place.owner, { lockMs: minuteMs }));
      expect(bucket).toMatchObject({
        code: 'InvalidArgument',
        hint: expect.stringMatching(/made/) as string,
      });
      const memory = await failure(backedUp(new MemoryStore('', systemRuntime), { lockMs: minuteMs }));
      expect(memory).toMatchObject({ code: 'InvalidArgument', hint: expect.stringMatching(/S3/) as string });
      const mode = await failure(backedUp(place.owner, { lockMode: 'compliance' }));
      expect(mode.code).toBe('InvalidArgument');
      expect((await listBackups(environment(place.owner))).points).toEqual([]);
    });
  },
);
