// A dataset as one file: read where it lies, unpacked, in a bucket, cut and hurt.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Dataset, open, pack, scrub, unpack } from '../../src/index.js';
import { isNacreError } from '../../src/errors.js';
import { openBackend } from '../../src/dataset/backend.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { seedOf } from '../query/random.js';
import { failure } from '../support/failure.js';
import { seededRandom } from '../support/fake-runtime.js';
import { openTestStore } from '../support/servers/open.js';
import { storesUnderTest } from '../support/servers/index.js';

const options = { cacheDir: false } as const;
const seed = seedOf('NACRE_SEED');
let folder: string;
let source: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nacre-pack-'));
  source = path.join(folder, 'data');
  file = path.join(folder, 'data.nacre.zip');
  const dataset = await open(source, { ...options, create: true });
  const rows = (count: number, from: number) => ({
    data: Float32Array.from({ length: 4 * count }, (_, i) => from + i),
    shape: [count, 4],
  });
  const lang = Array.from({ length: 300 }, (_, i) => ['de', 'en', null][i % 3] ?? null);
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'float32', rowShape: [4] });
    await tx.append('a', rows(300, 0), { attributes: { lang } });
    await tx.save('one', { data: BigInt64Array.of(-5n), shape: [] });
  });
  await dataset.tag('first');
  await dataset.write((tx) => tx.replace('a', [1, 2], rows(2, -100)));
  await dataset.write((tx) => tx.drop('a', [0, 299]));
  await dataset.close();
  await pack(source, file, options);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What can be read of it, at its newest version and at the tag. */
async function contentOf(uri: string): Promise<unknown> {
  const dataset = await open(uri, options);
  try {
    const at = async (then: Dataset): Promise<unknown> => ({
      a: await then.array('a').read(),
      ids: await then.array('a').ids(),
      german: await then.array('a').where("lang = 'de'").count(),
      one: await then.array('one').read(),
    });
    return [await at(dataset), await at(await dataset.at({ tag: 'first' }))];
  } finally {
    await dataset.close();
  }
}

describe('a pack', () => {
  test('is read as the dataset was, and takes no writes', async () => {
    expect(await contentOf(file)).toEqual(await contentOf(source));
    const dataset = await open(file, options);
    const error = await failure(dataset.write((tx) => tx.dropArray('one')));
    expect([error.code, error.message]).toEqual(['PermissionDenied', expect.stringContaining('read only')]);
    await dataset.close();
    const { damaged } = await scrub(file, options);
    expect(damaged).toEqual([]);
  });

  test('is unpacked into a dataset of its own, which takes writes', async () => {
    const there = path.join(folder, 'unpacked');
    const { version } = await unpack(file, there, options);
    expect(await contentOf(there)).toEqual(await contentOf(source));
    const dataset = await open(there, options);
    const written = await dataset.write((tx) => tx.dropArray('one'));
    expect(written.version).toBe((version ?? 0) + 1);
    await dataset.close();
    const again = await failure(unpack(file, there, options));
    expect(again.code).toBe('InvalidArgument');
  });

  test('has the data of one version where that alone is asked for', async () => {
    const small = path.join(folder, 'first.nacre.zip');
    const report = await pack(source, small, { ...options, at: { tag: 'first' }, only: true });
    expect(report).toMatchObject({ restored: 2, sizeBytes: (await readFile(small)).byteLength });
    const dataset = await open(small, options);
    expect(await dataset.array('a').shape()).toEqual([300, 4]);
    await dataset.close();
    expect(report.sizeBytes).toBeLessThan((await readFile(file)).byteLength);
  });

  test('takes the place of a file that is there at its end only, and leaves nothing where it fails', async () => {
    const taken = path.join(folder, 'taken.zip');
    await writeFile(taken, 'something');
    const files = await readdir(folder);
    const stop = new AbortController();
    stop.abort();
    expect((await failure(pack(source, taken, { ...options, signal: stop.signal }))).code).toBe('Aborted');
    expect((await failure(pack(path.join(folder, 'nothing'), taken, options))).code).toBe('NotFound');
    expect(await readdir(folder)).toEqual(files);
    expect(await readFile(taken, 'utf8')).toBe('something');
    await pack(source, taken, options);
    expect(await contentOf(taken)).toEqual(await contentOf(source));
    const nowhere = await failure(pack(source, path.join(folder, 'no', 'folder.zip'), options));
    expect(nowhere.message).toContain('folder.zip');
    expect((await failure(pack(source, 's3://bucket/x.nacre.zip', options))).code).toBe('InvalidArgument');
  });

  test(`that is cut anywhere, or has a flipped bit, is a typed error or the same, seed ${seed}`, async () => {
    const draw = seededRandom(seed);
    const bytes = await readFile(file);
    const wanted = await contentOf(source);
    const hurt = path.join(folder, 'hurt.zip');
    for (let round = 0; round < 60; round++) {
      const at = Math.floor(draw() * bytes.byteLength);
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(draw() * 8));
      await writeFile(hurt, round % 3 === 0 ? bytes.subarray(0, at) : flipped);
      const there = path.join(folder, `hurt-${round}`);
      const error = await unpack(hurt, there, options).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      if (error === undefined) {
        expect(await contentOf(there), `round ${round}`).toEqual(wanted);
        continue;
      }
      expect(isNacreError(error), `round ${round}`).toBe(true);
      // Nothing half of it opens.
      expect((await failure(open(there, options))).code).toMatch(/^(NotFound|Unavailable)$/);
    }
  });

  test('with a flipped bit anywhere in its directory is refused', async () => {
    const bytes = await readFile(file);
    const hurt = path.join(folder, 'hurt-directory.zip');
    const there = path.join(folder, 'hurt-directory');
    const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
    const start = bytes.readUInt32LE(end + 16);
    expect(end - start).toBe(bytes.readUInt32LE(end + 12));
    for (let at = start; at < end; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7));
      await writeFile(hurt, flipped);
      const refused = await failure(unpack(hurt, there, options));
      expect(refused.code, `byte ${at}`).toMatch(/^(InvalidArgument|UnsupportedFormat)$/);
    }
    expect((await failure(open(there, options))).code).toBe('NotFound');
    // Who packs it anew has no checksum of it, and is read.
    const plain = Buffer.from(bytes.subarray(0, end + 22));
    plain.writeUInt16LE(0, end + 20);
    await writeFile(hurt, plain);
    expect(await contentOf(hurt)).toEqual(await contentOf(source));
  });

  test('of names that lead elsewhere, or that is another file, is refused', async () => {
    const bytes = await readFile(file);
    const bad = path.join(folder, 'bad.zip');
    // Without its checksum, as from another program.
    const text = bytes.toString('latin1').replaceAll('restoring', '../evil.x').replace('nacre:', 'other:');
    await writeFile(bad, Buffer.from(text, 'latin1'));
    expect((await failure(open(bad, options))).message).toContain('climbs out');
    await writeFile(bad, 'PK is no zip file');
    expect((await failure(open(bad, options))).code).toBe('InvalidArgument');
    await writeFile(bad, 'neither is this');
    expect((await failure(open(bad, options))).message).toContain('folder is needed');
  });
});

for (const name of storesUnderTest().filter((one) => one === 'minio')) {
  test(`a pack in a bucket of ${name} is read and unpacked from there`, async () => {
    const opened = await openTestStore(name);
    const key = 'archive.nacre.zip';
    await opened.store.put(key, await readFile(file));
    const uri = `${opened.store.uri}/${key}`;
    for (const [variable, value] of Object.entries(opened.env)) vi.stubEnv(variable, value);
    expect(await contentOf(uri)).toEqual(await contentOf(source));
    const backend = await openBackend(uri, { runtime: systemRuntime });
    expect((await backend.list({ prefix: 'versions/' })).entries.length).toBeGreaterThan(3);
    await backend.close();
    vi.unstubAllEnvs();
    await opened.dispose();
  });
}
