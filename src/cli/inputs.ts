// Arrays of files as an import looks at them before anything is written: each file is opened once, and fits.
import path from 'node:path';
import { arrayFileFormatOf, isNacreError, NacreError } from '../index.js';
import type {
  ArrayFile,
  ArrayFileFormat,
  ArrayInfo,
  Attribute,
  AttributeFile,
  AttributeSource,
  Dataset,
  FileArray,
  RowType,
} from '../index.js';
import { arraysOf, type FileOptions, oneArrayOf, openFile, readingOf, sizeOf } from './array-files.js';
import {
  attributesBeside,
  attributesOfEach,
  type AttributesOptions,
  checkAsked,
  newAttributes,
  openAttributes,
} from './attribute-files.js';
import { InputFile } from './input-file.js';
import { plural, shellWord } from './output.js';
import type { Session } from './session.js';
import { checkType, sameType, typeText } from './sources.js';
import { invalid } from './values.js';

/** An array of a file that was looked at: its header is good and fits. */
export interface Input {
  readonly file: string;
  readonly format: ArrayFileFormat;
  /** What the file calls it; undefined where it has no names. */
  readonly from: string | undefined;
  /** For messages: the file, or the array in it. */
  readonly name: string;
  readonly array: string;
  /** The name of the array is what the file calls it. */
  readonly namedByFile: boolean;
  readonly type: RowType;
  /** What its numbers are in the file, where no dtype is that. */
  readonly stored?: string;
  readonly rows: number;
  readonly sizeBytes: number;
  /** With --once. */
  readonly operationId?: string;
  readonly attributes?: InputAttributes;
  /** When its turn comes; shared by the arrays of the file. */
  readonly opened: InputFile;
}

/** Attributes that were looked at: they are of as many rows, and types that fit. */
export interface InputAttributes {
  readonly file: string;
  /** They are in the file of the rows. */
  readonly beside: boolean;
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

type Options = AttributesOptions & FileOptions & { readonly once?: boolean };

interface Wanted {
  /** Of the array; `-` takes the names that files have for their arrays, or else the names of the files. */
  readonly name: string;
  readonly files: readonly string[];
  readonly arrays: Readonly<Record<string, ArrayInfo>>;
}

/** Opens every file once, so that a bad one is found before anything is written. */
export async function look(session: Session, options: Options, wanted: Wanted): Promise<Input[]> {
  const { name, files, arrays } = wanted;
  const ofEach = attributesOfEach(files, options);
  const known = new Map<string, readonly Attribute[]>();
  const inputs: Input[] = [];
  for (const [i, file] of files.entries()) {
    const held = await openFile(session, file, options);
    const source = held.file;
    const chosen = name === '-' ? arraysOf(source, options.from) : [oneArrayOf(source, options.from)];
    const attributesFile = ofEach[i];
    if (attributesFile !== undefined && chosen.length > 1) throw attributesOfMany(source, chosen.length);
    const hash = options.once === true ? await source.hash({ signal: session.signal }) : undefined;
    const opened = new InputFile(session, file, options, held);
    for (const one of chosen) {
      const array = name === '-' ? (one.array ?? (await arrayNameOf(file))) : name;
      const there = known.get(array) ?? (Object.hasOwn(arrays, array) ? arrays[array]?.attributes : []) ?? [];
      const of = { file, source, one, array, known: there, attributesFile, hash };
      const { attributes, operationId } = await lookAtArray(session, options, of);
      if (attributes !== undefined) known.set(array, [...there, ...attributes.made]);
      inputs.push({
        ...{ file, array, opened, format: source.format, from: one.array },
        ...{ name: one.name, namedByFile: name === '-' && one.array !== undefined },
        ...{ type: one.type, rows: one.rows, sizeBytes: sizeOf(source, one) },
        ...(one.stored === undefined ? {} : { stored: one.stored }),
        ...(operationId === undefined ? {} : { operationId }),
        ...(attributes === undefined ? {} : { attributes }),
      });
    }
    await opened.pause();
  }
  checkAsked(
    options,
    inputs.flatMap(({ attributes }) => attributes ?? []),
  );
  return inputs;
}

function attributesOfMany({ name }: ArrayFile, arrays: number): NacreError {
  return invalid(
    `a file of attributes for the ${arrays} arrays of ${name}`,
    'Choose one of them by --from NAME, or bring the attributes in by `nacre set-attributes` later.',
  );
}

interface Looking {
  readonly file: string;
  readonly source: ArrayFile;
  readonly one: FileArray;
  readonly array: string;
  readonly known: readonly Attribute[];
  readonly attributesFile: string | undefined;
  /** Of the file, with --once. */
  readonly hash: Uint8Array | undefined;
}

/** Its attributes, and with --once the id of its content. */
async function lookAtArray(
  session: Session,
  options: Options,
  { file, source, one, array, known, attributesFile, hash }: Looking,
): Promise<Pick<Input, 'attributes' | 'operationId'>> {
  const hashes = hash === undefined ? [] : [hash];
  let attributes: InputAttributes | undefined;
  if (attributesFile === undefined) {
    const beside = attributesBeside(source, options, { array, known });
    if (beside !== undefined) {
      const made = newAttributes(beside, known);
      attributes = { file, beside: true, attributes: beside.attributes, known, made };
    }
  } else {
    const from = { array, known, rows: one.rows, wanted: `${one.name} has ${plural(one.rows, 'row')}` };
    const opened = await openAttributes(session, attributesFile, options, from);
    if (hash !== undefined) hashes.push(await opened.hash({ signal: session.signal }));
    const made = newAttributes(opened, known);
    attributes = { file: attributesFile, beside: false, attributes: opened.attributes, known, made };
    const named = options.attributes === false ? 0 : (options.attributes?.length ?? 0);
    if (!opened.reopens || named <= keptOpen) attributes = { ...attributes, open: opened };
    else await opened.close();
  }
  const operationId =
    hash &&
    (await operationIdOf(array, hashes, {
      from: one.array,
      beside: attributes?.beside === true,
      reading: readingOf(options),
    }));
  return {
    ...(attributes === undefined ? {} : { attributes }),
    ...(operationId === undefined ? {} : { operationId }),
  };
}

/** Files of attributes that were gone through: a write that begins anew opens them again. */
const taken = new WeakSet<AttributeFile>();

/** The attributes of an array when its turn comes. */
export async function openInputAttributes(
  session: Session,
  options: Options,
  { array, attributes, name, rows }: Input,
  opened: ArrayFile,
  dataset: Dataset,
): Promise<AttributeSource | undefined> {
  if (attributes === undefined) return undefined;
  const { known, open } = attributes;
  if (open !== undefined && !taken.has(open)) {
    taken.add(open);
    return open;
  }
  if (attributes.beside) return attributesBeside(opened, options, { array, known });
  const wanted = `${name} has ${plural(rows, 'row')}`;
  return openAttributes(session, attributes.file, options, { array, known, rows, wanted, dataset });
}

/** What attributes arrays have when all files are in. */
export function attributesAfter(inputs: readonly Input[]): ReadonlyMap<string, readonly Attribute[]> {
  const after = new Map<string, readonly Attribute[]>();
  for (const { array, attributes } of inputs) {
    if (attributes !== undefined) after.set(array, [...attributes.known, ...attributes.made]);
  }
  return after;
}

/** The name of a file without the ending that tells its format. */
export async function arrayNameOf(file: string): Promise<string> {
  if (file === '-') throw invalid('standard input has no name that an array could take', 'Name the array.');
  const base = path.posix.basename(file.replaceAll('\\', '/').replace(/[?#].*$/, ''));
  const isKnown = (await arrayFileFormatOf(base)) !== undefined;
  return (isKnown ? base.replace(/\.[^.]*$/, '') : base).normalize('NFC');
}

interface Taken {
  /** What the file calls the array. */
  readonly from: string | undefined;
  /** The attributes beside it came along. */
  readonly beside: boolean;
  /** The options by which bytes became rows. */
  readonly reading: string | undefined;
}

/**
 * The same for the same content, of rows and attributes, in the same array: how a repeat is known. That of a
 * .npy file is what the first release made of it.
 */
async function operationIdOf(
  array: string,
  hashes: readonly Uint8Array[],
  { from, beside, reading }: Taken,
): Promise<string> {
  const { createHash } = await import('node:crypto');
  const id = createHash('sha256').update('nacre import --once\0').update(array).update('\0');
  for (const hash of hashes) id.update(hash);
  if (from !== undefined) id.update('\0array\0').update(from);
  if (beside) id.update('\0attributes\0');
  if (reading !== undefined) id.update('\0reading\0').update(reading);
  return id.digest('hex').slice(0, 32);
}

/** What the engine says of a name that an array may not have, with where it is from and what to do. */
export function withFile(error: unknown, inputs: readonly Input[]): unknown {
  if (!isNacreError(error, 'InvalidArgument')) return error;
  const { name } = error.context;
  const input = inputs.find((one) => one.namedByFile && one.array.slice(0, 80) === name);
  if (input === undefined) return error;
  const { file, array } = input;
  const again = `nacre import URI NAME ${shellWord(file)} --from ${shellWord(array)}`;
  return new NacreError('InvalidArgument', `${file}: ${error.message}`, {
    context: { ...error.context, file },
    cause: error,
    hint: `Give the array a name that it may have: \`${again}\`.`,
  });
}

/** Refuses what does not fit before anything is written; the first file of each array that is to be made. */
export function checkInputs<I extends Pick<Input, 'array' | 'name' | 'type'>>(
  inputs: readonly I[],
  arrays: Readonly<Record<string, ArrayInfo>>,
  create: boolean,
): ReadonlyMap<string, I> {
  const missing = new Map<string, I>();
  for (const input of inputs) {
    const there = Object.hasOwn(arrays, input.array) ? arrays[input.array] : undefined;
    if (there !== undefined) {
      const { dtype, shape } = there;
      checkType(input.array, { dtype, rowShape: shape.slice(1), scalar: shape.length === 0 }, input);
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
        `${input.name} has ${typeText(input.type)}, ${first.name} has ${typeText(first.type)}`,
        'Files of one array hold the same dtype and row shape; import these into two arrays.',
      );
    }
  }
  return missing;
}

/** New arrays that are named one by one: a model has hundreds. */
const mostNamed = 20;

/** Tells which arrays were made, or where they are many, how many. */
export function noteCreated<T>(
  session: Session,
  arrays: ReadonlyMap<string, T>,
  textOf: (made: T) => string,
): void {
  if (arrays.size > mostNamed) session.note(`created ${arrays.size} arrays`);
  else for (const [array, made] of arrays) session.note(`created array '${array}' (${textOf(made)})`);
}
