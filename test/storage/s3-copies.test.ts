// Objects that S3 servers make of others, without their bytes coming this way.
import { afterEach, describe, expect, test } from 'vitest';
import type { ObjectStore, ServerCopies } from '../../src/storage/object-store.js';
import { prefixed } from '../../src/storage/prefixed.js';
import { chain } from '../../src/storage/wrap/chain.js';
import { Meter } from '../../src/storage/wrap/meter.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore, type TestStore } from '../support/servers/open.js';
import { native } from '../../src/native.js';

const body = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
const crc32c = native().crc32c(body);
const servers = storesUnderTest().filter((name) => name === 'minio' || name === 'versitygw');
const opened: TestStore[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.dispose();
});

async function pairOn(
  name: (typeof servers)[number],
): Promise<{ from: ObjectStore; to: ObjectStore; meter: Meter }> {
  const [source, destination] = [await openTestStore(name), await openTestStore(name)];
  opened.push(source, destination);
  const meter = new Meter({ runtime: systemRuntime });
  const to = prefixed(chain(await destination.another(), { meter }), 'with-in');
  return { from: prefixed(source.store, 'a.b'), to, meter };
}

function copiesOf({ copies }: ObjectStore): ServerCopies {
  if (copies === undefined) throw new Error('S3 copies');
  return copies;
}

describe.each(servers)('%s', (name) => {
  test('makes an object of the state of another, and says its checksum or nothing', async () => {
    const { from, to, meter } = await pairOn(name);
    const put = await from.put('x/y', body, { crc32c });
    const token = put.outcome === 'written' ? put.token : '';
    const copies = copiesOf(to);
    expect(copies.reaches(from)).toBe(true);
    const made = await copies.copy('z', { store: from, key: 'x/y', token });
    expect(made.outcome).toBe('written');
    expect([crc32c, undefined]).toContain('crc32c' in made ? made.crc32c : null);
    expect(Buffer.from((await to.get('z'))?.bytes ?? []).equals(body)).toBe(true);
    expect(meter.snapshot()).toMatchObject({ bytesUp: 0 });
  });

  test('makes nothing of a state that is gone, or of no object', async () => {
    const { from, to } = await pairOn(name);
    const put = await from.put('x', body, { crc32c });
    await from.put('x', body.subarray(1));
    const token = put.outcome === 'written' ? put.token : '';
    for (const key of ['x', 'y'])
      expect(await copiesOf(to).copy('z', { store: from, key, token })).toEqual({ outcome: 'refused' });
    expect(await to.head('z')).toBeUndefined();
    expect(copiesOf(to).reaches(from)).toBe(true);
  });
});

test.runIf(servers.includes('minio'))(
  'what lies on another server, or on none, is not in reach',
  async () => {
    const { to } = await pairOn('minio');
    const elsewhere = await openTestStore(storesUnderTest().includes('versitygw') ? 'versitygw' : 'memory');
    const memory = await openTestStore('memory');
    opened.push(elsewhere, memory);
    expect(copiesOf(to).reaches(elsewhere.store)).toBe(false);
    expect(copiesOf(to).reaches(memory.store)).toBe(false);
  },
);
