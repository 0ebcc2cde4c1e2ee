// How many bytes of manifest does a change upload to a dataset of 100,000 partitions. Counted by the store: the
// objects below versions/ and segments/ that were not there before. The hint, which repeats the root and is
// written in the background at most once a second, is told beside them.
import { checksumOf, row } from './harness.mjs';
import { distinctIndices, randomFloats } from './support/data.mjs';
import { fullSizes, manyPartitions, smallSizes } from './support/many-partitions.mjs';
import { objectSizes } from './support/places.mjs';

export const title = 'manifest bytes of a change';

export const full = (context) => measure(context, { ...fullSizes, dropped: 10_000 });
export const small = (context) => measure(context, { ...smallSizes, dropped: 1000 });

/** A row id has 8 bytes; a set of them must not take more. */
const mostBytesPerRow = 8;

async function measure(context, { dropped, ...sizes }) {
  const place = await context.place();
  const { uri, rows, partitions } = await manyPartitions(context, sizes);
  const dataset = await place.open(uri, { counted: true });
  const store = await place.store(uri);
  await dataset.version();
  const data = randomFloats(100);
  const change = (work) => changed(place, store, () => dataset.write(work));
  const append = await change((tx) => tx.append('rows', { data, shape: [100] }));
  const replace = await change((tx) =>
    tx.replace('rows', distinctIndices(100, rows), { data, shape: [100] }),
  );
  const few = await change((tx) => tx.drop('rows', distinctIndices(dropped / 10, rows, 7)));
  const many = await change((tx) => tx.drop('rows', distinctIndices(dropped, rows - dropped, 99)));
  const hint = (await store.head('latest'))?.sizeBytes ?? 0;
  const live = await dataset.array('rows').shape();
  await dataset.close();
  await store.close();

  const count = dropped.toLocaleString('en-US');
  const bytes = (what, { bytes: value }, most) => row({ what, value, unit: 'bytes', ...most });
  const cost = (what, { requests, waves }) => [
    row({ what: `${what}: requests`, value: requests, unit: 'requests' }),
    row({ what: `${what}: waves`, value: waves, unit: 'waves' }),
  ];
  return [
    bytes('append of 100 rows', append, { most: 65_536, checksum: checksumOf(Float64Array.from(live)) }),
    bytes('replace of 100 rows', replace, { most: 65_536 }),
    bytes(`drop of ${dropped / 10} scattered rows`, few),
    bytes(`drop of ${count} scattered rows`, many),
    row({
      what: `drop of ${count}: beyond an append's, by row`,
      value: (many.bytes - append.bytes) / dropped,
      unit: 'bytes',
      most: mostBytesPerRow,
    }),
    row({ what: 'hint', value: hint, unit: 'bytes', note: `${partitions} partitions, ${rows} rows` }),
    ...cost('append of 100 rows', append),
    ...cost('replace of 100 rows', replace),
    ...cost(`drop of ${count} scattered rows`, many),
  ];
}

/** What a change asked of the store, and the bytes of the manifest objects that it made. */
async function changed(place, store, work) {
  const before = await manifest(store);
  const counts = await place.count(work);
  const made = [...(await manifest(store))].filter(([key]) => !before.has(key));
  return { ...counts, bytes: made.reduce((sum, [, size]) => sum + size, 0) };
}

async function manifest(store) {
  return new Map([...(await objectSizes(store, 'versions/')), ...(await objectSizes(store, 'segments/'))]);
}
