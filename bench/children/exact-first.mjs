// `node exact-first.mjs URI CACHE FILE WIDTH START COUNT`: a new process opens a dataset and searches it for
// COUNT queries of a file of float32 from START on; CACHE is the folder of the page cache.
import { readFileSync } from 'node:fs';
import { open } from '../../dist/index.js';
import { median, timed } from '../harness.mjs';

const [, , uri, cacheDir, file, ...numbers] = process.argv;
const [width, start, count] = numbers.map(Number);
const bytes = readFileSync(file);
const asked = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

const opened = await timed(() => open(uri, { cacheDir }));
const dataset = opened.value;
const samples = [];
const ids = [];
for (let i = start; i < start + count; i++) {
  const vector = asked.subarray(i * width, (i + 1) * width);
  const query = dataset.array('rows').nearest(vector, { metric: 'cosine' }).exact().limit(10);
  const { ms, value } = await timed(() => query.toArray());
  samples.push(ms);
  ids.push(value.map(({ row }) => row));
}
const counts = dataset.meter.snapshot();
await dataset.close();
const [first, ...warm] = samples;
console.log(
  JSON.stringify({ open: opened.ms, first, warm: warm.length === 0 ? first : median(warm), ids, counts }),
);
