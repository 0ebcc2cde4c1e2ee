import { shellWord } from '../output.js';
import { changing, define } from '../program.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { invalid } from '../values.js';

interface Options extends WritingOptions {
  readonly type?: string;
  readonly update?: boolean;
  readonly bits?: boolean;
}

export const buildIndex = define<Options>({
  usage: 'index <uri> <array>',
  summary: 'build an index of the rows of an array',
  details: `An exact index holds codes of the rows: a search reads them in place of the rows, about a
quarter of the bytes of float32, and scores the few rows that their bounds leave. Answers stay exact. Rows
that come or change later are scanned as they are; --update codes those that no index covers yet. --bits adds
one bit a coordinate, for \`nacre query --precision bit\`; --update keeps them up.`,
  examples: [
    'nacre index ./faces embeddings --type exact',
    'nacre index ./faces embeddings --update',
    'nacre index ./faces embeddings --type exact --bits',
  ],
  options: (command) =>
    changing(
      command
        .option('--type <type>', "the type of the index; 'exact' is the only one yet")
        .option('--update', 'only rows that the index does not cover yet')
        .option('--bits', 'with one bit a coordinate, for estimates of that precision')
        .option('-m, --message <text>', 'shown by `nacre log`'),
    ),
  async work(session, options, uri: string, name: string) {
    const { signal } = session;
    const { type = options.update === true ? 'exact' : undefined, update = false, bits } = options;
    if (type !== 'exact')
      throw invalid(
        type === undefined ? 'the type is not said' : `'${type}' is no type of index`,
        'Use --type exact.',
      );
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
    const how = { type, update, signal, onProgress, ...(bits === undefined ? {} : { bits }) } as const;
    const { version } = await dataset.write((tx) => tx.index(name, how), {
      message: `${update ? 'update' : 'build'} ${what}`,
      ...writeOptions(session, options),
    });
    progress.end();
    const json = { ...answer, version };
    if (version === before) return { json, text: `${shellWord(name)} has no rows that are to be coded` };
    return { json, text: `${update ? 'updated' : 'built'} ${what} (version ${version})` };
  },
});
