import { appendFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openAttributeFile } from '../../../src/formats.js';
import { failure } from '../../support/failure.js';
import { inFolder, read, refusal } from './files.js';

const folder = inFolder();
let files = 0;

function jsonl(...lines: string[]): Promise<string> {
  return folder.write(`${files++}.jsonl`, lines.join('\n'));
}

describe('refused, with the place and what to do', () => {
  test.each([
    ['no JSON', ['{"a": 1}', '{"a": 1,}'], { line: 2, column: 9 }],
    ['a word', ['{"a": hello}'], { line: 1, column: 7 }],
    ['a cut line', ['{"a": [1, {"b": "x'], { line: 1, column: 17 }],
    ['a NaN', ['{"a": NaN}'], { line: 1, column: 7 }],
    ['a key without quotes', ['{a: 1}'], { line: 1, column: 2 }],
    ['a bad escape', [String.raw`{"a": "\x"}`], { line: 1, column: 7 }],
    ['two objects', ['{"a": 1} {"a": 2}'], { line: 1, column: 10 }],
    ['a number with a zero in front', ['{"a": 007}'], { line: 1, column: 8 }],
    ['a list as a row', ['[1, 2]'], { line: 1 }],
    ['text as a row', ['"a"'], { line: 1 }],
    ['null as a row', ['{}', 'null'], { line: 2 }],
    ['a blank line', ['{"a": 1}', '  ', '{"a": 2}'], { line: 2 }],
    ['a blank line at the end', ['{"a": 1}', '', ''], { line: 2 }],
    ['an object', ['{"a": 1}', '{"a": {"b": 1}}'], { line: 2, attribute: 'a' }],
    ['a list of numbers', ['{"a": [1]}'], { line: 1, attribute: 'a' }],
    ['a list with null', ['{"a": ["x", null]}'], { line: 1, attribute: 'a' }],
    ['a list of lists', ['{"a": [["x"]]}'], { line: 1, attribute: 'a' }],
    ['text among numbers', ['{"a": 1}', '{"a": null}', '{"a": "1"}'], { line: 3, attribute: 'a' }],
    ['a bool among numbers', ['{"a": 1.5}', '{"a": true}'], { line: 2, attribute: 'a' }],
    ['a number beyond float64', ['{"a": 1e400}'], { line: 1, attribute: 'a' }],
    ['half of a pair', [String.raw`{"a": "\ud834"}`], { line: 1, attribute: 'a' }],
    ['half of a pair in a list', [String.raw`{"a": ["x", "\udd1e"]}`], { line: 1, attribute: 'a' }],
    [
      'a whole number that would be rounded',
      ['{"a": 1.5}', '{"a": 9007199254740993}'],
      { line: 2, attribute: 'a' },
    ],
    ['one beyond int64', ['{"a": 18446744073709551615}'], { line: 1, attribute: 'a' }],
    ['no name', ['{"": 1}'], {}],
  ] as const)('%s', async (_, lines, context) => {
    const file = await jsonl(...lines);
    const error = await refusal(file);
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { file, ...context } });
    expect(error.message).toContain(file);
    expect(error.hint).toMatch(/./);
  });

  test('a line of more than 16 MiB, cut into pieces or not', async () => {
    const long = `{"a": "${'x'.repeat(16 * 2 ** 20)}"}`;
    for (const lines of [[long], ['{"a": "b"}', long], ['{"a": "b"}', long, '{"a": "b"}']]) {
      const error = await refusal(await jsonl(...lines));
      expect(error).toMatchObject({ code: 'InvalidArgument', context: { line: Math.min(2, lines.length) } });
    }
  });

  test('what is no UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a": 1}\n{"a": "'), Buffer.of(0xe4), Buffer.from('"}\n')]);
    const error = await refusal(await folder.write('latin.jsonl', bytes));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { line: 2 } });
    expect(error.hint).toContain('UTF-8');
  });

  test('more than 1,000 attributes', async () => {
    const row = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`a${i}`, i]));
    expect(await refusal(await jsonl(JSON.stringify(row)))).toMatchObject({ code: 'InvalidArgument' });
  });

  test('a type that was asked for and is not there', async () => {
    const file = await jsonl('{"a": "x", "n": 1}');
    const cases = [
      [{ a: 'timestamp' }, { line: 1, attribute: 'a' }],
      [{ a: 'int' }, { line: 1, attribute: 'a' }],
      [{ n: 'string' }, { line: 1, attribute: 'n' }],
      [{ b: 'int' }, { attribute: 'b' }],
    ] as const;
    for (const [types, context] of cases)
      expect(await refusal(file, { types })).toMatchObject({ code: 'InvalidArgument', context });
  });

  test('a file that is not there, and one of an unknown format', async () => {
    expect(await refusal(folder.path('none.jsonl'))).toMatchObject({ code: 'NotFound' });
    const unknown = await folder.write('a.json', '{}');
    expect(await refusal(unknown)).toMatchObject({
      code: 'InvalidArgument',
      hint: expect.stringContaining('jsonl, csv, arrow and parquet'),
    });
    expect(await refusal(unknown, { format: 'xml' as 'csv' })).toMatchObject({ code: 'InvalidArgument' });
    expect((await read(unknown, { format: 'jsonl' })).types).toEqual({});
  });
});

describe('read', () => {
  test('types are those of the values of the whole file', async () => {
    const file = await jsonl(
      '{"bool": true, "int": 1, "mixed": 1, "float": 1e300, "text": "2026-01-02T03:04:05Z", "list": ["a", ""]}',
      '{"text": "", "list": [], "mixed": 2.5, "late": -9223372036854775808}',
      '{"late": 9007199254740993, "int": null, "zero": -0, "void": null}',
      '',
    );
    expect(await read(file)).toEqual({
      types: {
        bool: 'bool',
        int: 'int',
        mixed: 'float',
        float: 'float',
        text: 'string',
        list: 'strings',
        late: 'int',
        zero: 'float',
        void: 'string',
      },
      values: {
        bool: [true, null, null],
        int: [1n, null, null],
        mixed: [1, 2.5, null],
        float: [1e300, null, null],
        text: ['2026-01-02T03:04:05Z', '', null],
        list: [['a', ''], [], null],
        late: [null, -9223372036854775808n, 9007199254740993n],
        zero: [null, null, -0],
        void: [null, null, null],
      },
    });
  });

  test('whole numbers are exact, whatever stands in texts around them', async () => {
    const file = await jsonl(
      String.raw`{"\"9007199254740993": "9007199254740993 \\", "id": 9007199254740993, "id2": -9007199254740995}`,
      String.raw`{"id": 1, "id": 9007199254740997, "__proto__": 9007199254740999}`,
    );
    expect((await read(file)).values).toEqual(
      Object.fromEntries<unknown>([
        ['"9007199254740993', ['9007199254740993 \\', null]],
        ['id', [9007199254740993n, 9007199254740997n]],
        ['id2', [-9007199254740995n, null]],
        ['__proto__', [null, 9007199254740999n]],
      ]),
    );
  });

  test('types that are asked for', async () => {
    const file = await jsonl(
      '{"at": "2026-01-02T03:04:05.000006+01:00", "big": 18446744073709551615, "n": 1, "empty": null}',
    );
    const types = { at: 'timestamp', big: 'float', n: 'float', empty: 'strings' } as const;
    expect(await read(file, { types })).toEqual({
      types,
      values: { at: [1767319445000006n], big: [2 ** 64], n: [1], empty: [null] },
    });
  });

  test('a mark in front, ends of lines as of Windows, and no end of the last one', async () => {
    expect((await read(await jsonl('\ufeff{"a": 1}\r', '{"a": 2}\r', ''))).values).toEqual({ a: [1n, 2n] });
    expect((await read(await jsonl('{"a": "\u2028"}'))).values).toEqual({ a: ['\u2028'] });
    expect(await read(await jsonl(''))).toEqual({ types: {}, values: {} });
  });

  test('lines that lie across the pieces that a file is read in', async () => {
    const texts = Array.from({ length: 30 }, (_, i) => `${i}`.repeat(300_000));
    const file = await jsonl(...texts.map((a) => JSON.stringify({ a })));
    expect((await read(file)).values).toEqual({ a: texts });
  });

  test('rows may be passed over, but not gone back to', async () => {
    const source = await openAttributeFile(await jsonl('{"a": 1}', '{"a": 2}', '{"a": 3}'));
    expect(source).toMatchObject({ rows: 3, attributes: [{ name: 'a', type: 'int' }] });
    expect(await source.read(1, 2)).toMatchObject([{ rows: 1, values: BigInt64Array.of(2n) }]);
    expect(await source.read(2, 2)).toMatchObject([{ rows: 0 }]);
    expect(await failure(source.read(0, 1))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(source.read(2, 4))).toMatchObject({ code: 'InvalidArgument' });
    await source.close();
  });

  test('a fired signal ends opening and reading', async () => {
    const file = await jsonl('{"a": 1}');
    const signal = AbortSignal.abort();
    expect(await failure(openAttributeFile(file, { signal }))).toMatchObject({ code: 'Aborted' });
    const source = await openAttributeFile(file);
    expect(await failure(source.read(0, 1, { signal }))).toMatchObject({ code: 'Aborted' });
    await source.close();
  });

  test('a file that changes between both passes is a conflict', async () => {
    const file = await jsonl('{"a": 1}', '');
    const source = await openAttributeFile(file);
    await appendFile(file, '{"a": 2}\n');
    expect(await failure(source.read(0, 1))).toMatchObject({ code: 'Conflict' });
    await source.close();
  });

  test('attributes that are known are read as their types, whether or not the file has them', async () => {
    const file = await jsonl('{"at":"2026-01-02T03:04:05Z","n":1,"none":null}\n{"n":2}');
    const known = [
      { name: 'at', type: 'timestamp' },
      { name: 'n', type: 'float' },
      { name: 'none', type: 'bool' },
      { name: 'elsewhere', type: 'int' },
    ] as const;
    expect((await read(file, { known })).types).toEqual({ at: 'timestamp', n: 'float', none: 'bool' });
    expect((await read(file, { known, types: { at: 'string' } })).types).toMatchObject({ at: 'string' });
    const error = await refusal(await jsonl('{"n":1}\n{"n":"x"}'), { known });
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { line: 2, attribute: 'n' } });
    expect(error.message).toContain('is string, where float is wanted');
  });

  test('a file says how long it is, what its hash is, and that it opens again', async () => {
    const opened = await openAttributeFile(await jsonl('{}'));
    const hash = Buffer.from(await opened.hash()).toString('hex');
    expect([opened.sizeBytes, opened.reopens, hash]).toEqual([
      2,
      true,
      '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    ]);
    await opened.close();
  });
});
