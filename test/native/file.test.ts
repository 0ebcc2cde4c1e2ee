import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { failure, scratch } from './support.js';

const binary = native();
const folder = scratch();
const binaryPath = path.resolve(import.meta.dirname, '../../dist/nacre.node');

function file(name: string, bytes: Uint8Array): string {
  const full = path.join(folder, name);
  writeFileSync(full, bytes);
  return full;
}

describe('lockFile', () => {
  test('lets one holder in at a time', async () => {
    const lock = path.join(folder, 'racers');
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        const held = await binary.lockFile(lock);
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        held.release();
        held.release();
      }),
    );
    expect(most).toBe(1);
  });

  test('keeps another process out until that process is killed', async () => {
    const lock = path.join(folder, 'across');
    const script = `
      const binary = require(${JSON.stringify(binaryPath)});
      binary.lockFile(${JSON.stringify(lock)}).then((held) => {
        console.log('held');
        setInterval(() => held, 1000);
      });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    let taken = false;
    const waiting = binary.lockFile(lock).then((held) => {
      taken = true;
      return held;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(false);
    child.kill('SIGKILL');
    (await waiting).release();
  });

  test('without waiting nothing comes of a lock that is held, here or elsewhere', async () => {
    const lock = path.join(folder, 'tried');
    const held = binary.tryLockFile(lock);
    expect(binary.tryLockFile(lock)).toBeNull();
    held?.release();
    const other = await binary.lockFile(lock);
    expect(binary.tryLockFile(lock)).toBeNull();
    other.release();
    binary.tryLockFile(lock)?.release();
    expect(await failure(() => binary.tryLockFile(folder))).toMatchObject({ code: 'InvalidArgument' });
  });

  test('a folder and a path without a folder are refused', async () => {
    expect(await failure(() => binary.lockFile(folder))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(() => binary.lockFile(path.join(folder, 'no/lock')))).toMatchObject({
      code: 'NotFound',
    });
    expect(await failure(() => binary.lockFile('a\0b'))).toMatchObject({ code: 'InvalidArgument' });
  });
});

describe('mapFile', () => {
  const content = Uint8Array.from({ length: 20_000 }, (_, i) => i * 7);

  test('maps any range, each call on its own, and writes reach neither the file nor another mapping', () => {
    const name = file('ranges', content);
    for (const [offset, length] of [
      [0, 20_000],
      [1, 100],
      [4095, 2],
      [8191, 11_809],
    ] as const) {
      const mapped = binary.mapFile(name, offset, length);
      expect(mapped).toEqual(content.subarray(offset, offset + length));
      mapped.fill(0);
      expect(binary.mapFile(name, offset, length)).toEqual(content.subarray(offset, offset + length));
    }
    expect(new Uint8Array(readFileSync(name))).toEqual(content);
    expect(binary.mapFile(name, 20_000, 0)).toEqual(new Uint8Array());
  });

  test('a file that is too short is Corrupt, a missing one NotFound', async () => {
    const name = file('short', content);
    mkdirSync(path.join(folder, 'sub'));
    for (const [offset, length] of [
      [0, 20_001],
      [20_000, 1],
      [Number.MAX_SAFE_INTEGER, 1],
    ] as const)
      expect(await failure(() => binary.mapFile(name, offset, length))).toMatchObject({ code: 'Corrupt' });
    expect(await failure(() => binary.mapFile(`${name}.none`, 0, 1))).toMatchObject({ code: 'NotFound' });
    expect(await failure(() => binary.mapFile(path.join(folder, 'sub'), 0, 1))).toMatchObject({
      code: 'InvalidArgument',
    });
    expect(await failure(() => binary.mapFile(name, -1, 1))).toMatchObject({ code: 'InvalidArgument' });
  });

  test('thousands of dropped mappings are given back', async () => {
    const name = file('many', content);
    const script = `
      const { readFileSync } = require('node:fs');
      const binary = require(${JSON.stringify(binaryPath)});
      const maps = () => readFileSync('/proc/self/maps', 'utf8').split(${JSON.stringify(name)}).length - 1;
      (async () => {
        for (let i = 0; i < 3000; i++) binary.mapFile(${JSON.stringify(name)}, i, 4096);
        const before = maps();
        // Finalisers run a turn after the collection that found them.
        for (let i = 0; i < 20 && maps() > 0; i++) {
          gc();
          await new Promise((resolve) => setImmediate(resolve));
        }
        console.log(JSON.stringify({ seen: before > 0, after: maps() }));
      })();`;
    const child = spawn(process.execPath, ['--expose-gc', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(text.toString())).toEqual({ seen: true, after: 0 });
  });
});

describe('memory', () => {
  const content = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);

  test('that is freed is gone from every view of it, be it memory or a mapping', () => {
    const name = file('freed', content);
    for (const bytes of [content.slice(), binary.mapFile(name, 4096, 200_000), new Uint8Array(0)]) {
      const view = bytes.subarray(1);
      binary.freeBuffer(bytes.buffer);
      expect([bytes.byteLength, view.byteLength]).toEqual([0, 0]);
    }
  });

  test('of a mapping is fetched and given back, and holds the same bytes', async () => {
    const mapped = binary.mapFile(file('pages', content), 0, content.length);
    for (const [start, end] of [
      [0, content.length],
      [5, 6],
      [100_000, 250_000],
    ]) {
      await binary.fetchPages(mapped.subarray(start, end));
      binary.givePagesBack(mapped.subarray(start, end));
      expect(Buffer.from(mapped).equals(content)).toBe(true);
    }
    await binary.fetchPages(content);
  });

  test('that is no mapping is not given back', async () => {
    const kept = content.slice();
    expect(await failure(() => binary.givePagesBack(kept))).toMatchObject({ code: 'InvalidArgument' });
    expect(kept).toEqual(content);
  });

  test('of a file that was cut is an error where it is fetched, and not the end of the process', async () => {
    const name = file('cut', content);
    const mapped = binary.mapFile(name, 0, content.length);
    truncateSync(name, 4096);
    expect(await failure(() => binary.fetchPages(mapped))).toMatchObject({ code: 'Corrupt' });
    const sums = new Uint32Array(Math.ceil(content.length / 65_536));
    expect(await failure(() => binary.verifyBlocks(mapped, 65_536, sums))).toMatchObject({ code: 'Corrupt' });
  });
});
