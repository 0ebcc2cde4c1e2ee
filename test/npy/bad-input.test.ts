// Files that are wrong, or look wrong: each is refused with a code and a message that say what, where and
// what was expected, or is read as it is meant.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { viewAs } from '../../src/npy/dtype.js';
import { dict, headerOf, magic, npyFile, refusalOf } from '../support/npy-file.js';

const floats = (shape: string): string => dict("'<f4'", 'False', shape);

describe('before the header', () => {
  test('1: an empty file', () => {
    expect(refusalOf(new Uint8Array(0))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the file is empty, expected a .npy header',
    });
  });

  test('2: a file of the magic alone', () => {
    expect(refusalOf(magic)).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the file ends after 6 bytes, expected 8 before the header',
      hint: 'The file is cut: make it again.',
    });
  });

  test('3: a wrong magic', () => {
    const file = npyFile({ header: floats('(1,)'), data: 4 });
    file[1] = 0x6e;
    expect(refusalOf(file)).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: this is no .npy file: it begins with "\\x93nUMPY\\x01\\x00"',
      hint: 'Save the array with np.save.',
    });
  });

  test('4: version 9.9', () => {
    expect(refusalOf(npyFile({ version: [9, 9], header: floats('(1,)'), data: 4 }))).toMatchObject({
      code: 'UnsupportedFormat',
      message: 'x.npy: the file has version 9.9 of the .npy format at byte 6; 1.0, 2.0 and 3.0 are read',
      hint: 'Save the array again with np.save.',
    });
  });

  test('5: a header length of 0', () => {
    expect(refusalOf(npyFile({ header: '', data: 118 }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the header length at byte 8 is 0, expected a dict and a newline',
    });
  });

  test('6: a header length of 0xFFFFFFFF in a file of 136 bytes', () => {
    const file = npyFile({ version: [2, 0], header: ' '.repeat(124), headerLength: 0xffffffff });
    expect(file.byteLength).toBe(136);
    expect(refusalOf(file)).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the header length at byte 8 is 4294967295, but the file ends 124 bytes after it',
      hint: 'The file is cut or damaged: make it again.',
    });
  });

  test('35: a gzip file under the name of a .npy file', () => {
    expect(refusalOf(gzipSync(npyFile({ header: floats('(1,)'), data: 4 })))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(
        /^x\.npy: this is no \.npy file: it begins with "\\x1f\\x8b.*", which is a gzip file$/,
      ) as string,
      hint: 'Unpack it first: gunzip --stdout FILE > FILE.npy',
    });
  });
});

describe('the text of the header', () => {
  test('7: bytes that are not ASCII, and in version 3.0 not UTF-8', () => {
    const header = dict("'<f4\xff'", 'False', '(1,)');
    expect(refusalOf(npyFile({ header, data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the dtype "<f4\\xff" at byte 20 is none that NumPy has',
    });
    expect(refusalOf(npyFile({ version: [3, 0], header, data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: the header is not UTF-8, as version 3.0 asks for: ' +
        `"{'descr': '<f4\\xff', 'fortran_order': False, 'shape': (1,), }                …"`,
    });
    expect(refusalOf(npyFile({ header: '\xe9'.repeat(117) + '\n' }))).toMatchObject({
      code: 'InvalidArgument',
      message: `x.npy: expected the dict of the header, "{" at byte 10, found "${'\\xe9'.repeat(19)}…"`,
    });
  });

  test('8: a header without its newline', () => {
    expect(refusalOf(npyFile({ header: floats('(1,)').replace('\n', ' '), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: `x.npy: the header does not end with a newline at byte 127, found "${' '.repeat(20)}"`,
    });
  });

  test('8: a header without padding is read, as NumPy 1.9 to 1.13 wrote such of version 2.0', () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n";
    expect(headerOf(npyFile({ version: [2, 0], header, data: 4 }))).toMatchObject({
      dataOffset: 12 + header.length,
      shape: [1],
    });
  });

  test('9: ten million opening brackets', () => {
    expect(refusalOf(npyFile({ version: [2, 0], header: '('.repeat(10_000_000) }))).toMatchObject({
      code: 'UnsupportedFormat',
      message:
        'x.npy: the header has 10000000 bytes, at most 65536 are read; only structured dtypes need so many',
      hint: "Save each field on its own in NumPy, such as np.save('x.npy', a['x']).",
    });
    expect(refusalOf(npyFile({ version: [2, 0], header: `${'('.repeat(65_535)}\n` }))).toMatchObject({
      code: 'InvalidArgument',
      message: `x.npy: expected the dict of the header, "{" at byte 12, found "${'('.repeat(77)}…"`,
    });
  });

  test('10: tuples nested 10,000 deep', () => {
    const nested = '('.repeat(10_000) + ')'.repeat(10_000);
    expect(refusalOf(npyFile({ header: floats(nested) }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: expected an integer that is not negative in shape at byte 61, ' +
        `found "${'('.repeat(77)}…"`,
    });
    expect(refusalOf(npyFile({ header: dict(nested, 'False', '(1,)') }))).toMatchObject({
      code: 'UnsupportedFormat',
    });
  });

  test('11: a dict with one key more', () => {
    const header = dict("'<f4', 'metadata': 'x'", 'False', '(1,)');
    expect(refusalOf(npyFile({ header, data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: the header has the unknown key "metadata" at byte 27, expected descr, fortran_order, shape',
    });
    for (const name of ['__proto__', 'constructor', ''])
      expect(
        refusalOf(npyFile({ header: dict(`'<f4', '${name}': 1`, 'False', '(1,)'), data: 4 })),
      ).toMatchObject({
        code: 'InvalidArgument',
        message: `x.npy: the header has the unknown key "${name}" at byte 27, expected descr, fortran_order, shape`,
      });
  });

  test('12: the key shape twice', () => {
    expect(refusalOf(npyFile({ header: floats("(1,), 'shape': (1,)"), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the header has the key "shape" again at byte 66',
    });
  });

  test('13: no descr', () => {
    const header = "{'fortran_order': False, 'shape': (1,), }\n";
    expect(refusalOf(npyFile({ header, data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: "x.npy: the header \"{'fortran_order': False, 'shape': (1,), }\\n\" lacks the key descr",
    });
    expect(refusalOf(npyFile({ header: '{}\n' }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the header "{}\\n" lacks the key descr and the key fortran_order and the key shape',
    });
  });

  test('31: a call of Python in place of the dict, and inside it', () => {
    expect(refusalOf(npyFile({ header: "__import__('os').system('id')\n" }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: expected the dict of the header, "{" at byte 10, found "__import__(\'os\').system(\'id\')"',
    });
    expect(refusalOf(npyFile({ header: floats("__import__('os')") }))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining(
        'expected a tuple for shape, such as "(3, 4)", at byte 60, found "__import__(\'os\')',
      ) as string,
    });
  });
});

describe('the dtype', () => {
  test("14: '|O' with a pickle behind it", () => {
    const pickle = Buffer.from('cos\nsystem\n(S"id"\ntR.');
    expect(refusalOf(npyFile({ header: dict("'|O'", 'False', '(1,)'), data: pickle }))).toMatchObject({
      code: 'UnsupportedFormat',
      message:
        'x.npy: the dtype "|O" at byte 20 is an object dtype, which is not stored ' +
        '(bool, integers, floats and complex numbers are)',
      hint: 'Convert it in NumPy to numbers of one type, such as a.astype(np.float32), and save that.',
    });
  });

  test('15: a structured dtype', () => {
    const header = dict("[('x', '<f4'), ('y', '<i8')]", 'False', '(2,)');
    expect(refusalOf(npyFile({ header, data: 24 }))).toMatchObject({
      code: 'UnsupportedFormat',
      message:
        `x.npy: the dtype "[('x', '<f4'), ('y', '<i8')], 'fortran_order': False, 'shape': (2,), }" at byte 20 ` +
        'is a structured dtype, which is not stored (bool, integers, floats and complex numbers are)',
      hint: "Save each field on its own in NumPy, such as np.save('x.npy', a['x']).",
    });
  });

  test("16: '>f4' is read, its elements to be swapped", () => {
    const file = npyFile({ header: dict("'>f4'", 'False', '(2,)'), data: 8 });
    expect(headerOf(file)).toMatchObject({ dtype: 'float32', byteOrder: 'big', itemBytes: 4, dataBytes: 8 });
  });

  test("17: '<f3'", () => {
    expect(refusalOf(npyFile({ header: dict("'<f3'", 'False', '(1,)'), data: 3 }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the dtype "<f3" at byte 20 is none that NumPy has',
    });
  });

  test.each([
    ['|S5', 'a bytes'],
    ['|S0', 'a bytes'],
    ['<U5', 'a unicode'],
    ['>U5', 'a unicode'],
    ['|V7', 'a void'],
    ['<M8[ns]', 'a datetime'],
    ['<M8', 'a datetime'],
    ['<M8[25us/3]', 'a datetime'],
    ['<m8[s]', 'a timedelta'],
    ['<f16', 'a long double'],
    ['>f12', 'a long double'],
    ['<c32', 'a complex long double'],
    ['<c24', 'a complex long double'],
  ])('%s is refused as %s dtype, with how to convert it', (descr, kind) => {
    expect(refusalOf(npyFile({ header: dict(`'${descr}'`, 'False', '(1,)'), data: 4 }))).toMatchObject({
      code: 'UnsupportedFormat',
      message:
        `x.npy: the dtype "${descr}" at byte 20 is ${kind} dtype, which is not stored ` +
        '(bool, integers, floats and complex numbers are)',
      hint: expect.stringMatching(/save/i) as string,
    });
  });

  test('a subarray dtype is refused by name', () => {
    expect(refusalOf(npyFile({ header: dict("('<f4', (2,))", 'False', '(1,)'), data: 8 }))).toMatchObject({
      code: 'UnsupportedFormat',
      message: expect.stringContaining('is a subarray dtype, which is not stored') as string,
    });
  });

  test.each(['=f4', 'f4', 'float32', '', '!f4'])('%j is refused for want of a byte order', (descr) => {
    expect(refusalOf(npyFile({ header: dict(`'${descr}'`, 'False', '(1,)'), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: `x.npy: the dtype "${descr}" at byte 20 does not begin with its byte order, one of < > |`,
    });
  });

  test("'|f4' is refused, as four bytes have an order", () => {
    expect(refusalOf(npyFile({ header: dict("'|f4'", 'False', '(1,)'), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the dtype "|f4" at byte 20 has more than one byte, but no byte order (< or >)',
    });
  });

  test.each(['<', '<b2', '<i16', '<u3', '<c4', '<f4 ', '<<f4', '<F4', '<O8x', '|S', '<M8[', '<f04', '<f4\t'])(
    '%j is refused as no dtype of NumPy',
    (descr) => {
      expect(refusalOf(npyFile({ header: dict(`'${descr}'`, 'False', '(1,)'), data: 4 }))).toMatchObject({
        code: 'InvalidArgument',
        message: expect.stringContaining('at byte 20 is none that NumPy has') as string,
      });
    },
  );
});

describe('the order', () => {
  test('18: fortran_order True of a 2-D array is read as such', () => {
    const file = npyFile({ header: dict("'<f4'", 'True', '(2, 3)'), data: 24 });
    expect(headerOf(file)).toMatchObject({ fortranOrder: true, shape: [2, 3] });
  });

  test.each(['1', '0', 'true', 'None', "'True'", 'TrueFalse', ''])('19: fortran_order %s', (value) => {
    expect(refusalOf(npyFile({ header: dict("'<f4'", value, '(1,)'), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(
        /^x\.npy: expected True or False for fortran_order at byte \d\d, found /,
      ) as string,
    });
  });
});

describe('the shape', () => {
  test('20: a negative dimension', () => {
    expect(refusalOf(npyFile({ header: floats('(3, -1)') }))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining(
        'expected an integer that is not negative in shape at byte 64, found "-1), }',
      ) as string,
    });
  });

  test.each([
    ['18446744073709551616', '18446744073709551616'],
    ['9007199254740992', '9007199254740992'],
    [`${'1'.repeat(77)}…`, '1'.repeat(5000)],
  ])('21: the dimension %s', (quoted, digits) => {
    expect(refusalOf(npyFile({ header: floats(`(${digits},)`) }))).toMatchObject({
      code: 'InvalidArgument',
      message: `x.npy: the shape has the dimension "${quoted}" at byte 61, at most 2^53-1 is possible`,
    });
  });

  test('22: 300 million elements and no data', () => {
    expect(refusalOf(npyFile({ header: floats('(300000000,)') }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: the file is 1200000000 bytes too short: shape "(300000000,)" of float32 takes 1200000000 ' +
        'bytes after the header, the file has 0',
      hint: 'The file is cut: make it again.',
    });
  });

  test.each(['(8589934592, 8589934592)', '(9007199254740991,)', '(0, 8589934592, 8589934592)'])(
    '23: the product of %s',
    (shape) => {
      expect(refusalOf(npyFile({ header: floats(shape) }))).toMatchObject({
        code: 'InvalidArgument',
        message: `x.npy: shape "${shape}" of float32 takes more than 2^53-1 bytes`,
      });
    },
  );

  test('24: the shape () is one element', () => {
    expect(headerOf(npyFile({ header: floats('()'), data: 4 }))).toMatchObject({ shape: [], dataBytes: 4 });
  });

  test('25: the shape (0, 128) has no data', () => {
    expect(headerOf(npyFile({ header: floats('(0, 128)') }))).toMatchObject({
      shape: [0, 128],
      dataBytes: 0,
    });
  });

  test('26: a list', () => {
    expect(refusalOf(npyFile({ header: floats('[1]'), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining(
        'expected a tuple for shape, such as "(3, 4)", at byte 60, found "[1], }',
      ) as string,
    });
  });

  test('27: (3), which is no tuple', () => {
    expect(refusalOf(npyFile({ header: floats('(3)'), data: 12 }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'x.npy: the shape "(3)" at byte 60 is a number, not a tuple; expected "(3,)"',
    });
  });

  test('28: 65 dimensions, and 33', () => {
    for (const count of [65, 33])
      expect(refusalOf(npyFile({ header: floats(`(${'1, '.repeat(count)})`), data: 4 }))).toMatchObject({
        code: 'UnsupportedFormat',
        message: `x.npy: the shape at byte 60 has ${count} dimensions, at most 32 are stored`,
        hint: 'Reshape the array in NumPy so that it has fewer dimensions, and save it again.',
      });
    expect(headerOf(npyFile({ header: floats(`(${'1, '.repeat(32)})`), data: 4 })).shape).toHaveLength(32);
  });

  test('34: digits of other scripts, in both encodings', () => {
    const header = Buffer.from(floats('(٣,)'), 'utf8');
    for (const version of [
      [1, 0],
      [3, 0],
    ] as const)
      expect(refusalOf(npyFile({ version, header, data: 12 }))).toMatchObject({
        code: 'InvalidArgument',
        message: expect.stringMatching(
          /^x\.npy: expected an integer that is not negative in shape at byte 6[13], found "\\xd9\\xa3,\), }/,
        ) as string,
      });
  });

  test.each([
    '(,)',
    '(1,,2)',
    '(1 2)',
    '(01,)',
    '(1.0,)',
    '(1_0,)',
    '(0x1,)',
    '(+1,)',
    '(True,)',
    '(1LL,)',
    '((1,),)',
    '(1l,)',
  ])('%s is refused', (shape) => {
    expect(refusalOf(npyFile({ header: floats(shape), data: 4 }))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(/^x\.npy: expected .* in shape at byte \d+, found /) as string,
    });
  });
});

describe('the data', () => {
  test('29: one byte short', () => {
    expect(refusalOf(npyFile({ header: floats('(3, 4)'), data: 47 }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: the file is 1 byte too short: shape "(3, 4)" of float32 takes 48 bytes after the header, the file has 47',
      hint: 'The file is cut: make it again.',
    });
  });

  test('30: garbage after the data', () => {
    expect(refusalOf(npyFile({ header: floats('(3, 4)'), data: 57 }))).toMatchObject({
      code: 'InvalidArgument',
      message:
        'x.npy: the file is 9 bytes too long: shape "(3, 4)" of float32 takes 48 bytes after the header, the file has 57',
      hint: 'If several arrays were saved into one file, save each into a file of its own.',
    });
  });

  test('32: NaN, infinities, denormals and -0 keep their bits', () => {
    const values = Float32Array.of(NaN, Infinity, -Infinity, 2 ** -149, -0);
    new Uint32Array(values.buffer)[0] = 0xffc0beef; // a NaN with a sign and a payload
    const file = npyFile({ header: floats('(5,)'), data: new Uint8Array(values.buffer) });
    const { dataOffset } = headerOf(file);
    const read = viewAs('float32', file.subarray(dataOffset));
    expect(Buffer.from(read.buffer, read.byteOffset, 20)).toEqual(Buffer.from(values.buffer));
  });

  test('33: vectors of nothing but zeros are read like any other', () => {
    const file = npyFile({ header: floats('(2, 3)'), data: 24 });
    expect(viewAs('float32', file.subarray(headerOf(file).dataOffset))).toEqual(new Float32Array(6));
  });
});

describe('messages', () => {
  test('quote at most 80 characters of the file, all of them printable ASCII', () => {
    const hostile = `'\x1b[2J\x00\x07${'A'.repeat(5000)}'`;
    for (const header of [hostile, dict(hostile, 'False', '(1,)'), `{${hostile}: 1}\n`, `{${hostile}\n`]) {
      const { message } = refusalOf(npyFile({ header }));
      expect(message.length).toBeLessThan(300);
      expect(message).toMatch(/^[\x20-\x7e…]*$/);
    }
  });
});
