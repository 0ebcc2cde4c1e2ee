// Manifests that are damaged, hostile, from the future or from elsewhere. Each gives a typed error that says
// what and where, or the right answer; nothing is believed that was not checked.
import protobuf from 'protobufjs/minimal.js';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isNacreError, NacreError } from '../../src/errors.js';
import { decodeFrame, encodeFrame, frameCap, type FrameKind } from '../../src/manifest/frame.js';
import { readHint } from '../../src/manifest/hint.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { decode, encode, evolve, make, type Root, v1 } from '../../src/manifest/message.js';
import { decodeRoot, encodeRoot, type LoadedRoot } from '../../src/manifest/root.js';
import { buildAppendSegment, decodeSegment } from '../../src/manifest/segment.js';
import { native } from '../../src/native.js';
import { concat, utf8 } from '../../src/util/bytes.js';
import { failure } from '../support/failure.js';
import { withFlippedBit } from '../support/faulty-store.js';
import { functions, int32, values, World, worldWith } from '../dataset/world.js';
import { arrayId, change, firstRoot, nextRoot, partition, runtime, transaction } from './drafts.js';

const x = arrayId('x');
const sample = nextRoot(
  nextRoot(
    firstRoot(),
    transaction([change.create(x, 'x'), change.append(x, 10)], { baseVersion: 1, message: 'first' }),
  ),
  transaction([change.append(x, 3), change.replace(x, 1, 2), change.drop(x, 5)], {
    ...{ baseVersion: 2, exactlyOnce: true, application: { name: 'loader', sequence: 3 } },
  }),
);

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

function errorOf(call: () => unknown): NacreError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (isNacreError(error)) return error;
    throw error;
  }
}

const typed = ['Corrupt', 'UnsupportedFormat'];

/** A whole frame around a body, its hash right: what a hostile or a mistaken writer can make. */
function framed(body: Uint8Array, kind: FrameKind = 'root'): Uint8Array {
  return encodeFrame(kind, body, functions);
}

function bodyOf(bytes: Uint8Array, kind: FrameKind = 'root'): Uint8Array {
  return decodeFrame(kind, bytes, 'sample', functions);
}

function refused(fields: Partial<Root>): NacreError | undefined {
  return errorOf(() =>
    decodeRoot(encodeRoot(evolve(sample.root, fields), functions).bytes, 'sample', functions),
  );
}

describe('51: a manifest cut short, or with a bit that flipped', () => {
  const segment = buildAppendSegment([partition(x, 4), partition(x, 6)], { functions, runtime });
  const { object, headBytes, headHash, rows, partitions } = segment.draft;
  const reference = make(v1.SegmentRef, { headBytes, headHash, rows, partitions });
  const stored = { ...object, key: 'segments/sample', blockBytes: 65_536 };
  const array = make(v1.Array, { dtype: 4, nextRowId: 10 });
  const decoders: Readonly<Record<string, readonly [Uint8Array, (bytes: Uint8Array) => unknown]>> = {
    root: [sample.bytes, (bytes) => decodeRoot(bytes, 'sample', functions)],
    segment: [segment.bytes, (bytes) => decodeSegment(bytes, reference, stored, array, functions)],
  };
  for (const [kind, [bytes, read]] of Object.entries(decoders)) {
    test(`${kind}: whole it is read`, () => expect(errorOf(() => read(bytes))).toBeUndefined());

    test(`${kind}: cut at every byte it is Corrupt`, () => {
      for (let length = 0; length < bytes.byteLength; length++)
        expect(errorOf(() => read(bytes.subarray(0, length)))?.code).toBe('Corrupt');
    });

    test(`${kind}: with any one bit flipped it is Corrupt`, () => {
      for (let bit = 0; bit < 8 * bytes.byteLength; bit++)
        expect(errorOf(() => read(withFlippedBit(bytes, bit)))?.code).toBe('Corrupt');
    });

    test(`${kind}: with bytes behind it it is Corrupt`, () => {
      expect(errorOf(() => read(concat([bytes, new Uint8Array(1)])))?.code).toBe('Corrupt');
    });
  }

  test('hint: cut or flipped anywhere it counts as missing, and the newest version is found', async () => {
    world = await worldWith(1, 2);
    const { bare } = world;
    const whole = (await bare.get(hintKey))?.bytes ?? new Uint8Array();
    for (let bit = 0; bit < 8 * whole.byteLength; bit += 3) {
      await bare.put(hintKey, withFlippedBit(whole, bit));
      expect((await readHint(bare, functions)).problem).toBe('damaged');
    }
    for (let length = 0; length < whole.byteLength; length += 2) {
      await bare.put(hintKey, whole.subarray(0, length));
      expect((await readHint(bare, functions)).problem).toBe('damaged');
    }
    expect(await world.read()).toEqual([1, 2]);
  });
});

describe('a body that is changed and framed anew', () => {
  test('with any one bit flipped is refused with a typed error, or decoded; never anything else', () => {
    const body = bodyOf(sample.bytes);
    let refusals = 0;
    for (let bit = 0; bit < 8 * body.byteLength; bit++) {
      const error = errorOf(() => decodeRoot(framed(withFlippedBit(body, bit)), 'sample', functions));
      if (error === undefined) continue;
      refusals += 1;
      expect(typed).toContain(error.code);
    }
    expect(refusals).toBeGreaterThan(body.byteLength);
  });

  test('cut at any byte is refused with a typed error, or decoded', () => {
    const body = bodyOf(sample.bytes);
    for (let length = 0; length < body.byteLength; length++) {
      const error = errorOf(() => decodeRoot(framed(body.subarray(0, length)), 'sample', functions));
      if (error !== undefined) expect(typed).toContain(error.code);
    }
  });

  test('and planted as the newest version never makes a reader fail in another way', async () => {
    world = await worldWith(1, 2, 3);
    const writer = await world.open();
    await writer.dataset.write(async (tx) => {
      await tx.replace('a', [1], int32(20));
      await tx.drop('a', [0]);
    });
    await writer.dataset.close();
    const { bytes, root } = await world.head();
    await world.bare.delete([hintKey]);
    const body = bodyOf(bytes);
    for (let bit = 5; bit < 8 * body.byteLength; bit += 29) {
      await world.bare.put(rootKey(root.version), framed(withFlippedBit(body, bit)));
      const error = await world.read().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      expect(isNacreError(error), String(error as Error)).toBe(true);
      expect((error as NacreError).code).not.toBe('Internal');
    }
  });
});

describe('protobuf that no writer makes', () => {
  const field = (number: number, type: number): number => (number << 3) | type;
  const appended = (...bytes: number[]): Uint8Array =>
    framed(concat([bodyOf(sample.bytes), Uint8Array.from(bytes)]));

  test('52: an unknown dtype is a newer release, by name', () => {
    const [array] = sample.root.arrays;
    if (array === undefined) throw new Error('the sample has an array');
    expect(refused({ arrays: [evolve(array, { dtype: 99 as never })] })).toMatchObject({
      code: 'UnsupportedFormat',
    });
  });

  test('53: 10,000 nested unknown groups are refused without a deep stack', () => {
    const open = Array.from({ length: 10_000 }, () => [0xa3, 0x06]).flat();
    expect(errorOf(() => decodeRoot(appended(...open), 'sample', functions))?.code).toBe('Corrupt');
    const close = Array.from({ length: 10_000 }, () => [0xa4, 0x06]).flat();
    expect(errorOf(() => decodeRoot(appended(...open, ...close), 'sample', functions))?.code).toBe('Corrupt');
  });

  test('54: a field that says it has 2^31 bytes is refused without allocating them', () => {
    const huge = appended(field(10, 2), 0x80, 0x80, 0x80, 0x80, 0x08);
    expect(errorOf(() => decodeRoot(huge, 'sample', functions))?.code).toBe('Corrupt');
  });

  test('55: a varint of 11 bytes is refused', () => {
    const long = appended(field(4, 0), ...Array.from({ length: 10 }, () => 0x80), 0x01);
    expect(errorOf(() => decodeRoot(long, 'sample', functions))?.code).toBe('Corrupt');
  });

  test('55: a number over 2^53 is refused', () => {
    const big = appended(field(4, 0), ...Array.from({ length: 9 }, () => 0xff), 0x01);
    expect(errorOf(() => decodeRoot(big, 'sample', functions))?.code).toBe('Corrupt');
  });

  test('56: an overlong UTF-8 slash in a name is refused', () => {
    const body = bodyOf(sample.bytes);
    const name = concat([Uint8Array.of(field(2, 2), 1), utf8.encode('x')]);
    const at = body.findIndex((_, i) => name.every((byte, j) => body[i + j] === byte));
    expect(at).toBeGreaterThan(0);
    // The array grows by one byte: its own length, which stands before the id, grows too.
    const bad = concat([
      body.subarray(0, at),
      Uint8Array.of(field(2, 2), 2, 0xc0, 0xaf),
      body.subarray(at + 3),
    ]);
    const lengthAt = body.subarray(0, at).lastIndexOf(field(1, 2), at - 17) - 1;
    for (const start of [lengthAt, lengthAt - 1])
      bad[start] = (bad[start] ?? 0) + (start === lengthAt ? 1 : 0);
    const error = errorOf(() => decodeRoot(framed(bad), 'sample', functions));
    expect(typed).toContain(error?.code);
  });

  test('unknown fields beyond 64 KiB are refused', () => {
    const filler = new Uint8Array(70_000);
    const writer = protobuf.Writer.create();
    writer.uint32(field(900, 2)).bytes(filler);
    const bytes = framed(concat([bodyOf(sample.bytes), writer.finish()]));
    expect(errorOf(() => decodeRoot(bytes, 'sample', functions))?.code).toBe('Corrupt');
  });
});

describe('a root in the wrong place', () => {
  /** The newest root after a well-framed one that does not belong was planted in the next slot. */
  async function afterPlanting(fields: Partial<Root>): Promise<number> {
    world = await worldWith(1);
    const { root, hash } = await world.head();
    const next = { version: 3, parent: make(v1.Parent, { version: 2, hash }), changes: null, operations: [] };
    await world.plant(evolve(root, { ...next, ...fields }), 3);
    const writer = await world.open();
    expect(await values(writer.dataset)).toEqual([1]);
    const { version } = await writer.dataset.write((tx) => tx.append('a', int32(2)));
    expect(await world.read()).toEqual([1, 2]);
    expect((await world.head()).root.parent?.version).toBe(2);
    return version;
  }

  test('57: one that says another version is void and skipped', async () => {
    expect(await afterPlanting({ version: 7 })).toBe(4);
  });

  test('58: one whose parent has another hash is void and skipped', async () => {
    expect(await afterPlanting({ parent: make(v1.Parent, { version: 2, hash: new Uint8Array(32) }) })).toBe(
      4,
    );
  });

  test('58: one whose parent is another version is void and skipped', async () => {
    expect(await afterPlanting({ parent: make(v1.Parent, { version: 1, hash: new Uint8Array(32) }) })).toBe(
      4,
    );
  });

  test('59: one of another dataset is void and skipped', async () => {
    expect(await afterPlanting({ dataset: new Uint8Array(16).fill(9) })).toBe(4);
  });

  test('66: one that is older than its parent is read, and time goes on from the later of the two', async () => {
    world = await worldWith(1);
    const { root } = await world.head();
    const early = await world.plantNext({ timeMs: root.timeMs - 1e9 });
    const writer = await world.open();
    await writer.dataset.write((tx) => tx.append('a', int32(2)));
    expect((await world.head()).root.timeMs).toBeGreaterThanOrEqual(early.root.timeMs);
    expect(await world.read()).toEqual([1, 2]);
  });
});

describe('a root that contradicts itself', () => {
  const [array] = sample.root.arrays;
  const [base, ...others] = array?.partitions ?? [];
  const { objects } = sample.root;
  if (array === undefined || base === undefined || objects === null) throw new Error('the sample has rows');
  const [first, ...rest] = objects.objects;
  const [pattern] = objects.patterns;
  if (first === undefined || pattern === undefined) throw new Error('the sample has objects');
  const withPartition = (fields: object): Partial<Root> => ({
    arrays: [evolve(array, { partitions: [evolve(base, fields), ...others] })],
  });
  const withObject = (fields: object): Partial<Root> => ({
    objects: evolve(objects, { objects: [evolve(first, fields), ...rest] }),
  });
  const withIndex = (fields: object): Partial<Root> => {
    const segment = make(v1.IndexSegment, { object: base.object, firstRowId: 0, rows: base.rows, ...fields });
    const index = make(v1.Index, { kind: 1, epoch: base.object, segments: [segment] });
    return { arrays: [evolve(array, { indexes: [index] })] };
  };
  const withPrefix = (prefix: string, suffix = '.npy'): Partial<Root> => ({
    objects: evolve(objects, { patterns: [evolve(pattern, { prefix, suffix })] }),
  });

  const corrupt: Readonly<Record<string, Partial<Root>>> = {
    '60: a partition with more rows than its object has bytes': withPartition({ rows: 11 }),
    '60: a partition with fewer rows than its object has bytes': withPartition({ rows: 9 }),
    '60: a partition past the last row id': withPartition({ firstRowId: 100 }),
    '60: more live rows than row ids': { arrays: [evolve(array, { liveRows: 99 })] },
    '61: an absolute key': withPrefix('/etc/'),
    '61: a key that climbs': withPrefix('arrays/../../secret/'),
    '61: a key that climbs in the middle': withPrefix('arrays/x/../../y/'),
    '61: a key with a scheme': withPrefix('s3://evil/'),
    '61: a key of a root': withPrefix('versions/'),
    '61: the hint as a key': withPrefix('latest'),
    '61: a key outside of the folders of a dataset': withPrefix('home/user/'),
    '61: a key with a NUL': withPrefix('arrays/\0/'),
    '61: a key with a backslash': withPrefix('arrays\\x/'),
    '61: a suffix that is a path': withPrefix('arrays/x/', '/../y'),
    '61: a prefix of 2,000 letters': withPrefix(`arrays/${'x'.repeat(2_000)}/`),
    '62: one object twice': { objects: evolve(objects, { objects: [first, first, ...rest.slice(1)] }) },
    '62: one array twice': { arrays: [array, array] },
    '62: one name twice': { arrays: [array, evolve(array, { id: new Uint8Array(16).fill(3) })] },
    '63: a table of block sums that is too short': withObject({ blocks: new Uint8Array(2) }),
    '63: a table of block sums that is too long': withObject({ blocks: new Uint8Array(8) }),
    'an object id of 15 bytes': withObject({ id: new Uint8Array(15).fill(1) }),
    'an object hash of 31 bytes': withObject({ hash: new Uint8Array(31) }),
    'an object with a pattern that is not there': withObject({ pattern: 9 }),
    'a partition whose object is not there': withPartition({ object: 99 }),
    'an index whose codes are not there': withIndex({ object: 99 }),
    'an index whose bits are not there': withIndex({ bits: make(v1.IndexBits, { object: 99 }) }),
    'an index past the last row id': withIndex({ rows: 100 }),
    'a dataset id of 8 bytes': { dataset: new Uint8Array(8) },
    'no parent in version 3': { parent: null },
    'a parent that is itself': { parent: make(v1.Parent, { version: 3, hash: new Uint8Array(32) }) },
    'version 0': { version: 0, parent: null },
    'a name that climbs': { arrays: [evolve(array, { name: '../x' })] },
    'a name with a NUL': { arrays: [evolve(array, { name: 'a\0b' })] },
    'a name of 300 bytes': { arrays: [evolve(array, { name: 'n'.repeat(300) })] },
  };
  for (const [what, fields] of Object.entries(corrupt)) {
    test(`${what} is Corrupt`, () => expect(refused(fields)).toMatchObject({ code: 'Corrupt' }));
  }

  test('an index with codes and bits that are there is read', () => {
    const fields = withIndex({ bits: make(v1.IndexBits, { object: base.object }) });
    expect(refused(fields)).toBeUndefined();
  });

  test('60: a count of live rows that is not that of its partitions is found before rows are given out', async () => {
    world = await worldWith(1, 2, 3);
    await world.plantNext(({ arrays }) => ({ arrays: arrays.map((one) => evolve(one, { liveRows: 2 })) }));
    expect((await failure(world.read())).code).toBe('Corrupt');
  });
});

describe('sizes', () => {
  test('64: a manifest over its cap is refused before it is decoded', () => {
    for (const kind of ['root', 'hint', 'segment'] as const) {
      const bytes = new Uint8Array(frameCap[kind] + 1);
      expect(errorOf(() => decodeFrame(kind, bytes, 'sample', functions))?.message).toContain(
        'more than any',
      );
      const body = new Uint8Array(frameCap[kind]);
      expect(errorOf(() => encodeFrame(kind, body, functions))?.code).toBe('ResourceExhausted');
    }
  });

  test('64: a hint over its cap counts as missing', async () => {
    world = await worldWith(1);
    await world.bare.put(hintKey, new Uint8Array(frameCap.hint + 1));
    expect(await world.read()).toEqual([1]);
  });
});

describe('65: a manifest from a later release', () => {
  async function planted(fields: Partial<Root>): Promise<World> {
    world = await worldWith(1);
    await world.plantNext(fields);
    return world;
  }

  test('that requires a feature is refused for reads and for writes, and stays as it is', async () => {
    const { bare } = await planted({ requiredFeatures: [7] });
    const reader = await (world as World).open();
    const read = await failure(values(reader.dataset));
    expect(read).toMatchObject({ code: 'UnsupportedFormat', context: { features: [7] } });
    const write = await failure(reader.dataset.write((tx) => tx.append('a', int32(2))));
    expect(write.code).toBe('UnsupportedFormat');
    expect(await bare.get(rootKey(4))).toBeUndefined();
  });

  test('that requires a feature stops a writer that was open before, which loses its slot to it', async () => {
    world = await worldWith(1);
    const writer = await world.open();
    await writer.dataset.version();
    await world.plantNext({ requiredFeatures: [7] });
    const write = await failure(writer.dataset.write((tx) => tx.append('a', int32(2))));
    expect(write.code).toBe('UnsupportedFormat');
    expect(await world.slots()).toEqual([1, 2, 3]);
  });

  test('with another frame is refused by its number, and a flip there is damage', () => {
    const bytes = sample.bytes.slice();
    new DataView(bytes.buffer).setUint32(8, 2, true);
    expect(errorOf(() => decodeRoot(bytes, 'sample', functions))?.code).toBe('Corrupt');
    const end = bytes.byteLength - 32;
    bytes.set(functions.blake3(bytes.subarray(0, end)), end);
    expect(errorOf(() => decodeRoot(bytes, 'sample', functions))).toMatchObject({
      code: 'UnsupportedFormat',
      context: { format: 2 },
    });
  });
});

describe('what a later release added', () => {
  /** The message with an unknown field 900 of this text, at its end. */
  function grown<T>(
    type: Parameters<typeof decode<T>>[0],
    message: Parameters<typeof encode<T>>[1],
    text: string,
  ) {
    const writer = protobuf.Writer.create();
    writer.uint32((900 << 3) | 2).bytes(utf8.encode(text));
    return decode(type, concat([encode(type, message), writer.finish()]), 'grown');
  }

  const texts = [
    'of the root',
    'of the array',
    'of the partition',
    'of the table',
    'of the object',
    'of the pattern',
  ];

  let before: LoadedRoot;
  beforeAll(async () => {
    const made = await worldWith(1, 2, 3);
    before = await made.head();
    await made.close();
  });

  function withMore(root: Root): Root {
    const { objects } = root;
    if (objects === null) throw new Error('no objects');
    const arrays = root.arrays.map((array) =>
      grown(
        v1.Array,
        evolve(array, {
          partitions: array.partitions.map((one) => grown(v1.Partition, one, 'of the partition')),
        }),
        'of the array',
      ),
    );
    const table = evolve(objects, {
      objects: objects.objects.map((one) => grown(v1.ObjectRef, one, 'of the object')),
      patterns: objects.patterns.map((one) => grown(v1.KeyPattern, one, 'of the pattern')),
    });
    return grown(
      v1.Root,
      evolve(root, { arrays, objects: grown(v1.ObjectTable, table, 'of the table') }),
      'of the root',
    );
  }

  test('goes through commits of this one and is kept, in every message', async () => {
    expect(before.root.version).toBe(2);
    world = await worldWith(1, 2, 3);
    const { root, hash } = await world.head();
    const parent = make(v1.Parent, { version: 2, hash });
    await world.plant(withMore(evolve(root, { version: 3, parent })));
    const writer = await world.open();
    await writer.dataset.write(async (tx) => {
      await tx.append('a', int32(4));
      await tx.replace('a', [0], int32(9));
      await tx.drop('a', [1]);
      await tx.rename('a', 'b');
      await tx.create('c', { dtype: 'bool' });
    });
    const { bytes } = await world.head();
    const text = Buffer.from(bytes).toString('latin1');
    for (const one of texts) expect(text, one).toContain(one);
    expect(await world.read('b')).toEqual([9, 3, 4]);
  });

  test('refers to its objects by slot, and they are the same ones after commits that add and remove', async () => {
    world = await worldWith(1, 2, 3);
    // An index of a later release: an object in the table, referred to from an unknown field of the array.
    const id = world.runtime.randomBytes(16);
    const planted = await world.plantNext(({ objects, arrays }) => {
      if (objects === null) throw new Error('no objects');
      const index = make(v1.ObjectRef, {
        ...{ pattern: objects.patterns.length, id, sizeBytes: 10, hash: new Uint8Array(32).fill(5) },
        ...{ crc32c: 1, blocks: new Uint8Array(4) },
      });
      const pattern = make(v1.KeyPattern, { prefix: 'indexes/abc/', suffix: '' });
      const slot = objects.objects.length;
      return {
        objects: evolve(objects, {
          objects: [...objects.objects, index],
          patterns: [...objects.patterns, pattern],
        }),
        arrays: arrays.map((array) => grown(v1.Array, array, `index ${slot}`)),
      };
    });
    const slot = (planted.root.objects?.objects.length ?? 0) - 1;
    const writer = await world.open();
    for (let i = 0; i < 4; i++) {
      await writer.dataset.write(async (tx) => {
        await tx.create('other', { dtype: 'int32' });
        await tx.append('other', int32(1, 2));
        await tx.append('a', int32(i));
      });
      await writer.dataset.write((tx) => tx.dropArray('other'));
    }
    const { root, bytes } = await world.head();
    expect(Buffer.from(bytes).toString('latin1')).toContain(`index ${slot}`);
    expect(root.objects?.objects[slot]?.id).toEqual(id);
    const kept = root.objects?.patterns[root.objects.objects[slot]?.pattern ?? -1];
    expect(kept?.prefix).toBe('indexes/abc/');
    expect(await world.read()).toEqual([1, 2, 3, 0, 1, 2, 3]);
  });
});

test('the functions that the checks rest on are the native ones', () => {
  expect(functions.blake3(utf8.encode('nacre'))).toEqual(native().blake3(utf8.encode('nacre')));
});
