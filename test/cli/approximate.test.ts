// Indexes for approximate search, and queries by them, on the command line.
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  await answer(['import', uri, 'e', await pairs(path.join(folder, 'rows.npy'), 500)]);
});

const ask = (...how: string[]) => answer(['query', uri, 'e', '--row', '7', '-k', '3', ...how]);

describe.each([
  ['ivf', ['--nlist', '8'], ['--nprobe', '100'], 'lists by cosine; of 10 rows a query takes'],
  [
    'hnsw',
    ['--m', '8', '--ef-construction', '50'],
    ['--ef', '1000'],
    'graphs by cosine; for 10 rows a walk keeps',
  ],
])('%s', (type, options, everything, said) => {
  const build = ['index'];
  test('is built, asked, updated, told of and dropped', async () => {
    const of = [...build, uri, 'e', '--type', type];
    const built = await answer([...of, ...options, '--metric', 'cosine']);
    expect(built).toMatchObject({
      type,
      version: 3,
      index: { type, rows: 500, metric: 'cosine', segments: 1 },
    });
    const exact = await ask('--metric', 'cosine', '--exact');
    const found = await ask('--metric', 'cosine', ...everything, '--analyze');
    expect(found.results).toEqual(exact.results);
    expect(found).toMatchObject({ exact: false, analyze: { rows: { scanned: 0 } } });
    await ask('--metric', 'cosine', '--recall', '0.9');
    await answer(['append', uri, 'e', await pairs(path.join(folder, 'more.npy'), 30)]);
    const text = String((await nacre([...of, '--update'])).stdout);
    expect(text).toContain(said);
    expect(await answer(['info', uri])).toMatchObject({ arrays: { e: { indexes: [{ type, rows: 530 }] } } });
    expect(String((await nacre(['info', uri])).stdout)).toContain(`indexes of 'e': ${type} (`);
    expect(String((await nacre([...of, '--update'])).stdout)).toContain('no rows that are to be coded');
    expect(await answer([...of, '--drop', '--yes'])).toMatchObject({ drop: true, rows: 530 });
  });
});

test.each([
  [['--type', 'ivf', '--m', '8'], '--m is of an hnsw index'],
  [['--type', 'hnsw', '--nlist', '8'], '--nlist is of an ivf index'],
  [['--type', 'exact', '--metric', 'l2'], '--metric is of an ivf or hnsw index'],
  [
    ['--type', 'hnsw', '--update', '--ef-construction', '9'],
    '--ef-construction is of an hnsw index that is built',
  ],
  [['--type', 'hnsw', '--bits'], 'an hnsw index has no bits'],
  [['--type', 'graph'], "'graph' is no type of index"],
  [['--type', 'hnsw', '--m', '1'], 'm is 1; it must be a whole number from 2 to 128'],
])('index %j is refused', async (options, message) => {
  const { code, stderr } = await nacre(['index', uri, 'e', ...options]);
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
});

test('a query says one effort', async () => {
  const { code, stderr } = await nacre(['query', uri, 'e', '--row', '7', '--ef', '9', '--recall', '0.9']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('--recall and --ef say the same');
});
