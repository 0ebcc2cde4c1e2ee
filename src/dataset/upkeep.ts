// What the verbs that look after a dataset are handed of its handle.
import type { Upkeep } from '../ops/upkeep.js';
import type { Commits } from './commits.js';
import type { Environment } from './environment.js';
import type { HeadSource } from './head-source.js';

export function upkeepOf(
  environment: Environment,
  source: HeadSource,
  commits: Commits,
): Upkeep & Environment {
  return {
    ...environment,
    async head(options) {
      await source.refresh(options);
      // On a copy this may go back to the newest version that came whole.
      await commits.committer(options);
      return source.latest.loaded;
    },
    async commit(history, options) {
      const { message = '' } = options;
      return (await commits.change(async () => ({ history, message }), options)).version;
    },
    async commitChanges(changes, baseVersion, options) {
      const { message = '' } = options;
      const planned = { history: [], changes, baseVersion, message };
      return (await commits.change(async () => planned, options)).version;
    },
  };
}
