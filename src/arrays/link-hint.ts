import { isLinkedKey } from '../manifest/keys.js';

/** What to do about damage of an object that is linked; undefined of others. */
export function linkHint(key: string): string | undefined {
  if (!isLinkedKey(key)) return undefined;
  return (
    'It is linked, and whoever owns it changed or removed it: put its bytes back, by hand or with ' +
    '`nacre repair` from a replica or a backup, and save new ones under another key.'
  );
}
