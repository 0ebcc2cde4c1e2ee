// How fast a dataset gets to another place, every object compared with its hash, beside rclone on the same
// objects, which compares each with the checksum that the store has. And how fast a restore into another place is,
// which does the same and one version more.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { open, replicate, restoreTo } from '../dist/index.js';
import { findRclone, s3Remote } from '../test/support/rclone.mjs';
import { checksumOf, interleaved, megabytesPerSecond, row, timed } from './harness.mjs';
import { randomFloats } from './support/data.mjs';

export const title = 'replication, beside rclone';

export const full = (context) => measure(context, { rows: 500_000, rounds: 3 });
export const small = (context) => measure(context, { rows: 1_000, rounds: 1 });

const width = 384;

async function measure(context, { rows, rounds }) {
  const place = await context.place();
  const rclone = context.small ? undefined : findRclone();
  const content = randomFloats(rows * width);
  const folder = context.folder('replicate-source');
  const bucket = place.uri('replicate-source');
  for (const uri of [folder, bucket]) {
    const dataset = await place.open(uri, { create: true });
    await dataset.write(async (tx) => {
      await tx.create('rows', { dtype: 'float32', rowShape: [width] });
      await tx.append('rows', { data: content, shape: [rows, width] });
    });
    await dataset.close();
  }
  Object.assign(process.env, place.env());
  const ways = [
    { what: 'MinIO to folder', from: bucket, to: () => context.folder('replicate') },
    { what: 'folder to MinIO', from: folder, to: () => place.uri('replicate') },
    { what: 'MinIO to MinIO', from: bucket, to: () => place.uri('replicate') },
  ];
  const out = [];
  for (const { what, from, to } of ways)
    out.push(await beside(place, rclone, content, rounds, what, from, to));
  return [...out, ...(await again(folder, context.folder('replicate-again')))];
}

async function beside(place, rclone, content, rounds, what, from, to) {
  const speed = async (copy) => {
    const target = to();
    const { ms } = await timed(() => copy(target));
    const checksum = copy === ours || copy === restored ? await checksumAt(target) : undefined;
    await remove(place, target);
    if (checksum !== undefined && checksum !== checksumOf(content))
      throw new Error(`${what}: other rows came`);
    return megabytesPerSecond(content.byteLength, ms);
  };
  const ours = (target) => replicate(from, target, { register: false, cacheDir: false });
  const restored = (target) => restoreTo(from, target, { cacheDir: false });
  const remote = (uri) => (uri.startsWith('s3://') ? s3Remote(place.server, uri) : uri);
  const copyOf =
    (...flags) =>
    async (target) => {
      const common = ['copy', '--config', '', '--transfers', '8', '--checksum', ...flags];
      run(rclone, [...common, remote(from), remote(target)]);
    };
  // Through this machine, as ours, and on the disk in the end; within one server it would have that copy.
  const through = copyOf('--disable', 'copy');
  const theirs = async (target) => {
    await through(target);
    if (!target.startsWith('s3://')) run('sync', ['-f', target]);
  };
  const samplers = {
    ours: () => speed(ours),
    restored: () => speed(restored),
    ...(rclone && { rclone: () => speed(theirs), bare: () => speed(copyOf()) }),
  };
  const found = await interleaved(rounds, samplers);
  return row({
    what: `${what}, ${Math.round(content.byteLength / 1e6)} MB`,
    ...{ value: found.ours, unit: 'MB/s', leastRatio: 1, checksum: checksumOf(content) },
    ...(rclone === undefined
      ? { missing: 'rclone is not there', others: [{ name: 'restore', value: found.restored, unit: 'MB/s' }] }
      : {
          beside: { name: 'rclone', value: found.rclone, unit: 'MB/s' },
          others: [
            { name: 'restore', value: found.restored, unit: 'MB/s' },
            { name: 'rclone without sync, by the server where it can', value: found.bare, unit: 'MB/s' },
          ],
        }),
  });
}

function run(program, args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
}

async function checksumAt(uri) {
  const dataset = await open(uri, { cacheDir: false });
  try {
    return checksumOf((await dataset.array('rows').read()).data);
  } finally {
    await dataset.close();
  }
}

async function remove(place, uri) {
  if (!uri.startsWith('s3://')) return rmSync(uri, { recursive: true, force: true });
  const store = await place.store(uri);
  for (let entries; (entries = (await store.list()).entries).length > 0; )
    await store.delete(entries.map(({ key }) => key));
  await store.close();
}

/** Requests of a round with nothing new. */
async function again(from, to) {
  await replicate(from, to, { cacheDir: false });
  const meters = [];
  await replicate(from, to, { cacheDir: false, onConnect: (meter) => meters.push(meter) });
  const requests = meters.reduce((sum, meter) => sum + meter.snapshot().totalRequests, 0);
  return [row({ what: 'again, with nothing new: requests', value: requests, unit: 'requests', most: 4 })];
}
