import type { Upserted } from '../../index.js';
import { addRows, type AddOptions } from '../add-rows.js';
import { fileOptions, filesHelp } from '../array-files.js';
import { attributesHelp, attributesOptions, besideHelp } from '../attribute-files.js';
import { countText, plural } from '../output.js';
import { define, destructive } from '../program.js';
import { writingOptions } from '../sources.js';
import { invalid } from '../values.js';

export const upsert = define<AddOptions>({
  usage: 'upsert <uri> <array> <file>',
  summary: 'replace the rows whose key is there, and append the others',
  details: `The array must be there and have a key (nacre create --key, nacre attributes --key); --attributes
names a file with the key of each row of FILE, unless FILE has it beside its rows. A row whose key is there
takes the place of the row that has it, which keeps its id and gets the values of the attributes that the file
has; others stay as they are. Older versions keep what was there. A key that the file has twice is refused.
${attributesHelp}

${filesHelp} Of a file with several arrays --from names the one to take. ${besideHelp}`,
  examples: [
    'nacre upsert ./faces people today.npy --attributes today.jsonl',
    'nacre upsert ./faces people today.parquet --from face',
    'nacre upsert ./faces people today.csv --dtype float32 --attributes today.jsonl',
    'nacre upsert s3://bucket/faces people today.npy --attributes today.parquet --yes',
  ],
  options: (command) => destructive(attributesOptions(writingOptions(fileOptions(command)))),
  async work(session, options, uri: string, name: string, file: string) {
    return addRows(session, options, { uri, name, file, verbs: ['upsert', 'upserting'] }, async (adding) => {
      const { array, source, attributes, write, rows } = adding;
      const { signal } = session;
      if (attributes === undefined)
        throw invalid('the keys of the rows are not said', 'Give --attributes FILE, which has them.');
      if ((await array.key({ signal })) === null)
        throw invalid(
          `array '${name}' has no key`,
          `Set one: \`nacre attributes ${uri} ${name} --key NAME\`.`,
        );
      const what = `${plural(rows, 'row')} into '${name}'`;
      if (options.dryRun === true) return { json: {}, text: `would upsert ${what}` };
      await session.confirm(`Replace the rows of '${name}' that have the keys of ${file}?`);
      let done: Upserted = { inserted: 0, replaced: 0 };
      const { version } = await write(async (tx) => {
        done = await tx.upsertFrom(name, source, { attributes });
      });
      const shape = await array.shape({ signal });
      const { inserted, replaced } = done;
      const counts = `${countText(inserted)} inserted, ${countText(replaced)} replaced`;
      const text = `upserted ${what}: ${counts} (version ${version})`;
      return { json: { version, inserted, replaced, shape }, text };
    });
  },
});
