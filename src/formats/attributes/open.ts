// Which reader a file of attributes gets; each is loaded when it is needed.
import type { AttributeType } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import { NacreError } from '../../errors.js';
import { openAccess, type OpenAccessOptions, type RandomAccess } from '../random-access.js';

export type AttributeFileFormat = 'jsonl' | 'csv' | 'arrow' | 'parquet';

export interface AttributeFileOptions extends OpenAccessOptions {
  /** Default: as the name ends. */
  readonly format?: AttributeFileFormat;
  /** Types of attributes by their names, in place of those that the file has or its values suggest. */
  readonly types?: Readonly<Record<string, AttributeType>>;
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
): Promise<AttributeSource> {
  const format = formatOf(name, options.format);
  const access = await openAccess(name, options);
  try {
    return await openAs(format, access, options);
  } catch (error) {
    await access.close();
    throw error;
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

function endingOf(name: string): string {
  return /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

async function openAs(
  format: AttributeFileFormat,
  access: RandomAccess,
  options: AttributeFileOptions,
): Promise<AttributeSource> {
  const types = options.types ?? {};
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
