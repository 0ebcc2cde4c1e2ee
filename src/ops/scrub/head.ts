// The head of a history that may be damaged: what open() refuses, repair begins with.
//
// From the hint, or from the highest slot whose root has its parent, upwards. A root that names a parent
// above what is known goes on through damage: what stands between is found by its hash, from there down. A
// slot that holds no root at all and that no later root names is damage, too, of which nobody can say what it
// was, unless a source has the next version, and something shows that it is the one that stood here.
import type { HintState } from '../../manifest/hint.js';
import { type LoadedRoot, voidReason } from '../../manifest/root.js';
import { inOrderAhead } from '../../util/ahead.js';
import { equalBytes } from '../../util/bytes.js';
import { forked, type Roots, type SlotContent } from './roots.js';

export interface FoundHead {
  readonly head: LoadedRoot;
  /** Slots that hold what is no root and that nobody can tell anything of. */
  readonly unknown: readonly number[];
}

const readAhead = 16;

/** Cost: one request a version above the hint; without a usable one, some from the highest slot down. */
export async function findHead(
  roots: Roots,
  hint: HintState,
  slots: readonly number[],
  signal?: AbortSignal,
): Promise<FoundHead | undefined> {
  const hinted = hint.problem === undefined ? hint.head : undefined;
  const start = hinted ?? (await highest(roots, slots)) ?? (await fromSource(roots, slots));
  if (start === undefined) return undefined;
  let head = start;
  let unknown: number[] = [];
  const above = slots.filter((slot) => slot > start.root.version);
  const contents = inOrderAhead(above, readAhead, (slot) => roots.inSlot(slot), signal);
  let at = 0;
  for await (const content of contents) {
    const slot = above[at++] ?? 0;
    const next = content === 'damaged' ? await nextOf(roots, slot, head) : content;
    if (next === 'damaged') unknown.push(slot);
    if (typeof next === 'string') continue;
    if (voidReason(next.root, slot, head) === undefined || content === 'damaged') head = next;
    else if (goesOnThroughDamage(next, slot, head)) {
      const { version } = next.root.parent ?? { version: 0 };
      unknown = unknown.filter((one) => one < head.root.version || one > version);
      head = next;
    } else if (hinted !== undefined && (await buildsOnAnother(roots, next, hinted))) {
      throw forked(hinted.root.version);
    }
  }
  return { head, unknown };
}

/** The root of a slot as a source has it, when it stood here, and the source goes on from our head to it. */
async function nextOf(roots: Roots, slot: number, head: LoadedRoot): Promise<SlotContent> {
  const { dataset, lineage } = head.root;
  const isOurs = ({ root }: LoadedRoot, version: number): boolean =>
    root.version === version && equalBytes(root.dataset, dataset) && equalBytes(root.lineage, lineage);
  const found = await roots.ofSource(slot, (loaded) => isOurs(loaded, slot));
  if (found === undefined || !(await roots.stoodHere(found))) return 'damaged';
  for (let below = found; ; ) {
    const { parent } = below.loaded.root;
    if (parent === null || parent.version < head.root.version) return 'damaged';
    const { version, hash } = parent;
    if (version === head.root.version) return equalBytes(hash, head.hash) ? found.loaded : 'damaged';
    const next = await roots.ofSource(version, (loaded) => equalBytes(loaded.hash, hash));
    if (next === undefined) return 'damaged';
    below = next;
  }
}

function goesOnThroughDamage({ root }: LoadedRoot, slot: number, head: LoadedRoot): boolean {
  return (
    root.version === slot &&
    equalBytes(root.dataset, head.root.dataset) &&
    root.parent !== null &&
    root.parent.version > head.root.version
  );
}

/** Whether a root above goes on from what stands in the slot of the hinted one, which is another root. */
async function buildsOnAnother(roots: Roots, { root }: LoadedRoot, hinted: LoadedRoot): Promise<boolean> {
  const { parent } = root;
  const { version, dataset } = hinted.root;
  if (parent === null || parent.version !== version || !equalBytes(root.dataset, dataset)) return false;
  if (equalBytes(parent.hash, hinted.hash)) return false;
  const content = await roots.inSlot(version);
  return typeof content !== 'string' && equalBytes(content.hash, parent.hash);
}

/**
 * The highest root whose parent is there, or is damaged: then it is of the dataset that the highest one below
 * is of, and not what is left of another.
 */
async function highest(roots: Roots, slots: readonly number[]): Promise<LoadedRoot | undefined> {
  for (const slot of slots.toReversed()) {
    const content = await roots.inSlot(slot);
    if (typeof content === 'string' || content.root.version !== slot) continue;
    const { parent } = content.root;
    if (parent === null) return content;
    const below = await roots.inSlot(parent.version);
    if (below === 'damaged') {
      const lower = slots.filter((one) => one < parent.version);
      const sure = await highest(roots, lower);
      if (sure === undefined || equalBytes(sure.root.dataset, content.root.dataset)) return content;
      continue;
    }
    if (typeof below !== 'string' && equalBytes(below.hash, parent.hash)) return content;
  }
  return undefined;
}

/** Where no root is left that says what this is. */
async function fromSource(roots: Roots, slots: readonly number[]): Promise<LoadedRoot | undefined> {
  for (const slot of slots.toReversed()) {
    const found = await roots.ofSource(slot, ({ root }) => root.version === slot);
    if (found !== undefined && (await roots.stoodHere(found))) return found.loaded;
  }
  return undefined;
}
