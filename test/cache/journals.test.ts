// Notes of long work: whole or not there, for one process at a time, and taken away when nobody comes back.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { Journals, scrubJournals } from '../../src/cache/journals.js';
import type { NacreError } from '../../src/errors.js';
import { native } from '../../src/native.js';
import { utf8 } from '../../src/util/bytes.js';
import { systemRuntime } from '../../src/util/runtime.js';

const root = mkdtempSync(path.join(os.tmpdir(), 'nacre-journals-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const name = 'ab'.repeat(32);
const other = 'cd'.repeat(32);
let folder: string;
let warnings: NacreError[];
let count = 0;

beforeEach(() => {
  folder = path.join(root, String(count++));
  warnings = [];
});

function journals(): Journals {
  const onWarning = (warning: NacreError): unknown => warnings.push(warning);
  return new Journals(() => folder, { native: native(), runtime: systemRuntime, onWarning });
}

const files = (): string[] => readdirSync(path.join(folder, 'builds')).sort();

test('what is written is read by who comes next, and by nobody while it is held', async () => {
  const first = await journals().claim(name);
  expect(await first?.read()).toBeUndefined();
  await first?.write(utf8.encode('one'));
  await first?.write(utf8.encode('two'));
  expect(await journals().claim(name)).toBeUndefined();
  expect(await (await journals().claim(other))?.read()).toBeUndefined();
  first?.release();
  const next = await journals().claim(name);
  expect(utf8.decode((await next?.read()) ?? new Uint8Array(0))).toBe('two');
  await next?.remove();
  expect(files().filter((file) => file.startsWith(name))).toEqual([]);
  const last = await journals().claim(name);
  expect(await last?.read()).toBeUndefined();
  // Work of which nothing was noted leaves nothing.
  last?.release();
  expect(files().filter((file) => file.startsWith(name))).toEqual([]);
  expect(warnings).toEqual([]);
});

test('notes of scrubs stay for a year, and are seen by who may not write them', async () => {
  const onWarning = (warning: NacreError): unknown => warnings.push(warning);
  const options = { native: native(), runtime: systemRuntime, onWarning };
  const scrubs = new Journals(() => folder, options, scrubJournals);
  expect(await scrubs.look(name)).toBeUndefined();
  const held = await scrubs.claimOrTell(name);
  if (held === undefined || held === 'held') throw new Error('it cannot be kept');
  await held.write(utf8.encode('seen'));
  expect(await scrubs.claimOrTell(name)).toBe('held');
  expect(utf8.decode((await scrubs.look(name)) ?? new Uint8Array(0))).toBe('seen');
  held.release();
  const monthAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000);
  const home = path.join(folder, 'scrubs');
  for (const file of readdirSync(home)) utimesSync(path.join(home, file), monthAgo, monthAgo);
  (await scrubs.claim(other))?.release();
  expect(utf8.decode((await scrubs.look(name)) ?? new Uint8Array(0))).toBe('seen');
  writeFileSync(path.join(home, `${name}.journal`), 'damaged');
  expect(await scrubs.look(name)).toBeUndefined();
  expect(warnings).toEqual([]);
});

test('what nobody came back for in a day is taken away, but for what is held', async () => {
  for (const one of [name, other]) {
    const journal = await journals().claim(one);
    await journal?.write(utf8.encode(one));
    journal?.release();
  }
  writeFileSync(path.join(folder, 'builds', 'a note of somebody'), '');
  const held = await journals().claim(other);
  const dayAgo = Date.now() / 1000 - 25 * 3600;
  for (const file of files()) utimesSync(path.join(folder, 'builds', file), dayAgo, dayAgo);
  (await journals().claim('ef'.repeat(32)))?.release();
  expect(files()).toEqual(['a note of somebody', `${other}.journal`, `${other}.lock`]);
  held?.release();
});

test('a folder that others may write in, or that cannot be made, is told of and left alone', async () => {
  mkdirSync(folder);
  mkdirSync(path.join(folder, 'builds'));
  chmodSync(root, 0o777);
  chmodSync(path.join(folder, 'builds'), 0o777);
  expect(await journals().claim(name)).toBeUndefined();
  expect(warnings).toMatchObject([{ code: 'PermissionDenied' }]);
  chmodSync(root, 0o700);
  folder = path.join(folder, 'file');
  writeFileSync(folder, '');
  expect(await journals().claim(name)).toBeUndefined();
  expect(warnings).toHaveLength(2);
});

test('where there is no folder nothing is noted', async () => {
  const none = new Journals(() => undefined, {
    native: native(),
    runtime: systemRuntime,
    onWarning: undefined,
  });
  expect(await none.claim(name)).toBeUndefined();
});

test('a disk that cannot be written fails nothing', async () => {
  const journal = await journals().claim(name);
  await journal?.write(utf8.encode('one'));
  // In the place of the file that is written first.
  mkdirSync(path.join(folder, 'builds', `${name}.tmp`));
  await journal?.write(utf8.encode('two'));
  await journal?.write(utf8.encode('three'));
  expect(warnings).toHaveLength(1);
  expect(utf8.decode((await journal?.read()) ?? new Uint8Array(0))).toBe('one');
  journal?.release();
});
