import { addRows, type AddOptions } from '../add-rows.js';
import { fileOptions, filesHelp } from '../array-files.js';
import { attributesHelp, attributesOptions, besideHelp } from '../attribute-files.js';
import { bytesText, plural } from '../output.js';
import { changing, define } from '../program.js';
import { writingOptions } from '../sources.js';

export const append = define<AddOptions>({
  usage: 'append <uri> <array> <file>',
  summary: 'add the rows of a file to an array',
  details: `The array must be there and hold rows of the same dtype and shape; nacre import makes what is
missing. ${filesHelp} Of a file with several arrays --from names the one to take.

${besideHelp}

--attributes names a file with the attributes of the rows; those of an array with a key have that one, and no
key that is there already. ${attributesHelp}`,
  examples: [
    'nacre append s3://bucket/faces embeddings today.npy',
    'nacre append ./faces embeddings today.npy --attributes today.parquet',
    'nacre append ./faces embeddings batch.npz --from embeddings',
    'nacre append ./sensors readings today.csv --dtype float32 --no-header',
    'python embed.py | nacre append ./faces embeddings -',
  ],
  options: (command) => changing(attributesOptions(writingOptions(fileOptions(command)))),
  async work(session, options, uri: string, name: string, file: string) {
    return addRows(session, options, { uri, name, file, verbs: ['append', 'appending'] }, async (adding) => {
      const { array, source, attributes, write } = adding;
      const { rows, sizeBytes } = adding;
      const what = `${plural(rows, 'row')} (${bytesText(sizeBytes)}) to '${name}'`;
      if (options.dryRun === true) return { json: {}, text: `would append ${what}` };
      const given = attributes === undefined ? {} : { attributes };
      const { version } = await write((tx) => tx.appendFrom(name, source, given));
      const shape = await array.shape({ signal: session.signal });
      const total = plural(shape[0] ?? 1, 'row');
      return {
        json: { version, shape },
        text: `appended ${what}, which has ${total} now (version ${version})`,
      };
    });
  },
});
