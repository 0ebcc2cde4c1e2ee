// What the outside world reads of an attribute file: pyarrow opens it mapped and as a stream, finds it
// valid to the last offset, and reads the values that were written.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeArrow } from '../../src/attributes/arrow/write.js';
import { columnOf } from '../../src/attributes/values.js';
import { concat } from '../../src/util/bytes.js';
import { pythonWithNumpy, runPython } from '../support/python.js';
import { attributesOf } from './columns.js';

const script = `
import json, sys
import pyarrow as pa
# Numbers as text: JSON of JavaScript has no int64, and Python no dates as late.
def as_text(x):
    return repr(x) if isinstance(x, (int, float)) and not isinstance(x, bool) else x
def told(table):
    columns = []
    for field, column in zip(table.schema, table.columns):
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.int64())
        columns.append([field.name, str(field.type), [as_text(x) for x in column.to_pylist()]])
    return columns
values = []
for path in sys.argv[1:]:
    with pa.memory_map(path) as source:
        table = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
        values.append(told(table))
    with open(path, 'rb') as file:
        file.seek(8)
        assert told(pa.ipc.open_stream(file).read_all()) == values[-1]
print(json.dumps(values))
`;

const types = {
  bool: 'bool',
  int: 'int64',
  float: 'double',
  string: 'string',
  strings: 'list<item: string>',
  timestamp: 'timestamp[us, tz=UTC]',
};

/** As the script has it; a float as its shortest text is read as a number again. */
function told(type: keyof typeof types, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'int') return `${value as bigint | number}`;
  if (type === 'timestamp') return String(BigInt((value as Date).getTime()) * 1000n);
  return value;
}

function heard(type: keyof typeof types, value: unknown): unknown {
  if (type !== 'float' || value === null) return value;
  return { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[value as string] ?? Number(value);
}

const python = await pythonWithNumpy();

describe.skipIf(python === undefined)('an attribute file', () => {
  test('is what pyarrow reads', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'nacre-arrow-'));
    try {
      const rows = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1024, 1025));
      const seed = Math.floor(Math.random() * 2 ** 31);
      const cases = fc.sample(rows.chain(attributesOf), { numRuns: 30, seed });
      const files = cases.map((_, i) => path.join(folder, `${i}.arrow`));
      for (const [i, given] of cases.entries()) {
        const columns = given.map(({ attribute: { name, type }, values }) => columnOf(name, type, values));
        const attributes = given.map(({ attribute }) => attribute);
        await writeFile(files[i] as string, concat(writeArrow(attributes, columns).pieces));
      }
      const read = JSON.parse((await runPython(script, files)).toString()) as [string, string, unknown[]][][];
      for (const [i, given] of cases.entries()) {
        for (const [c, { attribute, values }] of given.entries()) {
          const { name, type } = attribute;
          const [gotName, gotType, got] = read[i]?.[c] ?? [];
          expect([gotName, gotType], `seed ${seed}`).toEqual([name, types[type]]);
          const wanted = Array.from(values, (value) => told(type, value));
          expect(
            got?.map((value) => heard(type, value)),
            `seed ${seed}, file ${i}, column ${c}`,
          ).toEqual(wanted);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
