// Files as an import looks at them before anything is written: each is opened once, and fits.
import path from 'node:path';
import { NacreError } from '../index.js';
import type { ArrayInfo, Attribute, AttributeFile, Dataset, NpyFile, RowType } from '../index.js';
import {
  attributesOfEach,
  type AttributesOptions,
  checkAsked,
  newAttributes,
  openAttributes,
} from './attribute-files.js';
import { plural } from './output.js';
import type { Session } from './session.js';
import { checkType, openSource, sameType, typeText } from './sources.js';
import { invalid } from './values.js';

/** A file that was looked at: its header is good and fits. */
export interface Input {
  readonly file: string;
  readonly array: string;
  readonly type: RowType;
  readonly rows: number;
  readonly sizeBytes: number;
  /** With --once. */
  readonly operationId?: string;
  readonly attributes?: InputAttributes;
  /** Of a pipe, which gives its bytes only once; a plain file is opened again when its turn comes. */
  readonly open?: NpyFile;
}

/** A file of attributes that was looked at: it has as many rows, and types that fit. */
export interface InputAttributes {
  readonly file: string;
  readonly attributes: readonly Attribute[];
  /** Attributes that the array has before it. */
  readonly known: readonly Attribute[];
  /** Those that the array gets by it. */
  readonly made: readonly Attribute[];
  /** Where it stays open: text is gone through once to open it. */
  readonly open?: AttributeFile;
}

/** Files of attributes that stay open; of more each is opened again when its turn comes. */
const keptOpen = 64;

type Options = AttributesOptions & { readonly once?: boolean };

interface Wanted {
  /** Of the array; `-` takes the names of the files. */
  readonly name: string;
  readonly files: readonly string[];
  readonly arrays: Readonly<Record<string, ArrayInfo>>;
}

/** Opens every file once, so that a bad one is found before anything is written. */
export async function look(
  session: Session,
  options: Options,
  { name, files, arrays }: Wanted,
): Promise<Input[]> {
  const ofEach = attributesOfEach(files, options);
  const known = new Map<string, readonly Attribute[]>();
  const inputs: Input[] = [];
  for (const [i, file] of files.entries()) {
    const array = name === '-' ? arrayNameOf(file) : name;
    const there = known.get(array) ?? (Object.hasOwn(arrays, array) ? arrays[array]?.attributes : []) ?? [];
    const source = await openSource(session, file);
    const { type, rows, sizeBytes } = source;
    const hashes = options.once === true ? [await source.hash({ signal: session.signal })] : [];
    const from = { array, known: there, rows, wanted: `${file} has ${plural(rows, 'row')}` };
    const attributes = await lookAtAttributes(session, options, ofEach[i], from, hashes);
    if (attributes !== undefined) known.set(array, [...there, ...attributes.made]);
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
  checkAsked(
    options,
    inputs.flatMap(({ attributes }) => attributes ?? []),
  );
  return inputs;
}

async function lookAtAttributes(
  session: Session,
  options: Options,
  file: string | undefined,
  from: Parameters<typeof openAttributes>[3],
  hashes: Uint8Array[],
): Promise<InputAttributes | undefined> {
  if (file === undefined) return undefined;
  const opened = await openAttributes(session, file, options, from);
  if (options.once === true) hashes.push(await opened.hash({ signal: session.signal }));
  const { known } = from;
  const looked = { file, attributes: opened.attributes, known, made: newAttributes(opened, known) };
  if (!opened.reopens || (options.attributes?.length ?? 0) <= keptOpen) return { ...looked, open: opened };
  await opened.close();
  return looked;
}

/** The file of attributes when its turn comes. */
export async function openInputAttributes(
  session: Session,
  options: Options,
  { array, attributes, file, rows }: Input,
  dataset: Dataset,
): Promise<AttributeFile | undefined> {
  if (attributes === undefined || attributes.open !== undefined) return attributes?.open;
  const wanted = `${file} has ${plural(rows, 'row')}`;
  const from = { array, known: attributes.known, rows, wanted, dataset };
  return openAttributes(session, attributes.file, options, from);
}

/** What attributes arrays have when all files are in. */
export function attributesAfter(inputs: readonly Input[]): ReadonlyMap<string, readonly Attribute[]> {
  const after = new Map<string, readonly Attribute[]>();
  for (const { array, attributes } of inputs) {
    if (attributes !== undefined) after.set(array, [...attributes.known, ...attributes.made]);
  }
  return after;
}

function arrayNameOf(file: string): string {
  if (file === '-') throw invalid('standard input has no name that an array could take', 'Name the array.');
  const base = path.posix.basename(file.replaceAll('\\', '/').replace(/[?#].*$/, ''));
  return base.replace(/\.npy$/i, '').normalize('NFC');
}

/** The same for the same content, of rows and attributes, in the same array: how a repeat is known. */
async function operationIdOf(array: string, hashes: readonly Uint8Array[]): Promise<string> {
  const { createHash } = await import('node:crypto');
  const id = createHash('sha256').update('nacre import --once\0').update(array).update('\0');
  for (const hash of hashes) id.update(hash);
  return id.digest('hex').slice(0, 32);
}

/** Refuses what does not fit before anything is written; the first file of each array that is to be made. */
export function checkInputs(
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
