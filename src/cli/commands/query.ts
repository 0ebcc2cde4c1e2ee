import {
  type Certificate,
  type Hit,
  type Metric,
  NacreError,
  parseVersion,
  type Precision,
  type QueryAnalysis,
  type QueryVectors,
  scoreOrder,
  search,
  type SearchHit,
  type VersionReference,
  writeCertificate,
} from '../../index.js';
import { addNames, attributesJson, columnsOf, printable, valueText } from '../attribute-values.js';
import { type Cost, costOf, costText, rowsText } from '../cost.js';
import { openAt } from '../datasets.js';
import { keyedRows } from '../keyed-rows.js';
import { matchingRows } from '../matching-rows.js';
import { table } from '../output.js';
import { define } from '../program.js';
import type { Session } from '../session.js';
import { openSource } from '../sources.js';
import { invalid, parseCount, versionHelp } from '../values.js';

interface Options {
  readonly vector?: string;
  readonly row?: number;
  readonly k?: number;
  readonly limit?: number;
  readonly all?: boolean;
  readonly where?: readonly string[];
  readonly key?: readonly string[];
  readonly select?: readonly string[];
  readonly count?: boolean;
  /** Checked by the search. */
  readonly metric?: Metric;
  readonly exact?: boolean;
  /** Checked by the search. */
  readonly recall?: number;
  readonly nprobe?: number;
  readonly ef?: number;
  /** Checked by the search. */
  readonly precision?: Precision;
  readonly analyze?: boolean;
  readonly at?: VersionReference;
  readonly certify?: string;
}

/** Of a search; where one is asked for. */
interface Search extends Options {
  readonly metric: Metric;
  readonly k: number;
  readonly where: readonly string[];
  readonly select: readonly string[];
}

export const query = define<Options>({
  usage: 'query <uri> [array]',
  summary: 'find the rows nearest to a vector, or to many, or those of which a filter is true',
  details: `<uri> is a dataset, or a .npy file whose rows are searched as they are. --vector is a .npy file
(one vector, or one a row), '[0.1, 0.2, …]', or - for a .npy file on standard input. Scores: the similarity
for cosine and dot (large is near), the distance for the other metrics (small is near); hamming and jaccard
take bool and uint8 rows as bits. Answers are exact, with an index and without. --precision f8 or bit asks for
estimates by the codes or the bits of an index, which reads no rows; scores that are estimates have a ~. (f64,
f32 and f16 are exact.) --recall looks only into lists of an ivf index near the query, as many as were
measured to hold at least that part of the nearest rows, or walks through the graphs of an hnsw index where
they are at hand; --nprobe looks into so many lists, and with --ef a walk keeps so many rows. --certify
writes down what shows that an answer is right: see \`nacre verify-certificate\`.

--where takes only rows of which a filter on their attributes is true, such as
lang in ('de', 'en') and not (year < 1990 or title like '%draft%'); a name with other characters than
letters, digits, _ and . takes double quotes. --select names attributes that rows come with. Both go with a
vector and without one: then the first rows that match are given, by row id, 10 unless --limit or --all say
otherwise, or with --count how many match. JSON has whole numbers beyond 2^53, NaN and the infinities as
text, and instants as ISO 8601; tables show 60 characters of a text.

--key gives the row that has the key, of each in turn, where the array has one (\`nacre attributes --key\`).`,
  examples: [
    'nacre query ./faces embeddings --vector q.npy -k 10 --metric cosine',
    "nacre query s3://bucket/points xy --vector '[0.5, 1]' --json",
    'nacre query ./faces embeddings --row 42 -k 5',
    'nacre query rows.npy --vector q.npy --metric dot',
    `nacre query ./faces embeddings --row 42 --where "lang = 'de'" --select lang,year`,
    `nacre query ./faces embeddings --where "year between 2000 and 2010" --count`,
    `nacre query ./faces embeddings --where "lang is null" --select '*' --all --json`,
    'nacre query ./faces people --key anna --key bert --select year',
    'nacre query ./faces embeddings --row 42 --precision f8',
    'nacre query s3://bucket/faces embeddings --vector q.npy --recall 0.99 --analyze',
    'nacre query ./faces embeddings --row 42 --certify answer.json',
  ],
  options: (command) =>
    command
      .option('--vector <Q>', 'query vectors')
      .option('--row <N>', 'a stored row as the query', Number)
      .option('-k, --k <N>', 'rows a query gets (default: 10)', parseCount)
      .option('--limit <N>', 'the same', parseCount)
      .option('--all', 'all rows that match; without a vector')
      .option('--where <filter>', 'only rows of which it is true; of several all', collect)
      .option('--key <value>', 'the row that has this key; may be given again', collect)
      .option('--select <names>', 'attributes that rows come with: a,b or * for all', addNames)
      .option('--count', 'only how many rows match')
      .option('--metric <metric>', 'l2, l2sq, cosine, dot, hamming, jaccard, kl or js (default: l2)')
      .option('--exact', 'score every row, whatever indexes exist')
      .option('--recall <part>', 'from 0 to 1: approximately, by an ivf or hnsw index', Number)
      .option('--nprobe <N>', 'the same by so many lists of an ivf index', parseCount)
      .option('--ef <N>', 'the same by walks through an hnsw index that keep so many rows', parseCount)
      .option('--precision <level>', 'scores at least so precise: f64 (exact), f32, f16, f8 or bit')
      .option('--analyze', 'add what the query cost')
      .option('--certify <file>', 'write a certificate of the answer')
      .option('--at <version>', versionHelp, parseVersion),
  async work(session, options, uri: string, name: string | undefined) {
    if (options.key !== undefined) {
      const { key, select = [] } = options;
      checkKeyed(options);
      if (isFile(uri)) throw invalid('a file has no keys', 'Import it into a dataset first: `nacre import`.');
      if (name === undefined) throw arrayNotSaid(uri);
      return keyedRows(session, { ...options, key, select }, uri, name);
    }
    if (options.vector === undefined && options.row === undefined) {
      const asked = rowsAskedFor(options);
      if (isFile(uri))
        throw invalid('a file has no attributes', 'Import it into a dataset first: `nacre import`.');
      if (name === undefined) throw arrayNotSaid(uri);
      return matchingRows(session, asked, uri, name);
    }
    const asked = searchAskedFor(options);
    const { metric } = asked;
    const ask = isFile(uri) ? queryFile : queryDataset;
    const { results, names = [], version, cost, analysis } = await ask(session, asked, uri, name);
    const analyze = options.analyze === true && cost !== undefined;
    const text = [
      ...results.map((hits, i) => hitsText(hits, names, results.length > 1 ? i : undefined)),
      ...(analyze ? [[costText(cost), ...(analysis ? [rowsText(analysis)] : [])].join('\n')] : []),
    ];
    return {
      json: {
        ...(version === undefined ? {} : { version }),
        metric,
        order: scoreOrder(metric),
        exact: !isApproximate(asked) && results.every((hits) => hits.every((hit) => !isEstimated(hit))),
        results: results.map((hits) => ({ hits: hits.map(hitJson) })),
        ...(analyze ? { analyze: { ...analysis, ...cost } } : {}),
      },
      text: text.join('\n\n'),
      data: true,
    };
  },
});

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function checkKeyed(options: Options): void {
  const others = [
    'vector',
    'row',
    'k',
    'limit',
    'all',
    'where',
    'count',
    'metric',
    'exact',
    'precision',
  ] as const;
  const other = [...others, 'certify' as const].find((option) => options[option] !== undefined);
  if (other !== undefined)
    throw invalid(`--key excludes ${other === 'k' ? '-k' : `--${other}`}`, 'Leave one of both away.');
}

function limitOf({ k, limit }: Options): number | undefined {
  if (k !== undefined && limit !== undefined)
    throw invalid('-k and --limit say the same', 'Leave one of both away.');
  return k ?? limit;
}

/** Ways to say how much an approximate search looks at. */
const approximations = ['recall', 'nprobe', 'ef'] as const;

function isApproximate(options: Options): boolean {
  return approximations.some((how) => options[how] !== undefined);
}

/** Rows without a vector. */
function rowsAskedFor(options: Options) {
  const { where = [], select = [], count, all } = options;
  const limit = limitOf(options);
  if (where.length === 0 && select.length === 0 && count !== true && all !== true)
    throw invalid('what to look for is not said', 'Give --vector or --row, or a filter: --where.');
  const ofSearch = (['metric', 'exact', ...approximations, 'precision', 'certify'] as const).find(
    (option) => options[option] !== undefined,
  );
  if (ofSearch !== undefined)
    throw invalid(`--${ofSearch} is of a search`, 'Give --vector or --row, or leave it away.');
  return { ...options, where, select, ...(limit === undefined ? {} : { limit }) };
}

function searchAskedFor(options: Options): Search {
  const { where = [], select = [], metric = 'l2' } = options;
  if (options.vector !== undefined && options.row !== undefined)
    throw invalid('what to look for is said twice', 'Give either --vector or --row.');
  const ofRows = (['count', 'all'] as const).find((option) => options[option] === true);
  if (ofRows !== undefined)
    throw invalid(`--${ofRows} is of a filter`, `Leave --vector and --row away, or --${ofRows}.`);
  if (options.exact === true && (options.precision ?? 'f64') !== 'f64')
    throw invalid(`--exact excludes --precision ${options.precision}`, 'Leave one of both away.');
  const approximate = approximations.filter((option) => options[option] !== undefined);
  const excluded = (['exact', 'certify'] as const).find((option) => Boolean(options[option]));
  if (approximate.length > 0 && excluded !== undefined)
    throw invalid(`--${excluded} excludes --${approximate[0]}`, 'Leave one of both away.');
  if (approximate.length > 1)
    throw invalid(`--${approximate[0]} and --${approximate[1]} say the same`, 'Leave one away.');
  if (options.certify === '-')
    throw invalid('standard output is taken by the answer', 'Name a file for --certify.');
  if (options.certify !== undefined && select.length > 0)
    throw invalid('a certificate has no attributes', 'Leave --select or --certify away.');
  return { ...options, where, select, metric, k: limitOf(options) ?? 10 };
}

function arrayNotSaid(uri: string): Error {
  return invalid('the array is not said', `\`nacre ls ${uri}\` lists those of the dataset.`);
}

interface Found {
  /** Of each query. */
  readonly results: readonly (readonly (Hit | SearchHit)[])[];
  /** Of the attributes that hits come with. */
  readonly names?: readonly string[];
  readonly version?: number;
  readonly cost?: Cost;
  /** What was looked at, where that was asked for. */
  readonly analysis?: QueryAnalysis;
}

type Ask = (session: Session, options: Search, uri: string, name: string | undefined) => Promise<Found>;

const queryDataset: Ask = async (session, options, uri, name) => {
  if (name === undefined) throw arrayNotSaid(uri);
  const { signal } = session;
  const dataset = await openAt(session, uri, options.at);
  const array = dataset.array(name);
  const vectors =
    options.row === undefined
      ? await readVectors(session, options.vector ?? '')
      : (await array.read({ rows: [options.row], signal })).data;
  const scope = dataset.meter.scope();
  const progress = session.progress(`scanning ${name}`, 'rows');
  const given = array.nearest(asMany(vectors), { metric: options.metric }).limit(options.k);
  const near = approximations.reduce((some, how) => {
    const effort = options[how];
    return effort === undefined ? some : some[how](effort);
  }, given);
  const nearest = options.where.reduce((some, filter) => some.where(filter), near);
  const precise = options.precision === undefined ? nearest : nearest.precision(options.precision);
  const asked = precise.select(...options.select);
  const call = { signal, onProgress: (done: number, total: number) => progress.update(done, total) };
  const certificate = options.certify === undefined ? undefined : await asked.certify(call);
  const analyzed =
    certificate === undefined && options.analyze === true ? await asked.analyze(call) : undefined;
  const found = analyzed === undefined && certificate === undefined ? await asked.toArray(call) : [];
  const results = certificate === undefined ? (analyzed?.result ?? found) : hitsOf(certificate);
  progress.end();
  const cost = costOf(scope.stop());
  if (certificate !== undefined && options.certify !== undefined)
    await writeCertificate(options.certify, certificate);
  const names = await columnsOf(array, options.select, signal);
  const version = await dataset.version({ signal });
  return { results, names, version, cost, ...(analyzed && { analysis: analyzed.analysis }) };
};

const queryFile: Ask = async (session, options, uri, name) => {
  if (name !== undefined) throw invalid(`a file has no array '${name}'`, 'Leave the name away.');
  const datasetsOnly = [
    options.at !== undefined && 'versions',
    options.analyze === true && 'analysis',
    options.certify !== undefined && 'certificates',
    options.precision !== undefined && 'levels of precision',
    isApproximate(options) && 'indexes',
    options.where.length + options.select.length > 0 && 'attributes',
  ].find((what) => what !== false);
  if (datasetsOnly !== undefined)
    throw invalid(`a file has no ${datasetsOnly}`, 'Import it into a dataset first: `nacre import`.');
  const { signal } = session;
  const file = await openSource(session, uri);
  const { row } = options;
  if (row !== undefined && !(Number.isSafeInteger(row) && row >= -file.rows && row < file.rows))
    throw invalid(`row ${row} is not in ${uri}, which has ${file.rows} rows`, 'Rows count from 0.');
  const first = row === undefined ? 0 : row < 0 ? row + file.rows : row;
  const vectors =
    row === undefined
      ? await readVectors(session, options.vector ?? '')
      : await file.readRows(first, first + 1, { signal });
  const progress = session.progress(`scanning ${uri}`, 'rows');
  const results = await search(asMany(vectors), file, {
    metric: options.metric,
    k: options.k,
    signal,
    onProgress: (done, total) => progress.update(done, total),
  });
  progress.end();
  return { results };
};

function hitsOf({ claims }: Certificate): Hit[][] {
  return claims.results.map(({ answer: { rows, ids, scores } }) =>
    rows.map((row, i) => ({ row, id: ids[i] ?? -1, score: Number(scores[i]) })),
  );
}

function isFile(uri: string): boolean {
  return /\.npy$/i.test(uri);
}

/** A row id is text, since later releases give ids of other kinds; a row of a file has none. */
function hitJson(hit: Hit | SearchHit) {
  const { row, score } = hit;
  const id = 'id' in hit ? { id: String(hit.id) } : {};
  const attributes = attributesJson('attributes' in hit ? hit.attributes : undefined);
  return { row, ...id, score, ...(isEstimated(hit) ? { estimated: true } : {}), attributes };
}

function isEstimated(hit: Hit | SearchHit): boolean {
  return 'estimated' in hit && hit.estimated === true;
}

function hitsText(
  hits: readonly (Hit | SearchHit)[],
  names: readonly string[],
  at: number | undefined,
): string {
  const title = at === undefined ? '' : `query ${at}\n`;
  const ofFile = hits.some((hit) => !('id' in hit));
  const rows = hits.map((hit) => [
    String(hit.row),
    ...('id' in hit ? [String(hit.id)] : []),
    `${isEstimated(hit) ? '~' : ''}${hit.score}`,
    ...names.map((name) => valueText('attributes' in hit ? hit.attributes?.[name] : undefined)),
  ]);
  return `${title}${table(['ROW', ...(ofFile ? [] : ['ID']), 'SCORE', ...names.map(printable)], rows)}`;
}

/** Always a list of vectors, so that the answer is a list of lists. */
function asMany(vectors: QueryVectors): QueryVectors {
  if ('shape' in vectors) return vectors;
  const data = ArrayBuffer.isView(vectors) ? vectors : Float64Array.from(vectors);
  return { data, shape: [1, data.length] };
}

async function readVectors(session: Session, text: string): Promise<QueryVectors> {
  if (text.trimStart().startsWith('[')) return parseVectors(text);
  const file = await openSource(session, text);
  return file.readRows(0, file.rows, { signal: session.signal });
}

function parseVectors(text: string): QueryVectors {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new NacreError('InvalidArgument', 'the vector is not valid JSON', {
      cause,
      hint: "Write numbers in brackets, such as '[0.1, 0.2]'.",
    });
  }
  const rows = Array.isArray(value) && Array.isArray(value[0]) ? (value as unknown[]) : [value];
  const numbers = rows.map((row) => {
    if (Array.isArray(row) && row.length > 0 && row.every((number) => typeof number === 'number'))
      return row as number[];
    throw invalid('the vector is no list of numbers', "Write '[0.1, 0.2]', or '[[…], […]]' for many.");
  });
  const width = numbers[0]?.length ?? 0;
  if (numbers.some((row) => row.length !== width))
    throw invalid('the vectors differ in length', 'Give vectors of one length.');
  return { data: Float64Array.from(numbers.flat()), shape: [numbers.length, width] };
}
