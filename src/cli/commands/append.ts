import { bytesText, plural } from '../output.js';
import { changing, define } from '../program.js';
import {
  checkedSource,
  withProgress,
  writeOptions,
  writingOptions,
  type WritingOptions,
} from '../sources.js';

export const append = define<WritingOptions>({
  usage: 'append <uri> <array> <file>',
  summary: 'add the rows of a .npy file to an array',
  details:
    'The array must be there and hold rows of the same dtype and shape; nacre import makes what is missing. ' +
    'FILE is a path, an s3:// or gs:// URI, or - for standard input, which is copied to TMPDIR first.',
  examples: [
    'nacre append s3://bucket/faces embeddings today.npy',
    'python embed.py | nacre append ./faces embeddings -',
  ],
  options: (command) => changing(writingOptions(command)),
  async work(session, options, uri: string, name: string, file: string) {
    const { signal } = session;
    const dataset = await session.open(uri);
    const array = dataset.array(name);
    const source = await checkedSource(session, file, array, dataset);
    const { rows, sizeBytes } = source;
    const what = `${plural(rows, 'row')} (${bytesText(sizeBytes)}) to '${name}'`;
    const answer = { uri: dataset.uri, array: name, rows };
    if (options.dryRun === true)
      return { json: { ...answer, dryRun: true, version: null }, text: `would append ${what}` };
    const progress = session.progress(`appending ${source.name}`, 'rows');
    const { version } = await dataset.write(
      (tx) =>
        tx.appendFrom(
          name,
          withProgress(source, (done) => progress.update(done, rows)),
        ),
      { message: `append ${source.name}`, ...writeOptions(session, options) },
    );
    progress.end();
    const [total = 1] = await array.shape({ signal });
    return {
      json: { ...answer, version, shape: await array.shape({ signal }) },
      text: `appended ${what}, which has ${plural(total, 'row')} now (version ${version})`,
    };
  },
});
