// How fast rows come out of MinIO, every byte checked, beside the raw GET of the same objects and beside peers
// that read the same rows. Without a cache, and with one that is empty and is filled by the read.
import { rmSync } from 'node:fs';
import { backMemory, checksumOf, interleaved, megabytesPerSecond, row, timed } from './harness.mjs';
import { rawGets } from './raw-http.mjs';
import { randomFloats, writeNpy } from './support/data.mjs';

export const title = 'read from MinIO';

export const full = (context) => measure(context, { rows: 200_000, rounds: 7 });
export const small = (context) => measure(context, { rows: 1000, rounds: 1 });

const width = 384;

async function measure(context, { rows, rounds }) {
  const place = await context.place();
  const content = randomFloats(rows * width);
  const uri = place.uri('read');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('rows', { dtype: 'float32', rowShape: [width] });
    await tx.append('rows', { data: content, shape: [rows, width] });
  });
  const { partitions } = (await dataset.info()).arrays.rows;
  await dataset.close();
  const objects = await Promise.all(
    partitions.map(async ({ key, sizeBytes }) => ({
      address: await place.address('GET', uri, key),
      sizeBytes,
    })),
  );
  const objectBytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

  let read;
  const ours = (makeCache) => async () => {
    const cacheDir = makeCache();
    const handle = await place.open(uri, { cacheDir });
    const { ms, value } = await timed(() => handle.array('rows').read());
    await handle.close();
    // Each round begins as the first did.
    if (cacheDir !== false) rmSync(cacheDir, { recursive: true });
    read = value.data;
    return megabytesPerSecond(content.byteLength, ms);
  };
  const samplers = {
    off: ours(() => false),
    on: ours(() => context.folder('cache')),
  };
  for (const [name, get] of Object.entries(rawGets(objects))) {
    samplers[name] = async () => {
      const { ms, value } = await timed(get);
      if (value !== objectBytes) throw new Error(`${name} received ${value} of ${objectBytes} bytes`);
      return megabytesPerSecond(objectBytes, ms);
    };
  }
  // As much as a round takes: the result, the cache's files and what lies in between.
  const before = context.small ? undefined : () => backMemory(4 * content.byteLength);
  Object.assign(samplers, await peerReads(context, place, content, rows));
  const medians = await interleaved(rounds, samplers, before);
  const checksum = checksumOf(read);
  if (checksum !== checksumOf(content)) throw new Error('what was read is not what was written');

  const { off, on, ...rest } = medians;
  const besides = Object.entries(rest).map(([name, value]) => ({ name, value, unit: 'MB/s' }));
  const [best, ...others] = fastestFirst(besides);
  const size = `${figureMegabytes(content.byteLength)} MB`;
  const line = (what, value, leastRatio, more) =>
    row({ what, value, unit: 'MB/s', leastRatio, beside: best, checksum, others: more });
  return [
    line(`${size}, checked, cache off`, off, 0.8, others),
    line(`${size}, checked, cache on and empty`, on, 0.65, []),
  ];
}

const figureMegabytes = (bytes) => Math.round(bytes / 1e6);

/** The raw transfer that was fastest, then everything else. */
function fastestFirst(all) {
  const raw = all.filter(({ name }) => name.startsWith('raw')).sort((a, b) => b.value - a.value);
  return [...raw, ...all.filter(({ name }) => !name.startsWith('raw'))];
}

async function peerReads(context, place, content, rows) {
  const { peer } = context.peer(place.env());
  if (peer === undefined) return {};
  const file = writeNpy(`${context.folder('read')}/rows.npy`, content, [rows, width]);
  const reads = {};
  for (const [label, name] of [
    ['LanceDB', 'lancedb'],
    ['Icechunk', 'icechunk'],
  ]) {
    try {
      const { version } = await peer.ask(`${name}_create`, { bucket: place.bucket, file });
      reads[`${label} ${version}`] = async () =>
        megabytesPerSecond(content.byteLength, (await peer.ask(`${name}_read`)).ms);
    } catch (error) {
      context.say(`no ${label}: ${error.message}`);
    }
  }
  return reads;
}
