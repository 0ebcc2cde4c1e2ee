// CSV and TSV as arrays: what NumPy and pandas write, what is read as what, what is refused where, and text
// that comes back to the byte.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReadArraysOptions } from '../../../src/formats/arrays/array-file.js';
import { openArrayFile, writeArrayFile } from '../../../src/index.js';
import { type Dtype, dtypeNames, dtypes, viewAs } from '../../../src/npy/dtype.js';
import { float16ToNumber, numberToFloat16 } from '../../../src/npy/float16.js';
import { rowBytesOf } from '../../../src/arrays/row-type.js';
import { lent } from '../../../src/formats/arrays/columns.js';
import { readCsv } from '../../../src/formats/arrays/text.js';
import { openAccess, type RandomAccess } from '../../../src/formats/random-access.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder } from '../attributes/files.js';
import { arrayOf, bytesOfPieces, noise } from './column-files.js';

const folder = inFolder();
const python = await pythonWithNumpy();

interface Read {
  readonly dtype: Dtype;
  readonly rowShape: readonly number[];
  readonly rows: number;
  readonly numbers: readonly (number | bigint)[];
}

async function readFrom(file: string, options: ReadArraysOptions = {}, piece = 1000): Promise<Read> {
  const opened = await openArrayFile(file, options);
  try {
    const [array] = opened.arrays;
    if (array === undefined) throw new Error('there is an array');
    const { dtype, rowShape } = array.type;
    const numbers: (number | bigint)[] = [];
    for (let row = 0; row < array.rows; row += piece) {
      const bytes = await array.read(row, Math.min(array.rows, row + piece));
      for (const number of viewAs(dtype, bytes)) numbers.push(number);
    }
    return { dtype, rowShape, rows: array.rows, numbers };
  } finally {
    await opened.close();
  }
}

async function reading(
  text: string | Uint8Array,
  options: ReadArraysOptions = {},
  name = 'a.csv',
): Promise<Read> {
  return readFrom(await folder.write(name, text), options);
}

async function numbers(text: string, options: ReadArraysOptions = {}, name = 'a.csv'): Promise<unknown> {
  return (await reading(text, options, name)).numbers;
}

describe('text of numbers', () => {
  test('is an array of rows and columns, and of one axis where a line has one field', async () => {
    expect(await reading('1,2,3\n4,5,6\n')).toEqual({
      dtype: 'float64',
      rowShape: [3],
      rows: 2,
      numbers: [1, 2, 3, 4, 5, 6],
    });
    expect(await reading('1.5\n-2\n')).toMatchObject({ rowShape: [], rows: 2, numbers: [1.5, -2] });
  });

  test.each([
    ['no line end behind the last row', '1,2\n3,4'],
    ['CRLF', '1,2\r\n3,4\r\n'],
    ['CR alone', '1,2\r3,4\r'],
    ['CR, and no line end behind the last row', '1,2\r3,4'],
    ['a byte order mark', '\uFEFF1,2\n3,4\n'],
    ['quotes', '"1","2"\n3,"4"\n'],
    ['spaces around numbers', ' 1 , 2\n3 ,\t4 \n'],
    ['semicolons', '1;2\n3;4\n'],
    ['tabs', '1\t2\n3\t4\n'],
    ['a line of names', 'x,y\n1,2\n3,4\n'],
    ['a line of names in quotes', '"x, or so";"a ""b"""\n1;2\n3;4\n'],
    ['one name among numbers', '0,y\n1,2\n3,4\n'],
    ['comments, as np.savetxt writes them', '# header\n# of two\n1,2\n# between\n3,4\n# footer\n'],
    ['empty lines at the ends', '\n \n1,2\n3,4\n\n\r\n  \n'],
    ['exponents and signs', '+1e0,0.2E+1\n30e-1,.4e1\n'],
    ['points at the ends', '1.,2.\n3.,4.0\n'],
    ['more digits than a number has', '1.0000000000000000000000000000000000,2\n3,4.00000000000000000000\n'],
  ])('may have %s', async (_, text) => {
    expect(await reading(text)).toMatchObject({ rowShape: [2], rows: 2, numbers: [1, 2, 3, 4] });
  });

  test('has NaN and infinity as words, and NaN for an empty field', async () => {
    const text = 'nan,NaN,NA,-nan,\ninf,-inf,+Inf,Infinity,-INFINITY\n,"",1,2, \n';
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const expected = [nan, nan, nan, nan, nan, inf, -inf, inf, inf, -inf, nan, nan, 1, 2, nan];
    expect(await numbers(text)).toEqual(expected);
    expect(await numbers(text, { dtype: 'float32' })).toEqual(expected);
  });

  test('has tabs alone where its name ends in .tsv', async () => {
    expect(await reading('1\t2\n3\t4\n', {}, 'a.tsv')).toMatchObject({ rowShape: [2] });
    const error = await failure(reading('1,2\n3,4\n', { header: false }, 'a.tsv'));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { line: 1, field: 1 } });
  });

  test('keeps the sign of zero, and numbers at the ends of float64', async () => {
    const text = '-0,-0.0,5e-324,1.7976931348623157e308,2.2250738585072011e-308,1e-400\n';
    const found = await numbers(text);
    expect(found).toEqual([-0, -0, 5e-324, Number.MAX_VALUE, Number('2.2250738585072011e-308'), 0]);
  });

  test('of names alone has no rows, and header says what the first line is', async () => {
    expect(await reading('a,b\n')).toMatchObject({ rowShape: [2], rows: 0, numbers: [] });
    expect(await reading('0,1\n2,3\n', { header: true })).toMatchObject({ rows: 1, numbers: [2, 3] });
    expect(await numbers('0,1\n2.5,3\n', { header: false })).toEqual([0, 1, 2.5, 3]);
    expect(await numbers('0,1,2\n3,4,5\n')).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test.each([
    ['float16', '1.5,65504,-0.1,6e-8,NaN', [1.5, 65504, -0.0999755859375, 5.960464477539063e-8, Number.NaN]],
    ['float32', '0.1,16777217,3.4e38', [Math.fround(0.1), 16777216, Math.fround(3.4e38)]],
    ['int8', '-128,127,3.0,1e1', [-128, 127, 3, 10]],
    ['uint8', '0,255,+7', [0, 255, 7]],
    ['int32', '-2147483648,2147483647', [-(2 ** 31), 2 ** 31 - 1]],
    ['uint32', '4294967295', [2 ** 32 - 1]],
    ['int64', '-9223372036854775808,9223372036854775807,-5,4503599627370496', undefined],
    ['uint64', '18446744073709551615,9007199254740993,0', undefined],
    ['bool', '0,1,true,False', [0, 1, 1, 0]],
    ['<i2', '-300', [-300]],
  ])('is read as %s, which holds each number', async (dtype, text, expected) => {
    const read = await reading(`${text}\n`, { dtype });
    const wanted = expected ?? text.split(',').map(BigInt);
    const found =
      dtype === 'float16' ? read.numbers.map((bits) => float16ToNumber(Number(bits))) : read.numbers;
    expect(found).toEqual(wanted);
  });

  test('is rounded to float32 once, from the text', async () => {
    // Between two of float32, but for what float64 does not see.
    const middle = '1.00000005960464477539062';
    const found = await numbers(`${middle}4,${middle}5,${middle}6\n`, { dtype: 'float32' });
    expect(found).toEqual([1, 1, 1 + 2 ** -23]);
  });

  test('is the nearest number, whatever its digits are', async () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{0,24}$/);
    const number = fc
      .tuple(digits, fc.nat(30), fc.integer({ min: -330, max: 330 }), fc.boolean())
      .map(([all, at, power, isNegative]) => {
        const place = Math.min(at, all.length);
        const text = `${all.slice(0, place) || '0'}.${all.slice(place)}`;
        return `${isNegative ? '-' : ''}${text}${power % 3 === 0 ? '' : `e${power}`}`;
      })
      .filter((text) => Number.isFinite(Number(text)));
    const any = fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value.toExponential(17));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(number, any), { minLength: 1, maxLength: 200 }), async (texts) => {
        const found = await numbers(`${texts.join('\n')}\n`);
        expect(found).toEqual(texts.map(Number));
      }),
      { numRuns: 100 },
    );
  });
});

const long = '1'.repeat(10 * 2 ** 20);
const pad = '1,2\n'.repeat(1000);

describe('text that is refused', () => {
  test.each<readonly [string, string | Uint8Array, ReadArraysOptions, object, string]>([
    ['an empty file', '', {}, {}, 'has no lines'],
    ['comments alone', '# a\n\n', {}, {}, 'has no lines'],
    [
      'a row that is short',
      `${pad}1\n1,2\n`,
      {},
      { line: 1001, field: 1 },
      'has 1 field, and the first row 2',
    ],
    ['a row that is long', '1,2\n1,2,3,4\n', {}, { line: 2, field: 3 }, 'has 4 fields, and the first row 2'],
    ['a row shorter than the names', 'a,b\n1\n', {}, { line: 2 }, 'and the line of names 2'],
    ['a word between numbers', '1,2\n3,x\n', {}, { line: 2, field: 2 }, "'x' is no number"],
    ['its column by name', 'a,b\n3,x\n', {}, { line: 2, field: 2, column: 'b' }, "field 2 ('b'): 'x'"],
    ['a number with more behind it', '1,2\n3,4x\n', {}, { line: 2, field: 2 }, "'4x' is no number"],
    ['two numbers in a field', '1,2\n3,4 5\n', {}, { line: 2, field: 2 }, "'4 5' is no number"],
    ['decimal commas', '1.5;2\n1,5;2\n', {}, { line: 2, field: 1 }, "'1,5' is no number"],
    ['a sign alone', '1,-\n', { header: false }, { line: 1, field: 2 }, "'-' is no number"],
    ['a point alone', '1,.\n', { header: false }, { line: 1, field: 2 }, "'.' is no number"],
    ['an exponent alone', '1,1e\n', { header: false }, { line: 1, field: 2 }, "'1e' is no number"],
    ['hexadecimal', '1,0x10\n', { header: false }, { line: 1, field: 2 }, "'0x10' is no number"],
    ['a quote that is not closed', '1,2\n"3,4\n5,6\n', {}, { line: 2, field: 1 }, 'not closed'],
    ['one in the first line', '"1,2\n3,4\n', {}, { line: 1, field: 1 }, 'not closed'],
    ['text behind a quote', '1,2\n"3"0,4\n', {}, { line: 2, field: 1 }, 'behind the quote'],
    ['a NUL', '1,2\n3,\0\n', {}, { line: 2 }, 'NUL'],
    ['UTF-16', Buffer.from('\uFEFF1,2\n', 'utf16le'), {}, { line: 1 }, 'UTF-16'],
    ['a field of 10 MB', `1,2\n${long},1\n`, {}, { line: 2, field: 1 }, 'longer than 4096 bytes'],
    ['a first field of 10 MB', `${long},1\n`, {}, { line: 1, field: 1 }, 'longer than 4096 bytes'],
    ['a line without an end', '1'.repeat(33 * 2 ** 20), {}, { line: 1 }, 'longer than 32 MiB'],
    ['an empty line between rows', '1,2\n\n3,4\n', {}, { line: 2 }, 'is empty, and rows follow'],
    ['spaces between numbers', '1.5 2.5\n3 4\n', {}, { line: 2 }, 'spaces between them'],
    ['columns that are counted', '0,1\n0.5,2\n', {}, { line: 1 }, 'counts the columns'],
    ['columns that are counted, and an index', ',0,1\n0,5,2\n', {}, { line: 1 }, 'counts the columns'],
    ['bools without being asked', '1,2\n3,true\n', {}, { line: 2, field: 2 }, "'true' is no float64"],
    ['beyond float64', '1e309\n', {}, { line: 1, field: 1 }, "'1e309' is beyond float64"],
    ['whole numbers that are rounded', '9007199254740993\n', {}, { line: 1 }, 'float64 does not hold'],
    ['beyond float32', '1\n-3.5e38\n', { dtype: 'float32' }, { line: 2, field: 1 }, 'beyond float32'],
    ['beyond float16', '65520\n', { dtype: 'float16' }, { line: 1, field: 1 }, 'beyond float16'],
    ['beyond int8', '1,128\n', { dtype: 'int8' }, { line: 1, field: 2 }, "'128' is beyond int8"],
    ['a minus before uint64', '-1\n', { dtype: 'uint64' }, { line: 1, field: 1 }, 'beyond uint64'],
    ['beyond int64', '9223372036854775808\n', { dtype: 'int64' }, { line: 1 }, 'beyond int64'],
    ['a power beyond int64', '1e99999\n', { dtype: 'int64' }, { line: 1 }, 'beyond int64'],
    ['a fraction of int64', '1.5\n', { dtype: 'int64' }, { line: 1 }, 'no whole number'],
    ['NaN of int64', '1\nnan\n', { dtype: 'int64' }, { line: 2 }, "'nan' is no int64"],
    ['an empty field of int32', '1,\n', { dtype: 'int32' }, { line: 1, field: 2 }, 'is empty'],
    ['2 as a bool', '2\n', { dtype: 'bool' }, { line: 1, field: 1 }, "'2' is no bool"],
  ])('%s', async (_, text, options, place, what) => {
    const file = await folder.write('bad.csv', text);
    const error = await failure(readFrom(file, options));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { file, ...place } });
    expect(error.message).toContain(file);
    expect(error.message).toContain(what);
    expect(error.hint).toBeDefined();
  });

  test('whole numbers are rounded for whoever asks for float64', async () => {
    expect(await numbers('9007199254740993\n', { dtype: 'float64' })).toEqual([9007199254740992]);
  });

  test('a dtype that there is not, and one that no text is', async () => {
    const file = await folder.write('a.csv', '1\n');
    for (const dtype of ['complex64', 'float8', 'O', '']) {
      const error = await failure(openArrayFile(file, { dtype }));
      expect([dtype, error.code]).toEqual([dtype, 'InvalidArgument']);
    }
    const other = await failure(openArrayFile(file, { rowShape: [1] }));
    expect(other.message).toContain('the option rowShape says nothing of csv files');
  });

  test('damage is refused by line, or read, and nothing else', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${i / 7},"${i * 1e20}"`);
    const whole = Buffer.from(`# c\nx,y,z\n${rows.join('\n')}\n`);
    const seed = Math.floor(Math.random() * 2 ** 31);
    for (let i = 0; i < 300; i++) {
      const random = new Uint32Array(noise(seed + i, 64).buffer);
      const below = (at: number, most: number): number => (random[at] ?? 0) % most;
      const bytes = i % 4 === 0 ? whole.subarray(0, below(0, whole.length)) : Buffer.from(whole);
      if (i % 4 !== 0) bytes[below(1, bytes.length)] = [0, 10, 13, 34, 44, 46, 101, 200][below(2, 8)] ?? 0;
      const file = await folder.write('damaged.csv', bytes);
      const error: unknown = await readFrom(file).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      expect(error, `seed ${seed}, ${i}`).toMatchObject({ code: 'InvalidArgument', context: { file } });
    }
  });
});

describe('a text of many rows', () => {
  const rows = 400_000;
  let file: string;

  beforeAll(async () => {
    const lines = Array.from(
      { length: rows },
      (_, i) => (i % 1000 === 7 ? `# ${i}\n` : '') + `${i},"${i}.5",${-i}`,
    );
    file = await folder.write('many.csv', `a,b,c\r\n${lines.join('\r\n')}`);
  });

  test('is read in any order, also side by side', async () => {
    const opened = await openArrayFile(file);
    const [array] = opened.arrays;
    if (array === undefined) throw new Error('there is an array');
    expect(array).toMatchObject({ rows, type: { rowShape: [3] } });
    const places = [
      [399_990, 400_000],
      [0, 3],
      [150_000, 300_000],
      [300_000, 300_001],
      [7, 7],
      [149_999, 150_001],
      [0, 400_000],
    ] as const;
    const check = async ([start, end]: readonly [number, number]): Promise<void> => {
      const found = viewAs('float64', await array.read(start, end));
      expect(found.length).toBe(3 * (end - start));
      for (let i = 0; i < end - start; i++) {
        const row = start + i;
        const isRight = found[3 * i] === row && found[3 * i + 1] === row + 0.5 && found[3 * i + 2] === -row;
        if (!isRight) throw new Error(`row ${row}: ${found.subarray(3 * i, 3 * i + 3).join()}`);
      }
    };
    for (const place of places) await check(place);
    await Promise.all(places.map(check));
    await opened.close();
  });

  test('names the line far within', async () => {
    const text = await readFile(file, 'latin1');
    const bad = await folder.write('bad-many.csv', text.replace('"350000.5"', '"350000,5"'));
    const error = await failure(readFrom(bad, {}, 100_000));
    // One line of names, 350 comments, and lines are counted from 1 on.
    expect(error).toMatchObject({ context: { line: 350_000 + 2 + 350, field: 2, column: 'b' } });
  });

  test('is read some MiB at once, whatever is asked for', async () => {
    const access = await openAccess(file);
    const lengths: number[] = [];
    const spied: RandomAccess = {
      ...lent(access),
      read: (position, length, options) => {
        lengths.push(length);
        return access.read(position, length, options);
      },
    };
    const [array] = (await readCsv(spied, {})).arrays;
    await array?.read(0, rows);
    await array?.read(rows - 1, rows);
    expect(Math.max(...lengths)).toBe(4 * 2 ** 20);
    // Twice, but for the beginnings of lines, and the last block once more.
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(2.6 * access.sizeBytes);
    await access.close();
  });

  test('stops when nobody wants it any more', async () => {
    const signal = AbortSignal.abort();
    expect((await failure(openArrayFile(file, { signal }))).code).toBe('Aborted');
    const opened = await openArrayFile(file);
    expect((await failure(opened.arrays[0]?.read(0, 10, { signal }) ?? Promise.resolve())).code).toBe(
      'Aborted',
    );
    await opened.close();
  });
});

describe('text that is written', () => {
  const written = async (
    dtype: Dtype,
    rowShape: readonly number[],
    data: ArrayBufferView & { readonly length: number },
    name = 'out.csv',
  ): Promise<string> => {
    const rows = data.length / rowShape.reduce((product, length) => product * length, 1);
    const type = { dtype, rowShape, scalar: false };
    await writeArrayFile(folder.path(name), [{ array: 'a', type, rows, pieces: () => [data] }]);
    return readFile(folder.path(name), 'utf8');
  };

  test('has a line for a row, and the shortest text for a number', async () => {
    const doubles = Float64Array.of(0, -0, 0.1, 1e21, 1e-7, 5e-324, NaN, -Infinity);
    expect(await written('float64', [4], doubles)).toBe('0.0,-0.0,0.1,1e+21\n1e-7,5e-324,nan,-inf\n');
    const singles = Float32Array.of(0.1, 16777216, 1e-45, 3.4028234663852886e38, 1 / 3, 1e10);
    expect(await written('float32', [3], singles, 'out.tsv')).toBe(
      '0.1\t16777216.0\t1e-45\n3.4028235e+38\t0.33333334\t10000000000.0\n',
    );
    const halves = Uint16Array.from([0.1, 1 / 3, 65504, 6e-8], numberToFloat16);
    expect(await written('float16', [], halves)).toBe('0.1\n0.3333\n65500.0\n6e-8\n');
    expect(await written('bool', [2], Uint8Array.of(0, 1))).toBe('0,1\n');
    expect(await written('int64', [2], BigInt64Array.of(-(2n ** 63n), 5n))).toBe('-9223372036854775808,5\n');
    expect(await written('uint8', [1], Uint8Array.of(1, 255))).toBe('1\n255\n');
  });

  test('is read as the same bytes, of every dtype', async () => {
    const some = fc.record({
      dtype: fc.constantFrom(...dtypeNames.filter((name) => !name.startsWith('complex'))),
      rowShape: fc.oneof(fc.constant([]), fc.tuple(fc.integer({ min: 2, max: 5 }))),
      rows: fc.integer({ min: 1, max: 40 }),
      seed: fc.nat(),
      ending: fc.constantFrom('csv', 'tsv'),
    });
    await fc.assert(
      fc.asyncProperty(some, async ({ dtype, rowShape, rows, seed, ending }) => {
        const type = { dtype, rowShape, scalar: false };
        const bytes = noise(seed, rows * rowBytesOf(type)).map((byte) =>
          dtype === 'bool' ? byte & 1 : byte,
        );
        // Of NaN a text keeps that it is one.
        if (dtypes[dtype].kind === 'float')
          for (let i = 1; i < bytes.length; i += 2) bytes[i] = (bytes[i] ?? 0) & 0xbb;
        const array = arrayOf('a', type, rows, bytes, 7);
        const file = folder.path(`round.${ending}`);
        await writeArrayFile(file, [array]);
        const opened = await openArrayFile(file, { dtype });
        expect(opened.arrays[0]).toMatchObject({ rows, type });
        expect(await opened.arrays[0]?.read(0, rows)).toEqual(bytesOfPieces(array));
        await opened.close();
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['complex numbers', 'complex64', [2], 1, false, 'CSV has no complex64'],
    ['rows of two axes', 'int8', [2, 2], 1, false, 'one axis or two, not 3'],
    ['a 0-d array', 'int8', [], 1, true, 'one axis or two, not 0'],
    ['no rows', 'int8', [2], 0, false, 'it has no rows'],
    ['no columns', 'int8', [0], 2, false, 'it has no columns'],
  ] as const)('is refused: %s', async (_, dtype, rowShape, rows, scalar, what) => {
    const type = { dtype, rowShape, scalar };
    const array = arrayOf('a', type, rows, new Uint8Array(rows * rowBytesOf(type)));
    const error = await failure(writeArrayFile(folder.path('no.csv'), [array]));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { array: 'a' } });
    expect(error.message).toContain(what);
    const two = await failure(writeArrayFile(folder.path('no.csv'), [array, array]));
    expect(two.message).toBe('a CSV file holds one array, not 2');
  });
});

describe.skipIf(python === undefined)('beside NumPy', () => {
  const script = `
import os, sys
import numpy as np
os.chdir(sys.argv[1])
x = np.random.default_rng(5).standard_normal((500, 7))
x[0, 0], x[1, 1], x[2, 2] = np.nan, np.inf, -np.inf
np.save('x.npy', x)
np.savetxt('savetxt.csv', x, delimiter=',', header='a,b', footer='end')
np.savetxt('repr.csv', x, delimiter=';', fmt='%r' if np.__version__ < '2' else '%s')
np.savetxt('ints.csv', np.arange(20).reshape(5, 4) * 10**15, delimiter=',')
np.savetxt('f32.csv', x.astype(np.float32), delimiter=',', fmt='%s')
`;

  beforeAll(async () => {
    await runPython(script, [folder.path('')]);
  }, 120_000);

  test.each(['savetxt', 'repr'])('%s is read as the same numbers', async (name) => {
    const npy = await openArrayFile(folder.path('x.npy'));
    const expected = viewAs('float64', (await npy.arrays[0]?.read(0, 500)) ?? new Uint8Array(0));
    const read = await readFrom(folder.path(`${name}.csv`));
    expect(read).toEqual({ dtype: 'float64', rowShape: [7], rows: 500, numbers: [...expected] });
    const single = await readFrom(folder.path('f32.csv'), { dtype: 'float32' });
    expect(single.numbers).toEqual([...Float32Array.from(expected)]);
    await npy.close();
  });

  test('integers that np.savetxt writes with exponents are read as int64', async () => {
    const { numbers: found } = await readFrom(folder.path('ints.csv'), { dtype: 'int64' });
    expect(found).toEqual(Array.from({ length: 20 }, (_, i) => BigInt(i) * 10n ** 15n));
  });

  test('np.loadtxt reads what is written as the same numbers', async () => {
    const singles = new Float32Array(noise(3, 4000).buffer).map((value) => (Number.isNaN(value) ? 1 : value));
    const file = folder.path('ours.csv');
    const type = { dtype: 'float32', rowShape: [10], scalar: false } as const;
    await writeArrayFile(file, [{ array: 'a', type, rows: 100, pieces: () => [singles] }]);
    const read =
      "import sys, numpy as np; a = np.loadtxt(sys.argv[1], delimiter=',', dtype=np.float32); sys.stdout.buffer.write(a.tobytes())";
    const bytes = await runPython(read, [file]);
    expect(new Uint8Array(bytes)).toEqual(new Uint8Array(singles.buffer));
  });
});
