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
const search = (array, metric, level) => dataset.array(array).nearest(query, { metric }).precision(level);
const kinds = { hamming: 'f64', l2: 'f64', 'l2 of f8': 'f8', 'l2 of bits': 'bit' };
for (const [kind, level] of Object.entries(kinds)) await search('small', kind.split(' ')[0], level).toArray();
const idle = memory('VmRSS');
// Twice each: from the store, and from what the cache keeps.
for (const [kind, level] of Object.entries(kinds).flatMap((one) => [one, one])) {
  resetPeak();
  hits[kind] = await search('large', kind.split(' ')[0], level).limit(3).toArray();
  peaks[kind] = Math.max(peaks[kind] ?? 0, memory('VmHWM') - idle);
}
await dataset.close();
process.stdout.write(JSON.stringify({ idle, peaks, hits }));
