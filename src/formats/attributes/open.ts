// Which reader a file of attributes gets; each is loaded when it is needed.
import type { Attribute, AttributeType, Column } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { endingOf } from '../ending.js';
import { openAccess, type OpenAccessOptions, sha256Of, type RandomAccess } from '../random-access.js';
import type { Types } from './problem.js';

export type AttributeFileFormat = 'jsonl' | 'csv' | 'arrow' | 'parquet';

export interface AttributeFileOptions extends OpenAccessOptions {
  /** Default: as the name ends. */
  readonly format?: AttributeFileFormat;
  /** Types of attributes by their names, in place of those that the file has or its values suggest. */
  readonly types?: Readonly<Record<string, AttributeType>>;
  /**
   * Attributes that are there already, as `array.attributes()` lists them: those that the file has, too, are
   * read as their types. `types` goes first.
   */
  readonly known?: readonly Attribute[];
}

/** A source of attributes that is a file. */
export interface AttributeFile extends AttributeSource {
  readonly sizeBytes: number;
  /** Whether opening the same name again gives the same bytes; a pipe gives them once. */
  readonly reopens: boolean;
  /** SHA-256 of the file. Cost: one read of it. */
  hash(options?: CallOptions): Promise<Uint8Array>;
}

const formatOfEnding: Readonly<Record<string, AttributeFileFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  csv: 'csv',
  tsv: 'csv',
  arrow: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  parquet: 'parquet',
};

/** What `openAttributeFile()` of `src/formats.ts` does. */
export async function openAttributeFile(
  name: string,
  options: AttributeFileOptions = {},
): Promise<AttributeFile> {
  const format = formatOf(name, options.format);
  const access = await openAccess(name, options);
  try {
    return new OpenedFile(access, await openAs(format, access, options));
  } catch (error) {
    await access.close();
    throw error;
  }
}

class OpenedFile implements AttributeFile {
  readonly #access: RandomAccess;
  readonly #source: AttributeSource;

  constructor(access: RandomAccess, source: AttributeSource) {
    this.#access = access;
    this.#source = source;
  }

  get name(): string {
    return this.#access.name;
  }

  get rows(): number {
    return this.#source.rows;
  }

  get attributes(): readonly Attribute[] {
    return this.#source.attributes;
  }

  get sizeBytes(): number {
    return this.#access.sizeBytes;
  }

  get reopens(): boolean {
    return this.#access.reopens;
  }

  read(start: number, end: number, options: CallOptions = {}): Promise<readonly Column[]> {
    return this.#source.read(start, end, options);
  }

  hash(options: CallOptions = {}): Promise<Uint8Array> {
    return sha256Of(this.#access, options);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

function formatOf(name: string, asked: string | undefined): AttributeFileFormat {
  const format = asked ?? formatOfEnding[endingOf(name)];
  if (format === 'jsonl' || format === 'csv' || format === 'arrow' || format === 'parquet') return format;
  const what =
    asked === undefined ? `${name} has no ending that tells its format` : `there is no format '${asked}'`;
  throw new NacreError('InvalidArgument', what, {
    context: { file: name, ...(asked !== undefined && { format: asked }) },
    hint: 'Formats are jsonl, csv, arrow and parquet; name one, or a file that ends in it.',
  });
}

async function openAs(
  format: AttributeFileFormat,
  access: RandomAccess,
  options: AttributeFileOptions,
): Promise<AttributeSource> {
  const { types: asked = {}, known = [] } = options;
  const types: Types = { asked, known: new Map(known.map(({ name, type }) => [name, type])) };
  switch (format) {
    case 'jsonl':
      return (await import('./jsonl.js')).openJsonl(access, types, options);
    case 'csv': {
      const delimiter = endingOf(access.name) === 'tsv' ? '\t' : ',';
      return (await import('./csv.js')).openCsv(access, types, delimiter, options);
    }
    case 'arrow':
      return (await import('./arrow/file.js')).openArrow(access, types, options);
    case 'parquet':
      return (await import('./parquet.js')).openParquet(access, types, options);
  }
}
