// The table of docs/numpack.md, line by line: what Nacre's side of each verb of NumPack gives and does, by
// the library and by the command line. The values are those that NumPack 0.5.0 has on the same arrays.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import * as library from '../../src/index.js';
import type { ArrayHandle, Dataset, Rows } from '../../src/index.js';
import { everything, saveArrays, type Values } from '../cli/array-files.js';
import { type Ended, nacre } from '../cli/support.js';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/numpack.md'), 'utf8');

interface Line {
  readonly numpack: string;
  /** Code, or what is said in its place. */
  readonly nacre: string;
  readonly command: string | undefined;
}

const lines = [...page.matchAll(/^\| `(.*?)` \| (.*?) \|(?: `(.*?)`)? \|$/gm)].map(
  ([, numpack = '', cell = '', command]): Line => ({ numpack, nacre: cell, command }),
);

/** Methods of `numpack.NumPack` 0.5.0, and functions of its package. */
const api = [
  ...['append', 'batch_mode', 'clone', 'close', 'drop', 'get_io_stats', 'get_member_list', 'get_metadata'],
  ...['get_modify_time', 'get_shape', 'getitem', 'has_array', 'load', 'open', 'replace', 'reset', 'save'],
  ...['stream_load', 'update', 'writable_batch_mode', 'pack', 'unpack'],
];

function float32(shape: readonly number[], ...data: number[]) {
  return { dtype: 'float32', shape, data: Float32Array.from(data) } as const;
}

type Content = Readonly<Record<string, Values>>;

const a = float32([6, 2], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
const b = float32([3], 0, 1, 2);
const x = float32([1, 2], -1, -2);
const before: Content = { a, b };
const longer = float32([7, 2], ...a.data, -1, -2);

interface Case {
  /** Brings the dataset to where the line says something. */
  readonly given?: (ds: Dataset) => Promise<unknown>;
  /** Looks at what the code gave. */
  readonly gives?: (value: unknown, ds: Dataset) => unknown;
  /** The arrays then; default as before. */
  readonly after?: Content;
  /** Looks at how the command ended. */
  readonly prints?: (ended: Ended) => unknown;
  /** What the file holds that the command wrote. */
  readonly writes?: readonly [file: string, content: Content];
}

const read =
  (values: Values) =>
  (value: unknown): void =>
    expect(value).toEqual(values);

const printed =
  (pattern: RegExp) =>
  ({ stdout }: Ended): void =>
    expect(stdout.toString()).toMatch(pattern);

const cases: Readonly<Record<string, Case>> = {
  'open()': {
    async gives(value) {
      expect(Object.keys((await (value as Dataset).info()).arrays)).toEqual(['a', 'b']);
      await (value as Dataset).close();
    },
  },
  'close()': { gives: (_, ds) => expect(ds.info()).rejects.toMatchObject({ code: 'Closed' }) },
  "save({'c': x})": { after: { a, b, c: x } },
  "save({'a': x})": { after: { a: x, b } },
  "load('a')": { gives: read(a), writes: ['out.npy', { '': a }] },
  "load('a', lazy=True)": {
    async gives(value) {
      const handle = value as ArrayHandle;
      expect([await handle.shape(), await handle.dtype()]).toEqual([[6, 2], 'float32']);
      expect(await handle.read({ end: 1 })).toMatchObject({ data: Float32Array.of(0, 1) });
    },
  },
  "getitem('a', [5, 0])": {
    gives: read(float32([2, 2], 10, 11, 0, 1)),
    writes: ['out.npy', { '': float32([2, 2], 10, 11, 0, 1) }],
  },
  "getitem('a', slice(1, 3))": {
    gives: read(float32([2, 2], 2, 3, 4, 5)),
    writes: ['out.npy', { '': float32([2, 2], 2, 3, 4, 5) }],
  },
  "stream_load('a', 4)": {
    async gives(value) {
      const shapes: (readonly number[])[] = [];
      const numbers: number[] = [];
      for await (const { data, shape } of value as AsyncIterable<Rows>) {
        shapes.push(shape);
        numbers.push(...(data as Float32Array));
      }
      const all = [4, 2].map((rows) => [rows, 2]);
      expect([shapes, Float32Array.from(numbers)]).toEqual([all, a.data]);
    },
  },
  "get_shape('a')": {
    gives: (value) => expect(value).toEqual([6, 2]),
    prints: printed(/^a +float32 +\(6, 2\)/m),
  },
  'get_member_list()': {
    gives: (value) => expect(value).toEqual(['a', 'b']),
    prints: printed(/^a [^]*^b /m),
  },
  "has_array('a')": { gives: (value) => expect(value).toBe(true), prints: printed(/^a /m) },
  'get_metadata()': {
    gives: (value) =>
      expect(value).toMatchObject({
        arrays: { a: { dtype: 'float32', shape: [6, 2] }, b: { dtype: 'float32', shape: [3] } },
      }),
    prints: ({ json }) => expect(json).toMatchObject({ arrays: { a: { shape: [6, 2] } } }),
  },
  "get_modify_time('a')": {
    async gives(value, ds) {
      // Nothing came after the version that made it.
      expect([value, (await ds.info()).time]).toEqual([expect.stringMatching(/Z$/), value]);
    },
    prints: printed(/^a .* \d{4}-\d\d-\d\dT\S+Z$/m),
  },
  'get_io_stats()': {
    gives: (value) =>
      expect(value).toMatchObject({ requests: { get: expect.any(Number) }, waves: expect.any(Number) }),
    prints: ({ stderr }) => expect(stderr).toMatch(/request/),
  },
  "append({'a': x})": { after: { a: longer, b } },
  "replace({'a': x}, [0])": { after: { a: float32([6, 2], -1, -2, ...a.data.slice(2)), b } },
  "drop('a', [1, 3])": { after: { a: float32([4, 2], 0, 1, 4, 5, 8, 9, 10, 11), b } },
  "drop('a')": { after: { b } },
  "clone('a', 'c')": { after: { a, b, c: a } },
  'reset()': { after: {} },
  "update('a')": {
    async given(ds) {
      for (let i = 0; i < 2; i++) await ds.write((tx) => tx.append('a', x));
      await ds.write((tx) => tx.drop('a', [6, 7]));
      await ds.write((tx) => tx.append('a', x));
      expect((await ds.info()).arrays['a']?.partitions.length).toBeGreaterThan(1);
    },
    gives: (value) =>
      expect(value).toMatchObject({ arrays: [{ array: 'a', filesBefore: 4, filesAfter: 1 }] }),
    after: { a: longer, b },
    prints: printed(/^a +4 +1 /m),
  },
  'batch_mode()': {
    async gives(value, ds) {
      expect(value).toMatchObject({ version: 3 });
      // Both are one version, and before it there is what was.
      expect(await ds.array('a').shape({ at: { version: 2 } })).toEqual([6, 2]);
      expect(await ds.array('b').shape({ at: { version: 2 } })).toEqual([3]);
    },
    after: { a: longer, b: float32([2], 1, 2) },
  },
  'writable_batch_mode()': {
    gives: (value) => expect(value).toMatchObject({ version: 3 }),
    after: { a: { ...a, data: a.data.map((value) => 2 * value) }, b },
  },
  'pack(path)': {
    async gives(value) {
      expect(value).toMatchObject({ restored: 2 });
      expect(await everything(path.join(folder, 'data.nacre.zip'))).toEqual(before);
    },
    async prints() {
      expect(await everything(path.join(folder, 'data.nacre.zip'))).toEqual(before);
    },
  },
  'unpack(path)': {
    async given() {
      await library.pack(path.join(folder, 'data'), path.join(folder, 'data.nacre.zip'));
    },
    async gives() {
      expect(await everything(path.join(folder, 'other'))).toEqual(before);
    },
    async prints() {
      expect(await everything(path.join(folder, 'other'))).toEqual(before);
    },
  },
};

const scratch = await mkdtemp(path.join(tmpdir(), 'nacre-numpack-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));
let folder: string;
let ds: Dataset;
let count = 0;

beforeEach(async () => {
  folder = path.join(scratch, String(count++));
  ds = await library.open(path.join(folder, 'data'), { create: true });
  await ds.write(async (tx) => {
    for (const [name, { data, shape }] of Object.entries(before)) await tx.save(name, { data, shape });
  });
  await saveArrays(path.join(folder, 'rows.npy'), { rows: x });
});

async function contentOfFile(file: string): Promise<Content> {
  const opened = await library.openArrayFile(file);
  const found: Record<string, Values> = {};
  for (const one of opened.arrays) {
    const bytes = Uint8Array.from(await one.read(0, one.rows));
    const { dtype, rowShape } = one.type;
    found[one.array ?? ''] = { dtype, shape: [one.rows, ...rowShape], data: new Float32Array(bytes.buffer) };
  }
  await opened.close();
  return found;
}

const evaluate = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...text: string[]
) => (...scope: unknown[]) => Promise<unknown>;

test('every verb of NumPack has a line, and every line a case', () => {
  expect(lines.map(({ numpack }) => numpack)).toEqual(Object.keys(cases));
  expect(page.match(/^\| `/gm)).toHaveLength(lines.length);
  expect(new Set(lines.map(({ numpack }) => /^\w+/.exec(numpack)?.[0]))).toEqual(new Set(api));
});

describe('the library, where NumPack has', () => {
  test.each(lines)('$numpack: $nacre', async ({ numpack, nacre: cell }) => {
    const { given, gives, after = before } = cases[numpack] ?? {};
    await given?.(ds);
    expect(cell).toMatch(/^`[^`]+`$/);
    const there = (uri: string): string => path.join(folder, uri);
    const openThere = (uri: string): Promise<Dataset> => library.open(there(uri));
    const pack = (from: string, to: string) => library.pack(there(from), there(to));
    const unpack = (from: string, to: string) => library.unpack(there(from), there(to));
    const rows = { data: x.data, shape: x.shape };
    const run = new evaluate(
      'open',
      'pack',
      'unpack',
      'ds',
      'rows',
      `return { value: ${cell.slice(1, -1)} };`,
    );
    const { value } = (await run(openThere, pack, unpack, ds, rows)) as { readonly value: unknown };
    await gives?.(value, ds);
    await ds.close();
    expect(await everything(path.join(folder, 'data'))).toEqual(after);
  });
});

describe('the command line, where NumPack has', () => {
  test.each(lines.filter(({ command }) => command !== undefined))(
    '$numpack: $command',
    async ({ numpack, command = '' }) => {
      const { given, prints, writes, after = before } = cases[numpack] ?? {};
      await given?.(ds);
      await ds.close();
      const [program, ...args] = command.split(' ');
      expect(program).toBe('nacre');
      const ended = await nacre(args, { cwd: folder });
      expect(ended.code, ended.stderr).toBe(0);
      await prints?.(ended);
      if (writes !== undefined) expect(await contentOfFile(path.join(folder, writes[0]))).toEqual(writes[1]);
      expect(await everything(path.join(folder, 'data'))).toEqual(after);
      // A command without a change shows something, or writes it.
      if (after === before) expect(prints ?? writes).toBeDefined();
    },
  );
});
