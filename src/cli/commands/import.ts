import path from 'node:path';
import {
  type ArrayInfo,
  type Attribute,
  type AttributeFile,
  type Dataset,
  NacreError,
  type NpyFile,
  openAttributeFile,
  type RowType,
} from '../../index.js';
import { find, rehearse } from '../datasets.js';
import { bytesText, countText, plural } from '../output.js';
import { changing, define } from '../program.js';
import type { Session } from '../session.js';
import { checkType, openSource, sameType, typeText, withProgress } from '../sources.js';
import { writeOptions, writingOptions, type WritingOptions } from '../sources.js';
import { invalid } from '../values.js';

interface Options extends WritingOptions {
  /** False with --no-create. */
  readonly create: boolean;
  readonly once?: boolean;
  readonly attributes?: string;
}

/** A file that was looked at: its header is good and fits. */
interface Input {
  readonly file: string;
  readonly array: string;
  readonly type: RowType;
  readonly rows: number;
  readonly sizeBytes: number;
  /** With --once. */
  readonly operationId?: string;
  /** With --attributes: where they are, and their rows were counted. */
  readonly attributes?: string;
  /** Of a pipe, which gives its bytes only once; a plain file is opened again when its turn comes. */
  readonly open?: NpyFile;
}

/** Small files go up side by side, so that a thousand do not wait for each other; large ones alone. */
class SideBySide {
  readonly #running = new Set<Promise<void>>();

  /** Resolves when a file of this size may begin. */
  async room(sizeBytes: number): Promise<void> {
    if (sizeBytes > smallBytes) await this.all();
    while (this.#running.size >= sideBySide) await Promise.race(this.#running);
  }

  add(work: Promise<void>): void {
    const one = work.finally(() => this.#running.delete(one));
    this.#running.add(one);
    // Its failure is thrown by all(); until then it must not count as unhandled.
    one.catch(() => undefined);
  }

  async all(): Promise<void> {
    await Promise.all(this.#running);
  }
}

interface Imported {
  readonly file: string;
  readonly array: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly skipped: boolean;
}

/** Files up to this size go up side by side, as many as fit into one piece. */
const smallBytes = 4 * 2 ** 20;
const sideBySide = 16;

export const importCommand = define<Options>({
  usage: 'import <uri> <array> <file...>',
  summary: 'bring .npy files into an array, in one version',
  details: `Makes the dataset and the array when they are missing, and says so; adds to the array when
it is there. Every file is looked at before anything is written. ARRAY - takes the names of the files,
one array each (train.npy becomes train). FILE is a path, an s3:// or gs:// URI, or - for standard
input, which is copied to TMPDIR first.

--attributes takes the attributes of the rows from a file of JSON lines, CSV, Arrow or Parquet, which has as
many rows; it comes with one .npy file.

--once skips a file whose content was imported into the array with --once before, by its SHA-256. Each
file is then a version of its own, so that an import cut short goes on where it stopped. A repeat is
found in the log (one request a version); of two that run at once one finds the other for 7 days. Every
file is read twice.`,
  examples: [
    'nacre import ./faces images train-*.npy',
    'nacre import s3://bucket/faces - images.npy labels.npy',
    'nacre import s3://bucket/faces images s3://other/day-1.npy --once',
    'nacre import ./faces images train.npy --attributes train.jsonl',
    'python embed.py | nacre import ./faces embeddings -',
  ],
  options: (command) =>
    changing(
      writingOptions(command)
        .option('--no-create', 'fail when the dataset or the array is missing')
        .option('--once', 'skip files whose content is there already')
        .option('--attributes <file>', 'attributes of the rows: .jsonl, .csv, .arrow or .parquet'),
    ),
  async work(session, options, uri: string, name: string, files: string[]) {
    const existing = await find(session, uri);
    if (existing === undefined && !options.create)
      throw new NacreError('NotFound', `there is no dataset at ${uri}`, {
        context: { uri },
        hint: 'Check the address, or leave out --no-create.',
      });
    const arrays = existing === undefined ? {} : (await existing.info({ signal: session.signal })).arrays;
    const inputs = await look(session, options, name, files);
    const missing = checkInputs(inputs, arrays, options.create);
    await rehearse(new Map([...missing].map(([array, { type }]) => [array, type])));
    const created = { dataset: existing === undefined, arrays: [...missing.keys()] };
    if (options.dryRun === true) {
      const skips = await importedBefore(existing, inputs, session.signal);
      return answer({ uri, inputs, skips, created, version: null, dryRun: true });
    }
    const dataset = existing ?? (await session.open(uri, { create: true }));
    if (created.dataset) session.note(`created dataset ${dataset.uri}`);
    const skips = await importAll(session, options, dataset, inputs, arrays);
    for (const [array, { type }] of missing) session.note(`created array '${array}' (${typeText(type)})`);
    const version = await dataset.version({ signal: session.signal });
    return answer({ uri: dataset.uri, inputs, skips, created, version, dryRun: false });
  },
});

/** Opens every file once, so that a bad one is found before anything is written. */
async function look(
  session: Session,
  options: Options,
  name: string,
  files: readonly string[],
): Promise<Input[]> {
  if (files.filter((file) => file === '-').length > 1)
    throw invalid('standard input is named twice', 'It can be read once.');
  const { attributes } = options;
  if (attributes !== undefined && files.length !== 1)
    throw invalid(`--attributes is of one file, not of ${files.length}`, 'Import the files one by one.');
  const inputs: Input[] = [];
  for (const file of files) {
    const array = name === '-' ? arrayNameOf(file) : name;
    const source = await openSource(session, file);
    const { type, rows, sizeBytes } = source;
    const hashes = options.once === true ? [await source.hash({ signal: session.signal })] : [];
    if (attributes !== undefined) {
      const of = await openAttributes(session, attributes, [], rows, file);
      if (options.once === true) hashes.push(await of.hash({ signal: session.signal }));
      await of.close();
    }
    inputs.push({
      file,
      array,
      type,
      rows,
      sizeBytes,
      ...(hashes.length === 0 ? {} : { operationId: await operationIdOf(array, hashes) }),
      ...(attributes === undefined ? {} : { attributes }),
      ...(source.reopens ? {} : { open: source }),
    });
    if (source.reopens) await source.close();
  }
  return inputs;
}

/** Attributes of the rows of a file; those that the array has keep their types. */
async function openAttributes(
  session: Session,
  name: string,
  known: readonly Attribute[],
  rows: number,
  file: string,
): Promise<AttributeFile> {
  const source = await openAttributeFile(name, { known, signal: session.signal });
  session.onClose(() => source.close());
  if (source.rows === rows) return source;
  throw invalid(
    `${name} has attributes of ${source.rows} rows, ${file} has ${rows} rows`,
    'It has one line, or row, for each row of the file.',
  );
}

function arrayNameOf(file: string): string {
  if (file === '-') throw invalid('standard input has no name that an array could take', 'Name the array.');
  const base = path.posix.basename(file.replaceAll('\\', '/').replace(/[?#].*$/, ''));
  return base.replace(/\.npy$/i, '').normalize('NFC');
}

/** The same for the same content in the same array: how a repeat is known. */
async function operationIdOf(array: string, hashes: readonly Uint8Array[]): Promise<string> {
  const { createHash } = await import('node:crypto');
  const id = createHash('sha256').update('nacre import --once\0').update(array).update('\0');
  for (const hash of hashes) id.update(hash);
  return id.digest('hex').slice(0, 32);
}

/** Refuses what does not fit before anything is written; the first file of each array that is to be made. */
function checkInputs(
  inputs: readonly Input[],
  arrays: Readonly<Record<string, ArrayInfo>>,
  create: boolean,
): ReadonlyMap<string, Input> {
  const missing = new Map<string, Input>();
  for (const input of inputs) {
    const there = Object.hasOwn(arrays, input.array) ? arrays[input.array] : undefined;
    const source = { ...input, name: input.file };
    if (there !== undefined) {
      const { dtype, shape } = there;
      checkType(input.array, { dtype, rowShape: shape.slice(1), scalar: shape.length === 0 }, source);
      continue;
    }
    if (!create) {
      throw new NacreError('NotFound', `there is no array '${input.array}'`, {
        context: { array: input.array },
        hint: `${Object.keys(arrays).slice(0, 10).join(', ') || 'None'} is there; or leave out --no-create.`,
      });
    }
    const first = missing.get(input.array);
    if (first === undefined) missing.set(input.array, input);
    else if (!sameType(first.type, input.type)) {
      throw invalid(
        `${input.file} has ${typeText(input.type)}, ${first.file} has ${typeText(first.type)}`,
        'Files of one array hold the same dtype and row shape; import these into two arrays.',
      );
    }
  }
  return missing;
}

/** Gives the files that were there already. */
async function importAll(
  session: Session,
  options: Options,
  dataset: Dataset,
  inputs: readonly Input[],
  arrays: Readonly<Record<string, ArrayInfo>>,
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
          const attributes =
            input.attributes === undefined
              ? undefined
              : await openAttributes(
                  session,
                  input.attributes,
                  Object.hasOwn(arrays, input.array) ? (arrays[input.array]?.attributes ?? []) : [],
                  input.rows,
                  input.file,
                );
          const from = attributes === undefined ? {} : { attributes };
          running.add(tx.appendFrom(input.array, counted, from).then(() => source.close()));
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
    const { file, array, rows, sizeBytes } = input;
    return { file, array, rows, sizeBytes, skipped: skips.has(input) };
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
  const skipped = files.length - taken.length;
  if (skipped > 0 && taken.length > 0) lines.push(`skipped ${countText(skipped)} that are there already`);
  return { json: { uri, version, ...(dryRun ? { dryRun } : {}), created, files }, text: lines.join('\n') };
}
