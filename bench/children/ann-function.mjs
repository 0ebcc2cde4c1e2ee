// `node ann-function.mjs URI ARRAY RECALL VECTORS`: what a function does whose process begins with a call: it opens a
// dataset without a cache, asks for the 10 rows nearest to the first vector, and ends.
import { readFileSync } from 'node:fs';
import { open } from '../../dist/index.js';

const [, , uri, array, recall, file] = process.argv;
const [vector] = JSON.parse(readFileSync(file, 'utf8'));
const dataset = await open(uri, { cacheDir: false });
const hits = await dataset.array(array).nearest(vector).recall(Number(recall)).toArray();
const counts = dataset.meter.snapshot();
await dataset.close();
console.log(JSON.stringify({ hits: hits.length, counts }));
