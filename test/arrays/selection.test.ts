// Selections follow NumPy, and NumPy itself is asked.
import { describe, expect, test } from 'vitest';
import { indicesOf, resolveIndices, resolveSelection } from '../../src/arrays/selection.js';
import { isNacreError } from '../../src/errors.js';
import { pythonWithNumpy, runPython } from '../support/python.js';
import { seededRandom } from '../support/fake-runtime.js';

const python = await pythonWithNumpy();

interface Slice {
  readonly rows: number;
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}

function indices(slice: Slice): number[] {
  const { rows, ...selection } = slice;
  const resolved = resolveSelection(selection, rows, 'a');
  return resolved.kind === 'list'
    ? Array.from(resolved.indices)
    : Array.from({ length: resolved.end - resolved.start }, (_, i) => resolved.start + i);
}

function randomSlices(count: number): Slice[] {
  const random = seededRandom(20);
  const near = (rows: number): number => Math.floor(random() * (3 * rows + 6)) - Math.floor(1.5 * rows + 3);
  return Array.from({ length: count }, () => {
    const rows = Math.floor(random() * 12);
    const step = near(3) || 1;
    return {
      rows,
      ...(random() < 0.3 ? {} : { start: near(rows) }),
      ...(random() < 0.3 ? {} : { end: near(rows) }),
      ...(random() < 0.3 ? {} : { step }),
    };
  });
}

describe('a slice', () => {
  test.skipIf(python === undefined)('takes the rows that NumPy takes, for 4,000 random ones', async () => {
    const slices = randomSlices(4_000);
    const script = `
import json, sys, numpy as np
for s in json.load(sys.stdin):
    print(json.dumps(np.arange(s["rows"])[slice(s.get("start"), s.get("end"), s.get("step"))].tolist()))
`;
    const output = await runPython(script, [], { input: JSON.stringify(slices) });
    const theirs = output.toString().trim().split('\n');
    for (const [i, slice] of slices.entries())
      expect(JSON.stringify(indices(slice)), JSON.stringify(slice)).toBe(
        JSON.stringify(JSON.parse(theirs[i] ?? '')),
      );
  });

  test('refuses a step of 0 and what is no whole number', () => {
    for (const bad of [
      { step: 0 },
      { start: 0.5 },
      { end: Number.NaN },
      { step: Number.POSITIVE_INFINITY },
    ]) {
      expect(() => resolveSelection(bad, 5, 'a')).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      );
    }
    expect(() => resolveSelection({ rows: [1], start: 0 }, 5, 'a')).toThrow('in more than one way');
  });
});

describe('a list', () => {
  test.skipIf(python === undefined)('takes and refuses the rows that NumPy does', async () => {
    const random = seededRandom(21);
    const lists = Array.from({ length: 500 }, () => {
      const rows = Math.floor(random() * 6);
      const wanted = Array.from(
        { length: Math.floor(random() * 6) },
        () => Math.floor(random() * 2.6 * (rows + 1)) - rows - 1,
      );
      return { rows, wanted };
    });
    const script = `
import json, sys, numpy as np
for s in json.load(sys.stdin):
    try:
        print(json.dumps(np.arange(s["rows"])[np.array(s["wanted"], dtype=np.int64)].tolist()))
    except IndexError:
        print("null")
`;
    const theirs = (await runPython(script, [], { input: JSON.stringify(lists) }))
      .toString()
      .trim()
      .split('\n');
    for (const [i, { rows, wanted }] of lists.entries()) {
      let mine: number[] | null;
      try {
        mine = Array.from(resolveIndices(wanted, rows, 'a'));
      } catch (error) {
        if (!isNacreError(error, 'InvalidArgument')) throw error;
        mine = null;
      }
      expect(mine, JSON.stringify({ rows, wanted })).toEqual(JSON.parse(theirs[i] ?? ''));
    }
  });

  test('refuses holes, NaN, fractions and what is no number, and says which rows there are', () => {
    for (const bad of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** 53, '1' as unknown as number])
      expect(() => resolveIndices([bad], 5, 'a')).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      );
    // One that counting from the end would round to a row, and what only looks like a number.
    const strange = [-1.0000000000000002, -1e-20, true, null, 1n] as number[];
    for (const list of [...strange.map((bad) => [bad]), Float64Array.of(-1.0000000000000002)])
      expect(() => resolveIndices(list, 1_000_000, 'a')).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      );
    expect(() => resolveIndices([9], 5, 'a')).toThrow(
      expect.objectContaining({ hint: 'Rows go from 0 to 4, or from -5 to -1 from the end.' }),
    );
  });
});

describe('a mask', () => {
  test.skipIf(python === undefined)('takes the rows that NumPy does', async () => {
    const random = seededRandom(22);
    const masks = Array.from({ length: 300 }, () =>
      Array.from({ length: Math.floor(random() * 20) }, () => random() < 0.5),
    );
    const script = `
import json, sys, numpy as np
for mask in json.load(sys.stdin):
    print(json.dumps(np.arange(len(mask))[np.array(mask, dtype=bool)].tolist()))
`;
    const theirs = (await runPython(script, [], { input: JSON.stringify(masks) })).toString().trim();
    for (const [i, line] of theirs.split('\n').entries()) {
      const bools = masks[i] ?? [];
      for (const mask of [bools, Uint8Array.from(bools, Number)]) {
        const mine = indicesOf(resolveSelection({ mask }, mask.length, 'a'));
        expect(Array.from(mine)).toEqual(JSON.parse(line));
      }
    }
  });

  test('refuses another length than the rows, what is neither true nor false, and another way beside it', () => {
    expect(() => resolveSelection({ mask: [true] }, 2, 'a')).toThrow('the mask has 1 values');
    expect(() => resolveSelection({ mask: [true, 2] }, 2, 'a')).toThrow('the mask holds 2 for row 1');
    const hole: ArrayLike<boolean> = { length: 2 };
    expect(() => resolveSelection({ mask: hole }, 2, 'a')).toThrow('undefined for row 0');
    expect(() => resolveSelection({ mask: [true], start: 0 }, 1, 'a')).toThrow('in more than one way');
    expect(() => resolveSelection({ mask: [true], rows: [0] }, 1, 'a')).toThrow('in more than one way');
  });
});
