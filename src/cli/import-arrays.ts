// The arrays of an import, as they were looked at, go into the dataset: all in one version, or one by one.
import type { AttributeSource, CreateOptions, Dataset, TransactionHandle } from '../index.js';
import type { FileOptions } from './array-files.js';
import type { AttributesOptions } from './attribute-files.js';
import { sameArray } from './input-file.js';
import { type Input, openInputAttributes } from './inputs.js';
import type { Session } from './session.js';
import { SideBySide } from './side-by-side.js';
import { withProgress, writeOptions, type WritingOptions } from './sources.js';

type Options = WritingOptions & AttributesOptions & FileOptions & { readonly once?: boolean };

/** Gives the arrays that were there already. */
export async function importAll(
  session: Session,
  options: Options,
  dataset: Dataset,
  inputs: readonly Input[],
  make: ReadonlyMap<string, CreateOptions>,
): Promise<ReadonlySet<Input>> {
  const skips = new Set(await importedBefore(dataset, inputs, session.signal));
  const progress = session.progress('importing', 'bytes');
  const total = inputs.reduce((bytes, input) => bytes + input.sizeBytes, 0);
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    progress.update(doneBytes, total);
  };
  const write = async (some: readonly Input[], operationId?: string): Promise<void> => {
    const names = [...new Set(some.map(({ file }) => (file === '-' ? 'standard input' : file)))];
    const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
    await dataset.write((tx) => appendAll(session, options, dataset, { tx, inputs: some, make, onBytes }), {
      message: `import ${names.slice(0, 3).join(', ')}${more}`,
      ...writeOptions(session, options),
      ...(operationId === undefined ? {} : { operationId }),
    });
  };
  const wanted = inputs.filter((input) => !skips.has(input));
  for (const { opened, from } of wanted) opened.expect(from);
  if (options.once !== true) await write(wanted);
  else for (const input of wanted) await write([input], input.operationId);
  progress.end();
  return skips;
}

interface Appending {
  readonly tx: TransactionHandle;
  readonly inputs: readonly Input[];
  /** Arrays that are not there. */
  readonly make: ReadonlyMap<string, CreateOptions>;
  /** Told what came on top. */
  readonly onBytes: (bytes: number) => void;
}

async function appendAll(
  session: Session,
  options: Options,
  dataset: Dataset,
  { tx, inputs, make, onBytes }: Appending,
): Promise<void> {
  for (const { opened, from } of inputs) opened.expect(from);
  const running = new SideBySide();
  for (const input of inputs) {
    const create = make.get(input.array);
    if (create !== undefined && !tx.arrays.includes(input.array)) await tx.create(input.array, create);
    await running.room(input.sizeBytes);
    // Opened in turn: rows are in the order in which the calls of appendFrom begin.
    const file = await input.opened.open(dataset);
    const source = sameArray(file, input);
    let seen = 0;
    const counted = withProgress(source, (rows) => {
      const now = input.sizeBytes * (rows / Math.max(1, input.rows));
      onBytes(now - seen);
      seen = now;
    });
    const attributes = await openInputAttributes(session, options, input, file, dataset);
    const appended = tx.appendFrom(input.array, counted, attributes === undefined ? {} : { attributes });
    running.add(closing(appended, input, attributes));
  }
  await running.all();
}

async function closing(
  appended: Promise<void>,
  { opened, from }: Input,
  attributes: AttributeSource | undefined,
): Promise<void> {
  await appended;
  await attributes?.close();
  await opened.done(from);
}

/** Those of the arrays that some version holds already; none without --once. */
export async function importedBefore(
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
