import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { LocalStore } from '../../src/storage/local.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { bytes, codeOf, text, written } from './conformance/support.js';
import { conformance } from './conformance.js';

for (const durability of ['fsync', 'none'] as const)
  conformance(durability === 'fsync' ? 'a folder' : 'a folder without fsync', async () => {
    const parent = mkdtempSync(path.join(os.tmpdir(), 'nacre-local-'));
    const root = path.join(parent, 'made', 'by put');
    return {
      store: new LocalStore(root, systemRuntime, { durability }),
      another: async () => new LocalStore(root, systemRuntime, { durability }),
      dispose: async () => rmSync(parent, { recursive: true }),
    };
  });

const dayMs = 24 * 3_600_000;

let scratch = '';
let root = '';
let store: LocalStore;
beforeEach(() => {
  scratch = mkdtempSync(path.join(os.tmpdir(), 'nacre-local-'));
  root = path.join(scratch, 'set');
  store = new LocalStore(root, systemRuntime);
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const temporaries = (): string[] => readdirSync(path.join(root, '.tmp'));

describe('on disk', () => {
  test('opening and reading a folder that is not there makes nothing', async () => {
    expect(await store.get('a/b')).toBeUndefined();
    expect(await store.head('a')).toBeUndefined();
    expect(await store.list()).toEqual({ entries: [], next: undefined });
    await store.delete(['a/b']);
    expect(existsSync(root)).toBe(false);
  });

  test('a key is the path of a plain file, which localPath names', async () => {
    await store.put('a/b.npy', bytes('x'));
    expect(store.localPath('a/b.npy')).toBe(path.join(root, 'a', 'b.npy'));
    expect(readFileSync(store.localPath('a/b.npy'), 'utf8')).toBe('x');
    expect(store.localPath('not/there')).toBe(path.join(root, 'not', 'there'));
    expect(() => store.localPath('../set2/x')).toThrow(/segment/);
  });

  test('a replaced file is a new one: what was opened or mapped before keeps its bytes', async () => {
    await store.put('key', bytes('old'));
    const before = statSync(path.join(root, 'key'));
    const mapped = native().mapFile(path.join(root, 'key'), 0, 3);
    await store.put('key', bytes('new'));
    expect(statSync(path.join(root, 'key')).ino).not.toBe(before.ino);
    expect(mapped).toEqual(bytes('old'));
  });

  test('a body of many pieces is their bytes one after the other, wherever system calls divide it', async () => {
    const short = Array.from({ length: 2500 }, () => 1);
    const sizes = [128, 0, (4 << 20) - 128, (4 << 20) + 1, 3, 9 << 20, ...short];
    const pieceOf = (size: number, i: number): Uint8Array =>
      Uint8Array.from({ length: size }, (_, at) => (at * 31 + i * 7) % 251);
    const pieces = sizes.map(pieceOf);
    await store.put('a', pieces);
    const expected = Buffer.concat(pieces);
    expect(readFileSync(path.join(root, 'a')).equals(expected)).toBe(true);

    const aborted = AbortSignal.abort();
    await expect(store.put('b', pieces, { signal: aborted })).rejects.toThrow('aborted');
    expect(existsSync(path.join(root, 'b'))).toBe(false);
    expect(temporaries()).toEqual([]);
  });

  test('a replacing file is later than the one it replaces, though the clock were behind', async () => {
    await store.put('key', bytes('one'));
    const future = Math.floor(Date.now() / 1000) + 3600;
    utimesSync(path.join(root, 'key'), future, future);
    const token = (await store.head('key'))?.token ?? '';
    const next = written(await store.put('key', bytes('two'), { condition: { token } }));
    expect((await store.head('key'))?.token).toBe(next);
    expect((await store.head('key'))?.modifiedMs).toBeGreaterThanOrEqual(future * 1000);
    expect(statSync(path.join(root, 'key'), { bigint: true }).mtimeNs).toBeGreaterThan(
      BigInt(future) * 1_000_000_000n,
    );
  });

  test('bodies of one size swapped as fast as can be have different tokens', async () => {
    const tokens = new Set<string>();
    let token = written(await store.put('key', bytes('0')));
    for (let i = 0; i < 200; i++) {
      tokens.add(token);
      token = written(await store.put('key', bytes(String(i % 10)), { condition: { token } }));
    }
    expect(tokens.size).toBe(200);
  });

  test('the first put removes temporary files older than a day, and no others', async () => {
    await store.put('a', bytes('x'));
    const [old, young] = [path.join(root, '.tmp', 'old'), path.join(root, '.tmp', 'young')];
    writeFileSync(old, 'left behind');
    writeFileSync(young, 'being written');
    const past = (Date.now() - dayMs) / 1000 - 60;
    utimesSync(old, past, past);
    await store.put('b', bytes('x'));
    expect(temporaries().sort()).toEqual(['old', 'young']);
    await new LocalStore(root, systemRuntime).put('c', bytes('x'));
    expect(temporaries()).toEqual(['young']);
  });

  test('the folder may be removed and written again by a store that is open', async () => {
    await store.put('a/b', bytes('x'));
    rmSync(root, { recursive: true });
    expect(await codeOf(() => store.put('a/b', bytes('y')))).toBe('Unavailable');
    expect((await store.put('a/b', bytes('z'))).outcome).toBe('written');
    expect(await text(store, 'a/b')).toBe('z');
  });
});

describe('what stands in the way', () => {
  test('the root is a file', async () => {
    writeFileSync(root, 'a file');
    expect(await codeOf(() => store.get('a'))).toBe('InvalidArgument');
    expect(await codeOf(() => store.head('a/b'))).toBe('InvalidArgument');
    expect(await codeOf(() => store.list())).toBe('InvalidArgument');
    expect(await codeOf(() => store.put('a', bytes('x')))).toBe('InvalidArgument');
    expect(readFileSync(root, 'utf8')).toBe('a file');
  });

  test('an object and a folder cannot have one name', async () => {
    await store.put('a/b', bytes('x'));
    for (const condition of ['absent', { token: '1-2-3' }] as const) {
      expect(await codeOf(() => store.put('a', bytes('y'), { condition }))).toBe('InvalidArgument');
      expect(await codeOf(() => store.put('a/b/c', bytes('y'), { condition }))).toBe('InvalidArgument');
    }
    expect(await codeOf(() => store.put('a', bytes('y')))).toBe('InvalidArgument');
    expect(await store.get('a')).toBeUndefined();
    expect(await store.get('a/b/c')).toBeUndefined();
    await store.delete(['a', 'a/b/c']);
    expect(await text(store, 'a/b')).toBe('x');
    expect(temporaries()).toEqual([]);
  });

  test('names of the store itself are no keys, and a segment fits the file system', async () => {
    for (const key of ['.lock', '.tmp', '.tmp/x', '.lock/x', `${'k'.repeat(300)}/x`])
      expect(await codeOf(() => store.put(key, bytes('x')))).toBe('InvalidArgument');
    await store.put('a', bytes('x'));
    await store.put('a', bytes('x'));
    writeFileSync(path.join(root, '.tmp', 'left'), 'x');
    for (const prefix of ['', '.', '.tmp', '.tmp/', '.lock'])
      expect((await store.list({ prefix })).entries.map((entry) => entry.key)).toEqual(
        prefix === '' ? ['a'] : [],
      );
  });

  test('a symbolic link is refused, wherever it points and whatever is asked', async () => {
    const outside = path.join(scratch, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'file'), 'secret');
    await store.put('inside/file', bytes('x'));
    symlinkSync(outside, path.join(root, 'away'));
    symlinkSync('inside', path.join(root, 'near'));
    symlinkSync(path.join(outside, 'file'), path.join(root, 'inside', 'link'));
    symlinkSync(path.join(outside, 'none'), path.join(root, 'inside', 'dangling'));
    for (const key of ['away/file', 'near/file', 'inside/link', 'inside/dangling', 'away/new/file']) {
      const calls = [
        () => store.get(key),
        () => store.head(key),
        () => store.getRanges(key, [{ start: 0, end: 1 }]),
        () => store.put(key, bytes('y')),
        () => store.put(key, bytes('y'), { condition: 'absent' }),
      ];
      const codes = await Promise.all(calls.map(codeOf));
      const missing = key === 'away/new/file';
      expect(codes).toEqual(calls.map((_, i) => (missing && i < 3 ? undefined : 'InvalidArgument')));
    }
    for (const key of ['away/file', 'near/file']) {
      expect(await codeOf(() => store.delete([key]))).toBe('InvalidArgument');
      expect(await codeOf(() => store.list({ prefix: key }))).toBe('InvalidArgument');
      expect(() => store.localPath(key)).toThrow(/symbolic link/);
    }
    expect((await store.list()).entries.map((entry) => entry.key)).toEqual(['inside/file']);
    expect(() => store.localPath('inside/link')).toThrow(/symbolic link/);
    await store.delete(['inside/link']);
    expect(readdirSync(outside)).toEqual(['file']);
    expect(readFileSync(path.join(outside, 'file'), 'utf8')).toBe('secret');
  });

  test('the root itself may be reached by a symbolic link', async () => {
    mkdirSync(path.join(scratch, 'real'));
    symlinkSync('real', root);
    await store.put('a/b', bytes('x'));
    expect(await text(store, 'a/b')).toBe('x');
    expect(readFileSync(store.localPath('a/b'), 'utf8')).toBe('x');
    expect((await store.list()).entries).toHaveLength(1);
  });

  test('a pipe is no object, and asking for it does not wait', async () => {
    await store.put('a', bytes('x'));
    expect(spawnSync('mkfifo', [path.join(root, 'pipe')]).status).toBe(0);
    expect(await codeOf(() => store.get('pipe'))).toBe('InvalidArgument');
    expect(await codeOf(() => store.put('pipe', bytes('x')))).toBe('InvalidArgument');
    expect((await store.list()).entries.map((entry) => entry.key)).toEqual(['a']);
  });
});

describe('listing', () => {
  test('a folder of more names than one window, with strangers in it, is listed in order and whole', async () => {
    await store.put('first', bytes('x'));
    const names = Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5000).toString(36).padStart(3, '0'));
    mkdirSync(path.join(root, 'many'));
    for (const name of names) writeFileSync(path.join(root, 'many', name), name);
    for (let i = 0; i < 3000; i++) mkdirSync(path.join(root, 'many', `00-empty-${i}`));
    for (const stranger of ['README.md', '.DS_Store', 'naïve'])
      writeFileSync(path.join(root, 'many', stranger), '');
    const found: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page = await store.list({ prefix: 'many/', after, limit: 999 });
      found.push(...page.entries.map((entry) => entry.key));
      after = page.next;
    }
    expect(found).toEqual(names.map((name) => `many/${name}`).sort());
  });

  test('any tree of keys is listed as the memory store lists it', async () => {
    const folder = fc.constantFrom('a', 'a-', 'a.b', 'a0', 'b', '-', '_');
    const file = fc.constantFrom('f', 'f-', 'f.x', 'f0', 'g', '0');
    const key = fc
      .tuple(fc.array(folder, { maxLength: 3 }), file)
      .map(([folders, name]) => [...folders, name].join('/'));
    const start = fc.oneof(
      key,
      fc.constantFrom('', 'a', 'a/', 'a-', 'a/a', 'a/a/', 'b/', 'zz', '-'),
      key.chain((whole) => fc.nat(whole.length).map((length) => whole.slice(0, length))),
    );
    const trees = fc.uniqueArray(key, { maxLength: 20 });
    const asked = fc.record({ prefix: start, after: start, limit: fc.integer({ min: 1, max: 25 }) });
    await fc.assert(
      fc.asyncProperty(trees, fc.array(asked, { minLength: 1, maxLength: 10 }), async (keys, questions) => {
        rmSync(root, { recursive: true, force: true });
        const memory = new MemoryStore('', systemRuntime);
        for (const each of keys) {
          mkdirSync(path.dirname(path.join(root, each)), { recursive: true });
          writeFileSync(path.join(root, each), each);
          await memory.put(each, bytes(each));
        }
        for (const question of questions) {
          const [page, expected] = [await store.list(question), await memory.list(question)];
          expect(page.entries.map((entry) => [entry.key, entry.sizeBytes])).toEqual(
            expected.entries.map((entry) => [entry.key, entry.sizeBytes]),
          );
          expect(page.next).toBe(expected.next);
        }
      }),
    );
  });
});
