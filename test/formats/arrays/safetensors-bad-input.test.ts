// What a safetensors file may be instead of a good one: each ends in the typed error that names file
// and tensor.
import { ftruncate, open as openFile, write } from 'node:fs';
import { promisify } from 'node:util';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/arrays/safetensors.js';
import { readAll, readBytes, temporaryFolder } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';

const folder = temporaryFolder();

function file(header: string | Uint8Array, dataBytes = 0, length?: number | bigint): Uint8Array {
  const text = Buffer.from(header);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length ?? text.length));
  return new Uint8Array(Buffer.concat([start, text, new Uint8Array(dataBytes)]));
}

function read(bytes: Uint8Array): ReturnType<typeof readBytes> {
  return readBytes(folder.path, 'x.safetensors', bytes, readSafetensors);
}

async function refused(
  bytes: Uint8Array,
  message: RegExp,
  tensor?: string,
  code = 'InvalidArgument',
): Promise<void> {
  const error = await failure(read(bytes));
  expect(error.message).toMatch(message);
  expect(error.message).toContain('x.safetensors');
  expect(error).toMatchObject({ code, context: { file: path.join(folder.path, 'x.safetensors') } });
  expect(error.context['tensor']).toBe(tensor);
}

function tensor(dtype: string, shape: string, start: number | string, end: number | string): string {
  return `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${start},${end}]}`;
}

test('the files that the bad ones are made of are read', async () => {
  const arrays = await read(file(`{"a":${tensor('F32', '[2]', 0, 8)},"b":${tensor('U8', '[]', 8, 9)}}  `, 9));
  expect([...arrays].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ['a', 'float32', [2]],
    ['b', 'uint8', []],
  ]);
  expect((await read(file('{}'))).size).toBe(0);
  expect((await read(file('{"__metadata__":{"format":"pt","\\u00e9":"\\n"}}'))).size).toBe(0);
  const names = await read(
    file(`{"__proto__":${tensor('U8', '[1]', 0, 1)}, "":${tensor('U8', '[0]', 1, 1)}}`, 1),
  );
  expect([...names.keys()]).toEqual(['__proto__', '']);
});

describe('the length of the header', () => {
  test.each([
    ['an empty file', new Uint8Array(0), /has 0 bytes, a header begins with 8/],
    ['seven bytes', new Uint8Array(7), /has 7 bytes/],
    ['a length of nothing', file('', 5), /does not begin with "{"/],
    ['a length beyond the file', file('{}', 0, 3), /said to have 3 bytes, the file ends 2 bytes after/],
    ['a length of 2^64-1', file('{}', 0, 2n ** 64n - 1n), /said to have 18446744073709551615 bytes/],
    ['a .npy file', Uint8Array.from([0x93, ...Buffer.from('NUMPY\x01\0v\0{}')]), /said to have/],
  ])('%s is refused', (_, bytes, message) => refused(bytes, message));

  test('one of more than 100 MB is refused, though the file has them', async () => {
    const name = path.join(folder.path, 'long.safetensors');
    const handle = await promisify(openFile)(name, 'w');
    await promisify(write)(handle, file('{', 0, 100_000_001));
    await promisify(ftruncate)(handle, 200_000_000);
    const error = await failure(readAll(name, readSafetensors));
    expect(error.message).toMatch(/has 100000001 bytes, at most 100000000 are read/);
  });
});

describe('the JSON of the header', () => {
  const good = tensor('U8', '[1]', 0, 1);
  const cases: readonly (readonly [string, string | Uint8Array, RegExp, string?])[] = [
    ['a name that is there twice', `{"a":${good},"a":${good}}`, /the key 'a' is there twice/],
    [
      'a name that is there twice, written in two ways',
      `{"a":${good},"\\u0061":${good}}`,
      /'a' is there twice/,
    ],
    ['metadata twice', '{"__metadata__":{},"__metadata__":{}}', /'__metadata__' is there twice/],
    ['a text of metadata twice', '{"__metadata__":{"a":"","a":""}}', /'a' is there twice/],
    ['a tensor of the name of metadata', `{"__metadata__":${good}}`, /which is no name of a tensor/],
    ['metadata that is a list', '{"__metadata__":[]}', /expected "{"/],
    ['a number in metadata', '{"__metadata__":{"a":1}}', /expected a text in __metadata__/],
    [
      'a dtype twice',
      '{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      /'dtype' is there twice/,
      'a',
    ],
    [
      'another key',
      '{"a":{"dtype":"U8","strides":[1],"shape":[1],"data_offsets":[0,1]}}',
      /"strides" is none of dtype/,
      'a',
    ],
    ['no dtype', '{"a":{"shape":[1],"data_offsets":[0,1]}}', /the key dtype is missing/, 'a'],
    ['no shape', '{"a":{"dtype":"U8","data_offsets":[0,1]}}', /the key shape is missing/, 'a'],
    ['no offsets', '{"a":{"dtype":"U8","shape":[1]}}', /the key data_offsets is missing/, 'a'],
    ['one offset', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', /are not two numbers/, 'a'],
    ['three offsets', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', /more than 2 numbers/, 'a'],
    ['a negative number', `{"a":${tensor('U8', '[-1]', 0, 1)}}`, /expected a whole number/, 'a'],
    ['a fraction', `{"a":${tensor('U8', '[1.0]', 0, 1)}}`, /expected a whole number/, 'a'],
    ['an exponent', `{"a":${tensor('U8', '[12e0]', 0, 1)}}`, /expected a whole number/, 'a'],
    ['a zero in front', `{"a":${tensor('U8', '[01]', 0, 1)}}`, /expected a whole number/, 'a'],
    ['a shape that is a number', `{"a":${tensor('U8', '1', 0, 1)}}`, /expected "\["/, 'a'],
    ['a nested shape', `{"a":${tensor('U8', '[[1]]', 0, 1)}}`, /expected a whole number/, 'a'],
    [
      'a shape of 10,000 dimensions',
      `{"a":${tensor('U8', `[${'1,'.repeat(9_999)}1]`, 0, 1)}}`,
      /more than 1024/,
      'a',
    ],
    ['a number beyond 2^53', `{"a":${tensor('U8', '[9007199254740993]', 0, 1)}}`, /above 2\^53-1/, 'a'],
    ['a comma behind the last', `{"a":${good},}`, /expected a text in quotes/],
    ['no comma', `{"a":${good} "b":${good}}`, /expected ","/],
    ['a comment', `{/**/"a":${good}}`, /expected a text in quotes/],
    ['single quotes', `{'a':${good}}`, /expected a text in quotes/],
    ['a line break in a name', `{"a\n":${good}}`, /is none of JSON/],
    ['an escape that is none', `{"\\x":${good}}`, /is none of JSON/],
    ['half a surrogate pair', `{"\\ud800":${good}}`, /half a surrogate pair/],
    ['a name without an end', '{"abc', /expected a text with its closing quote/],
    ['no end', '{', /found|has the end at character 1/],
    ['a list', '[]', /does not begin with "{"/],
    ['a byte order mark', '\ufeff{}', /does not begin with "{"/],
    ['white space in front', ' {}', /does not begin with "{"/],
    ['something behind it', '{}x', /expected nothing behind the header/],
    ['zeros behind it', '{}\0\0', /expected nothing behind the header/],
    ['what is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), /is not UTF-8/],
    ['10 MB of brackets', `{"a":${'['.repeat(10_000_000)}`, /expected "{"/, 'a'],
  ];
  for (const [what, header, message, name] of cases)
    test(`${what} is refused`, () => refused(file(header, 1), message, name));
});

describe('tensors', () => {
  const cases: readonly (readonly [string, string, number, RegExp, string])[] = [
    [
      'over each other',
      `{"a":${tensor('U8', '[4]', 0, 4)},"b":${tensor('U8', '[4]', 2, 6)}}`,
      6,
      /2 to 6 .* lie over those of another, which end at 4/,
      'b',
    ],
    [
      'in one place',
      `{"a":${tensor('U8', '[4]', 0, 4)},"b":${tensor('U8', '[4]', 0, 4)}}`,
      4,
      /lie over those of another/,
      'b',
    ],
    [
      'with a gap between',
      `{"a":${tensor('U8', '[4]', 0, 4)},"b":${tensor('U8', '[4]', 5, 9)}}`,
      9,
      /come after a gap from 4 on/,
      'b',
    ],
    ['with a gap before', `{"a":${tensor('U8', '[4]', 1, 5)}}`, 5, /come after a gap from 0 on/, 'a'],
    ['with bytes behind', `{"a":${tensor('U8', '[4]', 0, 4)}}`, 5, /ends at byte 4 of 5/, 'a'],
    ['beyond the file', `{"a":${tensor('U8', '[4]', 0, 4)}}`, 3, /go beyond the file, which has 3/, 'a'],
    ['that end before they begin', `{"a":${tensor('U8', '[4]', 4, 0)}}`, 4, /end before they begin/, 'a'],
    [
      'of fewer bytes than their shape',
      `{"a":${tensor('F32', '[3]', 0, 8)}}`,
      8,
      /shape \[3\] takes 12 bytes, it has 8/,
      'a',
    ],
    [
      'of more bytes than their shape',
      `{"a":${tensor('F32', '[0]', 0, 8)}}`,
      8,
      /takes 0 bytes, it has 8/,
      'a',
    ],
    [
      'of a shape that overflows',
      `{"a":${tensor('U8', '[4294967296,4294967296,0]', 0, 0)}}`,
      0,
      /more than 2\^53-1 bytes/,
      'a',
    ],
    [
      'of a bfloat16 shape that overflows',
      `{"a":${tensor('BF16', '[4503599627370495,0]', 0, 0)}}`,
      0,
      /more than 2\^53-1/,
      'a',
    ],
    [
      'of a dtype that is none',
      `{"a":${tensor('F99', '[1]', 0, 8)}}`,
      8,
      /the dtype 'F99' is none that the format has/,
      'a',
    ],
    ['of a dtype in small letters', `{"a":${tensor('f32', '[2]', 0, 8)}}`, 8, /'f32' is none/, 'a'],
  ];
  test.each(cases)('%s are refused', (_, header, dataBytes, message, name) =>
    refused(file(header, dataBytes), message, name),
  );

  test.each(['F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'F6_E2M3', 'F6_E3M2', 'F4'])(
    'the dtype %s is refused by name',
    (dtype) =>
      refused(
        file(`{"a":${tensor(dtype, '[8]', 0, 8)}}`, 8),
        new RegExp(`${dtype}, which is not stored`),
        'a',
        'UnsupportedFormat',
      ),
  );

  test('more than 32 dimensions are refused', () =>
    refused(
      file(`{"a":${tensor('U8', `[${'1,'.repeat(32)}1]`, 0, 1)}}`, 1),
      /has 33 dimensions, at most 32 are stored/,
      'a',
      'UnsupportedFormat',
    ));

  test('bytes of bools that are neither 0 nor 1 are refused with their row', async () => {
    const bytes = file(`{"a":${tensor('BOOL', '[3,2]', 0, 6)}}`, 6);
    bytes[bytes.length - 1] = 2;
    const error = await failure(read(bytes));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { row: 2, value: 2 } });
    expect(error.message).toContain('x.safetensors: a: row 2');
  });
});

test('a file that is cut at any byte, or has one more, is refused', async () => {
  const whole = file(
    `{"a":${tensor('F32', '[2]', 0, 8)},"__metadata__":{"a":"b"},"b":${tensor('U8', '[0]', 8, 8)}} `,
    8,
  );
  for (let length = 0; length < whole.length; length++)
    expect(await failure(read(whole.subarray(0, length))), `${length} bytes`).toMatchObject({
      code: 'InvalidArgument',
    });
  await refused(Buffer.concat([whole, new Uint8Array(1)]), /ends at byte 8 of 9/, 'b');
});
