// Zarr against that of Python: what it writes, in every way that is read, comes out as it reads it itself;
// from a folder, and from buckets.
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openArrayFile } from '../../../src/index.js';
import { openFolderAccess } from '../../../src/formats/arrays/folder-access.js';
import { Decoders } from '../../../src/formats/arrays/zarr/decoders.js';
import { parseMetadata } from '../../../src/formats/arrays/zarr/json.js';
import { infoOfV3 } from '../../../src/formats/arrays/zarr/metadata-v3.js';
import { ZarrRows } from '../../../src/formats/arrays/zarr/rows.js';
import { Meter } from '../../../src/storage/wrap/meter.js';
import { type ReadArray, readArray, temporaryFolder } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { pythonWithZarr, runPython } from '../../support/python.js';
import { serversUnderTest } from '../../support/servers/index.ts';
import { openTestStore } from '../../support/servers/open.ts';
import { rawObjects } from '../../support/servers/raw-objects.ts';
import { zarrWriter } from './zarr-python.js';

type Expected = readonly [path: string, dtype: string, shape: readonly number[], hex: string];

const python = await pythonWithZarr();
const folder = temporaryFolder();

function texts({ dtype, shape, bytes }: ReadArray): unknown {
  return [dtype, shape, bytes.toString('hex')];
}

describe.runIf(python !== undefined)('what Zarr of Python writes', () => {
  let expected: readonly Expected[] = [];

  beforeAll(async () => {
    if (python === undefined) return;
    expected = JSON.parse((await runPython(zarrWriter, [folder.path], { python })).toString());
  }, 120_000);

  const ofVersion = (version: string): Map<string, unknown> =>
    new Map(
      expected
        .filter(([name]) => name.startsWith(`${version}/`))
        .map(([name, ...rest]) => [name.slice(version.length + 1), rest]),
    );

  test.each(['v2', 'v3'])(
    'is read as it reads it, whole and in pieces of any size: %s',
    async (version) => {
      const all = ofVersion(version);
      expect(all.size).toBeGreaterThan(40);
      for (const step of [Infinity, 1, 2, 5]) {
        const opened = await openArrayFile(path.join(folder.path, version));
        expect(opened).toMatchObject({ format: 'zarr', reopens: true });
        const found = new Map<string, unknown>();
        for (const array of opened.arrays) found.set(array.array ?? '', texts(await readArray(array, step)));
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(all));
        await opened.close();
      }
    },
    120_000,
  );

  test('is one array without a name, where its own folder is opened', async () => {
    for (const version of ['v2', 'v3'])
      for (const [name, wanted] of ofVersion(version)) {
        const opened = await openArrayFile(path.join(folder.path, version, name));
        const [array] = opened.arrays;
        expect(opened.arrays.map((one) => one.array)).toEqual([undefined]);
        expect([name, array && texts(await readArray(array))]).toEqual([name, wanted]);
        await opened.close();
      }
  }, 120_000);

  const consolidate = `
import sys, warnings
warnings.filterwarnings('ignore')
import zarr
zarr.consolidate_metadata(sys.argv[1])
`;

  test('is found by consolidated metadata alone, where there are some', async () => {
    if (python === undefined) return;
    for (const version of ['v2', 'v3']) {
      const copy = path.join(folder.path, `consolidated-${version}`);
      await cp(path.join(folder.path, version), copy, { recursive: true });
      await runPython(consolidate, [copy], { python });
      const before = await openArrayFile(path.join(folder.path, version));
      const hash = await before.hash();
      for (const file of await readdir(copy, { recursive: true }))
        if (/\/(zarr\.json|\.zarray|\.zgroup)$/.test(file)) await rm(path.join(copy, file));
      const opened = await openArrayFile(copy);
      expect(opened.arrays.map(({ array }) => array)).toEqual(before.arrays.map(({ array }) => array));
      for (const [i, array] of opened.arrays.entries()) {
        const other = before.arrays[i];
        expect(texts(await readArray(array, 3))).toEqual(other && texts(await readArray(other)));
      }
      // The chunks are the same, the metadata stand elsewhere.
      expect(await opened.hash()).not.toEqual(hash);
      expect(await before.hash()).toEqual(hash);
      for (const one of [before, opened]) await one.close();
    }
  }, 60_000);

  test('has another hash with another byte of a chunk', async () => {
    const file = path.join(folder.path, 'v3/le.int32');
    const opened = await openArrayFile(file);
    const before = await opened.hash();
    const chunk = path.join(file, 'c/1/0');
    const bytes = await readFile(chunk);
    await writeFile(
      chunk,
      bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
    );
    expect(await opened.hash()).not.toEqual(before);
    await writeFile(chunk, bytes);
    expect(await opened.hash()).toEqual(before);
    await opened.close();
  });

  test('is read from a temporary file, where a row of chunks is more than may be kept', async () => {
    const wanted = /^(le\.int16|be\.complex64|shard\.float32|transposed\.\d+(\.shard)?|fill\.\w+|crc\.zstd)$/;
    const access = await openFolderAccess(path.join(folder.path, 'v3'), {});
    const names = [...ofVersion('v3')].filter(([name]) => wanted.test(name));
    expect(names.length).toBeGreaterThan(15);
    for (const [name, expectedArray] of names) {
      const bytes = (await access.get(`${name}/zarr.json`))?.bytes ?? new Uint8Array(0);
      const place = { file: 'v3', array: name };
      const info = infoOfV3(parseMetadata(bytes, 'zarr.json', place), place);
      for (const step of [1, 2, 4]) {
        const rows = new ZarrRows(access, `${name}/`, info, new Decoders(), 1);
        expect([name, texts(await readArray(rows, step))]).toEqual([name, expectedArray]);
        // Any order, and several at once.
        const last = await rows.read(rows.rows - 1, rows.rows);
        const all = Array.from({ length: rows.rows }, (_, i) => rows.read(i, i + 1));
        expect((await Promise.all(all)).at(-1)).toEqual(last);
        await rows.close();
      }
    }
    await access.close();
  });

  describe.each(serversUnderTest())('in a bucket of %s', (name) => {
    afterEach(() => {
      vi.unstubAllEnvs();
    });

    test('is listed only for a group that has no consolidated metadata', async () => {
      if (python === undefined) return;
      const place = await openTestStore(name);
      for (const [variable, value] of Object.entries(place.env)) vi.stubEnv(variable, value);
      const objects = await rawObjects(place.uri, name);
      try {
        const names = [
          /crc/,
          /index\..*/,
          /rawshard/,
          /shard\.int16/,
          /transposed\.120/,
          /fill\.float32/,
          /Deep Er/,
        ];
        const wanted = new RegExp(`^(${names.map(({ source }) => source).join('|')})(/|$)`);
        const source = path.join(folder.path, 'v3');
        const files = await readdir(source, { recursive: true, withFileTypes: true });
        for (const file of files.filter((one) => one.isFile())) {
          const key = path.relative(source, path.join(file.parentPath, file.name));
          if (wanted.test(key) || key === 'zarr.json')
            await objects.put(`x.zarr/${key}`, await readFile(path.join(source, key)));
        }
        const all = [...ofVersion('v3')].filter(([key]) => wanted.test(key));
        const meter = new Meter();
        const group = await openArrayFile(`${place.uri}/x.zarr`, { meter });
        expect(group.format).toBe('zarr');
        const lists = meter.snapshot().requests.list;
        // One for each folder that is there, and for what is no folder, and to see that no more comes.
        expect(lists).toBeGreaterThan(0);
        expect(lists).toBeLessThan(30);
        const found = new Map<string, unknown>();
        for (const array of group.arrays) found.set(array.array ?? '', texts(await readArray(array, 4)));
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(all));
        expect(await group.hash()).toHaveLength(32);
        await group.close();
        meter.reset();
        const array = await openArrayFile(`${place.uri}/x.zarr/shard.int16`, { meter, format: 'zarr' });
        expect([array.arrays.length, meter.snapshot().totalRequests]).toEqual([1, 4]);
        expect(meter.snapshot().requests.list).toBe(0);
        await array.close();
        expect((await failure(openArrayFile(`${place.uri}/none.zarr`))).message).toContain('is no Zarr');
      } finally {
        objects.close();
        await place.dispose();
      }
    }, 60_000);
  });
});
