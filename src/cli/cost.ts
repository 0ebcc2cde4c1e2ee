// What a query cost, for --analyze.
import type { MeterCounts, QueryAnalysis } from '../index.js';
import { bytesText, countText, durationText, plural } from './output.js';

export interface Cost {
  readonly requests: number;
  readonly waves: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
}

export function costOf({ totalRequests, waves, bytesDown, bytesMapped, elapsedMs }: MeterCounts): Cost {
  return { requests: totalRequests, waves, bytesRead: bytesDown + bytesMapped, elapsedMs };
}

export function costText({ requests, waves, bytesRead, elapsedMs }: Cost): string {
  const parts = [plural(requests, 'request'), plural(waves, 'wave'), `${bytesText(bytesRead)} read`];
  return [...parts, durationText(elapsedMs)].join(', ');
}

/** Which rows a search looked at, and how. */
export function rowsText({ rows }: QueryAnalysis): string {
  const parts = [
    rows.scanned > 0 && `${countText(rows.scanned)} as they are`,
    rows.coded > 0 && `${countText(rows.coded)} by codes`,
    rows.lists > 0 && `in ${plural(rows.lists, 'list')}`,
    rows.scored > 0 && `${countText(rows.scored)} read and scored`,
    rows.pruned.byFilter > 0 && `${countText(rows.pruned.byFilter)} ruled out by the filter`,
  ].filter((part) => part !== false);
  return `of ${plural(rows.live, 'row')}: ${parts.length === 0 ? 'none was looked at' : parts.join(', ')}`;
}
