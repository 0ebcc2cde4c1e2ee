// A Zarr in a zip file: bad ones are refused, and what Zarr of Python has in one comes out as from a folder.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { NacreError } from '../../../src/errors.js';
import { writeZarrZip } from '../../../src/formats/arrays/zarr-zip.js';
import { openArrayFile, writeArrayFile } from '../../../src/index.js';
import { Meter } from '../../../src/storage/wrap/meter.js';
import {
  arrayToWrite,
  bytesOf,
  type ReadArray,
  readArray,
  temporaryFolder,
  written,
} from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { pythonWithZarr, runPython } from '../../support/python.js';
import { serversUnderTest } from '../../support/servers/index.ts';
import { openTestStore } from '../../support/servers/open.ts';
import { rawObjects } from '../../support/servers/raw-objects.ts';
import { type EntryParts, zipFile } from '../../support/zip-file.js';
import { everything } from './zarr-arrays.js';
import { zarrWriter } from './zarr-python.js';

const folder = temporaryFolder();
const python = await pythonWithZarr();

async function placed(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(folder.path, name);
  await writeFile(file, bytes);
  return file;
}

function texts({ dtype, shape, bytes }: ReadArray): unknown {
  return [dtype, shape, bytes.toString('hex')];
}

async function contentOf(file: string, step = Infinity): Promise<Record<string, unknown>> {
  const opened = await openArrayFile(file);
  try {
    expect(opened.format).toBe('zarr.zip');
    const found: Record<string, unknown> = {};
    for (const array of opened.arrays) found[array.array ?? ''] = texts(await readArray(array, step));
    return found;
  } finally {
    await opened.close();
  }
}

const json = (content: object): Uint8Array => Buffer.from(JSON.stringify(content));

const array = {
  zarr_format: 3,
  node_type: 'array',
  shape: [4],
  data_type: 'int16',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [2] } },
  chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
  fill_value: 0,
  codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
};
const group = { zarr_format: 3, node_type: 'group', attributes: {} };
const chunks: readonly EntryParts[] = [
  { name: 'a/c/0', bytes: Uint8Array.of(1, 0, 2, 0) },
  { name: 'a/c/1', bytes: Uint8Array.of(3, 0, 4, 0), deflated: true },
];
const good: readonly EntryParts[] = [
  ...chunks,
  { name: 'a/zarr.json', bytes: json(array), deflated: true },
  { name: 'zarr.json', bytes: json(group) },
];
const goodContent = { a: ['int16', [4], '0100020003000400'] };

/** With others in the place of entries of their names, or beside them. */
function changed(...entries: readonly EntryParts[]): Uint8Array {
  const names = entries.map(({ name }) => name);
  return zipFile([...good.filter(({ name }) => !names.includes(name)), ...entries]);
}

async function refusal(bytes: Uint8Array): Promise<NacreError> {
  const error = await failure(contentOf(await placed('bad.zarr.zip', bytes)));
  expect(error.message).toContain('bad.zarr.zip');
  expect(error.hint).toBeTruthy();
  return error;
}

describe('a zip file that is no Zarr', () => {
  test.each([
    '../zarr.json',
    'a/../../x',
    '/zarr.json',
    'C:/zarr.json',
    'a\\zarr.json',
    'a//c',
    './a',
    'a\0',
  ])('has a name that leads elsewhere: %j', async (name) => {
    const error = await refusal(changed({ name, bytes: json(group) }));
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringContaining('the entry')]);
  });

  test('says in its metadata that arrays lie elsewhere', async () => {
    const metadata = { '../a': array };
    const consolidated = { kind: 'inline', must_understand: false, metadata };
    const bytes = json({ ...group, consolidated_metadata: consolidated });
    expect((await refusal(changed({ name: 'zarr.json', bytes }))).message).toContain('no name of an array');
  });

  test('inflates to more than it says, or says more than there can be', async () => {
    const zeros = new Uint8Array(2 ** 20);
    const lies = { name: 'a/c/1', bytes: zeros, deflated: true, size: 4, local: { size: 4 } };
    expect((await refusal(changed(lies))).message).toMatch(/inflates to more than the 4 bytes that it says/);
    const claims = { name: 'a/c/1', bytes: zeros, deflated: true, size: 2 ** 31 };
    expect((await refusal(changed(claims))).message).toMatch(/which no \d+ bytes inflate to/);
    // A chunk is as long as its shape, whatever it is packed in.
    const long = { name: 'a/c/1', bytes: zeros, deflated: true };
    expect((await refusal(changed(long))).message).toMatch(/1048576 bytes, its shape takes 4/);
    const metadata = { name: 'zarr.json', bytes: Buffer.alloc(65 * 2 ** 20, ' '), deflated: true };
    expect((await refusal(changed(metadata))).message).toMatch(/67108864 at most are read/);
  });

  test.each([true, false])('has chunks of other bytes than their CRC-32 (deflated: %s)', async (deflated) => {
    const hurt = { name: 'a/c/0', bytes: Uint8Array.of(1, 0, 2, 0), crc: 1, deflated };
    const error = await refusal(changed(hurt));
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      expect.stringMatching(/'a\/c\/0' have the CRC-32 [0-9a-f]{8}, not 00000001/),
    ]);
  });

  test('is cut anywhere, or holds other files', async () => {
    const bytes = zipFile(good);
    for (let end = 0; end < bytes.byteLength; end += 7)
      expect((await refusal(bytes.subarray(0, end))).code).toBe('InvalidArgument');
    expect((await refusal(zipFile([{ name: 'x.npy', bytes: Uint8Array.of(1) }]))).message).toContain(
      'it is no Zarr',
    );
    expect((await refusal(zipFile([]))).message).toContain('it is no Zarr');
    const coded = { name: 'a/c/0', bytes: Uint8Array.of(1, 0, 2, 0), flags: 1 };
    expect((await refusal(changed(coded))).code).toBe('UnsupportedFormat');
    // Names of the directory, and what stands before the bytes.
    const other = { name: 'a/c/0', bytes: Uint8Array.of(1, 0, 2, 0), local: { name: 'a/c/9' } };
    expect((await refusal(changed(other))).message).toContain('another name in its local header');
  });

  test('has two entries on one byte, of one name or of two', async () => {
    for (const name of ['a/c/0', 'a/c/5']) {
      const error = await refusal(zipFile([...good, { name, bytes: Uint8Array.of(1, 0, 2, 0), offset: 0 }]));
      expect(error.message).toContain('goes over the beginning');
    }
  });
});

describe('a Zarr in a zip file', () => {
  test('is found at the top, below one folder, by its ending and by how it begins', async () => {
    const below = good.map((entry) => ({ ...entry, name: `deep.zarr/${String(entry.name)}` }));
    const folders = [{ name: 'deep.zarr/' }, { name: 'deep.zarr/a/' }];
    for (const name of ['top.zarr.zip', 'TOP.ZARR.ZIP', 'top.zip', 'without'])
      for (const entries of [good, below, [...folders, ...below]]) {
        const file = await placed(name, zipFile(entries));
        for (const step of [Infinity, 1, 3]) expect(await contentOf(file, step)).toEqual(goodContent);
      }
    const alone = [{ name: 'zarr.json', bytes: json({ ...array, shape: [3] }) }];
    expect(await contentOf(await placed('alone.zarr.zip', zipFile(alone)))).toEqual({
      '': ['int16', [3], '000000000000'],
    });
    // What lies in two folders is in none of them.
    const two = [...below, { name: 'other/x', bytes: Uint8Array.of(1) }];
    expect((await refusal(zipFile(two))).message).toContain('it is no Zarr');
  });

  test('has its last entry of a name, as Python writes metadata anew', async () => {
    const old = { name: 'a/c/0', bytes: Uint8Array.of(9, 9, 9, 9) };
    const early = { name: 'zarr.json', bytes: json({ ...group, node_type: 'none' }) };
    const file = await placed('again.zarr.zip', zipFile([old, early, ...good]));
    expect(await contentOf(file)).toEqual(goodContent);
  });

  test('gives rows in any order and at once, from many entries', async () => {
    const rows = 3000;
    const metadata = { ...array, shape: [2 * rows] };
    const many = Array.from({ length: rows }, (_, i) => ({
      name: `c/${i}`,
      bytes: new Uint8Array(Uint16Array.of(i, i + 1).buffer),
      deflated: i % 2 === 0,
    }));
    const file = await placed(
      'many.zarr.zip',
      zipFile([...many, { name: 'zarr.json', bytes: json(metadata) }]),
    );
    const opened = await openArrayFile(file);
    const [one] = opened.arrays;
    const places = Array.from({ length: rows }, (_, i) => 2 * ((i * 7) % rows));
    const found = await Promise.all(places.map(async (at) => (await one?.read(at, at + 2)) ?? []));
    for (const [i, bytes] of found.entries())
      expect([...bytes]).toEqual([...(many[(places[i] as number) / 2]?.bytes ?? [])]);
    await opened.close();
  });

  test('ends a read with its signal, and not those of others', async () => {
    const opened = await openArrayFile(await placed('signal.zarr.zip', zipFile(good)));
    const [one] = opened.arrays;
    const controller = new AbortController();
    const aborted = one?.read(0, 4, { signal: controller.signal });
    const other = one?.read(0, 4);
    controller.abort();
    expect((await failure(Promise.resolve(aborted))).code).toBe('Aborted');
    expect(Buffer.from((await other) ?? []).toString('hex')).toBe('0100020003000400');
    await opened.close();
  });
});

const expected = Object.fromEntries(
  everything.map(({ array: name, type, rows, pieces }) => [
    name,
    [
      type.dtype,
      type.scalar ? [] : [rows, ...type.rowShape],
      Buffer.concat([...(pieces() as Iterable<Uint8Array>)]).toString('hex'),
    ],
  ]),
);

describe('a zip file of a Zarr that is written', () => {
  test('has the same arrays when it is read, and the same bytes when it is written again', async () => {
    const file = path.join(folder.path, 'written.zarr.zip');
    const sizeBytes = await writeArrayFile(file, everything);
    const bytes = await readFile(file);
    expect(bytes.byteLength).toBe(sizeBytes);
    expect(bytes.equals(await written(writeZarrZip, everything))).toBe(true);
    for (const step of [Infinity, 2]) expect(await contentOf(file, step)).toEqual(expected);
    await writeArrayFile(path.join(folder.path, 'written.zarr'), everything);
    const unpacked = await openArrayFile(path.join(folder.path, 'written.zarr'));
    const names = unpacked.arrays.map((one) => one.array);
    expect(names).toEqual(Object.keys(await contentOf(file)));
    await unpacked.close();
  });

  test('is not there where an array cannot be written, and what was there stays', async () => {
    const before = await readdir(folder.path);
    const one = arrayToWrite('a', 'int16', [3], bytesOf(6));
    const file = path.join(folder.path, 'refused.zarr.zip');
    for (const bad of [
      one,
      { ...one, array: 'a/b' },
      { ...one, array: '../x' },
      { ...one, array: 'b', rows: 4 },
    ])
      expect((await failure(writeArrayFile(file, [one, bad]))).code).toBe('InvalidArgument');
    expect(await readdir(folder.path)).toEqual(before);
  });

  test.runIf(python !== undefined)(
    'is read by Zarr of Python',
    async () => {
      if (python === undefined) return;
      const file = path.join(folder.path, 'python.zarr.zip');
      await writeArrayFile(file, everything);
      const script = `
import json, sys, zarr, numpy as np
g = zarr.open_group(zarr.storage.ZipStore(sys.argv[1], mode='r'), mode='r')
out = {}
for name, z in g.members(max_depth=None):
    if isinstance(z, zarr.Array):
        a = np.asarray(z[...])
        out[name] = [a.dtype.name, list(a.shape), a.tobytes().hex()]
json.dump(out, open(sys.argv[1] + '.json', 'w'))
`;
      await runPython(script, [file], { python });
      expect(JSON.parse(await readFile(`${file}.json`, 'utf8'))).toEqual(expected);
    },
    60_000,
  );
});

describe.runIf(python !== undefined)('what Zarr of Python writes', () => {
  let wanted: Record<string, unknown> = {};

  const zip = `
import os, sys, zipfile
root, file, method, below = sys.argv[1:]
with zipfile.ZipFile(file, 'w', int(method)) as z:
    for at, _, names in os.walk(root):
        for name in names:
            full = os.path.join(at, name)
            z.write(full, below + os.path.relpath(full, root))
`;
  const store = `
import sys, zarr, numpy as np
s = zarr.storage.ZipStore(sys.argv[1], mode='w')
g = zarr.create_group(s)
z = g.create_array('deep/a', shape=(7, 3), chunks=(2, 3), dtype='<i4')
z[...] = np.arange(21).reshape(7, 3)
z.attrs['note'] = 1
g.attrs['note'] = 2
zarr.consolidate_metadata(s)
s.close()
`;

  beforeAll(async () => {
    if (python === undefined) return;
    const made = JSON.parse((await runPython(zarrWriter, [folder.path], { python })).toString()) as [
      string,
      ...unknown[],
    ][];
    wanted = Object.fromEntries(made.map(([name, ...rest]) => [name, rest]));
    for (const version of ['v2', 'v3'])
      for (const [name, method, below] of [
        ['stored', '0', ''],
        ['deflated', '8', 'x.zarr/'],
      ] as const) {
        const file = path.join(folder.path, `${version}-${name}.zarr.zip`);
        await runPython(zip, [path.join(folder.path, version), file, method, below], { python });
      }
  }, 120_000);

  const ofVersion = (version: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(wanted).flatMap(([name, value]) =>
        name.startsWith(`${version}/`) ? [[name.slice(version.length + 1), value]] : [],
      ),
    );

  test.each(['v2-stored', 'v2-deflated', 'v3-stored', 'v3-deflated'])(
    'is read as it reads it from a zip file, whole and in pieces: %s',
    async (name) => {
      const all = ofVersion(name.slice(0, 2));
      expect(Object.keys(all).length).toBeGreaterThan(40);
      for (const step of [Infinity, 2])
        expect(await contentOf(path.join(folder.path, `${name}.zarr.zip`), step)).toEqual(all);
    },
    120_000,
  );

  test('is read from a ZipStore, which has metadata more than once', async () => {
    if (python === undefined) return;
    const file = path.join(folder.path, 'store.zarr.zip');
    await runPython(store, [file], { python });
    const bytes = Buffer.alloc(84);
    for (let i = 0; i < 21; i++) bytes.writeInt32LE(i, 4 * i);
    expect(await contentOf(file)).toEqual({ 'deep/a': ['int32', [7, 3], bytes.toString('hex')] });
  }, 60_000);

  test.each(serversUnderTest())(
    'is read from a bucket of %s, range by range',
    async (name) => {
      const place = await openTestStore(name);
      for (const [variable, value] of Object.entries(place.env)) vi.stubEnv(variable, value);
      const objects = await rawObjects(place.uri, name);
      try {
        await objects.put('v3.zarr.zip', await readFile(path.join(folder.path, 'v3-stored.zarr.zip')));
        const meter = new Meter();
        const opened = await openArrayFile(`${place.uri}/v3.zarr.zip`, { meter });
        expect([opened.format, meter.snapshot().requests.list]).toEqual(['zarr.zip', 0]);
        const all = ofVersion('v3');
        for (const one of opened.arrays.filter(({ array: found }) => /^(le|shard|crc)/.test(found ?? '')))
          expect(texts(await readArray(one, 4))).toEqual(all[one.array ?? '']);
        await opened.close();
      } finally {
        vi.unstubAllEnvs();
        objects.close();
        await place.dispose();
      }
    },
    120_000,
  );
});
