// Plans and leases as bytes from a bucket: what no release writes is damage, and named.
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeFrame } from '../../src/manifest/frame.js';
import {
  isIdBelow,
  leaseKey,
  leasePrefix,
  objectKey,
  parseDataKey,
  planKey,
} from '../../src/manifest/keys.js';
import { listLeases, livingLeases, putLease } from '../../src/manifest/leases.js';
import { encode, make, type Plan, v1 } from '../../src/manifest/message.js';
import { readPlan, writePlan } from '../../src/manifest/plan.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { failure } from '../support/failure.js';
import { withFlippedBit } from '../support/faulty-store.js';
import { functions, type World, worldWith } from '../dataset/world.js';

const id = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);
const dataset = id(1);
let world: World;
let store: MemoryStore;

beforeEach(async () => {
  world = await worldWith(1);
  store = new MemoryStore('', world.runtime);
});

const sample = {
  dataset,
  version: 7,
  rootHash: new Uint8Array(32),
  objects: [
    make(v1.PlannedObjects, {
      pattern: make(v1.KeyPattern, { prefix: 'segments/' }),
      ids: Uint8Array.from({ length: 48 }, (_, i) => i),
    }),
  ],
};

async function read(fields: Partial<Plan> | Uint8Array): Promise<unknown> {
  const bytes =
    fields instanceof Uint8Array
      ? fields
      : encodeFrame('plan', encode(v1.Plan, make(v1.Plan, { ...sample, ...fields })), functions);
  await store.put(planKey(id(9)), bytes);
  return readPlan(store, id(9), { dataset }, functions);
}

describe('a plan', () => {
  test('lists what was written, and a missing one is told', async () => {
    const head = await world.head();
    const ids = Uint8Array.from({ length: 64 }, (_, i) => i);
    const group = { pattern: { prefix: 'segments/', suffix: '' }, ids };
    const plan = await writePlan({ store, functions, runtime: world.runtime }, head, 5, [group]);
    const listed = await readPlan(store, plan, head.root, functions);
    expect([listed?.size, listed?.has(ids, 48), listed?.has(id(3))]).toEqual([4, true, false]);
    expect(await readPlan(store, id(3), head.root, functions)).toBeUndefined();
  });

  test('that is cut short, has a flipped bit, or is another frame is damage', async () => {
    const bytes = encodeFrame('plan', encode(v1.Plan, make(v1.Plan, sample)), functions);
    for (let length = 0; length < bytes.byteLength; length += 7)
      expect((await failure(read(bytes.subarray(0, length)))).code).toBe('Corrupt');
    for (let bit = 0; bit < 8 * bytes.byteLength; bit += 11)
      expect((await failure(read(withFlippedBit(bytes, bit)))).code).toBe('Corrupt');
    const lease = encodeFrame('lease', encode(v1.Plan, make(v1.Plan, sample)), functions);
    expect((await failure(read(lease))).code).toBe('Corrupt');
  });

  test('of another dataset, with half an id, or keys outside is damage; of a newer release it is refused', async () => {
    const [objects] = sample.objects;
    const ids = id(0);
    const pattern = make(v1.KeyPattern, { prefix: '../other/' });
    const odd: Partial<Plan>[] = [
      { dataset: id(2) },
      { objects: [make(v1.PlannedObjects, { ...objects, ids: ids.subarray(1) })] },
      { objects: [make(v1.PlannedObjects, { ids })] },
      { objects: [make(v1.PlannedObjects, { ids, pattern })] },
    ];
    for (const fields of odd) expect((await failure(read(fields))).code).toBe('Corrupt');
    expect((await failure(read({ requiredFeatures: [999] }))).code).toBe('UnsupportedFormat');
  });
});

describe('a lease', () => {
  test('counts for its dataset until it is over, and a minute longer', async () => {
    const lease = make(v1.Lease, { dataset, version: 3, rootHash: new Uint8Array(32), untilMs: 1_000_000 });
    await putLease(store, leaseKey(id(4)), lease, undefined, functions);
    await store.put(`${leasePrefix}doctor-1234-create`, new Uint8Array(3));
    const leases = await listLeases(store, functions);
    const counts = (of: Uint8Array, nowMs: number) => livingLeases(leases, of, nowMs).length;
    expect([counts(dataset, 999_999), counts(dataset, 1_059_999), counts(dataset, 1_060_000)]).toEqual([
      1, 1, 0,
    ]);
    expect(counts(id(2), 0)).toBe(0);
    expect(await putLease(store, leaseKey(id(4)), lease, undefined, functions)).toBeUndefined();
  });

  test('that cannot be read is named, since what it protects is not known', async () => {
    const bytes = encodeFrame('lease', encode(v1.Lease, make(v1.Lease, { dataset })), functions);
    const newer = make(v1.Lease, { dataset, requiredFeatures: [999] });
    const key = leaseKey(id(5));
    for (const body of [new Uint8Array(0), bytes.subarray(0, 40), withFlippedBit(bytes, 200)]) {
      await store.put(key, body);
      expect(await failure(listLeases(store, functions))).toMatchObject({
        code: 'Corrupt',
        context: { key },
      });
    }
    await store.put(key, encodeFrame('lease', encode(v1.Lease, newer), functions));
    expect((await failure(listLeases(store, functions))).code).toBe('UnsupportedFormat');
  });
});

test('keys of data are read as they are written, and no other is', () => {
  const digits = '0123456789abcdef0123456789abcdef';
  const own = [
    `segments/${digits}`,
    `parity/${digits}`,
    `indexes/${digits}/${digits}`,
    `arrays/${digits}/${digits}.npy`,
    `arrays/${digits}/${digits}.arrow`,
  ];
  for (const key of own) {
    const parsed = parseDataKey(key);
    expect(parsed && objectKey(parsed.pattern, parsed.id)).toBe(key);
  }
  const others = [
    ...['latest', `versions/${digits}`, `quarantine/${digits}`, `healed/${digits}`, `leases/${digits}`],
    ...[`gc/${digits}`, `replicas/${digits}`, `segments/${digits}.npy`, `segments/${digits.toUpperCase()}`],
    ...[`segments/${digits}/x`, `segments/${digits}0`, `arrays/${digits}/${digits}`, `arrays/${digits}.npy`],
    ...[`arrays/${digits}/${digits}.parquet`, `indexes/${digits}`, `indexes/${digits}/${digits}.npy`, ''],
    ...[`x/segments/${digits}`, `segments/${digits}\n`, `arrays/../${digits}/${digits}.npy`],
  ];
  expect(others.filter((key) => parseDataKey(key) !== undefined)).toEqual([]);
  expect(isIdBelow(leasePrefix, `${leasePrefix}${digits}`)).toBe(true);
  expect(isIdBelow(leasePrefix, `${leasePrefix}${digits}x`)).toBe(false);
  expect(isIdBelow(leasePrefix, `gc/${digits}`)).toBe(false);
});
