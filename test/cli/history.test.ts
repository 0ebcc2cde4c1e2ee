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
