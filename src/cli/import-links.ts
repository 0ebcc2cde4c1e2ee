// `nacre import --link`: objects below the dataset's prefix become rows where they lie.
import { linkable, NacreError } from '../index.js';
import type { ArrayInfo, CreateOptions, Dataset, LinkableObject } from '../index.js';
import type { FileOptions } from './array-files.js';
import type { AttributesOptions } from './attribute-files.js';
import { rehearse } from './datasets.js';
import { arrayNameOf, checkInputs, noteCreated } from './inputs.js';
import { bytesText, countText, plural } from './output.js';
import type { Answer, Session } from './session.js';
import { typeText, writeOptions, type WritingOptions } from './sources.js';
import { invalid } from './values.js';

export type LinkOptions = WritingOptions &
  AttributesOptions &
  FileOptions & {
    readonly create: boolean;
    readonly once?: boolean;
    readonly key?: string;
    readonly verify?: boolean;
  };

interface LinkInput extends LinkableObject {
  readonly name: string;
  readonly array: string;
  /** The array has it already, and --once was said. */
  readonly skipped: boolean;
}

/** What has no meaning for objects that stay as they are. */
const refused = [
  ['attributes', '--attributes'],
  ['attributeType', '--attribute-type'],
  ['format', '--format'],
  ['from', '--from'],
  ['dtype', '--dtype'],
  ['rowShape', '--row-shape'],
  ['offset', '--offset'],
  ['header', '--header'],
  ['key', '--key'],
  ['partitionSize', '--partition-size'],
] as const;

interface Wanted {
  readonly uri: string;
  readonly name: string;
  readonly files: readonly string[];
  readonly existing: Dataset | undefined;
}

export async function importLinks(
  session: Session,
  options: LinkOptions,
  { uri, name, files, existing }: Wanted,
): Promise<Answer> {
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const [option, flag] of refused)
    if (given[option] !== undefined && given[option] !== false)
      throw invalid(
        `--link leaves objects as they are, and takes no ${flag}`,
        'Leave one of both away: without --link the file is copied.',
      );
  const { signal } = session;
  const arrays = existing === undefined ? {} : (await existing.info({ signal })).arrays;
  const found = await linkable(uri, files, { ...session.connection(), signal });
  const inputs = await inputsOf(found, name, arrays, options.once === true);
  const missing = checkInputs(inputs, arrays, options.create);
  const make = new Map([...missing].map(([array, { type }]): [string, CreateOptions] => [array, type]));
  await rehearse(make);
  const created = { dataset: existing === undefined, arrays: [...missing.keys()] };
  if (options.dryRun === true) return answer({ uri, inputs, created, version: null });
  const dataset = existing ?? (await session.open(uri, { create: true }));
  if (created.dataset) session.note(`created dataset ${dataset.uri}`);
  await link(session, options, dataset, inputs);
  noteCreated(session, missing, ({ type }) => typeText(type));
  return answer({ uri: dataset.uri, inputs, created, version: await dataset.version({ signal }) });
}

async function inputsOf(
  found: readonly LinkableObject[],
  name: string,
  arrays: Readonly<Record<string, ArrayInfo>>,
  once: boolean,
): Promise<LinkInput[]> {
  const inputs: LinkInput[] = [];
  const keysOf = new Map<string, ReadonlySet<string>>();
  for (const one of found) {
    const { key } = one;
    const array = name === '-' ? await arrayNameOf(key) : name;
    const there = Object.hasOwn(arrays, array) ? arrays[array] : undefined;
    if ((there?.key ?? null) !== null)
      throw invalid(
        `the rows of '${array}' come with a value of its key '${there?.key ?? ''}'`,
        'Import the file with its attributes, or link it into an array without a key.',
      );
    const keys = keysOf.get(array) ?? new Set(there?.partitions.map((partition) => partition.key));
    keysOf.set(array, keys);
    if (keys.has(key) && !once)
      throw new NacreError('AlreadyExists', `${key} is linked in array '${array}' already`, {
        context: { array, key },
        hint: 'Its rows are there; --once passes over what an array has.',
      });
    inputs.push({ ...one, name: key, array, skipped: keys.has(key) });
  }
  return inputs;
}

/** All in one version, or nothing. */
async function link(
  session: Session,
  options: LinkOptions,
  dataset: Dataset,
  inputs: readonly LinkInput[],
): Promise<void> {
  const wanted = inputs.filter(({ skipped }) => !skipped);
  if (wanted.length === 0) return;
  const progress = session.progress('reading', 'bytes');
  const { verify = false } = options;
  const reads = verify ? 2 : 1;
  const total = reads * bytesOf(wanted);
  const more = wanted.length > 3 ? ` and ${wanted.length - 3} more` : '';
  const keys = wanted.slice(0, 3).map(({ key }) => key);
  await dataset.write(
    async (tx) => {
      let before = 0;
      for (const array of new Set(wanted.map((one) => one.array))) {
        const some = wanted.filter((one) => one.array === array);
        const onProgress = (done: number): void => progress.update(before + done, total);
        await tx.link(
          array,
          some.map(({ key }) => key),
          { signal: session.signal, onProgress, verify },
        );
        before += reads * bytesOf(some);
      }
    },
    { message: `link ${keys.join(', ')}${more}`, ...writeOptions(session, options) },
  );
  progress.end();
}

function bytesOf(inputs: readonly LinkInput[]): number {
  return inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function answer(report: {
  readonly uri: string;
  readonly inputs: readonly LinkInput[];
  readonly created: { readonly dataset: boolean; readonly arrays: readonly string[] };
  /** Null: nothing was written. */
  readonly version: number | null;
}): Answer {
  const { uri, inputs, created, version } = report;
  const dryRun = version === null;
  const taken = inputs.filter(({ skipped }) => !skipped);
  const rows = taken.reduce((sum, input) => sum + input.rows, 0);
  const arrays = [...new Set(taken.map(({ array }) => `'${array}'`))];
  const into = arrays.length > 3 ? `${arrays.length} arrays` : arrays.join(', ');
  const verb = dryRun ? 'would link' : 'linked';
  const what = `${plural(rows, 'row')} (${bytesText(bytesOf(taken))}, ${plural(taken.length, 'object')})`;
  const lines = [
    taken.length === 0
      ? `${verb} nothing: every object is there already`
      : `${verb} ${what} into ${into}${dryRun ? '' : ` (version ${version})`}`,
  ];
  if (dryRun && created.dataset) lines.push(`would create dataset ${uri}`);
  if (dryRun) for (const array of created.arrays) lines.push(`would create array '${array}'`);
  const skipped = inputs.length - taken.length;
  if (skipped > 0 && taken.length > 0) lines.push(`skipped ${countText(skipped)} that are there already`);
  const files = inputs.map(({ key, array, rows: own, sizeBytes, skipped: isThere }) => ({
    ...{ file: key, format: 'npy', array, rows: own, sizeBytes, skipped: isThere },
  }));
  const json = { uri, version, ...(dryRun ? { dryRun } : {}), linked: true };
  return { json: { ...json, created: { ...created, attributes: [] }, files }, text: lines.join('\n') };
}
