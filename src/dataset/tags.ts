// Names for versions: what is said of them, and what making, moving and deleting one asks of the commit.
import { NacreError } from '../errors.js';
import { taggedVersion } from '../manifest/history-draft.js';
import { locate, type Place } from '../manifest/locate.js';
import type { LoadedRoot } from '../manifest/root.js';
import { liveTags, tagLimit, tagOf } from '../manifest/tags.js';
import type { VersionReference } from '../manifest/version-reference.js';
import type { WriteCall, WriteResult } from './operation.js';
import type { Committing, PlannedChange } from './planned.js';

export interface TagInfo {
  readonly name: string;
  readonly version: number;
  /** When it was set, by the store's clock; ISO 8601, UTC. */
  readonly time: string;
}

export interface TagOptions extends WriteCall {
  /** Default the newest version. */
  readonly at?: VersionReference;
  /** The tag is there and moves; with `from` only from that version. Default: it must not be there. */
  readonly move?: boolean | { readonly from: number };
}

export interface TagResult extends WriteResult {
  readonly name: string;
  /** The version that has the name; `version` is the one that says so. */
  readonly tagged: number;
}

/** What `Dataset.tag()` does. */
export async function tagVersion(commits: Committing, name: string, options: TagOptions): Promise<TagResult> {
  let tagged = 0;
  const written = await commits.change(async (place, nowMs) => {
    const planned = await planTag(place, name, options, nowMs);
    tagged = planned.version;
    return planned;
  }, options);
  return { ...written, name, tagged };
}

async function planTag(
  place: Place,
  name: string,
  { at, move = false, signal }: TagOptions,
  nowMs: number,
): Promise<PlannedChange & { readonly version: number }> {
  const { root } = place.head;
  const expected = taggedVersion(root, name);
  if (expected === undefined && move !== false) tagOf(root, name);
  if (expected !== undefined) checkMove(name, expected, move);
  if (expected === undefined && liveTags(root).length >= tagLimit) {
    throw new NacreError('ResourceExhausted', `there are ${tagLimit} tags already`, {
      context: { tags: tagLimit },
      hint: 'Delete one first: `nacre tag URI --delete NAME`.',
    });
  }
  const options = signal === undefined ? {} : { signal };
  const target = at === undefined ? place.head : await locate(place, at, nowMs, options);
  const { version } = target.root;
  const message = `tag version ${version} as '${name}'`;
  if (expected === version) return { history: [], message, version };
  const history = [{ kind: 'tag' as const, name, version, rootHash: target.hash, expected }];
  return { history, message, version };
}

function checkMove(name: string, observed: number, move: NonNullable<TagOptions['move']>): void {
  const context = { tag: name, observed };
  if (move === false) {
    throw new NacreError('AlreadyExists', `the tag '${name}' is there already, at version ${observed}`, {
      context,
      hint: 'Move it: `nacre tag URI --move NAME --at REF`, or { move: true }.',
    });
  }
  if (move === true || move.from === observed) return;
  throw new NacreError('Conflict', `the tag '${name}' is at version ${observed}, not ${move.from}`, {
    context: { ...context, expected: move.from },
    hint: '`nacre tag URI --list` shows where it stands: decide again.',
  });
}

export function planDeletion({ root }: LoadedRoot, name: string): PlannedChange {
  const expected = tagOf(root, name).version;
  return { history: [{ kind: 'deleteTag', name, expected }], message: `delete the tag '${name}'` };
}
