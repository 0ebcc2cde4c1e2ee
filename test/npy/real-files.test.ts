// Files that NumPy wrote over the years, from the shared data: what can be stored is read to the last
// element, what cannot is refused by name.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Dtype, dtypes, isDtype } from '../../src/npy/dtype.js';
import { float16ToNumber } from '../../src/npy/float16.js';
import { dataPath } from '../support/data.js';
import { elementsOf, headerOf, refusalOf } from '../support/npy-file.js';

const folder = dataPath('npy');

function read(...parts: string[]): Uint8Array {
  return readFileSync(path.join(folder ?? '', ...parts));
}

function names(part: string): string[] {
  return folder === undefined
    ? []
    : readdirSync(path.join(folder, part)).filter((name) => name.endsWith('.npy'));
}

interface Readable {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly big?: boolean;
  readonly fortran?: boolean;
  readonly version?: '2.0' | '3.0';
  /** The first elements in stored order; bits for float16, parts for complex numbers. */
  readonly first?: readonly (number | bigint)[];
}

const readable: Readonly<Record<string, Readable>> = {
  dt_be_c16: {
    dtype: 'complex128',
    shape: [3, 4],
    big: true,
    first: [-58.77679524603903, 0, 8.003794626717038],
  },
  dt_be_c8: {
    dtype: 'complex64',
    shape: [3, 4],
    big: true,
    first: [-20.265117645263672, 0, 13.894142150878906],
  },
  dt_be_f2: { dtype: 'float16', shape: [3, 4], big: true, first: [-36.8125, -8.1484375, -24.109375] },
  dt_be_f4: { dtype: 'float32', shape: [3, 4], big: true, first: [-135.55812072753906, -94.4506607055664] },
  dt_be_f8: { dtype: 'float64', shape: [3, 4], big: true, first: [-25.700318584373143, -82.40375854278264] },
  dt_be_i2: { dtype: 'int16', shape: [3, 4], big: true, first: [29, 44, 16] },
  dt_be_i4: { dtype: 'int32', shape: [3, 4], big: true, first: [2, 13, -49] },
  dt_be_i8: { dtype: 'int64', shape: [3, 4], big: true, first: [-40n, 37n, 12n] },
  dt_be_u2: { dtype: 'uint16', shape: [3, 4], big: true, first: [44, 33, 65504] },
  dt_be_u4: { dtype: 'uint32', shape: [3, 4], big: true, first: [4294967290, 1, 4294967225] },
  dt_be_u8: { dtype: 'uint64', shape: [3, 4], big: true, first: [87n, 18446744073709551611n] },
  dt_bool: { dtype: 'bool', shape: [3, 5], first: [0, 1, 0] },
  dt_le_c16: { dtype: 'complex128', shape: [3, 4], first: [25.57682099588095, 0, -21.04285012744356] },
  dt_le_c8: { dtype: 'complex64', shape: [3, 4], first: [76.1968765258789, 0, -76.23429870605469] },
  dt_le_f2: { dtype: 'float16', shape: [3, 4], first: [17.28125, 41.09375, 16.515625] },
  shape_0d: { dtype: 'float32', shape: [], first: [3.5] },
  shape_2x3x4_F: { dtype: 'int32', shape: [2, 3, 4], fortran: true, first: [0, 12, 4] },
  shape_3x0: { dtype: 'int64', shape: [3, 0], first: [] },
  shape_be_F: { dtype: 'float32', shape: [2, 3], big: true, fortran: true, first: [0, 3, 1] },
  shape_empty_0x5: { dtype: 'float32', shape: [0, 5], first: [] },
  v2_plain_f4: { dtype: 'float32', shape: [6], version: '2.0', first: [0, 1, 2, 3, 4, 5] },
  v3_plain_f4: { dtype: 'float32', shape: [6], version: '3.0', first: [0, 1, 2, 3, 4, 5] },
};

const refused: Readonly<Record<string, string>> = {
  dt_M8ns: 'is a datetime dtype',
  dt_S5: 'is a bytes dtype',
  dt_U5_be: 'is a unicode dtype',
  dt_U5_le: 'is a unicode dtype',
  dt_V7: 'is a void dtype',
  dt_longdouble: 'is a long double dtype',
  dt_m8s: 'is a timedelta dtype',
  object_pickled: 'is an object dtype',
  struct_aligned: 'is a structured dtype',
  struct_nested: 'is a structured dtype',
  struct_v1: 'is a structured dtype',
  struct_v2_70kB_header: 'only structured dtypes need so many',
  struct_v3_utf8: 'is a structured dtype',
};

describe.skipIf(folder === undefined)('files made with NumPy', () => {
  test('are all expected by name', () => {
    const expected = [...Object.keys(readable), ...Object.keys(refused)].map((name) => `${name}.npy`);
    expect(names('made-with-numpy').sort()).toEqual(expected.sort());
  });

  test.each(Object.entries(readable))('%s is read to its elements', (name, expected) => {
    const file = read('made-with-numpy', `${name}.npy`);
    const { dtype, shape, big, fortran, version, first = [] } = expected;
    expect(headerOf(file)).toMatchObject({
      version: version ?? '1.0',
      dtype,
      shape,
      byteOrder: big === true ? 'big' : 'little',
      fortranOrder: fortran === true,
      dataOffset: 128,
    });
    const elements = [...elementsOf(file)].slice(0, first.length);
    expect(dtype === 'float16' ? elements.map((bits) => float16ToNumber(Number(bits))) : elements).toEqual(
      first,
    );
  });

  test.each(Object.entries(refused))('%s is refused: it %s', (name, why) => {
    const error = refusalOf(read('made-with-numpy', `${name}.npy`));
    expect(error).toMatchObject({
      code: 'UnsupportedFormat',
      message: expect.stringContaining(why) as string,
      hint: expect.stringMatching(/NumPy/) as string,
    });
  });
});

describe.skipIf(folder === undefined)('files of the npyio collection', () => {
  const shapes: Readonly<Record<string, readonly number[]>> = {
    scalar: [],
    '1x1': [1, 1],
    '2x3': [2, 3],
    '6x1': [6, 1],
    '2x3x4': [2, 3, 4],
  };
  const arrays = names('npyio').filter((name) => name.startsWith('data_'));

  test('are 81 arrays and three others', () => {
    expect([arrays.length, names('npyio').length - arrays.length]).toEqual([81, 3]);
  });

  test.each(arrays)('%s is read to its elements', (name) => {
    const file = read('npyio', name);
    const [, dtype = '', dims = '', order] = /^data_(\w+?)_(\w+?)_([cf])order/.exec(name) ?? [];
    const shape = shapes[dims] ?? [];
    expect(isDtype(dtype)).toBe(true);
    const header = headerOf(file);
    expect(header).toMatchObject({
      dtype,
      shape,
      fortranOrder: order === 'f' && shape.some((dimension) => dimension > 1),
    });
    const elements = [...elementsOf(file)].map(Number);
    expect(elements).toEqual(elements.length === 1 ? [42] : elements.map((_, index) => index));
  });

  test('their companions in text say the same', () => {
    const texts = readdirSync(path.join(folder ?? '', 'npyio')).filter((name) =>
      /^data.*npy.txt$/.test(name),
    );
    const said = texts.map((name) => {
      const text = new TextDecoder().decode(read('npyio', name));
      const [, descr, fortran, shape] = /Type:(\S+), Fortran:(\w+), Shape:\[([\d ]*)\]/.exec(text) ?? [];
      return { descr, fortran, shape, data: /data = \[(.*)\]/.exec(text)?.[1] };
    });
    const seen = texts.map((name) => {
      const file = read('npyio', name.replace(/\.txt$/, ''));
      const header = headerOf(file);
      return {
        descr: dtypes[header.dtype].descr,
        fortran: String(header.fortranOrder),
        shape: header.shape.join(' '),
        data: elementsOf(file).join(' '),
      };
    });
    expect(seen).toEqual(said);
    expect(texts).toHaveLength(3);
  });

  test('NaN and infinities come back', () => {
    expect([...elementsOf(read('npyio', 'nans_inf.npy'))]).toEqual([NaN, -Infinity, 0, Infinity]);
  });

  test.each(['ragged-array.npy', 'ragged-array-mixed.npy'])(
    '%s is refused: its elements are objects',
    (name) => {
      expect(refusalOf(read('npyio', name))).toMatchObject({
        code: 'UnsupportedFormat',
        message: expect.stringContaining('is an object dtype') as string,
      });
    },
  );

  test.each(['data_float64_corder.npz', 'data_float64_forder.npz'])('%s is refused as an archive', (name) => {
    expect(refusalOf(read('npyio', name))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining('which is a zip (.npz or .pt) file') as string,
      hint: 'A .npz holds several arrays: unzip it, each member is a .npy file.',
    });
  });
});
