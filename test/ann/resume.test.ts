// A build that was killed, or that a signal ended, goes on where it was, and its index is the same.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ArrayEntry, Root } from '../../src/manifest/message.js';
import { type Dataset, type IndexOptions, type NacreError, type OpenOptions } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { newestRoot } from '../../src/manifest/head.js';
import { resolveObject } from '../../src/manifest/objects.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { toHex } from '../../src/util/bytes.js';
import { nacre } from '../cli/support.js';
import { functions } from '../dataset/world.js';
import { withFlippedBit } from '../support/faulty-store.js';
import { recording, Trace } from '../support/recording-store.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore, type TestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from '../query/random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-resume-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const dimensions = 16;
const rows = 2560;
const partitionRows = 256;
const random = randomFloats(seedOf('NACRE_SEED'));

type Type = IndexOptions['type'];
/** With so little memory there are several segments. */
const built: Readonly<Record<Type, { readonly index: IndexOptions; readonly memoryBytes: number }>> = {
  exact: { index: { type: 'exact', bits: true }, memoryBytes: 2 ** 17 },
  ivf: { index: { type: 'ivf' }, memoryBytes: 2 ** 17 },
  hnsw: { index: { type: 'hnsw', m: 8, efConstruction: 40 }, memoryBytes: 9 * 2 ** 15 },
};
const types = Object.keys(built) as Type[];

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, random), shape: [count, dimensions] };
}

/** The rows of every array. */
const content = rowsOf(rows);

let places = 0;

interface Place {
  readonly opened: TestStore;
  readonly cacheDir: string;
  readonly warnings: NacreError[];
  /** The dataset by another handle, and what it sends. */
  open(options?: OpenOptions): Promise<{ dataset: Dataset; trace: Trace; told: Told[] }>;
}

type Told = readonly [phase: string, done: number];

async function placeOf(name: 'folder' | 'minio' | 'memory', type: Type): Promise<Place> {
  const opened = await openTestStore(name);
  const cacheDir = path.join(folder, `cache-${places++}`);
  const warnings: NacreError[] = [];
  const { memoryBytes } = built[type];
  const open = async (options: OpenOptions = {}) => {
    const trace = new Trace();
    const store = await opened.another();
    const onWarning = (warning: NacreError): unknown => warnings.push(warning);
    // What is not a folder of its own is wrapped; that of a folder is mapped where it lies.
    const how = { create: true, cacheDir, memoryBytes, onWarning, ...options };
    return { dataset: await openStoreDataset(recording(store, trace), how), trace, told: [] };
  };
  const { dataset } = await open();
  await dataset.write(
    async (tx) => {
      await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
      await tx.append('e', content);
    },
    { partitionBytes: 4 * dimensions * partitionRows },
  );
  await dataset.close();
  return { opened, cacheDir, warnings, open };
}

/** Builds the index; `told` is what was told, each phase at its last word. */
async function build(
  { dataset, trace, told }: Awaited<ReturnType<Place['open']>>,
  index: IndexOptions,
  signal?: AbortSignal,
): Promise<{ uploads: number; told: Told[] }> {
  trace.clear();
  const onProgress = (done: number, _: number, phase: string): void => {
    if (told.at(-1)?.[0] === phase) told.pop();
    told.push([phase, done]);
  };
  await dataset.array('e').index({ ...index, onProgress, ...(signal && { signal }) });
  return { uploads: uploadsIn(trace), told };
}

function uploadsIn({ entries }: Trace): number {
  return entries.filter(({ method, key }) => method === 'put' && key.startsWith('indexes/')).length;
}

function journals(cacheDir: string): string[] {
  const builds = path.join(cacheDir, 'builds');
  return readdirSync(builds)
    .filter((file) => file.endsWith('.journal'))
    .map((file) => path.join(builds, file));
}

interface Noted {
  readonly trained?: { readonly epoch: { readonly id: string } };
  readonly segments: readonly { readonly newRows: number; readonly object: { readonly id: string } }[];
}

function notedIn(cacheDir: string): Noted {
  const [file] = journals(cacheDir);
  if (file === undefined) return { segments: [] };
  return JSON.parse(readFileSync(file).subarray(32).toString()) as Noted;
}

/** A journal with its checksum. */
function journalOf(file: string, record: unknown): Uint8Array {
  const body = Buffer.from(JSON.stringify(record));
  const name = Buffer.from(path.basename(file, '.journal'));
  return Buffer.concat([functions.blake3(Buffer.concat([name, body])), body]);
}

/** Ends a build by a signal as soon as so many segments are noted. */
async function interrupted(place: Place, index: IndexOptions, segments: number): Promise<void> {
  const controller = new AbortController();
  const { dataset } = await place.open();
  const onProgress = (_: number, __: number, phase: string): void => {
    if (phase !== 'code' && phase !== 'link') return;
    if (notedIn(place.cacheDir).segments.length >= segments) controller.abort();
  };
  const building = dataset.array('e').index({ ...index, onProgress, signal: controller.signal });
  await expect(building).rejects.toMatchObject({ code: 'Aborted' });
  await dataset.close();
}

function start(place: Place, type: Type, segments: number, signal: NodeJS.Signals): ChildProcess {
  const { uri, env } = place.opened;
  const options = { uri, cacheDir: place.cacheDir, segments, signal, ...built[type] };
  const script = path.join(import.meta.dirname, 'build-child.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

async function saidBy(child: ChildProcess): Promise<string> {
  const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return said.toString().trim();
}

async function rootOf(store: ObjectStore): Promise<Root> {
  const found = await newestRoot(store, functions);
  if (found === undefined) throw new Error('there is no dataset');
  return found.head.root;
}

/** All that an index is, but for the names of its objects. */
async function contentOf(store: ObjectStore) {
  const root = await rootOf(store);
  const hashOf = (slot: number): string => toHex(resolveObject(root.objects, slot, 'root').hash);
  const { indexes } = root.arrays[0] as ArrayEntry;
  return indexes.map(({ epoch, segments, ...of }) => ({
    ...of,
    epoch: hashOf(epoch),
    segments: segments.map(({ object, bits, ...segment }) => ({
      ...segment,
      object: hashOf(object),
      bits: bits && hashOf(bits.object),
    })),
  }));
}

/** Every row stands in the index once, and answers are those without it. */
async function expectRight(dataset: Dataset, type: Type, count = rows): Promise<void> {
  const { arrays } = await dataset.info();
  expect(arrays['e']?.indexes).toMatchObject([{ type, rows: count }]);
  const queries = rowsOf(5);
  const query = dataset.array('e').nearest(queries).limit(12);
  const expected = await dataset.array('e').nearest(queries).limit(12).exact().toArray();
  const all =
    type === 'ivf' ? query.nprobe(1_000_000) : type === 'hnsw' ? query.ef(1_000_000) : query.exact();
  expect(await all.precision('f64').toArray()).toEqual(expected);
}

describe.each(['folder', 'minio'] as const)('on %s', (name) => {
  const isThere = storesUnderTest().includes(name);

  test.runIf(isThere).each(types)(
    'a killed build of type %s goes on, and nothing was seen of it',
    async (type) => {
      const place = await placeOf(name, type);
      const child = start(place, type, 2, 'SIGKILL');
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
      const { segments } = notedIn(place.cacheDir);
      expect(segments).toHaveLength(2);
      const there = segments.reduce((sum, { newRows }) => sum + newRows, 0);
      const member = await place.open();
      expect(await member.dataset.version()).toBe(2);
      expect((await member.dataset.info()).arrays['e']?.indexes).toEqual([]);
      const { uploads, told } = await build(member, built[type].index);
      expect(told.find(([phase]) => phase === 'resume')).toEqual(['resume', there]);
      expect(told.some(([phase]) => phase === 'train')).toBe(false);
      const [index] = await contentOf(place.opened.store);
      const objects = type === 'exact' ? 2 : 1;
      expect(index?.segments.length).toBeGreaterThan(2);
      expect(uploads).toBe(objects * ((index?.segments.length ?? 0) - 2));
      await expectRight(member.dataset, type);
      expect(readdirSync(path.join(place.cacheDir, 'builds')), 'nothing is left').toEqual([]);
      expect(place.warnings).toEqual([]);
      await member.dataset.close();
      await place.opened.dispose();
    },
  );

  test.runIf(isThere)('two processes do not share a build, and one of them conflicts', async () => {
    const place = await placeOf(name, 'ivf');
    const child = start(place, 'ivf', 1, 'SIGSTOP');
    expect(await saidBy(child)).toBe('reached');
    const member = await place.open();
    const { uploads, told } = await build(member, built.ivf.index);
    expect(told[0]?.[0]).toBe('sample');
    const [index] = await contentOf(place.opened.store);
    expect(uploads).toBe(1 + (index?.segments.length ?? 0));
    const said = saidBy(child);
    child.kill('SIGCONT');
    expect(await said).toBe('Conflict');
    await once(child, 'exit');
    await member.dataset.refresh();
    await expectRight(member.dataset, 'ivf');
    // What the other one left has its own base, and is of use to who asks for the same.
    expect((await build(member, built.ivf.index)).uploads).toBe(0);
    await expectRight(member.dataset, 'ivf');
    await member.dataset.close();
    await place.opened.dispose();
  });
});

test.runIf(storesUnderTest().includes('folder'))('the command says that it goes on', async () => {
  const place = await placeOf('folder', 'ivf');
  const child = start(place, 'ivf', 2, 'SIGKILL');
  await once(child, 'exit');
  const { uri } = place.opened;
  const [first, second] = notedIn(place.cacheDir).segments;
  const of = ['index', uri, 'e', '--type', 'ivf', '--memory', String(built.ivf.memoryBytes)];
  const env = { NACRE_CACHE: '', NACRE_CACHE_DIR: place.cacheDir };
  const { code, stderr } = await nacre(of, { env });
  const there = ((first?.newRows ?? 0) + (second?.newRows ?? 0)).toLocaleString('en');
  expect(stderr).toContain(
    `going on with a build that was interrupted: ${there} of 2,560 rows are in the index already`,
  );
  expect(code).toBe(0);
  const { dataset } = await place.open();
  await expectRight(dataset, 'ivf');
  await dataset.close();
  await place.opened.dispose();
});

describe.each(types)('a build of type %s', (type) => {
  const { index } = built[type];
  test('goes on to the same bytes', async () => {
    const place = await placeOf('memory', type);
    await interrupted(place, index, 2);
    const [file = ''] = journals(place.cacheDir);
    const two = readFileSync(file);
    const record = notedIn(place.cacheDir);
    expect(record.segments).toHaveLength(2);
    // Of the same epoch, without any segment and with both: training adds up its rows in no fixed order.
    const contents = [];
    for (const bytes of [journalOf(file, { trained: record.trained, segments: [] }), two]) {
      writeFileSync(file, bytes);
      const member = await place.open();
      const { told } = await build(member, index);
      expect(told.some(([phase]) => phase === 'train')).toBe(false);
      contents.push(await contentOf(place.opened.store));
      await expectRight(member.dataset, type);
      await member.dataset.array('e').dropIndex({ type });
      await member.dataset.close();
    }
    expect(contents[1]).toEqual(contents[0]);
    expect(contents[0]?.[0]?.segments.length).toBeGreaterThan(2);
    expect(contents[0]?.[0]?.calibrations).toHaveLength(type === 'exact' ? 0 : 3);
    await place.opened.dispose();
  });

  test('is right where rows came and went meanwhile', async () => {
    const place = await placeOf('memory', type);
    await interrupted(place, index, 2);
    const member = await place.open();
    await member.dataset.write((tx) => tx.append('e', rowsOf(300)));
    await member.dataset.write((tx) => tx.drop('e', [3, 700, 2500]));
    await member.dataset.write((tx) => tx.replace('e', [10, 20], rowsOf(2)));
    const { told } = await build(member, index);
    expect(told.find(([phase]) => phase === 'resume')?.[1]).toBeGreaterThan(0);
    await expectRight(member.dataset, type, rows + 300);
    await member.dataset.close();
    await place.opened.dispose();
  });

  test('makes anew what is not there any more', async () => {
    const place = await placeOf('memory', type);
    await interrupted(place, index, 2);
    const lost = notedIn(place.cacheDir).segments[0]?.object.id ?? '';
    const { entries } = await place.opened.store.list({ prefix: 'indexes/' });
    await place.opened.store.delete(entries.map(({ key }) => key).filter((key) => key.endsWith(lost)));
    const member = await place.open();
    const { told } = await build(member, index);
    const there = notedRows(told);
    expect(there).toBeGreaterThan(0);
    await expectRight(member.dataset, type);
    await member.dataset.close();
    await place.opened.dispose();
  });
});

describe('a build of lists', () => {
  const { index } = built.ivf;

  test('takes nothing from a journal that is damaged, of another array, or of other options', async () => {
    const place = await placeOf('memory', 'ivf');
    await interrupted(place, index, 1);
    const [file = ''] = journals(place.cacheDir);
    const kept = readFileSync(file);
    const bits = [0, 256, 8 * (kept.length >> 1) + 3];
    for (const bytes of [...bits.map((bit) => withFlippedBit(kept, bit)), kept.subarray(0, 40)]) {
      writeFileSync(file, bytes);
      place.warnings.length = 0;
      const member = await place.open();
      const { told } = await build(member, index);
      expect(told[0]?.[0]).toBe('sample');
      expect(place.warnings).toMatchObject([{ code: 'Corrupt' }]);
      await expectRight(member.dataset, 'ivf');
      await member.dataset.close();
    }
    // Its checksum is right, and it is of another name.
    const other = await placeOf('memory', 'ivf');
    await interrupted(other, index, 1);
    writeFileSync(journals(other.cacheDir)[0] ?? '', kept);
    const member = await other.open();
    expect((await build(member, index)).told[0]?.[0]).toBe('sample');
    expect(other.warnings).toMatchObject([{ code: 'Corrupt' }]);
    await expectRight(member.dataset, 'ivf');
    await member.dataset.close();
    await other.opened.dispose();
    await place.opened.dispose();
  });

  test('that was committed is not taken up again', async () => {
    const place = await placeOf('memory', 'ivf');
    await interrupted(place, index, 2);
    const [file = ''] = journals(place.cacheDir);
    const kept = `${file}.kept`;
    copyFileSync(file, kept);
    const member = await place.open();
    await build(member, index);
    const before = await contentOf(place.opened.store);
    // As if the process had ended right after its commit.
    cpSync(kept, file);
    member.told.length = 0;
    expect((await build(member, index)).told[0]?.[0]).toBe('sample');
    expect((await contentOf(place.opened.store))[0]?.epoch).not.toBe(before[0]?.epoch);
    await expectRight(member.dataset, 'ivf');
    await member.dataset.close();
    await place.opened.dispose();
  });
});

function notedRows(told: readonly Told[]): number {
  return told.find(([phase]) => phase === 'resume')?.[1] ?? 0;
}

test.each<[string, unknown]>([
  ['no record', 7],
  ['nothing', {}],
  ['a segment of no object', { segments: [{ run: 'a', newRows: 1, object: {}, of: {} }] }],
  [
    'an object of another folder',
    { segments: [], trained: { epoch: { id: '../../x' }, rows: 1, endRowId: 1 } },
  ],
])('a journal that says %s is passed over', async (_, record) => {
  const place = await placeOf('memory', 'ivf');
  await interrupted(place, { type: 'ivf' }, 1);
  const [file = ''] = journals(place.cacheDir);
  writeFileSync(file, journalOf(file, record));
  const member = await place.open();
  expect((await build(member, { type: 'ivf' })).told[0]?.[0]).toBe('sample');
  expect(place.warnings).toMatchObject([{ code: 'Corrupt' }]);
  await expectRight(member.dataset, 'ivf');
  await member.dataset.close();
  await place.opened.dispose();
});

test('other options are another build', async () => {
  const place = await placeOf('memory', 'ivf');
  await interrupted(place, { type: 'ivf' }, 1);
  for (const index of [
    { type: 'ivf', metric: 'cosine' },
    { type: 'ivf', nlist: 20 },
    { type: 'exact' },
  ] as const) {
    const member = await place.open();
    expect((await build(member, index)).told[0]?.[0]).toBe('sample');
    await member.dataset.close();
  }
  await place.opened.dispose();
});

test('an epoch whose bytes are others is trained anew', async () => {
  const place = await placeOf('memory', 'ivf');
  await interrupted(place, { type: 'ivf' }, 1);
  const { trained } = notedIn(place.cacheDir);
  const { entries } = await place.opened.store.list({ prefix: 'indexes/' });
  const { key = '' } = entries.find((entry) => entry.key.endsWith(trained?.epoch.id ?? 'none')) ?? {};
  const body = await place.opened.store.get(key);
  await place.opened.store.put(key, withFlippedBit(body?.bytes ?? new Uint8Array(0), 999));
  const member = await place.open();
  expect((await build(member, { type: 'ivf' })).told.some(([phase]) => phase === 'train')).toBe(true);
  expect(place.warnings).toMatchObject([{ code: 'Corrupt' }]);
  await expectRight(member.dataset, 'ivf');
  await member.dataset.close();
  await place.opened.dispose();
});

test('an update goes on, too', async () => {
  const place = await placeOf('memory', 'ivf');
  const member = await place.open();
  await build(member, { type: 'ivf' });
  for (let i = 0; i < 6; i++) await member.dataset.write((tx) => tx.append('e', rowsOf(300)));
  await interrupted(place, { type: 'ivf', update: true }, 1);
  await member.dataset.refresh();
  member.told.length = 0;
  const { told } = await build(member, { type: 'ivf', update: true });
  expect(notedRows(told)).toBeGreaterThan(0);
  await expectRight(member.dataset, 'ivf', rows + 1800);
  expect(journals(place.cacheDir)).toEqual([]);
  await member.dataset.close();
  await place.opened.dispose();
});

test('a conflict does not build again', async () => {
  const place = await placeOf('memory', 'ivf');
  const [one, other] = [await place.open(), await place.open()];
  const told: Told[] = [];
  const onProgress = (done: number, _: number, phase: string): unknown => told.push([phase, done]);
  let tries = 0;
  await one.dataset.write(
    async (tx) => {
      await tx.index('e', { type: 'ivf', onProgress });
      if (tries++ === 0) await other.dataset.array('e').index({ type: 'ivf' });
    },
    { retries: 1 },
  );
  expect(tries).toBe(2);
  const again = told.slice(told.findIndex(([phase]) => phase === 'resume'));
  expect(again[0]).toEqual(['resume', rows]);
  expect(again.some(([phase]) => phase === 'code')).toBe(false);
  await expectRight(one.dataset, 'ivf');
  expect(journals(place.cacheDir)).toEqual([]);
  for (const { dataset } of [one, other]) await dataset.close();
  await place.opened.dispose();
});

test('without a cache folder nothing is noted, and a build begins anew', async () => {
  const place = await placeOf('memory', 'ivf');
  const controller = new AbortController();
  const { dataset } = await place.open({ cacheDir: false });
  const onProgress = (done: number, _: number, phase: string): void => {
    if (phase === 'code' && done > 1500) controller.abort();
  };
  const building = dataset.array('e').index({ type: 'ivf', onProgress, signal: controller.signal });
  await expect(building).rejects.toMatchObject({ code: 'Aborted' });
  await dataset.close();
  const member = await place.open({ cacheDir: false });
  expect((await build(member, { type: 'ivf' })).told[0]?.[0]).toBe('sample');
  await member.dataset.close();
  await place.opened.dispose();
});
