// What a command prints: its answer on standard output, everything else on standard error.
import type { MeterCounts, NacreError } from '../index.js';

/** `1,234,567`; not by `Intl`, whose tables take as long to load as all of the command line. */
export function countText(count: number): string {
  return count.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 row`, `2 rows`. */
export function plural(count: number, word: string): string {
  return `${countText(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** `17 B`, `1.5 KiB`, `64.0 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes / 1024;
  let unit = 0;
  // At 1023.95 the first decimal would round up to the next unit.
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `340 ms`, `2.4 s`, `3 min 20 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** As NumPy writes it. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** Columns two spaces apart; those whose cells are all numbers, sizes or null stand on the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = lineOf(head, rows);
  return [line(head), ...rows.map(line)].join('\n');
}

/** How the cells of a line are set, by the rows of a table, or by the first of many. */
export function lineOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): (cells: readonly string[]) => string {
  const widths = head.map((title, i) =>
    rows.reduce((width, row) => Math.max(width, (row[i] ?? '').length), title.length),
  );
  const right = head.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^(?:[-\d]|null$)/.test(row[i] ?? '')),
  );
  return (cells) =>
    cells
      .map((cell, i) => (right[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
}

/** A word as a POSIX shell takes it back. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function meterText(counts: MeterCounts): string {
  const kinds = Object.entries(counts.requests)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${countText(count)} ${kind}`);
  const parts = [
    `${plural(counts.totalRequests, 'request')}${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`,
    plural(counts.waves, 'wave'),
    `${bytesText(counts.bytesDown)} read`,
    ...(counts.bytesMapped > 0 ? [`${bytesText(counts.bytesMapped)} mapped`] : []),
    `${bytesText(counts.bytesUp)} written`,
    `$${counts.priceUsd.toFixed(7)}`,
    durationText(counts.elapsedMs),
  ];
  if (counts.hedged > 0) parts.push(`${countText(counts.hedged)} hedged`);
  if (counts.retries > 0) parts.push(plural(counts.retries, 'retry').replace('retrys', 'retries'));
  return parts.join(', ');
}

/** The last line of standard error with --json. */
export function errorJson({ code, message, hint, retryable, context }: NacreError): string {
  return JSON.stringify({ error: { code, message, hint: hint ?? null, retryable, context } });
}

export function errorText(error: NacreError, color: boolean): string {
  const label = (word: string, code: number): string => (color ? `\u001b[1;${code}m${word}\u001b[0m` : word);
  const lines = [`${label('error:', 31)} ${error.message}`];
  if (error.hint !== undefined) lines.push(`${label('hint:', 36)} ${error.hint}`);
  const { token } = error.context;
  if (error.code === 'CommitUnknown' && typeof token === 'string') lines.push(`token: ${token}`);
  return lines.join('\n');
}

/** https://no-color.org: any value but the empty one. */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}
