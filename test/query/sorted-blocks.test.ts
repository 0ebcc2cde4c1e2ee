// Indexes of attributes of many values: what a filter reads of them, when it reads the column instead, and
// what damage does. That answers are those of the scan is in test/property/sorted-blocks.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { NacreError } from '../../src/errors.js';
import { decodeFrame, encodeFrame } from '../../src/manifest/frame.js';
import { objectKey } from '../../src/manifest/keys.js';
import { type AttributeDirectory, decode, encode, evolve, v1 } from '../../src/manifest/message.js';
import { describeObject } from '../../src/manifest/upload.js';
import { concat } from '../../src/util/bytes.js';
import { defined } from '../../src/util/assert.js';
import { functions, type Member, World } from '../dataset/world.js';
import { failure } from '../support/failure.js';

let world: World;
let dataset: Dataset;
const warnings: NacreError[] = [];
const onWarning = (warning: NacreError): unknown => warnings.push(warning);

beforeEach(async () => {
  warnings.length = 0;
  world = new World();
  ({ dataset } = await world.open({ onWarning }));
});
afterEach(() => world.close());

/** Numbers below 1 in no order, every fourth of them twice, some null. */
function scores(count: number): (number | null)[] {
  const mixed = (i: number): number => ((i - (i % 4 === 1 ? 1 : 0)) * 7919 + 13) % count;
  return Array.from({ length: count }, (_, i) => (i % 100 === 7 ? null : mixed(i) / count));
}

async function write(attributes: Record<string, (number | string | null)[]>): Promise<void> {
  const count = Object.values(attributes)[0]?.length ?? 0;
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int8' });
    await tx.append('a', { data: new Int8Array(count) }, { attributes });
  });
}

/** A process that knows the manifest alone, and what it reads for a count. */
async function cold(filter: string) {
  const { dataset: fresh, trace }: Member = await world.open({ onWarning });
  await fresh.array('a').shape();
  trace.clear();
  const { result, analysis } = await fresh.array('a').where(filter).analyze('count');
  const read = trace.entries.filter(({ key }) => !key.startsWith('versions/'));
  const keys = new Set(read.map(({ key }) => key.split('/')[0]));
  return {
    result,
    analysis,
    keys,
    requests: read.length,
    bytes: read.reduce((sum, one) => sum + one.bytes, 0),
    read,
  };
}

describe('a cold filter over 1,000,000 rows', () => {
  const count = 1_000_000;
  const score = scores(count);

  test('by sorted blocks reads the directory and what it touches, in two waves and two requests', async () => {
    await write({ score });
    const range = 'score between 0.5 and 0.51';
    const expected = score.filter((value) => value !== null && value >= 0.5 && value <= 0.51).length;
    const scan = await cold(range);
    expect([scan.result, scan.keys]).toEqual([expected, new Set(['arrays'])]);
    // Eight bytes a row.
    expect(scan.bytes).toBeGreaterThan(8 * count);
    expect(await dataset.array('a').index({ attribute: 'score' })).toMatchObject({ indexedRows: count });
    const info = (await dataset.info()).arrays['a']?.attributeIndexes[0];
    expect(info).toMatchObject({ attribute: 'score', types: ['sorted'], rows: count });
    const indexed = await cold(range);
    expect([indexed.result, indexed.keys, indexed.requests]).toEqual([expected, new Set(['indexes']), 2]);
    expect(new Set(indexed.read.map(({ wave }) => wave)).size).toBe(2);
    // 16 KiB of directory; twelve bytes a pair, and the ends of the blocks at both ends.
    expect(indexed.bytes).toBeLessThan(24_000 + 12 * expected + 2 * 12 * 1024);
    expect(indexed.analysis.indexes).toMatchObject({
      attributes: ['score'],
      rows: count,
      bytes: indexed.bytes,
    });
    const equal = await cold(`score = ${(7919 * 4 + 13) / count}`);
    expect([equal.result, equal.keys, equal.requests]).toEqual([2, new Set(['indexes']), 2]);
    expect(equal.analysis.indexes.blocks).toBeLessThanOrEqual(2);
    expect(equal.bytes).toBeLessThan(24_000 + 2 * 12 * 1024);
    const absent = await cold('score = 0.12345678912345');
    expect([absent.result, absent.analysis.indexes.blocks, absent.requests]).toEqual([0, 1, 2]);
    const beyond = await cold('score > 2');
    expect([beyond.result, beyond.requests]).toEqual([0, 0]);
    // Most of the rows are what few are not.
    const most = await cold(`not ${range}`);
    const known = score.filter((value) => value !== null).length;
    expect([most.result, most.keys]).toEqual([known - expected, new Set(['indexes'])]);
    // So many values lie so close that what is between their blocks comes along, and is more than the column.
    const among = (values: readonly number[]): number =>
      score.filter((value) => value !== null && values.includes(value)).length;
    const close = Array.from({ length: 200 }, (_, i) => i / 200);
    const scattered = await cold(`score in (${close.join(', ')})`);
    expect([scattered.result, scattered.keys.has('arrays')]).toEqual([among(close), true]);
    expect(scattered.bytes).toBeLessThan(scan.bytes + 24_000);
    const far = [0.1, 0.2, 0.5, 0.500004, 0.9];
    const some = await cold(`score in (${far.join(', ')})`);
    expect([some.result, some.keys, some.requests]).toEqual([among(far), new Set(['indexes']), 5]);
    // Half of them: the column is less, and the directory says so.
    const half = await cold('score < 0.5');
    expect(half.result).toBe(score.filter((value) => value !== null && value < 0.5).length);
    expect(half.analysis.indexes).toMatchObject({ attributes: [], rows: 0, blocks: 0 });
    expect(half.bytes).toBeLessThan(scan.bytes + 24_000);
    expect(warnings).toEqual([]);
  });
});

describe('an index of an attribute of many values', () => {
  const count = 20_000;
  const name = Array.from({ length: count }, (_, i) => (i % 50 === 0 ? null : `user-${(i * 7919) % count}`));
  const used = async (filter: string): Promise<readonly string[]> =>
    (await dataset.array('a').where(filter).analyze('count')).analysis.indexes.attributes;

  test('answers what goes by order, and leaves the rest to the column', async () => {
    await write({ name });
    await dataset.array('a').index({ attribute: 'name' });
    for (const filter of [
      "name = 'user-77'",
      "name != 'user-77'",
      "name in ('user-77', 'user-78', 'absent')",
      "name not in ('user-77')",
      "name starts_with 'user-77'",
      "name between 'user-77' and 'user-78'",
      "not name > 'user-12'",
      'name is null',
      'name is not null',
      "name like 'user-77%'",
    ])
      expect(await used(filter), filter).toEqual(['name']);
    for (const filter of ["name like '%77'", "name contains '77'", "name = 'user-77' or name contains '78'"])
      expect(await used(filter), filter).toEqual([]);
    expect(await dataset.array('a').where("name = 'user-77'").count()).toBe(1);
  });

  test('has the same bytes each time', async () => {
    await write({ name, score: scores(count) });
    const hashes: string[][] = [];
    for (let i = 0; i < 2; i++) {
      for (const attribute of ['name', 'score']) await dataset.array('a').index({ attribute });
      const { root } = await world.head();
      const slots = root.arrays[0]?.attributeIndexes.flatMap(({ segments }) => segments) ?? [];
      hashes.push(slots.map(({ object }) => String(root.objects?.objects[object]?.hash)));
    }
    expect(hashes[0]?.length).toBe(2);
    expect(hashes[1]).toEqual(hashes[0]);
  });

  test('is cut into segments that fit the memory budget', async () => {
    ({ dataset } = await world.open({ onWarning, memoryBytes: 8 * 2 ** 20 }));
    const long = Array.from({ length: 4000 }, (_, i) => `${(i * 7919) % 4000}${'x'.repeat(1000)}`);
    await write({ long });
    const append = () =>
      dataset.write((tx) => tx.append('a', { data: new Int8Array(4000) }, { attributes: { long } }));
    await append();
    expect(await dataset.array('a').index({ attribute: 'long' })).toMatchObject({ indexedRows: 8000 });
    const { root } = await world.head();
    expect(root.arrays[0]?.attributeIndexes[0]?.segments.map(({ rows }) => rows)).toEqual([4000, 4000]);
    await append();
    const update = await dataset.array('a').index({ attribute: 'long', update: true });
    expect(update).toMatchObject({ indexedRows: 4000, notIndexed: [] });
    expect(await dataset.array('a').where(`long = '${long[5]}'`).count()).toBe(3);
    expect(await used(`long = '${long[5]}'`)).toEqual(['long']);
    await dataset.array('a').dropIndex({ attribute: 'long' });
    expect(await used(`long = '${long[5]}'`)).toEqual([]);
    expect((await world.head()).root.arrays[0]?.attributeIndexes).toEqual([]);
  });

  test('of a text that is too long is told, and its column read', async () => {
    const long = Array.from({ length: 300 }, (_, i) => `${'x'.repeat(i === 7 ? 4097 : 10)}${i}`);
    await write({ long });
    const error = await failure(dataset.array('a').index({ attribute: 'long' }));
    expect([error.code, error.context['reason']]).toEqual(['InvalidArgument', 'text']);
    await dataset.write((tx) =>
      tx.append('a', { data: new Int8Array(1) }, { attributes: { long: ['short'] } }),
    );
    const report = await dataset
      .array('a')
      .index({ attribute: 'long' })
      .catch(() => undefined);
    // One stretch of rows: the text is among them.
    expect(report).toBeUndefined();
  });

  test('is not built once its signal has gone off', async () => {
    await write({ name });
    const version = await dataset.version();
    const aborted = dataset.array('a').index({ attribute: 'name', signal: AbortSignal.abort() });
    expect((await failure(aborted)).code).toBe('Aborted');
    expect(await dataset.version()).toBe(version);
  });
});

describe('an index of sorted blocks that is damaged', () => {
  const count = 4000;
  const score = scores(count).map((value, i) => (i % 100 === 9 ? Number.NaN : value));
  const filters = ['score < 0.1', 'not score < 0.9', 'score is null', 'score != 0.5'];

  async function all(of: Dataset): Promise<number[][]> {
    const found: number[][] = [];
    for (const filter of filters) {
      const rows = await of.array('a').where(filter).toArray();
      found.push(rows.map(({ id }) => id));
    }
    return found;
  }

  const keyOfIndex = async (): Promise<string> => defined((await world.keys('indexes/')).at(-1), 'key');

  test('by any bit: the answers stay, and the read that touches it warns and names the object', async () => {
    await write({ score });
    const expected = await all(dataset);
    await dataset.array('a').index({ attribute: 'score' });
    const key = await keyOfIndex();
    const { bytes } = defined(await world.bare.get(key), 'index');
    let touched = 0;
    for (let bit = 5; bit < 8 * bytes.byteLength; bit += 9973) {
      await world.flip(key, bit);
      warnings.length = 0;
      const { dataset: fresh } = await world.open({ onWarning });
      expect(await all(fresh), `bit ${bit}`).toEqual(expected);
      for (const { code, message } of warnings) {
        expect([code, message.includes(key)]).toEqual(['Corrupt', true]);
        touched++;
      }
      await fresh.close();
      await world.flip(key, bit);
    }
    expect(touched).toBeGreaterThan(5);
    for (const body of [new Uint8Array(5), undefined]) {
      if (body === undefined) await world.bare.delete([key]);
      else await world.bare.put(key, body);
      warnings.length = 0;
      const { dataset: fresh } = await world.open({ onWarning });
      expect(await all(fresh)).toEqual(expected);
      expect(warnings.length).toBeGreaterThan(0);
    }
  });

  /** Puts another object in the place of the index, with all sums of the manifest right. */
  async function forge(
    change: (directory: AttributeDirectory, rest: Uint8Array) => Uint8Array,
  ): Promise<void> {
    const key = await keyOfIndex();
    const { root } = await world.head();
    const array = defined(root.arrays[0], 'array');
    const index = defined(array.attributeIndexes[0], 'index');
    const segment = defined(index.segments[0], 'segment');
    const { bytes } = defined(await world.bare.get(key), 'index');
    const frame = bytes.subarray(0, segment.directoryBytes);
    const body = decodeFrame('attribute directory', frame, key, functions);
    const directory = decode(v1.AttributeDirectory, body, key);
    const forged = change(directory, bytes.slice(segment.directoryBytes));
    const view = new DataView(forged.buffer, forged.byteOffset);
    const directoryBytes = 16 + view.getUint32(12, true) + 32;
    const pattern = { prefix: key.slice(0, key.lastIndexOf('/') + 1), suffix: '' };
    const object = describeObject(pattern, forged, { functions, runtime: world.runtime });
    await world.bare.put(objectKey(pattern, object.id), forged);
    const { id, sizeBytes, hash, crc32c, blocks } = object;
    const objects = defined(root.objects, 'objects');
    await world.plantNext({
      objects: evolve(objects, {
        objects: objects.objects.map((one, slot) =>
          slot === segment.object ? evolve(one, { id, sizeBytes, hash, crc32c, blocks }) : one,
        ),
      }),
      arrays: [
        evolve(array, {
          attributeIndexes: [evolve(index, { segments: [evolve(segment, { directoryBytes })] })],
        }),
      ],
    });
  }

  const encoded = (directory: AttributeDirectory, rest: Uint8Array): Uint8Array =>
    concat([encodeFrame('attribute directory', encode(v1.AttributeDirectory, directory), functions), rest]);
  const blocksOf = (directory: AttributeDirectory) => defined(directory.blocks, 'blocks');
  /** Changes bytes of the first block; its sum is right after. */
  const inBlock =
    (change: (block: Uint8Array) => void) => (directory: AttributeDirectory, rest: Uint8Array) => {
      const blocks = blocksOf(directory);
      const start = (directory.nulls?.bytes ?? 0) + (blocks.nans?.bytes ?? 0);
      const block = rest.subarray(start, start + (blocks.bytes[0] ?? 0));
      change(block);
      const sums = [functions.crc32c(block), ...blocks.sums.slice(1)];
      return encoded(evolve(directory, { blocks: evolve(blocks, { sums }) }), rest);
    };
  const told =
    (fields: (blocks: ReturnType<typeof blocksOf>) => Partial<ReturnType<typeof blocksOf>>) =>
    (directory: AttributeDirectory, rest: Uint8Array) => {
      const blocks = blocksOf(directory);
      return encoded(evolve(directory, { blocks: evolve(blocks, fields(blocks)) }), rest);
    };
  /** Behind the values, which have twice as many bytes. */
  const rowsAt = (block: Uint8Array): number => (block.byteLength / 3) * 2;
  const forgeries: Readonly<Record<string, Parameters<typeof forge>[0]>> = {
    'values are out of order': inBlock((block) => {
      block.copyWithin(80, 800, 808);
    }),
    'a row is beyond the last': inBlock((block) => {
      block.fill(0xff, rowsAt(block), rowsAt(block) + 4);
    }),
    'a row stands twice': inBlock((block) => {
      block.copyWithin(rowsAt(block) + 4, rowsAt(block), rowsAt(block) + 4);
    }),
    'a value is NaN': inBlock((block) => {
      block.fill(0xff, 8, 16);
    }),
    'lengths lie': told(({ bytes: [a = 0, b = 0, ...rest] }) => ({ bytes: [a + 12, b - 12, ...rest] })),
    'counts lie': told(({ pairs: [a = 0, b = 0, ...rest] }) => ({ pairs: [a + 1, b - 1, ...rest] })),
    'bounds do not ascend': told(({ bounds }) => ({
      bounds: concat([bounds.slice(8, 16), bounds.slice(0, 8), bounds.slice(16)]),
    })),
    'bounds are missing': told(({ bounds }) => ({ bounds: bounds.slice(8) })),
    'sums are missing': told(({ sums }) => ({ sums: sums.slice(1) })),
    'there are no blocks': (directory, rest) => encoded(evolve(directory, { blocks: null }), rest),
    'there are bytes behind the blocks': (directory, rest) =>
      encoded(directory, concat([rest, new Uint8Array(1)])),
    'there are too many rows': (directory, rest) => encoded(evolve(directory, { rows: count + 1 }), rest),
    'it is of another type': (directory, rest) => encoded(evolve(directory, { type: 2 }), rest),
    'a feature is required that is not known': (directory, rest) =>
      encoded(evolve(directory, { requiredFeatures: [21, 99] }), rest),
  };
  for (const [what, forgery] of Object.entries(forgeries)) {
    test(`${what}, and every sum is right: the column is read, and a warning names the object`, async () => {
      await write({ score });
      const expected = await all(dataset);
      await dataset.array('a').index({ attribute: 'score' });
      const first = await keyOfIndex();
      await forge(forgery);
      const key = (await world.keys('indexes/')).find((one) => one !== first);
      const { dataset: fresh } = await world.open({ onWarning });
      expect(await all(fresh)).toEqual(expected);
      expect(warnings.length).toBeGreaterThan(0);
      for (const { code, context } of warnings) expect([code, context['key']]).toEqual(['Corrupt', key]);
    });
  }

  test('or of a kind that a later release made: it is passed over, kept, and dropped with its object', async () => {
    await write({ score });
    const expected = await all(dataset);
    await dataset.array('a').index({ attribute: 'score' });
    await world.plantNext(({ arrays: [array] }) => ({
      arrays: [
        evolve(defined(array, 'array'), {
          attributeIndexes: defined(array, 'array').attributeIndexes.map((index) =>
            evolve(index, {
              segments: index.segments.map((segment) => evolve(segment, { kind: 7 as never })),
            }),
          ),
        }),
      ],
    }));
    const { dataset: fresh } = await world.open({ onWarning });
    expect(await all(fresh)).toEqual(expected);
    expect((await fresh.info()).arrays['a']?.attributeIndexes).toMatchObject([{ types: [], rows: count }]);
    // It covers its rows.
    const update = await fresh.array('a').index({ attribute: 'score', update: true });
    expect(update).toMatchObject({ indexedRows: 0 });
    await fresh.array('a').dropIndex({ attribute: 'score' });
    const { objects, arrays } = (await world.head()).root;
    expect(arrays[0]?.attributeIndexes).toEqual([]);
    const pattern = objects?.patterns.findIndex(({ prefix }) => prefix.startsWith('indexes/'));
    const left = objects?.objects.filter((one) => one.id.byteLength > 0 && one.pattern === pattern);
    expect(left).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('in what manifest and directory say of its kind is not used', async () => {
    await write({ score });
    const expected = await all(dataset);
    await dataset.array('a').index({ attribute: 'score' });
    await world.plantNext(({ arrays: [array] }) => ({
      arrays: [
        evolve(defined(array, 'array'), {
          attributeIndexes: defined(array, 'array').attributeIndexes.map((index) =>
            evolve(index, { segments: index.segments.map((segment) => evolve(segment, { kind: 0 })) }),
          ),
        }),
      ],
    }));
    const { dataset: fresh } = await world.open({ onWarning });
    expect(await all(fresh)).toEqual(expected);
    expect(warnings.map(({ code }) => code)).toContain('Corrupt');
  });
});
