// `node ann-first.mjs URI ARRAY PRECISION RECALL VECTORS [FILTER]`: a new process with an empty cache opens a dataset and
// asks for the 10 rows nearest to each vector in turn; of the first the opening counts too.
import { readFileSync } from 'node:fs';
import { open } from '../../dist/index.js';
import { timed } from '../harness.mjs';

const [, , uri, array, precision, recall, file, filter] = process.argv;
const vectors = JSON.parse(readFileSync(file, 'utf8'));
const ask = async (dataset, vector) => {
  const query = dataset.array(array).nearest(vector).recall(Number(recall)).precision(precision);
  return (filter === undefined ? query : query.where(filter)).toArray();
};

const { ms, value: dataset } = await timed(async () => {
  const opened = await open(uri, { cacheDir: false });
  await ask(opened, vectors[0]);
  return opened;
});
const first = dataset.meter.snapshot();
const later = [];
for (const vector of vectors.slice(1)) {
  const scope = dataset.meter.scope();
  const asked = await timed(() => ask(dataset, vector));
  later.push({ ms: asked.ms, waves: scope.stop().waves });
}
// What the system counts for a process begins with what the one that started it had.
const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const memoryBytes = Number(peak) * 1024;
const counts = dataset.meter.snapshot();
await dataset.close();
console.log(JSON.stringify({ ms, first, later, memoryBytes, counts }));
