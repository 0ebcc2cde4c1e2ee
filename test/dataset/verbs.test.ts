// The verbs of who saves arrays, changes some rows and loads them again: slices and masks as targets, save,
// clone, reset.
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { col } from '../../src/query/filter/col.js';
import { int32, World } from './world.js';

async function numbers(dataset: Dataset, name: string): Promise<number[]> {
  return Array.from((await dataset.array(name).read()).data as Int32Array);
}

async function opened(): Promise<Dataset> {
  const { dataset } = await new World().open({ create: true });
  await dataset.write((tx) => tx.save('a', int32(0, 1, 2, 3, 4, 5)));
  return dataset;
}

describe('rows that a change is of', () => {
  test('are a slice with a step, negative ones too, or a mask, as they are read', async () => {
    const dataset = await opened();
    await dataset.write(async (tx) => {
      await tx.replace('a', { start: -2 }, int32(40, 50));
      await tx.replace('a', { step: -3 }, int32(51, 20));
      await tx.replace('a', { mask: [true, false, false, true, false, false] }, int32(10, 30));
    });
    expect(await numbers(dataset, 'a')).toEqual([10, 1, 20, 30, 40, 51]);
    await dataset.write((tx) => tx.drop('a', { mask: Uint8Array.of(1, 0, 0, 0, 0, 1) }));
    expect(await numbers(dataset, 'a')).toEqual([1, 20, 30, 40]);
    await dataset.write((tx) => tx.drop('a', { start: 1, end: 100, step: 2 }));
    expect(await numbers(dataset, 'a')).toEqual([1, 30]);
    const masked = await dataset.array('a').read({ mask: [false, true] });
    expect([Array.from(masked.data as Int32Array), masked.shape]).toEqual([[30], [1]]);
    await dataset.write((tx) => tx.setAttributes('a', { start: 1 }, { lang: ['de'] }));
    expect(await dataset.array('a').where(col('lang').eq('de')).count()).toBe(1);
    await dataset.close();
  });

  test('are said: a selection of nothing is not all rows', async () => {
    const dataset = await opened();
    for (const target of [{}, { start: undefined }])
      await expect(dataset.write((tx) => tx.drop('a', target as { start: number }))).rejects.toThrow(
        'which rows are meant is not said',
      );
    await expect(dataset.write((tx) => tx.drop('a', { mask: [true] }))).rejects.toThrow(
      'the mask has 1 values',
    );
    await expect(dataset.write((tx) => tx.replace('a', { start: 4 }, int32(1)))).rejects.toThrow(
      '2 rows are to be replaced, the data has 1',
    );
    expect(await numbers(dataset, 'a')).toEqual([0, 1, 2, 3, 4, 5]);
    await dataset.close();
  });
});

describe('saving', () => {
  test('makes arrays, and puts new ones of any type in the place of those that are there', async () => {
    const dataset = await opened();
    await dataset.write(async (tx) => {
      await tx.save('a', { data: new Float64Array([1.5, 2.5]), shape: [1, 2] });
      await tx.save('b', int32(7), { attributes: { lang: ['de'] } });
      await tx.save('b', int32(8, 9));
      await tx.append('b', int32(10));
    });
    expect(await dataset.array('a').shape()).toEqual([1, 2]);
    expect(await dataset.array('a').dtype()).toBe('float64');
    expect(await numbers(dataset, 'b')).toEqual([8, 9, 10]);
    expect(await dataset.array('b').attributes()).toEqual([]);
    const before = await dataset.at({ version: 2 });
    expect(await numbers(before, 'a')).toEqual([0, 1, 2, 3, 4, 5]);
    await dataset.close();
  });

  test('leaves what is there where the rows are none', async () => {
    const dataset = await opened();
    const bad = { data: new Float32Array(3), shape: [2, 2] };
    await expect(dataset.write((tx) => tx.save('a', bad))).rejects.toThrow('needs 4 float32 elements');
    expect(await numbers(dataset, 'a')).toEqual([0, 1, 2, 3, 4, 5]);
    await dataset.close();
  });

  test('of a 0-d array gives one', async () => {
    const dataset = await opened();
    await dataset.write((tx) => tx.save('zero', { data: new Float32Array([3]), shape: [] }));
    expect((await dataset.array('zero').read()).shape).toEqual([]);
    await dataset.close();
  });
});

describe('a clone', () => {
  test('has rows, attributes and key, and goes its own way', async () => {
    const dataset = await opened();
    const exact = 1_700_000_000_123_456n;
    await dataset.write(async (tx) => {
      await tx.create('k', { dtype: 'int32', rowShape: [2], key: { name: 'id', type: 'int' } });
      await tx.addAttribute('k', 'at', 'timestamp');
      const attributes = { id: [5n, 6n, 7n], at: [exact, null, exact], tags: [['x'], [], null] };
      await tx.append('k', { data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] }, { attributes });
    });
    await dataset.write(async (tx) => {
      await tx.replace('k', [0], { data: Int32Array.of(9, 9), shape: [1, 2] });
      await tx.drop('k', [1]);
    });
    await dataset.write((tx) => tx.clone('k', 'copy'));
    expect(await numbers(dataset, 'copy')).toEqual([9, 9, 5, 6]);
    expect(await dataset.array('copy').key()).toBe('id');
    const of = (name: string) => dataset.array(name).select('*').toArray();
    const attributesOf = async (name: string) => (await of(name)).map(({ attributes }) => attributes);
    expect(await attributesOf('copy')).toEqual(await attributesOf('k'));
    expect(await dataset.array('copy').rowsByKey([7n])).toMatchObject([{ row: 1 }]);
    await dataset.write((tx) => tx.replace('copy', [0], { data: Int32Array.of(0, 0), shape: [1, 2] }));
    await dataset.write((tx) => tx.dropArray('k'));
    expect(await numbers(dataset, 'copy')).toEqual([0, 0, 5, 6]);
    await dataset.close();
  });

  test('is of the array as the transaction found it, and of one that was there', async () => {
    const dataset = await opened();
    await dataset.write(async (tx) => {
      await tx.append('a', int32(6));
      await tx.clone('a', 'copy');
    });
    expect(await numbers(dataset, 'copy')).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await numbers(dataset, 'a')).toEqual([0, 1, 2, 3, 4, 5, 6]);
    await expect(dataset.write((tx) => tx.clone('none', 'x'))).rejects.toMatchObject({ code: 'NotFound' });
    await expect(dataset.write((tx) => tx.clone('a', 'copy'))).rejects.toMatchObject({
      code: 'AlreadyExists',
    });
    const own = dataset.write(async (tx) => {
      await tx.save('own', int32(1));
      await tx.clone('own', 'x');
    });
    await expect(own).rejects.toThrow('is made in this transaction');
    await dataset.close();
  });

  test('of no rows, and of 0-d, is one of no rows, and of 0-d', async () => {
    const dataset = await opened();
    await dataset.write(async (tx) => {
      await tx.create('none', { dtype: 'float16', rowShape: [3] });
      await tx.save('zero', { data: new Float32Array([3]), shape: [] });
    });
    await dataset.write(async (tx) => {
      await tx.clone('none', 'none2');
      await tx.clone('zero', 'zero2');
    });
    expect(await dataset.array('none2').shape()).toEqual([0, 3]);
    expect((await dataset.array('zero2').read()).shape).toEqual([]);
    await dataset.close();
  });
});

test('a reset takes all arrays out, and earlier versions keep them', async () => {
  const dataset = await opened();
  await dataset.write(async (tx) => {
    await tx.save('own', int32(1));
    await tx.reset();
    expect(tx.arrays).toEqual([]);
    await tx.save('new', int32(2));
  });
  expect(Object.keys((await dataset.info()).arrays)).toEqual(['new']);
  expect(await numbers(await dataset.at({ version: 2 }), 'a')).toEqual([0, 1, 2, 3, 4, 5]);
  await dataset.close();
});
