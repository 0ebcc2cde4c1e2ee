import { type BuildPhase, type IndexInfo, type IndexOptions, type Metric, NacreError } from '../../index.js';
import { buildAttributeIndexes, dropAttributeIndexes } from '../attribute-indexes.js';
import { countText, plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import type { Progress } from '../progress.js';
import type { Session } from '../session.js';
import { memoryOption, writeOptions, type WritingOptions } from '../sources.js';
import { invalid, parseCount } from '../values.js';

interface Options extends WritingOptions {
  readonly type?: string;
  readonly update?: boolean;
  readonly drop?: boolean;
  readonly bits?: boolean;
  readonly attribute?: readonly string[];
  /** Checked by the build. */
  readonly metric?: Metric;
  readonly nlist?: number;
  readonly m?: number;
  readonly efConstruction?: number;
}

type IndexType = IndexOptions['type'];

/** Options of some types of index alone. */
const ofTypes: readonly (readonly [keyof Options, string, readonly IndexType[]])[] = [
  ['metric', '--metric', ['ivf', 'hnsw']],
  ['nlist', '--nlist', ['ivf']],
  ['m', '--m', ['hnsw']],
  ['efConstruction', '--ef-construction', ['hnsw']],
];

export const buildIndex = define<Options>({
  usage: 'index <uri> <array>',
  summary: 'build an index of the rows of an array, or of attributes, or drop it',
  details: `An exact index holds codes of the rows: a search reads them in place of the rows, about a
quarter of the bytes of float32, and scores the few rows that their bounds leave. Answers stay exact. Rows
that come later are coded with their append where they are 1,024 or more, else by --update; until then they
are scanned as they are, and so are rows that are replaced. --bits adds one bit a coordinate, for
\`nacre query --precision bit\`; --update keeps them up. --drop takes the index away: searches read the rows
again.

An ivf index holds the codes in lists of rows that are near each other: \`nacre query --recall 0.95\` looks
into the few lists that were measured to hold so much of the nearest rows. It is for one metric. Rows that
come later are put into lists with their append where they are 1,024 or more, else by --update; until then
they are searched beside them.

An hnsw index links rows to others near them: a query walks along the links. It is the fastest way for a
folder, and for a bucket with a page cache, which gets all of it with the first query. --update links rows
that came later.

A build that was interrupted goes on where it was when the same command is given again on this machine, within
12 hours.

With --attribute it is an index of that: which rows have which value. A filter on it reads some KiB in
the place of the column. Of up to 256 values in a million rows, texts of up to 32 characters, it has the rows
of each; of more it has the values in their order, in blocks, for =, in, <, between and starts_with. Lists
with more items have none, nor have texts of more than 4,096 bytes: there the column is read, and the command
tells of which rows. Rows that come later are in it with their append where they are 4,096 or more, else they
are filtered by their columns until --update indexes them; rows that change need nothing.`,
  examples: [
    'nacre index ./faces embeddings --type exact',
    'nacre index ./faces embeddings --update',
    'nacre index ./faces embeddings --type ivf --metric cosine',
    'nacre index ./faces embeddings --type hnsw --m 24',
    'nacre index ./faces embeddings --type exact --bits',
    'nacre index ./faces embeddings --type exact --drop',
    'nacre index ./faces embeddings --attribute lang --attribute year',
    'nacre index ./faces embeddings --attribute lang --update',
  ],
  options: (command) =>
    destructive(
      command
        .option('--type <type>', 'exact, ivf or hnsw')
        .option('--metric <metric>', 'of an ivf or hnsw index: l2, cosine or dot (default: l2)')
        .option(
          '--nlist <N>',
          'of an ivf index: about so many lists (default: twice the root of the rows)',
          parseCount,
        )
        .option('--m <N>', 'of an hnsw index: links of a row (default: 16)', parseCount)
        .option(
          '--ef-construction <N>',
          'of an hnsw index: rows kept by the walks that look for links (default: 200)',
          parseCount,
        )
        .option('--attribute <name>', 'an index of an attribute; may be given again', addOne)
        .option('--update', 'only rows that the index does not cover yet')
        .option('--bits', 'with one bit a coordinate, for estimates of that precision')
        .option('--drop', 'take the index away')
        .option('-m, --message <text>', 'shown by `nacre log`')
        .option(...memoryOption),
    ),
  async work(session, options, uri: string, name: string) {
    const { attribute } = options;
    if (attribute !== undefined) return ofAttributes(session, options, uri, name, attribute);
    const type = options.type ?? (options.update === true ? await typeThere(session, uri, name) : undefined);
    if (type !== 'exact' && type !== 'ivf' && type !== 'hnsw')
      throw invalid(
        type === undefined ? 'the type is not said' : `'${type}' is no type of index`,
        'Use --type exact, --type ivf, --type hnsw, or --attribute NAME.',
      );
    if (type !== 'exact' && options.bits === true)
      throw invalid(`an ${type} index has no bits`, 'Leave out --bits.');
    const isBuilt = options.update !== true && options.drop !== true;
    for (const [option, flag, types] of ofTypes) {
      if (options[option] === undefined || (isBuilt && types.includes(type))) continue;
      throw invalid(`${flag} is of an ${types.join(' or ')} index that is built`, `Leave out ${flag}.`);
    }
    if (options.drop !== true) return build(session, options, uri, name, type);
    if (options.update === true) throw invalid('an index cannot be updated and dropped', 'Leave one out.');
    if (options.bits === true) throw invalid('an index is dropped with its bits', 'Leave out --bits.');
    return drop(session, options, uri, name, type);
  },
});

/** Of the one index that the array has; without any the first to be built is an exact one. */
async function typeThere(session: Session, uri: string, name: string): Promise<string> {
  const dataset = await session.open(uri);
  const { arrays } = await dataset.info({ signal: session.signal });
  const [one, other] = arrays[name]?.indexes ?? [];
  if (other !== undefined)
    throw invalid(`'${name}' has several indexes`, 'Say which: --type exact, ivf or hnsw.');
  return one?.type ?? 'exact';
}

function addOne(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function ofAttributes(
  session: Session,
  options: Options,
  uri: string,
  name: string,
  attributes: readonly string[],
) {
  const { type, bits, drop, update } = options;
  if (type !== undefined || bits === true)
    throw invalid('an index of an attribute has no type and no bits', 'Leave out --type and --bits.');
  if (drop !== true) return buildAttributeIndexes(session, options, uri, name, attributes);
  if (update === true) throw invalid('an index cannot be updated and dropped', 'Leave one out.');
  return dropAttributeIndexes(session, options, uri, name, attributes);
}

async function build(session: Session, options: Options, uri: string, name: string, type: IndexType) {
  const { signal } = session;
  const { update = false } = options;
  const dataset = await session.open(uri);
  const [rows = 1] = await dataset.array(name).shape({ signal });
  const answer = { uri: dataset.uri, array: name, type, update, rows };
  const what = update ? `the ${type} index of '${name}'` : `an ${type} index of '${name}'`;
  if (options.dryRun === true) {
    const verb = update ? 'update' : 'build';
    return { json: { ...answer, dryRun: true, version: null }, text: `would ${verb} ${what}` };
  }
  const before = await dataset.version({ signal });
  const progress = phases(session, name);
  const call = { update, signal, onProgress: progress.update };
  const how = optionsOf(type, options, call);
  const { version } = await dataset.write((tx) => tx.index(name, how), {
    message: `${update ? 'update' : 'build'} ${what}`,
    ...writeOptions(session, options),
  });
  progress.end();
  if (version === before) {
    const text = `${shellWord(name)} has no rows that are to be coded`;
    return { json: { ...answer, version }, text };
  }
  const { arrays } = await dataset.info({ signal });
  const index = arrays[name]?.indexes.find((one) => one.type === type);
  const said = `${update ? 'updated' : 'built'} ${what} (version ${version})`;
  const text = index === undefined ? said : [said, ...effortText(index)].join('\n');
  return { json: { ...answer, ...(index && { index }), version }, text };
}

const doing: Readonly<Record<Exclude<BuildPhase, 'resume'>, string>> = {
  sample: 'reading a sample of',
  train: 'training on',
  code: 'coding',
  link: 'linking',
  calibrate: 'measuring recall of',
};

/** A line for each phase of a build in turn. */
function phases(session: Session, name: string) {
  let shown: { readonly phase: string; readonly line: Progress } | undefined;
  const end = (): void => shown?.line.end();
  const update = (done: number, total: number, phase: BuildPhase): void => {
    if (phase === 'resume') {
      end();
      const there = `${countText(done)} of ${plural(total, 'row')}`;
      session.note(`going on with a build that was interrupted: ${there} are in the index already`);
      return;
    }
    if (shown?.phase !== phase) {
      end();
      shown = { phase, line: session.progress(`${doing[phase]} ${name}`, 'rows') };
    }
    shown.line.update(done, total);
  };
  return { update, end };
}

/** What the options are to the build of an index. */
function optionsOf(
  type: IndexType,
  { bits, metric, nlist, m, efConstruction }: Options,
  call: {
    readonly update: boolean;
    readonly signal: AbortSignal;
    readonly onProgress: NonNullable<IndexOptions['onProgress']>;
  },
): IndexOptions {
  const given = <O extends object>(options: O): O =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as O;
  if (type === 'exact') return given({ ...call, type, bits }) as IndexOptions;
  if (type === 'ivf') return given({ ...call, type, metric, nlist }) as IndexOptions;
  return given({ ...call, type, metric, m, efConstruction }) as IndexOptions;
}

/** What a query looks at. */
function effortText({ metric, lists, probes, ef }: IndexInfo): string[] {
  const per = (efforts: Readonly<Record<string, number>>): string =>
    Object.entries(efforts)
      .map(([recall, count]) => `${count} for a recall of ${recall}`)
      .join(', ');
  if (lists !== undefined && probes !== undefined)
    return [`${plural(lists, 'list')} by ${metric}; of 10 rows a query takes ${per(probes)}`];
  return ef === undefined ? [] : [`graphs by ${metric}; for 10 rows a walk keeps ${per(ef)}`];
}

async function drop(session: Session, options: Options, uri: string, name: string, type: IndexType) {
  const { signal } = session;
  const dataset = await session.open(uri);
  // Names the array that is nearest where there is none.
  await dataset.array(name).shape({ signal });
  const { arrays } = await dataset.info({ signal });
  const index = arrays[name]?.indexes.find((one) => one.type === type);
  if (index === undefined)
    throw new NacreError('NotFound', `array '${name}' has no ${type} index`, { context: { array: name } });
  const { rows } = index;
  const what = `the ${type} index of '${name}'`;
  const answer = { uri: dataset.uri, array: name, type, drop: true, rows };
  if (options.dryRun === true) {
    const text = `would drop ${what}, of ${plural(rows, 'row')}`;
    return { json: { ...answer, dryRun: true, version: null }, text };
  }
  await session.confirm(`Drop ${what}, of ${plural(rows, 'row')}?`);
  const { version } = await dataset.write((tx) => tx.dropIndex(name, { type }), {
    message: `drop ${what}`,
    ...writeOptions(session, options),
  });
  const more = index.bits ? ' --bits' : '';
  const undo = `nacre index ${shellWord(uri)} ${shellWord(name)} --type ${type}${more}`;
  return { json: { ...answer, version, undo }, text: `dropped ${what} (version ${version})\nundo: ${undo}` };
}
