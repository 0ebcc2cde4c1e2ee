// Parity of a folder: how fast it is encoded, and lost objects are made of it, beside a copy in memory and a full
// scrub, which reads and digests the same bytes and is what bounds both: encoding digests the members and the
// parity; a repair compares the group, and makes and compares what was lost twice.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { open, repair, scrub, updateParity } from '../dist/index.js';
import { checksumOf, megabytesPerSecond, row, timed } from './harness.mjs';
import { randomFloats } from './support/data.mjs';

export const title = 'parity 8+2 of a folder';

export const full = (context) => measure(context, { files: 16, rows: 10_000 });
export const small = (context) => measure(context, { files: 8, rows: 50 });

const width = 384;
const policy = { dataShards: 8, parityShards: 2 };

async function measure(context, { files, rows }) {
  const uri = path.join(context.folder('parity'), 'dataset');
  const content = randomFloats(rows * width);
  const dataset = await open(uri, { create: true });
  await dataset.write((tx) => tx.create('rows', { dtype: 'float32', rowShape: [width] }));
  for (let i = 0; i < files; i++)
    await dataset.write((tx) => tx.append('rows', { data: content, shape: [rows, width] }));
  await dataset.write((tx) => tx.setParity('rows', policy));
  await dataset.close();
  const bytes = files * content.byteLength;
  const copied = await timed(() => Uint8Array.from(new Uint8Array(content.buffer)));
  const digested = await timed(() => scrub(uri, { restart: true }));
  const encoded = await timed(() => updateParity(uri));
  if (encoded.value.encodedObjects !== files) throw new Error('not all was encoded');

  const [array] = readdirSync(path.join(uri, 'arrays'));
  const folder = path.join(uri, 'arrays', array);
  const lost = readdirSync(folder)
    .slice(0, 2)
    .map((name) => path.join(folder, name));
  const before = lost.map((file) => readFileSync(file));
  for (const file of lost) rmSync(file);
  const mended = await timed(() => repair(uri, { mode: 'structure' }));
  if (!mended.value.isWhole) throw new Error('not all came back');
  const after = lost.map((file) => readFileSync(file));
  if (after.some((body, i) => !body.equals(before[i]))) throw new Error('other bytes came back');
  const speed = (of, { ms }) => Math.round(megabytesPerSecond(of, ms));
  return [
    row({ what: 'copied in memory', value: speed(content.byteLength, copied), unit: 'MB/s' }),
    row({ what: 'read and digested by a full scrub', value: speed(bytes, digested), unit: 'MB/s' }),
    row({
      what: 'parity 8+2 encoded and put',
      value: speed(bytes, encoded),
      unit: 'MB/s',
      checksum: checksumOf(...after),
      note: 'of the members; the parity is a quarter of that more',
    }),
    row({
      what: 'two lost objects made of the others and put back',
      value: speed(2 * content.byteLength, mended),
      unit: 'MB/s',
      note: 'of what was lost; their groups are read to be compared, and once for each of two passes',
    }),
  ];
}
