// Every array of the folders that zarrita.js is tested with, written by Zarr of Python in both versions: it
// is read as Python reads it, or refused by name.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openArrayFile } from '../../../src/index.js';
import { readArray } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { pythonWithZarr, runPython } from '../../support/python.js';

const data = process.env['NACRE_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data');
const fixtures = path.join(data, 'zarr/zarrita');
const isThere = existsSync(fixtures);
if (!isThere) console.warn(`SKIPPED: the arrays of zarrita.js, which are not in ${fixtures}`);

/** What is refused, and by which words. */
const refused: Readonly<Record<string, RegExp>> = {
  'v2/1d.contiguous.S7': /the dtype "\|S7", which is not stored/,
  'v2/1d.contiguous.U13.be': /the dtype ">U13", which is not stored/,
  'v2/1d.contiguous.U13.le': /the dtype "<U13", which is not stored/,
  'v2/1d.contiguous.U7': /the dtype "<U7", which is not stored/,
  'v2/2d.chunked.U7': /the dtype "<U7", which is not stored/,
  'v2/1d.contiguous.json2.O': /the dtype "\|O", which is not stored/,
  'v2/3d.chunked.O': /the dtype "\|O", which is not stored/,
  'v2/1d.contiguous.fixedscaleoffset.f4': /the filter "fixedscaleoffset", which is not read/,
  'v3/1d.chunked.string.vlen': /the data type "string", which is not stored/,
  'v3/1d.contiguous.string.compressed': /the data type "string", which is not stored/,
  'v3/1d.contiguous.string.vlen': /the data type "string", which is not stored/,
  'v3/1d.string.empty': /the data type "string", which is not stored/,
  'v3/1d.string.unicode': /the data type "string", which is not stored/,
  'v3/2d.chunked.string.vlen': /the data type "string", which is not stored/,
};

const groups = ['my group with spaces', 'consolidated'];

const names = isThere
  ? ['v2', 'v3'].flatMap((version) =>
      readdirSync(path.join(fixtures, version, 'data.zarr'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !groups.includes(entry.name))
        .map(({ name }) => [`${version}/${name}`, path.join(fixtures, version, 'data.zarr', name)] as const),
    )
  : [];

/** dtype, shape and bytes of each, as Python has them. */
const script = `
import json, sys, warnings
import numpy as np
warnings.filterwarnings('ignore')
import zarr
out = {}
for name, folder in json.load(sys.stdin):
    try:
        a = np.asarray(zarr.open_array(folder, mode='r')[...])
        a = a.astype(a.dtype.newbyteorder('<'))
        out[name] = [a.dtype.name, list(a.shape), a.tobytes('C').hex()]
    except Exception as e:
        out[name] = [repr(e), [], '']
json.dump(out, sys.stdout)
`;

describe.runIf(isThere)('an array that Zarr of Python wrote', () => {
  let python: string | undefined;
  let expected: Record<string, readonly [string, readonly number[], string]> = {};

  beforeAll(async () => {
    python = await pythonWithZarr();
    if (python === undefined) return;
    const wanted = names.filter(([name]) => refused[name] === undefined);
    const out = await runPython(script, [], { input: JSON.stringify(wanted), python });
    expected = JSON.parse(out.toString());
  }, 300_000);

  test.each(names)('is read as Python reads it, or refused by name: %s', async (name, folder) => {
    const why = refused[name];
    if (why !== undefined) {
      const error = await failure(openArrayFile(folder));
      expect(error.code).toBe('UnsupportedFormat');
      expect(error.message).toMatch(why);
      return;
    }
    const opened = await openArrayFile(folder);
    expect(opened.format).toBe('zarr');
    const [array] = opened.arrays;
    if (array === undefined || opened.arrays.length > 1) throw new Error('it is not one array');
    const whole = await readArray(array);
    expect((await readArray(array, 1)).bytes).toEqual(whole.bytes);
    await opened.close();
    if (python === undefined) return;
    expect([whole.dtype, whole.shape, whole.bytes.toString('hex')]).toEqual(expected[name]);
  });

  test('lies in a group, which is refused with one array that is', async () => {
    const error = await failure(openArrayFile(path.join(fixtures, 'v2/data.zarr')));
    expect(error.code).toBe('UnsupportedFormat');
    expect(error.context['array']).toMatch(/S7|U13|U7|json2|fixedscale|O$/);
    for (const group of ['v3/data.zarr/consolidated', 'v3/data.zarr/my group with spaces']) {
      const opened = await openArrayFile(path.join(fixtures, group));
      expect(opened.format).toBe('zarr');
      await opened.close();
    }
  });
});
