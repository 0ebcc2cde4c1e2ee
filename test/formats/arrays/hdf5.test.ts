// HDF5 files that h5py wrote, and real ones of single-cell data: each array is, byte for byte, what h5py
// reads.
import { createHash } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OpenedArrays } from '../../../src/formats/arrays/array-file.js';
import { readHdf5 } from '../../../src/formats/arrays/hdf5.js';
import { openArrayFile } from '../../../src/formats/arrays/open.js';
import { type ReadArray, readAll, temporaryFolder, withArrays } from '../../support/array-files.js';
import { dataPath } from '../../support/data.js';
import { failure } from '../../support/failure.js';
import { expectedArrays, hdf5File } from '../../support/hdf5-files.js';

const folder = temporaryFolder();

async function placed(name: string): Promise<string> {
  const file = path.join(folder.path, name);
  await writeFile(file, hdf5File(name));
  return file;
}

function summary(arrays: ReadonlyMap<string, ReadArray>): Record<string, unknown> {
  return Object.fromEntries(
    [...arrays].map(([name, { dtype, shape, bytes }]) => [
      name,
      [dtype, shape, createHash('sha256').update(bytes).digest('hex')],
    ]),
  );
}

function leftOf({ left }: OpenedArrays): Record<string, string> {
  return Object.fromEntries((left ?? []).map(({ array, why }) => [array, why]));
}

describe('files of h5py', () => {
  test.each(['old.h5', 'new.h5', 'userblock.h5', 'userblock-new.h5', 'nothing.h5'])(
    '%s has what h5py reads, whatever the pieces',
    async (name) => {
      const file = await placed(name);
      for (const step of [Infinity, 1, 3])
        expect(summary(await readAll(file, readHdf5, step))).toEqual(expectedArrays[name]);
    },
  );

  test.each(['lists-earliest.h5', 'lists-latest.h5'])(
    '%s has what h5py reads: thousands of chunks in each way to list them',
    async (name) => {
      const file = await placed(name);
      for (const step of [Infinity, 333])
        expect(summary(await readAll(file, readHdf5, step))).toEqual(expectedArrays[name]);
    },
  );

  test.each([
    ['many-old.h5', 'array-'],
    ['many-new.h5', 'array-with-quite-a-long-name-'],
  ])('%s has all of the 400 arrays of its group', async (name, prefix) => {
    const arrays = await readAll(await placed(name), readHdf5);
    expect(arrays.size).toBe(400);
    for (let i = 0; i < 400; i++) {
      const found = arrays.get(`${prefix}${String(i).padStart(4, '0')}`);
      expect(found).toMatchObject({ dtype: 'int16', shape: [2] });
      expect([found?.bytes.readInt16LE(0), found?.bytes.readInt16LE(2)]).toEqual([i, i + 1]);
    }
  });

  test('rows may be asked for in any order', async () => {
    await withArrays(await placed('new.h5'), readHdf5, async ({ arrays }) => {
      const array = arrays.find((one) => one.array === 'chunk/gzip');
      const whole = (await array?.read(0, 37)) ?? new Uint8Array();
      const rowBytes = whole.byteLength / 37;
      for (const [start, end] of [
        [30, 37],
        [0, 1],
        [6, 8],
        [5, 5],
        [13, 30],
      ] as const) {
        const rows = (await array?.read(start, end)) ?? new Uint8Array();
        expect(Buffer.from(rows).equals(whole.subarray(start * rowBytes, end * rowBytes))).toBe(true);
      }
    });
  });
});

describe('what is no array of numbers', () => {
  test.each(['old.h5', 'new.h5'])('is left out of %s, and said', async (name) => {
    await withArrays(await placed(name), readHdf5, ({ left, ...opened }) => {
      const why = leftOf({ ...opened, ...(left !== undefined && { left }) });
      expect(why['text']).toMatch(/texts of any length/);
      expect(why['fixed']).toMatch(/strings/);
      expect(why['rec']).toMatch(/records \(2 columns\)/);
      expect(why['ref']).toMatch(/references/);
      expect(why['enum']).toMatch(/an enum/);
      expect(why['null']).toMatch(/has no shape/);
      expect(why['so']).toMatch(/filter 6 \(scaleoffset\)/);
      expect(why['dangling']).toMatch(/leads to 'no', which is no array/);
      expect(Object.values(why).every((text) => text.includes(name))).toBe(true);
      return Promise.resolve();
    });
  });

  test.each(['old.h5', 'new.h5'])('nothing of another file is read by %s', async (name) => {
    await withArrays(await placed(name), readHdf5, ({ arrays, left, ...opened }) => {
      const why = leftOf({ ...opened, arrays, ...(left !== undefined && { left }) });
      // Both name /etc/passwd.
      expect(why['extl']).toMatch(/a link to another file, and those are not followed/);
      expect(why['extdata']).toMatch(/its numbers are in other files/);
      if (name === 'new.h5') expect(why['virt']).toMatch(/a virtual dataset of other files/);
      expect(arrays.filter(({ array }) => /^(ext|virt)/.test(array ?? ''))).toEqual([]);
      return Promise.resolve();
    });
  });

  test('is an error where there is nothing else', async () => {
    const error = await failure(readAll(await placed('none.h5'), readHdf5));
    expect(error.code).toBe('UnsupportedFormat');
    expect(error.message).toMatch(/none\.h5: holds no array of numbers: .*none\.h5: t: holds .*texts/);
  });
});

test('endings and the first bytes tell the format', async () => {
  for (const name of ['a.h5', 'a.hdf5', 'a.h5ad', 'a.hdf', 'without']) {
    const file = path.join(folder.path, name);
    await writeFile(file, hdf5File('many-old.h5'));
    const opened = await openArrayFile(file);
    expect([opened.format, opened.arrays.length, opened.left]).toEqual(['hdf5', 400, undefined]);
    await opened.close();
  }
});

test('an open file says what it left out', async () => {
  const opened = await openArrayFile(await placed('new.h5'));
  expect(opened.left?.find(({ array }) => array === 'rec')?.why).toMatch(/new\.h5: rec: holds records/);
  await opened.close();
});

const shared = [
  '10x_data__1.2.0__filtered_gene_bc_matrices_h5.h5',
  '10x_pbmc68k_reduced.h5ad',
  'kbet-sim.h5ad',
] as const;
const left: Readonly<Record<(typeof shared)[number], number>> = {
  '10x_data__1.2.0__filtered_gene_bc_matrices_h5.h5': 3,
  '10x_pbmc68k_reduced.h5ad': 14,
  'kbet-sim.h5ad': 3,
};

for (const name of shared) {
  const file = dataPath('hdf5', name);
  test.skipIf(file === undefined)(`${name} has what h5py reads`, async () => {
    const copy = path.join(folder.path, name);
    await copyFile(file ?? '', copy);
    for (const step of [Infinity, 100])
      expect(summary(await readAll(copy, readHdf5, step))).toEqual(expectedArrays[name]);
    await withArrays(copy, readHdf5, async (opened) => {
      expect((await Promise.resolve(opened)).left?.length).toBe(left[name]);
    });
  });
}
