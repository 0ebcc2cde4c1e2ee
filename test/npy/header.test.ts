import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { type Dtype, dtypeNames, dtypes } from '../../src/npy/dtype.js';
import { encodeHeader, parseHeader } from '../../src/npy/header.js';
import { arrayBytes, elementCount } from '../../src/npy/shape.js';
import { dict, headerOf, npyFile, refusalOf } from '../support/npy-file.js';

const anyDtype = fc.constantFrom(...dtypeNames);
const smallShape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 });

/** Shapes up to the limits of the format, far beyond what memory holds. */
const anyShape = fc.oneof(
  smallShape,
  fc.array(fc.constantFrom(0, 1, 1, 1, 2, 3), { maxLength: 32 }),
  fc.array(fc.integer({ min: 0, max: 2 ** 53 - 1 }), { maxLength: 2 }),
);

function fits(dtype: Dtype, shape: readonly number[]): boolean {
  try {
    return arrayBytes(dtype, shape) >= 0;
  } catch {
    return false;
  }
}

function wholeFile(dtype: Dtype, shape: readonly number[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat([encodeHeader(dtype, shape), new Uint8Array(arrayBytes(dtype, shape))]),
  );
}

describe('a header that was written', () => {
  test('is read back as what it was written from, for every dtype and shape', () => {
    fc.assert(
      fc.property(anyDtype, anyShape, (dtype, shape) => {
        fc.pre(fits(dtype, shape));
        const header = encodeHeader(dtype, shape);
        const dataBytes = arrayBytes(dtype, shape);
        fc.pre(header.byteLength + dataBytes <= Number.MAX_SAFE_INTEGER);
        expect(parseHeader(header, header.byteLength + dataBytes)).toEqual({
          version: '1.0',
          dtype,
          byteOrder: 'little',
          fortranOrder: false,
          shape,
          dataOffset: header.byteLength,
          dataBytes,
          itemBytes: dtypes[dtype].itemBytes,
        });
        expect(dataBytes).toBe(elementCount(shape) * dtypes[dtype].itemBytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('is refused as soon as one byte or more of the file is cut off, wherever', () => {
    for (const [dtype, shape] of [
      ['float32', [2, 3]],
      ['bool', [1]],
      ['complex128', []],
      ['uint8', [0, 7]],
    ] as const) {
      const file = wholeFile(dtype, shape);
      for (let length = 0; length < file.byteLength; length++)
        expect(refusalOf(file.subarray(0, length))).toMatchObject({ code: 'InvalidArgument' });
    }
  });

  test('is refused with anything after its data', () => {
    fc.assert(
      fc.property(
        anyDtype,
        smallShape,
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        (dtype, shape, more) => {
          const file = new Uint8Array(Buffer.concat([wholeFile(dtype, shape), more]));
          const { message } = refusalOf(file);
          expect(message).toContain(`too long: shape "(`);
        },
      ),
    );
  });

  test('is refused for a dtype or a shape that is none', () => {
    const bad: readonly (readonly [string, readonly number[], string])[] = [
      ['float128', [1], '"float128" is no dtype that is stored'],
      ['toString', [1], '"toString" is no dtype that is stored'],
      ['float32', [1.5], 'shape "(1.5,)" has the dimension 1.5, expected an integer from 0 to 2^53-1'],
      ['float32', [-1, 2], 'shape "(-1, 2)" has the dimension -1, expected an integer from 0 to 2^53-1'],
      ['float32', [NaN], 'shape "(NaN,)" has the dimension NaN, expected an integer from 0 to 2^53-1'],
      ['uint8', [2 ** 53], 'expected an integer from 0 to 2^53-1'],
      ['uint16', [2 ** 52], 'shape "(4503599627370496,)" of uint16 takes more than 2^53-1 bytes'],
      ['uint8', Array.from({ length: 33 }, () => 1), 'a shape has 33 dimensions, at most 32 are stored'],
    ];
    for (const [dtype, shape, message] of bad)
      expect(() => encodeHeader(dtype as Dtype, shape)).toThrow(
        expect.objectContaining({
          code: 'InvalidArgument',
          message: expect.stringContaining(message) as string,
        }) as Error,
      );
  });
});

describe('reading from a prefix', () => {
  test('asks for no more than it needs and ends within three steps, from any first piece', () => {
    const files = [
      wholeFile('float32', [2, 3]),
      npyFile({ version: [2, 0], header: dict("'<f8'", 'False', `(1,${' '.repeat(20_000)})`), data: 8 }),
    ];
    for (const file of files) {
      const whole = headerOf(file, file.byteLength);
      for (const first of [0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 100, 127, 128, file.byteLength])
        expect(headerOf(file, first)).toEqual(whole);
    }
  });

  test('needs the header and nothing of the data', () => {
    const header = encodeHeader('float32', [2 ** 40, 16]);
    const fileSize = header.byteLength + 2 ** 46;
    expect(parseHeader(header.subarray(0, 9), fileSize)).toEqual({ needBytes: 10 });
    expect(parseHeader(header.subarray(0, 10), fileSize)).toEqual({ needBytes: 128 });
    expect(parseHeader(header, fileSize)).toMatchObject({ shape: [2 ** 40, 16], dataBytes: 2 ** 46 });
  });

  test('never asks for a header of more than 64 KiB', () => {
    const preamble = npyFile({ version: [2, 0], header: '', headerLength: 65_536 });
    expect(parseHeader(preamble, 2 ** 40)).toEqual({ needBytes: 65_548 });
    const larger = npyFile({ version: [2, 0], header: '', headerLength: 65_537 });
    expect(() => parseHeader(larger, 2 ** 40)).toThrow('the header has 65537 bytes, at most 65536 are read');
  });

  test('reads from the middle of a larger buffer', () => {
    const file = wholeFile('int16', [3]);
    const buffer = Buffer.concat([new Uint8Array(13), file, new Uint8Array(13)]);
    expect(headerOf(buffer.subarray(13, 13 + file.byteLength))).toEqual(headerOf(file));
  });
});

describe('headers of other writers', () => {
  const expected = { dtype: 'float32', fortranOrder: false, shape: [2, 3], byteOrder: 'little' };

  test.each([
    ['keys in another order', "{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}\n"],
    ['double quotes', '{"descr": "<f4", "fortran_order": False, "shape": (2, 3)}\n'],
    ['no white space', "{'descr':'<f4','fortran_order':False,'shape':(2,3)}\n"],
    [
      'much white space',
      " \t{ 'descr' :\r\n'<f4' , 'fortran_order'\n: False,\n 'shape' : ( 2 , 3 , ) , } \n \n",
    ],
    ['the long integers of Python 2', "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n"],
  ])('%s are read', (_, header) => {
    for (const version of [
      [1, 0],
      [2, 0],
    ] as const)
      expect(headerOf(npyFile({ version, header, data: 24 }))).toMatchObject(expected);
  });

  test('long integers of Python 2 are refused in version 3.0, which Python 2 never wrote', () => {
    const file = npyFile({ version: [3, 0], header: dict("'<f4'", 'False', '(2L, 3L)'), data: 24 });
    expect(refusalOf(file)).toMatchObject({ code: 'InvalidArgument' });
  });

  test.each(['<', '>', '|'])('one-byte elements may carry the order %s', (order) => {
    for (const [code, dtype] of [
      ['b1', 'bool'],
      ['i1', 'int8'],
      ['u1', 'uint8'],
    ] as const) {
      const header = dict(`'${order}${code}'`, 'False', '(3,)');
      expect(headerOf(npyFile({ header, data: 3 }))).toMatchObject({ dtype, byteOrder: 'little' });
    }
  });

  test.each([
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} # note\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}{}\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\0\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)\n",
    "{'descr': '<f4',, 'fortran_order': False, 'shape': (2, 3)}\n",
    "{, 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr' '<f4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': '<' 'f4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': '<f4\n', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': u'<f4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': None, 'fortran_order': False, 'shape': (2, 3)}\n",
    "{descr: '<f4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "[('descr', '<f4')]\n",
    '\n',
  ])('%j is refused', (header) => {
    expect(refusalOf(npyFile({ header, data: 24 }))).toMatchObject({ code: 'InvalidArgument' });
  });
});

describe('whatever the bytes', () => {
  /** What is wrong with how the file was read or refused; undefined when nothing is. */
  function fault(file: Uint8Array, first: number): string | undefined {
    try {
      const header = headerOf(file, first);
      return header.dataOffset + header.dataBytes === file.byteLength ? undefined : 'the sizes do not add up';
    } catch (error) {
      if (!isNacreError(error)) return `threw ${String(error)}`;
      if (!['InvalidArgument', 'UnsupportedFormat'].includes(error.code)) return `code ${error.code}`;
      return /^x\.npy: [\x20-\x7e…]{10,600}$/.test(error.message) ? undefined : error.message;
    }
  }

  test('random bytes are read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, first) => {
        expect(fault(bytes, first)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('random text behind a good preamble is read or refused, never anything else', () => {
    const token = fc.constantFrom(
      ...Array.from('{}()[]:,\'"\\ \n'),
      ...`descr fortran_order shape 'descr' 'fortran_order' 'shape' '<f4' True False 1L -1`.split(' '),
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(token, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 60 }),
        fc.constantFrom([1, 0], [2, 0], [3, 0]),
        (tokens, version) => {
          const header = Buffer.from(`${tokens.join('')}\n`, 'utf8');
          expect(
            fault(npyFile({ version: version as [number, number], header, data: 4 }), 4096),
          ).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('good files with bytes changed, cut out or put in are read or refused, never anything else', () => {
    const mutation = fc.record({
      at: fc.nat(200),
      byte: fc.nat(255),
      kind: fc.constantFrom('set', 'cut', 'put'),
    });
    fc.assert(
      fc.property(
        anyDtype,
        smallShape,
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(200),
        (dtype, shape, mutations, first) => {
          const bytes = [...wholeFile(dtype, shape)];
          for (const { at, byte, kind } of mutations)
            bytes.splice(at % bytes.length, kind === 'put' ? 0 : 1, ...(kind === 'cut' ? [] : [byte]));
          expect(fault(Uint8Array.from(bytes), first)).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('each single byte of a header, set to each value, is read or refused', () => {
    const file = wholeFile('float32', [2, 3]);
    for (let at = 0; at < 128; at++)
      for (let byte = 0; byte < 256; byte++) {
        const changed = Uint8Array.from(file);
        changed[at] = byte;
        expect(fault(changed, 4096)).toBeUndefined();
      }
  });
});
