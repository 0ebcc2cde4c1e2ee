import { exitCodes } from '../exit-codes.js';
import { changing, define } from '../program.js';

interface Options {
  readonly fence?: boolean;
}

export const settle = define<Options>({
  usage: 'settle <uri> <token>',
  summary: 'find out what became of a commit whose outcome was unknown',
  details:
    'A command whose reply was lost ends with exit code 12 and prints a token. The outcome here is ' +
    'committed, not-committed, or open (exit code 12 again): the lost request may yet arrive. --fence ' +
    'then takes its place with an empty version, after which it never can.',
  examples: [
    'nacre settle s3://bucket/faces nacre1.0123456789abcdef0123456789abcdef.42.0123456789abcdef0123456789abcdef',
  ],
  options: (command) =>
    changing(command.option('--fence', 'make sure that a commit which is not there can never land')),
  async work(session, { fence, dryRun }, uri: string, token: string) {
    const dataset = await session.open(uri);
    const settled = await dataset.settle(token, {
      signal: session.signal,
      fence: fence === true && dryRun !== true,
    });
    const texts = {
      committed: 'committed: everything that it wrote is there',
      'not-committed': 'not committed, and it never will be: repeat the command',
      open:
        fence === true
          ? 'open: --fence would end it with an empty version'
          : 'open: it is not there, and may yet land; wait, or end it with --fence',
    };
    const at = settled.outcome === 'committed' ? ` (version ${settled.version})` : '';
    return {
      json: { uri: dataset.uri, ...settled, ...(dryRun === true ? { dryRun: true } : {}) },
      text: `${texts[settled.outcome]}${at}`,
      data: true,
      exitCode: settled.outcome === 'open' ? exitCodes.unknownCommit : exitCodes.ok,
    };
  },
});
