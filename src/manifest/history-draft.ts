// Tags, kept versions and the fence of the next root while it is being made. Pure: what a change rests on is
// compared with the parent here, where the order of commits is decided.
import { NacreError } from '../errors.js';
import { evolve, make, type Root, v1 } from './message.js';
import { liveTags, tagLimit } from './tags.js';
import type { HistoryChange } from './transaction.js';

type Kept = Root['kept'];

/** Deleted tags that are remembered, so that one can be told from one that never was. */
const deletedTagsRemembered = 64;

/** Whether a version's data is kept, by what a root says of it. */
export function isKept(kept: Kept, version: number): boolean {
  return kept === null || version >= kept.from || kept.also.includes(version);
}

/** The version that a name stands for; undefined when there is no such tag, or no longer. */
export function taggedVersion({ tags }: Pick<Root, 'tags'>, name: string): number | undefined {
  const tag = tags.find((one) => one.name === name);
  return tag === undefined || tag.version === 0 ? undefined : tag.version;
}

export class HistoryDraft {
  readonly #version: number;
  readonly #parent: Root;
  #tags: Root['tags'];
  #kept: Kept;
  #fence: Root['fence'];
  readonly #changed = new Set<string>();

  constructor(parent: Root, version: number) {
    this.#version = version;
    this.#parent = parent;
    this.#tags = parent.tags;
    this.#kept = parent.kept;
    this.#fence = parent.fence;
  }

  /** Throws `Conflict`, and changes nothing, where a change rests on what is no longer so. */
  check(changes: readonly HistoryChange[]): void {
    const draft = new HistoryDraft(this.#parent, this.#version);
    [draft.#tags, draft.#kept, draft.#fence] = [this.#tags, this.#kept, this.#fence];
    draft.apply(changes);
  }

  apply(changes: readonly HistoryChange[]): void {
    for (const change of changes) this.#apply(change);
  }

  #apply(change: HistoryChange): void {
    switch (change.kind) {
      case 'tag':
        this.#expect(change.name, change.expected);
        this.#checkTarget(change);
        this.#checkRoom(change.name);
        return this.#set(change.name, change.version, change.rootHash);
      case 'deleteTag':
        this.#expect(change.name, change.expected);
        return this.#set(change.name, 0, new Uint8Array(0));
      case 'expire':
        return this.#expire(change.keep);
      case 'restore':
        return this.#checkRestored(change.from.root.version);
      case 'promote':
      case 'restoreTo':
        return undefined;
      case 'fence':
        this.#expectNoFence();
        this.#fence = make(v1.Fence, { version: this.#version, plan: change.plan });
    }
  }

  /** A version names one plan: two of them would hide one from the writers that must heed both. */
  #expectNoFence(): void {
    if (this.#fence?.version !== this.#version) return;
    throw new NacreError('Conflict', 'another clean-up is in the same version', {
      context: { version: this.#version },
      hint: 'Run `nacre gc` again.',
    });
  }

  #expect(name: string, expected: number | undefined): void {
    const observed = taggedVersion({ tags: this.#tags }, name);
    if (observed === expected) return;
    const stands = observed === undefined ? 'is no longer there' : `is at version ${observed}`;
    throw new NacreError('Conflict', `the tag '${name}' ${stands}`, {
      context: { tag: name, version: observed ?? 0 },
      hint: '`nacre tag URI --list` shows where it stands: decide again.',
    });
  }

  #checkTarget({ name, version }: Extract<HistoryChange, { kind: 'tag' }>): void {
    if (version < this.#version && isKept(this.#kept, version)) return;
    throw new NacreError('Conflict', `version ${version} expired before the tag '${name}' was set`, {
      context: { tag: name, version },
      hint: '`nacre log` lists the versions that are kept.',
    });
  }

  #checkRestored(version: number): void {
    if (version < this.#version && isKept(this.#kept, version)) return;
    throw new NacreError('Conflict', `version ${version} expired before it was restored`, {
      context: { version },
      hint: '`nacre log` lists the versions that are kept.',
    });
  }

  #checkRoom(name: string): void {
    const others = liveTags({ tags: this.#tags }).filter((tag) => tag.name !== name);
    if (others.length < tagLimit) return;
    throw new NacreError('Conflict', `others made tags meanwhile, and there are ${tagLimit} now`);
  }

  /** `timeMs` is given when the root is built. */
  #set(name: string, version: number, rootHash: Uint8Array): void {
    this.#changed.add(name);
    const tag = make(v1.Tag, { name, version, rootHash });
    this.#tags = [...this.#tags.filter((other) => other.name !== name), tag];
  }

  /** Takes versions away and never brings one back; a tagged version stays. */
  #expire(keep: { readonly from: number; readonly also: readonly number[] }): void {
    const from = Math.max(this.#kept?.from ?? 1, Math.min(keep.from, this.#parent.version));
    const wanted = new Set([...keep.also, ...this.#tags.map(({ version }) => version)]);
    const also = [...wanted]
      .filter((version) => version > 0 && version < from && isKept(this.#kept, version))
      .toSorted((a, b) => a - b);
    this.#kept = evolve(this.#kept ?? make(v1.Kept, {}), { from, also });
  }

  /** Names of the tags that this version changed. */
  get changedTags(): string[] {
    return [...this.#changed];
  }

  build(timeMs: number): Pick<Root, 'tags' | 'kept' | 'fence'> {
    const dated = this.#tags.map((tag) => (this.#changed.has(tag.name) ? evolve(tag, { timeMs }) : tag));
    const deleted = dated.filter(({ version }) => version === 0).slice(0, -deletedTagsRemembered);
    return {
      tags: dated.filter((tag) => !deleted.includes(tag)),
      kept: this.#kept,
      fence: this.#fence,
    };
  }
}
