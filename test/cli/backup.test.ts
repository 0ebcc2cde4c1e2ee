// `nacre backup`: what its commands print, and how they end.
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { answer, cleanEnvironment, nacre, pairs, program, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;
let vault: string;
let rows: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  vault = `${uri}-backup`;
  rows = await pairs(path.join(folder, 'rows10.npy'), 10);
  await answer(['import', uri, 'e', rows]);
});

describe('bad input', () => {
  test.each([
    [['create', 'URI', 'VAULT', '--lock', 'long'], /no age/],
    [['create', 'URI', 'VAULT', '--lock-mode', 'iron'], /governance/],
    [['create', 'URI', 'VAULT', '--lock-mode', 'compliance'], /needs a time/],
    [['create', 'URI', 'VAULT', '--lock', '1d'], /object lock/],
    [['create', 'URI', 'VAULT', '--label', 'two\nlines'], /label/],
    [['create', 'URI', 'URI'], /itself/],
    [['verify', 'VAULT', '--all', '--point', '2'], /--all/],
    [['verify', 'VAULT', '--restore-sample', '200%'], /no part/],
    [['restore', 'VAULT', 'URI-again', '--at', 'then'], /then/],
    [['forget', 'VAULT'], /what is kept/],
    [['forget', 'VAULT', '--keep-daily', 'x'], /whole number/],
    [['forget', 'VAULT', '--keep-last', '0'], /keep nothing/],
    [['schedule', 'URI', 'VAULT', 'now and then'], /no schedule/],
    [['schedule', 'URI', 'VAULT', '0 0 30 2 *'], /no time to come/],
  ])('backup %o is a mistake of usage', async (args, message) => {
    const named = args.map((arg) => arg.replace('URI', uri).replace('VAULT', vault));
    const { code, stderr } = await nacre(['backup', ...named]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) as string });
  });

  test('what is not there, what is a dataset, and what is in use', async () => {
    expect((await nacre(['backup', 'create', `${uri}-nowhere`, vault])).code).toBe(4);
    expect((await nacre(['backup', 'verify', vault])).code).toBe(4);
    expect((await nacre(['backup', 'restore', vault, `${uri}-again`])).code).toBe(4);
    const other = `${uri}-other`;
    await answer(['import', other, 'e', rows]);
    expect((await nacre(['backup', 'create', uri, other])).code).toBe(2);
    await answer(['backup', 'create', uri, vault]);
    expect((await nacre(['backup', 'create', other, vault])).code).toBe(2);
    expect((await nacre(['backup', 'restore', vault, other])).code).toBe(2);
    expect((await nacre(['append', vault, 'e', rows])).code).toBe(2);
    expect((await nacre(['backup', 'restore', vault, `${uri}-again`, '--point', 'x'])).code).toBe(4);
  });
});

test('points are made, listed, verified, restored and forgotten', async () => {
  const first = await answer(['backup', 'create', uri, vault, '--label', 'first']);
  expect(first).toMatchObject({ version: 2, versions: 2, objects: 1, lockedUntil: null });
  await answer(['append', uri, 'e', rows]);
  const { stdout } = await nacre(['backup', 'create', uri, vault]);
  expect(stdout.toString()).toMatch(
    /has version 3: 1 version, 1 object .*\npoint: \d{8}t\d{6}z-[0-9a-f]{32}\n/,
  );
  const list = await answer(['backup', 'list', vault]);
  expect(list).toMatchObject({
    points: [
      { version: 3, rows: 20 },
      { point: first['point'], label: 'first' },
    ],
  });
  expect((await nacre(['backup', 'list', vault])).stdout.toString()).toMatch(/POINT .*LABEL\n.*\n.*first\n$/);
  const verified = await answer(['backup', 'verify', vault, '--all', '--restore-sample', '10%']);
  expect(verified).toMatchObject({ objects: 2, damaged: [], sample: { rows: 2, ofRows: 20, differing: [] } });

  const again = `${uri}-again`;
  const planned = await answer(['backup', 'restore', vault, again, '--dry-run']);
  expect(planned).toMatchObject({ restored: 3, version: null, dryRun: true });
  await expect(readdir(again)).rejects.toThrow(/ENOENT/);
  const point = String(first['point']);
  expect(await answer(['backup', 'restore', vault, again, '--point', point])).toMatchObject({ restored: 2 });
  expect(await answer(['info', again])).toMatchObject({ version: 3 });

  const dry = await answer(['backup', 'forget', vault, '--keep-last', '1', '--dry-run']);
  expect(dry).toMatchObject({ forgotten: [point], deleted: 0, dryRun: true });
  const { stdout: told } = await nacre(['backup', 'forget', vault, '--keep-last', '1', '--yes']);
  expect(told.toString()).toMatch(/forgot 1 point; 1 stay\n {2}keeps .* \(keepLast\)\n/);
  expect((await nacre(['backup', 'forget', vault, '--keep-within', '0s', '--yes'])).code).toBe(2);
  await answer(['backup', 'forget', vault, '--keep-none', '--yes']);
  expect(await answer(['backup', 'list', vault])).toMatchObject({ points: [] });
});

test('damage is named, with exit code 8', async () => {
  await answer(['backup', 'create', uri, vault]);
  const [array = ''] = await readdir(path.join(vault, 'arrays'));
  await rm(path.join(vault, 'arrays', array), { recursive: true });
  const { code, stdout } = await nacre(['backup', 'verify', vault]);
  expect({ code, text: stdout.toString() }).toEqual({
    code: 8,
    text: expect.stringMatching(
      /1 object is damaged:\narrays[^]*missing[^]*a restore fails\nmend: nacre backup create .*recheck/,
    ) as string,
  });
  const restored = await nacre(['backup', 'restore', vault, `${uri}-again`, '--json']);
  expect({ code: restored.code, error: restored.error.code }).toEqual({ code: 8, error: 'Corrupt' });
  expect(restored.error.hint).toMatch(/nacre backup list .*--recheck.*nacre repair .*--source COPY/);
  await answer(['backup', 'create', uri, vault, '--recheck']);
  await answer(['backup', 'restore', vault, `${uri}-again`]);
});

test('the status of a backup says that it is one, and asks for no upkeep of datasets', async () => {
  await answer(['parity', 'set', uri, 'e', '4+2']);
  await answer(['backup', 'create', uri, vault]);
  const text = (await nacre(['status', vault])).stdout.toString();
  expect(text).toMatch(/^role +backup: nacre backup list/m);
  expect(text).not.toMatch(/^(latest|parity)/m);
  expect(await answer(['status', vault])).toMatchObject({ role: 'backup' });
});

test('a schedule tells each run on a line, and ends with the signal', async () => {
  const args = ['backup', 'schedule', uri, vault, '* * * * *', '--json', '--keep-last', '1'];
  const child = spawn(process.execPath, [program, ...args], { env: cleanEnvironment(), stdio: 'pipe' });
  const line = await new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (text.includes('\n')) resolve(text);
    });
  });
  const run = JSON.parse(line) as Record<string, unknown>;
  expect(run).toMatchObject({ report: { version: 2, objects: 1 }, forgotten: { forgotten: [] } });
  child.kill('SIGTERM');
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(130);
}, 120_000);
