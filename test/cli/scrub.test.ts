// `nacre scrub`, `repair` and `status`: what they print, and how they end.
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { answer, type Ended, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;
let copy: string;
let env: Record<string, string>;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  copy = `${uri}-copy`;
  env = { NACRE_CACHE: 'on', NACRE_CACHE_DIR: `${uri}-cache` };
  const rows = await pairs(path.join(folder, 'rows10.npy'), 10);
  await answer(['import', uri, 'e', rows]);
  await answer(['append', uri, 'e', rows]);
  await cp(uri, copy, { recursive: true });
});

const run = (...args: string[]): Promise<Ended> => nacre(args, { env });

async function partitions(): Promise<string[]> {
  const files = await readdir(uri, { recursive: true });
  return files
    .filter((file) => file.endsWith('.npy'))
    .map((file) => path.join(uri, file))
    .sort();
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.byteLength - 3;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(file, bytes);
}

describe('bad input', () => {
  test.each([
    ['scrub', ['--structure', '--subset', '1/7'], /one mode/],
    ['scrub', ['--full', '--structure'], /one mode/],
    ['scrub', ['--subset', '8/7'], /no part/],
    ['scrub', ['--subset', '0%'], /no part/],
    ['scrub', ['--subset', 'some'], /no size/],
    ['scrub', ['--limit', '50MiB'], /no rate/],
    ['repair', ['--structure', '--found'], /one way/],
    ['scrub', ['--repair', '--subset', '5%'], /a part is not mended/],
    ['scrub', ['--source', 'copy'], /--source is for --repair/],
  ])('%s %o is a mistake of usage', async (command, options, message) => {
    const { code, stderr } = await run(command, uri, ...options);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('where there is no dataset each of them says so', async () => {
    for (const command of ['scrub', 'repair', 'status']) {
      const ended = await run(command, `${uri}-none`, '--json');
      expect([ended.code, ended.error.code]).toEqual([4, 'NotFound']);
    }
    const ended = await run('repair', uri, '--source', `${uri}-none`, '--json');
    expect([ended.code, ended.error.code]).toEqual([4, 'NotFound']);
  });
});

test('what is whole ends with 0, and status tells of it', async () => {
  const before = await run('status', uri, '--json');
  expect(before.json).toMatchObject({ version: 3, notVerifiedObjects: 2, scrubs: {}, hint: 'right' });
  const scrubbed = await run('scrub', uri, '--json');
  expect(scrubbed.code).toBe(0);
  expect(scrubbed.json).toMatchObject({
    mode: 'full',
    damaged: [],
    objects: 2,
    readObjects: 2,
    isNoted: true,
  });
  const part = (await run('scrub', uri, '--subset', '50%')).stdout.toString();
  expect(part).toMatch(/1 read.*\nno damage in what was read/);
  expect((await run('scrub', uri, '--structure')).stdout.toString()).toMatch(
    /none was read\n.*bytes were not read/,
  );
  expect((await run('status', uri, '--json')).json).toMatchObject({
    notVerifiedObjects: 0,
    scrubs: { full: { damaged: 0, version: 3 }, sample: { damaged: 0 }, structure: { damaged: 0 } },
  });
  const text = (await run('status', uri)).stdout.toString();
  expect(text).toMatch(/^not verified +0 % of the bytes in 30 days/m);
  expect(text).not.toMatch(/DAMAGE|LOST/);
  expect((await run('repair', uri)).stdout.toString()).toBe('no damage\n');
});

test('damage ends with 8, is described, planned, and mended', async () => {
  const [one = ''] = await partitions();
  await flip(one);
  const found = await run('scrub', uri);
  expect(found.code).toBe(8);
  const key = path.relative(uri, one);
  expect(found.stdout.toString()).toContain(`${key}\n  partition of 'e', 10 rows, ids `);
  expect(found.stdout.toString()).toContain('1 block of 64.0 KiB differs: 0; version');
  const plan = await run('repair', uri, '--source', copy, '--dry-run');
  expect(plan.code).toBe(8);
  expect(plan.stdout.toString()).toContain('1 of 1 damaged object would be put back');
  expect((await run('scrub', uri, '--json')).json['damaged']).toHaveLength(1);
  const mended = await run('repair', uri, '--source', copy, '--found', '--json');
  expect(mended.code).toBe(0);
  expect(mended.json).toMatchObject({ isWhole: true, steps: [{ key, outcome: 'mended' }] });
  expect((await run('scrub', uri)).code).toBe(0);
});

test('a scrub that mends ends with 0, with 9 where nobody has it, and does nothing where all is right', async () => {
  const [one = '', two = ''] = await partitions();
  expect((await run('scrub', uri, '--repair', '--json')).json).toMatchObject({ damaged: [], readObjects: 2 });
  await flip(one);
  await rm(two);
  const alone = await run('scrub', uri, '--repair', '--json');
  expect(alone.code).toBe(9);
  expect(alone.json).toMatchObject({ repair: { isWhole: false } });
  const mended = await run('scrub', uri, '--repair', '--source', copy);
  expect(mended.code).toBe(0);
  expect(mended.stdout.toString()).toContain(`mended from file://${copy}`);
  await rm(two);
  expect((await run('scrub', uri, '--structure', '--repair', '--source', copy)).code).toBe(0);
  const [newest = ''] = (await readdir(path.join(uri, 'versions'))).sort();
  await flip(path.join(uri, 'versions', newest));
  await flip(path.join(uri, 'latest'));
  expect((await run('scrub', uri, '--repair', '--source', copy, '--json')).code).toBe(0);
  expect((await run('scrub', uri)).code).toBe(0);
});

test('what nobody has ends with 9, and the rest is mended', async () => {
  const [one = '', two = ''] = await partitions();
  await rm(one);
  await flip(two);
  await rm(path.join(copy, path.relative(uri, one)));
  const { code, json } = await run('repair', uri, '--source', copy, '--json');
  expect(code).toBe(9);
  expect(json).toMatchObject({ isWhole: false });
  const outcomes = (json['steps'] as { key: string; outcome: string }[]).map(({ outcome }) => outcome);
  expect(outcomes.toSorted()).toEqual(['lost', 'mended']);
  const text = await run('repair', uri, '--source', copy);
  expect(text.code).toBe(9);
  expect(text.stdout.toString()).toContain('LOST: nobody has the right bytes');
});

test('a dataset that cannot be opened comes back', async () => {
  const [newest = ''] = (await readdir(path.join(uri, 'versions'))).sort();
  await flip(path.join(uri, 'versions', newest));
  await flip(path.join(uri, 'latest'));
  expect((await run('info', uri)).code).toBe(8);
  expect((await run('scrub', uri)).code).toBe(8);
  expect((await run('repair', uri)).code).toBe(9);
  expect((await run('repair', uri, '--source', copy, '--yes')).code).toBe(0);
  expect((await run('info', uri)).code).toBe(0);
});

test('what is to be done about damage is said: by whom it is known of, and what parity has', async () => {
  const replica = `${uri}-replica`;
  expect((await run('replicate', uri, replica)).code).toBe(0);
  const [one = '', two = ''] = await partitions();
  await flip(one);
  await rm(two);
  const scrubbed = (await run('scrub', uri)).stdout.toString();
  expect(scrubbed).toContain(`mend: nacre repair ${uri} --source file://${replica}\n`);
  expect((await run('status', uri)).stdout.toString()).toMatch(
    new RegExp(`^DAMAGE +2 objects, by the scrub of .*: run nacre repair ${uri}$`, 'm'),
  );
  const lost = await run('repair', uri);
  expect(lost.code).toBe(9);
  expect(lost.stdout.toString()).toContain(`next: nacre repair ${uri} --source file://${replica}\n`);
  const none = (await run('scrub', copy, '--structure')).stdout.toString();
  expect(none).not.toContain('mend:');
  expect((await run('repair', uri, '--source', replica)).code).toBe(0);
  expect((await run('status', uri)).stdout.toString()).not.toContain('DAMAGE');

  await answer(['parity', 'set', copy, 'e', '4+2']);
  await answer(['parity', 'update', copy]);
  await rm(path.join(copy, path.relative(uri, one)));
  const covered = (await run('scrub', copy)).stdout.toString();
  expect(covered).toMatch(new RegExp(`mend: nacre repair ${copy}\nwhat parity lacks: --source COPY`));
  expect(covered).toMatch(/1 read, .* with parity\n/);
});

test('that newer versions were here is told by what was scrubbed, where their roots and the hint are gone', async () => {
  expect((await run('scrub', uri, '--structure')).code).toBe(0);
  const [newest = ''] = (await readdir(path.join(uri, 'versions'))).sort();
  await rm(path.join(uri, 'versions', newest));
  await rm(path.join(uri, 'latest'));
  const text = (await run('status', uri)).stdout.toString();
  expect(text).toMatch(/^latest +absent: openings take a listing/m);
  expect(text).toMatch(/^LOST +a scrub on this machine saw version 3: .*--source COPY/m);
});
