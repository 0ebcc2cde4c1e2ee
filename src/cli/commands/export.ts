import {
  type ArrayFileFormat,
  type ArrayHandle,
  type Attribute,
  parseVersion,
  type VersionReference,
} from '../../index.js';
import { checkOutput, fileText, forceOption, type Outgoing, outName, outputHelp } from '../output-file.js';
import { noteLeft, type OutputOptions, takesAttributes, writeArrays, writtenJson } from '../output-file.js';
import { define } from '../program.js';
import { rowsOf } from '../row-bytes.js';
import { typeOf } from '../sources.js';
import { invalid, versionHelp } from '../values.js';

interface Options extends OutputOptions {
  readonly at?: VersionReference;
  readonly out: string;
  readonly format?: ArrayFileFormat;
}

/** Rows of one piece: about this many bytes. */
const pieceBytes = 16 * 2 ** 20;

export const exportCommand = define<Options>({
  usage: 'export <uri> [array...]',
  summary: 'write arrays of a dataset, or all of them, to one file',
  details: `Without a name, or with -, it is all arrays. They are of one version, the newest unless --at names
another. Some rows of an array: nacre read.

${outputHelp('--format')}`,
  examples: [
    'nacre export ./faces --out faces.npz',
    'nacre export ./faces --out faces.h5',
    'nacre export s3://bucket/model encoder decoder --out model.safetensors --at tag:release',
    'nacre export ./faces embeddings --format arrow --out - | python plot.py',
  ],
  options: (command) =>
    forceOption(
      command
        .requiredOption('-o, --out <file>', 'where to write; - is standard output')
        .option('--format <format>', 'of the file, such as npz or torch; default: as its name ends')
        .option('--at <version>', versionHelp, parseVersion),
    ),
  async work(session, options, uri: string, names: string[]) {
    const { out, at } = options;
    const { signal } = session;
    const format = await checkOutput(out, options.format, options, '--format');
    const newest = await session.open(uri);
    // Of one version, whoever writes meanwhile.
    const version = await (at === undefined ? newest : await newest.at(at, { signal })).version({ signal });
    const dataset = await newest.at({ version }, { signal });
    const all = Object.keys((await dataset.info({ signal })).arrays);
    // As import has it: whatever arrays there are.
    const wanted = names.length === 0 || (names.length === 1 && names[0] === '-') ? all : names;
    if (wanted.length === 0) throw invalid(`${dataset.uri} has no arrays`, 'Import some first.');
    const twice = wanted.find((name, i) => wanted.indexOf(name) < i);
    if (twice !== undefined) throw invalid(`the array '${twice}' is named twice`, 'Name it once.');
    const arrays: Outgoing[] = [];
    const attributes: Attribute[] = [];
    for (const name of wanted) {
      const array = dataset.array(name);
      arrays.push(await outgoing(array, signal));
      attributes.push(...(await array.attributes({ signal })));
    }
    const beside = (await takesAttributes(format, arrays, attributes))
      ? await dataset.array(wanted[0] ?? '').attributeSource({ signal })
      : undefined;
    const sizeBytes = await writeArrays(session, out, format, arrays, beside);
    const left = beside === undefined ? [...new Set(attributes.map(({ name }) => name))] : [];
    noteLeft(session, left);
    const file = fileText(outName(out), format, arrays.length, sizeBytes);
    const text = `wrote version ${version} of ${dataset.uri} to ${file}`;
    if (out === '-') {
      if (options.verbose === true) session.note(text);
      return { json: undefined, text: '' };
    }
    const json = {
      ...{ uri: dataset.uri, version, out, format, sizeBytes },
      ...{ arrays: writtenJson(arrays), attributesNotWritten: left },
    };
    return { json, text };
  },
});

async function outgoing(array: ArrayHandle, signal: AbortSignal): Promise<Outgoing> {
  const type = await typeOf(array, signal);
  const [rows = 1] = await array.shape({ signal });
  const pieces: Outgoing['pieces'] = async function* (onRows) {
    let done = 0;
    for await (const { data, shape } of array.batches({ batchRows: rowsOf(pieceBytes, type), signal })) {
      done += shape[0] ?? 1;
      yield data;
      onRows(done);
    }
  };
  return { array: array.name, type, rows, pieces };
}
