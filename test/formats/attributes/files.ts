// Files of attributes on disk, and what is read of them, for tests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { AttributeSource } from '../../../src/attributes/source.js';
import { type Value, valueAt } from '../../../src/attributes/values.js';
import { type AttributeFileOptions, openAttributeFile } from '../../../src/formats/attributes/open.js';
import type { NacreError } from '../../../src/errors.js';
import { failure } from '../../support/failure.js';

/** A folder for the tests of a file. */
export function inFolder(): {
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<string>;
} {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nacre-attributes-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    path: (name) => path.join(folder, name),
    write: async (name, content) => {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    },
  };
}

/** The values of each attribute, read in pieces that end at the given rows. */
export async function valuesOf(
  source: AttributeSource,
  cuts: readonly number[] = [],
): Promise<Record<string, readonly Value[]>> {
  const ends = [...new Set([...cuts.filter((cut) => cut < source.rows), source.rows])].sort((a, b) => a - b);
  const values = new Map<string, Value[]>(source.attributes.map(({ name }) => [name, []]));
  let start = 0;
  for (const end of ends) {
    const columns = await source.read(start, end);
    for (const [i, { name }] of source.attributes.entries()) {
      const column = columns[i];
      if (column === undefined || column.rows !== end - start) throw new Error(`rows of ${name}`);
      for (let row = 0; row < column.rows; row++) values.get(name)?.push(valueAt(column, row));
    }
    start = end;
  }
  return Object.fromEntries(values);
}

/** Everything of a file at once. */
export async function read(
  file: string,
  options: AttributeFileOptions = {},
): Promise<{ types: Record<string, string>; values: Record<string, readonly Value[]> }> {
  const source = await openAttributeFile(file, options);
  try {
    const types = Object.fromEntries(source.attributes.map(({ name, type }) => [name, type]));
    return { types, values: await valuesOf(source) };
  } finally {
    await source.close();
  }
}

/** How a file is refused, at the latest when it is read. */
export function refusal(file: string, options: AttributeFileOptions = {}): Promise<NacreError> {
  return failure(read(file, options));
}
