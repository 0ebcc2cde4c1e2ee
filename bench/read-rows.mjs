// What does it take to open a dataset in a bucket and read a hundred rows: with a manifest that fits the hint,
// and with 100,000 partitions.
import { checksumOf, row } from './harness.mjs';
import { distinctIndices, randomFloats } from './support/data.mjs';
import { fullSizes, manyPartitions, smallSizes } from './support/many-partitions.mjs';

export const title = 'open and read 100 rows';

export const full = (context) => measure(context, fullSizes);
export const small = (context) => measure(context, smallSizes);

async function measure(context, sizes) {
  const place = await context.place();
  const rows = (what, counts, mostRequests, mostWaves) => [
    row({
      what: `${what}: requests`,
      value: counts.requests,
      unit: 'requests',
      ...(mostRequests === undefined ? {} : { most: mostRequests }),
      others: [{ name: 'down', value: counts.bytesDown, unit: 'bytes' }],
      checksum: checksumOf(counts.value.data),
    }),
    row({
      what: `${what}: waves`,
      value: counts.waves,
      unit: 'waves',
      ...(mostWaves === undefined ? {} : { most: mostWaves }),
    }),
  ];
  const read = (uri, selection, cacheDir = false) =>
    place.count(() => openAndRead(place, uri, selection, cacheDir));

  const fewUri = await fewPartitions(place);
  const many = await manyPartitions(context, sizes);
  const label = `${many.partitions.toLocaleString('en-US')} partitions`;
  const { start, end } = many.readable;
  const scattered = distinctIndices(100, end - start).map((index) => start + index);
  const table = [];
  for (const cached of [false, true]) {
    const mode = cached ? ', cache on' : '';
    const cacheDir = () => (cached ? context.folder('cache') : false);
    const few = await read(fewUri, { start: 130, end: 230 }, cacheDir());
    const tiny = await read(many.uri, many.tinyRange, cacheDir());
    const large = await read(many.uri, many.largeRange, cacheDir());
    table.push(
      ...rows(`small manifest${mode}`, few, 3, 2),
      ...rows(`${label}${mode}`, tiny, 5, 3),
      ...rows(`${label}, of a large one${mode}`, large, 5, 3),
    );
  }
  const spread = await read(many.uri, { rows: scattered });
  return [...table, ...rows(`${label}, scattered over 1,000 of them`, spread)];
}

async function fewPartitions(place) {
  const uri = place.uri('few');
  const dataset = await place.open(uri, { create: true });
  await dataset.write((tx) => tx.create('rows', { dtype: 'float32' }));
  await dataset.write((tx) => tx.append('rows', { data: randomFloats(1280), shape: [1280] }), {
    partitionBytes: 512,
  });
  await dataset.close();
  return uri;
}

async function openAndRead(place, uri, selection, cacheDir) {
  const dataset = await place.open(uri, { counted: true, cacheDir });
  return dataset.array('rows').read(selection);
}
