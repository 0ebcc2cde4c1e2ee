import { NacreError } from '../../index.js';
import type { ArrayInfo, Attribute, CreateOptions, Dataset, RowType } from '../../index.js';
import {
  attributeList,
  attributesHelp,
  attributesOptions,
  type AttributesOptions,
} from '../attribute-files.js';
import { find, rehearse } from '../datasets.js';
import { attributesAfter, checkInputs, type Input, look, openInputAttributes } from '../inputs.js';
import { bytesText, countText, plural } from '../output.js';
import { changing, define } from '../program.js';
import type { Session } from '../session.js';
import { SideBySide } from '../side-by-side.js';
import {
  openSource,
  typeText,
  withProgress,
  writeOptions,
  writingOptions,
  type WritingOptions,
} from '../sources.js';
import { invalid } from '../values.js';

interface Options extends WritingOptions, AttributesOptions {
  /** False with --no-create. */
  readonly create: boolean;
  readonly once?: boolean;
  readonly key?: string;
}

interface Imported {
  readonly file: string;
  readonly attributes?: string;
  readonly array: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly skipped: boolean;
}

export const importCommand = define<Options>({
  usage: 'import <uri> <array> <file...>',
  summary: 'bring .npy files into an array, in one version',
  details: `Makes the dataset and the array when they are missing, and says so; adds to the array when
it is there. Every file is looked at before anything is written. ARRAY - takes the names of the files,
one array each (train.npy becomes train). FILE is a path, an s3:// or gs:// URI, or - for standard
input, which is copied to TMPDIR first.

--attributes names a file with the attributes of the rows; of several files once for each, in their order.
${attributesHelp}

--key names an attribute that becomes the key of an array that is made: every row has a value of it, and no
two rows the same. \`nacre attributes --key\` sets one of an array that is there.

--once skips a file whose content, that of its attributes included, was imported into the array with --once
before, by its SHA-256. Each file is then a version of its own, so that an import cut short goes on where it
stopped. A repeat is found in the log (one request a version); of two that run at once one finds the other for
7 days. Every file is read twice.`,
  examples: [
    'nacre import ./faces images train-*.npy',
    'nacre import s3://bucket/faces - images.npy labels.npy',
    'nacre import s3://bucket/faces images s3://other/day-1.npy --once',
    'nacre import ./faces images train.npy --attributes train.jsonl',
    'nacre import ./faces images train.npy --attributes train.csv --attribute-type at=timestamp',
    'nacre import ./faces people rows.npy --attributes people.jsonl --key id',
    'python embed.py | nacre import ./faces embeddings -',
  ],
  options: (command) =>
    changing(
      attributesOptions(writingOptions(command))
        .option('--no-create', 'fail when the dataset or the array is missing')
        .option('--once', 'skip files whose content is there already')
        .option('--key <name>', 'an attribute that is the key of arrays that are made'),
    ),
  async work(session, options, uri: string, name: string, files: string[]) {
    if (/\.npy$/i.test(uri))
      throw invalid(
        `${uri} is a file, and no dataset`,
        'The dataset comes first: nacre import URI ARRAY FILE.',
      );
    const existing = await find(session, uri);
    if (existing === undefined && !options.create)
      throw new NacreError('NotFound', `there is no dataset at ${uri}`, {
        context: { uri },
        hint: 'Check the address, or leave out --no-create.',
      });
    const arrays = existing === undefined ? {} : (await existing.info({ signal: session.signal })).arrays;
    const inputs = await look(session, options, { name, files, arrays });
    const missing = checkInputs(inputs, arrays, options.create);
    const after = attributesAfter(inputs);
    checkKey(options.key, inputs, missing, arrays, after);
    const make = new Map([...missing].map(([array, { type }]) => [array, createOf(type, options)]));
    await rehearse(make, after);
    const created = { dataset: existing === undefined, arrays: [...missing.keys()] };
    if (options.dryRun === true) {
      const skips = await importedBefore(existing, inputs, session.signal);
      return answer({ uri, inputs, skips, created, version: null, dryRun: true });
    }
    const dataset = existing ?? (await session.open(uri, { create: true }));
    if (created.dataset) session.note(`created dataset ${dataset.uri}`);
    const skips = await importAll(session, options, dataset, inputs, make);
    for (const [array, { type }] of missing) session.note(`created array '${array}' (${typeText(type)})`);
    for (const [array, made] of newAttributesOf(inputs, skips))
      session.note(`created attributes of '${array}': ${attributeList(made)}`);
    const version = await dataset.version({ signal: session.signal });
    return answer({ uri: dataset.uri, inputs, skips, created, version, dryRun: false });
  },
});

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

/** Gives the files that were there already. */
async function importAll(
  session: Session,
  options: Options,
  dataset: Dataset,
  inputs: readonly Input[],
  make: ReadonlyMap<string, CreateOptions>,
): Promise<ReadonlySet<Input>> {
  const skips = new Set(await importedBefore(dataset, inputs, session.signal));
  const total = inputs.reduce((bytes, input) => bytes + input.sizeBytes, 0);
  const progress = session.progress('importing', 'bytes');
  let doneBytes = 0;
  const write = async (some: readonly Input[], operationId?: string): Promise<void> => {
    const names = some.map(({ file }) => (file === '-' ? 'standard input' : file));
    const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
    await dataset.write(
      async (tx) => {
        const running = new SideBySide();
        for (const input of some) {
          const create = make.get(input.array);
          if (create !== undefined && !tx.arrays.includes(input.array)) await tx.create(input.array, create);
          await running.room(input.sizeBytes);
          // Opened in turn: rows are in the order in which the calls of appendFrom begin.
          const source = input.open ?? (await openSource(session, input.file, dataset));
          let seen = 0;
          const counted = withProgress(source, (rows) => {
            const now = input.sizeBytes * (rows / Math.max(1, input.rows));
            doneBytes += now - seen;
            seen = now;
            progress.update(doneBytes, total);
          });
          const attributes = await openInputAttributes(session, options, input, dataset);
          const appended = tx.appendFrom(
            input.array,
            counted,
            attributes === undefined ? {} : { attributes },
          );
          running.add(
            appended.then(async () => {
              await source.close();
              await attributes?.close();
            }),
          );
        }
        await running.all();
      },
      {
        message: `import ${names.slice(0, 3).join(', ')}${more}`,
        ...writeOptions(session, options),
        ...(operationId === undefined ? {} : { operationId }),
      },
    );
  };
  const wanted = inputs.filter((input) => !skips.has(input));
  if (options.once !== true) await write(wanted);
  else for (const input of wanted) await write([input], input.operationId);
  progress.end();
  return skips;
}

/** Those of the files that some version holds already; none without --once. */
async function importedBefore(
  dataset: Dataset | undefined,
  inputs: readonly Input[],
  signal: AbortSignal,
): Promise<ReadonlySet<Input>> {
  const wanted = new Map<string, Input>();
  const found = new Set<Input>();
  for (const input of inputs) {
    if (input.operationId === undefined) continue;
    // One content named twice is imported once.
    if (wanted.has(input.operationId)) found.add(input);
    else wanted.set(input.operationId, input);
  }
  if (dataset === undefined || wanted.size === 0) return found;
  for await (const { operations } of dataset.log({ signal })) {
    for (const { id } of operations) {
      const input = wanted.get(id);
      if (input === undefined) continue;
      found.add(input);
      wanted.delete(id);
    }
    if (wanted.size === 0) break;
  }
  return found;
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
    const { file, array, rows, sizeBytes, attributes } = input;
    const of = attributes === undefined ? {} : { attributes: attributes.file };
    return { file, ...of, array, rows, sizeBytes, skipped: skips.has(input) };
  });
  const taken = files.filter(({ skipped }) => !skipped);
  const rows = taken.reduce((sum, file) => sum + file.rows, 0);
  const bytes = taken.reduce((sum, file) => sum + file.sizeBytes, 0);
  const arrays = [...new Set(taken.map(({ array }) => `'${array}'`))];
  const into = arrays.length > 3 ? `${arrays.length} arrays` : arrays.join(', ');
  const would = dryRun ? 'would import' : 'imported';
  const lines = [
    taken.length === 0
      ? `${dryRun ? 'would import' : 'imported'} nothing: every file is there already`
      : `${would} ${plural(rows, 'row')} (${bytesText(bytes)}, ${plural(taken.length, 'file')}) into ${into}`,
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
