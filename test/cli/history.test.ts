// Versions and tags from the command line.
import { beforeAll, expect, test } from 'vitest';
import path from 'node:path';
import { answer, nacre, pairs, scratch } from './support.js';

let folder: string;
let uri: string;
beforeAll(async () => {
  folder = await scratch();
  uri = path.join(folder, 'ds');
  const [first, more] = [
    await pairs(path.join(folder, 'first.npy'), 4),
    await pairs(path.join(folder, 'more.npy'), 3, 100),
  ];
  await answer(['import', uri, 'e', first]);
  await answer(['append', uri, 'e', more]);
});

test('tag makes, lists, moves and deletes tags, says how to undo it, and --at takes them', async () => {
  expect(await answer(['tag', uri, 'v1', '--at', '2', '-m', 'as sent'])).toMatchObject({
    ...{ tag: 'v1', before: null, tagged: 2, version: 4, undo: `nacre tag ${uri} --delete v1` },
  });
  expect(await answer(['info', uri, '--at', 'v1'])).toMatchObject({ version: 2 });
  expect(await answer(['ls', uri, '--at', 'tag:v1'])).toMatchObject({ version: 2 });
  expect(await answer(['tag', uri, '--move', 'v1'])).toMatchObject({
    ...{ before: 2, tagged: 4, version: 5, undo: `nacre tag ${uri} --move v1 --at 2` },
  });
  const listed = await answer(['tag', uri]);
  expect(listed).toMatchObject({ version: 5, tags: [{ name: 'v1', version: 4 }] });
  expect(await answer(['tag', uri, '--list'])).toEqual(listed);
  const log = (await nacre(['log', uri])).stdout.toString();
  expect(log).toContain('version 4  (v1)');
  expect(log).toContain('as sent');
  const rows = await answer(['query', uri, 'e', '--row', '0', '-k', '9', '--at', 'v1']);
  expect((rows['results'] as { hits: unknown[] }[])[0]?.hits).toHaveLength(7);
  expect(await answer(['tag', uri, '--delete', 'v1', '--dry-run'])).toMatchObject({
    before: 4,
    version: null,
  });
  expect(await answer(['tag', uri, '--delete', 'v1', '--yes'])).toMatchObject({
    ...{ before: 4, version: 6, undo: `nacre tag ${uri} v1 --at 4` },
  });
  expect(await answer(['tag', uri, '--list'])).toMatchObject({ tags: [] });
});

test('tag refuses what it cannot do, and changes nothing with --dry-run', async () => {
  const fails = async (...args: string[]) => {
    const { code, error } = await nacre(['tag', uri, ...args, '--json']);
    return [code, error.code];
  };
  await answer(['tag', uri, 'here']);
  const { version } = await answer(['info', uri]);
  expect(await fails('here')).toEqual([6, 'AlreadyExists']);
  expect(await fails('here', '--dry-run')).toEqual([6, 'AlreadyExists']);
  expect(await fails('12')).toEqual([2, 'InvalidArgument']);
  expect(await fails('2h')).toEqual([2, 'InvalidArgument']);
  expect(await fails('--move', 'gone')).toEqual([4, 'NotFound']);
  expect(await fails('--delete', 'gone')).toEqual([4, 'NotFound']);
  expect(await fails('new', '--at', '99')).toEqual([4, 'NotFound']);
  expect(await fails('new', '--list')).toEqual([2, 'InvalidArgument']);
  expect(await fails('--delete', 'here', '--at', '1')).toEqual([2, 'InvalidArgument']);
  expect(await fails('new', '--if-version', '1')).toEqual([6, 'Conflict']);
  expect(await answer(['tag', uri, 'new', '--at', '1', '--dry-run'])).toMatchObject({
    ...{ tagged: 1, version: null },
  });
  expect(await answer(['info', uri])).toMatchObject({ version });
});

test('restore says what changes and how to take it back, and diff shows it', async () => {
  const place = path.join(folder, 'restored');
  const [rows, more] = [
    await pairs(path.join(folder, 'rows.npy'), 10),
    await pairs(path.join(folder, 'others.npy'), 3, 50),
  ];
  await answer(['import', place, 'e', rows]);
  const { version: good } = await answer(['info', place]);
  await answer(['append', place, 'e', more]);
  await answer(['drop', place, 'e', '--rows', '0:4', '--yes']);
  const before = Number(good) + 2;
  const shown = (await nacre(['diff', place, String(good)])).stdout.toString();
  expect(shown).toContain('+3 rows, -4 rows: 10 to 9 rows');
  expect(shown).toContain(`version ${before}`);

  const refused = await nacre(['restore', place, '--at', String(good), '--json']);
  expect([refused.code, refused.error.message]).toEqual([
    2,
    'nothing was changed: there is no terminal to ask on',
  ]);
  const dry = await answer(['restore', place, '--at', String(good), '--dry-run']);
  expect(dry).toMatchObject({ restored: good, before, version: null, dryRun: true });
  const done = await answer(['restore', place, '--at', String(good), '--yes', '-m', 'oops']);
  const undo = `nacre restore ${place} --at ${before}`;
  expect(done).toMatchObject({ restored: good, before, version: before + 1, undo });
  const [array] = done['arrays'] as { name: string; rows: Record<string, number> }[];
  expect(array).toMatchObject({
    name: 'e',
    rows: { before: 9, after: 10, added: 4, dropped: 3, replaced: 0 },
  });
  expect(await answer(['diff', place, String(good)])).toMatchObject({ to: { version: before + 1 } });

  const { stdout, stderr, code } = await nacre(['restore', place, '--at', String(before), '--yes']);
  expect([code, stdout.toString()]).toEqual([
    0,
    expect.stringContaining(`undo: nacre restore ${place} --at ${before + 1}`),
  ]);
  expect(stderr).toContain('+3 rows, -4 rows: 10 to 9 rows');
  const same = await answer(['diff', place, String(before), String(before + 2)]);
  expect(same).toMatchObject({ more: false });
  expect(await answer(['restore', place, '--at', String(before + 2), '--yes'])).toMatchObject({ undo: null });
});

test('restore and diff refuse what they cannot do', async () => {
  const fails = async (...args: string[]) => {
    const { code, error } = await nacre([...args, '--json']);
    return [code, error.code];
  };
  expect(await fails('restore', uri)).toEqual([2, 'InvalidArgument']);
  expect(await fails('restore', uri, '--at', '99', '--yes')).toEqual([4, 'NotFound']);
  expect(await fails('restore', uri, '--at', '2', '--yes', '--if-version', '1')).toEqual([6, 'Conflict']);
  expect(await fails('diff', uri)).toEqual([2, 'InvalidArgument']);
  expect(await fails('diff', uri, '99')).toEqual([4, 'NotFound']);
  expect(await fails('diff', uri, '2', 'nobody')).toEqual([4, 'NotFound']);
  expect(await fails('diff', uri, '2', '3', '--limit', '0')).toEqual([2, 'InvalidArgument']);
  expect(await answer(['diff', uri, '-1'])).toMatchObject({ more: false });
});
