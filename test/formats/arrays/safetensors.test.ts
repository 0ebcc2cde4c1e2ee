import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ArrayToWrite } from '../../../src/formats/arrays/array-file.js';
import { readSafetensors, writeSafetensors } from '../../../src/formats/arrays/safetensors.js';
import { type Dtype, dtypeNames, dtypes } from '../../../src/npy/dtype.js';
import {
  arrayToWrite,
  type ReadArray,
  readAll,
  readBytes,
  temporaryFolder,
  withArrays,
  written,
} from '../../support/array-files.js';
import { dataPath } from '../../support/data.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { serversUnderTest } from '../../support/servers/index.ts';
import { openTestStore } from '../../support/servers/open.ts';

const folder = temporaryFolder();

const files = fc.uniqueArray(
  fc.record({
    name: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('__proto__', 'a', 'a.b', '😀', '\uffff'),
    ),
    dtype: fc.constantFrom(...dtypeNames.filter((dtype) => dtype !== 'complex128')),
    shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
    pieceBytes: fc.integer({ min: 1, max: 100 }),
  }),
  { maxLength: 8, selector: ({ name }) => name },
);

interface Spec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly pieceBytes: number;
}

function toWrite(specs: readonly Spec[]): {
  readonly arrays: ArrayToWrite[];
  readonly expected: ReadonlyMap<string, ReadArray>;
} {
  const expected = new Map<string, ReadArray>();
  const arrays = specs.map(({ name, dtype, shape, pieceBytes }, seed) => {
    const length = shape.reduce((product, n) => product * n, dtypes[dtype].itemBytes);
    const most = dtype === 'bool' ? 2 : 256;
    const bytes = Uint8Array.from({ length }, (_, i) => ((i * 31 + seed * 17) >> 2) % most);
    expected.set(name, { dtype, shape, bytes: Buffer.from(bytes) });
    return arrayToWrite(name, dtype, shape, bytes, pieceBytes);
  });
  return { arrays, expected };
}

describe('by itself', () => {
  test('what is written is read as it was, by pieces of any size, whatever order it came in', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 6 }), async (specs, step) => {
        const { arrays, expected } = toWrite(specs);
        const bytes = await written(writeSafetensors, arrays);
        expect(bytes.equals(await written(writeSafetensors, arrays.toReversed()))).toBe(true);
        expect(bytes.readUInt32LE() % 8).toBe(0);
        const file = path.join(folder.path, 'round.safetensors');
        await writeFile(file, bytes);
        expect(await readAll(file, readSafetensors, step)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('every bfloat16 is read as the float32 of its value, in pieces, and into memory that is there', async () => {
    const bits = new Uint16Array(65_536).map((_, i) => i);
    const header = Buffer.from('{"b":{"dtype":"BF16","shape":[32768,2],"data_offsets":[0,131072]}}      ');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const file = path.join(folder.path, 'bfloat16.safetensors');
    await writeFile(file, Buffer.concat([length, header, new Uint8Array(bits.buffer)]));
    await withArrays(file, readSafetensors, async ({ arrays: [array] }) => {
      if (array === undefined) throw new Error('there is an array');
      expect(array).toMatchObject({
        array: 'b',
        rows: 32_768,
        stored: 'bfloat16',
        type: { dtype: 'float32' },
      });
      const expected = Buffer.from(new Uint32Array(bits).map((value) => value * 65_536).buffer);
      for (const into of [
        undefined,
        new Uint8Array(expected.length),
        new Uint8Array(expected.length + 1).subarray(1),
      ]) {
        const all = await array.read(0, 32_768, into === undefined ? {} : { into });
        expect(expected.equals(all)).toBe(true);
      }
      expect(expected.subarray(8 * 1001, 8 * 1004).equals(await array.read(1001, 1004))).toBe(true);
    });
  });

  test('what the format cannot hold, and rows that do not come, are refused by name', async () => {
    const array = (name: string, dtype: Dtype = 'float64', bytes = 8): ArrayToWrite =>
      arrayToWrite(name, dtype, [1], new Uint8Array(bytes));
    const cases: readonly (readonly [readonly ArrayToWrite[], string])[] = [
      [[array('c', 'complex128', 16)], "'c' is complex128"],
      [[array('a'), array('a')], "'a' is there twice"],
      [[array('__metadata__')], "'__metadata__' has the name of metadata"],
      [[array('\udfff')], 'half a surrogate pair'],
      [[array('a', 'float64', 7)], "the rows of 'a' are 8 bytes by their shape, 7 came"],
      [[array('a', 'float64', 9)], "the rows of 'a' are 8 bytes by their shape, 9 came"],
    ];
    for (const [arrays, message] of cases) {
      const error = await failure(written(writeSafetensors, arrays));
      expect(error.code).toBe('InvalidArgument');
      expect(error.message).toContain(message);
    }
    const aborted = written(writeSafetensors, [array('a')], { signal: AbortSignal.abort() });
    expect(await failure(aborted)).toMatchObject({ code: 'Aborted' });
  });
});

describe('against the library', () => {
  const prelude = `
import json, sys, safetensors, safetensors.numpy, numpy as np
folder = sys.argv[1]
`;

  test('what is written has the bytes that the library writes', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    await fc.assert(
      fc.asyncProperty(fc.array(files, { minLength: 40, maxLength: 40 }), async (all) => {
        const home = await mkdtemp(path.join(folder.path, 'written-'));
        for (const [i, specs] of all.entries()) {
          const { arrays, expected } = toWrite(specs);
          await writeFile(path.join(home, `${i}.safetensors`), await written(writeSafetensors, arrays));
          for (const [key, { bytes }] of [...expected.values()].entries())
            await writeFile(path.join(home, `${i}.${key}.raw`), bytes);
        }
        await runPython(
          `${prelude}
for i, specs in enumerate(json.load(sys.stdin)):
    arrays = {}
    for key, s in enumerate(specs):
        a = np.frombuffer(open(f'{folder}/{i}.{key}.raw', 'rb').read(), s['dtype'])
        arrays[s['name']] = a.reshape(s['shape'])
    ours = open(f'{folder}/{i}.safetensors', 'rb').read()
    assert ours == safetensors.numpy.save(arrays), (ours, safetensors.numpy.save(arrays))
    back = safetensors.numpy.load(ours)
    assert sorted(back) == sorted(arrays)
`,
          [home],
          { input: JSON.stringify(all) },
        );
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test('what the library writes is read, metadata and bfloat16 beside it', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const home = await mkdtemp(path.join(folder.path, 'library-'));
    await runPython(
      `${prelude}
a = np.arange(12, dtype=np.float32)
wide = (a.view(np.uint32) >> 16).astype(np.uint16)
one = np.array(-5, dtype=np.int64)
def spec(dtype, shape, data):
    place = {'data_ptr': data.ctypes.data, 'data_len': data.nbytes}
    return safetensors.TensorSpec(dtype=dtype, shape=shape, **place)
tensors = {'b': spec('bfloat16', [3, 4], wide), 'c': spec('int64', [], one)}
with open(f'{folder}/x.safetensors', 'wb') as f:
    f.write(safetensors.serialize(tensors, metadata={'format': 'pt', 'é': '"\\\\\\n'}))
a.tofile(f'{folder}/a.raw')`,
      [home],
    );
    const arrays = await readAll(path.join(home, 'x.safetensors'), readSafetensors, 2);
    expect(arrays.get('b')).toEqual({
      dtype: 'float32',
      shape: [3, 4],
      bytes: await readFile(path.join(home, 'a.raw')),
    });
    expect(arrays.get('c')).toMatchObject({ dtype: 'int64', shape: [] });
    expect(arrays.get('c')?.bytes.readBigInt64LE()).toBe(-5n);
  });

  test('what the library refuses is refused here, too', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const whole = await written(
      writeSafetensors,
      toWrite([
        { name: 'a', dtype: 'int16', shape: [2, 3], pieceBytes: 99 },
        { name: 'bc', dtype: 'bool', shape: [4], pieceBytes: 99 },
      ]).arrays,
    );
    const changed = Array.from({ length: whole.length }, (_, at) => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    });
    const accepted = JSON.parse(
      (
        await runPython(
          `${prelude}
n, out = ${whole.length}, []
data = sys.stdin.buffer.read()
for at in range(n):
    try:
        safetensors.deserialize(data[at * n:(at + 1) * n]); out.append(True)
    except safetensors.SafetensorError:
        out.append(False)
print(json.dumps(out))`,
          [folder.path],
          { input: Buffer.concat(changed) },
        )
      ).toString(),
    ) as boolean[];
    for (const [at, bytes] of changed.entries()) {
      const read = await readBytes(folder.path, 'changed.safetensors', bytes, readSafetensors).then(
        () => true,
        () => false,
      );
      if (read) expect(accepted[at], `byte ${at}`).toBe(true);
    }
    expect(accepted.filter((yes) => !yes).length).toBeGreaterThan(50);
  });
});

describe.each(serversUnderTest())('in a bucket of %s', (name) => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('rows are read by ranges, bfloat16 too', async () => {
    const place = await openTestStore(name);
    try {
      for (const [variable, value] of Object.entries(place.env)) vi.stubEnv(variable, value);
      const header = Buffer.from(
        '{"a":{"dtype":"I16","shape":[5],"data_offsets":[0,10]},' +
          '"b":{"dtype":"BF16","shape":[7,3],"data_offsets":[10,52]}}',
      );
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(BigInt(header.length));
      const file = Buffer.concat([start, header, Uint8Array.from({ length: 52 }, (_, i) => i)]);
      await place.store.put('x.safetensors', file);
      const local = await readBytes(folder.path, 'bucket.safetensors', file, readSafetensors);
      expect(await readAll(`${place.uri}/x.safetensors`, readSafetensors, 2)).toEqual(local);
    } finally {
      await place.dispose();
    }
  });
});

test('a real file of codes is read', async (context) => {
  const file = dataPath('torch-safetensors', 'jfk-codes.safetensors');
  if (file === undefined) return context.skip();
  const arrays = await readAll(file, readSafetensors);
  const codes = arrays.get('codes');
  expect([...arrays.keys()]).toEqual(['codes']);
  expect(codes).toMatchObject({ dtype: 'int64', shape: [1, 2, 828] });
  expect(codes?.bytes.equals((await readFile(file)).subarray(-13_248))).toBe(true);
  // The library writes no other bytes of it.
  const again = await written(writeSafetensors, [
    arrayToWrite('codes', 'int64', [1, 2, 828], codes?.bytes ?? new Uint8Array(0), 1000),
  ]);
  expect(again.equals(await readFile(file))).toBe(true);
});
