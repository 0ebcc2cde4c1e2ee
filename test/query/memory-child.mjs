// A process that searches an array larger than its memory budget, and says the most memory that it held above
// what it began with: { idle, peaks: { [what]: bytes }, hits }.
import { open } from '../../dist/index.js';
import { memory, resetPeak } from '../races/memory.mjs';

const { uri, cacheDir, memoryBytes, dimensions } = JSON.parse(process.argv[2]);
const query = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(i));
const dataset = await open(uri, { cacheDir, memoryBytes });
const peaks = {};
const hits = {};
// What the first query of a kind loads is code, and not rows.
for (const metric of ['hamming', 'l2']) await dataset.array('small').nearest(query, { metric }).toArray();
const idle = memory('VmRSS');
// Twice each: from the store, and from what the cache keeps.
for (const metric of ['hamming', 'hamming', 'l2', 'l2']) {
  resetPeak();
  hits[metric] = await dataset.array('large').nearest(query, { metric }).limit(3).toArray();
  peaks[metric] = Math.max(peaks[metric] ?? 0, memory('VmHWM') - idle);
}
await dataset.close();
process.stdout.write(JSON.stringify({ idle, peaks, hits }));
