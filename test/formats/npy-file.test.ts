import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { appendFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NpyFile, openNpyFile } from '../../src/formats/npy-file.js';
import { dtypeNames } from '../../src/npy/dtype.js';
import { failure } from '../support/failure.js';
import { dict, npyFile } from '../support/npy-file.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nacre-formats-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
}

/** The whole file by pieces that end at the given rows. */
async function readPieces(file: NpyFile, cuts: readonly number[]): Promise<Buffer> {
  const ends = [...new Set([...cuts.filter((cut) => cut < file.rows), file.rows])].sort((a, b) => a - b);
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const end of ends) {
    pieces.push(await file.read(start, end));
    start = end;
  }
  return Buffer.concat(pieces);
}

describe('against NumPy', () => {
  const array = fc.record({
    dtype: fc.constantFrom(...dtypeNames),
    shape: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
    order: fc.constantFrom('C', 'F'),
    big: fc.boolean(),
    version: fc.constantFrom(1, 2, 3),
    cuts: fc.array(fc.nat(6), { maxLength: 3 }),
  });

  /** Was taken for C order once. */
  const oneFortranRow = {
    dtype: 'uint16' as const,
    shape: [1, 4, 3],
    order: 'F' as const,
    big: false,
    version: 1 as const,
    cuts: [],
  };

  const script = `
import json, sys, numpy as np
rng = np.random.default_rng(7)
folder = sys.argv[1]
for i, spec in enumerate(json.load(sys.stdin)):
    dtype = np.dtype(spec['dtype'])
    count = int(np.prod(spec['shape'], dtype=np.int64))
    raw = rng.integers(0, 2 if dtype == np.bool_ else 256, count * dtype.itemsize, dtype=np.uint8).tobytes()
    a = np.frombuffer(raw, dtype.newbyteorder('<')).reshape(spec['shape'])
    with open(f'{folder}/{i}.raw', 'wb') as f: f.write(raw)
    stored = a.astype(dtype.newbyteorder('>')) if spec['big'] else a
    # astype may quiet a signalling NaN; the bytes decide.
    if spec['big']:
        stored = np.frombuffer(a.byteswap().tobytes(), dtype.newbyteorder('>')).reshape(spec['shape'])
    stored = np.asarray(stored, order=spec['order'])
    with open(f'{folder}/{i}.npy', 'wb') as f:
        np.lib.format.write_array(f, stored, version=(spec['version'], 0))
`;

  test('every dtype, shape, order, byte order and version reads as the rows that NumPy saved', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    await fc.assert(
      fc.asyncProperty(fc.array(array, { minLength: 60, maxLength: 60 }), async (specs) => {
        const home = await mkdtemp(path.join(folder, 'numpy-'));
        await runPython(script, [home], { input: JSON.stringify(specs) });
        for (const [i, spec] of specs.entries()) {
          const file = await openNpyFile(path.join(home, `${i}.npy`));
          const { type, rows } = file;
          const bytes = await readPieces(file, spec.cuts).finally(() => file.close());
          const [length = 1, ...rowShape] = spec.shape;
          const scalar = spec.shape.length === 0;
          const expected = await readFile(path.join(home, `${i}.raw`));
          expect({ spec, type, rows, same: bytes.equals(expected) }).toEqual({
            spec,
            type: { dtype: spec.dtype, rowShape, scalar },
            rows: length,
            same: true,
          });
        }
        await rm(home, { recursive: true });
      }),
      // The failing array is named as it is; making it smaller would run Python hundreds of times.
      { numRuns: 4, endOnFailure: true, examples: [[[oneFortranRow]]] },
    );
  });

  test('a Fortran file of many rows and columns is gathered right, far apart and close together', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    for (const [rows, columns] of [
      [70_000, 5],
      [300, 900],
    ] as const) {
      const home = await mkdtemp(path.join(folder, 'fortran-'));
      await runPython(
        `import sys, numpy as np
a = np.arange(${rows * columns}, dtype='<i4').reshape(${rows}, ${columns})
np.save(sys.argv[1] + '/f.npy', np.asfortranarray(a)); a.tofile(sys.argv[1] + '/c.raw')`,
        [home],
      );
      const file = await openNpyFile(path.join(home, 'f.npy'));
      const expected = await readFile(path.join(home, 'c.raw'));
      expect((await readPieces(file, [1, 17, 200, 35_000])).equals(expected)).toBe(true);
      await file.close();
    }
  });

  test('reading a Fortran file of 256 MB by pieces needs a small part of that', async () => {
    const child = promisify(execFile);
    const script = path.join(import.meta.dirname, 'fortran-memory.mjs');
    const rows = 1_000_000;
    const header = npyFile({ header: dict("'<f4'", 'True', `(${rows}, 64)`) });
    const file = await fileOf('large.npy', header);
    // A sparse file: its elements are zeros and take no disk.
    await truncate(file, header.byteLength + rows * 64 * 4);
    const { stdout } = await child(process.execPath, [script, file]);
    const { rows: seen, grownBytes } = JSON.parse(stdout) as { rows: number; grownBytes: number };
    expect(seen).toBe(rows);
    expect(grownBytes).toBeLessThan(96 * 2 ** 20);
  });
});

describe('files that are not what they should be', () => {
  test('a missing file, a folder and a file without rights say so', async () => {
    const missing = await failure(openNpyFile(path.join(folder, 'nowhere.npy')));
    expect(missing).toMatchObject({ code: 'NotFound' });
    expect(missing.message).toContain('nowhere.npy');
    expect(await failure(openNpyFile(folder))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(openNpyFile('memory://x'))).toMatchObject({ code: 'InvalidArgument' });
  });

  test('bool bytes other than 0 and 1 are refused with their row', async () => {
    const data = Uint8Array.of(0, 1, 1, 0, 1, 2);
    const file = await openNpyFile(
      await fileOf('bools.npy', npyFile({ header: dict("'|b1'", 'False', '(3, 2)'), data })),
    );
    expect([...(await file.read(0, 2))]).toEqual([0, 1, 1, 0]);
    const refused = await failure(file.read(0, 3));
    expect(refused).toMatchObject({ code: 'InvalidArgument', context: { row: 2, value: 2 } });
    await file.close();
  });

  test('a file that is cut, too long or of another dtype is refused when it is opened', async () => {
    const header = dict("'<f4'", 'False', '(4,)');
    for (const [name, bytes, code] of [
      ['short.npy', npyFile({ header, data: 15 }), 'InvalidArgument'],
      ['long.npy', npyFile({ header, data: 17 }), 'InvalidArgument'],
      ['object.npy', npyFile({ header: dict("'|O'", 'False', '(4,)'), data: 32 }), 'UnsupportedFormat'],
      ['empty.npy', new Uint8Array(0), 'InvalidArgument'],
    ] as const) {
      const refused = await failure(openNpyFile(await fileOf(name, bytes)));
      expect(refused.code).toBe(code);
      expect(refused.message).toContain(name);
    }
  });

  test('a file that grows or shrinks while it is read is a conflict, not a mixture', async () => {
    const name = await fileOf('moving.npy', npyFile({ header: dict("'<f4'", 'False', '(4,)'), data: 16 }));
    const file = await openNpyFile(name);
    await appendFile(name, 'more');
    expect(await failure(file.read(0, 4))).toMatchObject({ code: 'Conflict' });
    await truncate(name, 100);
    expect(await failure(file.read(0, 4))).toMatchObject({ code: 'Conflict' });
    await file.close();
  });

  test('a fired signal ends the read', async () => {
    const name = await fileOf('signal.npy', npyFile({ header: dict("'<f4'", 'False', '(4,)'), data: 16 }));
    const file = await openNpyFile(name);
    const aborted = await failure(file.read(0, 4, { signal: AbortSignal.abort() }));
    expect(aborted.code).toBe('Aborted');
    await file.close();
  });
});

test('a named pipe is read as the file that goes through it, Fortran order included', async () => {
  const data = new Uint8Array(Int32Array.of(1, 2, 3, 4, 5, 6).buffer);
  const name = await fileOf('piped.npy', npyFile({ header: dict("'<i4'", 'True', '(3, 2)'), data }));
  const pipe = path.join(folder, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  const writer = spawn('cp', [name, pipe]);
  const file = await openNpyFile(pipe);
  expect(file.reopens).toBe(false);
  const rows = new Int32Array((await file.read(0, 3)).buffer);
  expect([...rows]).toEqual([1, 4, 2, 5, 3, 6]);
  await file.close();
  await new Promise((resolve) => {
    if (writer.exitCode !== null) resolve(undefined);
    else writer.once('close', resolve);
  });
});

test('the hash is the SHA-256 of the file', async () => {
  const bytes = npyFile({ header: dict("'<f4'", 'False', '(4,)'), data: 16 });
  const file = await openNpyFile(await fileOf('hashed.npy', bytes));
  expect(Buffer.from(await file.hash())).toEqual(createHash('sha256').update(bytes).digest());
  await file.close();
});

test('spooled copies leave nothing behind in the temporary folder', async () => {
  const home = path.join(folder, 'spool');
  await mkdir(home);
  const handle = await open(home, constants.O_RDONLY);
  await handle.close();
  const { spool } = await import('../../src/formats/random-access.js');
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1, 2, 3);
    yield Uint8Array.of(4);
  }
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = home;
  try {
    const copy = await spool('pieces', pieces());
    expect(await copy.read(1, 3)).toEqual(Uint8Array.of(2, 3, 4));
    const { readdir } = await import('node:fs/promises');
    expect(await readdir(home)).toEqual([]);
    await copy.close();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});
