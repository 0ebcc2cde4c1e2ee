// Which versions a history keeps that was restored elsewhere. Pure.
import { isKept } from '../../manifest/history-draft.js';
import { liveTags } from '../../manifest/tags.js';
import type { Root } from '../../manifest/message.js';
import type { VersionRange } from '../scrub/survey.js';

export interface RestoredVersions {
  /** Versions from this one up to the restored one come with their data, */
  readonly from: number;
  /** and of those before it these, ascending. */
  readonly also: readonly number[];
}

/**
 * Those that the restored version keeps and that the source still does; with `only` the restored version
 * alone. The source's newest version must keep the restored one.
 */
export function versionsThatCome(restored: Root, newest: Root, only: boolean): RestoredVersions {
  const { version } = restored;
  if (only) return { from: version, also: [] };
  const all = [restored.kept, newest.kept];
  const from = Math.min(version, Math.max(...all.map((kept) => kept?.from ?? 1)));
  const named = new Set(all.flatMap((kept) => kept?.also ?? []));
  const also = [...named]
    .filter((one) => one < from && all.every((kept) => isKept(kept, one)))
    .toSorted((a, b) => a - b);
  return { from, also };
}

export function doesCome({ from, also }: RestoredVersions, version: number): boolean {
  return version >= from || also.includes(version);
}

/** Versions that the restored one keeps and whose data does not come; ascending, joined. */
export function versionsLeft(restored: Root, come: RestoredVersions): VersionRange[] {
  const spans: { from: number; to: number }[] = [];
  const add = (from: number, to: number): void => {
    const last = spans.at(-1);
    if (last?.to === from - 1) last.to = to;
    else if (from <= to) spans.push({ from, to });
  };
  const keptFrom = restored.kept?.from ?? 1;
  for (const version of restored.kept?.also ?? [])
    if (version < keptFrom && !doesCome(come, version)) add(version, version);
  let start = keptFrom;
  for (const version of come.also.filter((one) => one >= keptFrom)) {
    add(start, version - 1);
    start = version + 1;
  }
  add(start, come.from - 1);
  return spans;
}

/** Tags of the restored version that stand for one whose data does not come. */
export function tagsLeft(restored: Root, come: RestoredVersions): { name: string; version: number }[] {
  return liveTags(restored).filter(({ version }) => !doesCome(come, version));
}
