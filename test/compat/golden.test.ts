// Bytes outlive code: what the first release of the format wrote is read for ever, and written the same from
// the same seed. `NACRE_UPDATE_FIXTURES=1` writes the newest folder anew; a release never does.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { newestRoot } from '../../src/manifest/head.js';
import { toHex } from '../../src/util/bytes.js';
import { functions } from '../dataset/world.js';
import { application, byteAt, droppedRows, goldenFolder, operationId } from './golden.js';
import { goldenReleases, readGolden, storeOf, writeGolden, writtenNow } from './golden.js';

beforeAll(async () => {
  if (process.env['NACRE_UPDATE_FIXTURES'] !== '1') return;
  await rm(goldenFolder(writtenNow), { recursive: true, force: true });
  for (const [key, bytes] of await writeGolden()) {
    const file = path.join(goldenFolder(writtenNow), key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
});

describe.each(goldenReleases)('the golden dataset of format 1, %s', (release) => {
  async function open(): Promise<Dataset> {
    return openStoreDataset(await storeOf(await readGolden(release)), { cacheDir: false });
  }

  test('holds every kind of object', async () => {
    const keys = [...(await readGolden(release)).keys()];
    const kinds = new Set(keys.map((key) => key.split('/')[0]));
    expect([...kinds].sort()).toEqual(['arrays', 'latest', 'segments', 'versions']);
    // A segment of entries, and the set of rows that were dropped.
    expect(keys.filter((key) => key.startsWith('segments/'))).toHaveLength(2);
    expect(keys.filter((key) => key.startsWith('versions/'))).toHaveLength(10);
  });

  test('is read as it was written', async () => {
    const dataset = await open();
    expect(await dataset.version()).toBe(10);
    const types = Object.entries((await dataset.info()).arrays).map(([name, { dtype, shape }]) => [
      name,
      [dtype, shape],
    ]);
    expect(Object.fromEntries(types)).toEqual({
      'images/Übung': ['uint8', [6, 2, 2]],
      many: ['int16', [120]],
      scattered: ['bool', [2_500]],
      pi: ['float64', []],
    });
    const images = await dataset.array('images/Übung').read();
    const raw = Array.from({ length: 32 }, (_, i) => byteAt(i));
    expect(Array.from(images.data as Uint8Array)).toEqual([9, 9, 9, 9, ...raw.slice(8, 24), 8, 8, 8, 8]);
    expect(Array.from(await dataset.array('images/Übung').ids())).toEqual([1, 2, 3, 4, 5, 6]);
    const many = await dataset.array('many').read();
    expect(Array.from(many.data as Int16Array)).toEqual(Array.from({ length: 120 }, (_, i) => i - 60));
    const bools = await dataset.array('scattered').read();
    const dropped = new Set(droppedRows);
    const kept = Array.from({ length: 4_000 }, (_, i) => byteAt(i) & 1).filter((_, i) => !dropped.has(i));
    expect(Array.from(bools.data as Uint8Array)).toEqual(kept);
    expect(Array.from((await dataset.array('pi').read()).data as Float64Array)).toEqual([Math.PI]);
  });

  test('keeps its old versions and its log', async () => {
    const dataset = await open();
    const then = await dataset.at({ version: 2 });
    expect((await then.array('images/train').read()).shape).toEqual([8, 2, 2]);
    expect((await (await dataset.at({ version: 9 })).array('gone').read()).dtype).toBe('complex64');
    const log: unknown[] = [];
    for await (const { version, message, author } of dataset.log()) log.push([version, message, author]);
    expect(log).toHaveLength(10);
    expect(log.at(-2)).toEqual([2, 'first', 'ann']);
  });

  test('knows what was committed once and for all', async () => {
    const dataset = await open();
    const again = await dataset.write(() => undefined, { application });
    expect(again).toEqual({ version: 6, recovered: true });
    const found = await newestRoot(await storeOf(await readGolden(release)), functions);
    expect(found?.head.root.recentOperations.map(({ id, version }) => [toHex(id), version])).toEqual([
      [operationId, 5],
    ]);
  });

  test('says when arrays were last changed, and of those that an older release changed that it does not know', async () => {
    const dataset = await open();
    const modified = async () =>
      Object.fromEntries(
        Object.entries((await dataset.info()).arrays).map(([name, array]) => [name, array.modified]),
      );
    const times = new Map<number, string>();
    for await (const { version, time } of dataset.log()) times.set(version, time);
    const versions = { 'images/Übung': 4, many: 5, scattered: 7, pi: 8 };
    const expected = Object.fromEntries(
      Object.entries(versions).map(([name, version]) => [
        name,
        release === 'v1' ? null : { version, time: times.get(version) },
      ]),
    );
    expect(await modified()).toEqual(expected);
    expect(await dataset.array('many').modified()).toEqual(expected['many'] ?? undefined);
    await dataset.write((tx) => tx.drop('many', [0]));
    const { time } = await dataset.info();
    expect(await modified()).toEqual({ ...expected, many: { version: 11, time } });
  });
});

describe('the golden dataset', () => {
  test('is written byte by byte the same from the same seed', async () => {
    const [written, golden] = [await writeGolden(), await readGolden(writtenNow)];
    expect([...written.keys()].sort()).toEqual([...golden.keys()].sort());
    const hash = (bytes: Uint8Array | undefined): string =>
      toHex(functions.blake3(bytes ?? new Uint8Array()));
    for (const [key, bytes] of written) expect(hash(bytes), key).toBe(hash(golden.get(key)));
  });
});
