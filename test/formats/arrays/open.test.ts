// Files of arrays by the public door: which format a file is, and from each format into a dataset and back.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open, openArrayFile, writeArrayFile } from '../../../src/index.js';
import type { ArrayFileFormat, ArrayToWrite, Dataset } from '../../../src/index.js';
import { failure } from '../../support/failure.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nacre-array-files-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const images = Float32Array.from({ length: 5 * 4 }, (_, i) => i / 3);
const labels = BigInt64Array.of(1n, -2n, 3n, 4n, 2n ** 60n);

const arrays: readonly ArrayToWrite[] = [
  {
    array: 'images',
    type: { dtype: 'float32', rowShape: [2, 2], scalar: false },
    rows: 5,
    pieces: () => [images.subarray(0, 8), images.subarray(8)],
  },
  {
    array: 'labels',
    type: { dtype: 'int64', rowShape: [1], scalar: false },
    rows: 5,
    pieces: () => [labels],
  },
];

const endings: readonly (readonly [string, ArrayFileFormat])[] = [
  ['npz', 'npz'],
  ['safetensors', 'safetensors'],
  ['pt', 'torch'],
  ['pth', 'torch'],
  ['arrow', 'arrow'],
  ['feather', 'arrow'],
  ['parquet', 'parquet'],
];

/** Every array of a dataset, as a writer takes it. */
async function toWrite(dataset: Dataset): Promise<ArrayToWrite[]> {
  const { arrays: known } = await dataset.info();
  return Object.entries(known).map(([array, { dtype, shape }]) => ({
    array,
    type: { dtype, rowShape: shape.slice(1), scalar: shape.length === 0 },
    rows: shape[0] ?? 1,
    pieces: async function* () {
      for await (const { data } of dataset.array(array).batches({ batchRows: 2 })) yield data;
    },
  }));
}

describe('a file of arrays', () => {
  test.each(endings)('goes into a dataset and comes back to the byte: %s', async (ending, format) => {
    const file = path.join(folder, `first.${ending}`);
    const written = await writeArrayFile(file, arrays);
    const opened = await openArrayFile(file);
    expect(opened).toMatchObject({ format, sizeBytes: written, reopens: true });
    expect(opened.arrays.map(({ array }) => array).sort()).toEqual(['images', 'labels']);
    const dataset = await open(path.join(folder, `dataset-${ending}`), { create: true });
    await dataset.write(async (tx) => {
      for (const array of opened.arrays) await tx.appendFrom(array.array ?? 'data', array);
    });
    expect((await dataset.array('images').read()).data).toEqual(images);
    expect((await dataset.array('labels').read()).data).toEqual(labels);
    const back = path.join(folder, `second.${ending}`);
    await writeArrayFile(back, await toWrite(dataset));
    const again = await openArrayFile(back);
    for (const one of opened.arrays) {
      const same = again.arrays.find(({ array }) => one.array === array);
      expect(await same?.read(0, one.rows)).toEqual(await one.read(0, one.rows));
    }
    for (const one of [opened, again]) await one.close();
    await dataset.close();
  });

  test.each(endings)(
    'is known by how it begins, where its name tells nothing: %s',
    async (ending, format) => {
      const file = path.join(folder, `named.${ending}`);
      await writeArrayFile(file, arrays);
      const plain = path.join(folder, `plain-${ending}`);
      await copyFile(file, plain);
      const opened = await openArrayFile(plain);
      expect(opened.format).toBe(format);
      expect(opened.arrays).toHaveLength(2);
      await opened.close();
    },
  );

  test('of one array has it without a name in .npy, and more do not fit', async () => {
    const file = path.join(folder, 'one.npy');
    await writeArrayFile(file, arrays.slice(1));
    for (const name of [file, path.join(folder, 'one')]) {
      await copyFile(file, name).catch(() => undefined);
      const opened = await openArrayFile(name);
      expect(opened.format).toBe('npy');
      expect(opened.arrays.map(({ array, rows }) => [array, rows])).toEqual([[undefined, 5]]);
      expect(await opened.arrays[0]?.read(1, 3)).toEqual(new Uint8Array(labels.slice(1, 3).buffer));
      expect(await opened.hash()).toHaveLength(32);
      await opened.close();
    }
    const error = await failure(writeArrayFile(path.join(folder, 'two.npy'), arrays));
    expect([error.code, error.message]).toEqual(['InvalidArgument', 'a .npy file holds one array, not 2']);
  });

  test('of columns has single values beside arrays as attributes of these', async () => {
    const [first, second] = arrays as readonly [ArrayToWrite, ArrayToWrite];
    const file = path.join(folder, 'columns.arrow');
    await writeArrayFile(file, [first, { ...second, type: { ...second.type, rowShape: [] } }]);
    const opened = await openArrayFile(file);
    const { attributes } = opened;
    const [array] = opened.arrays;
    if (array === undefined || attributes === undefined) throw new Error('a column is not there');
    const dataset = await open(path.join(folder, 'dataset-columns'), { create: true });
    await dataset.write((tx) => tx.appendFrom('images', array, { attributes }));
    await opened.close();
    expect((await dataset.array('images').read()).data).toEqual(images);
    expect(await dataset.array('images').where('labels = 1152921504606846976').count()).toBe(1);
    await dataset.close();
  });

  test('of columns gives each of its arrays the attributes, as the types that the array has', async () => {
    const [first, second] = arrays as readonly [ArrayToWrite, ArrayToWrite];
    const file = path.join(folder, 'shared.arrow');
    await writeArrayFile(file, [
      first,
      { ...first, array: 'more' },
      { ...second, type: { ...second.type, rowShape: [] } },
    ]);
    const source = await openArrayFile(file);
    const { attributes, arrays: opened } = source;
    if (attributes === undefined) throw new Error('a column is not there');
    expect(attributes.refusal).toBeUndefined();
    const dataset = await open(path.join(folder, 'dataset-shared'), { create: true });
    await dataset.write(async (tx) => {
      for (const [i, array] of opened.entries()) {
        const known = i === 0 ? [] : [{ name: 'labels', type: 'float' } as const];
        await tx.appendFrom(array.array ?? '', array, { attributes: attributes.forArray(known) });
      }
    });
    const [one = '', other = ''] = opened.map(({ array }) => array);
    expect(await dataset.array(one).attributes()).toEqual([{ name: 'labels', type: 'int' }]);
    expect(await dataset.array(other).attributes()).toEqual([{ name: 'labels', type: 'float' }]);
    for (const name of [one, other]) expect(await dataset.array(name).where('labels = -2').count()).toBe(1);
    expect(() => attributes.forArray([{ name: 'labels', type: 'bool' }])).toThrow(/labels/);
    await source.close();
    await dataset.close();
  });

  test('that is none is refused, with the formats that there are', async () => {
    const file = path.join(folder, 'text.dat');
    await writeFile(file, 'some text that is no array');
    for (const work of [
      () => openArrayFile(file),
      () => openArrayFile(file, { format: 'tar' as never }),
      () => writeArrayFile(file, arrays),
      () => writeArrayFile(path.join(folder, 'x.npy'), arrays, { format: 'tar' as never }),
    ]) {
      const error = await failure(work());
      expect(error.code).toBe('InvalidArgument');
      expect(error.hint).toContain('npy, npz, safetensors, torch, arrow, parquet, hdf5, csv, tsv, raw');
    }
    await writeFile(file, '');
    expect((await failure(openArrayFile(file))).code).toBe('InvalidArgument');
    expect((await failure(openArrayFile(path.join(folder, 'none.npz')))).code).toBe('NotFound');
    // Its ending says what it is: it is not looked for another reader.
    await copyFile(file, path.join(folder, 'text.npz'));
    expect((await failure(openArrayFile(path.join(folder, 'text.npz')))).code).toBe('InvalidArgument');
  });
});
