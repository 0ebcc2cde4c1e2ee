// The doctor on stores that keep their promises, and on stores that break one each.
import { readdir, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { examine } from '../../src/ops/doctor.js';
import { NacreError } from '../../src/errors.js';
import { LocalStore } from '../../src/storage/local.js';
import { MemoryStore } from '../../src/storage/memory.js';
import type { ObjectStore, PutOptions } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { type Runtime, systemRuntime } from '../../src/util/runtime.js';
import { scratch } from '../cli/support.js';
import { failure } from '../support/failure.js';
import { openTestStore } from '../support/servers/open.ts';
import { storesUnderTest } from '../support/servers/index.ts';

let places = 0;

function memory(): ObjectStore {
  return new MemoryStore(`doctor-${places++}`, systemRuntime);
}

/** What a diagnosis says of one check. */
async function verdict(store: ObjectStore, check: string, runtime: Runtime = systemRuntime): Promise<string> {
  const { findings } = await examine(store, runtime);
  return findings.find((finding) => finding.check === check)?.verdict ?? 'absent';
}

describe.each(storesUnderTest())('%s', (name) => {
  test('keeps what commits rest on, and no scratch key stays behind', async () => {
    const place = await openTestStore(name);
    try {
      const checks: string[] = [];
      const diagnosis = await examine(place.store, systemRuntime, {
        onFinding: ({ check }) => checks.push(check),
      });
      expect(diagnosis.findings.filter((finding) => finding.verdict === 'failed')).toEqual([]);
      expect(diagnosis).toMatchObject({ canRead: true, canWrite: true, manyWriters: true });
      expect(checks).toEqual(diagnosis.findings.map(({ check }) => check));
      expect((await place.store.list({})).entries).toEqual([]);
    } finally {
      await place.dispose();
    }
  });
});

describe('a store that', () => {
  test('ignores conditions is refused for several writers', async () => {
    const inner = memory();
    const store = forwarding(inner, {
      put(key, body, { condition, ...options }: PutOptions = {}) {
        return inner.put(key, body, condition === undefined ? options : options);
      },
    });
    const diagnosis = await examine(store, systemRuntime);
    expect(diagnosis).toMatchObject({ canRead: true, canWrite: false, manyWriters: false });
  });

  test('lets two of many racers win is refused for several writers', async () => {
    const inner = memory();
    const store = forwarding(inner, {
      async put(key, body, options: PutOptions = {}) {
        const result = await inner.put(key, body, options);
        const race = key.includes('-race-') && options.condition !== undefined;
        if (race && result.outcome === 'refused' && key.endsWith('-3'))
          return { outcome: 'written', token: 'x' };
        return result;
      },
    });
    const { findings, manyWriters, canWrite } = await examine(store, systemRuntime);
    expect({ manyWriters, canWrite }).toEqual({ manyWriters: false, canWrite: true });
    const race = findings.find(({ check }) => check === 'create race');
    expect(race?.verdict).toBe('failed');
    expect(race?.detail).toContain('refused for several writers');
  });

  test('turns racers away without saying who won is judged by what it stored', async () => {
    const inner = memory();
    const store = forwarding(inner, {
      async put(key, body, options: PutOptions = {}) {
        const result = await inner.put(key, body, options);
        if (key.includes('race') && options.condition !== undefined && !key.includes('swap'))
          throw new NacreError('Unavailable', 'slow down');
        return result;
      },
    });
    expect(await verdict(store, 'create race')).toBe('ok');
  });

  test('gives wrong ranges, old bodies or foreign keys is found out', async () => {
    const inner = memory();
    const shifted = forwarding(inner, {
      get: (key, options = {}) =>
        inner.get(
          key,
          options.range === undefined
            ? options
            : { ...options, range: { start: options.range.start + 1, end: options.range.end + 1 } },
        ),
    });
    expect(await verdict(shifted, 'ranges')).toBe('failed');
    const first = new Map<string, Awaited<ReturnType<ObjectStore['get']>>>();
    const stale = forwarding(memory(), {
      async get(key, options) {
        const found = await inner.get(key, options);
        if (key.endsWith('-fresh') && !first.has(key)) first.set(key, found);
        return first.get(key) ?? found;
      },
    });
    expect(await verdict(stale, 'consistency')).not.toBe('ok');
  });

  test('lets nothing be written still reads', async () => {
    const denied = async (): Promise<never> => {
      throw new NacreError('PermissionDenied', 'no right to write', { hint: 'Ask for it.' });
    };
    const diagnosis = await examine(forwarding(memory(), { put: denied }), systemRuntime);
    expect(diagnosis).toMatchObject({ canRead: true, canWrite: false, manyWriters: false });
    expect(diagnosis.findings.find(({ check }) => check === 'create')).toMatchObject({
      verdict: 'failed',
      code: 'PermissionDenied',
      detail: 'no right to write. Ask for it.',
    });
    expect(diagnosis.findings.filter(({ verdict }) => verdict === 'skipped').length).toBeGreaterThan(5);
  });

  test('may not delete is good for writers; what stays is small, and is named', async () => {
    const inner = memory();
    const denied = async (): Promise<never> => {
      throw new NacreError('PermissionDenied', 'no right to delete');
    };
    const { findings, ...found } = await examine(forwarding(inner, { delete: denied }), systemRuntime);
    expect(found).toMatchObject({ canRead: true, canWrite: true, manyWriters: true });
    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    const { entries } = await inner.list({});
    const [, left = ''] =
      /remove (leases\/doctor-[0-9a-f]+-)\* /.exec(
        findings.find(({ check }) => check === 'remove')?.detail ?? '',
      ) ?? [];
    expect(entries.filter(({ key }) => !key.startsWith(left) || left === '')).toEqual([]);
    expect(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThan(100_000);
  });

  test('fails to remove what was tried out is told which keys stay', async () => {
    const inner = memory();
    const store = forwarding(inner, {
      async delete(keys, options) {
        if (keys.length > 1) throw new NacreError('Unavailable', 'slow down');
        return inner.delete(keys, options);
      },
    });
    const { findings } = await examine(store, systemRuntime);
    expect(findings.at(-1)).toMatchObject({
      check: 'clean-up',
      verdict: 'warning',
      detail: expect.stringMatching(/stay: remove leases\/doctor-.*slow down/) as string,
    });
  });

  test('has no right to list is told so', async () => {
    const denied = async (): Promise<never> => {
      throw new NacreError('PermissionDenied', 'no right to list');
    };
    expect(await verdict(forwarding(memory(), { list: denied }), 'list')).toBe('failed');
  });

  test('cannot be reached ends the examination', async () => {
    const gone = async (): Promise<never> => {
      throw new NacreError('NotFound', 'there is no such bucket');
    };
    const error = await failure(examine(forwarding(memory(), { get: gone }), systemRuntime));
    expect(error.code).toBe('NotFound');
  });

  test('has another time is reported', async () => {
    const late: Runtime = { ...systemRuntime, now: () => systemRuntime.now() + 3_600_000 };
    expect(await verdict(memory(), 'clock', late)).toBe('warning');
    expect(await verdict(memory(), 'clock')).toBe('ok');
  });
});

test('an aborted examination leaves nothing behind either', async () => {
  const folder = await scratch();
  const store = new LocalStore(folder, systemRuntime);
  const controller = new AbortController();
  const examined = examine(store, systemRuntime, {
    signal: controller.signal,
    onFinding: ({ check }) => {
      if (check === 'create') controller.abort();
    },
  });
  expect((await failure(examined)).code).toBe('Aborted');
  expect((await store.list({})).entries).toEqual([]);
  expect(await readdir(folder)).not.toContain('nothing');
  await rm(folder, { recursive: true });
});
