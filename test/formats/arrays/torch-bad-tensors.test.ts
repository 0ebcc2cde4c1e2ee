// Tensors that are not in their storage, or of a kind that is not stored, and structure that has no names.
import { describe, expect, test } from 'vitest';
import { readTorch } from '../../../src/formats/arrays/torch.js';
import { badFiles, temporaryFolder } from '../../support/array-files.js';
import {
  bytesOfParts,
  dict,
  global,
  int,
  ints,
  named,
  orderedDict,
  pickle,
  type PicklePart,
  type TorchZipParts,
  tensor,
  text,
  torchZip,
  tuple,
} from '../../support/torch-file.js';

const folder = temporaryFolder();

const { refusal } = badFiles(folder, 'bad.pt', readTorch);

describe('tensors that are not in their storage', () => {
  test.each<[string, Parameters<typeof tensor>[0], TorchZipParts, RegExp]>([
    ['a shape larger than it', { shape: [3, 3], length: 6 }, {}, /reaches element 8 of a storage of 6/],
    ['an offset behind it', { offset: 6, length: 6 }, {}, /reaches element 11/],
    ['a stride out of it', { stride: [6, 1], length: 6 }, {}, /reaches element 8/],
    [
      'strides beyond 2^53',
      { shape: [2 ** 30, 2 ** 20], stride: [2 ** 52, 2 ** 52], length: 6 },
      {},
      /reaches element/,
    ],
    [
      'more bytes than 2^53',
      { shape: [2 ** 40, 2 ** 40], stride: [0, 0], length: 6 },
      {},
      /more than 2\^53-1 bytes/,
    ],
    [
      'repeats without an end',
      { shape: [2 ** 30, 2 ** 10], stride: [0, 0], length: 6 },
      {},
      /repeats the 24 bytes of its storage/,
    ],
    ['33 dimensions', { shape: Array<number>(33).fill(1), length: 6 }, {}, /33 dimensions, at most 32/],
    [
      'a storage that is said to be larger',
      { length: 600, shape: [600] },
      {},
      /600 elements of 4 bytes, the file has 24 bytes/,
    ],
    [
      'a storage that is said to be smaller',
      { length: 3, shape: [3] },
      {},
      /3 elements of 4 bytes, the file has 24/,
    ],
    [
      'a storage of 2^50 elements',
      { length: 2 ** 50, shape: [2 ** 50], stride: [1] },
      {},
      /the file has 24 bytes/,
    ],
    ['a storage that is not there', { key: '1' }, {}, /no storage '1'/],
    ['a storage by a path', { key: '../data.pkl' }, {}, /no storage '\.\.\/data\.pkl'/],
    [
      'a view out of its storage',
      { view: tuple(text('v'), int(4), int(3)), shape: [2] },
      {},
      /view of 3 elements at 4/,
    ],
    ['more than its view', { view: tuple(text('v'), int(1), int(3)), length: 6 }, {}, /a storage of 3/],
  ])('%s', async (_, parts, zip, words) => {
    const error = await refusal(torchZip(named(parts), zip));
    expect(error.message).toMatch(words);
    expect(error.message).toContain('bad.pt: w');
    expect(['InvalidArgument', 'UnsupportedFormat']).toContain(error.code);
    if (!words.source.includes('repeats') && !words.source.includes('dimensions'))
      expect(error.code).toBe('InvalidArgument');
  });
});

describe('tensors of kinds that are not stored', () => {
  const utils = (name: string): PicklePart => global('torch._utils', name);
  test.each<[string, PicklePart, string]>([
    ['quantized', [utils('_rebuild_qtensor'), ')R'], 'a quantized tensor'],
    ['sparse', [utils('_rebuild_sparse_tensor'), ')R'], 'a sparse tensor'],
    ['nested', [utils('_rebuild_nested_tensor'), ')R'], 'a nested tensor'],
    ['without numbers', [utils('_rebuild_meta_tensor_no_storage'), ')R'], 'the meta device'],
    ['wrapped', [utils('_rebuild_wrapper_subclass'), ')R'], 'a class of its own'],
    ['conjugate', tensor({ metadata: dict([text('conj'), '\x88']) }), 'a conjugate view'],
    ['negative', tensor({ metadata: dict([text('neg'), '\x88']) }), 'a negative view'],
    ['of quint8', tensor({ type: global('torch', 'QUInt8Storage') }), 'torch.quint8'],
    [
      'of float8',
      [
        utils('_rebuild_tensor_v3'),
        tuple(
          [
            tuple(
              text('storage'),
              global('torch.storage', 'UntypedStorage'),
              text('0'),
              text('cpu'),
              int(24),
            ),
            'Q',
          ],
          int(0),
          ints([24]),
          ints([1]),
          '\x89',
          orderedDict,
          global('torch', 'float8_e4m3fn'),
        ),
        'R',
      ],
      'torch.float8_e4m3fn',
    ],
  ])('%s', async (_, made, words) => {
    const error = await refusal(torchZip(pickle(dict([text('layer'), dict([text('w'), made])]))));
    expect(error.code).toBe('UnsupportedFormat');
    expect(error.message).toContain(words);
    expect(error.message).toContain('layer.w');
  });
});

describe('what a file holds', () => {
  test.each<[string, PicklePart, string, RegExp]>([
    ['nothing', dict(), 'InvalidArgument', /no tensor in it/],
    ['a number', int(3), 'InvalidArgument', /no tensor in it/],
    ['a list that contains itself', [']q\x00h\x00a'], 'InvalidArgument', /contains itself/],
    [
      'a dict that contains itself',
      ['}q\x00(', text('a'), 'h\x00u'],
      'InvalidArgument',
      /'a' contains itself/,
    ],
    [
      'a tuple that contains itself by a list',
      [']q\x00h\x00\x85a'],
      'InvalidArgument',
      /'0\.0' contains itself/,
    ],
    ['65 levels', [']'.repeat(65), tensor(), 'a'.repeat(65)], 'UnsupportedFormat', /deeper than 64/],
    [
      'two names that are one',
      dict([text('a.b'), tensor()], [text('a'), dict([text('b'), tensor()])]),
      'InvalidArgument',
      /two tensors have the name 'a\.b'/,
    ],
    ['the keys 1 and "1"', dict([int(1), tensor()], [text('1'), tensor()]), 'InvalidArgument', /name '1'/],
    ['a key that makes no name', dict([tuple(int(1)), tensor()]), 'UnsupportedFormat', /makes no name/],
    ['a set of tensors', ['\x8f(', tensor(), '\x90'], 'UnsupportedFormat', /set of tensors/],
    [
      'a name of 2000 characters',
      dict([text('x'.repeat(2000)), tensor()]),
      'UnsupportedFormat',
      /name of 2000/,
    ],
    [
      'tensors that double 40 times',
      [
        tensor(),
        'q\x00',
        ...Array.from(
          { length: 40 },
          (_, i) => `0](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}`,
        ),
      ],
      'UnsupportedFormat',
      /more than 131072 tensors/,
    ],
  ])('%s', async (_, parts, code, words) => {
    const error = await refusal(torchZip(pickle(parts)));
    expect(error.message).toMatch(words);
    expect(error.code).toBe(code);
  });

  test('values that double 40 times end at a bound', async () => {
    const doubled = Array.from(
      { length: 40 },
      (_, i) => `0](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}`,
    );
    const error = await refusal(torchZip(pickle(']q\x00', doubled)));
    expect(error).toMatchObject({ code: 'UnsupportedFormat' });
    expect(error.message).toMatch(/more than 8388608 values in their places/);
  });

  test('what costs much in many places ends at the same bound', async () => {
    const pairs = Array<PicklePart>(100_000).fill('K\x01K\x02');
    const many = Array<PicklePart>(100_000).fill('h\x00');
    for (const large of [
      ['}q\x00(', pairs, 'u'],
      ['\x8fq\x00(', pairs, '\x90'],
    ]) {
      const error = await refusal(torchZip(pickle(large, '0](', many, 'e')));
      expect(error.message).toMatch(/more than 8388608 values in their places/);
    }
    const one = bytesOfParts(tensor({ metadata: 'h\x00' }), '0');
    const described = Array.from({ length: 100 }, () => one);
    const metadata = ['}q\x00(', pairs, 'u0', described, 'N'];
    expect((await refusal(torchZip(pickle(metadata)))).message).toMatch(/makes more than 8388608 values/);
  });

  test('a key of a megabyte at each level makes no text of 64', async () => {
    const key = text('x'.repeat(2 ** 20));
    const levels = Array.from({ length: 60 }, () => '}h\x00');
    const made = [key, 'q\x000', levels, tensor(), 's'.repeat(60)];
    const error = await refusal(torchZip(pickle(made)));
    expect(error).toMatchObject({ code: 'UnsupportedFormat' });
    expect(error.message).toMatch(/name of 62914619 characters/);
    expect(error.message.length).toBeLessThan(400);
  });

  test('bool bytes other than 0 and 1 are refused with tensor and row', async () => {
    const object = named({ type: global('torch', 'BoolStorage') });
    const error = await refusal(torchZip(object, { storages: { '0': Uint8Array.of(0, 1, 1, 0, 1, 2) } }));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { row: 1, value: 2 } });
    expect(error.message).toContain('bad.pt: w');
  });
});
