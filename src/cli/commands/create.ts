import { Option } from 'commander';
import { type Attribute, type Dtype, NacreError } from '../../index.js';
import { find, rehearse } from '../datasets.js';
import { shapeText } from '../output.js';
import { changing, define } from '../program.js';
import { invalid, parseShape, parseTypedName } from '../values.js';

interface Options {
  readonly array?: string;
  readonly dtype?: string;
  readonly rowShape?: number[];
  readonly key?: Attribute;
}

export const create = define<Options>({
  usage: 'create <uri>',
  summary: 'make a dataset, and an array in it',
  details:
    'Without --array the dataset must not exist; with it, the dataset is made when it is missing and the\n' +
    'array must not exist. With --key every row has a value of that attribute, and no two the same.',
  examples: [
    'nacre create s3://bucket/faces',
    'nacre create ./faces --array embeddings --dtype float32 --row-shape 384',
    'nacre create ./faces --array images --dtype uint8 --row-shape 28,28',
    'nacre create ./faces --array people --dtype float32 --row-shape 384 --key id=string',
  ],
  options: (command) =>
    changing(
      command
        .option('--array <name>', 'name of an array to make')
        .option('--dtype <dtype>', 'bool, int8-64, uint8-64, float16-64, complex64 or complex128')
        .addOption(
          new Option(
            '--row-shape <shape>',
            'lengths of a row, such as 384 or 28,28; default: single elements',
          ) //
            .argParser(parseShape),
        )
        .option(
          '--key <name=type>',
          'an attribute that is the key: int, string or timestamp',
          parseTypedName,
        ),
    ),
  async work(session, { array, dtype, rowShape, key, dryRun }, uri: string) {
    if (array === undefined && (dtype ?? rowShape ?? key) !== undefined)
      throw invalid('--dtype, --row-shape and --key are of an array', 'Name it with --array.');
    if (array !== undefined && dtype === undefined)
      throw invalid(
        `the dtype of array '${array}' is not said`,
        'Give --dtype, for example --dtype float32.',
      );
    const { signal } = session;
    const type = { dtype: dtype as Dtype, rowShape: rowShape ?? [], ...(key && { key }) };
    if (array !== undefined) await rehearse(new Map([[array, type]]));
    const existing = await find(session, uri);
    if (existing !== undefined && array === undefined) {
      throw new NacreError('AlreadyExists', `there is a dataset at ${existing.uri} already`, {
        context: { uri: existing.uri },
        hint: 'Add an array with --array and --dtype, or import into it with `nacre import`.',
      });
    }
    if (existing !== undefined && array !== undefined && dryRun === true) {
      const { arrays } = await existing.info({ signal });
      if (Object.hasOwn(arrays, array))
        throw new NacreError('AlreadyExists', `array '${array}' exists already`, { context: { array } });
    }
    const made = [
      ...(existing === undefined ? [`dataset ${uri}`] : []),
      ...(array === undefined ? [] : [`array '${array}' (${dtype} rows of ${shapeText(rowShape ?? [])})`]),
    ].join(' and ');
    const created = { dataset: existing === undefined, array: array ?? null };
    if (dryRun === true)
      return { json: { uri, dryRun: true, version: null, created }, text: `would create ${made}` };
    const dataset = existing ?? (await session.open(uri, { create: true }));
    if (array !== undefined) {
      await dataset.write((tx) => tx.create(array, type), {
        signal,
        message: `create ${array}`,
      });
    }
    const version = await dataset.version({ signal });
    return {
      json: { uri: dataset.uri, version, created },
      text: `created ${made} (version ${version})`,
    };
  },
});
