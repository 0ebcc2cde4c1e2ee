// A folder store among other processes, killed writers, full disks and files that change under it.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { fileError } from '../../src/storage/local/errors.js';
import { LocalStore } from '../../src/storage/local.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { bytes, codeOf, codeOfError, noise, text } from './conformance/support.js';

const child = path.join(import.meta.dirname, 'local-child.mjs');

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

/** A signal that runs `act` when it is asked for the `n`th time whether it fired; `act` says whether it has. */
function signalThat(n: number, act: () => boolean): AbortSignal {
  let asked = 0;
  let fired = false;
  return Object.defineProperty(new AbortController().signal, 'aborted', {
    get: () => (++asked === n ? (fired = act()) : fired),
  });
}

describe('several processes on one folder', () => {
  async function run(job: string, id: number, count: number): Promise<unknown[]> {
    const racer = spawn(process.execPath, [child, root, job, String(id), String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: unknown[] = [];
    for await (const line of createInterface({ input: racer.stdout })) said.push(JSON.parse(line));
    return said;
  }
  const processes = Array.from({ length: 8 }, (_, id) => id);

  test('8 processes that create the same keys have one winner each', async () => {
    const slots = 40;
    const said = await Promise.all(processes.map((id) => run('create', id, slots)));
    for (let slot = 0; slot < slots; slot++) {
      const winners = processes.filter((id) => said[id]?.[slot] === 'written');
      expect(winners).toHaveLength(1);
      expect(await text(store, `slots/${slot}`)).toBe(`by ${winners[0]}`);
    }
    expect(temporaries()).toEqual([]);
  });

  test('8 processes that swap one key lose no step', async () => {
    await store.put('counter', bytes('0'));
    const steps = 20;
    await Promise.all(processes.map((id) => run('swap', id, steps)));
    expect(await text(store, 'counter')).toBe(String(processes.length * steps));
    expect(temporaries()).toEqual([]);
  });

  const killed = 'killed writers leave whole objects, every one that was acknowledged, and no lock';
  test.each(['fsync', 'none'])(`${killed}: %s`, async (durability) => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 6; round++) {
      const writer = spawn(process.execPath, [child, root, 'flood', String(round), '0', durability], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => writer.once('exit', resolve));
      let left = 2 + round;
      for await (const line of createInterface({ input: writer.stdout })) {
        acknowledged.push(JSON.parse(line) as string);
        if (--left === 0) setTimeout(() => writer.kill('SIGKILL'), Math.random() * 20);
      }
      await ended;
    }
    const { entries } = await store.list();
    const keys = entries.map((entry) => entry.key);
    expect(keys).toEqual(expect.arrayContaining(['hot', ...acknowledged]));
    for (const key of keys) {
      const body = (await store.get(key))?.bytes ?? new Uint8Array(0);
      expect(body).toHaveLength(1_000_000);
      expect(body.every((byte) => byte === body[0])).toBe(true);
    }
    expect((await store.put('hot', bytes('after'))).outcome).toBe('written');
  });

  test('with too many open files the call may be tried again', async () => {
    await store.put('object', bytes('x'));
    const shell = 'ulimit -n 40; exec "$0" "$@"';
    const result = spawnSync('sh', ['-c', shell, process.execPath, child, root, 'open', '-', '200'], {
      encoding: 'utf8',
    });
    const said = new Set(result.stdout.trim().split('\n'));
    expect(said).toContain('"Unavailable"');
    expect([...said].filter((word) => !['"Unavailable"', '"fulfilled"'].includes(word))).toEqual([]);
  });
});

describe('while a call runs', () => {
  const large = 20 << 20;

  test('a file that shrinks while it is read is Corrupt, one that grows keeps its size', async () => {
    await store.put('key', noise(large));
    const file = path.join(root, 'key');
    const grow = signalThat(3, () => appendFileSync(file, 'more') !== undefined);
    expect((await store.get('key', { signal: grow }))?.bytes).toHaveLength(large);
    const shrink = signalThat(3, () => truncateSync(file, 1000) !== undefined);
    expect(await codeOf(() => store.get('key', { signal: shrink }))).toBe('Corrupt');
  });

  test('a signal stops a large get and a large put between two chunks', async () => {
    const body = noise(large);
    await store.put('key', body);
    expect(await codeOf(() => store.get('key', { signal: signalThat(3, () => true) }))).toBe('Aborted');
    for (const condition of [undefined, 'absent'] as const)
      for (const at of [2, 3, 4, 5]) {
        const options = {
          signal: signalThat(at, () => true),
          ...(condition === undefined ? {} : { condition }),
        };
        expect(await codeOf(() => store.put('other', body, options))).toBe('Aborted');
      }
    expect(await store.head('other')).toBeUndefined();
    expect(temporaries()).toEqual([]);
  });

  test('a signal stops a put that digests before its key is there, and nobody writes on', async () => {
    const body = noise(256 << 20);
    const stop = new AbortController();
    let taken = 0;
    const digest = { blockBytes: 65_536, take: () => taken++ };
    const put = store.put('other', body, { condition: 'absent', digest, signal: stop.signal });
    // Once there is a file it is being written.
    while (!existsSync(path.join(root, '.tmp')) || temporaries().length === 0) await setImmediate();
    stop.abort();
    expect(await put.catch(codeOfError)).toBe('Aborted');
    expect(taken).toBe(0);
    expect(await store.head('other')).toBeUndefined();
    expect(temporaries()).toEqual([]);
  });

  test('a signal ends the wait for a lock that another process holds', async () => {
    await store.put('key', bytes('old'));
    const lock = await native().lockFile(path.join(root, '.lock'));
    const controller = new AbortController();
    const put = store.put('key', bytes('new'), { signal: controller.signal });
    const queued = store.delete(['key'], { signal: controller.signal });
    const created = await store.put('created', bytes('x'), { condition: 'absent' });
    expect(created.outcome).toBe('written');
    controller.abort();
    const outcomes = await Promise.all([put.catch(codeOfError), queued.catch(codeOfError)]);
    expect(outcomes).toEqual(['Aborted', 'Aborted']);
    lock.release();
    await store.put('key', bytes('newest'));
    expect(await text(store, 'key')).toBe('newest');
    expect(temporaries()).toEqual([]);
  });
});

describe('a disk that refuses', () => {
  test('a place where no folder can be made is PermissionDenied, with a hint', async (context) => {
    const place = process.platform === 'linux' ? '/sys/kernel/nacre' : '/System/nacre';
    context.skip(!existsSync(path.dirname(place)), `${path.dirname(place)} is not there to be refused by`);
    const denied = new LocalStore(place, systemRuntime);
    await expect(denied.put('key', bytes('x'))).rejects.toMatchObject({
      code: 'PermissionDenied',
      hint: expect.stringContaining('mode') as string,
    });
    expect(await denied.get('key')).toBeUndefined();
  });

  test('a full disk and one mounted read-only are said as such, and nothing stored is harmed', async (context) => {
    mkdirSync(root);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', root], { encoding: 'utf8' });
    context.skip(mounted.status !== 0, `a small disk cannot be mounted here: ${mounted.stderr}`);
    try {
      const small = noise(100_000);
      await store.put('small', small);
      const digest = { blockBytes: 65_536, take: () => {} };
      for (const options of [{}, { condition: 'absent' }, { condition: 'absent', digest }] as const)
        await expect(store.put('large', noise(4 << 20), options)).rejects.toMatchObject({
          code: 'ResourceExhausted',
          hint: expect.stringContaining('space') as string,
        });
      await expect(store.put('small', noise(4 << 20))).rejects.toMatchObject({ code: 'ResourceExhausted' });
      expect(await store.head('large')).toBeUndefined();
      expect(temporaries()).toEqual([]);
      expect((await store.put('next', small)).outcome).toBe('written');

      spawnSync('mount', ['-o', 'remount,ro', root]);
      expect((await store.get('small'))?.bytes).toEqual(small);
      expect((await store.list()).entries.map((entry) => entry.key)).toEqual(['next', 'small']);
      expect(await codeOf(() => store.put('key', small))).toBe('PermissionDenied');
      expect(await codeOf(() => store.put('a/b', small, { condition: 'absent' }))).toBe('PermissionDenied');
      expect(await codeOf(() => store.delete(['small']))).toBe('PermissionDenied');
      expect((await store.get('small'))?.bytes).toEqual(small);
    } finally {
      spawnSync('umount', [root]);
    }
  });

  test.each([
    ['ENOSPC', 'ResourceExhausted'],
    ['EDQUOT', 'ResourceExhausted'],
    ['EACCES', 'PermissionDenied'],
    ['EPERM', 'PermissionDenied'],
    ['EROFS', 'PermissionDenied'],
    ['EMFILE', 'Unavailable'],
    ['EIO', 'Unavailable'],
    ['ENOTDIR', 'InvalidArgument'],
    ['EWHATEVER', 'Unavailable'],
  ])('%s means %s, and the message names the file and the reason', (errno, code) => {
    const error = fileError(Object.assign(new Error('native words'), { code: errno }), 'write', '/data/key');
    expect(error.code).toBe(code);
    expect(error.message).toMatch(new RegExp(`^cannot write /data/key: .*\\(${errno}\\)$`));
  });
});
