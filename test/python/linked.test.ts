// The readers in Python read linked objects by their own keys, and refuse keys that are the dataset's own.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open } from '../../src/index.js';
import { numbersFile } from '../ops/link-world.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const python = await pythonWithNumpy();
const readers = path.resolve(import.meta.dirname, '..', '..', 'python');
const prelude = `
import sys, json
sys.path.insert(0, ${JSON.stringify(readers)})
import numpy as np, nacre_reader, read_nacre
folder = sys.argv[1]
`;

describe.skipIf(python === undefined)('linked objects', () => {
  let folder = '';
  beforeAll(async () => {
    folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'nacre-linked-')), 'dataset');
    await mkdir(path.join(folder, 'train'), { recursive: true });
    const keys = Array.from({ length: 300 }, (_, i) => `train/${1000 + i}.npy`);
    for (const [i, key] of keys.entries())
      await writeFile(path.join(folder, key), numbersFile(2 * i, 2 * i + 1));
    const dataset = await open(folder, { create: true, cacheDir: false });
    await dataset.write(async (tx) => {
      await tx.link('many', keys);
      await tx.link('one', keys[3] ?? '');
      await tx.append('one', { data: Int32Array.of(9) });
    });
    await dataset.close();
  });
  afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }));

  const ask = async (script: string): Promise<unknown> =>
    JSON.parse((await runPython(prelude + script, [folder])).toString());

  test('are read by both readers, from root and segments, and compared with their hashes', async () => {
    const script = `
ds = nacre_reader.open(folder)
ds.check()
root = read_nacre.newest(folder)
print(json.dumps([np.asarray(ds['many']).tolist(), ds['one'][:].tolist(), read_nacre.read(folder, root, 'one').tolist()]))`;
    const all = Array.from({ length: 600 }, (_, i) => i);
    expect(await ask(script)).toEqual([all, [6, 7, 9], [6, 7, 9]]);
  });

  test('one that was changed is damage', async () => {
    await writeFile(path.join(folder, 'train/1003.npy'), numbersFile(6, 8));
    const script = `
found = []
try: nacre_reader.open(folder).check()
except read_nacre.Damage as damage: found.append(str(damage))
print(json.dumps(found))`;
    expect(await ask(script)).toEqual([expect.stringContaining('train/1003.npy')]);
  });

  test('names of the dataset’s own, and ways out of it, are damage', async () => {
    const script = `
def key(name):
    pattern = b"\\x0a" + bytes([len(name)]) + name.encode() + b"\\x18\\x01"
    entry = b"\\x12\\x10" + bytes(16)
    table = b"\\x0a" + bytes([len(pattern)]) + pattern + b"\\x12" + bytes([len(entry)]) + entry
    try: return read_nacre.Objects(folder, table).key(0)
    except read_nacre.Damage: return None
print(json.dumps([key(n) for n in ["a/b.npy", "../a.npy", "/a.npy", "versions/a", "latest", "a//b", ".tmp/a"]]))`;
    expect(await ask(script)).toEqual(['a/b.npy', null, null, null, null, null, null]);
  });
});
