import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openPageCache } from '../../src/cache/page-cache.js';
import { NacreError } from '../../src/errors.js';
import { systemRuntime } from '../../src/util/runtime.js';
import {
  binary,
  expectBytes,
  fileOf,
  gateOf,
  type KnownPage,
  knownPage,
  namesUnder,
  openCache,
  scratch,
  sourceOf,
} from './support.js';

const small = 1000;
const mapped = 64 * 1024;

describe('a page', () => {
  test.each([1, small, mapped - 1, mapped, mapped + 1, 5 * 2 ** 20 + 3])(
    'of %i bytes is loaded once, then found, also by another cache on the folder',
    async (length) => {
      const folder = scratch();
      const known = knownPage(length, length);
      const source = sourceOf(known);
      const cache = openCache(folder);
      expect(cache.peek(known.page)).toBe(false);
      expectBytes(await cache.read(known.page, source), known);
      expect(cache.peek(known.page)).toBe(true);
      expectBytes(await cache.read(known.page, source), known);
      const second = openCache(folder);
      expect(second.peek(known.page)).toBe(true);
      expectBytes(await second.read(known.page, source), known);
      expect(source.loads).toBe(1);
      expect(cache.counters()).toMatchObject({ hits: 1, misses: 1, stored: 1, passed: 0 });
      expect(second.counters()).toMatchObject({ hits: 1, misses: 0 });
    },
  );

  test('is checked once when loaded and once on the first use of its file in each process', async () => {
    const folder = scratch();
    const known = knownPage(1, mapped);
    const source = sourceOf(known);
    const cache = openCache(folder);
    for (let i = 0; i < 5; i++) await cache.read(known.page, source);
    expect(source.checks).toBe(2);
    const second = openCache(folder);
    for (let i = 0; i < 5; i++) await second.read(known.page, source);
    expect(source.checks).toBe(3);
  });

  test('from a loader that checks is checked again only when it comes from its file', async () => {
    const known = knownPage(1, mapped);
    const cache = openCache(scratch());
    const counting = sourceOf(known);
    const source = { ...counting, loadsChecked: true };
    expectBytes(await cache.read(known.page, source), known);
    expect(counting).toMatchObject({ loads: 1, checks: 0 });
    expectBytes(await cache.read(known.page, source), known);
    expect(counting).toMatchObject({ loads: 1, checks: 1 });
  });

  test('of no bytes is loaded each time and leaves no file', async () => {
    const folder = scratch();
    const known = knownPage(1, 0);
    const source = sourceOf(known);
    const cache = openCache(folder);
    for (let i = 0; i < 2; i++) expect(await cache.read(known.page, source)).toHaveLength(0);
    expect(source.loads).toBe(2);
    expect(namesUnder(folder)).toEqual([]);
  });

  test('and another range of the same object are kept apart', async () => {
    const cache = openCache(scratch());
    const whole = knownPage(1, 3000);
    const range = (offset: number, length: number): KnownPage => ({
      page: { hash: whole.page.hash, offset, length },
      bytes: whole.bytes.slice(offset, offset + length),
    });
    const ranges = [whole, range(0, 1000), range(0, 1001), range(1000, 1000), range(2999, 1)];
    for (const known of [...ranges, ...ranges])
      expectBytes(await cache.read(known.page, sourceOf(known)), known);
    expect(cache.counters()).toMatchObject({ hits: 5, misses: 5 });
  });

  test('has a name that follows from its content, so nothing that looks like a path passes', async () => {
    const cache = openCache(scratch());
    const { page } = knownPage(1);
    for (const hash of ['', '../../etc/passwd', page.hash.toUpperCase(), `${page.hash}/..`])
      await expect(cache.read({ ...page, hash }, sourceOf(knownPage(1)))).rejects.toMatchObject({
        code: 'Internal',
      });
  });

  test('is a file that only its owner can read, in folders that only the owner can enter', async () => {
    const folder = `${scratch()}/made/here`;
    const known = knownPage(1);
    await openCache(folder).read(known.page, sourceOf(known));
    expect(statSync(fileOf(folder, known.page)).mode & 0o777).toBe(0o600);
    for (const made of [folder, `${folder}/v1`, `${folder}/v1/${known.page.hash.slice(0, 2)}`])
      expect(statSync(made).mode & 0o777).toBe(0o700);
  });
});

describe('what a reader gets', () => {
  test.each([small, mapped])('is its own: writing into %i bytes reaches no other reader', async (length) => {
    const cache = openCache(scratch());
    const known = knownPage(1, length);
    const source = sourceOf(known);
    for (let i = 0; i < 4; i++) {
      const bytes = await cache.read(known.page, source);
      expectBytes(bytes, known);
      bytes.fill(0xff);
    }
    const together = await Promise.all(Array.from({ length: 4 }, () => cache.read(known.page, source)));
    for (const bytes of together) {
      expectBytes(bytes, known);
      bytes.fill(0xff);
    }
    expect(source.loads).toBe(1);
  });

  test('is its own also when four readers wait for one load', async () => {
    const cache = openCache(scratch());
    const known = knownPage(1, mapped);
    const source = sourceOf(known);
    const together = Array.from({ length: 4 }, async () => {
      const bytes = await cache.read(known.page, source);
      expectBytes(bytes, known);
      bytes.fill(0xff);
    });
    await Promise.all(together);
    expect(source.loads).toBe(1);
    expect(cache.counters()).toMatchObject({ misses: 1, stored: 1 });
  });
});

describe('a load', () => {
  test('in pieces is handed on as it came, copied whole for others, and kept as one page', async () => {
    const cache = openCache(scratch());
    const known = knownPage(1, mapped);
    const source = sourceOf(known);
    const pieces = [known.bytes.slice(0, 100), known.bytes.slice(100)];
    const inPieces = { ...source, load: () => Promise.resolve(pieces) };
    const [own, other] = await Promise.all([
      cache.read(known.page, inPieces),
      cache.read(known.page, source),
    ]);
    expect(own).toBe(pieces);
    expectBytes(other, known);
    expectBytes(await cache.read(known.page, source), known);
    expect([source.loads, cache.counters()]).toMatchObject([0, { hits: 1, misses: 1, stored: 1 }]);
  });

  test('that fails its check throws, and leaves nothing behind', async () => {
    const folder = scratch();
    const cache = openCache(folder);
    const known = knownPage(1);
    const wrong = { ...sourceOf(known), load: async () => knownPage(2).bytes };
    await expect(cache.read(known.page, wrong)).rejects.toMatchObject({ code: 'Corrupt' });
    expect(namesUnder(folder)).toEqual([]);
    expectBytes(await cache.read(known.page, sourceOf(known)), known);
  });

  test('of another length is Corrupt and says both lengths', async () => {
    const known = knownPage(1);
    const wrong = {
      ...sourceOf(known),
      load: async () => known.bytes.slice(1),
      verify: async () => undefined,
    };
    for (const cache of [openCache(scratch()), off()])
      await expect(cache.read(known.page, wrong)).rejects.toMatchObject({
        code: 'Corrupt',
        context: { expected: 1000, observed: 999 },
      });
  });

  test('that the store refuses throws the error of the store, and the next read tries again', async () => {
    const cache = openCache(scratch());
    const known = knownPage(1);
    const source = sourceOf(known);
    const refusing = {
      ...source,
      load: async () => {
        throw new NacreError('Unavailable', 'slow down');
      },
    };
    const both = [cache.read(known.page, refusing), cache.read(known.page, refusing)];
    for (const read of both) await expect(read).rejects.toMatchObject({ code: 'Unavailable' });
    expectBytes(await cache.read(known.page, source), known);
  });
});

describe('an abort', () => {
  test('ends its own read at once and not the load that others wait for', async () => {
    const cache = openCache(scratch());
    const known = knownPage(1);
    const gate = gateOf();
    const signals: AbortSignal[] = [];
    const source = {
      ...sourceOf(known),
      load: async (signal: AbortSignal) => {
        signals.push(signal);
        await gate.promise;
        return known.bytes.slice();
      },
    };
    const leaving = new AbortController();
    const first = cache.read(known.page, source, { signal: leaving.signal });
    const second = cache.read(known.page, source);
    await untilTrue(() => signals.length === 1);
    leaving.abort();
    await expect(first).rejects.toMatchObject({ code: 'Aborted' });
    expect(signals[0]?.aborted).toBe(false);
    gate.resolve();
    expectBytes(await second, known);
    expect(signals).toHaveLength(1);
  });

  test('of the last reader aborts the load, and the next read begins anew', async () => {
    const cache = openCache(scratch());
    const known = knownPage(1);
    const signals: AbortSignal[] = [];
    const hanging = {
      ...sourceOf(known),
      load: (signal: AbortSignal): Promise<Uint8Array> => {
        signals.push(signal);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))));
      },
    };
    const controllers = [new AbortController(), new AbortController()];
    const reads = controllers.map(({ signal }) => cache.read(known.page, hanging, { signal }));
    await untilTrue(() => signals.length === 1);
    for (const controller of controllers) controller.abort();
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'Aborted' });
    expect(signals[0]?.aborted).toBe(true);
    expectBytes(await cache.read(known.page, sourceOf(known)), known);
  });

  test('before the read loads nothing', async () => {
    const known = knownPage(1);
    const source = sourceOf(known);
    for (const cache of [openCache(scratch()), off()])
      await expect(cache.read(known.page, source, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'Aborted',
      });
    expect(source.loads).toBe(0);
  });
});

describe('two datasets in one folder', () => {
  test('one rolled back in place, never get the other one’s bytes or those of another state', async () => {
    // One key, three contents: the page is named by content, so the key's history does not matter.
    const folder = scratch();
    const first = knownPage(1);
    const second = knownPage(2);
    const other = knownPage(3);
    const history = [first, other, second, first, other, second, first];
    let misses = 0;
    for (const known of history) {
      const cache = openCache(folder);
      expectBytes(await cache.read(known.page, sourceOf(known)), known);
      misses += cache.counters().misses;
    }
    expect(misses).toBe(3);
  });
});

describe('a cache that is off', () => {
  test('loads and checks every time, and has no folder', async () => {
    const known = knownPage(1);
    const source = sourceOf(known);
    const cache = off();
    for (let i = 0; i < 3; i++) expectBytes(await cache.read(known.page, source), known);
    expect(source).toMatchObject({ loads: 3, checks: 3 });
    expect(cache).toMatchObject({ folder: undefined, budgetBytes: 0 });
    expect(cache.peek(known.page)).toBe(false);
    expect(cache.counters()).toMatchObject({ hits: 0, misses: 3, passed: 3 });
    await cache.close();
  });

  test('is what a budget of 0 gives; a budget that is none is refused', () => {
    const options = { folder: scratch(), runtime: systemRuntime, native: binary };
    expect(openPageCache({ ...options, budgetBytes: 0 }).folder).toBeUndefined();
    for (const budgetBytes of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => openPageCache({ ...options, budgetBytes })).toThrow(/whole number of bytes/);
  });
});

test('a closed cache still finds pages and keeps no more', async () => {
  const cache = openCache(scratch());
  const [kept, late] = [knownPage(1), knownPage(2)];
  await cache.read(kept.page, sourceOf(kept));
  await cache.close();
  expectBytes(await cache.read(kept.page, sourceOf(kept)), kept);
  expectBytes(await cache.read(late.page, sourceOf(late)), late);
  expect(cache.peek(late.page)).toBe(false);
});

function off() {
  return openPageCache({ folder: false, runtime: systemRuntime, native: binary });
}

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
