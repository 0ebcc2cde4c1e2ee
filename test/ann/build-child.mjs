// A process that builds an index until so many segments of it are noted, and then, in the middle of the next
// one, is killed, or stopped: `node build-child.mjs OPTIONS`.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { open } from '../../dist/index.js';

const { uri, cacheDir, memoryBytes, index, segments, signal } = JSON.parse(process.argv[2]);
const builds = path.join(cacheDir, 'builds');
let reached = false;

function noted() {
  const file = readdirSync(builds).find((name) => name.endsWith('.journal'));
  if (file === undefined) return 0;
  return JSON.parse(readFileSync(path.join(builds, file)).subarray(32)).segments.length;
}

const dataset = await open(uri, { cacheDir, memoryBytes });
const onProgress = (_done, _total, phase) => {
  if (reached || (phase !== 'code' && phase !== 'link') || noted() < segments) return;
  reached = true;
  process.stdout.write('reached\n');
  process.kill(process.pid, signal);
};
try {
  await dataset.array('e').index({ ...index, onProgress });
  process.stdout.write('built\n');
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
await dataset.close();
