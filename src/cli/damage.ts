// Damage as people read it.
import type { DamagedObject, RepairStep, VersionRange } from '../index.js';
import { bytesText, countText, plural } from './output.js';

/** A line for each object, what is to be said of it below. */
export function damageText(one: DamagedObject): string {
  const healed = one.healed === undefined ? '' : `; its right bytes are at ${one.healed}`;
  return `${one.key}\n  ${roleText(one)}: ${whatText(one)}${versionsText(one.versions)}${healed}`;
}

/** What is planned for a damaged object, or what became of it. */
export function stepText(step: RepairStep): string {
  const { outcome, from, healed, reason, quarantine, passedOver } = step;
  const said = {
    planned: `to be put back from ${from ?? ''}`,
    mended: `mended from ${from ?? ''}`,
    healed: `healed: its right bytes are at ${healed ?? ''}, where reads find them`,
    lost: 'LOST: nobody has the right bytes',
    left: 'NOT MENDED',
  }[outcome];
  const { healed: _, ...what } = step;
  const lines = [damageText(what), `  ${said}${reason === undefined ? '' : `: ${reason}`}`];
  for (const { source, reason: why } of passedOver) lines.push(`  passed over ${source}: ${why}`);
  if (quarantine !== undefined) lines.push(`  the bad bytes are in ${quarantine}`);
  return lines.join('\n');
}

function roleText({ kind, array, attributes, index, rows }: DamagedObject): string {
  const parts = [
    index === undefined ? kind : `${kind} (${index})`,
    ...(attributes === undefined ? [] : [attributes.join(', ')]),
    ...(array === undefined ? [] : [`of '${array}'`]),
  ];
  const ids =
    rows === undefined || rows.count === 0
      ? ''
      : `, ${plural(rows.count, 'row')}, ids ${countText(rows.start)} to ${countText(rows.end - 1)}`;
  return parts.join(' ') + ids;
}

function whatText(one: DamagedObject): string {
  const { damage, sizeBytes = 0, observedBytes = 0, blocks = [], blockBytes = 0, holds } = one;
  const differing = blocks.reduce((sum, { start, end }) => sum + end - start, 0);
  switch (damage) {
    case 'missing':
      return 'missing';
    case 'size':
      return `${countText(observedBytes)} bytes long, not ${countText(sizeBytes)}`;
    case 'other':
      return holds === undefined ? 'another one than its child or the hint names' : `holds ${holds}`;
    case 'unreadable':
      return 'the disk fails to read it';
    case 'manifest':
      return differing === 0
        ? 'its bytes are right, and cannot be understood'
        : `right, but the manifest has wrong sums of ${plural(differing, 'block')}`;
    case 'blocks':
      return differing === 0
        ? 'its bytes differ'
        : `${plural(differing, 'block')} of ${bytesText(blockBytes)} ${differing === 1 ? 'differs' : 'differ'}: ${rangesText(blocks)}`;
  }
}

function versionsText(versions: readonly VersionRange[]): string {
  if (versions.length === 0) return '';
  const all = versions.map(({ from, to }) => ({ start: from, end: to + 1 }));
  return `; version${all.length === 1 && versions[0]?.from === versions[0]?.to ? '' : 's'} ${rangesText(all)}`;
}

/** `1-3, 7`; the first ones of many. */
function rangesText(ranges: readonly { readonly start: number; readonly end: number }[]): string {
  const shown = ranges
    .slice(0, 8)
    .map(({ start, end }) => (end - start === 1 ? String(start) : `${start}-${end - 1}`));
  return [...shown, ...(ranges.length > shown.length ? ['…'] : [])].join(', ');
}
