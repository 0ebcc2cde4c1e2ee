// `nacre replicate` and `promote`: what they print, and how they end.
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { answer, cleanEnvironment, nacre, pairs, program, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;
let copy: string;
let rows: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  copy = `${uri}-replica`;
  rows = await pairs(path.join(folder, 'rows10.npy'), 10);
  await answer(['import', uri, 'e', rows]);
});

describe('bad input', () => {
  test.each([
    [['--interval', '1m'], /--watch/],
    [['--limit', 'fast'], /no rate/],
  ])('replicate %o is a mistake of usage', async (options, message) => {
    const { code, stderr } = await nacre(['replicate', uri, copy, ...options]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) as string });
  });

  test('no source, another dataset, a primary, and a replica that is written to', async () => {
    expect((await nacre(['replicate', `${uri}-nowhere`, copy])).code).toBe(4);
    const other = `${uri}-other`;
    await answer(['import', other, 'e', rows]);
    expect((await nacre(['replicate', uri, other])).code).toBe(2);
    expect((await nacre(['promote', uri])).code).toBe(2);
    await answer(['replicate', uri, copy]);
    const { code, stderr } = await nacre(['append', copy, 'e', rows]);
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringMatching(/nacre promote/) as string });
  });
});

test('a round tells what came, status how far the replica is behind, promote what it has', async () => {
  const first = await answer(['replicate', uri, copy]);
  expect(first).toMatchObject({ versions: 2, objects: 1, version: 2 });
  expect(await answer(['replicate', uri, copy, '--verify'])).toMatchObject({
    versions: 0,
    verifiedObjects: 1,
  });
  await answer(['append', uri, 'e', rows]);
  const replicas = [{ version: 2, lagVersions: 1 }];
  expect(await answer(['status', uri])).toMatchObject({ role: 'primary', replicas });
  expect((await nacre(['status', uri])).stdout.toString()).toMatch(
    /replica .*: version 2, 1 version, \d+ s behind/,
  );
  expect((await nacre(['status', copy])).stdout.toString()).toMatch(/takes no writes/);
  expect(await answer(['promote', copy, '--yes'])).toMatchObject({ replicated: 2, version: 3 });
  const { code, error } = await nacre(['replicate', uri, copy, '--json']);
  expect({ code, error }).toMatchObject({ code: 6, error: { code: 'Conflict', context: { version: 3 } } });
  expect((await nacre(['log', copy])).stdout.toString()).toMatch(/promote/);
});

test('an object of which nobody has the right bytes ends it with 8', async () => {
  const files = await readdir(uri, { recursive: true });
  for (const file of files) if (file.endsWith('.npy')) await rm(path.join(uri, file));
  const { code, error } = await nacre(['replicate', uri, copy, '--json']);
  expect({ code, error }).toMatchObject({ code: 8, error: { code: 'Corrupt' } });
});

test('a watch gives a document for each round until it is interrupted', async () => {
  const args = [program, 'replicate', uri, copy, '--watch', '--interval', '100ms', '--json'];
  const child = spawn(process.execPath, args, { env: cleanEnvironment() });
  let out = '';
  child.stdout.on('data', (some: Buffer) => {
    out += some.toString();
    if (out.split('\n').length > 2) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(130);
  const [first, second] = out.split('\n').map((line) => (line === '' ? {} : (JSON.parse(line) as object)));
  expect([first, second]).toMatchObject([{ versions: 2 }, { versions: 0 }]);
});
