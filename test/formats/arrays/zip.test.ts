// What the directory reader and the members of a zip file give to readers of other formats than .npz.
import path from 'node:path';
import { expect, test } from 'vitest';
import { readZipDirectory } from '../../../src/formats/arrays/zip.js';
import { openMember } from '../../../src/formats/arrays/zip-members.js';
import { openAccess, piecesOf } from '../../../src/formats/random-access.js';
import { dataPath } from '../../support/data.js';

async function whole(file: string): Promise<Map<string, Buffer>> {
  const access = await openAccess(file);
  const found = new Map<string, Buffer>();
  for (const entry of await readZipDirectory(access, {})) {
    const member = await openMember(access, entry, entry.name, {});
    const pieces: Uint8Array[] = [];
    for await (const piece of piecesOf(member)) pieces.push(piece);
    found.set(entry.name, Buffer.concat(pieces));
    await member.close();
  }
  await access.close();
  return found;
}

test('files of PyTorch give their entries in order, each compared with its checksum', async (context) => {
  const folder = dataPath('torch-safetensors');
  if (folder === undefined) return context.skip();
  const entries = await whole(path.join(folder, 'test.pt'));
  expect([...entries].map(([name, bytes]) => [name, bytes.length])).toEqual([
    ['test/data.pkl', 171],
    ['test/byteorder', 6],
    ['test/data/0', 64],
    ['test/version', 2],
    ['test/.data/serialization_id', 40],
  ]);
  expect(entries.get('test/byteorder')?.toString()).toBe('little');
  expect(entries.get('test/version')?.toString()).toBe('3\n');
  for (const [name, root, size] of [
    ['test_with_key.pt', 'test_with_key', 64],
    ['fortran_tensor_3d.pth', 'fortran_tensor_3d', 192],
  ] as const)
    expect((await whole(path.join(folder, name))).get(`${root}/data/0`)?.length).toBe(size);
});
