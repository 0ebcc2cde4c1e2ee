// A dataset of 100,000 partitions, made by 100 appends of 1,000 tiny ones and one append of large ones.
//
// The manifest is the real one, written by the commits of the product. Tiny partitions are uploaded for the
// append in the middle only, which is the one that is read: 100,000 uploads would take a quarter of an hour
// and nothing looks at them. Large partitions (2 MiB) have tables of block sums that stand in the cold part
// of their segment, as those of the default size of 64 MiB do.
import { openStoreDataset } from '../../dist/dataset/open.js';
import { forwarding } from '../../dist/storage/wrap/forwarding.js';
import { randomFloats } from './data.mjs';

/** Rows of one float32 each, so that a hundred of them fit the smallest partition. */
const rowsOfTiny = 128;

export const fullSizes = { appends: 100, partitions: 1000, large: 64, largeBytes: 2 * 2 ** 20 };
export const smallSizes = { appends: 4, partitions: 300, large: 64, largeBytes: 128 * 1024 };

/** The fixture, made once for all questions: `uri`, what it holds, and where to read. */
export function manyPartitions(context, sizes) {
  return context.shared('many partitions', () => build(context, sizes));
}

async function build(context, { appends, partitions, large, largeBytes }) {
  const place = await context.place();
  const uri = place.uri('partitions');
  context.say(`${appends * partitions + large} partitions: ${appends} appends`);
  let keep = true;
  const store = await place.store(uri);
  const thinned = forwarding(store, {
    put: (key, body, options) =>
      keep || !key.startsWith('arrays/')
        ? store.put(key, body, options)
        : Promise.resolve({ outcome: 'written', token: 'thinned' }),
  });
  const dataset = await openStoreDataset(thinned, { create: true, cacheDir: false });
  const middle = Math.floor(appends / 2);
  const rowsEach = partitions * rowsOfTiny;
  await dataset.write((tx) => tx.create('rows', { dtype: 'float32' }));
  for (let i = 0; i < appends; i++) {
    keep = i === middle;
    const data = randomFloats(rowsEach, i + 1);
    await dataset.write((tx) => tx.append('rows', { data, shape: [rowsEach] }), {
      partitionBytes: rowsOfTiny * 4,
    });
  }
  keep = true;
  const largeRows = largeBytes / 4;
  const data = randomFloats(largeRows * large, appends + 1);
  await dataset.write((tx) => tx.append('rows', { data, shape: [data.length] }), {
    partitionBytes: largeBytes,
  });
  const { arrays } = await dataset.info();
  const counted = arrays.rows.partitions.length;
  await dataset.close();
  if (counted !== appends * partitions + large) throw new Error(`made ${counted} partitions`);
  return {
    uri,
    partitions: counted,
    rows: appends * rowsEach + data.length,
    /** A hundred rows within one partition: a tiny one, and a large one. */
    tinyRange: { start: middle * rowsEach + 20, end: middle * rowsEach + 120 },
    largeRange: {
      start: appends * rowsEach + 5 * largeRows + 1000,
      end: appends * rowsEach + 5 * largeRows + 1100,
    },
    /** What the partitions that are there hold: rows that can be read. */
    readable: { start: middle * rowsEach, end: (middle + 1) * rowsEach },
  };
}
