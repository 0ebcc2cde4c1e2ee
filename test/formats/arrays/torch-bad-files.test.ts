// Whole files of torch.save in either form that are cut, that lie, or that are something else.
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isNacreError } from '../../../src/errors.js';
import { readTorch } from '../../../src/formats/arrays/torch.js';
import { badFiles, readAll, temporaryFolder, withArrays } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import {
  dict,
  floats,
  global,
  int,
  legacyFile,
  named,
  pickle,
  tensor,
  text,
  torchZip,
  tuple,
} from '../../support/torch-file.js';

const folder = temporaryFolder();

const { fileOf, refusal } = badFiles(folder, 'bad.pt', readTorch);

describe('zip files', () => {
  const object = named({});
  test.each<[string, Uint8Array, string, RegExp]>([
    [
      'one that runs something',
      torchZip(pickle(global('os', 'system'), tuple(text('ls')), 'R')),
      'UnsupportedFormat',
      /os\.system/,
    ],
    [
      'two entries of one name',
      torchZip(object, { more: [{ name: 'archive/data/0', bytes: floats() }] }),
      'InvalidArgument',
      /twice/,
    ],
    [
      'two folders',
      torchZip(object, { more: [{ name: 'other/data.pkl', bytes: object }] }),
      'InvalidArgument',
      /2 folders/,
    ],
    [
      'TorchScript',
      torchZip(object, { more: [{ name: 'archive/constants.pkl', bytes: object }] }),
      'UnsupportedFormat',
      /TorchScript/,
    ],
    [
      'a name that climbs',
      torchZip(object, { more: [{ name: 'archive/../../x', bytes: object }] }),
      'InvalidArgument',
      /climbs/,
    ],
    [
      'an encrypted storage',
      torchZip(object, { storages: { '0': { bytes: floats(), flags: 1 } } }),
      'UnsupportedFormat',
      /encrypted/,
    ],
    [
      'a storage packed otherwise',
      torchZip(object, { storages: { '0': { bytes: floats(), method: 93 } } }),
      'UnsupportedFormat',
      /zstd/,
    ],
    [
      'a byte order that is none',
      torchZip(object, { byteOrder: 'middle' }),
      'InvalidArgument',
      /byte order is "middle"/,
    ],
    ['a version that is none', torchZip(object, { version: 'x' }), 'InvalidArgument', /version is "x"/],
    ['a version from later', torchZip(object, { version: '11\n' }), 'UnsupportedFormat', /version 11/],
    [
      'something behind the pickle',
      torchZip(Buffer.concat([object, Buffer.from('os')])),
      'InvalidArgument',
      /ends at byte/,
    ],
    ['a pickle of other bytes', torchZip(object, { pickle: { crc: 1 } }), 'InvalidArgument', /CRC-32/],
    [
      'a storage of other bytes',
      torchZip(object, { storages: { '0': { bytes: floats(), crc: 1 } } }),
      'InvalidArgument',
      /CRC-32/,
    ],
    [
      'a storage whose size lies',
      torchZip(object, { storages: { '0': { bytes: floats(), size: 2400 } } }),
      'InvalidArgument',
      /archive\/data\/0/,
    ],
    [
      'a storage that inflates to more',
      torchZip(object, {
        storages: { '0': { packed: deflateRawSync(Buffer.alloc(1e6)), method: 8, size: 24 } },
      }),
      'InvalidArgument',
      /inflates to more than the 24 bytes/,
    ],
    [
      'a local header that says otherwise',
      torchZip(object, { storages: { '0': { bytes: floats(), local: { size: 12 } } } }),
      'InvalidArgument',
      /another size/,
    ],
  ])('%s', async (_, bytes, code, words) => {
    const error = await refusal(bytes);
    expect(error.message).toMatch(words);
    expect(error.code).toBe(code);
  });

  test('a zip file without a pickle says what it is not', async () => {
    const { zipFile } = await import('../../support/zip-file.js');
    const error = await refusal(zipFile([{ name: 'weights.npy', bytes: floats() }]));
    expect(error).toMatchObject({ code: 'InvalidArgument' });
    expect(error.message).toContain('without data.pkl');
  });

  test('a pickle that is said to have 100 MB is refused before it is read', async () => {
    const packed = deflateRawSync(Buffer.alloc(100 * 2 ** 20));
    const error = await refusal(torchZip(object, { pickle: { packed, method: 8, size: 100 * 2 ** 20 } }));
    expect(error).toMatchObject({ code: 'UnsupportedFormat' });
    expect(error.message).toContain('has 104857600 bytes, at most 67108864 are read');
  });

  test('deflated entries are read, too', async () => {
    const bytes = torchZip(object, {
      storages: { '0': { bytes: floats(), deflated: true } },
      pickle: { deflated: true },
    });
    const arrays = await readAll(await fileOf(bytes), readTorch);
    expect(arrays.get('w')?.bytes.equals(floats())).toBe(true);
  });
});

describe('the legacy form', () => {
  const object = named({});
  test.each<[string, Uint8Array, string, RegExp]>([
    [
      'one that runs something',
      legacyFile(pickle(global('posix', 'system'), tuple(text('ls')), 'R')),
      'UnsupportedFormat',
      /posix\.system/,
    ],
    [
      'another number',
      legacyFile(object, { magic: int(1) }),
      'InvalidArgument',
      /not with that of torch\.save/,
    ],
    [
      'another protocol',
      legacyFile(object, { protocol: int(1002) }),
      'UnsupportedFormat',
      /another protocol/,
    ],
    ['keys that are none', legacyFile(object, { keys: dict() }), 'InvalidArgument', /no list of texts/],
    [
      'a key twice',
      legacyFile(object, { keys: ['](', text('0'), text('0'), 'e'] }),
      'InvalidArgument',
      /twice/,
    ],
    [
      'a key that nothing refers to',
      legacyFile(object, { keys: ['](', text('0'), text('1'), 'e'] }),
      'InvalidArgument',
      /nothing refers to it/,
    ],
    [
      'a storage without its key',
      legacyFile(object, { keys: ']', storages: [] }),
      'InvalidArgument',
      /no storage '0'/,
    ],
    [
      'a length that lies',
      legacyFile(object, { storages: [{ length: 7, bytes: floats() }] }),
      'InvalidArgument',
      /6 elements, and 7/,
    ],
    [
      'a negative length',
      legacyFile(object, { storages: [{ length: -6, bytes: floats() }] }),
      'InvalidArgument',
      /and -6/,
    ],
    ['a length of 2^63', legacyFile(named({ length: 2 ** 50 })), 'InvalidArgument', /the file has/],
    [
      'bytes behind the last storage',
      Buffer.concat([legacyFile(object), Buffer.from('x')]),
      'InvalidArgument',
      /1 bytes behind/,
    ],
    ['another pickle', pickle(dict()), 'InvalidArgument', /not with that of torch\.save/],
    ['a text', Buffer.from('hello'), 'InvalidArgument', /no file of torch\.save: it begins with "hell"/],
    ['nothing', new Uint8Array(0), 'InvalidArgument', /no file of torch\.save/],
  ])('%s', async (_, bytes, code, words) => {
    const error = await refusal(bytes);
    expect(error.message).toMatch(words);
    expect(error.code).toBe(code);
  });

  test('a text of 4 GB in a file of 100 bytes makes nothing large', async () => {
    const error = await refusal(
      Buffer.concat([Buffer.from('\x80\x02X\xff\xff\xff\xff', 'latin1'), Buffer.alloc(100)]),
    );
    expect(error.message).toContain('4294967295 bytes are to follow');
  });
});

test('a file of either form that is cut anywhere is refused', async () => {
  const object = pickle(dict([text('a'), tensor()], [text('b'), tensor({ shape: [3], offset: 2 })]));
  for (const whole of [torchZip(object), legacyFile(object)])
    for (let length = 0; length < whole.length; length += length % 7 === 0 ? 1 : 3)
      expect((await refusal(whole.subarray(0, length))).code).toBe('InvalidArgument');
});

test('any byte of a file may be any other: it is read or refused with a typed error', async () => {
  const object = pickle(dict([text('a'), tensor()]));
  for (const whole of [torchZip(object), legacyFile(object)])
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const outcome: unknown = await readAll(await fileOf(bytes), readTorch).catch((error: unknown) => error);
      if (outcome instanceof Error && !isNacreError(outcome)) throw outcome;
    }
});

test('a fired signal ends opening and reading', async () => {
  const file = await fileOf(torchZip(named({})));
  await withArrays(file, readTorch, async ({ arrays }, access) => {
    const signal = AbortSignal.abort();
    expect((await failure(readTorch(access, { signal }))).code).toBe('Aborted');
    const [array] = arrays;
    expect((await failure(array?.read(0, 2, { signal }) ?? Promise.resolve())).code).toBe('Aborted');
    expect([...new Float32Array((await array?.read(0, 2))?.slice().buffer ?? [])]).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
  });
});
