// Operations in place beside NumPy's own, of the same names, over every dtype: random bits, ends of ranges,
// infinities and what is no number; an operand that is a number, a row, or all rows; slices.
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { Operand, WorkspaceRows } from '../../src/dataset/workspace.js';
import { type Dtype, dtypeNames, dtypes, viewAs } from '../../src/npy/dtype.js';
import { float16ToNumber, numberToFloat16 } from '../../src/npy/float16.js';
import { isNacreError } from '../../src/errors.js';
import { seedOf } from '../query/random.js';
import { seededRandom } from '../support/fake-runtime.js';
import { pythonWithNumpy, runPython } from '../support/python.js';
import { World } from './world.js';

const python = await pythonWithNumpy();
const seed = seedOf('NACRE_SEED');
const random = seededRandom(seed);

const rows = 40;
const columns = 5;

type Verb = Exclude<keyof WorkspaceRows, symbol>;
const withOperand = { add: 'add', sub: 'subtract', mul: 'multiply', div: 'divide' } as const;
const more = { floorDiv: 'floor_divide', minimum: 'minimum', maximum: 'maximum', fill: 'fill' } as const;
const alone = {
  neg: 'negative',
  abs: 'absolute',
  square: 'square',
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
  round: 'round',
} as const;

interface Case {
  readonly dtype: Dtype;
  readonly verb: Verb;
  readonly numpy: string;
  readonly operand: 'none' | 'number' | 'row' | 'rows';
  readonly number: number | null;
  readonly slice: { readonly start: number; readonly end: number; readonly step: number };
  readonly data: Uint8Array;
  readonly other: Uint8Array;
}

const script = `
import sys, json, base64, numpy as np
np.seterr(all='ignore')
out = []
for case in json.load(sys.stdin):
    dtype = np.dtype(case['dtype'])
    a = np.frombuffer(base64.b64decode(case['data']), dtype).copy().reshape(-1, ${columns})
    rows = a[case['start']:case['end']:case['step']]
    b = case['number']
    if case['operand'] in ('row', 'rows'):
        b = np.frombuffer(base64.b64decode(case['other']), dtype)
        b = b if case['operand'] == 'row' else b.reshape(-1, ${columns})
    try:
        if case['numpy'] == 'fill': rows[...] = b
        elif case['operand'] == 'none': getattr(np, case['numpy'])(rows, out=rows)
        else: getattr(np, case['numpy'])(rows, b, out=rows)
        out.append(base64.b64encode(a.tobytes()).decode())
    except (TypeError, OverflowError):
        out.append(None)
json.dump(out, sys.stdout)
`;

function integerBelow(end: number): number {
  return Math.floor(random() * end);
}

/** Random bits, what is special strewn in; of complex numbers small ones, of which products are exact. */
function numbersOf(dtype: Dtype, count: number, isOfSign: boolean): Uint8Array {
  const { kind, itemBytes } = dtypes[dtype];
  const bytes = Uint8Array.from({ length: count * itemBytes }, () => integerBelow(256));
  const data = viewAs(dtype, bytes);
  const special = isOfSign
    ? [1, -1, 2.5, Infinity, -Infinity, NaN]
    : [0, -0, 1, -1, 0.5, 1.5, 2.5, Infinity, NaN];
  for (let i = 0; i < data.length; i++) {
    if (kind === 'bool') data[i] = integerBelow(2);
    if (kind === 'complex') data[i] = integerBelow(65) - 32;
    if (kind === 'float' && integerBelow(2) === 0) {
      const value =
        integerBelow(3) === 0 ? (special[integerBelow(special.length)] ?? 0) : (random() - 0.5) * 1000;
      data[i] = dtype === 'float16' ? numberToFloat16(value) : value;
    }
    if ((kind === 'int' || kind === 'uint') && integerBelow(8) === 0) {
      const item = bytes.subarray(i * itemBytes, (i + 1) * itemBytes);
      item.fill(integerBelow(2) === 0 ? 0 : 255);
      if (kind === 'int' && integerBelow(2) === 0) item[itemBytes - 1] = item[0] === 0 ? 0x80 : 0x7f;
    }
  }
  return bytes;
}

function makeCase(dtype: Dtype, verb: Verb, numpy: string, operand: Case['operand']): Case {
  const { kind } = dtypes[dtype];
  const start = integerBelow(rows / 2);
  const slice = { start, end: start + integerBelow(rows / 2), step: 1 + integerBelow(2) * integerBelow(4) };
  const changed = Math.ceil((slice.end - slice.start) / slice.step);
  const count = operand === 'row' ? columns : operand === 'rows' ? changed * columns : 0;
  const isOfSign = numpy === 'minimum' || numpy === 'maximum';
  const small = integerBelow(3) === 0 ? 0 : integerBelow(127);
  const number = kind === 'int' || kind === 'uint' || kind === 'bool' ? small : (random() - 0.3) * 300;
  return {
    ...{ dtype, verb, numpy, operand, slice },
    number: operand === 'number' ? number : null,
    data: numbersOf(dtype, rows * columns, isOfSign),
    other: numbersOf(dtype, count, isOfSign),
  };
}

async function ours(dataset: Dataset, { dtype, verb, operand, number, slice, data, other }: Case) {
  const shape = [rows, columns];
  await dataset.write((tx) => tx.save('a', { data: viewAs(dtype, data), shape, dtype }));
  const asRows = {
    data: viewAs(dtype, other),
    shape: operand === 'row' ? [columns] : [other.length / dtypes[dtype].itemBytes / columns, columns],
    dtype,
  };
  const given: Operand = operand === 'number' ? (number ?? 0) : asRows;
  try {
    await dataset.workspace(async (w) => {
      const changed = w.array('a').slice(slice) as unknown as {
        [verb: string]: (given?: Operand) => Promise<void>;
      };
      await (operand === 'none' ? changed[verb]?.() : changed[verb]?.(given));
    });
  } catch (error) {
    if (isNacreError(error, 'InvalidArgument')) return undefined;
    throw error;
  }
  return (await dataset.array('a').read()).data;
}

/** Numbers, all NaN alike. */
function comparable(dtype: Dtype, bytes: Uint8Array): string[] {
  const data = viewAs(dtype, bytes) as ArrayLike<number | bigint>;
  return Array.from(data, (value) => {
    const number = dtype === 'float16' ? float16ToNumber(Number(value)) : value;
    return Object.is(number, -0) ? '-0' : String(number);
  });
}

describe.skipIf(python === undefined)(`in place as NumPy, seed ${seed}`, () => {
  for (const dtype of dtypeNames) {
    test(`of ${dtype}`, async () => {
      const cases: Case[] = [];
      for (const [verb, numpy] of Object.entries({ ...withOperand, ...more }))
        for (const operand of ['number', 'row', 'rows'] as const) {
          // What Python's bool and int mean in place of a NumPy bool is not one question.
          if (dtype === 'bool' && operand === 'number') continue;
          for (let i = 0; i < 4; i++) cases.push(makeCase(dtype, verb as Verb, numpy, operand));
        }
      for (const [verb, numpy] of Object.entries(alone)) {
        // Of complex numbers these differ in the last places from one NumPy to another.
        if ((verb === 'sqrt' || verb === 'abs') && dtypes[dtype].kind === 'complex') continue;
        for (let i = 0; i < 4; i++) cases.push(makeCase(dtype, verb as Verb, numpy, 'none'));
      }
      const asked = cases.map(({ slice, data, other, ...rest }) => ({
        ...{ ...rest, ...slice },
        data: Buffer.from(data).toString('base64'),
        other: Buffer.from(other).toString('base64'),
      }));
      const answers = JSON.parse(
        (await runPython(script, [], { input: JSON.stringify(asked) })).toString(),
      ) as (string | null)[];
      const { dataset } = await new World().open();
      for (const [i, one] of cases.entries()) {
        const answer = answers[i] ?? null;
        const what = `${one.numpy} ${one.operand} ${one.number ?? ''} ${JSON.stringify(one.slice)}`;
        const found = await ours(dataset, one);
        // Slices without rows are changed by nobody, whatever the operation.
        if (one.slice.start === one.slice.end) continue;
        expect(found === undefined, what).toBe(answer === null);
        if (found === undefined || answer === null) continue;
        const bytes = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
        const wanted = comparable(dtype, Uint8Array.from(Buffer.from(answer, 'base64')));
        expect(comparable(dtype, bytes), what).toEqual(wanted);
      }
      await dataset.close();
    });
  }
});
