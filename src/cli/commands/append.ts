import {
  attributeList,
  attributesHelp,
  attributesOfEach,
  attributesOptions,
  type AttributesOptions,
  checkAsked,
  newAttributes,
  openAttributes,
} from '../attribute-files.js';
import { rehearse } from '../datasets.js';
import { bytesText, plural } from '../output.js';
import { changing, define } from '../program.js';
import {
  checkedSource,
  withProgress,
  writeOptions,
  writingOptions,
  type WritingOptions,
} from '../sources.js';

export const append = define<WritingOptions & AttributesOptions>({
  usage: 'append <uri> <array> <file>',
  summary: 'add the rows of a .npy file to an array',
  details: `The array must be there and hold rows of the same dtype and shape; nacre import makes what is
missing. FILE is a path, an s3:// or gs:// URI, or - for standard input, which is copied to TMPDIR first.

--attributes names a file with the attributes of the rows. ${attributesHelp}`,
  examples: [
    'nacre append s3://bucket/faces embeddings today.npy',
    'nacre append ./faces embeddings today.npy --attributes today.parquet',
    'python embed.py | nacre append ./faces embeddings -',
  ],
  options: (command) => changing(attributesOptions(writingOptions(command))),
  async work(session, options, uri: string, name: string, file: string) {
    const { signal } = session;
    const [named] = attributesOfEach([file], options);
    const dataset = await session.open(uri);
    const array = dataset.array(name);
    const source = await checkedSource(session, file, array, dataset);
    const { rows, sizeBytes } = source;
    const known = await array.attributes({ signal });
    const wanted = `${source.name} has ${plural(rows, 'row')}`;
    const from = { array: name, known, rows, wanted, dataset };
    const attributes = named === undefined ? undefined : await openAttributes(session, named, options, from);
    if (attributes !== undefined) checkAsked(options, [attributes]);
    const made = attributes === undefined ? [] : newAttributes(attributes, known);
    if (made.length > 0) await rehearse(new Map(), new Map([[name, [...known, ...made]]]));
    const what = `${plural(rows, 'row')} (${bytesText(sizeBytes)}) to '${name}'`;
    const answer = {
      uri: dataset.uri,
      array: name,
      rows,
      ...(named === undefined ? {} : { attributes: named }),
      created: { attributes: made },
    };
    const also = made.length === 0 ? '' : ` attributes of '${name}': ${attributeList(made)}`;
    if (options.dryRun === true) {
      const text = `would append ${what}${also && `\nwould create${also}`}`;
      return { json: { ...answer, dryRun: true, version: null }, text };
    }
    const progress = session.progress(`appending ${source.name}`, 'rows');
    const { version } = await dataset.write(
      (tx) =>
        tx.appendFrom(
          name,
          withProgress(source, (done) => progress.update(done, rows)),
          attributes === undefined ? {} : { attributes },
        ),
      { message: `append ${source.name}`, ...writeOptions(session, options) },
    );
    progress.end();
    if (also !== '') session.note(`created${also}`);
    const [total = 1] = await array.shape({ signal });
    return {
      json: { ...answer, version, shape: await array.shape({ signal }) },
      text: `appended ${what}, which has ${plural(total, 'row')} now (version ${version})`,
    };
  },
});
