// Random attributes, written in each format by others where there are others, and read in random pieces.
import { concat } from '../../../src/util/bytes.js';
import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeArrow } from '../../../src/attributes/arrow/write.js';
import type { Attribute } from '../../../src/attributes/column.js';
import { columnOf, type Value, valueAt } from '../../../src/attributes/values.js';
import { formatTimestamp } from '../../../src/util/timestamp.js';
import { openAttributeFile } from '../../../src/formats/attributes/open.js';
import { attributesOf } from '../../attributes/columns.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder, valuesOf } from './files.js';

const folder = inFolder();
const python = await pythonWithNumpy();

const script = `
import json, random, sys
import pyarrow as pa
import pyarrow.parquet as pq
def text(column, to):
    t = column.type
    if pa.types.is_string(t):
        if to == 'dictionary':
            return column.dictionary_encode()
        kinds = {'string': pa.string(), 'large': pa.large_string(), 'view': pa.string_view()}
        return column.cast(kinds[to])
    if pa.types.is_list(t) and to == 'large':
        return column.cast(pa.large_list(pa.large_string()))
    return column
def batches(table, size):
    # Dictionaries of a file may not change, so they are made for the whole table.
    return table.combine_chunks().to_batches(max_chunksize=size)
for case in json.load(sys.stdin):
    rng = random.Random(case['seed'])
    with pa.memory_map(case['path'] + '.base') as source:
        table = pa.ipc.open_file(source).read_all()
    size = rng.choice([1, 3, 100, 2000])
    pq.write_table(
        table, case['path'] + '.parquet', row_group_size=size,
        compression=rng.choice(['none', 'snappy', 'gzip', 'brotli', 'lz4', 'zstd']),
        data_page_version=rng.choice(['1.0', '2.0']), use_dictionary=rng.random() < 0.5,
        write_page_index=rng.random() < 0.5, data_page_size=rng.choice([64, 2**20]),
        write_batch_size=rng.choice([1, 10, 1024]),
    )
    for ending, opener in [('.arrow', pa.ipc.new_file), ('.ipc', pa.ipc.new_stream)]:
        to = rng.choice(['string', 'dictionary', 'large', 'view'])
        changed = pa.table([text(c, to) for c in table.columns], names=table.column_names)
        if size < 100 and ending == '.ipc':
            changed = table
        options = pa.ipc.IpcWriteOptions(
            compression=rng.choice([None, 'lz4', 'zstd']), emit_dictionary_deltas=rng.random() < 0.5)
        with opener(case['path'] + ending, changed.schema, options=options) as sink:
            for batch in batches(changed, size):
                sink.write_batch(batch)
`;

interface Given {
  readonly attribute: Attribute;
  readonly values: readonly Value[];
}

const jsonText = (value: Value): string => {
  if (typeof value === 'bigint') return `${value}`;
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
};

/** A key whose value is null is left away half of the time. */
function jsonl(given: readonly Given[], rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const pairs = given.flatMap(({ attribute: { name, type }, values }) => {
      const value = values[row] ?? null;
      if (value === null && (row + name.length) % 2 === 0 && row > 0) return [];
      const shown = type === 'timestamp' && value !== null ? formatTimestamp(value as bigint) : value;
      return [`${JSON.stringify(name)}: ${jsonText(shown)}`];
    });
    return `{${pairs.join(', ')}}\n`;
  });
  return lines.join('');
}

function csv(given: readonly Given[], rows: number): string {
  const field = (text: string): string =>
    /^$|[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const fieldOf = ({ attribute: { type }, values }: Given, row: number): string => {
    const value = values[row] ?? null;
    if (value === null) return '';
    if (type === 'timestamp') return formatTimestamp(value as bigint);
    if (Object.is(value, -0)) return '-0';
    return field(String(value).replace('Infinity', type === 'float' ? 'inf' : 'Infinity'));
  };
  const lines = Array.from({ length: rows }, (_, row) =>
    given.map((column) => fieldOf(column, row)).join(','),
  );
  return [given.map(({ attribute }) => field(attribute.name)).join(','), ...lines, ''].join('\n');
}

async function check(
  file: string,
  given: readonly Given[],
  cuts: readonly number[],
  hint: string,
): Promise<void> {
  const isText = /\.(jsonl|csv)$/.test(file);
  const types = Object.fromEntries(given.map(({ attribute: { name, type } }) => [name, type]));
  const source = await openAttributeFile(file, isText ? { types } : {});
  const wanted = new Map(given.map(({ attribute, values }) => [attribute.name, values]));
  try {
    expect(new Map(source.attributes.map(({ name, type }) => [name, type])), hint).toEqual(
      new Map(Object.entries(types)),
    );
    expect(new Map(Object.entries(await valuesOf(source, cuts))), hint).toEqual(wanted);
  } finally {
    await source.close();
  }
}

const rows = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 1030 }));
const cases = rows.chain((count) =>
  fc.record({
    rows: fc.constant(count),
    given: attributesOf(count),
    cuts: fc.array(fc.nat(count), { maxLength: 4 }),
  }),
);

test('values are read as they were written, in whatever format and pieces', {
  timeout: 120_000,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const samples = fc.sample(cases, { numRuns: 40, seed });
  const made = await Promise.all(
    samples.map(async (sample, i) => {
      const columns = sample.given.map(({ attribute: { name, type }, values }) =>
        columnOf(name, type, values),
      );
      const given = sample.given.map(({ attribute }, c): Given => {
        const column = columns[c];
        return {
          attribute,
          values: Array.from({ length: sample.rows }, (_, row) => (column ? valueAt(column, row) : null)),
        };
      });
      const path = folder.path(`${i}`);
      await writeFile(
        `${path}.base`,
        concat(
          writeArrow(
            given.map(({ attribute }) => attribute),
            columns,
          ).pieces,
        ),
      );
      await writeFile(`${path}.feather`, await readFile(`${path}.base`));
      return { ...sample, given, path };
    }),
  );
  if (python !== undefined) {
    const input = JSON.stringify(made.map(({ path }, i) => ({ path, seed: seed + i })));
    await runPython(script, [], { input });
  }
  for (const { path, given, rows, cuts } of made) {
    const hint = `seed ${seed}, ${path}, cuts ${cuts}`;
    const finite = given.map(({ attribute, values }) => ({
      attribute,
      values: values.map((value) => (typeof value === 'number' && !Number.isFinite(value) ? null : value)),
    }));
    await writeFile(`${path}.jsonl`, jsonl(finite, rows));
    await check(`${path}.jsonl`, finite, cuts, `jsonl, ${hint}`);
    const flat = given.filter(({ attribute }) => attribute.type !== 'strings');
    if (flat.length > 0) {
      await writeFile(`${path}.csv`, csv(flat, rows));
      await check(`${path}.csv`, flat, cuts, `csv, ${hint}`);
    }
    await check(`${path}.feather`, given, cuts, `feather, ${hint}`);
    if (python === undefined) continue;
    for (const ending of ['arrow', 'ipc', 'parquet'])
      await check(`${path}.${ending}`, given, cuts, `${ending}, ${hint}`);
  }
});
