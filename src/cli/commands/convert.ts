import type { ArrayFile, ArrayFileFormat, FileArray } from '../../index.js';
import { arraysOf, filesHelp, openFile, type ReadOptions, readOptions } from '../array-files.js';
import { arrayNameOf } from '../inputs.js';
import { checkOutput, fileText, forceOption, type Outgoing, outName, outputHelp } from '../output-file.js';
import { noteLeft, type OutputOptions, takesAttributes, writeArrays, writtenJson } from '../output-file.js';
import { define } from '../program.js';
import { piecesOf } from '../row-bytes.js';
import { addOne, invalid } from '../values.js';

interface Options extends OutputOptions, ReadOptions {
  readonly from?: ArrayFileFormat;
  readonly to?: ArrayFileFormat;
  readonly array?: readonly string[];
}

/** Rows of one piece: about this many bytes. */
const pieceBytes = 16 * 2 ** 20;

export const convert = define<Options>({
  usage: 'convert <in> <out>',
  summary: 'write the arrays of a file to a file of another format',
  details: `${filesHelp.replace('FILE', 'IN').replaceAll('--format', '--from')}

${outputHelp('--to')} An array that has no name in IN gets that of the file. Into and out of datasets lead
nacre import and nacre export.`,
  examples: [
    'nacre convert weights.npz weights.safetensors',
    'nacre convert model.pt layer.npy --array encoder.layer.0.weight',
    'nacre convert s3://bucket/embeddings.parquet embeddings.npz --force',
    'nacre convert rows.npy rows.csv',
    "nacre convert a.bin b.npy --from raw --dtype '<f4' --row-shape 10",
    'python save.py | nacre convert - - --from npz --to arrow > arrays.arrow',
  ],
  options: (command) =>
    forceOption(
      readOptions(
        command
          .option(
            '--from <format>',
            'of IN, such as npz, csv or raw; default: as its name ends, or it begins',
          )
          .option('--to <format>', 'of OUT; default: as its name ends')
          .option('--array <name>', 'an array of IN to take; may be given again; default: all', addOne),
      ),
    ),
  async work(session, options, input: string, out: string) {
    const { from, to, array: names = [], ...reading } = options;
    const format = await checkOutput(out, to, options, '--to');
    const { file } = await openFile(session, input, {
      ...(from === undefined ? {} : { format: from }),
      ...reading,
    });
    const chosen = choose(file, names);
    const arrays: Outgoing[] = [];
    for (const one of chosen) arrays.push(await outgoing(one, input, session.signal));
    const { attributes = [], refusal } = file.attributes ?? {};
    // One that cannot be read keeps nobody from the arrays.
    const isTaken = refusal === undefined && (await takesAttributes(format, arrays, attributes));
    const beside = isTaken ? file.attributes?.forArray() : undefined;
    const sizeBytes = await writeArrays(session, out, format, arrays, beside);
    const left = isTaken ? [] : attributes.map(({ name }) => name);
    noteLeft(session, left);
    const taken = fileText(input === '-' ? file.name : input, file.format, file.arrays.length);
    const some = chosen.length === file.arrays.length ? undefined : chosen.length;
    const text = `${taken} -> ${fileText(outName(out), format, some, sizeBytes)}`;
    if (out === '-') {
      if (options.verbose === true) session.note(text);
      return { json: undefined, text: '' };
    }
    const written = writtenJson(arrays).map((one, i) => {
      const stored = chosen[i]?.stored;
      return stored === undefined ? one : { ...one, stored };
    });
    const json = {
      ...{ in: input, from: file.format, out, to: format, sizeBytes },
      ...{ arrays: written, attributesNotWritten: left },
    };
    return { json, text };
  },
});

function choose(file: ArrayFile, names: readonly string[]): readonly FileArray[] {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw invalid(`the array '${twice}' is named twice`, 'Name it once.');
  return names.length === 0 ? arraysOf(file, undefined) : names.flatMap((name) => arraysOf(file, name));
}

async function outgoing(source: FileArray, input: string, signal: AbortSignal): Promise<Outgoing> {
  const { type, rows } = source;
  const array = source.array ?? (input === '-' ? 'data' : await arrayNameOf(input));
  return { array, type, rows, pieces: (onRows) => piecesOf(source, pieceBytes, signal, onRows) };
}
