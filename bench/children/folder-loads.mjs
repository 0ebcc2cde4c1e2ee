// Full loads of an array in a folder, for bench/folder.mjs, asked as the peers are and, as theirs, in a process
// that does nothing else: how often V8 collects depends on what else is in the heap. Ten loads of a kind follow
// each other: their median, and their mean, in which is what V8 collects of them.
import readline from 'node:readline';
import { open } from '../../dist/index.js';
import { checksumOf, median, timed } from '../harness.mjs';

let opened;

async function openAndLoad(uri) {
  let dataset;
  const result = await timed(async () => {
    dataset = await open(uri, { cacheDir: false });
    return dataset.array('rows').read();
  });
  await dataset.close();
  return result;
}

async function load(uri) {
  opened ??= await open(uri, { cacheDir: false });
  return timed(() => opened.array('rows').read());
}

const kinds = { openAndLoad, load };

async function tenInARow(kind, uri) {
  const samples = [];
  for (let i = 0; i < 10; i++) samples.push((await kind(uri)).ms);
  const mean = samples.reduce((sum, ms) => sum + ms, 0) / samples.length;
  return { ms: median(samples), mean, checksum: checksumOf((await kind(uri)).value.data) };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { name, args } = JSON.parse(line);
  console.log(JSON.stringify({ answer: await tenInARow(kinds[name], args.uri) }));
}
await opened?.close();
