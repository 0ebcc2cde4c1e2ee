// `nacre pack` and `nacre unpack`: what they print, what they refuse, and that commands read a pack.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const rows = await pairs(path.join(folder, 'rows10.npy'), 10);
const uri = path.join(folder, 'data');
const file = path.join(folder, 'data.nacre.zip');
await answer(['import', uri, 'e', rows]);
await answer(['tag', uri, 'first']);
await answer(['append', uri, 'e', rows]);

test('a dataset goes into a file, is read there, and comes out of it', async () => {
  const { code, stdout } = await nacre(['pack', uri, file]);
  expect([code, stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/^packed version \d+ of .*data into .*: \d versions, 2 objects, /),
  ]);
  expect(await answer(['info', file])).toMatchObject({ arrays: { e: { shape: [20, 2] } } });
  const out = path.join(folder, 'some.npy');
  expect(await answer(['read', file, 'e', '--rows', '18:20', '--out', out])).toMatchObject({ shape: [2, 2] });
  const write = await nacre(['drop', file, 'e', '--rows', '1', '--yes', '--json']);
  expect(write.error).toMatchObject({
    code: 'PermissionDenied',
    hint: expect.stringContaining('nacre unpack'),
  });

  const there = `${uri}-unpacked`;
  expect(await answer(['unpack', file, there, '--dry-run'])).toMatchObject({ dryRun: true, version: null });
  await expect(stat(there)).rejects.toThrow('ENOENT');
  const made = await nacre(['unpack', file, there, '--at', 'first', '-m', 'from afar']);
  expect([made.code, made.stdout.toString()]).toEqual([0, expect.stringMatching(/^unpacked version 2 of /)]);
  expect(await answer(['info', there])).toMatchObject({ arrays: { e: { shape: [10, 2] } } });
  expect((await nacre(['log', there])).stdout.toString()).toContain('from afar');
  expect((await nacre(['unpack', file, there])).code).toBe(2);
});

test('a file that is there stays without --force; what is no pack is refused', async () => {
  const taken = path.join(folder, 'taken.nacre.zip');
  await answer(['pack', uri, taken]);
  const again = await nacre(['pack', uri, taken, '--json']);
  expect(again.error).toMatchObject({ code: 'AlreadyExists', hint: expect.stringContaining('--force') });
  expect(await answer(['pack', uri, taken, '--force', '--at', 'first', '--only'])).toMatchObject({
    restored: 2,
    file: taken,
  });
  expect(await answer(['info', taken])).toMatchObject({ arrays: { e: { shape: [10, 2] } } });
  expect((await nacre(['pack', `${uri}-nowhere`, `${taken}.x`])).code).toBe(4);
  await expect(stat(`${taken}.x`)).rejects.toThrow('ENOENT');
  expect((await nacre(['unpack', rows, `${uri}-x`])).code).toBe(2);
});
