// Gathering of elements that lie apart, from files large enough that one read does not take them all: what
// comes out, and what it costs.
import { open, truncate } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Axis, gather } from '../../../src/formats/arrays/torch/strided.js';
import { openAccess, type RandomAccess } from '../../../src/formats/random-access.js';
import { temporaryFolder } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';

const folder = temporaryFolder();
const MiB = 2 ** 20;

/** A file of so many bytes: the low byte of a hash of each position. */
async function fileOf(name: string, sizeBytes: number): Promise<{ file: string; bytes: Uint8Array }> {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = Math.imul(i, 2_654_435_761) >>> 24;
  const file = path.join(folder.path, name);
  const handle = await open(file, 'w');
  await handle.writeFile(bytes);
  await handle.close();
  return { file, bytes };
}

/** The access, with what is asked of it noted. */
function noting(access: RandomAccess, remote = false): RandomAccess & { readonly lengths: number[] } {
  const lengths: number[] = [];
  return {
    name: access.name,
    sizeBytes: access.sizeBytes,
    remote,
    reopens: true,
    lengths,
    read(position, length, options) {
      lengths.push(length);
      return access.read(position, length, options);
    },
    close: () => access.close(),
  };
}

/** Element by element. */
function expectedOf(
  bytes: Uint8Array,
  position: number,
  itemBytes: number,
  axes: readonly Axis[],
): Uint8Array {
  const size = axes.reduce((product, { length }) => product * length, itemBytes);
  const target = new Uint8Array(size);
  const fill = (at: number, place: number, depth: number): void => {
    const axis = axes[depth];
    if (axis === undefined) target.set(bytes.subarray(at, at + itemBytes), place);
    else for (let i = 0; i < axis.length; i++) fill(at + i * axis.from, place + i * axis.to, depth + 1);
  };
  fill(position, 0, 0);
  return target;
}

/** Axes of a C-ordered target. */
function axesOf(shape: readonly number[], stride: readonly number[], itemBytes: number): Axis[] {
  let to = itemBytes;
  return shape
    .map((length, i) => ({ length, from: (stride[i] ?? 0) * itemBytes }))
    .reverse()
    .map((axis) => {
      const made = { ...axis, to };
      to *= axis.length;
      return made;
    })
    .reverse();
}

test.each<[string, number, number[], number[], number]>([
  ['a transposed matrix of long columns', 4, [3000, 500], [1, 3000], 40],
  ['a transposed matrix of short columns', 4, [40, 50_000], [1, 40], 2],
  ['every other row', 8, [300, 1500], [3000, 1], 2],
  ['the first column of long rows', 4, [100, 1], [20_000, 1], 100],
  ['the first column of short rows', 2, [300_000, 1], [10, 1], 2],
  ['one row again and again', 4, [2000, 700], [0, 1], 1],
  ['windows over each other', 4, [1_000_000, 3], [1, 1], 1],
  ['channels last', 2, [4, 3, 200, 200], [120_000, 1, 600, 3], 1],
  ['complex numbers, transposed', 16, [300, 400], [1, 300], 1],
])('%s: right, and in so many reads', async (_, itemBytes, shape, stride, most) => {
  const { file, bytes } = await fileOf('strided', 8 * MiB);
  const axes = axesOf(shape, stride, itemBytes);
  const expected = expectedOf(bytes, 7 * itemBytes, itemBytes, axes);
  const access = noting(await openAccess(file));
  // Memory that begins anywhere is filled as well.
  for (const offset of [0, 1]) {
    access.lengths.length = 0;
    const target = new Uint8Array(expected.byteLength + offset).subarray(offset);
    await gather(access, { position: 7 * itemBytes, itemBytes, axes }, target, {});
    expect(Buffer.from(target).equals(expected)).toBe(true);
    expect(access.lengths.length).toBeLessThanOrEqual(most);
    expect(Math.max(...access.lengths)).toBeLessThanOrEqual(4 * MiB);
  }
  await access.close();
});

test('columns of a bucket are read through larger gaps than those of a file', async () => {
  const { file, bytes } = await fileOf('columns', 8 * MiB);
  const axes = axesOf([60, 1], [30_000, 1], 4);
  const reads: number[] = [];
  for (const remote of [false, true]) {
    const access = noting(await openAccess(file), remote);
    const target = new Uint8Array(240);
    await gather(access, { position: 0, itemBytes: 4, axes }, target, {});
    expect(Buffer.from(target).equals(expectedOf(bytes, 0, 4, axes))).toBe(true);
    reads.push(access.lengths.length);
    await access.close();
  }
  expect(reads).toEqual([60, 2]);
});

test('any axes give what elements taken one by one give', async () => {
  const { file, bytes } = await fileOf('any', MiB);
  const access = await openAccess(file);
  const spec = fc.record({
    itemBytes: fc.constantFrom(1, 2, 4, 8, 16),
    shape: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
    stride: fc.array(fc.oneof(fc.nat(12), fc.integer({ min: 300, max: 2500 })), {
      minLength: 5,
      maxLength: 5,
    }),
  });
  await fc.assert(
    fc.asyncProperty(spec, async ({ itemBytes, shape, stride }) => {
      const axes = axesOf(shape, stride, itemBytes);
      const reach = axes.reduce<number>((sum, { length, from }) => sum + (length - 1) * from, itemBytes);
      fc.pre(reach <= bytes.byteLength);
      const expected = expectedOf(bytes, 0, itemBytes, axes);
      const target = new Uint8Array(expected.byteLength);
      await gather(access, { position: 0, itemBytes, axes }, target, {});
      expect(Buffer.from(target).equals(expected)).toBe(true);
    }),
    { numRuns: 300 },
  );
  await access.close();
});

test('a read that fails fails the whole, and none begins after it', async () => {
  const { file } = await fileOf('fails', 8 * MiB);
  const access = noting(await openAccess(file));
  await truncate(file, 4 * MiB);
  const axes = axesOf([100, 1], [20_000, 1], 4);
  const error = await failure(gather(access, { position: 0, itemBytes: 4, axes }, new Uint8Array(400), {}));
  expect(error.code).toBe('Conflict');
  expect(access.lengths.length).toBeLessThanOrEqual(8);
  await access.close();
});
