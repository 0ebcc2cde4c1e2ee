// Names for versions, as a root holds them. A tag that was deleted stays for a while, without a version, so
// that it can be told from one that never was.
import { NacreError } from '../errors.js';
import { quoted } from '../util/text.js';
import type { Root } from './message.js';
import { nearestName } from './names.js';
import { isoTime } from './version-reference.js';

/** Tags of a dataset at most. */
export const tagLimit = 512;

type Tag = Root['tags'][number];

/** Those that stand for a version, by name. */
export function liveTags({ tags }: Pick<Root, 'tags'>): Tag[] {
  const live = tags.filter(({ version }) => version > 0);
  return live.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `NotFound` when there is no such tag, with the nearest name, and when it was deleted. */
export function tagOf(root: Pick<Root, 'tags'>, name: string): Tag {
  const tag = root.tags.find((one) => one.name === name);
  if (tag !== undefined && tag.version > 0) return tag;
  const names = liveTags(root).map((one) => one.name);
  const near = nearestName(name, names);
  const gone = tag === undefined ? '' : `: it was deleted at ${isoTime(tag.timeMs)}`;
  const list = `The tags are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}.`;
  throw new NacreError('NotFound', `there is no tag ${quoted(name, 80)}${gone}`, {
    context: { tag: name.slice(0, 200), ...(tag === undefined ? {} : { deleted: isoTime(tag.timeMs) }) },
    hint:
      near === undefined
        ? names.length === 0
          ? 'The dataset has no tags.'
          : list
        : `Did you mean '${near}'?`,
  });
}
