// What is written, against Python's own unpickler with the list of torch.load(weights_only=True), zipfile and
// NumPy (test/support/torch-python.ts): PyTorch itself is too large to install.
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTorch, writeTorch } from '../../../src/formats/arrays/torch.js';
import { type Dtype, dtypeNames, dtypes } from '../../../src/npy/dtype.js';
import { arrayToWrite, readAll, temporaryFolder, withArrays, written } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { floats } from '../../support/torch-file.js';
import { torchLoader } from '../../support/torch-python.js';

const folder = temporaryFolder();

const named = fc.record({
  dtype: fc.constantFrom(...dtypeNames),
  shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
});

function bytesFor(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const length = shape.reduce((product, n) => product * n, dtypes[dtype].itemBytes);
  return Uint8Array.from({ length }, (_, i) => ((i * 31) >> 2) % (dtype === 'bool' ? 2 : 60));
}

test('what is written is what a loader of weights reads, and what is read here', async (context) => {
  if ((await pythonWithNumpy()) === undefined) context.skip();
  let file = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(named, { minLength: 1, maxLength: 30 }), async (specs) => {
      const names = specs.map((_, i) => ['layer.é', '漢 😀 ', '__proto__', ''][i] ?? `w${i}`);
      const arrays = specs.map(({ dtype, shape }, i) =>
        arrayToWrite(names[i] ?? '', dtype, shape, bytesFor(dtype, shape), 7),
      );
      const bytes = await written(writeTorch, arrays);
      file++;
      const target = path.join(folder.path, `written-${file}.pt`);
      await writeFile(target, bytes);
      const expected = new Map(
        specs.map(({ dtype, shape }, i) => [
          names[i],
          { dtype, shape, bytes: Buffer.from(bytesFor(dtype, shape)) },
        ]),
      );
      expect(await readAll(target, readTorch, 2)).toEqual(expected);
      const script = `${torchLoader}
for name, a in load(sys.argv[1]).items():
    shape = list(a.shape)
    print(json.dumps([name, a.dtype.name, shape, np.ascontiguousarray(a).tobytes().hex()]))`;
      const lines = (await runPython(script, [target])).toString().trim().split('\n');
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
        [...expected].map(([name, { dtype, shape, bytes }]) => [name, dtype, shape, bytes.toString('hex')]),
      );
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

test('the same arrays are the same bytes, and others are refused', async () => {
  const a = (name: string) => arrayToWrite(name, 'float32', [2, 3], floats());
  expect((await written(writeTorch, [a('x')])).equals(await written(writeTorch, [a('x')]))).toBe(true);
  for (const [arrays, words] of [
    [[], 'no array'],
    [[a('x'), a('x')], "two arrays have the name 'x'"],
    [[a('\ud800')], 'half a surrogate pair'],
    [[a('x'.repeat(2000))], 'longer than 1024'],
    [[arrayToWrite('short', 'float32', [3, 3], floats())], "the rows of 'short' are 36 bytes"],
  ] as const) {
    const error = await failure((async () => written(writeTorch, arrays))());
    expect(error).toMatchObject({ code: 'InvalidArgument' });
    expect(error.message).toContain(words);
  }
});

test('more than 4 GiB are written and read, by Python too', async (context) => {
  if ((await pythonWithNumpy()) === undefined) context.skip();
  const rows = 4200;
  const piece = new Uint8Array(2 ** 20);
  function* pieces(): Generator<Uint8Array> {
    for (let row = 0; row < rows; row++) yield piece;
  }
  const type = { dtype: 'uint8', rowShape: [piece.byteLength], scalar: false } as const;
  const small = [
    arrayToWrite('before', 'float32', [2, 3], floats()),
    arrayToWrite('after', 'float32', [2, 3], floats()),
  ] as const;
  const file = path.join(folder.path, 'large.pt');
  const handle = await open(file, 'w');
  let at = 0;
  for await (const bytes of writeTorch([small[0], { array: 'large', type, rows, pieces }, small[1]], {})) {
    // Zeros are left out: the file is sparse and takes no disk.
    if (bytes !== piece) await handle.write(bytes, 0, bytes.byteLength, at);
    at += bytes.byteLength;
  }
  await handle.close();
  expect(at).toBeGreaterThan(2 ** 32);
  await withArrays(file, readTorch, async ({ arrays }) => {
    expect(arrays.map(({ array, rows }) => [array, rows])).toEqual([
      ['before', 2],
      ['large', rows],
      ['after', 2],
    ]);
    expect(Buffer.from((await arrays[2]?.read(0, 2)) ?? []).equals(floats())).toBe(true);
    expect(Buffer.from((await arrays[1]?.read(rows - 1, rows)) ?? []).equals(piece)).toBe(true);
  });
  const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.getinfo('archive/data/1').file_size == ${rows} * 2 ** 20
    assert z.read('archive/data/2') == z.read('archive/data/0') and len(z.read('archive/data/0')) == 24
    with z.open('archive/data/1') as f: assert f.read(1000) == bytes(1000)`;
  await runPython(script, [file]);
});
