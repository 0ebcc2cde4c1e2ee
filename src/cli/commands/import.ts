import { arrayFileFormatOf, isNacreError, NacreError } from '../../index.js';
import type { ArrayFileFormat, ArrayInfo, Attribute, CreateOptions, Dataset } from '../../index.js';
import type { RowType, TransactionHandle } from '../../index.js';
import { type FileOptions, fileOptions, filesHelp } from '../array-files.js';
import {
  attributeList,
  attributesHelp,
  attributesOptions,
  type AttributesOptions,
  besideHelp,
} from '../attribute-files.js';
import { find, rehearse } from '../datasets.js';
import { importAll, importedBefore } from '../import-arrays.js';
import { importLinks } from '../import-links.js';
import { attributesAfter, checkInputs, type Input, look, noteCreated, withFile } from '../inputs.js';
import { bytesText, countText, plural } from '../output.js';
import { changing, define } from '../program.js';
import { rowBytes } from '../row-bytes.js';
import type { Session } from '../session.js';
import { typeText, writingOptions, type WritingOptions } from '../sources.js';
import { invalid } from '../values.js';

interface Options extends WritingOptions, AttributesOptions, FileOptions {
  /** False with --no-create. */
  readonly create: boolean;
  readonly once?: boolean;
  readonly key?: string;
  readonly link?: boolean;
  readonly verify?: boolean;
}

/** Of a row that is made to see whether all fits. */
const rehearsedBytes = 64 * 2 ** 10;

interface Imported {
  readonly file: string;
  readonly format: ArrayFileFormat;
  /** What the file calls the array. */
  readonly from?: string;
  /** What its numbers are in the file, where they are read as others. */
  readonly stored?: string;
  readonly attributes?: string;
  readonly array: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly skipped: boolean;
}

export const importCommand = define<Options>({
  usage: 'import <uri> <array> <file...>',
  summary: 'bring files into arrays, in one version',
  details: `Makes the dataset and the array when they are missing, and says so; adds to the array when
it is there. Every file is looked at before anything is written. ${filesHelp}

ARRAY - takes all arrays of the files by their names, columns included; the array of a file that has none for
it takes the name of the file (train.npy becomes train). For a named ARRAY each file has one array, or --from
names the one to take.

${besideHelp} Each array of the file gets all of them.

--attributes names a file with the attributes of the rows; of several files once for each, in their order.
${attributesHelp}

--key names an attribute that becomes the key of an array that is made: every row has a value of it, and no
two rows the same. \`nacre attributes --key\` sets one of an array that is there.

--once skips a file whose content, that of its attributes included, was imported into the array with --once
before, by its SHA-256; of several arrays of a file each by itself. Each array of a file is then a version of
its own, so that an import cut short goes on where it stopped. A repeat is found in the log (one request a
version); of two that run at once one finds the other for 7 days. Every file is read twice.

--link copies nothing: FILE is a .npy object below the dataset's prefix, named from there on (train/a.npy), by
its address, or by a pattern in quotes ('train/*.npy'). It is read once, for its checksums, and becomes rows
where it is: C order, little endian, a name of a-z 0-9 . _ - and /. It stays yours: Nacre never deletes it,
and what you change of it later is damage. With --once what the array has already is passed over.`,
  examples: [
    'nacre import ./faces images train-*.npy',
    'nacre import s3://bucket/faces - images.npy labels.npy',
    'nacre import s3://bucket/faces images s3://other/day-1.npy --once',
    'nacre import ./model - weights.safetensors',
    'nacre import ./faces images batch.npz --from images',
    'nacre import ./library books embeddings.parquet --key id',
    'nacre import ./sensors - readings.csv --dtype float32',
    "nacre import ./faces images images.bin --format raw --dtype '>u2' --row-shape 28,28 --offset 16",
    'nacre import ./faces images train.npy --attributes train.jsonl',
    'nacre import ./faces images train.npy --attributes train.csv --attribute-type at=timestamp',
    'nacre import ./faces people rows.npy --attributes people.jsonl --key id',
    'python embed.py | nacre import ./faces embeddings -',
    "nacre import s3://bucket/faces images 'train/*.npy' --link",
  ],
  options: (command) =>
    changing(
      attributesOptions(writingOptions(fileOptions(command)))
        .option('--no-create', 'fail when the dataset or the array is missing')
        .option('--once', 'skip files whose content is there already')
        .option('--link', 'take .npy objects below the prefix where they lie, without a copy')
        .option('--verify', 'with --link: read each object twice, and compare')
        .option('--key <name>', 'an attribute that is the key of arrays that are made'),
    ),
  async work(session, options, uri: string, name: string, files: string[]) {
    const existing = await findDataset(session, uri);
    if (existing === undefined && !options.create)
      throw new NacreError('NotFound', `there is no dataset at ${uri}`, {
        context: { uri },
        hint: 'Check the address, or leave out --no-create.',
      });
    if (options.verify === true && options.link !== true)
      throw invalid('--verify goes with --link', 'Leave it out: what is copied is compared on its way.');
    if (options.link === true) return importLinks(session, options, { uri, name, files, existing });
    const arrays = existing === undefined ? {} : (await existing.info({ signal: session.signal })).arrays;
    const inputs = await look(session, options, { name, files, arrays });
    const missing = checkInputs(inputs, arrays, options.create);
    const after = attributesAfter(inputs);
    checkKey(options.key, inputs, missing, arrays, after);
    const make = new Map([...missing].map(([array, { type }]) => [array, createOf(type, options)]));
    await rehearse(make, after, (tx) => firstRows(tx, make)).catch((error: unknown) => {
      throw withFile(error, inputs);
    });
    const created = { dataset: existing === undefined, arrays: [...missing.keys()] };
    if (options.dryRun === true) {
      const skips = await importedBefore(existing, inputs, session.signal);
      return answer({ uri, inputs, skips, created, version: null, dryRun: true });
    }
    const dataset = existing ?? (await session.open(uri, { create: true }));
    if (created.dataset) session.note(`created dataset ${dataset.uri}`);
    const skips = await importAll(session, options, dataset, inputs, make);
    noteCreated(session, missing, madeText);
    for (const [array, made] of newAttributesOf(inputs, skips))
      session.note(`created attributes of '${array}': ${attributeList(made)}`);
    const version = await dataset.version({ signal: session.signal });
    return answer({ uri: dataset.uri, inputs, skips, created, version, dryRun: false });
  },
});

/** The dataset, or undefined. What ends as files of arrays do was meant as one, unless a dataset is there. */
async function findDataset(session: Session, uri: string): Promise<Dataset | undefined> {
  const isFile = (await arrayFileFormatOf(uri)) !== undefined;
  const refuse = (): never => {
    throw invalid(
      `${uri} is a file, and no dataset`,
      'The dataset comes first: nacre import URI ARRAY FILE.',
    );
  };
  const existing = await find(session, uri).catch((error: unknown) => {
    if (isFile && isNacreError(error, 'InvalidArgument')) refuse();
    throw error;
  });
  return existing === undefined && isFile ? refuse() : existing;
}

/** What the array holds, and what its numbers were in the file. */
function madeText({ type, stored }: Input): string {
  return `${typeText(type)}${stored === undefined ? '' : `, ${stored} in the file`}`;
}

/** A dataset has room for some thousands of arrays with rows: more are refused before their rows are sent. */
async function firstRows(tx: TransactionHandle, make: ReadonlyMap<string, CreateOptions>): Promise<void> {
  for (const [array, { dtype, rowShape = [], scalar = false, key }] of make) {
    const type: RowType = { dtype, rowShape, scalar };
    // Rows with a key come with values; large ones would take memory.
    if (key !== undefined || scalar || rowBytes(type) > rehearsedBytes) continue;
    const bytes = new Uint8Array(rowBytes(type));
    const read = (): Promise<Uint8Array> => Promise.resolve(bytes);
    await tx.appendFrom(array, { type, rows: 1, name: array, read, close: () => Promise.resolve() });
  }
}

function createOf({ dtype, rowShape, scalar }: RowType, { key }: Options): CreateOptions {
  return { dtype, rowShape, scalar, ...(key === undefined ? {} : { key }) };
}

/** Refuses a key that no file brings, or that an array that is there does not have. */
function checkKey(
  key: string | undefined,
  inputs: readonly Input[],
  missing: ReadonlyMap<string, Input>,
  arrays: Readonly<Record<string, ArrayInfo>>,
  after: ReadonlyMap<string, readonly Attribute[]>,
): void {
  if (key === undefined) return;
  for (const { array } of inputs) {
    const there = missing.has(array) ? undefined : arrays[array];
    if (there !== undefined && there.key !== key)
      throw invalid(
        `the key of '${array}' is ${there.key === null ? 'not set' : `'${there.key}'`}`,
        `Leave --key away, or set it first: \`nacre attributes … ${array} --key ${key}\`.`,
      );
    if (there === undefined && after.get(array)?.some(({ name }) => name === key) !== true)
      throw invalid(
        `no file of attributes for '${array}' has '${key}', the key`,
        'Give --attributes FILE with it.',
      );
  }
}

/** Attributes that the files bring along, by array. */
function newAttributesOf(
  inputs: readonly Input[],
  skips: ReadonlySet<Input>,
): ReadonlyMap<string, readonly Attribute[]> {
  const made = new Map<string, readonly Attribute[]>();
  for (const input of inputs) {
    const { array, attributes } = input;
    if (skips.has(input) || attributes === undefined || attributes.made.length === 0) continue;
    made.set(array, [...(made.get(array) ?? []), ...attributes.made]);
  }
  return made;
}

/** `2 files: npz, torch`. */
function filesText(inputs: readonly Input[]): string {
  const files = new Set(inputs.map(({ opened }) => opened)).size;
  return `${plural(files, 'file')}: ${[...new Set(inputs.map(({ format }) => format))].join(', ')}`;
}

function answer(report: {
  readonly uri: string;
  readonly inputs: readonly Input[];
  readonly skips: ReadonlySet<Input>;
  readonly created: { readonly dataset: boolean; readonly arrays: readonly string[] };
  readonly version: number | null;
  readonly dryRun: boolean;
}) {
  const { uri, inputs, skips, created, version, dryRun } = report;
  const files = inputs.map((input): Imported => {
    const { file, format, from, stored, array, rows, sizeBytes, attributes } = input;
    return {
      ...{ file, format },
      ...(from === undefined ? {} : { from }),
      ...(stored === undefined ? {} : { stored }),
      ...(attributes === undefined ? {} : { attributes: attributes.file }),
      ...{ array, rows, sizeBytes, skipped: skips.has(input) },
    };
  });
  const taken = files.filter(({ skipped }) => !skipped);
  const rows = taken.reduce((sum, file) => sum + file.rows, 0);
  const bytes = taken.reduce((sum, file) => sum + file.sizeBytes, 0);
  const arrays = [...new Set(taken.map(({ array }) => `'${array}'`))];
  const into = arrays.length > 3 ? `${arrays.length} arrays` : arrays.join(', ');
  const would = dryRun ? 'would import' : 'imported';
  const sources = filesText(inputs.filter((input) => !skips.has(input)));
  const lines = [
    taken.length === 0
      ? `${dryRun ? 'would import' : 'imported'} nothing: every file is there already`
      : `${would} ${plural(rows, 'row')} (${bytesText(bytes)}, ${sources}) into ${into}`,
  ];
  if (version !== null) lines[0] += ` (version ${version})`;
  if (dryRun && created.dataset) lines.push(`would create dataset ${uri}`);
  if (dryRun) for (const array of created.arrays) lines.push(`would create array '${array}'`);
  const made = [...newAttributesOf(inputs, skips)];
  if (dryRun) {
    for (const [array, some] of made)
      lines.push(`would create attributes of '${array}': ${attributeList(some)}`);
  }
  const skipped = files.length - taken.length;
  if (skipped > 0 && taken.length > 0) lines.push(`skipped ${countText(skipped)} that are there already`);
  const attributes = made.flatMap(([array, some]) => some.map((one) => ({ array, ...one })));
  const json = { uri, version, ...(dryRun ? { dryRun } : {}), created: { ...created, attributes }, files };
  return { json, text: lines.join('\n') };
}
