// One import of a file into a new dataset in a folder, for bench/formats.mjs: how long it took, and the most
// memory that the process had.
import { readFileSync } from 'node:fs';
import readline from 'node:readline';
import { open, openArrayFile } from '../../dist/index.js';
import { timed } from '../harness.mjs';

async function importFile({ path, uri }) {
  let bytes = 0;
  const { ms } = await timed(async () => {
    const dataset = await open(uri, { create: true, cacheDir: false });
    const file = await openArrayFile(path);
    const [array] = file.arrays;
    await dataset.write((tx) => tx.appendFrom('rows', array));
    const { partitions } = (await dataset.info()).arrays.rows;
    bytes = partitions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    await file.close();
    await dataset.close();
  });
  // What getrusage() says is at least what the parent had when it forked.
  const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return { ms, bytes, peakBytes: Number(peak) * 1024 };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { args } = JSON.parse(line);
  console.log(JSON.stringify({ answer: await importFile(args) }));
}
