import { type IndexInfo, type IndexOptions, type Metric, NacreError } from '../../index.js';
import { buildAttributeIndexes, dropAttributeIndexes } from '../attribute-indexes.js';
import { plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import type { Session } from '../session.js';
import { writeOptions, type WritingOptions } from '../sources.js';
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
}

export const buildIndex = define<Options>({
  usage: 'index <uri> <array>',
  summary: 'build an index of the rows of an array, or of attributes, or drop it',
  details: `An exact index holds codes of the rows: a search reads them in place of the rows, about a
quarter of the bytes of float32, and scores the few rows that their bounds leave. Answers stay exact. Rows
that come or change later are scanned as they are; --update codes those that no index covers yet. --bits adds
one bit a coordinate, for \`nacre query --precision bit\`; --update keeps them up. --drop takes the index
away: searches read the rows again.

An ivf index holds the codes in lists of rows that are near each other: \`nacre query --recall 0.95\` looks
into the few lists that were measured to hold so much of the nearest rows. It is for one metric. --update puts
rows that came later into lists; until then they are searched beside them.

With --attribute it is an index of that: which rows have which value. A filter on it reads some KiB in
the place of the column. It is for attributes of up to 256 values in a million rows, texts of up to 32
characters; where there are more, the column is read, and the command tells of which rows. Rows that come
later are filtered by their columns until --update indexes them; rows that change need nothing.`,
  examples: [
    'nacre index ./faces embeddings --type exact',
    'nacre index ./faces embeddings --update',
    'nacre index ./faces embeddings --type ivf --metric cosine',
    'nacre index ./faces embeddings --type exact --bits',
    'nacre index ./faces embeddings --type exact --drop',
    'nacre index ./faces embeddings --attribute lang --attribute year',
    'nacre index ./faces embeddings --attribute lang --update',
  ],
  options: (command) =>
    destructive(
      command
        .option('--type <type>', 'exact or ivf')
        .option('--metric <metric>', 'of an ivf index: l2, cosine or dot (default: l2)')
        .option(
          '--nlist <N>',
          'of an ivf index: about so many lists (default: twice the root of the rows)',
          parseCount,
        )
        .option('--attribute <name>', 'an index of an attribute; may be given again', addOne)
        .option('--update', 'only rows that the index does not cover yet')
        .option('--bits', 'with one bit a coordinate, for estimates of that precision')
        .option('--drop', 'take the index away')
        .option('-m, --message <text>', 'shown by `nacre log`'),
    ),
  async work(session, options, uri: string, name: string) {
    const { attribute } = options;
    if (attribute !== undefined) return ofAttributes(session, options, uri, name, attribute);
    const type = options.type ?? (options.update === true ? await typeThere(session, uri, name) : undefined);
    if (type !== 'exact' && type !== 'ivf')
      throw invalid(
        type === undefined ? 'the type is not said' : `'${type}' is no type of index`,
        'Use --type exact, --type ivf, or --attribute NAME.',
      );
    if (type === 'ivf' && options.bits === true)
      throw invalid('an ivf index has no bits', 'Leave out --bits.');
    const ofLists = (['metric', 'nlist'] as const).find((option) => options[option] !== undefined);
    if (ofLists !== undefined && (type !== 'ivf' || options.update === true || options.drop === true))
      throw invalid(`--${ofLists} is of an ivf index that is built`, `Leave out --${ofLists}.`);
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
    throw invalid(`'${name}' has two indexes`, 'Say which: --type exact or --type ivf.');
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

async function build(session: Session, options: Options, uri: string, name: string, type: 'exact' | 'ivf') {
  const { signal } = session;
  const { update = false, bits, metric, nlist } = options;
  const dataset = await session.open(uri);
  const [rows = 1] = await dataset.array(name).shape({ signal });
  const answer = { uri: dataset.uri, array: name, type, update, rows };
  const what = update ? `the ${type} index of '${name}'` : `an ${type} index of '${name}'`;
  if (options.dryRun === true) {
    const verb = update ? 'update' : 'build';
    return { json: { ...answer, dryRun: true, version: null }, text: `would ${verb} ${what}` };
  }
  const before = await dataset.version({ signal });
  const progress = session.progress(`coding ${name}`, 'rows');
  const onProgress = (done: number, total: number): void => progress.update(done, total);
  const call = { update, signal, onProgress };
  const ofLists = { ...(metric && { metric }), ...(nlist === undefined ? {} : { nlist }) };
  const how: IndexOptions =
    type === 'ivf'
      ? { ...call, ...ofLists, type }
      : { ...call, type, ...(bits === undefined ? {} : { bits }) };
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
  const text = index === undefined ? said : [said, ...listsText(index)].join('\n');
  return { json: { ...answer, ...(index && { index }), version }, text };
}

/** How many lists there are, and how many of them a query takes. */
function listsText({ metric, lists, probes }: IndexInfo): string[] {
  if (lists === undefined || probes === undefined) return [];
  const taken = Object.entries(probes).map(([recall, count]) => `${count} for a recall of ${recall}`);
  return [`${plural(lists, 'list')} by ${metric}; of 10 rows a query takes ${taken.join(', ')}`];
}

async function drop(session: Session, options: Options, uri: string, name: string, type: 'exact' | 'ivf') {
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
