import { promote as promoteAt } from '../../index.js';
import { define } from '../program.js';

export const promote = define<object>({
  usage: 'promote <uri>',
  summary: 'make a replica a primary, which takes writes',
  details: `It gets an empty version of a lineage of its own. What the old primary commits from then on never
comes here: end its writers first, or what they commit is there alone. There is no way back; make a new
replica of this one where the old primary was, in an empty prefix.`,
  examples: ['nacre promote s3://other/faces', 'nacre promote /mnt/copy/faces --yes --json'],
  options: (command) => command.option('-y, --yes', 'do not ask, also on a terminal'),
  async work(session, _, uri: string) {
    const promoted = await promoteAt(uri, {
      ...session.connection(),
      onPlan: (version) => session.confirm(`Make this replica, at version ${version}, a primary?`),
    });
    const { replicated, version } = promoted;
    const last = `version ${replicated} is the last one of its source`;
    const text = `${promoted.uri} is a primary from version ${version} on; ${last}`;
    return { json: promoted, text };
  },
});
