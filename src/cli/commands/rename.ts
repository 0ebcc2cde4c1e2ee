import { NacreError } from '../../index.js';
import { shellWord } from '../output.js';
import { changing, define } from '../program.js';
import { writeOptions, type WritingOptions } from '../sources.js';

export const rename = define<WritingOptions>({
  usage: 'rename <uri> <array> <new-name>',
  summary: 'give an array another name; no data moves',
  examples: ['nacre rename ./faces embeddings embeddings-v1'],
  options: (command) => changing(command.option('-m, --message <text>', 'shown by `nacre log`')),
  async work(session, options, uri: string, name: string, to: string) {
    const { signal } = session;
    const dataset = await session.open(uri);
    await dataset.array(name).shape({ signal });
    const answer = { uri: dataset.uri, array: to, from: name };
    if (options.dryRun === true) {
      const { arrays } = await dataset.info({ signal });
      if (Object.hasOwn(arrays, to))
        throw new NacreError('AlreadyExists', `array '${to}' exists already`, { context: { array: to } });
      return { json: { ...answer, dryRun: true, version: null }, text: `would rename '${name}' to '${to}'` };
    }
    const { version } = await dataset.write((tx) => tx.rename(name, to), {
      message: `rename ${name} to ${to}`,
      ...writeOptions(session, options),
    });
    const undo = `nacre rename ${shellWord(uri)} ${shellWord(to)} ${shellWord(name)}`;
    return {
      json: { ...answer, version, undo },
      text: `renamed '${name}' to '${to}' (version ${version})\nundo: ${undo}`,
    };
  },
});
