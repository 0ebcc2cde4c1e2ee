import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNpyFile } from '../../src/formats/npy-file.js';
import { writeNpyFile } from '../../src/formats/npy-writer.js';
import { failure } from '../support/failure.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nacre-writer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pairs = { dtype: 'float32', rowShape: [2], scalar: false } as const;
const pieces = [Float32Array.of(1, 2, 3, 4), new Float32Array(0), Float32Array.of(5, 6)];

test('what is written piece by piece is the file that np.save writes', async (context) => {
  if ((await pythonWithNumpy()) === undefined) context.skip();
  const file = path.join(folder, 'a.npy');
  expect(await writeNpyFile(file, pairs, 3, pieces)).toBe(128 + 24);
  await runPython(
    `import sys, numpy as np, io
b = io.BytesIO(); np.save(b, np.array([[1,2],[3,4],[5,6]], dtype='<f4'))
assert open(sys.argv[1], 'rb').read() == b.getvalue()`,
    [file],
  );
  const scalar = path.join(folder, 'scalar.npy');
  await writeNpyFile(scalar, { dtype: 'float64', rowShape: [], scalar: true }, 1, [Float64Array.of(2.5)]);
  const read = await openNpyFile(scalar);
  expect(read.type.scalar).toBe(true);
  await read.close();
});

test('rows that are too few, too many or never come leave the old file and nothing else', async () => {
  const home = path.join(folder, 'kept');
  await mkdir(home);
  const file = path.join(home, 'b.npy');
  await writeFile(file, 'old');
  async function* failing(): AsyncGenerator<Float32Array> {
    yield Float32Array.of(1, 2);
    throw new Error('the source broke');
  }
  expect(await failure(writeNpyFile(file, pairs, 4, pieces))).toMatchObject({ code: 'InvalidArgument' });
  expect(await failure(writeNpyFile(file, pairs, 2, pieces))).toMatchObject({ code: 'InvalidArgument' });
  await expect(writeNpyFile(file, pairs, 3, failing())).rejects.toThrow('the source broke');
  const aborted = writeNpyFile(file, pairs, 3, pieces, { signal: AbortSignal.abort() });
  expect(await failure(aborted)).toMatchObject({ code: 'Aborted' });
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(home)).toEqual(['b.npy']);
});

test('a link stays a link and its target is replaced', async () => {
  const target = path.join(folder, 'target.npy');
  const link = path.join(folder, 'link.npy');
  await writeFile(target, 'old');
  await symlink(target, link);
  await writeNpyFile(link, pairs, 3, pieces);
  expect(await readlink(link)).toBe(target);
  expect((await readFile(target)).byteLength).toBe(152);
});

test('places that cannot be written say why', async () => {
  expect(await failure(writeNpyFile(path.join(folder, 'no', 'c.npy'), pairs, 3, pieces))).toMatchObject({
    code: 'NotFound',
  });
  expect(await failure(writeNpyFile(folder, pairs, 3, pieces))).toMatchObject({ code: 'InvalidArgument' });
  expect(await failure(writeNpyFile('s3://b/c.npy', pairs, 3, pieces))).toMatchObject({
    code: 'InvalidArgument',
  });
  expect(await failure(writeNpyFile('/dev/full', pairs, 3, pieces))).toMatchObject({
    code: 'ResourceExhausted',
  });
});

test('a folder without rights is PermissionDenied', async (context) => {
  if (process.getuid?.() === 0) {
    console.warn('SKIPPED: a folder without rights: root may write everywhere');
    context.skip();
  }
  const home = path.join(folder, 'locked');
  await mkdir(home);
  await chmod(home, 0o500);
  const refused = await failure(writeNpyFile(path.join(home, 'd.npy'), pairs, 3, pieces));
  expect(refused.code).toBe('PermissionDenied');
});

test('a named pipe gets the bytes as they are made', async () => {
  const pipe = path.join(folder, 'pipe');
  const out = path.join(folder, 'out.npy');
  await promisify(execFile)('mkfifo', [pipe]);
  const reader = spawn('cp', [pipe, out]);
  const closed = new Promise((resolve) => reader.once('close', resolve));
  await writeNpyFile(pipe, pairs, 3, pieces);
  await closed;
  expect((await readFile(out)).byteLength).toBe(152);
});
