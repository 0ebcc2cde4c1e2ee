// A backup on every store, from every store, by address: made, listed, verified, restored, forgotten.
import { afterEach, describe, expect, test } from 'vitest';
import { backup, open, repair, scrub } from '../../../src/index.js';
import { failure } from '../../support/failure.js';
import { storePairs } from '../../support/servers/index.js';
import { rawObjects } from '../../support/servers/raw-objects.js';
import { openTestStore, type TestStore } from '../../support/servers/open.js';

const rows = 3_000;
const columns = 16;
const data = Float32Array.from({ length: rows * columns }, (_, i) => Math.fround(Math.sin(i)));

const places: TestStore[] = [];
const before = { ...process.env };
afterEach(async () => {
  for (const place of places.splice(0)) await place.dispose();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
});

async function place(name: Parameters<typeof openTestStore>[0]): Promise<string> {
  const opened = await openTestStore(name);
  places.push(opened);
  Object.assign(process.env, opened.env);
  return opened.uri;
}

/** One process has the credentials of one S3 server. */
const pairs = storePairs().filter(([from, to]) => from === to || from === 'folder' || to === 'folder');

describe.each(pairs)('from %s to %s', (fromName, toName) => {
  test('what is restored is the dataset, bit by bit, each version that was kept, and takes writes', async () => {
    const [source, destination, again] = [await place(fromName), await place(toName), await place(fromName)];
    const dataset = await open(source, { create: true, cacheDir: false });
    await dataset.write(async (tx) => {
      await tx.create('e', { dtype: 'float32', rowShape: [columns] });
      await tx.append('e', { data, shape: [rows, columns] });
    });
    const first = await backup.create(source, destination, { label: 'first' });
    await dataset.write((tx) =>
      tx.replace('e', [0], { data: data.slice(columns, 2 * columns), shape: [1, columns] }),
    );
    await dataset.write((tx) => tx.drop('e', [1]));
    const second = await backup.create(source, destination);
    expect(second).toMatchObject({ version: 4, versions: 2, objects: 1 });
    const { points } = await backup.list(destination);
    expect(points.map(({ point }) => point)).toEqual([second.point, first.point]);
    const whole = await backup.verify(destination, { all: true });
    expect(whole).toMatchObject({
      points: [second.point, first.point],
      objects: 2,
      readObjects: 2,
      damaged: [],
    });

    const { sample } = await backup.verify(destination, { restoreSample: 0.01 });
    expect(sample).toMatchObject({ rows: 30, ofRows: rows - 1, differing: [] });
    expect(sample?.objects).toBeGreaterThan(0);
    expect((await failure(backup.restore(destination, source))).code).toBe('InvalidArgument');
    expect((await failure(backup.create(source, source))).code).toBe('InvalidArgument');
    const restored = await backup.restore(destination, again);
    expect(restored).toMatchObject({ point: second.point, restored: 4, version: 5 });
    expect((await scrub(again)).damaged).toEqual([]);
    const copy = await open(again, { cacheDir: false });
    for (const version of [2, 3, 4]) {
      const [one, other] = await Promise.all([dataset.at({ version }), copy.at({ version })]);
      expect(await other.array('e').read()).toEqual(await one.array('e').read());
    }
    await copy.write((tx) => tx.drop('e', [0]));
    await Promise.all([copy.close(), dataset.close()]);
    // A backup is not opened: it would become a dataset.
    expect((await failure(open(destination, { create: true, cacheDir: false }))).code).toBe(
      'InvalidArgument',
    );

    const forgotten = await backup.forget(destination, { keepLast: 1 });
    expect(forgotten).toMatchObject({ forgotten: [first.point], deleted: 0, underWay: [] });
    const gone = await backup.forget(destination, { keepNone: true });
    expect(gone).toMatchObject({ forgotten: [second.point], deleted: 6 });
    expect((await backup.list(destination)).points).toEqual([]);
  }, 60_000);
});

test('a backup is a source of right bytes for a repair, also of what is not under its own key', async () => {
  const [source, destination] = [await place('folder'), await place('folder')];
  const dataset = await open(source, { create: true, cacheDir: false });
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [columns] });
    await tx.append('e', { data, shape: [rows, columns] });
  });
  await dataset.close();
  const [from, to] = await Promise.all([rawObjects(source, 'folder'), rawObjects(destination, 'folder')]);
  const key = (await from.list()).find((one) => one.startsWith('arrays/')) ?? '';
  await to.put(key, new Uint8Array(3));
  expect(await backup.create(source, destination)).toMatchObject({ movedObjects: 1 });
  const right = await from.get(key);
  await from.put(
    key,
    right.map((byte) => byte ^ 1),
  );
  const report = await repair(source, { sources: [destination] });
  expect(report).toMatchObject({ isWhole: true, steps: [{ key, outcome: 'mended', from: destination }] });
  expect(new Uint8Array(await from.get(key))).toEqual(new Uint8Array(right));
});
