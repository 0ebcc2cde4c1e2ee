// What a query cost, for --analyze.
import type { MeterCounts } from '../index.js';
import { bytesText, durationText, plural } from './output.js';

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
