// How long it takes to count the rows that a filter matches: a folder, after a first count that is not timed,
// beside DuckDB over one Parquet file of the same rows. Both on two threads. Then the same of filters on
// attributes of few values, which have an index by then.
//
// The table is made twice by the same formulas, here and in bench/peers/filters.py; that both count the same
// is checked.
import { checksumOf, interleaved, median, row } from './harness.mjs';

export const title = 'count by a filter';

export const full = (context) => measure(context, { rows: 1_000_000, rounds: 15 });
export const small = (context) => measure(context, { rows: 2000, rounds: 1 });

const threads = 2;

/** Counts of one turn of a round. */
const countsInTurn = 5;

/** Attributes that get an index, after the first half. */
const indexed = ['lang', 'year', 'sparse'];

/** Texts of the filter language; those of SQL are the same. `few`: on attributes that get an index. */
const filters = (rows) => [
  { what: 'a text of 10 values', filter: "lang = 'de'", few: true },
  { what: 'an int of 75 values', filter: 'year = 1999', few: true },
  { what: 'a range of 1 % of floats', filter: 'score between 0.5 and 0.51' },
  { what: 'and', filter: "lang = 'de' and year < 1957", few: true },
  { what: 'or', filter: "lang = 'de' or year = 1999", few: true },
  { what: 'like', filter: "name like '%42%'" },
  { what: 'is null', filter: 'sparse is null', few: true },
  { what: 'one of as many texts as rows', filter: `name = 'user-${Math.floor(rows / 3)}'` },
  { what: 'a text that is absent', filter: "name = 'user-5x'" },
];

const languages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'cs', 'sv'];

/** The upper bits of a product modulo 2^32, which look random; exact below 2^53 (Knuth, TAOCP 3, 6.4). */
const mixed = (i, factor) => Math.floor(((i * factor) % 2 ** 32) / 4096);

function table(rows) {
  const column = (of) => Array.from({ length: rows }, (_, i) => of(i));
  return {
    number: column((i) => i),
    year: column((i) => 1950 + (mixed(i, 2654435761) % 75)),
    size: column((i) => mixed(i, 2246822519) % 5000),
    score: Float64Array.from({ length: rows }, (_, i) => mixed(i, 3266489917) / 2 ** 20),
    ratio: Float64Array.from({ length: rows }, (_, i) => i / 3),
    lang: column((i) => languages[mixed(i, 668265263) % 10]),
    // 7,919 is prime: each name comes once.
    name: column((i) => `user-${(i * 7919) % rows}`),
    flag: column((i) => mixed(i, 374761393) % 2 === 0),
    sparse: column((i) => (mixed(i, 1597334677) % 10 === 0 ? null : i % 100)),
    made: column((i) => new Date(1.7e12 + i * 1000)),
  };
}

async function measure(context, { rows, rounds }) {
  const place = context.folderPlace();
  const uri = place.uri('filters');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('rows', { dtype: 'float32' });
    const data = new Float32Array(rows);
    await tx.append('rows', { data, shape: [rows] }, { attributes: table(rows) });
  });
  await dataset.close();

  const nacre = context.child('filter-counts.mjs', { NACRE_THREADS: String(threads) });
  await nacre.ask('load', { uri });
  const { duck, version, missing } = await startDuck(context, rows);
  const measured = async (some) => {
    const results = [];
    for (const { what, filter } of some) {
      context.say(` ${filter}`);
      results.push({ what, filter, ...(await compare({ nacre, duck }, filter, rounds)) });
    }
    return results;
  };
  const all = filters(rows);
  const scanned = await measured(all);
  await index(place, uri);
  await nacre.ask('load', { uri });
  const byIndex = await measured(all.filter(({ few }) => few));
  await nacre.ask('close');
  await nacre.close();
  await duck?.close();
  const peer = { version, missing };
  return [
    ...rowsOf(scanned, { rows, peer, mostRatio: 1, how: '' }),
    ...rowsOf(byIndex, { rows, peer, mostRatio: 0.33, how: ', indexed' }),
  ];
}

async function index(place, uri) {
  const dataset = await place.open(uri);
  await dataset.write(async (tx) => {
    for (const attribute of indexed) await tx.index('rows', { attribute });
  });
  await dataset.close();
}

/** A row for each filter, and one for all of them. */
function rowsOf(results, { rows, peer: { version, missing }, mostRatio, how }) {
  const beside = (value) => (value === undefined ? {} : { beside: { name: version, value, unit: 'ms' } });
  const times = results.map(({ what, filter, ours, theirs, count }) =>
    row({
      what: `${rows.toLocaleString('en-US')} rows${how}, ${what}`,
      value: ours,
      unit: 'ms',
      mostRatio,
      ...beside(theirs),
      ...(missing && { missing }),
      checksum: checksumOf(Float64Array.of(count)),
      note: filter,
    }),
  );
  const theirs = results.map((each) => each.theirs);
  const mean = row({
    what: `geometric mean of these${how}`,
    value: geometricMean(results.map(({ ours }) => ours)),
    unit: 'ms',
    mostRatio,
    ...beside(theirs.includes(undefined) ? undefined : geometricMean(theirs)),
    ...(missing && { missing }),
  });
  return [...times, mean];
}

/** DuckDB with its own file of the table: `{ duck, version }`, or why there is none. */
async function startDuck(context, rows) {
  const { peer, missing } = context.peer();
  if (peer === undefined) return { missing };
  const file = `${context.folder('filters')}/rows.parquet`;
  try {
    const { version } = await peer.ask('duckdb_open', { file, rows, threads });
    return { duck: peer, version: `DuckDB ${version}` };
  } catch (error) {
    await peer.close();
    return { missing: `DuckDB (${error.message})` };
  }
}

async function compare({ nacre, duck }, filter, rounds) {
  const askers = {
    ours: () => nacre.ask('count', { filter, times: countsInTurn }),
    ...(duck && { theirs: () => duck.ask('duckdb_count', { filter, times: countsInTurn }) }),
  };
  const counts = new Set();
  const samplers = Object.fromEntries(
    Object.entries(askers).map(([who, ask]) => [
      who,
      async () => {
        const answers = await ask();
        for (const { count } of answers) counts.add(count);
        return median(answers.map(({ ms }) => ms));
      },
    ]),
  );
  // Pages, and compiled code, are there after the first.
  for (const sample of Object.values(samplers)) await sample();
  const medians = await interleaved(rounds, samplers);
  if (counts.size !== 1) throw new Error(`${filter}: counts ${[...counts].join(' and ')}`);
  return { ...medians, count: [...counts][0] };
}

function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
