// What a .npz file may be instead of a good one: each ends in the typed error that names file and entry.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readNpz } from '../../../src/formats/arrays/npz.js';
import { openAccess, type RandomAccess } from '../../../src/formats/random-access.js';
import { readBytes, readAll, temporaryFolder, withArrays } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { dict, npyFile } from '../../support/npy-file.js';
import { type EntryParts, zip64End, zip64Extra, zipFile, type ZipParts } from '../../support/zip-file.js';

const folder = temporaryFolder();

const good = npyFile({
  header: dict("'<f4'", 'False', '(3, 2)'),
  data: Uint8Array.from({ length: 24 }, (_, i) => i),
});
const a: EntryParts = { name: 'a.npy', bytes: good };
const deflatedA: EntryParts = { ...a, deflated: true };

function read(bytes: Uint8Array): ReturnType<typeof readBytes> {
  return readBytes(folder.path, 'x.npz', bytes, readNpz);
}

/** Errors name the file; `entry` where one is meant. */
async function refused(bytes: Uint8Array, code: string, message: RegExp, entry?: string): Promise<void> {
  const error = await failure(read(bytes));
  expect(error).toMatchObject({ code });
  expect(error.message).toMatch(message);
  expect(error.message).toContain('x.npz');
  if (entry !== undefined) expect(error.context).toMatchObject({ entry });
}

test('the files that the bad ones are made of are read', async () => {
  for (const entry of [a, deflatedA]) {
    const arrays = await read(zipFile([entry]));
    expect(arrays.get('a')).toMatchObject({ dtype: 'float32', shape: [3, 2] });
    expect(arrays.get('a')?.bytes).toEqual(Buffer.from(good.subarray(-24)));
  }
  expect((await read(zipFile([]))).size).toBe(0);
  expect((await read(zipFile([a], { comment: new Uint8Array(0xffff) }))).size).toBe(1);
  expect((await read(zipFile([{ name: 'folder/' }, a]))).size).toBe(1);
});

describe('names', () => {
  test.each([
    '../x.npy',
    'a/../../x.npy',
    '..',
    '/etc/x.npy',
    'C:/x.npy',
    'a\\..\\x.npy',
    'a//x.npy',
    './x.npy',
  ])('an entry %s is refused by name, though nothing would be written by it', (name) =>
    refused(zipFile([a, { ...a, name }]), 'InvalidArgument', /^x|the entry '/, name),
  );

  test('no name, a control character, and bytes that are not the UTF-8 that they say are refused', async () => {
    await refused(zipFile([{ ...a, name: '' }]), 'InvalidArgument', /has no name/, '');
    await refused(zipFile([{ ...a, name: 'a\0.npy' }]), 'InvalidArgument', /control character/);
    await refused(
      zipFile([{ ...a, name: Uint8Array.of(0xff, 0x61), flags: 0x800 }]),
      'InvalidArgument',
      /not UTF-8/,
    );
  });

  test('two entries of one name are refused', () =>
    refused(zipFile([a, a]), 'InvalidArgument', /'a\.npy' is in the directory twice/, 'a.npy'));

  test('an entry that is no .npy file is refused by name', () =>
    refused(
      zipFile([a, { name: 'notes.txt', bytes: good }]),
      'UnsupportedFormat',
      /'notes\.txt' is no \.npy file/,
    ));

  test('a folder with bytes is refused', () =>
    refused(zipFile([{ ...a, name: 'a/' }]), 'InvalidArgument', /is a folder, and has bytes/, 'a/'));
});

describe('what is not read', () => {
  test.each([
    ['encrypted', { flags: 1 }, /'a\.npy' is encrypted/],
    ['strongly encrypted', { flags: 0x41 }, /'a\.npy' is encrypted/],
    ['behind a masked directory', { flags: 0x2000 }, /'a\.npy' is encrypted/],
    ['a patch', { flags: 0x20 }, /'a\.npy' is a patch/],
    ['compressed by bzip2', { method: 12 }, /compressed by bzip2/],
    ['compressed by zstd', { method: 93 }, /compressed by zstd/],
    ['compressed by nobody knows what', { method: 77 }, /compressed by method 77/],
  ] as const)('an entry that is %s', (_, fields, message) =>
    refused(zipFile([{ ...a, ...fields }]), 'UnsupportedFormat', message, 'a.npy'),
  );

  test('an object array is refused as in a .npy file of its own, with the entry', () => {
    const bytes = npyFile({ header: dict("'|O'", 'False', '(1,)'), data: 8 });
    return refused(
      zipFile([a, { name: 'o.npy', bytes }]),
      'UnsupportedFormat',
      /x\.npz: o: the dtype "\|O"/,
      'o.npy',
    );
  });

  test('one of several parts', async () => {
    await refused(zipFile([a], { disk: 1 }), 'UnsupportedFormat', /one of several parts/);
    await refused(zipFile([{ ...a, disk: 2 }]), 'InvalidArgument', /in part 2 of several/, 'a.npy');
  });
});

describe('lying sizes', () => {
  const cases: readonly (readonly [string, EntryParts, RegExp])[] = [
    [
      'stored in fewer bytes than it says',
      { ...a, size: good.length + 1 },
      /is stored in 152 bytes and said to have 153/,
    ],
    [
      'stored beyond the directory',
      { ...a, size: 5000, packedSize: 5000 },
      /does not lie before the directory/,
    ],
    ['at a place behind the directory', { ...a, offset: 0xfffffff0 }, /does not lie before the directory/],
    ['larger than deflate can be', { ...deflatedA, size: 0xfffffff0 }, /which no \d+ bytes inflate to/],
    ['of another size in its local header', { ...a, local: { size: 1 } }, /another size or checksum/],
    ['of another checksum in its local header', { ...a, local: { crc: 1 } }, /another size or checksum/],
    ['of another name in its local header', { ...a, local: { name: 'b.npy' } }, /another name in its local/],
    ['packed otherwise by its local header', { ...a, local: { method: 8 } }, /packed otherwise/],
    ['encrypted by its local header', { ...a, local: { flags: 1 } }, /encrypted by its local header/],
    ['without a local header', { ...a, local: { signature: 1 } }, /has no local header/],
    ['pushed out by its local header', { ...a, local: { extraLength: 60000 } }, /goes over byte/],
    [
      'of two zip64 fields',
      { ...a, extra: Buffer.concat([zip64Extra(1), zip64Extra(1)]) },
      /two zip64 fields/,
    ],
    ['of an extra field over its end', { ...a, extra: Uint8Array.of(1, 0, 9, 0) }, /goes over its end/],
    ['of zip64 sizes that are not there', { ...a, size: 0xffffffff }, /zip64 field, which is not there/],
    [
      'of a zip64 size beyond 2^53',
      { ...a, size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(2n ** 63n, 2n ** 63n) },
      /has a size or a place of 9223372036854776000 bytes/,
    ],
  ];
  test.each(cases)('an entry that is %s', (_, entry, message) =>
    refused(zipFile([entry]), 'InvalidArgument', message, 'a.npy'),
  );

  test('a .npy header that says more or less than the entry has', async () => {
    for (const shape of ['(3, 1)', '(300000000, 2)']) {
      const bytes = npyFile({ header: dict("'<f4'", 'False', shape), data: 24 });
      for (const deflated of [false, true])
        await refused(
          zipFile([{ name: 'a.npy', bytes, deflated }]),
          'InvalidArgument',
          /x\.npz: a: .*too/,
          'a.npy',
        );
    }
  });

  test('a bomb: an entry that inflates to more than it says is read no further than that', async () => {
    const packed = deflateRawSync(Buffer.concat([good, new Uint8Array(2 ** 28)]));
    expect(packed.length).toBeLessThan(300_000);
    const bomb = { ...a, method: 8, packed, size: good.length };
    await refused(
      zipFile([bomb]),
      'InvalidArgument',
      /inflates to more than the 152 bytes that it says/,
      'a.npy',
    );
  });

  test('an entry that inflates to less, or ends before its packed bytes do', async () => {
    const packed = deflateRawSync(good);
    const more = Buffer.concat([packed, Uint8Array.of(1, 2, 3)]);
    const long = npyFile({ header: dict("'<f4'", 'False', '(40, 2)'), data: 320 });
    const cases: readonly (readonly [EntryParts, RegExp])[] = [
      [{ ...deflatedA, bytes: long, packed: deflateRawSync(long.subarray(0, 200)) }, /inflates to 200 bytes/],
      [{ ...deflatedA, packed: more }, /is at its end after \d+ of \d+ packed bytes/],
      [{ ...deflatedA, packed: packed.subarray(0, -4) }, /does not inflate/],
      [{ ...deflatedA, packed: Uint8Array.of(7, 255, 255, 255) }, /does not inflate/],
    ];
    for (const [entry, message] of cases)
      await refused(zipFile([entry]), 'InvalidArgument', message, 'a.npy');
  });
});

describe('checksums', () => {
  test('a stored and a deflated entry of another CRC-32 are refused by the read that comes to the end', async () => {
    for (const entry of [a, deflatedA])
      await refused(
        zipFile([{ ...entry, crc: 5 }]),
        'InvalidArgument',
        /'a\.npy' have the CRC-32 \w{8}, not 00000005/,
        'a.npy',
      );
  });

  const large = npyFile({
    header: dict("'<i4'", 'False', '(500000, 2)'),
    data: new Uint8Array(new Uint32Array(1_000_000).map((_, i) => i).buffer),
  });

  test.each([false, true])('rows before are given, and none after; deflated: %s', async (deflated) => {
    const file = path.join(folder.path, 'sum.npz');
    await writeFile(file, zipFile([{ name: 'a.npy', bytes: large, deflated, crc: 7 }]));
    await withArrays(file, readNpz, async ({ arrays: [array] }) => {
      if (array === undefined) throw new Error('there is an array');
      expect((await array.read(0, 400_000)).byteLength).toBe(3_200_000);
      const last = await failure(array.read(400_000, 500_000));
      expect(last).toMatchObject({
        code: 'InvalidArgument',
        context: { entry: 'a.npy', expected: '00000007' },
      });
      expect(await failure(array.read(0, 1))).toMatchObject({ message: last.message });
    });
  });

  test.each([false, true])('of a Fortran array no row is given; deflated: %s', async (deflated) => {
    const bytes = npyFile({ header: dict("'<i4'", 'True', '(50000, 20)'), data: large.subarray(-4_000_000) });
    const file = path.join(folder.path, 'fortran.npz');
    await writeFile(file, zipFile([{ name: 'a.npy', bytes, deflated, crc: 7 }]));
    await withArrays(file, readNpz, async ({ arrays: [array] }) => {
      expect(await failure(array?.read(0, 1) ?? Promise.resolve())).toMatchObject({
        code: 'InvalidArgument',
      });
    });
  });
});

describe('the directory', () => {
  test('entries over each other are refused', async () => {
    const first = zipFile([a]).length;
    expect(first).toBeGreaterThan(0);
    await refused(
      zipFile([a, { ...a, name: 'b.npy', offset: 0 }]),
      'InvalidArgument',
      /'a\.npy' goes over the beginning of 'b\.npy'/,
      'a.npy',
    );
    await refused(
      zipFile([a, { ...a, name: 'b.npy', offset: 100 }]),
      'InvalidArgument',
      /goes over the beginning/,
    );
  });

  const cases: readonly (readonly [string, ZipParts, RegExp])[] = [
    ['too few entries', { entries: 1 }, /has 2 entries, its end says 1/],
    ['too many entries', { entries: 3 }, /has 2 entries, its end says 3/],
    ['two numbers of entries', { entriesHere: 1 }, /says 1 entries, and 2 of them/],
    ['another size', { directorySize: 50 }, /does not end at/],
    ['another place', { directoryOffset: 1 }, /does not end at/],
    ['a size of 4 GiB', { directorySize: 0xfffffffe }, /does not end at/],
    ['bytes before the file', { before: new Uint8Array(10) }, /does not end at/],
    ['bytes behind the directory', { between: () => new Uint8Array(9) }, /does not end at/],
    ['zip64 that is not there', { directoryOffset: 0xffffffff }, /zip64 record stands before it; none does/],
    ['two ends', { comment: zipFile([]) }, /its end record is not there, or is not one only/],
    [
      'a zip64 record that says another thing',
      { between: (at, size) => zip64End(at + size, { entries: 3, size, offset: at }) },
      /say two things of the directory/,
    ],
    [
      'a zip64 record elsewhere',
      { between: (at, size) => zip64End(at + size, { entries: 2, size, offset: at }, { recordAt: 3 }) },
      /there is no zip64 record/,
    ],
    [
      'a zip64 record beyond the end',
      { between: (at, size) => zip64End(at + size, { entries: 2, size, offset: at }, { recordAt: 1e6 }) },
      /where it has no room/,
    ],
    [
      'a zip64 record at 2^63',
      {
        between: (at, size) => zip64End(at + size, { entries: 2, size, offset: at }, { recordAt: 2n ** 63n }),
      },
      /has the size or place/,
    ],
    [
      'a zip64 record of another length',
      { between: (at, size) => zip64End(at + size, { entries: 2, size, offset: at }, { recordSize: 45 }) },
      /there is no zip64 record/,
    ],
  ];
  test.each(cases)('a directory of %s is refused', (_, parts, message) =>
    refused(zipFile([a, { ...a, name: 'b.npy' }], parts), 'InvalidArgument', message),
  );

  test('a directory beyond the limit is refused before it is read', async () => {
    const bytes = zipFile([a]);
    const real = await open(bytes);
    const read: [number, number][] = [];
    const access: RandomAccess = {
      ...real,
      name: 'x.npz',
      sizeBytes: bytes.length,
      read: (position, length, options) => {
        read.push([position, length]);
        return real.read(position, length, options);
      },
      close: () => real.close(),
    };
    await readNpz(access, {});
    await real.close();
    // The tail, the directory, the local header and the header of the array: nothing beyond the file.
    for (const [position, length] of read) expect(position + length).toBeLessThanOrEqual(bytes.length);
    const huge = zipFile(
      Array.from({ length: 300 }, (_, i) => ({ name: `${i}.npy`, extra: new Uint8Array(60_000) })),
    );
    await refused(huge, 'UnsupportedFormat', /the directory has \d+ bytes, at most 16777216 are read/);
  });
});

async function open(bytes: Uint8Array): Promise<RandomAccess> {
  const file = path.join(folder.path, 'open.npz');
  await writeFile(file, bytes);
  return openAccess(file);
}

describe('what is no .npz file', () => {
  test.each([
    ['an empty file', new Uint8Array(0), /this is no zip file/],
    ['a .npy file', good, /this is no zip file/],
    ['three bytes', Uint8Array.of(0x50, 0x4b, 3), /this is no zip file/],
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, ...new Uint8Array(40)), /this is no zip file/],
  ])('%s', (_, bytes, message) => refused(bytes, 'InvalidArgument', message));

  test('a file that is cut at any byte, or has one byte more, is refused', async () => {
    const whole = zipFile([{ ...a }, { ...deflatedA, name: 'b.npy' }]);
    for (let length = 0; length < whole.length; length++)
      expect(await failure(read(whole.subarray(0, length))), `${length} bytes`).toMatchObject({
        code: 'InvalidArgument',
      });
    await refused(Buffer.concat([whole, Uint8Array.of(0)]), 'InvalidArgument', /its end record is not there/);
  });

  test('a file with any one byte changed is refused, or read as the same arrays', async () => {
    const whole = zipFile([{ ...a }, { ...deflatedA, name: 'b.npy' }]);
    const file = path.join(folder.path, 'bits.npz');
    await writeFile(file, whole);
    const values = [...(await readAll(file, readNpz)).values()];
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      const outcome = await read(changed).then(
        (arrays) => [...arrays.values()],
        (error: unknown) => error,
      );
      if (Array.isArray(outcome)) expect(outcome, `byte ${at}`).toEqual(values);
      else
        expect(['InvalidArgument', 'UnsupportedFormat'], `byte ${at}`).toContain(
          (outcome as { code: string }).code,
        );
    }
  });
});

test('a signal ends a read, and the next one goes on', async () => {
  const bytes = npyFile({ header: dict("'|u1'", 'False', '(4000000,)'), data: 4_000_000 });
  const file = path.join(folder.path, 'abort.npz');
  await writeFile(file, zipFile([{ name: 'a.npy', bytes, deflated: true }]));
  await withArrays(file, readNpz, async ({ arrays: [array] }) => {
    if (array === undefined) throw new Error('there is an array');
    await array.read(0, 10);
    const controller = new AbortController();
    const aborted = failure(array.read(10, 4_000_000, { signal: controller.signal }));
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'Aborted' });
    expect(await failure(array.read(0, 1, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'Aborted',
    });
    expect((await array.read(10, 4_000_000)).byteLength).toBe(3_999_990);
  });
});
