// `nacre restore --to`: what it prints, how it ends, and that one that was killed goes on.
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { answer, cleanEnvironment, nacre, pairs, program, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;
let to: string;
let rows: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  to = `${uri}-restored`;
  rows = await pairs(path.join(folder, 'rows10.npy'), 10);
  await answer(['import', uri, 'e', rows]);
  await answer(['append', uri, 'e', rows]);
});

describe('bad input', () => {
  test.each([
    [['--only', '--at', '1'], /--to/],
    [['--limit', '1MiB/s', '--at', '1'], /--to/],
    [[], /--at/],
    [['--to', 'x', '--if-version', '3'], /in place/],
  ])('restore %o is a mistake of usage', async (options, message) => {
    const { code, stderr } = await nacre(['restore', uri, ...options]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) as string });
  });

  test('no source, no such version, a place in use, a place within', async () => {
    expect((await nacre(['restore', `${uri}-nowhere`, '--to', to])).code).toBe(4);
    expect((await nacre(['restore', uri, '--to', to, '--at', '9'])).code).toBe(4);
    expect((await nacre(['restore', uri, '--to', to, '--at', 'prod'])).code).toBe(4);
    await answer(['import', to, 'e', rows]);
    const { code, stderr } = await nacre(['restore', uri, '--to', to]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/in use/) as string });
    expect((await nacre(['restore', uri, '--to', path.join(uri, 'copy')])).code).toBe(2);
  });
});

test('a dry run tells what would come, the restore what came, and the place is a dataset of its own', async () => {
  await answer(['tag', uri, 'first', '--at', '2']);
  const dry = await answer(['restore', uri, '--to', to, '--at', 'first', '--dry-run']);
  expect(dry).toMatchObject({ dryRun: true, version: null, restored: 2, versions: 2, objects: 1 });
  expect((await nacre(['info', to])).code).toBe(4);
  const { code, stdout } = await nacre(['restore', uri, '--to', to, '--at', 'first', '-m', 'drill']);
  expect(code).toBe(0);
  expect(stdout.toString()).toMatch(/restored version 2 of .* \(version 3\): 2 versions, 1 object of/);
  await answer(['append', to, 'e', rows]);
  expect(await answer(['info', to])).toMatchObject({ version: 4, arrays: { e: { shape: [20, 2] } } });
  expect((await nacre(['log', to])).stdout.toString()).toMatch(/drill/);
  expect(await answer(['scrub', to, '--full'])).toMatchObject({ damaged: [] });
  const parted = await nacre(['replicate', uri, to, '--json']);
  expect(parted).toMatchObject({ code: 6, error: { context: { version: 3 } } });
});

test('with --only older versions are expired there', async () => {
  const report = await answer(['restore', uri, '--to', to, '--only']);
  expect(report).toMatchObject({ restored: 3, version: 4, left: [{ from: 1, to: 2 }] });
  expect((await nacre(['read', to, 'e', '--at', '2', '--out', '-'])).code).toBe(4);
  expect(await answer(['info', to])).toMatchObject({ arrays: { e: { shape: [20, 2] } } });
});

test('an object of which nobody has the right bytes ends it with 8, and the place opens for nobody', async () => {
  const files = await readdir(uri, { recursive: true });
  for (const file of files) if (file.endsWith('.npy')) await rm(path.join(uri, file));
  expect(await nacre(['restore', uri, '--to', to, '--json'])).toMatchObject({
    code: 8,
    error: { code: 'Corrupt' },
  });
  const { code, error } = await nacre(['info', to, '--json']);
  expect({ code, error }).toMatchObject({ code: 5, error: { code: 'Unavailable' } });
});

test('one that is killed at any time goes on, and comes to the same', async () => {
  const big = await pairs(path.join(folder, 'rows100k.npy'), 100_000);
  for (let i = 0; i < 6; i++) await answer(['append', uri, 'e', big]);
  for (const ms of [150, 250, 400, 600]) {
    const place = `${to}-${ms}`;
    const args = [program, 'restore', uri, '--to', place, '--limit', '4MiB/s'];
    const child = spawn(process.execPath, args, { env: cleanEnvironment(), stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    setTimeout(() => child.kill('SIGKILL'), ms);
    await ended;
    const opened = await nacre(['info', place]);
    expect([4, 5]).toContain(opened.code);
    expect(await answer(['restore', uri, '--to', place])).toMatchObject({ restored: 9, version: 10 });
    expect(await answer(['scrub', place, '--full'])).toMatchObject({ damaged: [] });
  }
});
