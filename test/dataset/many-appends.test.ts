// A write of many small appends to a store that is slower than the caller: what is held in memory is bounded.
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { BackgroundUploads } from '../../src/arrays/background-uploads.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { byteLength } from '../../src/util/bytes.js';
import { calls } from '../support/faulty-store.js';
import { failure } from '../support/failure.js';
import { Gate, type World, worldWith } from './world.js';

const mebibyte = 2 ** 20;
const limit = 64 * mebibyte;
let world: World;

/** Counts the bytes of partitions that stand before the gate. */
class Scales extends Gate {
  held = 0;
  most = 0;

  override guard(inner: ObjectStore): ObjectStore {
    const guarded = super.guard(inner);
    return forwarding(guarded, {
      put: async (key, body, options) => {
        if (!key.startsWith('arrays/')) return guarded.put(key, body, options);
        const bytes = byteLength(body);
        this.held += bytes;
        this.most = Math.max(this.most, this.held);
        try {
          return await guarded.put(key, body, options);
        } finally {
          this.held -= bytes;
        }
      },
    });
  }
}

describe('a write of many small appends', () => {
  afterEach(() => world.close());

  for (const [count, rows] of [
    [40, mebibyte],
    [300, 65_536],
  ] as const) {
    test(`holds 64 MiB at most: ${count} of ${rows * 4} bytes`, async () => {
      world = await worldWith();
      const scales = new Scales(/^arrays\//);
      const { dataset } = await world.open({ gate: scales });
      await dataset.version();
      scales.shut();
      const data = new Int32Array(rows);
      let taken = 0;
      const written = dataset.write(async (tx) => {
        for (let i = 0; i < count; i++) {
          data.fill(i);
          await tx.append('a', { data });
          taken++;
        }
      });
      await scales.idle();
      const bytes = data.byteLength;
      // What was taken and is not stored is held.
      expect(taken).toBe(Math.min(count, limit / bytes));
      expect(scales.held).toBeLessThanOrEqual(limit + 200 * count);
      scales.open();
      await written;
      expect(taken).toBe(count);
      expect(scales.most).toBeLessThanOrEqual(limit + 200 * count);
      for (const i of [0, 15, 16, 17, count - 1]) {
        const { data: row } = await dataset.array('a').read({ start: i * rows, end: i * rows + 1 });
        expect(Number(row[0])).toBe(i);
      }
    }, 60_000);
  }

  test('ends with the first failure, and nobody waits for ever', async () => {
    world = await worldWith();
    const denied = { kind: 'error', code: 'PermissionDenied', status: 403 } as const;
    const plan = (call: Parameters<ReturnType<typeof calls>>[0]) =>
      calls('put', /^arrays\//)(call) ? denied : undefined;
    const { dataset } = await world.open({ plan });
    const data = new Int32Array(mebibyte);
    const error = await failure(
      dataset.write(async (tx) => {
        for (let i = 0; i < 40; i++) await tx.append('a', { data });
      }),
    );
    expect(error.code).toBe('PermissionDenied');
  });
});

describe('background uploads', () => {
  test('begin in turn, a large one too, and never beyond the limit', async () => {
    const uploads = new BackgroundUploads();
    const order: number[] = [];
    let held = 0;
    const sizes = Array.from(
      { length: 60 },
      (_, i) => ((i * 37) % 23) * mebibyte + (i === 30 ? 80 * mebibyte : 1),
    );
    const begun = sizes.map((bytes, i) => {
      const started = uploads.start(bytes, async () => {
        order.push(i);
        held += bytes;
        expect(held === bytes || held <= limit).toBe(true);
        await setTimeout(i % 3);
        held -= bytes;
      });
      return started.begun;
    });
    await Promise.all(begun);
    await uploads.finish();
    expect(order).toEqual(sizes.map((_, i) => i));
    expect(held).toBe(0);
  });
});
