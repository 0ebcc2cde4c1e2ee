// Files of attributes as commands that write take them: --attributes, --attribute-type.
import type { Command } from 'commander';
import {
  type ArrayFile,
  type Attribute,
  type AttributeFile,
  type AttributeFileFormat,
  type AttributeSource,
  type AttributesBeside,
  type AttributeType,
  type Dataset,
  NacreError,
  openAttributeFile,
} from '../index.js';
import { plural } from './output.js';
import type { Session } from './session.js';
import { invalid, parseTypedName } from './values.js';

export interface ReadingOptions {
  /** Checked when the file is opened. */
  readonly attributesFormat?: AttributeFileFormat;
  readonly attributeType?: readonly Attribute[];
}

export interface AttributesOptions extends ReadingOptions {
  /** False with --no-attributes. */
  readonly attributes?: readonly string[] | false;
}

/** Of a file that has both. */
export const besideHelp = `Columns of single values beside the rows of an Arrow or Parquet file become
attributes, unless --attributes names others or --no-attributes says that there are none.`;

export const attributesHelp = `A file of attributes is JSON lines (.jsonl, .ndjson), CSV (.csv, .tsv), Arrow
(.arrow, .ipc, .feather) or Parquet (.parquet), and has a row for each row that it comes with. Attributes
that the array has are read as their types, others get the type of their values; --attribute-type asks for
another one: bool, int, float, string, strings or timestamp.`;

export function readingOptions(command: Command): Command {
  return command
    .option('--attributes-format <format>', 'jsonl, csv, arrow or parquet; default: as the name ends')
    .option('--attribute-type <name=type>', 'the type of an attribute; may be given again', addTypedName);
}

export function attributesOptions(command: Command): Command {
  return readingOptions(
    command
      .option('--attributes <file>', 'attributes of the rows; once for each file, in their order', addFile)
      .option('--no-attributes', 'the rows alone, also of an Arrow or Parquet file that has attributes'),
  );
}

function addFile(file: string, before: readonly string[] | false = []): readonly string[] {
  return before === false ? [file] : [...before, file];
}

export function addTypedName(text: string, before: readonly Attribute[] = []): readonly Attribute[] {
  const added = parseTypedName(text);
  if (before.some(({ name }) => name === added.name))
    throw invalid(`the type of '${added.name}' is said twice`, 'Leave one of them away.');
  return [...before, added];
}

/** The file of attributes of each file of rows; none or one for each. */
export function attributesOfEach(
  files: readonly string[],
  { attributes: named = [], attributesFormat }: AttributesOptions,
): readonly (string | undefined)[] {
  const attributes = named === false ? [] : named;
  if (attributes.length === 0 && attributesFormat !== undefined) throw noneNamed();
  if (attributes.length > 0 && attributes.length !== files.length) {
    const [given, rows] = [plural(attributes.length, 'file'), plural(files.length, 'file')];
    throw new NacreError('InvalidArgument', `${given} of attributes for ${rows} of rows`, {
      context: { expected: files.length, observed: attributes.length },
      hint: 'Give --attributes once for each file, in the order of the files.',
    });
  }
  if ([...files, ...attributes].filter((file) => file === '-').length > 1)
    throw invalid('standard input is named twice', 'It can be read once.');
  return files.map((_, i) => attributes[i]);
}

function noneNamed(): NacreError {
  return invalid('no file of attributes is named', 'Give --attributes FILE.');
}

/** What a file of attributes is read for. */
export interface AttributesFor {
  readonly array: string;
  /** Attributes that the array has by then. */
  readonly known: readonly Attribute[];
  readonly rows: number;
  /** For messages: `rows.npy has 10 rows`. */
  readonly wanted: string;
  /** Its requests count among those of the dataset. */
  readonly dataset?: Dataset | undefined;
}

/** A file of attributes that fit the rows and the array; closed when the command ends. */
export async function openAttributes(
  session: Session,
  file: string,
  { attributesFormat, attributeType = [] }: ReadingOptions,
  { array, known, rows, wanted, dataset }: AttributesFor,
): Promise<AttributeFile> {
  for (const { name, type } of attributeType) checkKnown(array, known, name, type);
  const opened = await openAttributeFile(file, {
    signal: session.signal,
    // Not as `types`: of several files one may lack an attribute that another has.
    known: [...known, ...attributeType],
    ...(attributesFormat === undefined ? {} : { format: attributesFormat }),
    ...(dataset === undefined ? {} : { meter: dataset.meter }),
  });
  session.onClose(() => opened.close());
  if (opened.rows === rows) return opened;
  const has = `${opened.name} has attributes of ${plural(opened.rows, 'row')}`;
  throw new NacreError('InvalidArgument', `${has}, ${wanted}`, {
    context: { array, file: opened.name, expected: rows, observed: opened.rows },
    hint: 'It has one line, or row, for each row that it comes with.',
  });
}

/** Those that a file of arrays has beside its rows, unless they are not wanted. */
export function attributesBeside(
  file: ArrayFile,
  { attributes: named, attributeType = [] }: AttributesOptions,
  { array, known }: Pick<AttributesFor, 'array' | 'known'>,
): AttributesBeside | undefined {
  const { attributes } = file;
  if (attributes === undefined || named === false) return undefined;
  for (const { name, type } of attributeType) checkKnown(array, known, name, type);
  try {
    if (attributes.refusal !== undefined) throw attributes.refusal;
    return attributes.forArray([...known, ...attributeType]);
  } catch (error) {
    if (!(error instanceof NacreError)) throw error;
    const { code, message, context, hint } = error;
    throw new NacreError(code, message, {
      context,
      cause: error,
      hint: `${hint === undefined ? '' : `${hint} `}Or take the rows alone, by --no-attributes.`,
    });
  }
}

function checkKnown(array: string, known: readonly Attribute[], name: string, type: AttributeType): void {
  const there = known.find((one) => one.name === name);
  if (there === undefined || there.type === type) return;
  throw new NacreError(
    'InvalidArgument',
    `the attribute '${name}' of '${array}' is ${there.type}, not ${type}`,
    {
      context: { array, attribute: name, expected: there.type, observed: type },
      hint: 'An attribute keeps its type: leave --attribute-type away, or give it another name.',
    },
  );
}

/** Refuses a type for what is in none of the files: a slip of the pen would go unseen. */
export function checkAsked(
  { attributeType = [] }: ReadingOptions,
  files: readonly { readonly attributes: readonly Attribute[] }[],
): void {
  if (attributeType.length > 0 && files.length === 0) throw noneNamed();
  const names = new Set(files.flatMap(({ attributes }) => attributes.map(({ name }) => name)));
  const missing = attributeType.find(({ name }) => !names.has(name));
  if (missing === undefined) return;
  const list = [...names].slice(0, 10).map((name) => `'${name}'`);
  throw new NacreError(
    'InvalidArgument',
    `no file of attributes has '${missing.name}', whose type is given`,
    {
      context: { attribute: missing.name },
      hint:
        list.length === 0
          ? 'They have none.'
          : `They have ${list.join(', ')}${names.size > 10 ? ', …' : ''}.`,
    },
  );
}

/** Those of a file that the array does not have yet. */
export function newAttributes(
  { attributes }: Pick<AttributeSource, 'attributes'>,
  known: readonly Attribute[],
): readonly Attribute[] {
  const names = new Set(known.map(({ name }) => name));
  return attributes.filter(({ name }) => !names.has(name));
}

/** `lang (string), year (int)`, the first twenty of them. */
export function attributeList(attributes: readonly Attribute[]): string {
  const shown = attributes.slice(0, 20).map(({ name, type }) => `${name} (${type})`);
  const more = attributes.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
