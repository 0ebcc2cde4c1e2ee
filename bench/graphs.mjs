// Graphs in a folder: one query after the other where all fits the memory budget, and where rows and graph are four
// times as large.
import { median, row } from './harness.mjs';
import { clusters, nearest, recallOf } from './support/nearest.mjs';

export const title = 'graphs in a folder';

export const full = (context) => measured(context, { rows: 20_000, width: 384, centres: 200, queries: 1000 });
export const small = (context) => measured(context, { rows: 2000, width: 32, centres: 20, queries: 20 });

const recall = 0.99;

async function measured(context, { rows, width, centres, queries }) {
  const { data, asked } = clusters({ rows, width, centres, queries });
  const expected = await nearest(data, asked, width);
  const place = context.folderPlace();
  const uri = place.uri('graphs');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    for (const [name, content] of [
      ['rows', data],
      ['queries', asked],
    ]) {
      await tx.create(name, { dtype: 'float32', rowShape: [width] });
      await tx.append(name, { data: content, shape: [content.length / width, width] });
    }
  });
  await dataset.array('rows').index({ type: 'hnsw', m: 16 });
  await dataset.close();
  const of = async (memoryBytes) => {
    const child = context.child('ann-queries.mjs');
    await child.ask('load', { uri, memoryBytes });
    const ask = () => child.ask('search', { how: 'recall', value: recall });
    for (let pass = 0; pass < 2; pass++) await ask();
    const answer = await ask();
    await child.close();
    return { found: recallOf(answer.ids, expected), times: answer.times.sort((a, b) => a - b) };
  };
  const roomy = await of(undefined);
  const tight = await of(Math.floor((rows * width * 4) / 4));
  const last = (times) => times[Math.ceil(0.99 * times.length) - 1];
  const least = context.small ? 0 : recall;
  const what = `${rows.toLocaleString('en-US')} × ${width}, m 16`;
  return [
    row({ what: `${what}: recall`, value: roomy.found, unit: 'of 10', least }),
    row({ what: 'one query', value: median(roomy.times), unit: 'ms', most: 0.2 }),
    row({ what: 'the slowest of a hundred', value: last(roomy.times), unit: 'ms' }),
    row({ what: 'rows of 4 × the memory budget: recall', value: tight.found, unit: 'of 10', least }),
    row({ what: 'one query', value: median(tight.times), unit: 'ms' }),
    row({ what: 'the slowest of a hundred', value: last(tight.times), unit: 'ms' }),
  ];
}
