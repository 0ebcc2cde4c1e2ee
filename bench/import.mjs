// How fast a .npy file goes into MinIO, beside the raw PUT of the same bytes read from the same file.
import { open as openFile } from 'node:fs/promises';
import { openNpyFile } from '../dist/formats/npy-file.js';
import { checksumOf, interleaved, megabytesPerSecond, row, timed } from './harness.mjs';
import { rawPuts } from './raw-http.mjs';
import { randomFloats, writeNpy } from './support/data.mjs';

export const title = 'import into MinIO';

export const full = (context) => measure(context, { rows: 500_000, rounds: 4 });
export const small = (context) => measure(context, { rows: 1000, rounds: 1 });

const width = 384;

async function measure(context, { rows, rounds }) {
  const place = await context.place();
  const content = randomFloats(rows * width);
  const file = writeNpy(`${context.folder('import')}/rows.npy`, content, [rows, width]);
  const checksum = checksumOf(content);
  const handle = await openFile(file);
  const uris = [];
  const samplers = {
    ours: async () => {
      const uri = place.uri('import');
      uris.push(uri);
      const dataset = await place.open(uri, { create: true });
      await dataset.version();
      const source = await openNpyFile(file);
      const { ms } = await timed(() => dataset.write((tx) => tx.appendFrom('rows', source)));
      await source.close();
      await dataset.close();
      return megabytesPerSecond(content.byteLength, ms);
    },
  };
  const puts = rawPuts(await rawObjects(place, handle, content.byteLength));
  for (const [name, put] of Object.entries(puts)) {
    samplers[name] = async () => megabytesPerSecond(content.byteLength, (await timed(put)).ms);
  }
  const { ours, ...raw } = await interleaved(rounds, samplers);
  await handle.close();

  const stored = await place.open(uris.at(-1));
  const found = checksumOf((await stored.array('rows').read()).data);
  await stored.close();
  if (found !== checksum) throw new Error('what was imported is not what the file holds');
  const [best, ...others] = Object.entries(raw)
    .map(([name, value]) => ({ name, value, unit: 'MB/s' }))
    .sort((a, b) => b.value - a.value);
  return [
    row({
      what: `${Math.round(content.byteLength / 1e6)} MB of .npy`,
      value: ours,
      unit: 'MB/s',
      leastRatio: 0.8,
      beside: best,
      others,
      checksum,
    }),
  ];
}

/** The file cut into objects as large as a partition; read when they are sent, as the import reads it. */
function rawObjects(place, handle, sizeBytes) {
  const objectBytes = 64 * 2 ** 20;
  const uri = place.uri('raw');
  return Promise.all(
    Array.from({ length: Math.ceil(sizeBytes / objectBytes) }, async (_, i) => {
      const length = Math.min(objectBytes, sizeBytes - i * objectBytes);
      const position = headerBytes + i * objectBytes;
      const read = async () => (await handle.read(Buffer.allocUnsafe(length), 0, length, position)).buffer;
      return { address: await place.address('PUT', uri, `object-${i}`), read };
    }),
  );
}

/** Rows of a .npy file of two axes begin here. */
const headerBytes = 128;
