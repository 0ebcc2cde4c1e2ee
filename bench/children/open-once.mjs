// `node open-once.mjs URI`: a new process opens a dataset and learns its newest version.
import { open } from '../../dist/index.js';

const [, , uri] = process.argv;
const dataset = await open(uri, { cacheDir: false });
const version = await dataset.version();
const counts = dataset.meter.snapshot();
await dataset.close();
console.log(JSON.stringify({ version, counts }));
