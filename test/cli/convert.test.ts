// From file to file, and from a dataset to a file, by the command line.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Values } from './array-files.js';
import { contentOf, numbers, points, saveArrays } from './array-files.js';
import { answer, cleanEnvironment, nacre, pairs, program, saveNpy, scratch } from './support.js';

const folder = await scratch();
const inFolder = (name: string): string => path.join(folder, name);
const arrays: Record<string, Values> = { 'a.weights': points(5), b: numbers(5) };
const formats = {
  ...{ npz: 'npz', safetensors: 'safetensors', pt: 'torch', arrow: 'arrow', parquet: 'parquet' },
  h5: 'hdf5',
} as const;
/** Of tables: a column of one number a row is an attribute beside columns of lists. */
const tables: readonly string[] = ['arrow', 'parquet'];

/** Exit code, code of the error and its message; nothing new is in the folder. */
async function refused(args: readonly string[], message: string | RegExp): Promise<string> {
  const before = await readdir(folder);
  const ended = await nacre([...args, '--json']);
  expect(ended.error.message).toMatch(message);
  expect(ended.error.hint).toBeTruthy();
  expect(ended.stdout.toString()).toBe('');
  expect(await readdir(folder)).toEqual(before);
  return `${ended.code} ${ended.error.code}`;
}

describe('convert', () => {
  beforeAll(async () => {
    for (const ending of Object.keys(formats)) await saveArrays(inFolder(`in.${ending}`), arrays);
  });

  const pairsOfFormats = Object.keys(formats).flatMap((from) => Object.keys(formats).map((to) => [from, to]));

  test.each(pairsOfFormats)('keeps every byte from .%s to .%s', async (from, to) => {
    const out = inFolder(`from-${from}.${to}`);
    const input = inFolder(`in.${from}`);
    // Beside a column of lists, single values are attributes.
    const take = tables.includes(from) ? ['--array', 'a.weights'] : [];
    const made = await answer(['convert', input, out, ...take]);
    const [fromFormat, toFormat] = [formats[from as 'npz'], formats[to as 'npz']];
    expect(made).toMatchObject({ in: input, from: fromFormat, out, to: toFormat });
    const expected = await contentOf(input);
    const found = await contentOf(out);
    expect(found['a.weights']).toEqual(expected['a.weights']);
    if (!tables.includes(from) && !tables.includes(to)) expect(found).toEqual(expected);
    expect(made['sizeBytes']).toBe((await readFile(out)).byteLength);
  });

  test('keeps every byte to a Zarr in a zip file and back, by name and through pipes', async () => {
    const [input, out, back] = [inFolder('in.npz'), inFolder('in.zarr.zip'), inFolder('from-zip.npz')];
    const made = await answer(['convert', input, out]);
    expect(made).toMatchObject({ to: 'zarr.zip', sizeBytes: (await readFile(out)).byteLength });
    expect(await answer(['convert', out, back])).toMatchObject({ from: 'zarr.zip', to: 'npz' });
    expect(await contentOf(back)).toEqual(await contentOf(input));
    const piped = await nacre(['convert', '-', '-', '--to', 'zarr.zip'], { input: await readFile(input) });
    expect(piped.stdout.equals(await readFile(out))).toBe(true);
    const again = await nacre(['convert', '-', '-', '--to', 'npz'], { input: piped.stdout });
    await writeFile(inFolder('zip-through-pipe.npz'), again.stdout);
    expect(await contentOf(inFolder('zip-through-pipe.npz'))).toEqual(await contentOf(input));
    const uri = inFolder('dataset-of-zip');
    await answer(['import', uri, '-', out]);
    await answer(['export', uri, '--out', inFolder('exported.zarr.zip')]);
    expect((await readFile(inFolder('exported.zarr.zip'))).equals(piped.stdout)).toBe(true);
  });

  test('says what it took and what it made', async () => {
    const ended = await nacre(['convert', 'in.npz', 'said.safetensors'], { cwd: folder });
    expect(ended.stdout.toString()).toMatch(
      /^in\.npz \(npz, 2 arrays\) -> said\.safetensors \(safetensors, \d+ B\)\n$/,
    );
    const one = await nacre(['convert', 'in.npz', 'said.npy', '--array', 'b'], { cwd: folder });
    expect(one.stdout.toString()).toBe('in.npz (npz, 2 arrays) -> said.npy (npy, 1 array, 168 B)\n');
    const columns = await nacre(['convert', 'in.arrow', 'said.npz'], { cwd: folder });
    expect(columns.stderr).toBe('attributes were not written: b\n');
    const json = await answer(['convert', 'in.arrow', 'said2.npz'], { cwd: folder });
    expect(json).toEqual({
      ...{ in: 'in.arrow', from: 'arrow', out: 'said2.npz', to: 'npz', sizeBytes: expect.any(Number) },
      arrays: [{ array: 'a.weights', dtype: 'float32', shape: [5, 2] }],
      attributesNotWritten: ['b'],
    });
  });

  test('gives an array without a name that of its file, or of nothing: data', async () => {
    const file = await pairs(inFolder('rows.npy'), 3);
    await answer(['convert', file, inFolder('named.npz')]);
    expect(Object.keys(await contentOf(inFolder('named.npz')))).toEqual(['rows']);
    const input = await readFile(file);
    await answer(['convert', '-', inFolder('piped.npz')], { input });
    expect(Object.keys(await contentOf(inFolder('piped.npz')))).toEqual(['data']);
  });

  test('goes through pipes, and a name that tells nothing needs --to', async () => {
    const input = await readFile(inFolder('in.safetensors'));
    const ended = await nacre(['convert', '-', '-', '--to', 'npz'], { input });
    expect(ended.code).toBe(0);
    await writeFile(inFolder('out-of-pipe.npz'), ended.stdout);
    expect(await contentOf(inFolder('out-of-pipe.npz'))).toEqual(await contentOf(inFolder('in.npz')));
    expect(await refused(['convert', inFolder('in.npz'), inFolder('plain')], 'no ending')).toBe(
      '2 InvalidArgument',
    );
    const unsaid = await nacre(['convert', inFolder('in.npz'), '-']);
    expect([unsaid.code, unsaid.stderr]).toEqual([2, expect.stringContaining('--to npz')]);
    const both = ['convert', inFolder('in.npz'), '-', '--to', 'npz'];
    expect(await refused(both, 'both the file and --json')).toBe('2 InvalidArgument');
  });

  test('refuses to write over a file unless --force says so', async () => {
    const out = inFolder('there.npz');
    await writeFile(out, 'something else');
    const args = ['convert', inFolder('in.pt'), out];
    expect(await refused(args, 'there.npz is there already')).toBe('6 AlreadyExists');
    expect(await readFile(out, 'utf8')).toBe('something else');
    await answer([...args, '--force']);
    expect(await contentOf(out)).toEqual(await contentOf(inFolder('in.npz')));
    // Onto itself, too: the rows are out before the file is replaced.
    await answer(['convert', out, out, '--force']);
    expect(await contentOf(out)).toEqual(await contentOf(inFolder('in.npz')));
    await mkdir(inFolder('folder.npz'));
    const onFolder = ['convert', inFolder('in.npz'), inFolder('folder.npz')];
    expect(await refused(onFolder, 'is there already')).toBe('6 AlreadyExists');
    expect(await refused([...onFolder, '--force'], 'is a folder')).toBe('2 InvalidArgument');
  });

  test('names what a format cannot hold, and what can', async () => {
    const input = inFolder('in.npz');
    expect(await refused(['convert', input, inFolder('x.npy')], 'holds one array, not 2')).toBe(
      '2 InvalidArgument',
    );
    const ragged = await saveArrays(inFolder('ragged.npz'), { a: points(5), b: points(4) });
    const lengths = "array 'b': has 4 rows, and 'a' 5";
    expect(await refused(['convert', ragged, inFolder('x.arrow')], lengths)).toBe('2 InvalidArgument');
    const scalar = await saveNpy(inFolder('scalar.npy'), 'float64', [], Float64Array.of(1));
    const zero = "array 'scalar': a 0-d array is no column of Arrow";
    expect(await refused(['convert', scalar, inFolder('x.arrow')], zero)).toBe('2 InvalidArgument');
    const complex = await saveNpy(inFolder('complex.npy'), 'complex64', [1], Float32Array.of(1, 2));
    for (const ending of ['arrow', 'parquet', 'safetensors', 'pt', 'npz', 'h5']) {
      const out = inFolder(`complex.${ending}`);
      const ended = await nacre(['convert', complex, out, '--json']);
      if (ended.code === 0) expect(await contentOf(out)).toEqual({ complex: expect.anything() });
      else expect(`${ended.error.message} ${ended.error.hint}`).toMatch(/'complex'.* complex64.*\.npy/);
    }
    expect(await refused(['convert', ragged, inFolder('x.parquet')], lengths)).toBe('2 InvalidArgument');
    const wrong = ['convert', input, inFolder('x.dat'), '--to', 'zip'];
    expect(await refused(wrong, "there is no format 'zip'")).toBe('2 InvalidArgument');
  });

  test('refuses arrays that are not there, or named twice', async () => {
    const args = ['convert', inFolder('in.npz'), inFolder('x.npz'), '--array', 'b'];
    expect(await refused([...args, '--array', 'c'], "no array 'c'")).toBe('4 NotFound');
    expect(await refused([...args, '--array', 'b'], "'b' is named twice")).toBe('2 InvalidArgument');
    expect(await refused(['convert', inFolder('no.npz'), inFolder('x.npz')], 'no.npz')).toBe('4 NotFound');
  });

  test('leaves nothing where the file is damaged in the middle', async () => {
    const input = inFolder('damaged.npz');
    const large = { dtype: 'uint8', shape: [40_000_000], data: new Uint8Array(40_000_000) } as const;
    await saveArrays(input, { large, small: points(1) });
    const bytes = await readFile(input);
    bytes[20_000_000] = 1;
    await writeFile(input, bytes);
    expect(await refused(['convert', input, inFolder('x.safetensors')], /CRC-32/)).toMatch(/^\d \w+$/);
    await writeFile(inFolder('kept.safetensors'), 'as it was');
    const forced = ['convert', input, inFolder('kept.safetensors'), '--force'];
    expect(await refused(forced, /CRC-32/)).toMatch(/^\d \w+$/);
    expect(await readFile(inFolder('kept.safetensors'), 'utf8')).toBe('as it was');
  });

  test('holds little of a large file in memory, whatever the formats', async (context) => {
    if (process.platform !== 'linux') {
      console.warn('SKIPPED: the memory of nacre convert: only Linux tells its peak');
      context.skip();
    }
    const rows = 1_600_000;
    const data = new Float32Array(rows * 32);
    for (let i = 0; i < data.length; i += 1000) data[i] = i;
    const input = await saveArrays(inFolder('large.npz'), {
      e: { dtype: 'float32', shape: [rows, 32], data },
    });
    for (const ending of ['safetensors', 'arrow', 'parquet', 'h5']) {
      const out = inFolder(`large.${ending}`);
      const peak = await peakOf(['convert', input, out]);
      expect(peak).toBeLessThan(230 * 2 ** 20);
      await answer(['convert', out, inFolder(`back-${ending}.npz`)]);
      const back = inFolder(`back-${ending}.npz`);
      expect((await readFile(back)).equals(await readFile(input))).toBe(true);
      for (const file of [out, back]) await rm(file);
    }
  }, 120_000);
});

/** The most memory that a command has at a time, in bytes. */
async function peakOf(args: readonly string[]): Promise<number> {
  // Not `resourceUsage()`: it begins with the memory of the process that started it.
  const watch = `import { readFileSync } from 'node:fs';
    process.on('exit', () => process.stderr.write(readFileSync('/proc/self/status', 'utf8')));`;
  const loaded = `data:text/javascript,${encodeURIComponent(watch)}`;
  const child = spawn(process.execPath, ['--import', loaded, program, ...args], { env: cleanEnvironment() });
  let text = '';
  child.stderr.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, text]).toEqual([0, expect.stringMatching(/VmHWM/)]);
  return Number(/VmHWM:\s*(\d+) kB/.exec(text)?.[1]) * 1024;
}

describe('export', () => {
  const uri = path.join(folder, 'dataset');

  beforeAll(async () => {
    const file = await saveArrays(inFolder('all.npz'), arrays);
    const scalar = await saveNpy(inFolder('s.npy'), 'float64', [], Float64Array.of(2.5));
    await answer(['import', uri, '-', file, scalar]);
    await answer(['append', uri, 'b', file, '--from', 'b']);
  });

  test('writes all arrays, or those that are named, to one file', async () => {
    const out = inFolder('dataset.npz');
    const made = await answer(['export', uri, '--out', out]);
    expect(made).toMatchObject({ version: 3, out, format: 'npz', attributesNotWritten: [] });
    expect(made['arrays']).toEqual([
      { array: 'a.weights', dtype: 'float32', shape: [5, 2] },
      { array: 'b', dtype: 'int64', shape: [10] },
      { array: 's', dtype: 'float64', shape: [] },
    ]);
    const before = await contentOf(inFolder('all.npz'));
    const after = await contentOf(out);
    expect(Object.keys(after)).toEqual(['a.weights', 'b', 's']);
    expect(after['a.weights']).toEqual(before['a.weights']);
    const some = inFolder('some.pt');
    await answer(['export', uri, 's', 'a.weights', '-o', some]);
    expect(await contentOf(some)).toEqual({ s: after['s'], 'a.weights': after['a.weights'] });
    const text = await nacre(['export', uri, 'b', '-o', inFolder('b.npy')]);
    expect(text.stdout.toString()).toMatch(/^wrote version 3 of .* to .*b\.npy \(npy, 1 array, 208 B\)\n$/);
  });

  test('writes Parquet, from which the same arrays come back', async () => {
    const out = inFolder('dataset.parquet');
    const made = await answer(['export', uri, 'a.weights', '-o', out]);
    expect(made).toMatchObject({ format: 'parquet', arrays: [{ dtype: 'float32', shape: [5, 2] }] });
    const before = await contentOf(inFolder('all.npz'));
    expect(await contentOf(out)).toEqual({ 'a.weights': before['a.weights'] });
    await answer(['import', `${uri}-back`, '-', out]);
    const back = inFolder('parquet-back.npz');
    await answer(['export', `${uri}-back`, '-o', back]);
    expect(await contentOf(back)).toEqual({ 'a.weights': before['a.weights'] });
  });

  test('writes HDF5, from which the same arrays come back, in groups where names have slashes', async () => {
    const out = inFolder('dataset.h5');
    const made = await answer(['export', uri, '-o', out]);
    expect(made).toMatchObject({ format: 'hdf5', attributesNotWritten: [] });
    await answer(['export', uri, '-o', inFolder('same.npz')]);
    expect(await contentOf(out)).toEqual(await contentOf(inFolder('same.npz')));
    const piped = await nacre(['export', uri, '--format', 'hdf5', '-o', '-']);
    expect((await readFile(out)).equals(piped.stdout)).toBe(true);
    const grouped = await saveArrays(inFolder('grouped.npz'), { 'g/x': points(2), 'g/y': numbers(3) });
    await answer(['convert', grouped, inFolder('grouped.h5')]);
    await answer(['import', `${uri}-hdf5`, '-', inFolder('grouped.h5')]);
    await answer(['export', `${uri}-hdf5`, '-o', inFolder('back.npz')]);
    expect(await contentOf(inFolder('back.npz'))).toEqual(await contentOf(grouped));
    const within = await saveArrays(inFolder('within.npz'), { a: points(2), 'a/b': points(2) });
    expect(await refused(['convert', within, inFolder('x.h5')], "lies within the array 'a'")).toBe(
      '2 InvalidArgument',
    );
    const kept = inFolder('kept.h5');
    await writeFile(kept, 'as it was');
    expect(await refused(['convert', within, kept, '--force'], 'lies within')).toBe('2 InvalidArgument');
    expect(await readFile(kept, 'utf8')).toBe('as it was');
  });

  test('takes the version that is asked for', async () => {
    const out = inFolder('before.npz');
    expect(await answer(['export', uri, 'b', '-o', out, '--at', '-1'])).toMatchObject({ version: 2 });
    expect((await contentOf(out))['b']).toEqual((await contentOf(inFolder('all.npz')))['b']);
    expect(await refused(['export', uri, '-o', inFolder('x.npz'), '--at', '99'], '99')).toBe('4 NotFound');
  });

  test('writes to standard output, and over a file with --force alone', async () => {
    const piped = await nacre(['export', uri, 'b', '--format', 'npy', '-o', '-']);
    await writeFile(inFolder('piped.npy'), piped.stdout);
    expect(Object.values(await contentOf(inFolder('piped.npy')))).toMatchObject([{ shape: [10] }]);
    const again = ['export', uri, 'b', '-o', inFolder('piped.npy')];
    expect(await refused(again, 'is there already')).toBe('6 AlreadyExists');
    expect(await answer([...again, '--force'])).toMatchObject({ sizeBytes: 208 });
  });

  test('refuses what is not there, and what the format cannot hold', async () => {
    const to = (name: string, ...more: string[]): string[] => ['export', uri, ...more, '-o', inFolder(name)];
    expect(await refused(to('x.npz', 'c'), "'c'")).toBe('4 NotFound');
    expect(await refused(to('x.npz', 'b', 'b'), "'b' is named twice")).toBe('2 InvalidArgument');
    expect(await refused(to('x.npy'), 'one array, not 3')).toBe('2 InvalidArgument');
    expect(await refused(to('x.arrow', 'a.weights', 'b'), "'b': has 10 rows")).toBe('2 InvalidArgument');
    expect(await refused(to('x'), 'no ending')).toBe('2 InvalidArgument');
    await answer(['create', `${uri}-empty`]);
    expect(await refused(['export', `${uri}-empty`, '-o', inFolder('x.npz')], 'no arrays')).toBe(
      '2 InvalidArgument',
    );
  });

  test('says which attributes stay behind; read writes rows in the format of the ending, too', async () => {
    const columns = await saveArrays(inFolder('e.arrow'), { e: points(4), n: numbers(4) });
    const other = `${uri}-attributes`;
    await answer(['import', other, '-', columns]);
    const ended = await nacre(['export', other, '-o', inFolder('e.safetensors')]);
    expect(ended.stderr).toBe('attributes were not written: n\n');
    // Arrow and Parquet take those of one array, and convert hands them on.
    const [parquet, arrow] = [inFolder('with.parquet'), inFolder('with.arrow')];
    expect(await answer(['export', other, 'e', '-o', parquet])).toMatchObject({ attributesNotWritten: [] });
    expect(await answer(['convert', parquet, arrow])).toMatchObject({ attributesNotWritten: [] });
    await answer(['import', `${uri}-again`, 'e', arrow]);
    const asked = ['e', '--all', '--select', 'n'];
    const [before, after] = await Promise.all(
      [other, `${uri}-again`].map((one) => answer(['query', one, ...asked])),
    );
    expect(after?.['rows']).toEqual(before?.['rows']);
    const made = await answer(['read', uri, 'b', '--rows', '2:4', '--out', inFolder('rows.safetensors')]);
    expect(made).toMatchObject({ format: 'safetensors', shape: [2] });
    expect(await contentOf(inFolder('rows.safetensors'))).toMatchObject({ b: { shape: [2] } });
    const table = inFolder('rows.parquet');
    const rows = await answer(['read', uri, 'b', '--rows', '2:4', '--out', table]);
    expect(rows).toMatchObject({ format: 'parquet', shape: [2] });
    expect(await contentOf(table)).toEqual(await contentOf(inFolder('rows.safetensors')));
  });

  test.each([
    ['--rows', '3,0,3', [3, 0, 3]],
    ['--rows', '::-2', [3, 1]],
    ['--rows', '1:3', [1, 2]],
    ['--ids', '2,1', [2, 1]],
    ['--mask', 'mask.npy', [0, 3]],
  ])('read %s %s writes the attributes of these rows to Arrow and Parquet', async (option, rows, places) => {
    const name = `${option}${rows.replace(/\W/g, '-')}`;
    const of = `${uri}${name}`;
    const columns = await saveArrays(inFolder('attributes.arrow'), { e: points(4), n: numbers(4) });
    await answer(['import', of, '-', columns]);
    await saveNpy(inFolder('mask.npy'), 'bool', [4], Uint8Array.of(1, 0, 0, 1));
    const attributesOf = async (one: string): Promise<unknown[]> => {
      const { rows: found } = await answer(['query', one, 'e', '--all', '--select', 'n']);
      return (found as { attributes: unknown }[]).map(({ attributes }) => attributes);
    };
    const all = await attributesOf(of);
    for (const ending of ['parquet', 'arrow']) {
      const file = inFolder(`some${name}.${ending}`);
      const chosen = option === '--mask' ? inFolder(rows) : rows;
      await answer(['read', of, 'e', option, chosen, '--out', file]);
      const again = `${of}-${ending}`;
      await answer(['import', again, 'e', file]);
      expect(await attributesOf(again)).toEqual(places.map((place) => all[place]));
      const [expected, found] = [inFolder('expected.npy'), inFolder('found.npy')];
      await answer(['read', of, 'e', option, chosen, '--out', expected]);
      await answer(['read', again, 'e', '--out', found]);
      expect((await readFile(found)).equals(await readFile(expected))).toBe(true);
    }
  });
});
