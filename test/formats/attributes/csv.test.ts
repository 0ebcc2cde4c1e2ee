import { describe, expect, test } from 'vitest';
import { inFolder, read, refusal } from './files.js';

const folder = inFolder();
let files = 0;

function csv(content: string): Promise<string> {
  return folder.write(`${files++}.csv`, content);
}

describe('refused, with the place and what to do', () => {
  test.each([
    ['an empty file', '', {}],
    ['a column without a name', 'a,,c\n1,2,3\n', { line: 1 }],
    ['two columns of a name', 'a,b,a\n1,2,3\n', { attribute: 'a' }],
    ['a field too few', 'a,b\n1,"x\ny"\n3\n4,5\n', { line: 4 }],
    ['a field too many', 'a,b\r\n1,2\r\n3,4,5\r\n', { line: 3 }],
    ['a blank line among several columns', 'a,b\n1,2\n\n3,4\n', { line: 3 }],
    ['a quote within a field', 'a,b\n1,x"y\n', { line: 2 }],
    ['text behind a quote', 'a,b\n1,2\n1,"x"y\n', { line: 3 }],
    ['a quote that is not closed', 'a,b\n1,"\n"\n3,"x\n4,5\n6,7\n', { line: 4 }],
    ['a quote of the names that is not closed', 'a,"b\n1,2\n', { line: 1 }],
  ] as const)('%s', async (_, content, context) => {
    const file = await csv(content);
    const error = await refusal(file);
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { file, ...context } });
    expect(error.message).toContain(file);
    expect(error.hint).toMatch(/./);
  });

  test('a record of more than 16 MiB', async () => {
    const error = await refusal(await csv(`a\n"${'x\n'.repeat(8 * 2 ** 20 + 1)}"\n`));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { line: 2 } });
    expect(error.message).toContain('16 MiB');
  });

  test('what is no UTF-8, as of Excel', async () => {
    const error = await refusal(await folder.write('utf16.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { line: 1 } });
  });

  test('a type that was asked for and is not there', async () => {
    const file = await csv('a,b\n1,x\n,\n2,1.5\n');
    const cases = [
      [{ b: 'int' }, { line: 2, attribute: 'b' }],
      [{ b: 'float' }, { line: 2, attribute: 'b' }],
      [{ a: 'bool' }, { line: 2, attribute: 'a' }],
      [{ a: 'timestamp' }, { line: 2, attribute: 'a' }],
      [{ c: 'int' }, { attribute: 'c' }],
    ] as const;
    for (const [types, context] of cases)
      expect(await refusal(file, { types })).toMatchObject({ code: 'InvalidArgument', context });
    expect(await refusal(file, { types: { a: 'strings' } })).toMatchObject({ code: 'UnsupportedFormat' });
  });
});

describe('read', () => {
  test.each([
    ['true\nfalse\n""\n', 'string', ['true', 'false', '']],
    ['true\n\nfalse\n', 'bool', [true, null, false]],
    ['"true"\n', 'bool', [true]],
    ['0\n-9223372036854775808\n"9007199254740993"\n', 'int', [0n, -(2n ** 63n), 9007199254740993n]],
    ['1\n2.50\n-.5\n1e-3\n3.\n', 'float', [1, 2.5, -0.5, 0.001, 3]],
    ['nan\nInf\n-INF\n1\n', 'float', [Number.NaN, Infinity, -Infinity, 1]],
    ['-0\n1\n', 'float', [-0, 1]],
    ['007\n12\n', 'string', ['007', '12']],
    ['+1\n', 'string', ['+1']],
    ['1\n007.5\n', 'string', ['1', '007.5']],
    ['9223372036854775808\n1.5\n', 'float', [2 ** 63, 1.5]],
    ['9007199254740993\n1.5\n', 'string', ['9007199254740993', '1.5']],
    ['1e400\n', 'string', ['1e400']],
    ['0x10\n', 'string', ['0x10']],
    [' 1\n', 'string', [' 1']],
    ['"a ""b"", c\r\nd"\n', 'string', ['a "b", c\r\nd']],
    ['\n\n', 'string', [null, null]],
  ] as const)('%j is %s', async (content, type, values) => {
    expect(await read(await csv(`a\n${content}`))).toEqual({ types: { a: type }, values: { a: values } });
  });

  test('an empty field is null, one in quotes is empty text', async () => {
    const file = await csv('a,b,c\n,"",x\n"","""",\n"",,"",\n'.replace('"",,"",', '"",,""'));
    expect((await read(file)).values).toEqual({
      a: [null, '', ''],
      b: ['', '"', null],
      c: ['x', null, ''],
    });
  });

  test('types that are asked for', async () => {
    const file = await csv(
      'zip,at,id,x,yes\n01234,2026-01-02T03:04:05Z,+007,12345678901234567890,TRUE\n,,,,\n',
    );
    const types = { zip: 'string', at: 'timestamp', id: 'int', x: 'float', yes: 'bool' } as const;
    expect(await read(file, { types })).toEqual({
      types,
      values: {
        zip: ['01234', null],
        at: [1767323045000000n, null],
        id: [7n, null],
        x: [12345678901234567000, null],
        yes: [true, null],
      },
    });
  });

  test('a mark in front, every end of lines, none at the end, and tabs by the name', async () => {
    expect((await read(await csv('\ufeffa,b\r\n1,2\r\n3,4'))).values).toEqual({ a: [1n, 3n], b: [2n, 4n] });
    expect((await read(await csv('a\r1\r2\r'))).values).toEqual({ a: [1n, 2n] });
    expect(await read(await csv('a,b\n'))).toEqual({
      types: { a: 'string', b: 'string' },
      values: { a: [], b: [] },
    });
    const tabs = await folder.write('tabs.tsv', 'a\tb\n1,5\t"x\ty"\n');
    expect((await read(tabs)).values).toEqual({ a: ['1,5'], b: ['x\ty'] });
  });

  test('characters and records that lie across the pieces that a file is read in', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => `${'ä𝄞"\n,'.repeat(9000)}${i}`);
    const file = await csv(`a,b\n${texts.map((text) => `"${text.replaceAll('"', '""')}",1\n`).join('')}`);
    expect((await read(file)).values).toEqual({ a: texts, b: texts.map(() => 1n) });
  });
});
