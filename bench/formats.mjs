// Files of other formats into a folder, each in a process of its own, beside the library of its format in
// Python reading it and writing .npy. Ours compares checksums and is on the disk when it ends; theirs is when
// the system likes.
import { statSync } from 'node:fs';
import { writeArrayFile } from '../dist/index.js';
import { interleaved, megabytesPerSecond, row } from './harness.mjs';
import { randomFloats, writeNpy } from './support/data.mjs';

export const title = 'import of other formats into a folder';

export const full = (context) => measure(context, { rows: 1_000_000, textRows: 350_000, rounds: 3 });
export const small = (context) => measure(context, { rows: 1000, textRows: 100, rounds: 1 });

const width = 128;
/** Bytes that an import may take. */
const mostMemory = 512 * 2 ** 20;

const formats = [
  { name: 'Parquet', file: 'rows.parquet', reader: 'pyarrow' },
  { name: 'safetensors', file: 'rows.safetensors', reader: 'safetensors' },
  { name: 'HDF5', file: 'rows.h5', reader: 'h5py', made: 'h5_write' },
  { name: 'HDF5, gzip and shuffle', file: 'packed.h5', reader: 'h5py', made: 'h5_write_packed' },
  { name: 'Zarr, zstd', file: 'rows.zarr', reader: 'zarr', made: 'zarr_write' },
  { name: '.pt', file: 'rows.pt', reader: undefined },
  { name: 'CSV', file: 'rows.csv', reader: 'pandas' },
];

async function measure(context, { rows, textRows, rounds }) {
  const folder = context.folder('formats');
  const content = randomFloats(rows * width);
  const npy = writeNpy(`${folder}/rows.npy`, content, [rows, width]);
  const { peer, missing } = context.peer();
  const results = [];
  for (const format of formats) {
    const path = `${folder}/${format.file}`;
    if (format.made !== undefined) {
      if (peer === undefined) continue;
      await peer.ask(format.made, { file: npy, out: path });
    } else {
      await made(path, content, format.name === 'CSV' ? textRows : rows);
    }
    results.push(...(await one(context, { ...format, path, peer, missing, folder, rounds })));
  }
  return results;
}

async function made(path, content, rows) {
  const type = { dtype: 'float32', rowShape: [width], scalar: false };
  const pieces = async function* () {
    const step = 16_384;
    for (let at = 0; at < rows; at += step)
      yield content.subarray(at * width, Math.min(rows, at + step) * width);
  };
  await writeArrayFile(path, [{ array: 'rows', type, rows, pieces }]);
}

async function one(context, { name, path, reader, peer, missing, folder, rounds }) {
  const uris = [];
  let peak = 0;
  let bytes = 0;
  const samplers = {
    ours: async () => {
      const uri = `${folder}/dataset-${uris.length}-${name.replaceAll(/\W/g, '')}`;
      uris.push(uri);
      // A process of its own: what it takes of memory is of this alone.
      const child = context.child('format-import.mjs');
      const answer = await child.ask('import', { path, uri });
      await child.close?.();
      peak = Math.max(peak, answer.peakBytes);
      bytes = answer.bytes;
      return answer.ms;
    },
  };
  if (peer !== undefined && reader !== undefined) {
    const out = `${folder}/out.npy`;
    samplers.theirs = async () => (await peer.ask(`${reader}_read`, { file: path, out })).ms;
  }
  const medians = await interleaved(rounds, samplers);
  const rate = (ms) => megabytesPerSecond(bytes, ms);
  const size = statSync(path).isFile() ? statSync(path).size : bytes;
  const beside =
    medians.theirs === undefined
      ? { missing: reader === undefined ? 'torch is too large to install' : missing }
      : { beside: { name: reader, value: rate(medians.theirs), unit: 'MB/s' } };
  return [
    row({
      what: `${Math.round(size / 1e6)} MB of ${name}, of rows`,
      value: rate(medians.ours),
      unit: 'MB/s',
      leastRatio: 0.5,
      ...beside,
    }),
    row({ what: `${name}: peak memory`, value: peak / 2 ** 20, unit: 'MiB', most: mostMemory / 2 ** 20 }),
  ];
}
