// Files of torch.save against the real ones that lie beside the project, and against files that Python makes.
//
// PyTorch itself is not here: it is too large to install. What stands for it is test/support/torch-python.ts:
// Python's own pickler with classes and functions under torch's names and torch's persistent ids, which gives
// the bytes that torch.save gives. The files in shared/data were made by PyTorch 2.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readTorch } from '../../../src/formats/arrays/torch.js';
import { dtypeNames } from '../../../src/npy/dtype.js';
import { type ReadArray, readAll, temporaryFolder, withArrays } from '../../support/array-files.js';
import { dataPath } from '../../support/data.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { serversUnderTest } from '../../support/servers/index.ts';
import { openTestStore } from '../../support/servers/open.ts';
import { seedOf } from '../../query/random.js';
import {
  dict,
  floats,
  global,
  legacyFile,
  pickle,
  tensor,
  text,
  torchZip,
} from '../../support/torch-file.js';
import { torchStub } from '../../support/torch-python.js';

const folder = temporaryFolder();

describe('files that PyTorch made', () => {
  const real = (name: string): string | undefined => dataPath('torch-safetensors', name);

  /** The numbers 1 to `count`; the .npy and .npz files beside these hold others. */
  function counting(shape: readonly number[], count: number): ReadArray {
    const numbers = BigInt64Array.from({ length: count }, (_, i) => BigInt(i + 1));
    return { dtype: 'int64', shape, bytes: Buffer.from(numbers.buffer) };
  }

  test('a state dict gives its tensor, and one within a dict has dots in its name', async (context) => {
    const [alone, within] = [real('test.pt'), real('test_with_key.pt')];
    if (alone === undefined || within === undefined) return context.skip();
    for (const step of [1, 2]) {
      const expected = counting([2, 4], 8);
      expect(await readAll(alone, readTorch, step)).toEqual(new Map([['test', expected]]));
      expect(await readAll(within, readTorch, step)).toEqual(new Map([['model_state_dict.test', expected]]));
    }
  });

  test('a tensor in Fortran order comes out in C order', async (context) => {
    const file = real('fortran_tensor_3d.pth');
    if (file === undefined) return context.skip();
    for (const step of [1, 2]) {
      const arrays = await readAll(file, readTorch, step);
      expect(arrays).toEqual(new Map([['tensor_fortran', counting([2, 3, 4], 24)]]));
    }
  });

  test('what stands for PyTorch in these tests pickles a tensor as PyTorch did, byte for byte', async (context) => {
    const [within, turned] = [real('test_with_key.pt'), real('fortran_tensor_3d.pth')];
    if (within === undefined || turned === undefined) return context.skip();
    if ((await pythonWithNumpy()) === undefined) return context.skip();
    await runPython(
      `${torchStub}
def pickled(value):
    out = io.BytesIO()
    Pickler(out, 2, False).dump(value)
    return out.getvalue()
def of(file, name):
    with zipfile.ZipFile(file) as z: return z.read(name + '/data.pkl')
t = Tensor(Storage(np.arange(1, 9).astype('<i8').tobytes(), 'int64'), 0, (2, 4), (4, 1))
made = pickled({'model_state_dict': collections.OrderedDict([('test', t)])})
assert made == of(sys.argv[1], 'test_with_key'), made
t = Tensor(Storage(bytes(192), 'int64'), 0, (2, 3, 4), (1, 2, 6))
made = pickled({'tensor_fortran': t})
assert made == of(sys.argv[2], 'fortran_tensor_3d'), made`,
      [within, turned],
    );
  });
});

describe('against Python and NumPy', () => {
  const strided = fc
    .record({
      dtype: fc.constantFrom(...dtypeNames, 'bfloat16'),
      shape: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 4 }),
      extra: fc.nat(5),
      offset: fc.nat(5),
      permute: fc.nat(23),
      kind: fc.constantFrom('free', 'contiguous', 'permuted', 'sliced'),
      strides: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }),
      protocol: fc.integer({ min: 2, max: 5 }),
      legacy: fc.boolean(),
      big: fc.boolean(),
      step: fc.integer({ min: 1, max: 7 }),
    })
    .map((spec) => ({ ...spec, stride: strideOf(spec), big: spec.big && !spec.legacy }));

  function strideOf({
    kind,
    shape,
    strides,
    permute,
  }: {
    kind: string;
    shape: number[];
    strides: number[];
    permute: number;
  }): number[] {
    if (kind === 'free') return strides.slice(0, shape.length);
    const order = shape.map((_, axis) => axis);
    if (kind === 'permuted') order.sort((a, b) => ((a * 7 + permute) % 5) - ((b * 7 + permute) % 5));
    const stride = Array<number>(shape.length).fill(1);
    let next = kind === 'sliced' ? 3 : 1;
    for (const axis of order.reverse()) {
      stride[axis] = next;
      next *= Math.max(1, shape[axis] ?? 1);
    }
    return stride;
  }

  const script = `${torchStub}
folder = sys.argv[1]
rng = np.random.default_rng(5)
for i, spec in enumerate(json.load(sys.stdin)):
    shape, stride, dtype = spec['shape'], spec['stride'], spec['dtype']
    reach = 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, stride))
    count = spec['offset'] + reach + spec['extra']
    item = np.dtype('uint16' if dtype == 'bfloat16' else dtype)
    raw = rng.integers(0, 2 if dtype == 'bool' else 256, count * item.itemsize, dtype=np.uint8).tobytes()
    s = Storage(raw, dtype)
    t = Tensor(s, spec['offset'], shape, stride)
    # As bytes: NumPy may quiet a signalling NaN.
    items = np.frombuffer(raw, np.dtype(f'V{item.itemsize}'))
    want = np.lib.stride_tricks.as_strided(items[spec['offset']:], shape, [n * item.itemsize for n in stride])
    want = np.ascontiguousarray(want).tobytes()
    if dtype == 'bfloat16': want = (np.frombuffer(want, '<u2').astype('<u4') << 16).tobytes()
    save({'a': [t, 7], 'again': t}, f'{folder}/{i}.pt', spec['protocol'], spec['legacy'], spec['big'])
    with open(f'{folder}/{i}.raw', 'wb') as f: f.write(want)
`;

  test('rows of any shape, stride, offset, form and byte order are those of as_strided', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const seed = seedOf('NACRE_SEED');
    console.log(`as_strided: NACRE_SEED=${seed}`);
    await fc.assert(
      fc.asyncProperty(fc.array(strided, { minLength: 120, maxLength: 120 }), async (specs) => {
        await runPython(script, [folder.path], { input: JSON.stringify(specs) });
        for (const [i, spec] of specs.entries()) {
          const expected: ReadArray = {
            dtype: spec.dtype === 'bfloat16' ? 'float32' : spec.dtype,
            shape: spec.shape,
            bytes: await readFile(path.join(folder.path, `${i}.raw`)),
          };
          const arrays = await readAll(path.join(folder.path, `${i}.pt`), readTorch, spec.step);
          expect({ spec, arrays }).toEqual({
            spec,
            arrays: new Map([
              ['a.0', expected],
              ['again', expected],
            ]),
          });
        }
      }),
      // The failing array is named as it is; making it smaller would run Python hundreds of times.
      { numRuns: 4, endOnFailure: true, seed },
    );
  });

  test('a checkpoint with an optimizer gives the tensors and passes over the rest', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const file = path.join(folder.path, 'checkpoint.pt');
    for (const protocol of [2, 4, 5]) {
      for (const legacy of ['False', 'True']) {
        await runPython(
          `${torchStub}
def t(*shape, is_parameter=False, dtype='float32'):
    a = np.arange(np.prod(shape), dtype=dtype)
    stride = [int(np.prod(shape[i + 1:])) for i in range(len(shape))]
    return Tensor(Storage(a.tobytes(), dtype), 0, shape, stride, is_parameter)
state = collections.OrderedDict()
state['conv.weight'] = t(4, 3, is_parameter=True)
state['conv.bias'] = t(4)
state['tied'] = state['conv.weight']
state['step'] = Tensor(Storage(np.array([9], '<i8').tobytes(), 'int64'), 0, (), ())
state._metadata = collections.OrderedDict([('', {'version': 1}), ('conv', {'version': 1})])
save({'epoch': 3, 'model': state, 'loss': [0.5, float('nan'), None], 'name': 'caf\\u00e9', 'big': 2 ** 80,
      'optimizer': {'state': {0: {'step': 1, 'exp_avg': t(4, 3)}, 1: {'exp_avg': t(4, dtype='float64')}},
                    'param_groups': [{'lr': 1e-3, 'betas': (0.9, 0.999), 'params': [0, 1], 'raw': b'x'}]}},
     sys.argv[1], ${protocol}, ${legacy})`,
          [file],
        );
        const arrays = await readAll(file, readTorch);
        expect([...arrays].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
          ['model.conv.weight', 'float32', [4, 3]],
          ['model.conv.bias', 'float32', [4]],
          ['model.tied', 'float32', [4, 3]],
          ['model.step', 'int64', []],
          ['optimizer.state.0.exp_avg', 'float32', [4, 3]],
          ['optimizer.state.1.exp_avg', 'float64', [4]],
        ]);
        expect(arrays.get('model.tied')?.bytes.equals(floats(12))).toBe(true);
        expect(arrays.get('model.step')?.bytes.readBigInt64LE()).toBe(9n);
      }
    }
  });
});

describe('what is read when', () => {
  const two = pickle(dict([text('a'), tensor()], [text('part'), tensor({ shape: [2], offset: 1 })]));

  test('a storage read whole is compared with its checksum, one read in part is not', async () => {
    const file = path.join(folder.path, 'sums.pt');
    await writeFile(file, torchZip(two, { storages: { '0': { bytes: floats(), crc: 1 } } }));
    await withArrays(file, readTorch, async ({ arrays: [whole, part] }) => {
      expect([...new Float32Array((await part?.read(0, 2))?.slice().buffer ?? [])]).toEqual([1, 2]);
      await whole?.read(0, 1);
      const error = await failure(whole?.read(1, 2) ?? Promise.resolve());
      expect(error).toMatchObject({ code: 'InvalidArgument' });
      expect(error.message).toMatch(/sums\.pt.*archive\/data\/0.*CRC-32/);
    });
  });

  test('a tensor alone has no name but that of its file', async () => {
    const file = path.join(folder.path, 'alone.pt');
    await writeFile(file, torchZip(pickle(tensor())));
    await withArrays(file, readTorch, async ({ arrays }) => {
      expect(arrays.map(({ array, name, rows }) => [array, name, rows])).toEqual([[undefined, file, 2]]);
    });
  });

  test('bfloat16 says what it was', async () => {
    const file = path.join(folder.path, 'bf16.pt');
    const bytes = new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x7fc1, 0xff80, 0x0001, 0x8000).buffer);
    await writeFile(
      file,
      torchZip(pickle(tensor({ type: global('torch', 'BFloat16Storage') })), { storages: { '0': bytes } }),
    );
    await withArrays(file, readTorch, async ({ arrays: [array] }) => {
      expect(array).toMatchObject({ stored: 'bfloat16', type: { dtype: 'float32' } });
      const into = new Uint8Array(24);
      const read = (await array?.read(0, 2, { into })) ?? into;
      const bits = new Uint32Array(read.slice().buffer);
      expect([...bits]).toEqual([0x3f800000, 0xc0000000, 0x7fc10000, 0xff800000, 0x00010000, 0x80000000]);
    });
  });
});

describe.each(serversUnderTest())('a bucket of %s', (name) => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('both forms are read by ranges, a transposed tensor from a copy', async () => {
    const place = await openTestStore(name);
    try {
      for (const [variable, value] of Object.entries(place.env)) vi.stubEnv(variable, value);
      const object = pickle(
        dict(
          [text('rows'), tensor({ shape: [300, 40], length: 12_000 })],
          [text('turned'), tensor({ shape: [40, 300], stride: [1, 40], length: 12_000 })],
          [text('column'), tensor({ shape: [300], stride: [40], offset: 7, length: 12_000 })],
        ),
      );
      const data = floats(12_000);
      const zip = torchZip(object, { storages: { '0': data } });
      const legacy = legacyFile(
        pickle(dict([text('turned'), tensor({ shape: [40, 300], stride: [1, 40], length: 12_000 })])),
        { storages: [{ length: 12_000, bytes: data }] },
      );
      for (const [key, bytes] of [
        ['x.pt', zip],
        ['legacy.pt', legacy],
      ] as const) {
        await place.store.put(key, bytes);
        const local = path.join(folder.path, key);
        await writeFile(local, bytes);
        const there = await readAll(`${place.uri}/${key}`, readTorch, 16);
        expect(there.size).toBeGreaterThan(0);
        expect(there).toEqual(await readAll(local, readTorch));
      }
    } finally {
      await place.dispose();
    }
  });
});
